use super::extended::{self, Extended, extended};
use super::{MarkovChain, cells, check_length, check_tokens};
use crate::distribution::traits::{
    ConditionalMarginal, check_revealed, check_sequence, conditional,
};
use crate::distribution::{JointTable, normalized};
use crate::error::{Error, Result, check_limit};
use crate::numeric::scalar::{self, Scalar};
use crate::units::Nats;

/// The most cells of a table, times states: some 0.3 GB in `f64`.
const MAX_CELLS: u128 = 1 << 24;

/// The most probabilities that are held for one sequence: half a gigabyte.
const MAX_HELD: u128 = 1 << 25;

/// A hidden Markov chain: a chain of states that nobody sees, and for each state the distribution of the symbol that it shows.
///
/// Unlike in a [`MarkovChain`], two tokens may depend on each other even when all tokens between them are known. No
/// closed form of its curve is known, so costs are estimated from sequences that it draws.
///
/// ```
/// use rand::SeedableRng;
/// use unmaskcost::{distribution::{HiddenMarkovChain, MarkovChain}, sampler::policy::{Rule, self}};
/// let states = MarkovChain::stationary(&[[0.95, 0.05], [0.05, 0.95]])?;
/// let hidden = HiddenMarkovChain::new(states, &[[0.8, 0.1, 0.1], [0.1, 0.1, 0.8]])?;
/// let mut generator = rand::rngs::ChaCha8Rng::seed_from_u64(1);
/// let sequences: Vec<Vec<usize>> =
///     (0..20).map(|_| hidden.sample(32, &mut generator)).collect::<Result<_, _>>()?;
/// let cost = policy::estimated_cost(&hidden, &Rule::lowest_entropies(4)?, &sequences)?;
/// assert_eq!(cost.rounds, 8.0);
/// # Ok::<(), unmaskcost::Error>(())
/// ```
#[derive(Debug, Clone, PartialEq)]
pub struct HiddenMarkovChain<F = f64> {
    pub(super) states: MarkovChain<F>,
    /// For each state, one probability per symbol.
    pub(super) shown: Vec<Vec<F>>,
}

impl<F: Scalar> HiddenMarkovChain<F> {
    /// The hidden chain with this chain of states and, for each state, the distribution of what it
    /// shows.
    ///
    /// # Errors
    /// [`LengthMismatch`](Error::LengthMismatch) unless there is a distribution for each state, all over the same symbols;
    /// [`Empty`](Error::Empty) for no symbols; [`NotFinite`](Error::NotFinite), [`Negative`](Error::Negative),
    /// [`NotNormalized`](Error::NotNormalized).
    pub fn new(states: MarkovChain<F>, shown: &[impl AsRef<[F]>]) -> Result<Self> {
        let what = "what the states show";
        check_length(what, shown.len(), states.alphabet())?;
        let symbols = shown.first().map_or(0, |law| law.as_ref().len());
        if symbols == 0 {
            return Err(Error::Empty { what: "the list of symbols that a state shows" });
        }
        let row = |(row, law): (usize, &_)| {
            let law: &[F] = AsRef::as_ref(law);
            check_length(what, law.len(), symbols)?;
            let not_normalized =
                |sum, tolerance| Error::NotNormalized { what, row: Some(row), sum, tolerance };
            normalized(what, law, not_normalized)
        };
        let shown = shown.iter().map(AsRef::as_ref).enumerate();
        let shown = shown.map(|(index, law)| row((index, &law))).collect::<Result<_>>()?;
        Ok(Self { states, shown })
    }

    /// The number of symbols.
    #[must_use]
    pub fn alphabet(&self) -> usize {
        self.shown[0].len()
    }

    /// The chain of the states.
    #[must_use]
    pub fn states(&self) -> &MarkovChain<F> {
        &self.states
    }

    /// The distribution of the symbol that a state shows, if there is such a state.
    #[must_use]
    pub fn emission(&self, state: usize) -> Option<&[F]> {
        self.shown.get(state).map(Vec::as_slice)
    }

    /// The joint table of the first `tokens` tokens, for small numbers of them.
    ///
    /// # Errors
    /// [`Empty`](Error::Empty) for zero tokens; [`TooLarge`](Error::TooLarge) for more than 2^24 cells times states.
    pub fn joint_table(&self, tokens: usize) -> Result<JointTable<F>> {
        check_tokens(tokens)?;
        let (symbols, states) = (self.alphabet(), self.states.alphabet());
        let words = (0..tokens).fold(1_u128, |words, _| words.saturating_mul(symbols as u128));
        let needed = words.saturating_mul(states as u128);
        check_limit("cells of the table, times states", needed, MAX_CELLS)?;
        // For each word the probability of the word with each state of its last token.
        let show = |law: &[F], forward: &mut Vec<F>| {
            for symbol in 0..symbols {
                forward.extend(law.iter().zip(&self.shown).map(|(&p, row)| p * row[symbol]));
            }
        };
        let mut forward = Vec::with_capacity(symbols * states);
        show(self.states.initial(), &mut forward);
        for _ in 1..tokens {
            let mut longer = Vec::with_capacity(forward.len() * symbols);
            forward.chunks_exact(states).for_each(|law| show(&self.states.next(law), &mut longer));
            forward = longer;
        }
        let weights = forward.chunks_exact(states).map(|law| scalar::sum(law.iter().copied()));
        let weights: Vec<F> = weights.collect();
        drop(forward);
        JointTable::from_weights(&vec![symbols; tokens], weights)
    }

