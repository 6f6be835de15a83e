//! The curve known at points, with or without error bars, and nothing else.
//!
//! Error bars leave open in which of several gaps a level of information is crossed: the worst curve
//! crosses it where the sawtooth is highest. Each way to put the levels into gaps makes exact points of
//! them. The minimax schedule for these points pays no more than the best guarantee. So the worst ways
//! for the schedules found so far are averaged, which brings that payment up and the guarantees down.

use crate::bounds::Knowledge;
use crate::bounds::sharp::{Known, Level};
use crate::error::{Result, check_limit};
use crate::numeric::scalar::Scalar;
use crate::optimal::minimax::Guaranteed;
use crate::optimal::minimax::points::{Gap, MOST_WORK, heights, least_paid};
use crate::schedule::Schedule;

/// The number of averages tried. More of them would rarely improve more than the last digits.
const ROUNDS: usize = 16;

/// The most steps: half a gigabyte.
const MAX_STEPS: u128 = 1 << 22;
/// The most tokens: a second for exact points, some seconds with error bars.
const MAX_TOKENS: u128 = 1 << 28;

pub(super) fn schedule<F: Scalar>(known: &Known<F>, steps: usize) -> Result<Guaranteed<F>> {
    let tokens = known.tokens();
    check_limit("steps of a minimax schedule from known points", steps as u128, MAX_STEPS)?;
    let (counts, levels) = known.levels()?;
    // Beyond the last known count the curve may rise without limit: single tokens.
    let last = counts.last().copied().unwrap_or(0);
    let singles = tokens - last - 1;
    if steps <= singles {
        return Guaranteed::above(known, Schedule::balanced(tokens, steps)?, 0.0);
    }
    let whole = |schedule: Schedule| {
        let mut sizes = schedule.sizes().to_vec();
        sizes.resize(steps, 1);
        Schedule::try_from(sizes)
    };
    let (tokens, steps) = (last + 1, steps - singles);
    if steps == tokens {
        return Guaranteed::best(known, whole(Schedule::sequential(tokens)?)?);
    }
    let scale = levels.iter().map(|level| level.mass).sum::<f64>();
    if scale <= 0.0 || !scale.is_finite() {
        return Guaranteed::best(known, whole(Schedule::balanced(tokens, steps)?)?);
    }
    // One gap: a level may be crossed wherever the sawtooth is highest, and equal steps are lowest there.
    if counts.len() == 1 {
        return Guaranteed::best(known, whole(Schedule::balanced(tokens, steps)?)?);
    }
    check_limit("tokens of a minimax schedule from known points", tokens as u128, MAX_TOKENS)?;
    let rises = |gap: &[Gap], heights: Option<&[usize]>| {
        let mut rises = vec![0.0; gap.len()];
        for level in &levels {
            rises[highest(level, heights)] += level.mass / scale;
        }
        rises
    };
    let froms = core::iter::once(0).chain(counts.iter().copied());
    let gap = |(from, &to)| Gap { from, to, rise: 0.0 };
    let mut gaps: Vec<Gap> = froms.zip(&counts).map(gap).collect();
    let open = levels.iter().any(|level| level.gaps.start() != level.gaps.end());
    let rounds = if open { ROUNDS } else { 1 };
    let mut best: Option<Guaranteed<F>> = None;
    let mut worst = rises(&gaps, None);
    for round in 0..rounds {
        let share = 1.0 / (round + 1) as f64;
        for (gap, &rise) in gaps.iter_mut().zip(&worst) {
            gap.rise += share * (rise - gap.rise);
        }
        let found = least_paid(&gaps, tokens, steps, MOST_WORK / rounds)?;
        worst = rises(&gaps, Some(&heights(&gaps, &found.schedule)));
        let exact = !open && found.paid <= found.least;
        let schedule = whole(found.schedule)?;
        let found = match exact {
            true => Guaranteed::best(known, schedule)?,
            false => Guaranteed::above(known, schedule, found.least * scale)?,
        };
        best = Some(match best.take() {
            Some(best) => best.or(found),
            None => found,
        });
    }
    match best {
        Some(best) => Ok(best),
        None => Guaranteed::above(known, whole(Schedule::balanced(tokens, steps)?)?, 0.0),
    }
}

/// The gap in which a level is crossed at worst; without heights, the middle one.
fn highest(level: &Level, heights: Option<&[usize]>) -> usize {
    let (first, last) = (*level.gaps.start(), *level.gaps.end());
    match heights {
        Some(heights) => {
            let gaps = level.gaps.clone();
            gaps.max_by_key(|&gap| (heights[gap], core::cmp::Reverse(gap))).unwrap_or(first)
        }
        None => first + (last - first) / 2,
    }
}
