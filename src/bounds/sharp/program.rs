//! The linear program behind every sharp bound, and its solution.
//!
//! Think of the information curve as a rising water level. Each level `x` is crossed at one revealed
//! count `m`, and crossing it there costs `c_m`, the sawtooth of the schedule. What is known of the
//! curve at some points says between which points a level may be crossed, so every level picks its
//! best `m` for itself. A known correlation is one more equation: the mean of `L - m` or of `m` over
//! the levels. It is met by one multiplier, which tilts the sawtooth.

use core::cmp::Ordering;
use core::ops::{Range, RangeInclusive};
use std::collections::VecDeque;

use crate::bounds::{finite, margin, round_down, round_up, tiny};
use crate::error::{Error, Result};
use crate::numeric::scalar::{self, CompensatedSum, Scalar};
use crate::schedule::Schedule;
use crate::units::Nats;

/// Which end of the interval is sought.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum End {
    Lower,
    Upper,
}

/// A correlation as a linear functional of the increments.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Correlation {
    /// `TC = sum_m (L - m) d_m`.
    Total,
    /// `DTC = sum_m m d_m`.
    Dual,
}

/// `at_least <= I_k <= at_most`.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Interval<F> {
    pub(super) k: usize,
    pub(super) at_least: F,
    pub(super) at_most: F,
}

/// What is known, in its tightest form: `k` increases, and neither end of the intervals decreases.
#[derive(Debug, Clone)]
pub(super) struct Facts<F> {
    pub(super) tokens: usize,
    pub(super) intervals: Vec<Interval<F>>,
    pub(super) correlation: Option<(Correlation, F)>,
    /// By how much the correlation may be off.
    pub(super) rounding: F,
    /// By how much each end of an interval may be off.
    pub(super) level_rounding: F,
}

/// A point where the sawtooth has a corner, within the gap it is listed for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Corner {
    m: usize,
    height: usize,
}

/// Levels of information that may be crossed in the same gaps between known points.
#[derive(Debug, Clone)]
struct Band<F> {
    /// The highest of these levels.
    level: F,
    mass: F,
    gaps: RangeInclusive<usize>,
    /// Whether these levels may also never be reached.
    optional: bool,
}

/// For each band the corner where it is crossed, if at all; and the objective and the correlation
/// of all together.
#[derive(Debug, Clone)]
struct Plan<F> {
    crossings: Vec<Option<Corner>>,
    objective: F,
    correlation: F,
}

/// The optimum with its certificate: increments that attain it.
#[derive(Debug, Clone)]
pub(super) struct Optimum<F> {
    end: End,
    value: F,
    /// How far rounding may have moved the value: in this computation, and in the numbers known.
    slack: F,
    /// `(m, d_m)`; all other increments are zero. An `m` may occur more than once.
    pub(super) increments: Vec<(usize, F)>,
}

/// A linear program in the increments of the curve. All amounts are divided by `scale`, so that
/// products with `L^2` stay within range for inputs near the largest float.
#[derive(Debug, Clone)]
struct Program<F> {
    tokens: usize,
    end: End,
    scale: F,
    corners: Vec<Corner>,
    /// The corners in each gap `(k', k'']` between known points; all are of use to some band.
    gaps: Vec<Range<usize>>,
    /// The corners beyond the last known point, where the curve may rise without limit.
    tail: Range<usize>,
    bands: Vec<Band<F>>,
    correlation: Option<(Correlation, F)>,
    rounding: F,
    level_rounding: F,
}

/// The optimum over all curves that agree with the facts. O(T + points) for each multiplier tried;
/// without a correlation there is one.
pub(super) fn optimum<F: Scalar>(
    facts: &Facts<F>,
    schedule: &Schedule,
    end: End,
) -> Result<Optimum<F>> {
    Program::new(facts, schedule, end).optimum()
}

impl<F: Scalar> Optimum<F> {
    /// The bound, rounded outward by the rounding errors of this computation and of its input.
    pub(super) fn bound(&self) -> Result<Nats<F>> {
        let bound = match self.end {
            End::Lower => round_down(self.value - self.slack),
            End::Upper => round_up(self.value + self.slack),
        };
        finite(bound)
    }

