//! What lies between measured losses: the interval of costs that monotonicity allows.
//!
//! This is no statement about errors of measurement: the losses given are taken as exact. For those,
//! see [`Estimate`](crate::curve::Estimate).

use crate::bounds::{KlBounds, finite, round_down, round_up};
use crate::curve::LossCurve;
use crate::error::{Error, Result};
use crate::scalar::{self, CompensatedSum, Scalar};
use crate::schedule::Schedule;

/// The cost of parallelism, if the losses measured are exact and the losses between them do not rise:
/// the smallest interval that contains it. O(T + points).
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
/// [`TokensDiffer`](Error::TokensDiffer); [`NotMeasured`](Error::NotMeasured) if a loss below the first
/// measured count is needed; [`Increases`](Error::Increases) if the losses are not monotone: take
/// [`MonotoneLosses`](crate::curve::MonotoneLosses).
///
/// ```
/// use demask::{Nats, Schedule, bounds, curve::{LossCurve, LossPoint}};
/// let points = [(0, 2.0_f64), (4, 1.0), (7, 0.5)].map(|(k, loss)| LossPoint::exact(k, Nats(loss)));
/// let losses = LossCurve::from_points(8, points)?;
/// let halves = Schedule::balanced(8, 2)?;
/// let bounds = bounds::measured::cost(&losses, &halves)?;
/// assert!(bounds.contains(losses.parallelism_cost(&halves)?.value));
/// assert!((bounds.lower.0 - 0.5).abs() < 1e-9 && (bounds.upper.0 - 4.5).abs() < 1e-9);
/// # Ok::<(), demask::Error>(())
/// ```
pub fn cost<F: Scalar>(losses: &LossCurve<F>, schedule: &Schedule) -> Result<KlBounds<F>> {
    let tokens = losses.tokens();
    schedule.check_tokens("loss curve", tokens)?;
    let (first, last) = losses.measured_range();
    if schedule.teeth_up_to(first).next().is_some() && !losses.holds_ends() {
        return Err(losses.not_measured(0));
    }
    let mut cuts = losses.counts();
    let mut values: Vec<F> = losses.points().iter().map(|point| point.loss.0).collect();
    check_nonincreasing(&values)?;
    let beyond = last + 1 < tokens && !losses.holds_ends();
    if beyond {
        cuts.push(tokens - 1);
        values.push(F::zero());
    }
    let mut lower = CompensatedSum::new();
    let mut upper = CompensatedSum::new();
    for (index, teeth) in schedule.teeth_between(&cuts).into_iter().enumerate() {
        // Rises within the tolerance count as none.
        let fall = (values[index] - values[index + 1]).max(F::zero());
        upper.add(fall * scalar::float(teeth.most));
        if !(beyond && index + 2 == values.len()) {
            lower.add(fall * scalar::float(teeth.least));
        }
    }
    finite(round_up(upper.total()))
        .map(|upper| KlBounds { lower: round_down(lower.total()), upper })
}

fn check_nonincreasing<F: Scalar>(values: &[F]) -> Result<()> {
    let scale = values.iter().fold(F::zero(), |scale, &value| scale.max(value));
    let tolerance = scale * F::tolerance();
    let mut previous = F::infinity();
    for (index, &value) in values.iter().enumerate() {
        if value > previous + tolerance {
            return Err(Error::Increases {
                what: "losses",
                index,
                previous: scalar::evidence(previous),
                value: scalar::evidence(value),
                tolerance: scalar::evidence(tolerance),
            });
        }
        previous = previous.min(value);
    }
    Ok(())
}
