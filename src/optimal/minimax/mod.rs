//! The schedule with the smallest guaranteed error, when only part of the curve is known.
//!
//! The guarantee of a schedule is the [sharp upper bound](crate::bounds::sharp): the largest error over
//! all distributions that agree with what is known. A *minimax* schedule has the smallest guarantee of
//! all schedules with as many steps. What is known is said as a [`Known`], the same as for the bounds.
//!
//! # Formula
//! ```text
//! error <= alpha TC + beta DTC for all distributions
//!     iff every step that starts at k revealed tokens has size s <= 1 + alpha (L - k - 1) + beta (k + 1)
//! ```
//! because of the moments `TC = sum (L - m) d_m` and `DTC = sum m d_m`, and because the sawtooth is
//! highest right after a start. For given `alpha` and `beta`, the largest steps that are allowed reach
//! the end first. So with TC alone steps shrink geometrically, with DTC alone they grow, with the token
//! information `TC + DTC` alone they are equal.
//!
//! The steps for TC alone, or for DTC alone, do not depend on its value: it only scales the guarantee. Nor
//! does one have to choose between the two: [`universal`] steps grow to the middle and shrink from there,
//! and guarantee a share of the smaller of TC and DTC, whatever they are.
//!
//! The published count for a tolerance is [`chen_cong_li::sufficient_steps`](crate::bounds::chen_cong_li::sufficient_steps);
//! [`fewest_steps`] is never more.

mod greedy;
mod levels;
mod line;
mod play;
mod points;
mod priced;
mod universal;

pub use universal::{universal, universal_within};

use crate::bounds::Knowledge;
use crate::bounds::sharp::Known;
use crate::error::{Error, Result, check_limit};
use crate::numeric::scalar::{self, Scalar};
use crate::optimal::check_steps;
use crate::optimal::minimax::greedy::proportional;
use crate::schedule::Schedule;
use crate::units::Nats;

/// A schedule, what it guarantees, and a limit below which no other schedule can bring the
/// guarantee.
#[derive(Debug, Clone, PartialEq)]
#[cfg_attr(
    feature = "serde",
    derive(serde::Serialize, serde::Deserialize),
    serde(bound(
        serialize = "F: Scalar + serde::Serialize",
        deserialize = "F: Scalar + serde::Deserialize<'de>"
    ))
)]
#[non_exhaustive]
pub struct Guaranteed<F = f64> {
    /// The schedule.
    pub schedule: Schedule,
    /// No distribution that agrees with what is known has a larger error.
    pub guarantee: Nats<F>,
    /// No schedule of as many steps guarantees less: the same as the guarantee, where the search is exact.
    ///
    /// ```
    /// use unmaskcost::{Nats, bounds::sharp::Known, optimal::minimax};
    /// let points = Known::about(64).information(20, Nats(0.5)).information(63, Nats(0.6));
    /// let best = minimax::schedule(&points, 8)?;
    /// assert_eq!(best.guarantee, best.least_possible);
    /// // For points and TC together no exact method is known.
    /// let best = minimax::schedule(&points.total_correlation(Nats(25.0)), 8)?;
    /// assert!(best.guarantee >= best.least_possible);
    /// # Ok::<(), unmaskcost::Error>(())
    /// ```
    pub least_possible: Nats<F>,
}

impl<F: Scalar> Guaranteed<F> {
    /// For a schedule that no other one beats.
    fn best(known: &Known<F>, schedule: Schedule) -> Result<Self> {
        let guarantee = known.upper(&schedule)?;
        Ok(Self { schedule, guarantee, least_possible: guarantee })
    }

    /// For a schedule that may be beaten, but not below `least`.
    fn above(known: &Known<F>, schedule: Schedule, least: f64) -> Result<Self> {
        let best = Self::best(known, schedule)?;
        let least_possible = Nats(scalar::constant::<F>(least)).min(best.guarantee);
        Ok(Self { least_possible, ..best })
    }

    /// The schedule with the smaller guarantee, and the higher of the two limits.
    fn or(self, other: Self) -> Self {
        let least_possible = self.least_possible.max(other.least_possible);
        let better = if other.guarantee < self.guarantee { other } else { self };
        Self { least_possible: least_possible.min(better.guarantee), ..better }
    }
}