    /// The tighter of two valid bounds, with the increments of this one.
    fn or_bound_of(mut self, other: Self) -> Self {
        let tighter = match self.end {
            End::Lower => other.value - other.slack > self.value - self.slack,
            End::Upper => other.value + other.slack < self.value + self.slack,
        };
        if tighter {
            (self.value, self.slack) = (other.value, other.slack);
        }
        self
    }
}

impl<F: Scalar> Program<F> {
    fn new(facts: &Facts<F>, schedule: &Schedule, end: End) -> Self {
        let last = facts.tokens.saturating_sub(1);
        let mut ends: Vec<usize> = facts.intervals.iter().map(|interval| interval.k).collect();
        ends.push(last);
        let (corners, mut gaps) = corners(schedule, &ends);
        let tail = gaps.pop().unwrap_or(0..0);

        let tokens = scalar::float::<F>(facts.tokens);
        let highest = facts.intervals.last().map_or(F::zero(), |interval| interval.at_most);
        let amount = facts.correlation.map_or(F::zero(), |(_, amount)| amount);
        // A correlation may be up to L times the information, so it is divided by L.
        let largest = highest.max(amount / tokens);
        let scale = if largest > F::zero() { largest } else { F::one() };
        let correlation = facts.correlation.map(|(kind, amount)| (kind, amount / scale));
        let bands = bands(&facts.intervals, scale);
        let (rounding, level_rounding) = (facts.rounding / scale, facts.level_rounding / scale);
        Self {
            tokens: facts.tokens,
            end,
            scale,
            corners,
            gaps,
            tail,
            bands,
            correlation,
            rounding,
            level_rounding,
        }
    }

    /// The height of the sawtooth, so that larger is better for this end.
    fn gain(&self, corner: Corner) -> F {
        let height = scalar::float(corner.height);
        match self.end {
            End::Lower => F::zero() - height,
            End::Upper => height,
        }
    }

    /// What one unit of information at this corner adds to the correlation: at least 1.
    fn weight(&self, kind: Correlation, corner: Corner) -> F {
        scalar::float(match kind {
            Correlation::Total => self.tokens - corner.m,
            Correlation::Dual => corner.m,
        })
    }

    /// The gain of a corner with the sawtooth tilted by the multiplier.
    fn tilted(&self, multiplier: F, corner: Corner) -> F {
        match self.correlation {
            Some((kind, _)) => self.gain(corner) - multiplier * self.weight(kind, corner),
            None => self.gain(corner),
        }
    }

    /// Every band crossed at its best corner: a sliding-window maximum over the gaps.
    fn plan(&self, multiplier: F) -> Plan<F> {
        #[cfg(test)]
        tests::PLANS.with(|plans| plans.set(plans.get() + 1));
        let best_of = |gap: &Range<usize>| {
            let corners = self.corners[gap.clone()].iter();
            corners.map(|&corner| (self.tilted(multiplier, corner), corner)).reduce(larger)
        };
        let mut gaps = self.gaps.iter().map(best_of).enumerate();
        let mut next_gap = 0;
        // Gaps of the window whose best corner beats those of all later gaps of the window.
        let mut window: VecDeque<(usize, F, Corner)> = VecDeque::new();
        let mut crossings = Vec::with_capacity(self.bands.len());
        let (mut objective, mut correlation) = (CompensatedSum::new(), CompensatedSum::new());
        for band in &self.bands {
            while next_gap <= *band.gaps.end() {
                next_gap += 1;
                if let Some((gap, Some((value, corner)))) = gaps.next() {
                    while window.back().is_some_and(|&(_, beaten, _)| beaten <= value) {
                        window.pop_back();
                    }
                    window.push_back((gap, value, corner));
                }
            }
            while window.front().is_some_and(|&(gap, ..)| gap < *band.gaps.start()) {
                window.pop_front();
            }
            let best = window.front().filter(|&&(_, v, _)| !band.optional || v > F::zero());
            let crossing = best.map(|&(.., corner)| corner);
            if let Some(corner) = crossing {
                objective.add(band.mass * self.gain(corner));
                if let Some((kind, _)) = self.correlation {
                    correlation.add(band.mass * self.weight(kind, corner));
                }
            }
            crossings.push(crossing);
        }
        Plan { crossings, objective: objective.total(), correlation: correlation.total() }
    }

