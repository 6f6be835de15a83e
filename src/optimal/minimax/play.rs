//! Correlations together with what is known of the curve, for which no exact method is known.
//!
//! Two players take turns. One answers a curve by the best schedule for it, the other a schedule by the
//! worst curve for it among those that agree with what is known. Each answers the average of what the other
//! has shown so far; averages of curves that agree with what is known agree as well. No schedule can
//! guarantee less than the least error for such an average, and each schedule found has its own guarantee. The
//! best of them is then improved by moving single steps.

use crate::bounds::Knowledge;
use crate::bounds::sharp::Known;
use crate::curve::InformationCurve;
use crate::error::{Error, Result, check_limit};
use crate::numeric::scalar::{self, Scalar};
use crate::optimal;
use crate::optimal::minimax::greedy::proportional;
use crate::optimal::minimax::{Guaranteed, levels, line};
use crate::schedule::Schedule;
use crate::units::Nats;

const ROUNDS: usize = 32;

/// The most schedules tried by moving steps, and the most steps in all of them together, or in one: some seconds.
const MOST_TRIALS: usize = 1 << 13;
const MOST_WORK: usize = 1 << 20;

/// The most tokens of a curve for which the players take turns: a few seconds in all.
const MOST_TOKENS: usize = 1 << 20;

pub(super) fn schedule<F: Scalar>(known: &Known<F>, steps: usize) -> Result<Guaranteed<F>> {
    let what = "steps of a minimax schedule from a correlation and more";
    check_limit(what, steps as u128, MOST_WORK as u128)?;
    let tokens = known.tokens();
    let mut best = Guaranteed::above(known, Schedule::balanced(tokens, steps)?, 0.0)?;
    for schedule in of_parts(known, steps)? {
        best = best.or(Guaranteed::above(known, schedule, 0.0)?);
    }
    if tokens > MOST_TOKENS {
        return improved(known, best);
    }
    let mut average: Vec<F> = known.upper_witness(&best.schedule)?.increments().to_vec();
    for round in 1..=ROUNDS {
        let curve = InformationCurve::from_increments(average.clone(), None)?;
        let (schedule, error) = optimal::schedule(&curve, steps)?;
        let least = scalar::evidence(error.0) * (1.0 - scalar::evidence(F::tolerance()));
        let worst = known.upper_witness(&schedule)?;
        best = best.or(Guaranteed::above(known, schedule, least)?);
        let share = scalar::float::<F>(round + 1).recip();
        for (mean, &worst) in average.iter_mut().zip(worst.increments()) {
            *mean = (*mean + share * (worst - *mean)).max(F::zero());
        }
    }
    improved(known, best)
}

/// The schedule with steps moved one at a time as long as that lowers the guarantee: first far,
/// then by single tokens.
fn improved<F: Scalar>(known: &Known<F>, mut best: Guaranteed<F>) -> Result<Guaranteed<F>> {
    let (tokens, steps) = (best.schedule.tokens(), best.schedule.steps());
    let mut trials = (MOST_WORK / steps).min(MOST_TRIALS);
    let mut stride = (tokens / steps).max(1);
    while stride > 0 {
        let before = best.guarantee;
        for place in 1..steps {
            for ends in [
                moved_end(&best.schedule, place, stride, true),
                moved_end(&best.schedule, place, stride, false),
            ] {
                let Some(sizes) = ends else { continue };
                let Some(left) = trials.checked_sub(1) else { return Ok(best) };
                trials = left;
                best = best.or(Guaranteed::above(known, Schedule::try_from(sizes)?, 0.0)?);
            }
        }
        let pairs = (0..steps).flat_map(|place| (0..steps).map(move |other| (place, other)));
        for (place, other) in pairs.take(MOST_WORK) {
            let Some(sizes) = moved_cut(&best.schedule, place, other) else { continue };
            let Some(left) = trials.checked_sub(1) else { return Ok(best) };
            trials = left;
            best = best.or(Guaranteed::above(known, Schedule::try_from(sizes)?, 0.0)?);
        }
        if best.guarantee >= before {
            stride /= 2;
        }
    }
    Ok(best)
}

/// The sizes with the start of a step moved to later or to earlier tokens.
fn moved_end(schedule: &Schedule, place: usize, by: usize, later: bool) -> Option<Vec<usize>> {
    let (longer, shorter) = if later { (place - 1, place) } else { (place, place - 1) };
    let left = schedule.sizes()[shorter].checked_sub(by).filter(|&size| size > 0)?;
    let mut sizes = schedule.sizes().to_vec();
    sizes[shorter] = left;
    sizes[longer] += by;
    Some(sizes)
}

/// The sizes with a step joined to the next one, and another one halved.
fn moved_cut(schedule: &Schedule, joined: usize, halved: usize) -> Option<Vec<usize>> {
    let sizes = schedule.sizes();
    if joined + 1 >= sizes.len() || halved == joined || halved == joined + 1 || sizes[halved] < 2 {
        return None;
    }
    let mut sizes = sizes.to_vec();
    let size = sizes[halved];
    sizes[halved] = size - size / 2;
    sizes.insert(halved + 1, size / 2);
    let joined = if joined > halved { joined + 1 } else { joined };
    let size = sizes.remove(joined + 1);
    sizes[joined] += size;
    Some(sizes)
}

/// The minimax schedules for parts of what is known: more knowledge only lowers their guarantee.
fn of_parts<F: Scalar>(known: &Known<F>, steps: usize) -> Result<Vec<Schedule>> {
    let tokens = known.tokens();
    let (total, dual) = known.correlations()?;
    let mut parts = vec![
        proportional(tokens, steps, |k| tokens - k - 1)?,
        proportional(tokens, steps, |k| k + 1)?,
        optimal::minimax::universal(tokens, steps)?,
    ];
    if let (Some(total), Some(dual)) = (total, dual) {
        let [total, dual] = [total, dual].map(|x| Nats(scalar::evidence(x)));
        parts.push(line::along_a_line(tokens, steps, total, dual)?);
    }
    match levels::schedule(&known.clone().without_correlations()?, steps) {
        Ok(best) => parts.push(best.schedule),
        Err(Error::Unbounded { .. } | Error::Overflow { .. }) => {}
        Err(error) => return Err(error),
    }
    Ok(parts)
}
