use core::fmt;

use crate::error::Result;
use crate::estimate::Estimate;
use crate::numeric::scalar::{self, Scalar};
use crate::numeric::student;
use crate::units::Nats;

/// What a measured difference shows: that it is there, that it probably is, or nothing.
///
/// The same words are used for schedules, orders and decoders, always of a *paired* difference: measured on the
/// same sequences, or by the same losses, so that what both share cancels.
///
/// # Formula
/// ```text
/// p = P(Student's t > |difference| / standard error)        one-sided
/// certain: p < 0.005,   likely: p < 0.1,   noise: otherwise
/// ```
///
/// ```
/// use unmaskcost::{Estimate, Nats, measured::Verdict};
/// let saved = |nats| Verdict::of(Estimate::with_known_error(Nats(nats), Nats(0.1_f64))?);
/// assert_eq!(saved(0.3)?, Verdict::Certain);
/// assert_eq!(saved(-0.2)?, Verdict::Likely);
/// assert_eq!(saved(0.1)?.to_string(), "within noise");
/// # Ok::<(), unmaskcost::Error>(())
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub enum Verdict {
    /// The 99 % interval of the difference does not contain zero.
    Certain,
    /// The 80 % interval of the difference does not contain zero, the 99 % interval does.
    Likely,
    /// The difference may well be zero, or have the other sign.
    Noise,
}

impl Verdict {
    /// One-sided probabilities of error below which a difference is certain, or likely.
    const CERTAIN: f64 = 0.005;
    const LIKELY: f64 = 0.1;

    /// What this difference shows. A difference without error is certain unless it is zero.
    ///
    /// # Errors
    /// [`Overflow`](crate::Error::Overflow) if an interval around it is not finite.
    pub fn of<F: Scalar>(difference: Estimate<F>) -> Result<Self> {
        let wrong_sign = probability_of_wrong_sign(difference)?;
        Ok(match wrong_sign {
            wrong if wrong < Self::CERTAIN => Self::Certain,
            wrong if wrong < Self::LIKELY => Self::Likely,
            _ => Self::Noise,
        })
    }

    /// How many times as many evaluations would make this difference certain, if it stays the same and its error falls
    /// like one over the square root of their number: at most 1 if it is certain, infinite if it is zero.
    ///
    /// # Formula
    /// ```text
    /// (z * standard error / difference)^2,   z = 2.576 for known errors, Student's quantile otherwise
    /// ```
    ///
    /// # Errors
    /// As [`Verdict::of`].
    pub(crate) fn evaluations_needed<F: Scalar>(difference: Estimate<F>) -> Result<f64> {
        let around_zero = difference.with_value(Nats(F::zero()));
        let interval = around_zero.interval(1.0 - 2.0 * Self::CERTAIN)?;
        let ratio =
            scalar::evidence(interval.upper().0) / scalar::evidence(difference.value().0).abs();
        Ok(if ratio.is_nan() { f64::INFINITY } else { ratio * ratio })
    }
}

/// `certain`, `likely` or `within noise`.
impl fmt::Display for Verdict {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Self::Certain => "certain",
            Self::Likely => "likely",
            Self::Noise => "within noise",
        })
    }
}

/// The probability that the true difference does not have the sign of the measured one, by Student's
/// distribution around the measured value.
pub(crate) fn probability_of_wrong_sign<F: Scalar>(difference: Estimate<F>) -> Result<f64> {
    difference.interval(0.5)?; // Refuses what overflows.
    let (value, error) = (difference.value().0.abs(), difference.standard_error().0);
    Ok(if value == F::zero() {
        0.5
    } else if error == F::zero() {
        0.0
    } else {
        student::tail(scalar::evidence(value / error), difference.degrees_of_freedom())
    })
}

/// The probability that the true difference is below zero.
pub(crate) fn probability_below_zero<F: Scalar>(difference: Estimate<F>) -> Result<f64> {
    let wrong = probability_of_wrong_sign(difference)?;
    Ok(if difference.value().0 > F::zero() { wrong } else { 1.0 - wrong })
}