    fn optimum(&self) -> Result<Optimum<F>> {
        let Some((kind, target)) = self.correlation else {
            return self.optimum_at_points();
        };
        let optimum = self.optimum_with(kind, target)?;
        // Where the points nearly settle the answer, the correlation adds little but rounding, and
        // the multiplier may be large. The bound is valid with any multiplier, and so is the one
        // without the correlation.
        match self.optimum_at_points() {
            Ok(at_points) => Ok(optimum.or_bound_of(at_points)),
            Err(_) => Ok(optimum),
        }
    }

    fn optimum_with(&self, kind: Correlation, target: F) -> Result<Optimum<F>> {
        // No two corners, and no corner and the origin, span a slope as steep as this.
        let steepest = scalar::float::<F>(self.tokens) + F::one();
        let mut low = self.plan(steepest);
        let accepted = F::one() + F::tolerance();
        let noise = self.correlation_noise();
        if low.correlation > target * accepted + noise {
            return Err(self.contradiction(kind, target, Ordering::Less, low.correlation));
        }
        let mut high;
        let mut multiplier;
        if let Some((ratio, corner)) = self.steepest_ray(kind) {
            multiplier = ratio;
            high = self.plan(ratio);
            if high.correlation <= target {
                // The information known does not use up the correlation: the tail takes the rest.
                let rest = (target - high.correlation) / self.weight(kind, corner);
                let value = high.objective + rest * self.gain(corner);
                let mut increments = self.increments(&high, &high, F::one());
                increments.push((corner.m, rest * self.scale));
                return Ok(self.finish(multiplier, &high, value, increments));
            }
        } else {
            multiplier = F::zero() - steepest;
            high = self.plan(multiplier);
            if high.correlation * accepted + noise < target {
                return Err(self.contradiction(kind, target, Ordering::Greater, high.correlation));
            }
        }
        // Two plans, one with too much correlation and one with too little. The multiplier at which
        // they are equally good is the right one, or shows a better plan between them. Each round
        // narrows the correlations that are left, so the rounds end: a plan that is not between the two
        // is better than both by rounding only. Its bound holds all the same, as with any multiplier.
        let asked = target;
        let target = asked.min(high.correlation).max(low.correlation);
        // Where floats can't tell the two apart to begin with, the last plan is the best for its multiplier.
        let dual = |plan: &Plan<F>, multiplier: F| {
            plan.objective + multiplier * (target - plan.correlation)
        };
        let mut by_rounding = None;
        if high.correlation <= low.correlation {
            by_rounding = Some(dual(&high, multiplier));
        }
        while high.correlation > low.correlation {
            multiplier = (high.objective - low.objective) / (high.correlation - low.correlation);
            let plan = self.plan(multiplier);
            let tilted = |plan: &Plan<F>| plan.objective - multiplier * plan.correlation;
            let noise =
                margin::<F>() * (low.objective.abs() + (multiplier * low.correlation).abs());
            let better = tilted(&plan) > tilted(&low).max(tilted(&high)) + noise;
            let between = low.correlation < plan.correlation && plan.correlation < high.correlation;
            if !better {
                break;
            }
            if !between {
                by_rounding = Some(dual(&plan, multiplier));
                break;
            }
            if plan.correlation > target { high = plan } else { low = plan }
        }
        let between = high.correlation - low.correlation;
        let share =
            if between > F::zero() { (target - low.correlation) / between } else { F::zero() };
        let value = low.objective + share * (high.objective - low.objective);
        let value = by_rounding.map_or(value, |other| value.max(other));
        let increments = self.increments(&low, &high, share);
        let slack_of = if by_rounding.is_some() && between <= F::zero() { &high } else { &low };
        let mut optimum = self.finish(multiplier, slack_of, value, increments);
        // Within the noise, the correlation may lie outside what the levels allow.
        optimum.slack = optimum.slack + (multiplier * (target - asked)).abs() * self.scale;
        Ok(optimum)
    }

    /// By how much the known correlation and the one that follows from the known levels may differ, by
    /// the cancellation of entropies or by what the numbers are said to be off. A level that is too high
    /// and the next that is too low count up to L times each.
    fn correlation_noise(&self) -> F {
        let level = F::cancellation_noise() / self.scale + self.level_rounding;
        scalar::float::<F>(self.tokens) * (level + level) + self.rounding
    }

