//! Known points: the worst curve rises, in each gap between them, where the sawtooth is highest. So a
//! schedule pays for each gap its rise times the highest tooth there.
//!
//! Once the heights are chosen, the largest steps that they allow reach the end first. The search goes
//! gap by gap. Three things count of the past: the steps used, what was paid, and how far the last step
//! may reach into what follows. Of two pasts, one that is no better in any of the three is dropped. What
//! the gaps to come cost at least is known for each number of steps left: see [`Rest`]. A past that
//! cannot beat the bound even with this is dropped too.

use core::cmp::Ordering;
use core::ops::RangeInclusive;

use crate::curve::InformationCurve;
use crate::error::Result;
use crate::optimal;
use crate::optimal::minimax::greedy::{LargestSteps, largest_steps};
use crate::optimal::minimax::priced::{Choice, Priced, choices};
use crate::schedule::Schedule;

/// The revealed counts `(from, to]` between neighbouring known points, and how far the curve rises there.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Gap {
    pub(super) from: usize,
    pub(super) to: usize,
    pub(super) rise: f64,
}

impl Gap {
    pub(super) fn width(self) -> usize {
        self.to - self.from
    }
}

/// A schedule, and an amount that every schedule of as many steps pays at least.
#[derive(Debug, Clone)]
pub(super) struct Paid {
    pub(super) schedule: Schedule,
    pub(super) paid: f64,
    pub(super) least: f64,
}

/// The number of pasts looked at before the search gives up: about a second.
pub(super) const MOST_WORK: usize = 1 << 26;

/// Entries of the table of what the gaps to come cost at least: 32 MiB.
const MOST_ENTRIES: usize = 1 << 22;

/// The number of prices tried.
const PRICES: usize = 24;

/// Relative; more than the roundings of what is summed here.
const ROUNDING: f64 = 1e-12;

/// The schedule of `steps` steps that pays least. The gaps cover `1 ..= tokens - 1` in order, and
/// `steps < tokens`. Two schedules whose sums differ by less than rounding are not told apart.
pub(super) fn least_paid(
    gaps: &[Gap],
    tokens: usize,
    steps: usize,
    mut work: usize,
) -> Result<Paid> {
    let mut best = with_payment(gaps, Schedule::balanced(tokens, steps)?);
    if tokens <= MOST_ENTRIES {
        // The worst curve is no better than the one that rises evenly in each gap.
        let (schedule, error) = optimal::schedule(&rising_evenly(gaps, tokens)?, steps)?;
        best = cheaper(best, with_payment(gaps, schedule));
        best.least = error.0 * (1.0 - ROUNDING);
    }
    if best.paid <= best.least * (1.0 + 3.0 * ROUNDING) {
        best.least = best.paid;
        return Ok(best);
    }
    let entries = gaps.len().saturating_add(1).saturating_mul(steps + 1);
    if entries > MOST_ENTRIES {
        return Ok(best);
    }
    let rest = Rest::of(gaps, steps);
    best.least = best.least.max(rest.least(0, steps - 1) * (1.0 - ROUNDING));
    if let Some(schedule) = rest.likely(gaps, tokens, steps)? {
        best = cheaper(best, with_payment(gaps, schedule));
    }
    let price = rest.least(0, steps.saturating_sub(2)) - rest.least(0, steps - 1);
    let (mut best, priced) = by_prices(gaps, tokens, steps, price, best, &mut work)?;
    let Some(priced) = priced else {
        return Ok(cheaper(best, by_coarser(gaps, tokens, steps)?));
    };
    // With a bound near the least, few pasts are kept. If nothing is found below it, every schedule pays
    // at least this bound.
    for share in [1.0 / 16.0, 0.25, 0.5, 1.0] {
        let bound = best.least + share * (best.paid - best.least);
        let search = Search { gaps, tokens, steps, rest: &rest, priced: &priced, bound };
        match search.heights(&mut work) {
            Some(Some(heights)) => {
                let schedule = within(gaps, tokens, &heights, steps).schedule(steps)?;
                best = cheaper(best, with_payment(gaps, schedule));
                best.least = best.paid;
                break;
            }
            Some(None) => best.least = bound,
            None => break,
        }
    }
    Ok(best)
}

