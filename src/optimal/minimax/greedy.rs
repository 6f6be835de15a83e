//! The largest steps that a ratio allows: the fewest for that ratio.

use crate::error::Result;
use crate::numeric::ratio::Ratio;
use crate::schedule::Schedule;

/// The schedule of `steps` steps whose largest `(s - 1) / weight(k)` is smallest.
///
/// For a given ratio the largest steps reach the end first. A trial shows one of two facts. If its
/// steps suffice, the largest ratio of its steps is enough. If they do not, no ratio is enough that
/// is below the next one at which one of its steps could be larger. The smallest ratio that is
/// enough is such a next one. Floats only guide the search: whole numbers decide.
///
/// The largest steps are best if a later start never has to end earlier. So `k + 1 + ratio weight(k)`,
/// cut off at the end, must not fall.
pub(super) fn proportional(
    tokens: usize,
    steps: usize,
    weight: impl Fn(usize) -> usize,
) -> Result<Schedule> {
    let floor = |ratio: f64| {
        let weight = &weight;
        move |k| (ratio * weight(k) as f64) as usize
    };
    let mut enough = largest_steps(tokens, steps, |_| tokens);
    let (mut low, mut high) = (0.0, enough.largest_ratio(&weight).value());
    loop {
        let ratio = if low > 0.0 { f64::sqrt(low * high) } else { 0.0 };
        let trial = largest_steps(tokens, steps, floor(ratio));
        let (before, above) = (low, high);
        if trial.reaches_the_end() {
            high = trial.largest_ratio(&weight).value();
            enough = trial;
        } else {
            let next = trial.next_ratio(&weight);
            let exact = largest_steps(tokens, steps, |k| next.floor_times(weight(k)));
            if exact.reaches_the_end() {
                return exact.schedule(steps);
            }
            low = next.value();
        }
        // The range fails to narrow only when neighbouring ratios are closer than floats can tell.
        let narrower = low > before || high < above;
        if !narrower || low * (1.0 + 4.0 * f64::EPSILON) >= high {
            return least_below(enough, steps, weight);
        }
    }
}

/// Steps with ever smaller ratios, told apart by whole numbers, until none smaller suffices.
fn least_below(
    mut enough: LargestSteps,
    steps: usize,
    weight: impl Fn(usize) -> usize,
) -> Result<Schedule> {
    loop {
        let ratio = enough.largest_ratio(&weight);
        if ratio == Ratio::ZERO {
            return enough.schedule(steps);
        }
        let smaller = largest_steps(enough.tokens, steps, |k| ratio.largest_below_times(weight(k)));
        if !smaller.reaches_the_end() {
            return enough.schedule(steps);
        }
        enough = smaller;
    }
}

/// Steps as large as allowed, until the end is reached or there is one step more than allowed.
pub(super) struct LargestSteps {
    tokens: usize,
    sizes: Vec<usize>,
    revealed: usize,
}

pub(super) fn largest_steps(
    tokens: usize,
    steps: usize,
    extra: impl Fn(usize) -> usize,
) -> LargestSteps {
    let mut sizes = Vec::new();
    let mut revealed = 0;
    while revealed < tokens && sizes.len() < steps {
        let size = 1 + extra(revealed).min(tokens - revealed - 1);
        sizes.push(size);
        revealed += size;
    }
    LargestSteps { tokens, sizes, revealed }
}

impl LargestSteps {
    pub(super) fn reaches_the_end(&self) -> bool {
        self.revealed == self.tokens
    }

    pub(super) fn count(&self) -> usize {
        self.sizes.len()
    }

    /// Each step: the number revealed before it, and its size less one.
    pub(super) fn starts(&self) -> impl Iterator<Item = (usize, usize)> + '_ {
        self.sizes.iter().scan(0, |revealed, &size| {
            let start = *revealed;
            *revealed += size;
            Some((start, size - 1))
        })
    }

    pub(super) fn largest_ratio(&self, weight: impl Fn(usize) -> usize) -> Ratio {
        let ratios = self.starts().filter(|&(_, extra)| extra > 0);
        let ratios = ratios.map(|(k, extra)| Ratio::of(extra, weight(k)));
        ratios.fold(Ratio::ZERO, Ratio::max)
    }

    /// The smallest ratio at which a step would be larger.
    fn next_ratio(&self, weight: impl Fn(usize) -> usize) -> Ratio {
        let ratios = self.starts().filter(|&(k, extra)| extra < self.tokens - k - 1);
        let ratios = ratios.map(|(k, extra)| Ratio::of(extra + 1, weight(k)));
        ratios.fold(Ratio::INFINITE, Ratio::min)
    }

    /// As a schedule of exactly `steps` steps: surplus steps are single tokens, cut from the last
    /// steps. That can only lower the sawtooth.
    pub(super) fn schedule(self, steps: usize) -> Result<Schedule> {
        let mut missing = steps.saturating_sub(self.sizes.len());
        let mut sizes = Vec::with_capacity(steps);
        for size in self.sizes.into_iter().rev() {
            let cuts = missing.min(size - 1);
            sizes.resize(sizes.len() + cuts, 1);
            sizes.push(size - cuts);
            missing -= cuts;
        }
        sizes.reverse();
        Schedule::try_from(sizes)
    }
}
