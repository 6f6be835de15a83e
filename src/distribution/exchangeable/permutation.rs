use super::check_tokens;
use crate::curve::InformationCurve;
use crate::error::Result;
use crate::numeric::scalar::{self, Scalar};

/// The curve of a uniformly random permutation of `tokens` symbols. O(L).
///
/// # Formula
/// ```text
/// f_k = ln(L - k),   d_m = ln(1 + 1/(L - m))
/// ```
///
/// # Errors
/// [`Empty`](crate::Error::Empty) for zero tokens, [`TooLarge`](crate::Error::TooLarge) for more than
/// 2^24.
///
/// ```
/// use unmaskcost::distribution;
/// let curve = distribution::uniform_permutation::<f64>(8)?;
/// assert!((curve.conditional_entropy(5).unwrap().0 - 3.0_f64.ln()).abs() < 1e-15);
/// # Ok::<(), unmaskcost::Error>(())
/// ```
pub fn uniform_permutation<F: Scalar>(tokens: usize) -> Result<InformationCurve<F>> {
    check_tokens(tokens)?;
    let increments: Vec<F> =
        (1..tokens).map(|m| scalar::float::<F>(tokens - m).recip().ln_1p()).collect();
    InformationCurve::from_computed_increments(&increments, Some(scalar::float::<F>(tokens).ln()))
}