/// The price at which the best schedules have about as many steps: it gives the best bound, and schedules with
/// no more steps on the way.
fn by_prices<'a>(
    gaps: &'a [Gap],
    tokens: usize,
    steps: usize,
    likely: f64,
    mut best: Paid,
    work: &mut usize,
) -> Result<(Paid, Option<Priced<'a>>)> {
    let (mut low, mut high) = (0.0, f64::INFINITY);
    let mut price = if likely > 0.0 { likely } else { best.paid / steps as f64 };
    let mut found: Option<Priced> = None;
    for _ in 0..PRICES {
        let target = (best.paid, steps);
        let Some(priced) = Priced::of(gaps, tokens, price, target, work) else { break };
        let least = priced.least(steps).min(best.paid) * (1.0 - ROUNDING);
        let needed = match priced.path() {
            Some((heights, needed)) if needed <= steps => {
                let schedule = within(gaps, tokens, &heights, steps).schedule(steps)?;
                best = cheaper(best, with_payment(gaps, schedule));
                needed
            }
            Some((_, needed)) => needed,
            None => steps,
        };
        if found.is_none() || least > best.least {
            best.least = best.least.max(least);
            found = Some(priced);
        }
        match needed.cmp(&steps) {
            Ordering::Less => high = price,
            Ordering::Equal => break,
            Ordering::Greater => low = price,
        }
        price = match (low > 0.0, high.is_finite()) {
            (false, _) => high / 2.0,
            (_, false) => low * 2.0,
            _ => f64::sqrt(low * high),
        };
        if high <= low * (1.0 + 1e-9) {
            break;
        }
    }
    Ok((best, found))
}

/// As [`least_paid`], with all places divided by a whole number, where there are too many of them.
///
/// Divided and rounded up, heights allow coarser steps at least as long: `C + 1 + h >= (k + 1 + H) / q` for `C >= k / q`
/// and `h + 1 = ceil((H + 1) / q)`. So `q` times the coarser payment is no more than the finer one. Gaps end at coarser
/// places, and may become smaller: a curve that rises inside the smaller gap also rises inside the gap.
fn by_coarser(gaps: &[Gap], tokens: usize, steps: usize) -> Result<Paid> {
    let factor = tokens / steps.saturating_mul(64).max(1_024);
    if factor < 2 {
        return Ok(with_payment(gaps, Schedule::balanced(tokens, steps)?));
    }
    let coarser_tokens = tokens.div_ceil(factor);
    let mut coarser: Vec<Gap> = Vec::with_capacity(2 * gaps.len() + 1);
    let mut filled = 0;
    let end = Gap { from: coarser_tokens - 1, to: coarser_tokens - 1, rise: 0.0 };
    let places = gaps.iter().map(|gap| {
        let (from, to) = (gap.from.div_ceil(factor), gap.to / factor);
        Gap { from, to, rise: gap.rise }
    });
    for gap in places.filter(|gap| gap.from < gap.to).chain([end]) {
        if filled < gap.from {
            coarser.push(Gap { from: filled, to: gap.from, rise: 0.0 });
        }
        if gap.from < gap.to {
            coarser.push(gap);
        }
        filled = gap.to;
    }
    let found = least_paid(&coarser, coarser_tokens, steps, MOST_WORK)?;
    let sizes: Vec<usize> = found.schedule.sizes().iter().map(|size| size * factor).collect();
    let mut left = tokens;
    let sizes = sizes.into_iter().map(|size| {
        let size = size.min(left);
        left -= size;
        size
    });
    let sizes: Vec<usize> = sizes.filter(|&size| size > 0).collect();
    let heights = lowered(gaps, tokens, heights(gaps, &Schedule::try_from(sizes)?), steps);
    let schedule = within(gaps, tokens, &heights, steps).schedule(steps)?;
    let least = found.least * factor as f64;
    Ok(Paid { least, ..with_payment(gaps, schedule) })
}

