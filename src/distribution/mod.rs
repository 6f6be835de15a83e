//! Distributions whose information curve is exact, and estimates for the others.
//!
//! | the data is | type |
//! | --- | --- |
//! | a few tokens, in a table | [`JointTable`], with all its entropies [`SubsetEntropies`] |
//! | a text, or anything in which a token depends on the one before | [`MarkovChain`] |
//! | tokens that show hidden states, each of which depends on the one before | [`HiddenMarkovChain`] |
//! | tokens whose order does not matter | [`ExchangeableBits`], [`CategoricalMixture`], [`uniform_permutation`] |
//! | words scattered around a few centres | [`ClusterMixture`] |
//! | the hardest cases, words of a code | [`LinearCode`], [`MdsCode`] |
//! | independent parts with known curves | [`side_by_side`] |
//! | samples of an unknown distribution | [`Samples`]: as much of the curve as they determine |
//! | anything else that can compute entropies or predictions | [`SubsetEntropy`], [`ConditionalMarginal`], [`Collector`](crate::measured::Collector) |

use crate::error::{Error, Result};
use crate::numeric::scalar::{self, Scalar};

mod along_order;
mod conditional;
mod exchangeable;
mod field;
mod joint;
mod linear_code;
mod markov_chain;
mod mds_code;
mod samples;
mod side_by_side;
mod subsets;
mod traits;

pub use exchangeable::{CategoricalMixture, ClusterMixture, ExchangeableBits, uniform_permutation};
pub use joint::{Correlations, JointTable};
pub use linear_code::LinearCode;
pub use markov_chain::{HiddenMarkovChain, MarkovChain};
pub use mds_code::MdsCode;
pub use samples::{SampledCorrelations, SampledCurve, SampledValue, Samples};
pub use side_by_side::side_by_side;
pub use subsets::SubsetEntropies;
#[cfg(feature = "rand")]
pub(crate) use traits::check_symbol;
pub use traits::{ConditionalMarginal, SubsetEntropy};

/// A list of probabilities, with rounding noise projected away: see [`Scalar::tolerance`]. The error
/// for a sum that is not one is made from that sum and the tolerance.
pub(crate) fn normalized<F: Scalar>(
    what: &'static str,
    probabilities: &[F],
    not_normalized: impl FnOnce(f64, f64) -> Error,
) -> Result<Vec<F>> {
    scalar::check_finite(what, probabilities)?;
    if let Some(index) = probabilities.iter().position(|p| *p < -F::tolerance()) {
        let value = scalar::evidence(probabilities[index]);
        return Err(Error::Negative { what, index: Some(index), value });
    }
    let mut clipped: Vec<F> = probabilities.iter().map(|p| p.max(F::zero())).collect();
    let sum = scalar::sum(clipped.iter().copied());
    if (sum - F::one()).abs() > F::tolerance() {
        return Err(not_normalized(scalar::evidence(sum), scalar::evidence(F::tolerance())));
    }
    clipped.iter_mut().for_each(|p| *p = *p / sum);
    Ok(clipped)
}

/// Draws an index by inversion, from a distribution that sums to one up to rounding.
#[cfg(feature = "rand")]
fn draw<F: Scalar, R: rand::Rng + ?Sized>(law: &[F], generator: &mut R) -> usize {
    use rand::RngExt;
    let mut left: F = scalar::constant(generator.random::<f64>());
    let mut last_possible = 0;
    for (index, &p) in law.iter().enumerate().filter(|(_, p)| **p > F::zero()) {
        if left < p {
            return index;
        }
        left = left - p;
        last_possible = index;
    }
    last_possible
}
