//! Hidden chains fitted to sequences: by the algorithm of Baum, Petrie, Soules & Weiss.

use super::extended::{self, Extended, extended};
use super::{HiddenMarkovChain, MarkovChain, cells};
use crate::distribution::traits::check_sequence;
use crate::error::{Error, Result, check_limit};
use crate::numeric::scalar::{self, CompensatedSum, Scalar};

/// An iteration that gains a smaller part of the logarithm of the likelihood is the last one.
const LEAST_GAIN: f64 = 1e-10;

impl<F: Scalar> HiddenMarkovChain<F> {
    /// This chain, fitted to independent sequences by expectation and maximisation (Baum & Welch): at most so many iterations,
    /// fewer once one gains less than 1e-10 of the logarithm of the likelihood.
    ///
    /// Each iteration makes the sequences more likely, or leaves it at that (with smoothing `s`, their likelihood times the `s`-th power of
    /// the product of all parameters). It climbs to a near maximum, not to the best one: try several starts, and take that
    /// under which other sequences cost least, by [`log_probability`]. States that start alike stay alike, and without smoothing
    /// what starts at zero stays there. The fitted chain starts as the sequences do; for a stationary one take the rows of its
    /// [`states`](Self::states) to [`MarkovChain::stationary`].
    ///
    /// [`log_probability`]: crate::distribution::ConditionalMarginal::log_probability
    ///
    /// # Formula
    /// ```text
    /// P(j | i)  = (s + sum_t P(Z_t = i, Z_{t+1} = j | x)) / sum over j of the same
    /// P(x | i)  = (s + sum_{t: x_t = x} P(Z_t = i | x)) / sum over x of the same
    /// P(Z_1 = i) = (s + P(Z_1 = i | x)) / sum over i of the same
    /// ```
    /// summed over the sequences, `Z` the states. Source: Baum, Petrie, Soules & Weiss, *Annals of Mathematical Statistics* 41 (1970), for which see
    /// Rabiner, *Proceedings of the IEEE* 77 (1989). `O(q^2)` for each symbol and iteration, with `q` states.
    ///
    /// # Errors
    /// [`Empty`](Error::Empty) if there is no symbol, [`IndexOutOfRange`](Error::IndexOutOfRange) for one outside the alphabet,
    /// [`ImpossibleContext`](Error::ImpossibleContext) for a sequence that the chain cannot write, [`Negative`](Error::Negative) and
    /// [`NotFinite`](Error::NotFinite) for the smoothing, [`TooLarge`](Error::TooLarge) for more than 2^25 probabilities of the states
    /// of one sequence, and once 2^32 operations, `q^2 + 2 q` for each symbol and iteration, have not been enough (one to three minutes). So
    /// `usize::MAX` iterations end when they gain no more, or with that error.
    ///
    /// ```
    /// use unmaskcost::distribution::{ConditionalMarginal, HiddenMarkovChain, MarkovChain};
    /// // Long runs of mostly 0 and of mostly 1.
    /// let text: Vec<usize> = (0..1000_usize).map(|i| usize::from((i / 50 % 2 == 0) ^ (i * i % 7 == 2))).collect();
    /// let start = MarkovChain::stationary(&[[0.8, 0.2], [0.2, 0.8]])?;
    /// let start = HiddenMarkovChain::new(start, &[[0.6, 0.4], [0.4, 0.6]])?;
    /// let fitted = start.baum_welch(&[&text], 0.5, 100)?;
    /// assert!(fitted.log_probability(&text)? > start.log_probability(&text)?);
    /// println!("it shows {:?} in its first state", fitted.emission(0));
    /// # Ok::<(), unmaskcost::Error>(())
    /// ```
    pub fn baum_welch(
        &self,
        sequences: &[impl AsRef<[usize]>],
        smoothing: F,
        iterations: usize,
    ) -> Result<Self> {
        let smoothing = scalar::check_nonnegative("smoothing", smoothing)?;
        let work = self.work(sequences)?;
        if iterations == 0 {
            sequences.iter().try_for_each(|one| forward(self, one.as_ref()).map(drop))?;
        }
        let mut chain = self.clone();
        let mut before = F::neg_infinity();
        for iteration in 1..=iterations {
            check_limit(
                "operations for all iterations",
                work.saturating_mul(iteration as u128),
                MAX_WORK,
            )?;
            let (next, likelihood) = chain.iteration(sequences, smoothing)?;
            if likelihood - before <= likelihood.abs() * scalar::constant(LEAST_GAIN) {
                break;
            }
            before = likelihood;
            chain = next;
        }
        Ok(chain)
    }

    /// Checks the sequences; the operations of one iteration.
    fn work(&self, sequences: &[impl AsRef<[usize]>]) -> Result<u128> {
        let states = self.states.alphabet();
        let (mut symbols, mut longest) = (0_u128, 0);
        for sequence in sequences {
            let sequence = sequence.as_ref();
            check_sequence(sequence, self.alphabet())?;
            symbols += sequence.len() as u128;
            longest = longest.max(sequence.len());
        }
        if symbols == 0 {
            return Err(Error::Empty { what: "the list of sequences" });
        }
        self.check_held(longest)?;
        let each = cells(states, states) + cells(states, 2);
        let parameters = cells(states, states) + cells(states, self.alphabet());
        Ok(symbols.saturating_mul(each) + parameters + OVERHEAD)
    }

