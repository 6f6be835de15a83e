//! The schedule with the smallest guaranteed error, when only part of the curve is known.
//!
//! The guarantee of a schedule is the [sharp upper bound](crate::bounds::sharp): the largest error over
//! all distributions that agree with what is known. A *minimax* schedule has the smallest guarantee of
//! all schedules with as many steps.
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
mod universal;

pub use universal::{Universal, universal, universal_within};

use crate::bounds::Knowledge;
use crate::bounds::sharp::{self, Known};
use crate::error::{Error, Result, check_limit};
use crate::numeric::scalar::{self, Scalar};
use crate::optimal::check_steps;
use crate::optimal::minimax::greedy::{largest_steps, proportional};
use crate::schedule::Schedule;
use crate::units::Nats;

/// What is known of a distribution.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub enum Given<F = f64> {
    /// `sum_i I(X_i; X_{-i})`.
    TokenInformation(Nats<F>),
    /// TC.
    TotalCorrelation(Nats<F>),
    /// DTC.
    DualTotalCorrelation(Nats<F>),
    /// Both correlations.
    Correlations {
        /// TC.
        total: Nats<F>,
        /// DTC.
        dual: Nats<F>,
    },
    /// `(k, I_k)` at some `k`. Without `L - 1` among them, all that comes after the last is revealed one
    /// token a step.
    Points(Vec<(usize, Nats<F>)>),
}

impl<F: Scalar> Given<F> {
    /// The largest error of this schedule over all distributions that agree: the sharp upper bound.
    ///
    /// # Errors
    /// As the function of [`sharp`] that takes the same knowledge.
    ///
    /// ```
    /// use unmaskcost::optimal::minimax::Given;
    /// use unmaskcost::{Nats, Schedule};
    /// let halves = Schedule::balanced(8, 2)?;
    /// let worst = Given::TokenInformation(Nats(8.0_f64)).guarantee(&halves)?;
    /// assert!((worst.0 - 3.0).abs() < 1e-12);
    /// # Ok::<(), unmaskcost::Error>(())
    /// ```
    pub fn guarantee(&self, schedule: &Schedule) -> Result<Nats<F>> {
        match self {
            Self::TokenInformation(information) => {
                sharp::from_token_information(*information, schedule).map(|bounds| bounds.upper)
            }
            _ => self.known(schedule.tokens()).upper(schedule),
        }
    }

    /// The same as statements about a distribution over `tokens` tokens, to which others may be added.
    ///
    /// ```
    /// use unmaskcost::bounds::Knowledge;
    /// use unmaskcost::optimal::minimax::Given;
    /// use unmaskcost::{Nats, Schedule};
    /// let given = Given::TotalCorrelation(Nats(8.0_f64));
    /// let halves = Schedule::balanced(8, 2)?;
    /// assert_eq!(given.known(8).upper(&halves)?, given.guarantee(&halves)?);
    /// # Ok::<(), unmaskcost::Error>(())
    /// ```
    #[must_use]
    pub fn known(&self, tokens: usize) -> Known<F> {
        let known = Known::about(tokens);
        match self {
            Self::TokenInformation(information) => known.token_information(*information),
            Self::TotalCorrelation(total) => known.total_correlation(*total),
            Self::DualTotalCorrelation(dual) => known.dual_total_correlation(*dual),
            Self::Correlations { total, dual } => {
                known.total_correlation(*total).dual_total_correlation(*dual)
            }
            Self::Points(points) => {
                points.iter().fold(known, |known, &(k, value)| known.information(k, value))
            }
        }
    }
}

/// A schedule and what it guarantees.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub struct Guaranteed<F = f64> {
    /// The schedule.
    pub schedule: Schedule,
    /// No distribution that agrees with what is known has a larger error.
    pub guarantee: Nats<F>,
}

impl<F: Scalar> Guaranteed<F> {
    fn of(given: &Given<F>, schedule: Schedule) -> Result<Self> {
        given.guarantee(&schedule).map(|guarantee| Self { schedule, guarantee })
    }
}

