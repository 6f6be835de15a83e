//! What a schedule guarantees when nothing is known of the data.
//!
//! | function | what it is | source |
//! | --- | --- | --- |
//! | [`factor`] | the share of the smaller of TC and DTC that the error never exceeds | proved in the [theory](crate::docs::theory) |
//! | [`upper`] | upper bound for this schedule from the curve | the same |
//! | [`from_smaller_correlation`] | upper bound for this schedule from `min(TC, DTC)` | the same |
//!
//! The schedule with the smallest factor for a number of steps is
//! [`minimax::universal`](crate::optimal::minimax::universal()).

use core::cmp::Ordering;
use core::fmt;

use crate::bounds::{finite, times_up};
use crate::curve::InformationCurve;
use crate::error::Result;
use crate::numeric::ratio::Ratio;
use crate::numeric::scalar::{self, Scalar};
use crate::schedule::Schedule;
use crate::units::Nats;

/// The universal factor of a schedule, `rho`, as the fraction that it is. Made by [`factor`].
///
/// ```
/// use unmaskcost::{Schedule, bounds::universal};
/// let rho = universal::factor(&Schedule::from_reveal_sizes([1, 2, 3, 1, 1])?);
/// assert_eq!((rho.value(), rho.to_string()), (0.5, "1/2".to_owned()));
/// # Ok::<(), unmaskcost::Error>(())
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Factor {
    numerator: usize,
    denominator: usize,
}

impl Factor {
    #[cfg(feature = "serde")]
    pub(crate) fn numerator(self) -> usize {
        self.numerator
    }

    #[cfg(feature = "serde")]
    pub(crate) fn denominator(self) -> usize {
        self.denominator
    }

    /// The factor as a float.
    #[must_use]
    pub fn value(self) -> f64 {
        self.ratio().value()
    }

    /// The factor that a document states, if it is a fraction that [`factor`] could have returned.
    #[cfg(feature = "serde")]
    pub(crate) fn in_lowest_terms(numerator: usize, denominator: usize) -> Result<Self> {
        scalar::check_positive("denominator", denominator as f64)?;
        let (numerator, denominator) = Ratio::of(numerator, denominator).lowest_terms();
        Ok(Self { numerator, denominator })
    }

    fn ratio(self) -> Ratio {
        Ratio::of(self.numerator, self.denominator)
    }
}

impl PartialOrd for Factor {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Factor {
    fn cmp(&self, other: &Self) -> Ordering {
        self.ratio().cmp(&other.ratio())
    }
}

/// The fraction, or the whole number.
impl fmt::Display for Factor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.denominator {
            1 => f.pad(&self.numerator.to_string()),
            _ => f.pad(&format!("{}/{}", self.numerator, self.denominator)),
        }
    }
}

/// The smallest factor with which this schedule's error is bounded for *every* distribution. O(T).
///
/// # Formula
/// ```text
/// error <= rho sum_m min(m, L-m) d_m <= rho min(TC, DTC)
/// rho = max_m c_m / min(m, L-m) = max over steps of (s - 1) / min(k + 1, L - k - 1)
/// ```
/// with `k` tokens revealed before the step, and 0 for steps of one token. It is the larger of the two factors
/// by which TC alone and DTC alone bound the error. Both inequalities are equalities, in the limit, for the
/// MDS code whose information comes at the `m = k + 1` of the maximum: no smaller factor will do.
///
/// ```
/// use unmaskcost::{Schedule, bounds::universal};
/// // Equal steps are no protection against information at either end.
/// assert_eq!(universal::factor(&Schedule::balanced(1024, 64)?).to_string(), "15");
/// # Ok::<(), unmaskcost::Error>(())
/// ```
#[must_use]
pub fn factor(schedule: &Schedule) -> Factor {
    let tokens = schedule.tokens();
    let steps = schedule.ranges().filter(|step| step.len() > 1);
    let ratios = steps.map(|step| Ratio::of(step.len() - 1, weight(tokens, step.start)));
    let (numerator, denominator) = ratios.fold(Ratio::ZERO, Ratio::max).lowest_terms();
    Factor { numerator, denominator }
}

/// `min(m, L - m)` at the `m = k + 1` where a step that starts at `k` has its tooth.
pub(crate) fn weight(tokens: usize, revealed: usize) -> usize {
    (revealed + 1).min(tokens - revealed - 1)
}

/// Upper bound for this schedule: its factor times `sum_m min(m, L-m) d_m`. O(L).
///
/// The sum is at most `min(TC, DTC)`. It lies between `H(0,1)` and `2 (1 + 1/L) H(0,1)`, where
/// `H(0,1) = sum_m (m (L-m) / (L+1)) d_m` is the information in the odds that Wainwright's bounds are
/// made of.
///
/// # Errors
/// [`TokensDiffer`](crate::Error::TokensDiffer) if the schedule reveals another number of tokens;
/// [`Overflow`](crate::Error::Overflow) if the bound is not finite.
///
/// ```
/// use unmaskcost::{InformationCurve, Schedule, bounds::universal};
/// let curve = InformationCurve::from_information([0.0_f64, 0.5, 0.75, 0.875])?;
/// let schedule = Schedule::from_reveal_sizes([2, 1, 1])?;
/// let bound = universal::upper(&curve, &schedule)?; // factor 1
/// assert!((bound.0 - (0.5 + 2.0 * 0.25 + 0.125)).abs() < 1e-12);
/// assert!(curve.sampling_error(&schedule)? <= bound);
/// # Ok::<(), unmaskcost::Error>(())
/// ```
pub fn upper<F: Scalar>(curve: &InformationCurve<F>, schedule: &Schedule) -> Result<Nats<F>> {
    let tokens = curve.tokens();
    schedule.check_tokens("curve", tokens)?;
    let increments = curve.increments().iter().enumerate();
    let weighted = increments.map(|(m, &d)| scalar::float::<F>(m.min(tokens - m)) * d);
    times(factor(schedule), scalar::sum(weighted))
}

/// Upper bound for this schedule from the smaller of TC and DTC, whichever it is: the factor times it. O(T).
///
/// If you know which of the two it is, or both, the [sharp](crate::bounds::sharp) bounds are never above this
/// one.
///
/// # Errors
/// [`NotFinite`](crate::Error::NotFinite) or [`Negative`](crate::Error::Negative) for the correlation;
/// [`Overflow`](crate::Error::Overflow) if the bound is not finite.
///
/// ```
/// use unmaskcost::{Nats, bounds::universal, optimal::minimax};
/// let steps = minimax::universal(1024, 64)?;
/// let bound = universal::from_smaller_correlation(Nats(8.0_f64), &steps)?;
/// assert!((bound.0 - 8.0 * universal::factor(&steps).value()).abs() < 1e-12);
/// # Ok::<(), unmaskcost::Error>(())
/// ```
pub fn from_smaller_correlation<F: Scalar>(
    smaller_correlation: Nats<F>,
    schedule: &Schedule,
) -> Result<Nats<F>> {
    let correlation = scalar::check_nonnegative("correlation", smaller_correlation.0)?;
    times(factor(schedule), correlation)
}

fn times<F: Scalar>(factor: Factor, amount: F) -> Result<Nats<F>> {
    let quotient = scalar::float::<F>(factor.numerator) / scalar::float(factor.denominator);
    finite(times_up(quotient, amount))
}
