//! What a distribution must be able to compute so that its curve can be estimated.

use crate::distribution::{JointTable, SubsetEntropies};
use crate::error::{Error, Result};
use crate::numeric::scalar::{self, CompensatedSum, Scalar};
use crate::units::Nats;

/// A distribution that can compute the entropy of any set of its tokens.
pub trait SubsetEntropy<F: Scalar = f64> {
    /// H(X_S), the entropy of the tokens at `positions` together; 0 for none.
    ///
    /// # Errors
    /// Those of the distribution, for instance for positions that do not exist or are listed twice.
    fn subset_entropy(&self, positions: &[usize]) -> Result<Nats<F>>;
}

/// A distribution, or a learned predictor, that can compute the distribution of one token given any others:
/// what a masked language model computes.
///
/// Only [`conditional_marginal`](Self::conditional_marginal) must be implemented. A model that predicts all masked
/// tokens in one pass implements that pass as [`conditional_marginals`](Self::conditional_marginals), and takes one
/// position of its result for the former.
///
/// ```
/// use unmaskcost::Result;
/// use unmaskcost::distribution::{ConditionalMarginal, MarkovChain};
///
/// /// A model that looks at the revealed tokens before a position, and never at those after it.
/// struct LeftOnly(MarkovChain);
///
/// impl ConditionalMarginal for LeftOnly {
///     fn conditional_marginal(&self, revealed: &[(usize, usize)], at: usize) -> Result<Vec<f64>> {
///         let left: Vec<_> = revealed.iter().copied().filter(|(place, _)| *place < at).collect();
///         self.0.conditional_marginal(&left, at)
///     }
/// }
///
/// let chain = MarkovChain::stationary(&[[0.9, 0.1], [0.3, 0.7]])?;
/// let (ahead, sequence) = ([(0, 1), (3, 0)], [0, 0, 1, 1, 0]);
/// let exact = (chain.conditional_marginal(&ahead, 2)?, chain.log_probability(&sequence)?);
/// let model = LeftOnly(chain);
/// assert!(model.conditional_marginal(&ahead, 2)? != exact.0);
/// // From left to right, no token is revealed ahead of its turn.
/// assert!((model.log_probability(&sequence)?.0 - exact.1.0).abs() < 1e-14);
/// # Ok::<(), unmaskcost::Error>(())
/// ```
pub trait ConditionalMarginal<F: Scalar = f64> {
    /// p(X_i | x_S): the probabilities of all symbols at `position`, given the pairs (position,
    /// symbol) that are revealed, in any order. `position` is not one of them.
    ///
    /// # Errors
    /// Those of the distribution, for instance for positions or symbols that do not exist, or a context of
    /// probability zero.
    fn conditional_marginal(&self, revealed: &[(usize, usize)], position: usize) -> Result<Vec<F>>;

    /// The same for all masked tokens, in order of position: one entry of `revealed` per token, its symbol if it is revealed. What a model
    /// computes in one forward pass; by default one call for each.
    ///
    /// # Errors
    /// As [`conditional_marginal`](Self::conditional_marginal).
    fn conditional_marginals(&self, revealed: &[Option<usize>]) -> Result<Vec<Vec<F>>> {
        let places = || revealed.iter().copied().enumerate();
        let pairs: Vec<(usize, usize)> =
            places().filter_map(|(place, symbol)| symbol.map(|symbol| (place, symbol))).collect();
        let masked = places().filter(|(_, symbol)| symbol.is_none());
        masked.map(|(place, _)| self.conditional_marginal(&pairs, place)).collect()
    }

    /// ln p(x_0, x_1, ..) in nats, the logarithm of the probability of a sequence (of its start, if the distribution
    /// goes on); minus infinity for an impossible one.
    ///
    /// # Formula
    /// ```text
    /// ln p(x) = sum_i ln p(x_i | x_0, .., x_{i-1})
    /// ```
    /// For a learned predictor that is the probability with which it writes the sequence from left to right. In another
    /// order the probability may be different.
    ///
    /// # Errors
    /// As [`conditional_marginal`](Self::conditional_marginal).
    fn log_probability(&self, sequence: &[usize]) -> Result<Nats<F>> {
        let mut revealed = Vec::with_capacity(sequence.len());
        let mut sum = CompensatedSum::new();
        for (position, &symbol) in sequence.iter().enumerate() {
            let predicted = self.conditional_marginal(&revealed, position)?;
            check_symbol(symbol, predicted.len())?;
            if predicted[symbol] <= F::zero() {
                check_sequence(&sequence[position..], predicted.len())?;
                return Ok(Nats(F::neg_infinity()));
            }
            sum.add(predicted[symbol].ln());
            revealed.push((position, symbol));
        }
        Ok(Nats(sum.total()))
    }
}

