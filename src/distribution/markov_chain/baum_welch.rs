//! Hidden chains fitted to sequences: by the algorithm of Baum, Petrie, Soules & Weiss.

use super::{HiddenMarkovChain, MAX_WORK, MarkovChain, cells};
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
    /// summed over the sequences, `Z` the states. Source: Baum, Petrie, Soules & Weiss, *Annals of Mathematical Statistics* 41 (1970); scaled as in
    /// Rabiner, *Proceedings of the IEEE* 77 (1989). `O(q^2)` for each symbol and iteration, with `q` states.
    ///
    /// # Errors
    /// [`Empty`](Error::Empty) if there is no symbol, [`IndexOutOfRange`](Error::IndexOutOfRange) for one outside the alphabet,
    /// [`ImpossibleContext`](Error::ImpossibleContext) for a sequence that the chain cannot write, [`Negative`](Error::Negative) and
    /// [`NotFinite`](Error::NotFinite) for the smoothing, [`TooLarge`](Error::TooLarge) for more than 2^36 operations, or 2^25 probabilities of the states
    /// of one sequence.
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
        self.check_sequences(sequences, iterations)?;
        let mut chain = self.clone();
        let mut before = F::neg_infinity();
        for _ in 0..iterations {
            let (next, likelihood) = chain.iteration(sequences, smoothing)?;
            if likelihood - before <= likelihood.abs() * scalar::constant(LEAST_GAIN) {
                break;
            }
            before = likelihood;
            chain = next;
        }
        Ok(chain)
    }

    fn check_sequences(&self, sequences: &[impl AsRef<[usize]>], iterations: usize) -> Result<()> {
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
        let each = cells(states, states) + cells(states, 2);
        let work = symbols.saturating_mul(each).saturating_mul(iterations as u128);
        check_limit("operations for all iterations", work, MAX_WORK)?;
        check_limit("probabilities of states", cells(longest, states), MAX_HELD)
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

/// The most probabilities that are held for one sequence: a quarter of a gigabyte.
const MAX_HELD: u128 = 1 << 25;

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
        let (forward, scales) = self.forward(chain, sequence)?;
        let states = chain.states.alphabet();
        // The likelihood of all that comes later, given the state, by the scale of the forward recursion: so forward times
        // this is the distribution of the state given the whole sequence.
        let mut behind = vec![F::one(); states];
        for (at, &symbol) in sequence.iter().enumerate().rev() {
            let now = &forward[at * states..(at + 1) * states];
            for (state, (&p, &later)) in now.iter().zip(&behind).enumerate() {
                self.shown[state][symbol].add(p * later);
                if at == 0 {
                    self.initial[state].add(p * later);
                }
            }
            if at == 0 {
                break;
            }
            let arrives: Vec<F> = behind
                .iter()
                .zip(&chain.shown)
                .map(|(&later, law)| law[symbol] * later / scales[at])
                .collect();
            let before = &forward[(at - 1) * states..at * states];
            let rows = chain.states.transition.chunks_exact(states);
            for (state, (row, &p)) in rows.zip(before).enumerate() {
                let counts = &mut self.transition[state * states..(state + 1) * states];
                let mut likelihood = F::zero();
                for ((count, &step), &arrives) in counts.iter_mut().zip(row).zip(&arrives) {
                    likelihood = likelihood + step * arrives;
                    count.add(p * step * arrives);
                }
                behind[state] = likelihood;
            }
        }
        Ok(())
    }

    /// The distribution of each state given the symbols so far, one after another, and the probability of each symbol given those before.
    fn forward(
        &mut self,
        chain: &HiddenMarkovChain<F>,
        sequence: &[usize],
    ) -> Result<(Vec<F>, Vec<F>)> {
        let mut forward = Vec::with_capacity(sequence.len() * chain.states.alphabet());
        let mut scales = Vec::with_capacity(sequence.len());
        let mut now = chain.states.initial.clone();
        for &symbol in sequence {
            now.iter_mut().zip(&chain.shown).for_each(|(p, law)| *p = *p * law[symbol]);
            let scale = scalar::sum(now.iter().copied());
            if scale <= F::zero() {
                return Err(Error::ImpossibleContext { what: "one of the sequences" });
            }
            now.iter_mut().for_each(|p| *p = *p / scale);
            self.log_likelihood.add(scale.ln());
            scales.push(scale);
            forward.extend_from_slice(&now);
            now = chain.states.next(&now);
        }
        Ok((forward, scales))
    }
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
