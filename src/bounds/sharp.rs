//! The best possible bounds from partial knowledge: the smallest interval that contains the error of
//! every distribution consistent with what is known.

use crate::bounds::{KlBounds, per_token, round_down};
use crate::error::{Error, Result};
use crate::scalar::{self, Scalar};
use crate::schedule::Schedule;
use crate::units::Nats;

/// From the token information `sum_i I(X_i; X_{-i})` alone. O(1).
///
/// # Formula
/// ```text
/// upper = (s_max - 1) I_{L-1},   I_{L-1} = sum_i I(X_i; X_{-i}) / L
/// lower = 0 for T >= 2,   I_{L-1} for T = 1
/// ```
/// Both ends are attained in the limit of MDS codes: all information at one revealed count `m`, where
/// the [sawtooth](Schedule::sawtooth) is largest or smallest.
///
/// # Errors
/// [`NotFinite`](Error::NotFinite) or [`Negative`](Error::Negative) for the token information;
/// [`Inconsistent`](Error::Inconsistent) if it is positive for a single token, which has no others;
/// [`Overflow`](Error::Overflow) if the bound is not finite.
///
/// ```
/// use demask::{Nats, Schedule, bounds::sharp};
/// let schedule = Schedule::from_reveal_sizes([3, 3, 2])?;
/// let bounds = sharp::from_token_information(Nats(8.0_f64), &schedule)?;
/// assert!((bounds.upper.0 - 2.0).abs() < 1e-12); // Li & Cai's Theorem 1 gives 3
/// assert_eq!(bounds.lower, Nats(0.0));
/// # Ok::<(), demask::Error>(())
/// ```
pub fn from_token_information<F: Scalar>(
    token_information: Nats<F>,
    schedule: &Schedule,
) -> Result<KlBounds<F>> {
    let tokens = schedule.tokens();
    if tokens == 1 && token_information.0 > F::zero() {
        return Err(Error::Inconsistent {
            inequality: "sum_i I(X_i; X_{-i}) <= 0 for a single token",
            left: scalar::evidence(token_information.0),
            right: 0.0,
        });
    }
    let largest = scalar::float::<F>(schedule.largest_step() - 1);
    let upper = per_token(token_information, largest, tokens)?;
    let lower = match schedule.steps() {
        1 => round_down(token_information.0 / scalar::float(tokens)),
        _ => Nats(F::zero()),
    };
    Ok(KlBounds { lower, upper })
}
