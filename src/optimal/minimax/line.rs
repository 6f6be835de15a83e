//! Both correlations known: the line above the corners of the sawtooth.

use crate::bounds::sharp::Known;
use crate::error::Result;
use crate::optimal::minimax::Guaranteed;
use crate::optimal::minimax::greedy::{largest_steps, proportional};
use crate::schedule::Schedule;
use crate::units::Nats;

/// Both correlations known: the guarantee is `(TC + DTC) / L` times the height at
/// `m = L DTC / (TC + DTC)` of the lowest line that lies above the sawtooth's corners. So the height
/// and the slope of a line are sought whose largest steps reach the end.
///
/// Steps to the left of that `m` want a small slope, steps to the right a large one. With the
/// smallest slope of a range on the left and the largest on the right, a trial says whether any slope
/// in the range can do; ranges where none can are dropped, others are halved.
pub(super) fn along_a_line(
    tokens: usize,
    steps: usize,
    total: Nats<f64>,
    dual: Nats<f64>,
) -> Result<Schedule> {
    let known = &Known::about(tokens).total_correlation(total).dual_total_correlation(dual);
    let first = Guaranteed::best(known, Schedule::balanced(tokens, steps)?)?;
    let information = total.0 / tokens as f64 + dual.0 / tokens as f64;
    let centre = dual.0 / information;
    if !(information > 0.0 && centre.is_finite()) {
        return Ok(first.schedule);
    }
    let trial = |left: f64, right: f64, height: f64| {
        let rise = |k: usize| {
            let offset = (k + 1) as f64 - centre;
            offset * if offset < 0.0 { left } else { right }
        };
        let extra = |k: usize| {
            // Rounding must not lose a step whose corner lies on the line.
            let rise = rise(k);
            (height + rise + rounding(height, rise)).max(0.0) as usize
        };
        let below = |k: usize| {
            let rise = rise(k);
            k + 1 < tokens && height + rise < -rounding(height, rise)
        };
        // The line must not fall below zero where a step starts.
        let trial = largest_steps(tokens, steps, extra);
        let fits = trial.reaches_the_end() && !trial.starts().any(|(k, _)| below(k));
        fits.then_some(trial)
    };
    let mut best = first;
    for schedule in
        [proportional(tokens, steps, |k| tokens - k - 1)?, proportional(tokens, steps, |k| k + 1)?]
    {
        let other = Guaranteed::best(known, schedule)?;
        if other.guarantee < best.guarantee {
            best = other;
        }
    }
    // Heights that differ by less than this are not told apart, since lines are rounded by as much.
    let closest = rounding(0.0, tokens as f64);
    let mut ranges = vec![(-1.0, tokens as f64)];
    for _ in 0..MOST_RANGES {
        let Some((least, most)) = ranges.pop() else { break };
        let better = best.guarantee.0 / information * (1.0 - PRECISION) - closest;
        if better <= 0.0 {
            break;
        }
        if trial(least, most, better).is_none() {
            continue;
        }
        let slope = (least + most) / 2.0;
        let (mut low, mut high) = (0.0, better);
        let mut found = trial(slope, slope, high);
        while found.is_some() && high - low > high * PRECISION + closest {
            let height = (low + high) / 2.0;
            match trial(slope, slope, height) {
                Some(lower) => (found, high) = (Some(lower), height),
                None => low = height,
            }
        }
        if let Some(found) = found {
            let found = Guaranteed::best(known, found.schedule(steps)?)?;
            if found.guarantee < best.guarantee {
                best = found;
            }
        }
        if most - least > PRECISION / tokens as f64 {
            ranges.push((slope, most));
            ranges.push((least, slope));
        }
    }
    Ok(best.schedule)
}

/// A limit on the ranges of slopes looked at; a search takes a hundred or two.
const MOST_RANGES: usize = 2_000;

/// Guarantees that differ by less, in relative terms, are not told apart. It must exceed the rounding of
/// heights.
const PRECISION: f64 = 4e-11;

/// The rounding of the height of a line.
fn rounding(height: f64, rise: f64) -> f64 {
    8.0 * f64::EPSILON * (1.0 + height + rise.abs())
}
