//! Known points, with a price per step in place of a number of steps.
//!
//! Then all that counts of the past is how far the last step reaches, and the least payment and price of the
//! gaps to come is a function of it. Subtract the price of the steps left: the result is no more than what
//! these gaps cost. This bound takes into account how steps are shared between gaps.

use core::ops::RangeInclusive;

use crate::optimal::minimax::points::{Gap, pay};

/// The least payment and price of the gaps to come, by how far the step before them reaches.
pub(super) struct Priced<'a> {
    gaps: &'a [Gap],
    tokens: usize,
    price: f64,
    /// For each gap, the values for a reach of `from`, `from + 1`, ..; a longer reach is no better
    /// than the last.
    values: Vec<Vec<f64>>,
    /// The heights in each gap of schedules that may pay less than the bound.
    windows: Vec<RangeInclusive<usize>>,
}

/// What a schedule may do in a gap: steps that start there, none higher than `height`, the last of which
/// reaches `end`.
#[derive(Debug, Clone, Copy)]
pub(super) struct Choice {
    pub(super) height: usize,
    pub(super) steps: usize,
    pub(super) end: usize,
}

impl<'a> Priced<'a> {
    /// Computes the values. Schedules of `steps` steps that pay more than `bound` are left out. `None` if
    /// it takes more than the work allowed.
    pub(super) fn of(
        gaps: &'a [Gap],
        tokens: usize,
        price: f64,
        (bound, steps): (f64, usize),
        work: &mut usize,
    ) -> Option<Self> {
        let windows = windows(gaps, tokens, price, bound + price * (steps as f64 - 1.0));
        let needed = gaps.iter().zip(&windows).map(|(gap, window)| {
            let reaches = gap.width().min(window.end().saturating_add(2));
            reaches.saturating_mul(window.end().saturating_sub(*window.start()) + 1)
        });
        let needed = needed.fold(0, usize::saturating_add);
        // Several prices will be tried, so there must be work left for some more.
        let spared = work.checked_sub(needed.saturating_mul(4))?;
        *work = spared + needed * 3;
        let values = vec![Vec::new(); gaps.len()];
        let mut priced = Self { gaps, tokens, price, values, windows };
        // How far a step may reach beyond the start of the gap and be of use; at the end, one token.
        let mut range = 1;
        for (index, &gap) in gaps.iter().enumerate().rev() {
            range = match gap.rise > 0.0 {
                true => priced.windows[index].end().saturating_add(1),
                false => gap.width() + range,
            };
            range = range.min(tokens - gap.from);
            priced.values[index] = priced.row(index, range);
        }
        Some(priced)
    }

    /// A schedule of this many steps that pays less than the bound pays at least this.
    pub(super) fn least(&self, steps: usize) -> f64 {
        self.value(0, 0) - self.price * steps as f64
    }

    /// What gaps from this one on cost at least, with this many steps left.
    pub(super) fn least_from(&self, gap: usize, reach: usize, steps: usize) -> f64 {
        self.value(gap, reach) - self.price * steps as f64
    }

    pub(super) fn window(&self, gap: usize) -> &RangeInclusive<usize> {
        &self.windows[gap]
    }

    /// The best heights for the price, and the steps they take; none if all is above the bound.
    pub(super) fn path(&self) -> Option<(Vec<usize>, usize)> {
        let (mut reach, mut steps) = (0, 0);
        let mut heights = Vec::with_capacity(self.gaps.len());
        for index in 0..self.gaps.len() {
            let mut best: Option<(f64, Choice)> = None;
            choices(self.gaps[index], self.tokens, reach, &self.windows[index], |choice| {
                let value = self.with(index, choice);
                if value.is_finite() && best.is_none_or(|(least, _)| value < least) {
                    best = Some((value, choice));
                }
            });
            let (_, choice) = best?;
            heights.push(choice.height);
            (reach, steps) = (choice.end, steps + choice.steps);
        }
        Some((heights, steps + usize::from(reach < self.tokens)))
    }