    fn optimum_at_points(&self) -> Result<Optimum<F>> {
        let tail_gains =
            self.corners[self.tail.clone()].iter().any(|&corner| self.gain(corner) > F::zero());
        if tail_gains {
            return Err(Error::Unbounded {
                missing: "I_{L-1}, or f_0, or the total or dual total correlation",
            });
        }
        let plan = self.plan(F::zero());
        let increments = self.increments(&plan, &plan, F::one());
        Ok(self.finish(F::zero(), &plan, plan.objective, increments))
    }

    /// The corner of the tail with the most gain per correlation.
    fn steepest_ray(&self, kind: Correlation) -> Option<(F, Corner)> {
        let corners = self.corners[self.tail.clone()].iter();
        corners
            .map(|&corner| (self.gain(corner) / self.weight(kind, corner), corner))
            .reduce(larger)
    }

    /// The increments of `share` of one plan and the rest of another.
    fn increments(&self, rest: &Plan<F>, shared: &Plan<F>, share: F) -> Vec<(usize, F)> {
        let mut increments = Vec::with_capacity(self.bands.len());
        let pairs = rest.crossings.iter().zip(&shared.crossings);
        for (band, (&one, &other)) in self.bands.iter().zip(pairs) {
            let mass = band.mass * self.scale;
            if one == other {
                increments.extend(one.map(|corner| (corner.m, mass)));
            } else {
                increments.extend(one.map(|corner| (corner.m, mass * (F::one() - share))));
                increments.extend(other.map(|corner| (corner.m, mass * share)));
            }
        }
        increments
    }

    fn finish(
        &self,
        multiplier: F,
        plan: &Plan<F>,
        value: F,
        increments: Vec<(usize, F)>,
    ) -> Optimum<F> {
        // The value depends on the ends of the bands through the difference of the gains on either
        // side, and on the correlation through the multiplier. Between two bands, and before the first,
        // there may be gaps in which the curve rises by less than its values tell apart: by twice their
        // rounding at most, since one end may be too high and the other too low.
        let mut sensitivity = CompensatedSum::new();
        let mut off = CompensatedSum::new();
        let mut bands = self.bands.iter().zip(&plan.crossings).peekable();
        let tilted = |corner| self.tilted(multiplier, corner);
        let gain = |crossing: &Option<Corner>| crossing.map_or(F::zero(), tilted);
        let hidden = |gaps: Range<usize>, shown: F| {
            let gaps = self.gaps.get(gaps).unwrap_or_default();
            let corners = gaps.iter().flat_map(|gap| &self.corners[gap.clone()]);
            corners.fold(shown, |best, &corner| best.max(tilted(corner))) - shown
        };
        let first = bands.peek().map_or(F::zero(), |(_, crossing)| gain(crossing));
        let before = bands.peek().map_or(self.gaps.len(), |(band, _)| *band.gaps.start());
        off.add(self.level_rounding * hidden(0..before, first));
        while let Some((band, crossing)) = bands.next() {
            let (here, next) = (gain(crossing), bands.peek());
            let above = next.map_or(F::zero(), |(_, next)| gain(next));
            let end = next.map_or(self.gaps.len(), |(next, _)| *next.gaps.start());
            let hidden = hidden(band.gaps.end() + 1..end, here.max(above));
            let change = (here - above).abs() + hidden + hidden;
            sensitivity.add(band.level * change);
            off.add(self.level_rounding * change);
        }
        let tallest = self.corners.iter().map(|corner| corner.height).max().unwrap_or(0);
        let tallest = scalar::float::<F>(tallest);
        let mut information = self.bands.last().map_or(F::zero(), |band| band.level);
        if let Some((_, target)) = self.correlation
            && multiplier != F::zero()
        {
            sensitivity.add(multiplier.abs() * target);
            off.add(multiplier.abs() * self.rounding);
            // Tilted gains have rounding errors relative to the untilted ones. These count for all
            // the information there may be, which is no more than the correlation, since all
            // weights are at least one.
            information = information.min(target);
            sensitivity.add(tallest * information);
        }
        let value = match self.end {
            End::Lower => F::zero() - value,
            End::Upper => value,
        };
        let off = off.total() * (F::one() + margin()) * self.scale;
        let mut slack = margin::<F>() * sensitivity.total() * self.scale + off;
        let known = self.correlation.map_or(information, |(_, target)| information.max(target));
        if known.min(tallest) > F::zero() {
            // Masses far below the scale may have been lost, and masses near the smallest float are
            // rounded by it.
            let lost = tallest * tiny() * self.scale;
            slack = slack + lost + tiny::<F>() * (tallest + scalar::float(self.tokens));
        }
        Optimum { end: self.end, value: value * self.scale, slack, increments }
    }