/// The schedule of exactly `steps` steps with the smallest guaranteed error.
///
/// | known | method | time |
/// | --- | --- | --- |
/// | token information, or the single-token entropy | equal steps | O(T) |
/// | TC or DTC | the smallest ratio for which the largest steps suffice | O(T log L) |
/// | both | the same along a line, branch and bound over its slope | O(T) a trial, some hundred to some ten thousand trials |
/// | points | dynamic program over the gaps between them, with a price per step as its bound | milliseconds to about a second |
/// | points with error bars | the same for averages of the curves that are worst for the schedules found | up to some seconds |
/// | anything else together with TC or DTC | best answers to averages of the worst curves, then single steps moved | up to some seconds |
///
/// The first three are exact: the guarantee is the [least possible](Guaranteed::least_possible). So are points, unless there are too many possibilities (thousands
/// of tokens a step): then places are taken a few tokens apart, and the gap between the two says what that may have cost. In the last two cases
/// there is nearly always a gap. The guarantee holds all the same, and [`least_possible`](Guaranteed::least_possible) says
/// how much better another schedule could be at most.
///
/// With both correlations, guarantees that differ by less than about 1e-10 (in `f64`), relative or in
/// units of `(TC + DTC) / L`, are not told apart; with points, those that differ by 1e-12 of the largest. From known
/// points, a guarantee includes what may hide in their rounding. So it is zero only if no step reveals two tokens. If
/// neither `I_{L-1}`, nor a correlation, nor the single-token entropy is known, all that comes after the last point is
/// revealed one token a step.
///
/// # Errors
/// [`StepsOutOfRange`](Error::StepsOutOfRange) unless `1 <= steps <= tokens`;
/// [`TooLarge`](Error::TooLarge) for more than 2^24 steps, from known points for more than 2^22 (half a gigabyte) or 2^28
/// tokens, from a correlation and more for more than 2^20 steps (some seconds); otherwise as [`Knowledge::upper`].
///
/// ```
/// use unmaskcost::{Nats, bounds::sharp::Known, optimal::minimax};
/// let known = Known::about(16).dual_total_correlation(Nats(2.0_f64));
/// let best = minimax::schedule(&known, 4)?;
/// assert_eq!(best.schedule.sizes(), [2, 4, 8, 2]);
/// assert!((best.guarantee.0 - 2.0).abs() < 1e-12);
/// # Ok::<(), unmaskcost::Error>(())
/// ```
pub fn schedule<F: Scalar>(known: &Known<F>, steps: usize) -> Result<Guaranteed<F>> {
    let tokens = known.tokens();
    check_steps(steps, tokens)?;
    check_limit("steps of a minimax schedule", steps as u128, MAX_STEPS)?;
    if steps == tokens {
        return Guaranteed::best(known, Schedule::sequential(tokens)?);
    }
    let best = match (known.correlations()?, known.speaks_of_the_curve()) {
        ((Some(_), None), false) => proportional(tokens, steps, |k| tokens - k - 1)?,
        ((None, Some(_)), false) => proportional(tokens, steps, |k| k + 1)?,
        ((Some(total), Some(dual)), false) => {
            // In double precision whatever the scalar: single precision cannot hold every count.
            // Rounding in the scalar may make the smaller correlation too small, so it is raised.
            let [total, dual] = [total, dual].map(scalar::evidence);
            let others = tokens.saturating_sub(1).max(1) as f64;
            let (total, dual) = (total.max(dual / others), dual.max(total / others));
            line::along_a_line(tokens, steps, Nats(total), Nats(dual))?
        }
        ((None, None), _) => return levels::schedule(known, steps),
        (_, true) => return play::schedule(known, steps),
    };
    Guaranteed::best(known, best)
}

/// The fewest steps with a guaranteed error of at most `tolerance`, and their minimax schedule.
///
/// About `2 log2 T` calls of [`schedule`]. Where the search is not exact, fewer steps might do.
///
/// # Errors
/// [`NotFinite`](Error::NotFinite) or [`Negative`](Error::Negative) for the tolerance;
/// otherwise as [`schedule`].
///
/// ```
/// use unmaskcost::{Nats, bounds::sharp::Known, optimal::minimax};
/// use unmaskcost::bounds::chen_cong_li;
/// let (tc, tolerance) = (Nats(20.0_f64), Nats(1.0));
/// let best = minimax::fewest_steps(&Known::about(1024).total_correlation(tc), tolerance)?;
/// assert_eq!(best.schedule.steps(), 90);
/// assert!(chen_cong_li::sufficient_steps(tc, 1024, tolerance)? > 160);
/// # Ok::<(), unmaskcost::Error>(())
/// ```
pub fn fewest_steps<F: Scalar>(known: &Known<F>, tolerance: Nats<F>) -> Result<Guaranteed<F>> {
    let tokens = known.tokens();
    scalar::check_nonnegative("tolerance", tolerance.0)?;
    check_steps(1, tokens)?;
    // Too few steps, and the fewest known to be enough.
    let (mut few, mut found) = (0, None);
    let mut steps = 1;
    loop {
        match schedule(known, steps) {
            // One token a step has no error whatever is known.
            Ok(best) if best.guarantee <= tolerance || steps == tokens => found = Some(best),
            // With more steps, what is not known may cost nothing.
            Ok(_) | Err(Error::Unbounded { .. }) => few = steps,
            Err(error) => return Err(error),
        }
        let most = found.as_ref().map(|best| best.schedule.steps());
        steps = match (most, found.take()) {
            (Some(most), Some(best)) if most - few <= 1 => return Ok(best),
            (Some(most), best) => {
                found = best;
                few + (most - few) / 2
            }
            (None, _) => steps.saturating_mul(2).min(tokens),
        };
    }
}

/// The most steps: a fraction of a second for each trial.
const MAX_STEPS: u128 = 1 << 24;