/// Heights as low as the steps allow, first all by one factor, then each by itself.
fn lowered(gaps: &[Gap], tokens: usize, mut heights: Vec<usize>, steps: usize) -> Vec<usize> {
    const SHARES: usize = 1 << 10;
    let enough = |heights: &[usize]| within(gaps, tokens, heights, steps).reaches_the_end();
    let scaled = |heights: &[usize], share: usize| -> Vec<usize> {
        let scale = |height: usize| ((height as u128 * share as u128) / SHARES as u128) as usize;
        heights.iter().map(|&height| scale(height)).collect()
    };
    let share = least_that(SHARES, |share| enough(&scaled(&heights, share)));
    heights = scaled(&heights, share);
    let mut order: Vec<usize> = (0..gaps.len()).collect();
    order.sort_by(|&a, &b| gaps[b].rise.total_cmp(&gaps[a].rise));
    for gap in order {
        let mut trial = heights.clone();
        heights[gap] = least_that(heights[gap], |height| {
            trial[gap] = height;
            enough(&trial)
        });
    }
    heights
}

/// The least number for which this holds, where it holds for `most` and, once it holds, for all larger ones.
fn least_that(most: usize, mut holds: impl FnMut(usize) -> bool) -> usize {
    let (mut low, mut high) = (0, most);
    while low < high {
        let middle = low + (high - low) / 2;
        if holds(middle) { high = middle } else { low = middle + 1 }
    }
    high
}

fn with_payment(gaps: &[Gap], schedule: Schedule) -> Paid {
    let heights = heights(gaps, &schedule);
    let paid = gaps.iter().zip(heights).map(|(gap, height)| pay(gap.rise, height)).sum();
    Paid { schedule, paid, least: 0.0 }
}

fn cheaper(best: Paid, other: Paid) -> Paid {
    let least = best.least.max(other.least);
    Paid { least, ..if other.paid < best.paid { other } else { best } }
}

pub(super) fn pay(rise: f64, height: usize) -> f64 {
    rise * height as f64
}

fn rising_evenly(gaps: &[Gap], tokens: usize) -> Result<InformationCurve> {
    let mut increments = vec![0.0; tokens];
    for gap in gaps {
        increments[gap.from + 1..=gap.to].fill(gap.rise / gap.width() as f64);
    }
    InformationCurve::from_increments(increments, None)
}

/// The highest tooth in each gap.
pub(super) fn heights(gaps: &[Gap], schedule: &Schedule) -> Vec<usize> {
    let mut heights = vec![0; gaps.len()];
    let mut first = 0;
    for step in schedule.ranges() {
        while gaps.get(first).is_some_and(|gap| gap.to <= step.start) {
            first += 1;
        }
        let touched = gaps[first..].iter().zip(&mut heights[first..]);
        for (gap, height) in touched.take_while(|(gap, _)| gap.from + 1 < step.end) {
            *height = (*height).max(step.end - gap.from.max(step.start) - 1);
        }
    }
    heights
}

/// The largest steps with no tooth above the height of its gap.
fn within(gaps: &[Gap], tokens: usize, heights: &[usize], steps: usize) -> LargestSteps {
    largest_steps(tokens, steps, |start| {
        let first = gaps.partition_point(|gap| gap.to <= start);
        let mut end = start + 1;
        if let Some(&height) = heights.get(first) {
            end = end.saturating_add(height);
            for (gap, &height) in gaps.iter().zip(heights).skip(first + 1) {
                if gap.from + 1 >= end {
                    break;
                }
                end = end.min((gap.from + 1).saturating_add(height));
            }
        }
        end - start - 1
    })
}

/// What the gaps from one on cost at least, for each number of steps that start in them after the one
/// that enters the first. A step that enters a gap of width `w` below height `h` leaves at least
/// `ceil(w / (h + 1)) - 1` to start there. Gaps then share the steps like a budget: of the largest
/// convex function below each, the largest decreases come first.
struct Rest {
    /// By gap, and by steps left.
    least: Vec<Vec<f64>>,
    /// Of each gap, height by steps that start there, where the convex function touches.
    heights: Vec<Vec<(usize, usize)>>,
}

