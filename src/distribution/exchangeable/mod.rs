//! Distributions that stay the same when tokens change places: any tokens, or those of one type
//! ([`ClusterMixture`]).
//!
//! Given `m` tokens, all that matters is how often each symbol occurred. So the increments of the
//! curve are means over these counts of the mutual information of the next two tokens:
//!
//! ```text
//! d_{m+1} = I(X_{m+1}; X_{m+2} | X_1 .. X_m) = sum over counts n of p(n) I(next; next but one | n)
//! ```
//!
//! computed from nonnegative terms, without the cancellation that differences of entropies have. If only
//! tokens of one type may change places, as in [`ClusterMixture`], the counts are those in each type.

use crate::distribution::normalized;
use crate::error::{Error, Result, check_limit};
use crate::numeric::scalar::Scalar;

mod bits;
mod categorical;
mod clusters;
mod pairs;
mod permutation;

pub use bits::ExchangeableBits;
pub use categorical::CategoricalMixture;
pub use clusters::ClusterMixture;
pub use permutation::uniform_permutation;

/// The most cells of a grid of counts that are visited: about half a minute.
const MAX_WORK: u128 = 1 << 30;
/// The most tokens that a distribution is made for.
const MAX_TOKENS: usize = 1 << 24;

/// `base^exponent`, saturating.
fn power(base: usize, exponent: usize) -> u128 {
    let exponent = u32::try_from(exponent).unwrap_or(u32::MAX);
    (base as u128).saturating_pow(exponent)
}

fn component_weights<F: Scalar>(weights: &[F], components: usize) -> Result<Vec<F>> {
    let what = "the weights of the components";
    if weights.is_empty() {
        return Err(Error::Empty { what: "the list of components" });
    }
    if weights.len() != components {
        return Err(Error::LengthMismatch { what, found: weights.len(), expected: components });
    }
    normalized(what, weights, |sum, tolerance| Error::NotNormalized {
        what,
        row: None,
        sum,
        tolerance,
    })
}

fn check_tokens(tokens: usize) -> Result<()> {
    if tokens == 0 {
        return Err(Error::Empty { what: "the sequence" });
    }
    check_limit("tokens of an exchangeable distribution", tokens as u128, MAX_TOKENS as u128)
}

/// Masses from their logarithms, up to a common factor, so that the largest is 1; all zero if none is
/// possible.
fn masses<F: Scalar>(logarithms: &[F]) -> Vec<F> {
    let greatest = logarithms.iter().copied().fold(F::neg_infinity(), F::max);
    let mass = |&x: &F| if x > F::neg_infinity() { (x - greatest).exp() } else { F::zero() };
    logarithms.iter().map(mass).collect()
}