    /// The chain after one iteration, and the logarithm of what this one maximises.
    fn iteration(&self, sequences: &[impl AsRef<[usize]>], smoothing: F) -> Result<(Self, F)> {
        let mut expected = Expected::none(self);
        sequences.iter().try_for_each(|sequence| expected.add(self, sequence.as_ref()))?;
        let states = self.states.alphabet();
        let initial = shares(&expected.initial, smoothing, &self.states.initial)?;
        let rows = expected.transition.chunks_exact(states);
        let rows = rows.zip(self.states.transition.chunks_exact(states));
        let rows = rows.map(|(counts, before)| shares(counts, smoothing, before));
        let transition = rows.collect::<Result<Vec<_>>>()?.concat();
        let shown = expected.shown.iter().zip(&self.shown);
        let shown = shown.map(|(counts, before)| shares(counts, smoothing, before));
        let shown = shown.collect::<Result<_>>()?;
        let mut likelihood = expected.log_likelihood;
        if smoothing > F::zero() {
            let parameters = self.states.initial.iter().chain(&self.states.transition);
            let parameters = parameters.chain(self.shown.iter().flatten());
            parameters.for_each(|p| likelihood.add(smoothing * p.ln()));
        }
        let states = MarkovChain { initial, transition, stationary: false };
        Ok((Self { states, shown }, likelihood.total()))
    }
}

/// The most operations for all iterations.
const MAX_WORK: u128 = 1 << 32;
/// What an iteration takes for the shortest sequence, in operations.
const OVERHEAD: u128 = 1 << 9;

/// Expected counts of what the states do, given the sequences.
struct Expected<F> {
    initial: Vec<CompensatedSum<F>>,
    transition: Vec<CompensatedSum<F>>,
    shown: Vec<Vec<CompensatedSum<F>>>,
    log_likelihood: CompensatedSum<F>,
}

impl<F: Scalar> Expected<F> {
    fn none(chain: &HiddenMarkovChain<F>) -> Self {
        let zeros = |count: usize| vec![CompensatedSum::new(); count];
        Self {
            initial: zeros(chain.states.initial.len()),
            transition: zeros(chain.states.transition.len()),
            shown: chain.shown.iter().map(|law| zeros(law.len())).collect(),
            log_likelihood: CompensatedSum::new(),
        }
    }

    fn add(&mut self, chain: &HiddenMarkovChain<F>, sequence: &[usize]) -> Result<()> {
        let (forward, log_likelihood) = forward(chain, sequence)?;
        self.log_likelihood.add(log_likelihood);
        let states = chain.states.alphabet();
        // The likelihood of all that comes later, given the state: so forward times this is the distribution of the state given
        // the whole sequence, up to a factor.
        let mut behind = extended(&vec![F::one(); states]);
        for (at, &symbol) in sequence.iter().enumerate().rev() {
            let now = &forward[at * states..(at + 1) * states];
            for (state, p) in
                extended::distribution(&products(now, &behind))?.into_iter().enumerate()
            {
                self.shown[state][symbol].add(p);
                if at == 0 {
                    self.initial[state].add(p);
                }
            }
            if at > 0 {
                let before = &forward[(at - 1) * states..at * states];
                extended::times(&mut behind, &chain.likelihoods(symbol));
                behind = self.add_steps(chain, before, &behind);
            }
        }
        Ok(())
    }

    /// Adds the steps between two tokens, and returns the likelihood of what comes after the first one given its state.
    fn add_steps(
        &mut self,
        chain: &HiddenMarkovChain<F>,
        before: &[Extended<F>],
        arrives: &[Extended<F>],
    ) -> Vec<Extended<F>> {
        let behind = chain.states.backward(arrives);
        let all = extended::sum(&products(before, &behind));
        let states = before.len();
        let rows = chain.states.transition.chunks_exact(states);
        let counts = self.transition.chunks_exact_mut(states);
        for ((row, counts), &p) in rows.zip(counts).zip(before).filter(|(_, p)| !p.is_zero()) {
            let share = p.over(all);
            for ((count, &step), &arrives) in counts.iter_mut().zip(row).zip(arrives) {
                if step > F::zero() && !arrives.is_zero() {
                    count.add(share.times(arrives).times(Extended::new(step)).value());
                }
            }
        }
        behind
    }
}

fn products<F: Scalar>(a: &[Extended<F>], b: &[Extended<F>]) -> Vec<Extended<F>> {
    a.iter().zip(b).map(|(&a, &b)| a.times(b)).collect()
}

/// For each symbol and state the probability of the symbols up to it with the state, and the logarithm of that of all.
fn forward<F: Scalar>(
    chain: &HiddenMarkovChain<F>,
    sequence: &[usize],
) -> Result<(Vec<Extended<F>>, F)> {
    let mut forward = Vec::with_capacity(sequence.len() * chain.states.alphabet());
    let mut now = Vec::new();
    for (at, &symbol) in sequence.iter().enumerate() {
        now = if at == 0 { chain.begin(symbol) } else { chain.proceed(&now, symbol) };
        forward.extend_from_slice(&now);
    }
    if sequence.is_empty() {
        return Ok((forward, F::zero()));
    }
    let likelihood = extended::sum(&now);
    if likelihood.is_zero() {
        return Err(Error::ImpossibleContext { what: "one of the sequences" });
    }
    Ok((forward, likelihood.ln()))
}

/// Counts and smoothing, divided by their sum; what was there before where nothing is counted.
fn shares<F: Scalar>(counts: &[CompensatedSum<F>], smoothing: F, before: &[F]) -> Result<Vec<F>> {
    let weights: Vec<F> = counts.iter().map(|count| count.total() + smoothing).collect();
    let sum = scalar::sum(weights.iter().copied());
    if !sum.is_finite() {
        return Err(Error::Overflow { what: "the weight of the smoothing" });
    }
    if sum <= F::zero() {
        return Ok(before.to_vec());
    }
    Ok(weights.into_iter().map(|weight| weight / sum).collect())
}