impl Rest {
    fn of(gaps: &[Gap], steps: usize) -> Self {
        let heights: Vec<_> = gaps.iter().map(|&gap| convex_heights(gap, steps)).collect();
        // What is left to pay with unlimited steps, and the largest decreases, in descending order.
        let (mut left, mut decreases) = (0.0, Vec::new());
        let mut least = vec![vec![0.0; steps + 1]];
        for (gap, heights) in gaps.iter().zip(&heights).rev() {
            left += heights.last().map_or(0.0, |&(_, height)| pay(gap.rise, height));
            decreases = merged(&decreases, &decreases_of(*gap, heights));
            left += decreases.drain(steps.min(decreases.len())..).rev().sum::<f64>();
            let (mut row, mut sum) = (vec![left; steps + 1], left);
            for (n, decrease) in decreases.iter().enumerate().rev() {
                sum += decrease;
                row[n] = sum;
            }
            least.push(row);
        }
        least.reverse();
        Self { least, heights }
    }

    fn least(&self, gap: usize, steps: usize) -> f64 {
        self.least[gap][steps]
    }

    /// The most steps that may be used before the gap if it and all later ones must cost at most `room`.
    fn most_used(&self, gap: usize, steps: usize, room: f64) -> Option<usize> {
        let row = &self.least[gap][..=steps];
        let needed = row.partition_point(|&least| least > room);
        steps.checked_sub(needed)
    }

    /// The schedule from the heights that a budget of steps would choose, for the largest budget
    /// whose heights need no more steps than there are.
    fn likely(&self, gaps: &[Gap], tokens: usize, steps: usize) -> Result<Option<Schedule>> {
        let (mut low, mut high, mut found) = (0, steps, None);
        while low < high {
            let budget = low + (high - low) / 2;
            let trial = within(gaps, tokens, &self.chosen(gaps, budget), steps);
            if trial.reaches_the_end() {
                found = Some(trial);
                low = budget + 1;
            } else {
                high = budget;
            }
        }
        found.map(|found| found.schedule(steps)).transpose()
    }

    fn chosen(&self, gaps: &[Gap], budget: usize) -> Vec<usize> {
        let mut decreases = Vec::new();
        for (index, (gap, heights)) in gaps.iter().zip(&self.heights).enumerate() {
            let pairs = heights.windows(2).enumerate();
            decreases.extend(pairs.map(|(place, pair)| {
                let more = pair[1].0 - pair[0].0;
                (decrease(*gap, pair), more, index, place + 1)
            }));
        }
        decreases.sort_by(|a, b| b.0.total_cmp(&a.0).then(a.2.cmp(&b.2)).then(a.3.cmp(&b.3)));
        let mut chosen = vec![0; gaps.len()];
        let mut left = budget;
        for (_, more, index, place) in decreases {
            if more > left {
                break;
            }
            left -= more;
            chosen[index] = place;
        }
        chosen.iter().zip(&self.heights).map(|(&place, heights)| heights[place].1).collect()
    }
}

/// `(n, ceil(w / (n + 1)) - 1)` for n up to `steps`, where the largest convex function below touches.
fn convex_heights(gap: Gap, steps: usize) -> Vec<(usize, usize)> {
    let width = gap.width();
    let mut hull: Vec<(usize, usize)> = Vec::new();
    let mut steps_here = 0;
    loop {
        let height = width.div_ceil(steps_here + 1) - 1;
        let point = (steps_here, height);
        let above = |hull: &[(usize, usize)]| match hull {
            [.., a, b] => {
                let left = (a.1 - b.1) as u128 * (point.0 - b.0) as u128;
                left <= (b.1 - point.1) as u128 * (b.0 - a.0) as u128
            }
            _ => false,
        };
        while above(&hull) {
            hull.pop();
        }
        hull.push(point);
        if height == 0 || steps_here >= steps {
            return hull;
        }
        // The next number of steps with which the height is smaller.
        steps_here = (width.div_ceil(height) - 1).min(steps);
    }
}

