//! What may lie between measured losses, and within their errors, if losses do not rise with the
//! number of revealed tokens.
//!
//! | the losses measured are | function | result |
//! | --- | --- | --- |
//! | exact | [`cost`] | [`KlBounds`]: certain |
//! | means of samples | [`cost_interval`] | [`ConfidenceInterval`]: holds with a stated probability |
//!
//! Both are the [sharp](crate::bounds::sharp) interval for what the losses say of the information curve of the
//! model, `I_k = l_0 - l_k`. An [`Estimate`] is neither: it takes the straight line between measured
//! counts.

use crate::bounds::sharp::Known;
use crate::bounds::{KlBounds, Knowledge};
use crate::error::Result;
use crate::estimate::{ConfidenceInterval, Estimate};
use crate::measured::LossCurve;
use crate::numeric::scalar::Scalar;
use crate::schedule::Schedule;
use crate::units::Nats;

/// The cost of parallelism, if the losses measured are exact and those between them do not rise: the
/// smallest interval that contains it.
///
/// # Formula
/// ```text
/// sum over gaps between measured counts a < b of (l_a - l_b) * [least, most] of c_m, a < m <= b
/// ```
/// where `c` is the [sawtooth](Schedule::sawtooth). Beyond the last measured count the loss falls
/// to something between its last value and 0, unless the ends are
/// [held](LossCurve::holding_ends).
///
/// # Errors
/// As [`known`]; [`TokensDiffer`](crate::Error::TokensDiffer);
/// [`InformationDecreases`](crate::Error::InformationDecreases) if the losses rise: take
/// [`MonotoneLosses`](crate::measured::MonotoneLosses), or [`cost_interval`].
///
/// ```
/// use unmaskcost::{Nats, Schedule, bounds, measured::{LossCurve, LossPoint}, measured};
/// let points = [(0, 2.0_f64), (4, 1.0), (7, 0.5)].map(|(k, loss)| LossPoint::exact(k, Nats(loss)));
/// let losses = LossCurve::from_points(points, 8)?;
/// let halves = Schedule::balanced(8, 2)?;
/// let bounds = measured::any_fall::cost(&losses, &halves)?;
/// assert!(bounds.contains(losses.parallelism_cost(&halves)?.value()));
/// assert!((bounds.lower.0 - 0.5).abs() < 1e-9 && (bounds.upper.0 - 4.5).abs() < 1e-9);
/// # Ok::<(), unmaskcost::Error>(())
/// ```
pub fn cost<F: Scalar>(losses: &LossCurve<F>, schedule: &Schedule) -> Result<KlBounds<F>> {
    known(losses)?.bounds(schedule)
}

/// The cost of parallelism, if the errors of the losses are normal and the true losses do not rise: an
/// interval that contains it with probability `level`, whatever lies between the measured counts.
///
/// # Errors
/// As [`known_within_errors`]; [`TokensDiffer`](crate::Error::TokensDiffer);
/// [`InformationDecreases`](crate::Error::InformationDecreases) if the losses rise by more than their
/// errors.
///
/// ```
/// use unmaskcost::{Nats, Schedule, measured::{LossCurve, LossPoint}, measured};
/// let points = [(0, 2.0_f64), (4, 1.0), (7, 0.5)].map(|(revealed, loss)| LossPoint {
///     revealed,
///     loss: Nats(loss),
///     standard_error: Nats(0.01),
///     samples: Some(1000),
/// });
/// let losses = LossCurve::from_points(points, 8)?;
/// let interval = measured::any_fall::cost_interval(&losses, &Schedule::balanced(8, 2)?, 0.95)?;
/// assert!(interval.lower().0 < 0.5 && interval.upper().0 > 4.5 && interval.width().0 < 4.3);
/// # Ok::<(), unmaskcost::Error>(())
/// ```
pub fn cost_interval<F: Scalar>(
    losses: &LossCurve<F>,
    schedule: &Schedule,
    level: f64,
) -> Result<ConfidenceInterval<F>> {
    let KlBounds { lower, upper } = known_within_errors(losses, level)?.bounds(schedule)?;
    ConfidenceInterval::new(lower, upper, level)
}

/// What exact losses say of the information curve of the model, to be joined with other knowledge.
///
/// # Errors
/// [`NotMeasured`](crate::Error::NotMeasured) unless the loss at 0 was measured, or the ends are
/// [held](LossCurve::holding_ends).
pub fn known<F: Scalar>(losses: &LossCurve<F>) -> Result<Known<F>> {
    let exact = |loss: Estimate<F>| Ok((loss.value(), loss.value()));
    known_between(losses, exact)
}

/// What losses say within their errors: all of it together is true with probability `level`.
///
/// # Formula
/// ```text
/// l_k in loss -+ t * standard error,   each with probability 1 - (1 - level) / points
/// ```
/// with Student's t as in [`Estimate::interval`].
///
/// # Errors
/// As [`known`]; [`OutOfRange`](crate::Error::OutOfRange) unless `0 < level < 1`;
/// [`Overflow`](crate::Error::Overflow) if an end of an interval is not finite.
pub fn known_within_errors<F: Scalar>(losses: &LossCurve<F>, level: f64) -> Result<Known<F>> {
    let mut quantiles = losses.quantiles_of_each(level)?;
    known_between(losses, |loss| {
        let (lower, upper) = loss.ends(&mut quantiles)?;
        Ok((if lower > Nats(F::zero()) { lower } else { Nats(F::zero()) }, upper))
    })
}

fn known_between<F: Scalar>(
    losses: &LossCurve<F>,
    mut ends: impl FnMut(Estimate<F>) -> Result<(Nats<F>, Nats<F>)>,
) -> Result<Known<F>> {
    let tokens = losses.tokens();
    let (least, most) = ends(losses.loss(0)?)?;
    let mut known = Known::about(tokens).single_token_entropy(most);
    for point in losses.points().iter().filter(|point| point.revealed > 0) {
        let (lower, upper) = ends(point.estimate())?;
        known = known.information_between(point.revealed, least - upper, most - lower);
    }
    if losses.holds_ends() && tokens > 1 {
        let (lower, upper) = ends(losses.loss(tokens - 1)?)?;
        known = known.information_between(tokens - 1, least - upper, most - lower);
    }
    Ok(known)
}