    fn value(&self, gap: usize, reach: usize) -> f64 {
        match self.values.get(gap) {
            Some(row) => row[(reach - self.gaps[gap].from).min(row.len() - 1)],
            // A single token may be left.
            None if reach < self.tokens => self.price,
            None => 0.0,
        }
    }

    fn with(&self, index: usize, choice: Choice) -> f64 {
        pay(self.gaps[index].rise, choice.height)
            + self.price * choice.steps as f64
            + self.value(index + 1, choice.end)
    }

    fn row(&self, index: usize, range: usize) -> Vec<f64> {
        let (gap, window) = (self.gaps[index], &self.windows[index]);
        let mut row = Vec::with_capacity(range + 1);
        let mut least = f64::INFINITY;
        for reach in gap.from..=gap.from + range {
            // A longer reach can always be cut: only what is new at this one is looked at.
            let consider = |choice| least = least.min(self.with(index, choice));
            if gap.rise > 0.0 && reach >= gap.to {
                let height = reach - gap.from - 1;
                let crossing = Choice { height, steps: 0, end: reach };
                Some(crossing).filter(|_| window.contains(&height)).map(consider);
            } else {
                choices(gap, self.tokens, reach, window, consider);
            }
            row.push(least);
        }
        row
    }
}

/// All that is worth a look in a gap that the step before it may reach into as far as `reach`.
pub(super) fn choices(
    gap: Gap,
    tokens: usize,
    reach: usize,
    heights: &RangeInclusive<usize>,
    mut consider: impl FnMut(Choice),
) {
    let Gap { from, to, rise } = gap;
    if rise <= 0.0 {
        // Any height will do.
        if reach >= to {
            consider(Choice { height: tokens, steps: 0, end: reach });
        }
        return consider(Choice { height: tokens, steps: 1, end: tokens });
    }
    // The step that enters the gap may also be the one that leaves it.
    for end in
        to.max(from + 1 + heights.start())..=reach.min((from + 1).saturating_add(*heights.end()))
    {
        consider(Choice { height: end - from - 1, steps: 0, end });
    }
    for height in heights.clone() {
        let entered = reach.min(from + 1 + height).min(to - 1);
        let steps = (to - entered).div_ceil(height + 1);
        let end = entered + steps * (height + 1);
        consider(Choice { height, steps, end: end.min(tokens) });
        if end < to + height && end < tokens {
            consider(Choice { height, steps: steps + 1, end: (to + height).min(tokens) });
        }
        if end >= tokens && steps == 1 {
            return;
        }
    }
}

/// In each gap, the heights with which payment and price of the steps there, alone, leave enough of `bound` for
/// the least of all other gaps. A step that enters a gap of width `w` below height `h` leaves at least
/// `ceil(w / (h + 1)) - 1` to start there.
fn windows(gaps: &[Gap], tokens: usize, price: f64, bound: f64) -> Vec<RangeInclusive<usize>> {
    let alone = |gap: Gap, height: usize| {
        pay(gap.rise, height) + price * (gap.width().div_ceil(height + 1) - 1) as f64
    };
    let least = |gap: &Gap| {
        let heights = 0..if gap.rise > 0.0 { gap.width() } else { 0 };
        let least = heights.map(|height| alone(*gap, height)).fold(f64::INFINITY, f64::min);
        if least.is_finite() { least } else { 0.0 }
    };
    let least: Vec<f64> = gaps.iter().map(least).collect();
    let all: f64 = least.iter().sum();
    let spare = (bound - all).max(0.0) + 1e-12 * bound.abs();
    let window = |(gap, &least): (&Gap, &f64)| {
        if gap.rise <= 0.0 {
            return 0..=0;
        }
        let room = least + spare;
        let first = (0..gap.width()).find(|&height| alone(*gap, height) <= room).unwrap_or(0);
        let last = (room / gap.rise) as usize;
        first..=last.clamp(first, tokens - gap.from - 1)
    };
    gaps.iter().zip(&least).map(window).collect()
}