fn decrease(gap: Gap, pair: &[(usize, usize)]) -> f64 {
    pay(gap.rise, pair[0].1 - pair[1].1) / (pair[1].0 - pair[0].0) as f64
}

fn decreases_of(gap: Gap, heights: &[(usize, usize)]) -> Vec<f64> {
    let pairs = heights.windows(2);
    pairs.flat_map(|pair| vec![decrease(gap, pair); pair[1].0 - pair[0].0]).collect()
}

/// Two descending lists as one.
fn merged(some: &[f64], others: &[f64]) -> Vec<f64> {
    let (mut some, mut others) = (some.iter().peekable(), others.iter().peekable());
    let mut merged = Vec::new();
    loop {
        let next = match (some.peek(), others.peek()) {
            (Some(a), Some(b)) if a < b => others.next(),
            (Some(_), _) => some.next(),
            (None, _) => others.next(),
        };
        match next {
            Some(&next) => merged.push(next),
            None => return merged,
        }
    }
}

/// A past: what was paid for the gaps behind, how far the last step may reach, and the way there.
#[derive(Debug, Clone, Copy)]
struct Past {
    paid: f64,
    end: usize,
    node: usize,
}

/// A choice of height for a gap, after those of an earlier node.
struct Node {
    before: usize,
    height: usize,
}

/// The search for the cheapest schedule that pays at most `bound`.
struct Search<'a> {
    gaps: &'a [Gap],
    tokens: usize,
    steps: usize,
    rest: &'a Rest,
    priced: &'a Priced<'a>,
    bound: f64,
}

impl Search<'_> {
    /// The heights of that schedule, if there is one; `None` if that would take too long.
    fn heights(&self, work: &mut usize) -> Option<Option<Vec<usize>>> {
        let mut nodes = vec![Node { before: 0, height: 0 }];
        // By steps used.
        let mut layer: Vec<Vec<Past>> = vec![Vec::new(); self.steps + 1];
        layer[0].push(Past { paid: 0.0, end: 0, node: 0 });
        for index in 0..self.gaps.len() {
            let mut found: Vec<Vec<(Past, usize)>> = vec![Vec::new(); self.steps + 1];
            for (used, pasts) in layer.iter().enumerate() {
                for &past in pasts {
                    self.continued(index, used, past, &mut found, work)?;
                }
            }
            layer = kept(found, &mut nodes, work)?;
        }
        // A step that ends one token early is followed by a single token.
        let pasts = layer.iter().enumerate().flat_map(|(used, pasts)| {
            pasts.iter().filter(move |past| past.end >= self.tokens || used < self.steps)
        });
        let best = pasts.min_by(|a, b| a.paid.total_cmp(&b.paid));
        Some(best.map(|past| {
            let mut heights = Vec::with_capacity(self.gaps.len());
            let mut node = past.node;
            while node > 0 {
                heights.push(nodes[node].height);
                node = nodes[node].before;
            }
            heights.reverse();
            heights
        }))
    }

    /// A past continued by all that is worth a look in the next gap.
    fn continued(
        &self,
        index: usize,
        used: usize,
        past: Past,
        found: &mut [Vec<(Past, usize)>],
        work: &mut usize,
    ) -> Option<()> {
        let (gap, left, next) = (self.gaps[index], self.steps - used, index + 1);
        let room = self.bound * (1.0 + ROUNDING) - past.paid;
        let Some(heights) = self.window(index, left, past.end, room) else { return Some(()) };
        *work = work.checked_sub(1 + heights.end().saturating_sub(*heights.start()))?;
        choices(gap, self.tokens, past.end, &heights, |choice| {
            let Choice { height, steps, end } = choice;
            let cost = pay(gap.rise, height);
            if steps > left || cost + self.rest.least(next, left - steps) > room {
                return;
            }
            let later = self.priced.least_from(next, end, left - steps);
            if cost + later <= room {
                let past = Past { paid: past.paid + cost, end, node: past.node };
                found[used + steps].push((past, height));
            }
        });
        Some(())
    }

    /// The heights in a gap that leave enough for the gaps to come, and steps enough for them.
    fn window(
        &self,
        index: usize,
        left: usize,
        reach: usize,
        room: f64,
    ) -> Option<RangeInclusive<usize>> {
        let gap = self.gaps[index];
        if gap.rise <= 0.0 {
            return Some(0..=0);
        }
        // The most steps that leave enough for the gaps to come, and so the least height.
        let most = self.rest.most_used(index + 1, left, room)?;
        let least = match most {
            0 => gap.width() - 1,
            most => (gap.to - reach.min(gap.to - 1)).div_ceil(most) - 1,
        };
        let largest = (room - self.rest.least(index + 1, left)) / gap.rise;
        let largest = (largest.max(0.0) as usize).min(self.tokens - gap.from - 1);
        let window = self.priced.window(index);
        Some(least.max(*window.start())..=largest.min(*window.end()))
    }
}

