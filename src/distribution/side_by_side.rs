use std::collections::BTreeMap;

use crate::curve::InformationCurve;
use crate::error::{Error, Result, check_limit};
use crate::numeric::hypergeometric::Window;
use crate::numeric::scalar::{self, CompensatedSum, Scalar};

/// The curve of independent parts, put side by side into one sequence.
///
/// # Formula
/// ```text
/// f_k = sum_b n_b/L sum_j Hypergeometric(j; L-1, n_b-1, k) f^b_j
/// d_k = sum_b n_b(n_b-1)/(L(L-1)) sum_j Hypergeometric(j-1; L-2, n_b-2, k-1) d^b_j
/// ```
/// where part `b` has `n_b` of the `L` tokens, `f` are conditional entropies, `d` the increments of
/// the information curves, and `Hypergeometric(j; N, K, k)` is the probability of `j` marked items
/// among `k` drawn from `N` of which `K` are marked. The second line, whose terms are all nonnegative,
/// is the one computed.
///
/// The single-token entropy is known if that of each part is. `O(L n)` for each distinct length `n`
/// of a part, less where the weights are concentrated; hypergeometric weights below `epsilon^2` times
/// the largest are left out.
///
/// # Errors
/// [`Empty`](Error::Empty) for no parts; [`Overflow`](Error::Overflow) if the tokens cannot be
/// counted or the information is not finite; [`TooLarge`](Error::TooLarge) for more than 2^36 weights.
///
/// ```
/// use unmaskcost::{InformationCurve, distribution};
/// // Two fair bits, each shown twice.
/// let ln2 = std::f64::consts::LN_2;
/// let twice = InformationCurve::from_conditional_entropies([ln2, 0.0])?;
/// let curve = distribution::side_by_side([&twice, &twice])?;
/// // One other token is the twin with probability 1/3.
/// assert!((curve.information(1).0 - ln2 / 3.0).abs() < 1e-15);
/// assert!((curve.information(3).0 - ln2).abs() < 1e-15);
/// # Ok::<(), unmaskcost::Error>(())
/// ```
pub fn side_by_side<'a, F: Scalar>(
    parts: impl IntoIterator<Item = &'a InformationCurve<F>>,
) -> Result<InformationCurve<F>> {
    const MAX_WEIGHTS: u128 = 1 << 36;
    // Parts of the same length add up before they are mixed.
    let mut by_length: BTreeMap<usize, Vec<CompensatedSum<F>>> = BTreeMap::new();
    let mut tokens = 0_usize;
    let mut entropies = Some(CompensatedSum::new());
    for part in parts {
        tokens = tokens
            .checked_add(part.tokens())
            .ok_or(Error::Overflow { what: "the number of tokens of all parts" })?;
        let sums = by_length
            .entry(part.tokens())
            .or_insert_with(|| vec![CompensatedSum::new(); part.tokens()]);
        sums.iter_mut().zip(part.increments()).for_each(|(sum, &d)| sum.add(d));
        entropies = entropies.zip(part.single_token_entropy()).map(|(mut sum, single)| {
            sum.add(single.0 * scalar::float(part.tokens()));
            sum
        });
    }
    if tokens == 0 {
        return Err(Error::Empty { what: "the list of parts" });
    }
    let weights: u128 = by_length.keys().map(|&length| length as u128 * tokens as u128).sum();
    check_limit("hypergeometric weights", weights, MAX_WEIGHTS)?;
    let mut increments = vec![CompensatedSum::new(); tokens - 1];
    by_length.remove(&1);
    for (length, sums) in by_length {
        let later: Vec<F> = sums.into_iter().skip(1).map(CompensatedSum::total).collect();
        let pairs = |n: usize| scalar::float::<F>(n) * scalar::float(n - 1);
        let share = pairs(length) / pairs(tokens);
        for (revealed, increment) in increments.iter_mut().enumerate() {
            let window = Window::<F>::hypergeometric(tokens - 2, length - 2, revealed);
            let terms = window.weights.iter().zip(&later[window.first..]);
            increment.add(share * scalar::sum(terms.map(|(&weight, &d)| weight * d)));
        }
    }
    let increments: Vec<F> = increments.into_iter().map(CompensatedSum::total).collect();
    let single = entropies.map(|sum| sum.total() / scalar::float(tokens));
    InformationCurve::from_computed_increments(&increments, single)
}