    fn contradiction(&self, kind: Correlation, found: F, side: Ordering, limit: F) -> Error {
        let inequality = match (kind, side) {
            (Correlation::Total, Ordering::Less) => "TC >= the least that the known I_k allow",
            (Correlation::Total, _) => "TC <= the most that the known I_k allow",
            (Correlation::Dual, Ordering::Less) => "DTC >= the least that the known I_k allow",
            (Correlation::Dual, _) => "DTC <= the most that the known I_k allow",
        };
        Error::Inconsistent {
            inequality,
            left: scalar::evidence(found * self.scale),
            right: scalar::evidence(limit * self.scale),
        }
    }
}

fn larger<F: Scalar>(best: (F, Corner), other: (F, Corner)) -> (F, Corner) {
    if other.0 > best.0 { other } else { best }
}

/// The corners of the sawtooth in each gap `(previous end, end]`, and where each gap's corners are.
///
/// Within a step the sawtooth falls by one from its peak, right after the start, to the next start,
/// where it is zero: a linear functional has its extremes at starts, at peaks and at ends of gaps.
fn corners(schedule: &Schedule, ends: &[usize]) -> (Vec<Corner>, Vec<Range<usize>>) {
    let mut corners = Vec::new();
    let mut gaps = Vec::with_capacity(ends.len());
    let mut steps = schedule.ranges().peekable();
    let mut begin = 0;
    for &end in ends {
        let from = corners.len();
        while let Some(step) = steps.peek() {
            let first = step.start.max(begin + 1);
            let last = (step.end - 1).min(end);
            if first <= last {
                let height = |m: usize| if m == step.start { 0 } else { step.end - m };
                let mut push = |m: usize| corners.push(Corner { m, height: height(m) });
                push(first);
                let peak = step.start + 1;
                if first < peak && peak <= last {
                    push(peak);
                }
                if last == end && last > first.max(peak) {
                    push(last);
                }
            }
            if step.end > end + 1 {
                break;
            }
            steps.next();
        }
        gaps.push(from..corners.len());
        begin = end;
    }
    (corners, gaps)
}

/// Cuts the levels at every end of an interval. A level is crossed at the earliest in the first gap
/// whose end may be this high, and at the latest in the first whose end must be.
fn bands<F: Scalar>(intervals: &[Interval<F>], scale: F) -> Vec<Band<F>> {
    let mut bands = Vec::with_capacity(intervals.len());
    let (mut earliest, mut latest) = (0, 0);
    let mut below = F::zero();
    loop {
        while intervals.get(earliest).is_some_and(|interval| interval.at_most <= below) {
            earliest += 1;
        }
        while intervals.get(latest).is_some_and(|interval| interval.at_least <= below) {
            latest += 1;
        }
        let Some(first) = intervals.get(earliest) else { return bands };
        let last = intervals.get(latest);
        let level = last.map_or(first.at_most, |last| last.at_least.min(first.at_most));
        bands.push(Band {
            level: level / scale,
            mass: (level - below) / scale,
            gaps: earliest..=latest.min(intervals.len() - 1),
            optional: last.is_none(),
        });
        below = level;
    }
}

/// Levels of the curve that are crossed in one of several gaps between known points.
#[derive(Debug, Clone)]
pub(crate) struct Level {
    pub(crate) mass: f64,
    pub(crate) gaps: RangeInclusive<usize>,
}

pub(super) fn levels<F: Scalar>(intervals: &[Interval<F>]) -> Vec<Level> {
    let bands = bands(intervals, F::one()).into_iter();
    bands.map(|band| Level { mass: scalar::evidence(band.mass), gaps: band.gaps }).collect()
}

#[cfg(test)]
mod tests {
    use std::cell::Cell;

    use super::*;

    thread_local! {
        pub(super) static PLANS: Cell<usize> = const { Cell::new(0) };
    }

    fn plans(facts: &Facts<f64>, schedule: &Schedule, end: End) -> usize {
        PLANS.with(|plans| plans.set(0));
        optimum(facts, schedule, end).unwrap();
        PLANS.with(Cell::get)
    }