/// The pasts that no other one beats or equals in steps, payment and reach.
fn kept(
    found: Vec<Vec<(Past, usize)>>,
    nodes: &mut Vec<Node>,
    work: &mut usize,
) -> Option<Vec<Vec<Past>>> {
    // Of the pasts with fewer steps, those worth keeping: by rising payment, each reaching farther
    // than the last.
    let mut front: Vec<(f64, usize)> = Vec::new();
    let mut layer = Vec::with_capacity(found.len());
    for mut pasts in found {
        pasts.sort_by(|(a, _), (b, _)| a.paid.total_cmp(&b.paid).then(b.end.cmp(&a.end)));
        let mut kept: Vec<Past> = Vec::new();
        for (past, height) in pasts {
            let beaten = kept.last().is_some_and(|other| other.end >= past.end);
            let cheaper = front.partition_point(|&(paid, _)| paid <= past.paid);
            if beaten || cheaper > 0 && front[cheaper - 1].1 >= past.end {
                continue;
            }
            nodes.push(Node { before: past.node, height });
            kept.push(Past { node: nodes.len() - 1, ..past });
        }
        *work = work.checked_sub(if kept.is_empty() { 0 } else { front.len() + kept.len() })?;
        if !kept.is_empty() {
            front.extend(kept.iter().map(|past| (past.paid, past.end)));
            front.sort_by(|a, b| match a.0.total_cmp(&b.0) {
                Ordering::Equal => b.1.cmp(&a.1),
                order => order,
            });
            let mut farthest = None;
            front.retain(|&(_, end)| {
                let farther = farthest.is_none_or(|farthest| end > farthest);
                farthest = farthest.max(Some(end));
                farther
            });
        }
        layer.push(kept);
    }
    Some(layer)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A concave curve known at `points` places, each as far from the next.
    fn gaps(tokens: usize, points: usize) -> Vec<Gap> {
        let place = |point: usize| point * (tokens - 1) / points;
        let information = |k: usize| k as f64 / (k as f64 + tokens as f64 / 8.0);
        let gap = |point: usize| {
            let (from, to) = (place(point), place(point + 1));
            Gap { from, to, rise: information(to) - information(from) }
        };
        (0..points).map(gap).collect()
    }

    /// A program over all places, with every height of the last tooth, would look at `T L^2` of them.
    #[test]
    fn the_search_looks_at_a_number_of_pasts_in_proportion_to_the_tokens() {
        for tokens in [512, 1024, 2048, 4096] {
            for steps in [tokens / 2, tokens / 4, tokens / 16] {
                let found = least_paid(&gaps(tokens, 32), tokens, steps, 2_048 * tokens).unwrap();
                assert_eq!(found.least, found.paid, "{tokens} tokens in {steps} steps");
            }
        }
        // The work is counted: a tenth of it is not enough.
        let found = least_paid(&gaps(1024, 32), 1024, 64, 128 * 1024).unwrap();
        assert!(found.least < found.paid);
    }

    fn gaps_of(widths_and_rises: &[(usize, f64)]) -> (Vec<Gap>, usize) {
        let mut from = 0;
        let gap = |&(width, rise): &(usize, f64)| {
            let gap = Gap { from, to: from + width, rise };
            from += width;
            gap
        };
        let gaps = widths_and_rises.iter().map(gap).collect();
        (gaps, from + 1)
    }

    /// What a gap costs at least with n steps that start in it, on the lower convex hull: the least over all
    /// chords between counts of at most `most` steps.
    fn on_the_hull(gap: Gap, n: usize, most: usize) -> f64 {
        let at = |n: usize| pay(gap.rise, gap.width().div_ceil(n + 1) - 1);
        let mut least = at(n);
        for a in 0..n {
            for b in n + 1..=most {
                let share = (n - a) as f64 / (b - a) as f64;
                least = least.min(at(a) * (1.0 - share) + at(b) * share);
            }
        }
        least
    }

    /// The slow twin: all ways to share the steps, on the hulls.
    fn least_shared(gaps: &[Gap], steps: usize, most: usize) -> f64 {
        let Some((&first, others)) = gaps.split_first() else { return 0.0 };
        let with = |n: usize| on_the_hull(first, n, most) + least_shared(others, steps - n, most);
        (0..=steps).map(with).fold(f64::INFINITY, f64::min)
    }

    #[test]
    fn what_gaps_cost_at_least_is_the_least_of_all_ways_to_share_the_steps() {
        let lists = [
            vec![(7, 1.0)],
            vec![(12, 2.0), (5, 1.0)],
            vec![(9, 0.25), (1, 3.0), (14, 1.5)],
            vec![(6, 1.0), (6, 1.0), (6, 1.0)],
            vec![(23, 0.1), (3, 5.0)],
        ];
        for list in &lists {
            let (gaps, _) = gaps_of(list);
            let steps = 9;
            let rest = Rest::of(&gaps, steps);
            for gap in 0..=gaps.len() {
                for n in 0..=steps {
                    let (found, expected) =
                        (rest.least(gap, n), least_shared(&gaps[gap..], n, steps));
                    assert!(
                        (found - expected).abs() < 1e-9,
                        "{list:?} {gap} {n}: {found}, {expected}"
                    );
                }
            }
        }
    }

    /// No schedule pays less than the price says, and one that the price is right for pays as much.
    #[test]
    fn a_price_bounds_what_schedules_of_every_number_of_steps_pay() {
        for list in [vec![(4, 1.0), (5, 0.5)], vec![(3, 0.2), (2, 2.0), (5, 1.0)]] {
            let (gaps, tokens) = gaps_of(&list);
            let mut least = vec![f64::INFINITY; tokens + 1];
            for cuts in 0..1_usize << (tokens - 1) {
                let mut sizes = vec![1];
                for cut in 0..tokens - 1 {
                    if cuts >> cut & 1 == 1 {
                        sizes.push(0);
                    }
                    if let Some(last) = sizes.last_mut() {
                        *last += 1;
                    }
                }
                let schedule = Schedule::from_reveal_sizes(&sizes).unwrap();
                let steps = schedule.steps();
                least[steps] = least[steps].min(with_payment(&gaps, schedule).paid);
            }
            for price in [0.05, 0.3, 1.0, 4.0] {
                let mut work = MOST_WORK;
                let bound = least[1] + price * tokens as f64;
                let priced = Priced::of(&gaps, tokens, price, (bound, tokens), &mut work).unwrap();
                let with_price =
                    (1..=tokens).map(|n| least[n] + price * n as f64).fold(f64::INFINITY, f64::min);
                for (steps, least) in least.iter().enumerate().skip(1) {
                    assert!(priced.least(steps) <= least + 1e-9, "{list:?} {price} {steps}");
                    let tight = with_price - price * steps as f64;
                    assert!(
                        priced.least(steps) >= tight - price - 1e-9,
                        "{list:?} {price} {steps}"
                    );
                }
            }
        }
    }
}
