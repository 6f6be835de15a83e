//! Chains that look at more than one symbol, as chains of contexts.

use super::{HiddenMarkovChain, MarkovChain, check_alphabet, empty_row};
use crate::distribution::traits::check_sequence;
use crate::error::{Error, Result, check_limit};
use crate::numeric::scalar::{self, Scalar};

/// The highest order: with two symbols it has as many contexts as there may be.
const MAX_ORDER: u128 = 11;
/// The most contexts: the stationary distribution takes the third power of their number.
const MAX_CONTEXTS: u128 = 1 << 11;

impl<F: Scalar> HiddenMarkovChain<F> {
    /// Fits the stationary chain of an order to a sequence of symbols: one in which a symbol depends on this many
    /// before it. Its states are the last `order` symbols, and each shows the last of them. Order 0 are independent
    /// symbols, and order 1 is [`MarkovChain::fit`].
    ///
    /// # Formula
    /// ```text
    /// P(y | x_1 .. x_r) = (n(x_1 .. x_r y) + q s P(y | x_2 .. x_r)) / (n(x_1 .. x_r) + q s)      s the smoothing, q symbols
    /// ```
    /// from order 2 on, where `n` counts how often a word stands in the text: the weight `q s` of the smoothing is
    /// spread as the chain of the order below predicts (MacKay & Peto, *Natural Language Engineering* 1, 1995). Orders
    /// 0 and 1 spread it evenly. A context of two symbols or more that never occurs is predicted by the shorter one,
    /// also without smoothing. The chain of order 1 must predict what follows each single symbol: without smoothing each symbol must
    /// stand in the text before its last place, at any order from 1 on.
    ///
    /// # Which order?
    /// The one that costs least per symbol on text that it was not fitted to. What the next order saves there is what
    /// the fit leaves out. Only orders 0 and 1 have an exact curve at any length. The others have one at the few
    /// tokens of a table ([`joint_table`](Self::joint_table)), or an estimate from sequences that they draw
    /// ([`Collector`](crate::measured::Collector)).
    ///
    /// # Errors
    /// As [`MarkovChain::fit`]; [`LengthMismatch`](Error::LengthMismatch) for a text of no more than `order` symbols, also with
    /// smoothing (where `MarkovChain::fit` takes even an empty text); [`TooLarge`](Error::TooLarge) for an order above 11 or
    /// more than 2048 contexts, since the stationary distribution takes the third power of their number (some seconds for 2048).
    ///
    /// ```
    /// use unmaskcost::distribution::{ConditionalMarginal, HiddenMarkovChain};
    /// // A symbol is mostly the other one than two places before.
    /// let text: Vec<usize> = (0..2000_usize).map(|i| usize::from(i * i % 23 == 2) ^ (i / 2 % 2)).collect();
    /// let (fitted, held_out) = text.split_at(1000);
    /// let cost = |order| -> unmaskcost::Result<f64> {
    ///     let chain = HiddenMarkovChain::fit_order(fitted, 2, order, 0.5)?;
    ///     Ok(-chain.log_probability(held_out)?.0 / held_out.len() as f64)
    /// };
    /// assert!(cost(1)? > cost(0)? - 0.1 && cost(2)? < cost(1)? - 0.1);
    /// # Ok::<(), unmaskcost::Error>(())
    /// ```
    pub fn fit_order(
        symbols: &[usize],
        alphabet: usize,
        order: usize,
        smoothing: F,
    ) -> Result<Self> {
        check_alphabet(alphabet)?;
        check_limit("order of a Markov chain", order as u128, MAX_ORDER)?;
        let needed =
            (0..order).fold(1_u128, |contexts, _| contexts.saturating_mul(alphabet as u128));
        check_limit("contexts of a Markov chain", needed, MAX_CONTEXTS)?;
        check_sequence(symbols, alphabet)?;
        if symbols.len() <= order {
            let what = "the text (at least one symbol more than the order)";
            return Err(Error::LengthMismatch { what, found: symbols.len(), expected: order + 1 });
        }
        let smoothing = scalar::check_nonnegative("smoothing", smoothing)?;
        let even = vec![F::one() / scalar::float(alphabet); alphabet];
        let mut rows = predictions(symbols, alphabet, order.min(1), smoothing, &even)?;
        for longer in 2..=order {
            rows = predictions(symbols, alphabet, longer, smoothing, &rows)?;
        }
        if order == 0 {
            let states = MarkovChain::from_transition([F::one()], &[[F::one()]])?;
            return Self::new(states, &[rows]);
        }
        let contexts = rows.len() / alphabet;
        let mut transition = vec![F::zero(); contexts * contexts];
        for (context, row) in rows.chunks_exact(alphabet).enumerate() {
            for (symbol, &p) in row.iter().enumerate() {
                let next = (context * alphabet + symbol) % contexts;
                transition[context * contexts + next] = p;
            }
        }
        let shown: Vec<Vec<F>> = (0..contexts)
            .map(|context| {
                let mut law = vec![F::zero(); alphabet];
                law[context % alphabet] = F::one();
                law
            })
            .collect();
        Self::new(MarkovChain::stationary_of(transition, contexts)?, &shown)
    }
}

/// For each context of `order` symbols the distribution of the next one, one row after another; the weight of the
/// smoothing is spread as in `shorter`, whose rows are those of the contexts without their first symbol.
fn predictions<F: Scalar>(
    symbols: &[usize],
    alphabet: usize,
    order: usize,
    smoothing: F,
    shorter: &[F],
) -> Result<Vec<F>> {
    let entries = if order == 0 { alphabet } else { shorter.len() * alphabet };
    let mut counts = vec![F::zero(); entries];
    let mut word = 0;
    for (index, symbol) in symbols.iter().enumerate() {
        word = (word * alphabet + symbol) % entries;
        if index >= order {
            counts[word] = counts[word] + F::one();
        }
    }
    let weight = smoothing * scalar::float(alphabet);
    for (row, counts) in counts.chunks_exact_mut(alphabet).enumerate() {
        let start = row * alphabet % shorter.len();
        let before = &shorter[start..start + alphabet];
        let seen = scalar::sum(counts.iter().copied());
        let total = seen + weight;
        if !total.is_finite() {
            return Err(Error::Overflow { what: "the weight of the smoothing" });
        }
        if total > F::zero() {
            let spread = counts.iter_mut().zip(before);
            spread.for_each(|(count, &p)| *count = (*count + weight * p) / total);
        } else if order >= 2 {
            counts.copy_from_slice(before);
        } else {
            return Err(empty_row(row));
        }
    }
    Ok(counts)
}