    /// Draws the first `tokens` tokens.
    ///
    /// # Errors
    /// [`Empty`](Error::Empty) for zero tokens, [`TooLarge`](Error::TooLarge) for more than 2^24.
    #[cfg(feature = "rand")]
    #[cfg_attr(docsrs, doc(cfg(feature = "rand")))]
    pub fn sample<R: rand::Rng + ?Sized>(
        &self,
        tokens: usize,
        generator: &mut R,
    ) -> Result<Vec<usize>> {
        let states = self.states.sample(tokens, generator)?;
        let show = |state: usize| crate::distribution::draw(&self.shown[state], generator);
        Ok(states.into_iter().map(show).collect())
    }

    /// Refuses sequences for whose states there is no room.
    pub(super) fn check_held(&self, tokens: usize) -> Result<()> {
        check_limit("probabilities of states", cells(tokens, self.states.alphabet()), MAX_HELD)
    }

    /// For each state, the probability of the first symbol with it.
    pub(super) fn begin(&self, symbol: usize) -> Vec<Extended<F>> {
        let mut states = extended(self.states.initial());
        extended::times(&mut states, &self.likelihoods(symbol));
        states
    }

    /// For each state, the probability of all symbols up to this one with it, from those of the symbol before.
    pub(super) fn proceed(&self, states: &[Extended<F>], symbol: usize) -> Vec<Extended<F>> {
        let mut states = self.states.onward(states);
        extended::times(&mut states, &self.likelihoods(symbol));
        states
    }

    pub(super) fn likelihoods(&self, symbol: usize) -> Vec<F> {
        self.shown.iter().map(|law| law[symbol]).collect()
    }

    fn shown_by(&self, states: &[F]) -> Result<Vec<F>> {
        let symbol = |symbol: usize| {
            scalar::sum(states.iter().zip(&self.shown).map(|(&p, row)| p * row[symbol]))
        };
        conditional(&(0..self.alphabet()).map(symbol).collect::<Vec<F>>())
    }
}

/// By the forward and backward recursions over all tokens up to the last one concerned: `O(L q^2)` for `q` states. A token
/// needs a probability for each state: more than 2^25 are [`TooLarge`](Error::TooLarge).
impl<F: Scalar> ConditionalMarginal<F> for HiddenMarkovChain<F> {
    fn conditional_marginal(&self, revealed: &[(usize, usize)], position: usize) -> Result<Vec<F>> {
        check_revealed(revealed, position, None, self.alphabet())?;
        let last = revealed.iter().map(|(place, _)| *place).max().unwrap_or(0).max(position);
        let tokens = last.saturating_add(1);
        check_tokens(tokens)?;
        self.check_held(tokens)?;
        let mut evidence = vec![None; tokens];
        for &(place, symbol) in revealed {
            evidence[place] = Some(self.likelihoods(symbol));
        }
        self.shown_by(&self.states.posteriors(&evidence)?[position])
    }

    fn conditional_marginals(&self, revealed: &[Option<usize>]) -> Result<Vec<Vec<F>>> {
        let alphabet = self.alphabet();
        crate::distribution::traits::check_symbols(revealed, alphabet)?;
        self.check_held(revealed.len())?;
        let evidence: Vec<Option<Vec<F>>> =
            revealed.iter().map(|symbol| symbol.map(|symbol| self.likelihoods(symbol))).collect();
        let posteriors = self.states.posteriors(&evidence)?;
        let masked = posteriors.iter().zip(revealed).filter(|(_, symbol)| symbol.is_none());
        masked.map(|(states, _)| self.shown_by(states)).collect()
    }

    /// By the forward recursion: `O(L q^2)` for `q` states.
    fn log_probability(&self, sequence: &[usize]) -> Result<Nats<F>> {
        check_sequence(sequence, self.alphabet())?;
        let mut states = match sequence {
            [] => return Ok(Nats(F::zero())),
            [first, ..] => self.begin(*first),
        };
        for &symbol in &sequence[1..] {
            states = self.proceed(&states, symbol);
        }
        Ok(Nats(extended::sum(&states).ln()))
    }
}