/// The schedule of exactly `steps` steps with the smallest guaranteed error.
///
/// | known | method | time |
/// | --- | --- | --- |
/// | token information | equal steps | O(T) |
/// | TC or DTC | the smallest ratio for which the largest steps suffice | O(T log L) |
/// | both | the same along a line, branch and bound over its slope | O(T) a trial, some hundred to some ten thousand trials |
/// | points | dynamic program over places and the height of the sawtooth in a gap | O(T L^2) and more |
///
/// With both correlations, guarantees that differ by less than about 1e-10 (in `f64`), relative or in
/// units of `(TC + DTC) / L`, are not told apart. A guarantee of zero is not to be had from known points, unless no
/// step reveals two tokens: what hides in their rounding is part of it.
///
/// # Errors
/// [`StepsOutOfRange`](Error::StepsOutOfRange) unless `1 <= steps <= tokens`;
/// [`TooLarge`](Error::TooLarge) for more than 2^24 steps, and for points if `T L^2` is above 2^27;
/// otherwise as [`Given::guarantee`].
///
/// ```
/// use unmaskcost::Nats;
/// use unmaskcost::optimal::minimax::{Given, self};
/// let best = minimax::schedule(&Given::DualTotalCorrelation(Nats(2.0_f64)), 16, 4)?;
/// assert_eq!(best.schedule.sizes(), [2, 4, 8, 2]);
/// assert!((best.guarantee.0 - 2.0).abs() < 1e-12);
/// # Ok::<(), unmaskcost::Error>(())
/// ```
pub fn schedule<F: Scalar>(given: &Given<F>, tokens: usize, steps: usize) -> Result<Guaranteed<F>> {
    check_steps(steps, tokens)?;
    check_limit("steps of a minimax schedule", steps as u128, MAX_STEPS)?;
    let best = match given {
        _ if steps == tokens => Schedule::sequential(tokens)?,
        Given::TokenInformation(_) => Schedule::balanced(tokens, steps)?,
        Given::TotalCorrelation(_) => proportional(tokens, steps, |k| tokens - k - 1)?,
        Given::DualTotalCorrelation(_) => proportional(tokens, steps, |k| k + 1)?,
        Given::Correlations { total, dual } => {
            given.guarantee(&Schedule::balanced(tokens, steps)?)?;
            // In double precision whatever the scalar: single precision does not count the tokens. What
            // the scalar's rounding broke is repaired: the smaller one is raised.
            let [total, dual] = [total, dual].map(|x| scalar::evidence(x.0).max(0.0));
            let others = tokens.saturating_sub(1).max(1) as f64;
            let (total, dual) = (total.max(dual / others), dual.max(total / others));
            along_a_line(tokens, steps, Nats(total), Nats(dual))?
        }
        Given::Points(points) => between_points(points, tokens, steps)?,
    };
    Guaranteed::of(given, best)
}