impl<F: Scalar> SubsetEntropy<F> for JointTable<F> {
    fn subset_entropy(&self, positions: &[usize]) -> Result<Nats<F>> {
        self.entropy(positions)
    }
}

/// By a look-up.
impl<F: Scalar> SubsetEntropy<F> for SubsetEntropies<F> {
    fn subset_entropy(&self, positions: &[usize]) -> Result<Nats<F>> {
        self.entropy(positions)
    }
}

/// From the marginal table of the positions concerned. O(cells).
impl<F: Scalar> ConditionalMarginal<F> for JointTable<F> {
    fn conditional_marginal(&self, revealed: &[(usize, usize)], position: usize) -> Result<Vec<F>> {
        let positions: Vec<usize> =
            revealed.iter().map(|&(position, _)| position).chain([position]).collect();
        let marginal = self.marginal(&positions)?;
        let mut word = 0;
        for (&(_, symbol), &alphabet) in revealed.iter().zip(marginal.shape()) {
            check_symbol(symbol, alphabet)?;
            word = word * alphabet + symbol;
        }
        let alphabet = self.shape()[position];
        conditional(&marginal.probabilities()[word * alphabet..(word + 1) * alphabet])
    }

    /// By a look-up. The sequence must have all tokens of the table.
    fn log_probability(&self, sequence: &[usize]) -> Result<Nats<F>> {
        let (found, expected) = (sequence.len(), self.tokens());
        if found != expected {
            return Err(Error::LengthMismatch { what: "the sequence", found, expected });
        }
        let mut cell = 0;
        for (&symbol, &alphabet) in sequence.iter().zip(self.shape()) {
            check_symbol(symbol, alphabet)?;
            cell = cell * alphabet + symbol;
        }
        Ok(Nats(self.probabilities()[cell].ln()))
    }
}

/// The positions in order. Refuses those that are listed twice, and those beyond `tokens`.
pub(super) fn check_positions(positions: &[usize], tokens: Option<usize>) -> Result<Vec<usize>> {
    let what = "position";
    let mut sorted = positions.to_vec();
    sorted.sort_unstable();
    if let Some(pair) = sorted.windows(2).find(|pair| pair[0] == pair[1]) {
        return Err(Error::Duplicate { what, index: pair[0] });
    }
    match (sorted.last(), tokens) {
        (Some(&index), Some(limit)) if index >= limit => {
            Err(Error::IndexOutOfRange { what, index, limit })
        }
        _ => Ok(sorted),
    }
}

/// Refuses a context that lists a position twice, or the one that is asked for; positions beyond
/// `tokens`, where that is known, and symbols that are not in the alphabet.
pub(super) fn check_revealed(
    revealed: &[(usize, usize)],
    position: usize,
    tokens: Option<usize>,
    alphabet: usize,
) -> Result<()> {
    let places = revealed.iter().map(|&(place, _)| place).chain([position]);
    check_positions(&places.collect::<Vec<_>>(), tokens)?;
    revealed.iter().try_for_each(|&(_, symbol)| check_symbol(symbol, alphabet))
}

pub(crate) fn check_symbol(index: usize, limit: usize) -> Result<()> {
    let what = "symbol";
    if index < limit { Ok(()) } else { Err(Error::IndexOutOfRange { what, index, limit }) }
}

/// Refuses revealed symbols that are not in the alphabet.
pub(super) fn check_symbols(revealed: &[Option<usize>], alphabet: usize) -> Result<()> {
    revealed.iter().flatten().try_for_each(|&symbol| check_symbol(symbol, alphabet))
}

/// Refuses symbols that are not in the alphabet.
pub(super) fn check_sequence(symbols: &[usize], alphabet: usize) -> Result<()> {
    symbols.iter().try_for_each(|&symbol| check_symbol(symbol, alphabet))
}

/// Weights divided by their sum.
pub(super) fn conditional<F: Scalar>(weights: &[F]) -> Result<Vec<F>> {
    let sum = scalar::sum(weights.iter().copied());
    if sum > F::zero() {
        Ok(weights.iter().map(|&w| w / sum).collect())
    } else {
        Err(Error::ImpossibleContext { what: "what is revealed" })
    }
}