    /// Peaks on a concave curve: as many corners on the envelope as integers allow.
    fn rounded_schedule(tokens: usize) -> Schedule {
        let mut sizes = Vec::new();
        let mut revealed = 0;
        while revealed < tokens {
            let place = revealed as f64 / tokens as f64;
            let size = (tokens as f64 * place * (1.0 - place)).sqrt() as usize;
            let size = size.clamp(1, tokens - revealed);
            sizes.push(size);
            revealed += size;
        }
        Schedule::from_reveal_sizes(sizes).unwrap()
    }

    #[test]
    fn few_multipliers_are_tried_whatever_the_length() {
        let mut most = 0;
        for tokens in [10, 100, 1_000, 10_000, 100_000, 1_000_000] {
            for schedule in
                [rounded_schedule(tokens), Schedule::balanced(tokens, tokens / 5).unwrap()]
            {
                for share in [1e-6, 0.01, 0.3, 0.5, 0.9, 0.999] {
                    let tokens_f = tokens as f64;
                    let dual = 1.0 + share * (tokens_f - 2.0);
                    let third = Interval { k: tokens / 3, at_least: 0.1, at_most: 0.6 };
                    let last = Interval { k: tokens - 1, at_least: 1.0, at_most: 1.0 };
                    for intervals in [vec![last], vec![third, last]] {
                        let correlation = Some((Correlation::Dual, dual));
                        let (rounding, level_rounding) = (0.0, 0.0);
                        let facts =
                            Facts { tokens, intervals, correlation, rounding, level_rounding };
                        if optimum(&facts, &schedule, End::Upper).is_ok() {
                            most = most.max(plans(&facts, &schedule, End::Upper));
                            most = most.max(plans(&facts, &schedule, End::Lower));
                        }
                    }
                }
            }
        }
        assert!((4..=32).contains(&most), "{most}");
    }

    #[test]
    fn corners_are_counted_by_steps_and_gaps_not_by_tokens() {
        let tokens = usize::MAX / 8;
        let schedule =
            Schedule::from_reveal_sizes([tokens / 2, 1, tokens - tokens / 2 - 1]).unwrap();
        let ends = [3, 10, tokens / 2, tokens / 2 + 7, tokens - 1];
        let (corners, gaps) = corners(&schedule, &ends);
        assert_eq!(gaps.len(), ends.len());
        assert!(corners.len() <= 3 * (schedule.steps() + ends.len()));
        // The first gap starts inside the first step, right at its peak.
        let found: Vec<usize> = corners.iter().map(|corner| corner.m).collect();
        let half = tokens / 2;
        assert_eq!(
            found,
            [1, 3, 4, 10, 11, half, half + 1, half + 2, half + 7, half + 8, tokens - 1]
        );
    }

    #[test]
    fn corners_are_where_the_slow_sawtooth_has_its_extremes() {
        for cuts in 0..1_usize << 7 {
            let mut sizes = vec![1];
            for place in 0..7 {
                match sizes.last_mut() {
                    Some(last) if cuts >> place & 1 == 0 => *last += 1,
                    _ => sizes.push(1),
                }
            }
            let schedule = Schedule::from_reveal_sizes(sizes).unwrap();
            let sawtooth: Vec<usize> = schedule.sawtooth().collect();
            for middle in 1..7 {
                let (corners, gaps) = corners(&schedule, &[middle, 7]);
                for (gap, range) in gaps.into_iter().zip([1..=middle, middle + 1..=7]) {
                    let corners = &corners[gap];
                    assert!(corners.iter().all(|corner| corner.height == sawtooth[corner.m]));
                    for tilt in [-9.0, -1.0, -0.3, 0.0, 0.4, 1.0, 2.5] {
                        let tilted = |m: usize| sawtooth[m] as f64 + tilt * m as f64;
                        let slow = range.clone().map(tilted).fold(f64::MIN, f64::max);
                        let fast = corners.iter().map(|c| tilted(c.m)).fold(f64::MIN, f64::max);
                        assert_eq!(slow, fast, "{schedule} {range:?} {tilt}");
                        let slow = range.clone().map(tilted).fold(f64::MAX, f64::min);
                        let fast = corners.iter().map(|c| tilted(c.m)).fold(f64::MAX, f64::min);
                        assert_eq!(slow, fast, "{schedule} {range:?} {tilt}");
                    }
                }
            }
        }
    }
}
