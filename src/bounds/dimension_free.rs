//! A bound that does not depend on the length of the sequence.
//!
//! | function | holds for | source |
//! | --- | --- | --- |
//! | [`upper`] | this schedule | `I_{L-1} <= f_0`, in the sharp bound from token information |
//!
//! Bounds of this kind, where only the number of tokens per step counts, are due to Hugo Lavenant and
//! Giacomo Zanella, *Error Bounds and Optimal Schedules for Masked Diffusions with Factorized
//! Approximations*, arXiv 2510.25544.

use crate::bounds::{finite, times_up};
use crate::error::Result;
use crate::numeric::scalar::{self, Scalar};
use crate::schedule::Schedule;
use crate::units::Nats;

/// Upper bound from the mean entropy of a single token, `f_0`, alone. O(1).
///
/// # Formula
/// ```text
/// error <= (s_max - 1) f_0
/// ```
/// where `f_0 <= ln(size of the vocabulary)`. It is sharp for what it is given:
/// [`sharp::from_single_token_entropy`](super::sharp::from_single_token_entropy) has the same upper end.
///
/// # Errors
/// [`NotFinite`](crate::Error::NotFinite) or [`Negative`](crate::Error::Negative) for the entropy;
/// [`Overflow`](crate::Error::Overflow) if the bound is not finite.
///
/// ```
/// use unmaskcost::{Nats, Schedule, bounds::dimension_free};
/// let short = dimension_free::upper(Nats(6.5), &Schedule::balanced(64, 16)?)?;
/// let long = dimension_free::upper(Nats(6.5), &Schedule::balanced(65536, 16384)?)?;
/// assert_eq!(short, long); // 4 tokens a step
/// # Ok::<(), unmaskcost::Error>(())
/// ```
pub fn upper<F: Scalar>(single_token_entropy: Nats<F>, schedule: &Schedule) -> Result<Nats<F>> {
    let entropy = scalar::check_nonnegative("single-token entropy", single_token_entropy.0)?;
    finite(times_up(scalar::float(schedule.largest_step() - 1), entropy))
}