/// The fewest steps with a guaranteed error of at most `tolerance`, and their minimax schedule.
///
/// About `2 log2 T` calls of [`schedule`].
///
/// # Errors
/// [`NotFinite`](Error::NotFinite) or [`Negative`](Error::Negative) for the tolerance;
/// otherwise as [`schedule`].
///
/// ```
/// use unmaskcost::Nats;
/// use unmaskcost::bounds::chen_cong_li;
/// use unmaskcost::optimal::minimax::{Given, self};
/// let (tc, tolerance) = (Nats(20.0_f64), Nats(1.0));
/// let best = minimax::fewest_steps(&Given::TotalCorrelation(tc), 1024, tolerance)?;
/// assert_eq!(best.schedule.steps(), 90);
/// assert!(chen_cong_li::sufficient_steps(tc, 1024, tolerance)? > 160);
/// # Ok::<(), unmaskcost::Error>(())
/// ```
pub fn fewest_steps<F: Scalar>(
    given: &Given<F>,
    tokens: usize,
    tolerance: Nats<F>,
) -> Result<Guaranteed<F>> {
    scalar::check_nonnegative("tolerance", tolerance.0)?;
    check_steps(1, tokens)?;
    // Too few steps, and the fewest known to be enough.
    let (mut few, mut found) = (0, None);
    let mut steps = 1;
    loop {
        match schedule(given, tokens, steps) {
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

/// Both correlations known: the guarantee is `(TC + DTC) / L` times the height at
/// `m = L DTC / (TC + DTC)` of the lowest line that lies above the sawtooth's corners. So the height
/// and the slope of a line are sought whose largest steps reach the end.
///
/// Steps to the left of that `m` want a small slope, steps to the right a large one. With the
/// smallest slope of a range on the left and the largest on the right, a trial says whether any slope
/// in the range can do; ranges where none can are dropped, others are halved.
fn along_a_line(
    tokens: usize,
    steps: usize,
    total: Nats<f64>,
    dual: Nats<f64>,
) -> Result<Schedule> {
    let given = &Given::Correlations { total, dual };
    let first = Guaranteed::of(given, Schedule::balanced(tokens, steps)?)?;
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
        let other = Guaranteed::of(given, schedule)?;
        if other.guarantee < best.guarantee {
            best = other;
        }
    }
    // Heights closer than this, absolutely, are not told apart: lines are rounded by it.
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
            let found = Guaranteed::of(given, found.schedule(steps)?)?;
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

/// The most steps: a fraction of a second for each trial.
const MAX_STEPS: u128 = 1 << 24;

/// A limit on the ranges of slopes looked at; a search takes a hundred or two.
const MOST_RANGES: usize = 2_000;

/// Guarantees that differ by less, in relative terms, are not told apart. It must exceed the rounding of
/// heights.
const PRECISION: f64 = 4e-11;

/// The rounding of the height of a line.
fn rounding(height: f64, rise: f64) -> f64 {
    8.0 * f64::EPSILON * (1.0 + height + rise.abs())
}

/// A way to reveal some tokens: what is paid for the gaps behind, and the height of the sawtooth so far
/// in the gap where the next step starts.
struct Way<F> {
    paid: F,
    height: usize,
    /// Where its last step started, and which way led there.
    from: (usize, usize),
}

/// The curve known at points: over each gap between them, the worst curve rises where the sawtooth is
/// highest. So a schedule pays, for each gap, its rise times the highest tooth there.
fn between_points<F: Scalar>(
    points: &[(usize, Nats<F>)],
    tokens: usize,
    steps: usize,
) -> Result<Schedule> {
    const LIMIT: u128 = 1 << 27;
    let needed = (tokens as u128).saturating_mul(tokens as u128).saturating_mul(steps as u128);
    check_limit("T L^2 for known points", needed, LIMIT)?;
    // Refuses points that contradict each other, or that leave the end open for every schedule: this one
    // has its single tokens as early as can be.
    let mut late_singles = vec![1; steps];
    late_singles[0] = tokens - steps + 1;
    match sharp::from_known_points(points, &Schedule::try_from(late_singles)?) {
        Err(Error::Overflow { .. }) | Ok(_) => {}
        Err(error) => return Err(error),
    }
    let gaps = Gaps::new(points, tokens);
    // ways[t][k]: the ways worth keeping that reveal k tokens in t steps.
    let mut ways: Vec<Vec<Vec<Way<F>>>> = Vec::with_capacity(steps + 1);
    let mut start: Vec<Vec<Way<F>>> = (0..=tokens).map(|_| Vec::new()).collect();
    start[0].push(Way { paid: F::zero(), height: 0, from: (0, 0) });
    ways.push(start);
    for step in 0..steps {
        let mut next: Vec<Vec<Way<F>>> = (0..=tokens).map(|_| Vec::new()).collect();
        let left = steps - step - 1;
        for (k, here) in ways[step].iter().enumerate() {
            for (index, way) in here.iter().enumerate() {
                let ends = if left == 0 { tokens..=tokens } else { k + 1..=tokens - left };
                for end in ends {
                    let (paid, height) = gaps.after(way, k, end);
                    keep(&mut next[end], Way { paid, height, from: (k, index) });
                }
            }
        }
        ways.push(next);
    }
    let mut sizes = Vec::with_capacity(steps);
    let (mut end, mut index) = (tokens, 0);
    for ways in ways.iter().skip(1).rev() {
        let (start, before) = ways[end][index].from;
        sizes.push(end - start);
        (end, index) = (start, before);
    }
    sizes.reverse();
    Schedule::try_from(sizes)
}

/// Adds a way unless one is as good in both respects; drops those it makes useless.
fn keep<F: Scalar>(ways: &mut Vec<Way<F>>, way: Way<F>) {
    if !ways.iter().any(|other| other.paid <= way.paid && other.height <= way.height) {
        ways.retain(|other| other.paid < way.paid || other.height < way.height);
        ways.push(way);
    }
}

/// The gaps `(k', k'']` between known points.
struct Gaps<F> {
    /// The gap of each `m = 1 .. L-1`, at index `m - 1`.
    of: Vec<usize>,
    /// `k'` and the rise of the curve, for each gap; the last may be infinite.
    gaps: Vec<(usize, F)>,
    tokens: usize,
}

impl<F: Scalar> Gaps<F> {
    fn new(points: &[(usize, Nats<F>)], tokens: usize) -> Self {
        let mut points = points.to_vec();
        points.push((0, Nats(F::zero())));
        points.sort_by_key(|&(k, _)| k);
        points.dedup_by_key(|&mut (k, _)| k);
        // Points that fall by rounding count as equal, as in the sharp bounds.
        let mut highest = F::zero();
        for (_, value) in &mut points {
            highest = highest.max(value.0);
            value.0 = highest;
        }
        let mut of = Vec::with_capacity(tokens);
        let mut gaps = Vec::with_capacity(points.len());
        for pair in points.windows(2) {
            let ((from, low), (to, high)) = (pair[0], pair[1]);
            of.extend((from..to).map(|_| gaps.len()));
            gaps.push((from, high.0 - low.0));
        }
        // Beyond the last point the curve may rise without limit.
        let last = points.last().map_or(0, |&(k, _)| k);
        if last + 1 < tokens {
            of.extend((last + 1..tokens).map(|_| gaps.len()));
            gaps.push((last, F::infinity()));
        }
        Self { of, gaps, tokens }
    }

    /// A way continued by a step from `start` to `end`.
    fn after(&self, way: &Way<F>, start: usize, end: usize) -> (F, usize) {
        if start + 1 >= self.tokens {
            return (way.paid, 0);
        }
        let here = self.of[start];
        let height = way.height.max(end - start - 1);
        let next = if end + 1 < self.tokens { self.of[end] } else { self.gaps.len() };
        if next == here {
            return (way.paid, height);
        }
        let tooth = |gap: usize| end.saturating_sub(self.gaps[gap].0 + 1);
        let pay = |height: usize, gap: usize| match height {
            0 => F::zero(), // whatever the rise
            _ => scalar::float::<F>(height) * self.gaps[gap].1,
        };
        let mut paid = way.paid + pay(height, here);
        for gap in here + 1..next {
            paid = paid + pay(tooth(gap), gap);
        }
        (paid, if next < self.gaps.len() { tooth(next) } else { 0 })
    }
}
