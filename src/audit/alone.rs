//! What is said of a schedule, and of the passes of a decoder, before any data is seen.

use core::fmt;

use crate::bounds::universal;
use crate::decoders::{Decoder, Shape};
use crate::optimal::minimax;
use crate::schedule::{Passes, Schedule};

/// What can be said of a schedule before any data is seen: its sizes, what they guarantee, and the
/// known decoders nearest to them. Made by [`Schedule::audit`].
///
/// `Display` says it in words; with the feature `serde`, all its numbers can be stored. Each guarantee is also a function
/// of its own: the factors of the token information, of TC and of DTC are the bounds in [`sharp`](crate::bounds::sharp) for
/// one nat of them, the factor of the smaller of TC and DTC is [`universal::factor`].
///
/// ```
/// use unmaskcost::{Schedule, decoders::{Decoder, Shape}};
/// let maskgit = Decoder::MaskGit(Shape::Cosine).plan(64, 8)?;
/// assert_eq!(maskgit.schedule().to_string(), "(2, 3, 6, 8, 10, 11, 12, 12)");
/// // The same list, in masking order by mistake:
/// let audit = Schedule::from_mask_sizes(maskgit.schedule().sizes())?.audit();
/// assert!(audit.to_string().contains("shrinking steps"));
/// assert!(audit.looks_reversed);
/// assert_eq!(audit.nearest_reversed.distance, 0);
/// println!("{audit}");
/// # Ok::<(), unmaskcost::Error>(())
/// ```
#[derive(Debug, Clone, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[non_exhaustive]
pub struct ScheduleAudit {
    /// L, the number of tokens.
    pub(crate) tokens: usize,
    /// T, the steps that reveal something.
    pub(crate) steps: usize,
    /// Forward passes that reveal nothing, if the source decoder is known to run some.
    pub(crate) empty_passes: usize,
    /// s_max, the size of the largest step.
    pub(crate) largest_step: usize,
    /// `s_max T / L`: 1 for equal steps. Li & Cai's 1/T rate holds up to this factor.
    pub(crate) balance_ratio: f64,
    /// `(s_max - 1) / L`: the error is at most this times `sum_i I(X_i; X_{-i})`, and no smaller factor
    /// will do.
    pub(crate) error_per_token_information: f64,
    /// `max (b - a - 1) / (L - a - 1)` over the steps from a to b revealed tokens: the error is at
    /// most this times TC, sharply.
    pub(crate) total_correlation_factor: f64,
    /// `max (b - a - 1) / (a + 1)`: the error is at most this times DTC, sharply.
    pub(crate) dual_total_correlation_factor: f64,
    /// The larger of the last two: the error is at most this times the smaller of TC and DTC.
    pub(crate) universal_factor: universal::Factor,
    /// The smallest universal factor of any schedule with as many steps: that of
    /// [`minimax::universal`](minimax::universal()). `None` for more than 2^18 steps, where finding it takes
    /// too long.
    pub(crate) least_universal_factor: Option<universal::Factor>,
    /// Whether the sizes grow or shrink.
    pub(crate) trend: SizeTrend,
    /// The known decoder whose sizes are nearest.
    pub nearest: NearestDecoder,
    /// The known decoder nearest to the sizes read from the other end.
    pub nearest_reversed: NearestDecoder,
    /// Whether the list may be in masking order by mistake; [`Schedule::from_mask_sizes`] takes lists in
    /// that order.
    ///
    /// True on strong evidence only. There are four or more sizes, and they grow or shrink. Read from the
    /// other end, they come within d <= 1 tokens of a known decoder at every step. As given, they are at least
    /// `8 (d + 1)` tokens from every known decoder. Powers and the exponential of MaskGIT, the doubling
    /// sizes of DUS, `Ascending`, `LaVida` and `AdapSche` do not count, since the best sizes for ordinary
    /// data look like these reversed: `1 - x^2` for permutations, `exp` and doubling for a known total
    /// correlation. With a curve there is a better answer: [`audit::with_curve`](crate::audit::with_curve())
    /// compares the errors.
    pub looks_reversed: bool,
}

/// How the reveal sizes change from step to step. Differences of one token are ignored, since decoders
/// round.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub(crate) enum SizeTrend {
    /// All steps are equal, give or take one token.
    Constant,
    /// No step is smaller than an earlier one, by more than one token. Suits data in which a few
    /// tokens tell about all others (small dual total correlation): the information comes early, so
    /// the first steps should be short.
    Growing,
    /// No step is larger than an earlier one, by more than one token. Suits data in which a token is
    /// known only from many others (small total correlation): the information comes late.
    Shrinking,
    /// None of these.
    Mixed,
}

/// A known decoder and how far it is from a schedule.
#[derive(Debug, Clone, Copy, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[non_exhaustive]
pub struct NearestDecoder {
    /// The decoder.
    pub decoder: Decoder,
    /// The number of steps it is asked for: as many as there are passes, or more for a decoder that
    /// drops some of its steps or leaves passes empty that the schedule does not list. Of several
    /// numbers that do equally well, the smallest.
    pub steps: usize,
    /// The largest difference, over all passes, in the number of tokens revealed so far. Zero if and
    /// only if the sizes are the same.
    pub distance: usize,
    /// How many of the decoder's passes are empty.
    pub(crate) empty_passes: usize,
}

impl Schedule {
    /// What can be said of the schedule without data: sizes, guarantees, orientation, the nearest
    /// known decoder.
    ///
    /// O(T) for each decoder of [`Decoder::KNOWN`] and each number of steps that is tried with it. At
    /// most 64 numbers are tried per decoder, and after the first no more than about a million steps in
    /// all: less than a second for a million steps. With a curve, see [`audit::with_curve`](crate::audit::with_curve()).
    #[must_use]
    pub fn audit(&self) -> ScheduleAudit {
        audit(self, None)
    }
}

impl Passes {
    /// As [`Schedule::audit`], with the empty passes counted.
    ///
    /// ```
    /// use unmaskcost::decoders::Decoder;
    /// let audit = Decoder::Llada.plan(256, 512)?.audit();
    /// assert!(audit.to_string().starts_with("256 tokens in 256 steps and 256 empty passes"));
    /// assert_eq!((audit.nearest.decoder, audit.nearest.distance), (Decoder::Llada, 0));
    /// # Ok::<(), unmaskcost::Error>(())
    /// ```
    #[must_use]
    pub fn audit(&self) -> ScheduleAudit {
        audit(self.schedule(), Some(self))
    }
}

fn audit(schedule: &Schedule, plan: Option<&Passes>) -> ScheduleAudit {
    let (tokens, steps) = (schedule.tokens(), schedule.steps());
    let largest_step = schedule.largest_step();
    let factor = |remaining: fn(usize, usize) -> usize| {
        schedule
            .ranges()
            .filter(|range| range.len() > 1)
            .map(|range| (range.len() - 1) as f64 / remaining(range.start, tokens) as f64)
            .fold(0.0, f64::max)
    };
    let trend = trend(schedule.sizes());
    let empty_passes = plan.map_or(0, |plan| plan.empty().len());
    let (nearest, nearest_reversed) = match plan.filter(|_| empty_passes > 0) {
        Some(plan) => nearest(tokens, &plan.sizes().collect::<Vec<_>>(), false),
        None => nearest(tokens, schedule.sizes(), true),
    };
    ScheduleAudit {
        tokens,
        steps,
        empty_passes,
        largest_step,
        balance_ratio: largest_step as f64 * (steps as f64 / tokens as f64),
        error_per_token_information: (largest_step - 1) as f64 / tokens as f64,
        total_correlation_factor: factor(|start, tokens| tokens - start - 1),
        dual_total_correlation_factor: factor(|start, _| start + 1),
        universal_factor: universal::factor(schedule),
        least_universal_factor: least_universal_factor(tokens, steps),
        trend,
        nearest,
        nearest_reversed,
        looks_reversed: steps >= 4 && looks_reversed(trend, &nearest, &nearest_reversed),
    }
}

fn least_universal_factor(tokens: usize, steps: usize) -> Option<universal::Factor> {
    const MAX_STEPS: usize = 1 << 18;
    let best = (steps <= MAX_STEPS).then(|| minimax::universal(tokens, steps).ok());
    best.flatten().map(|best| universal::factor(&best))
}

fn looks_reversed(trend: SizeTrend, given: &NearestDecoder, reversed: &NearestDecoder) -> bool {
    const NEAR: usize = 1;
    const TIMES_AS_FAR: usize = 8;
    let one_way = matches!(trend, SizeTrend::Growing | SizeTrend::Shrinking);
    let suits_data = matches!(
        reversed.decoder,
        Decoder::MaskGit(Shape::Power(_) | Shape::Exp)
            | Decoder::Dus
            | Decoder::Ascending
            | Decoder::LaVida { .. }
            | Decoder::AdapSche(_)
    );
    let near = reversed.distance <= NEAR;
    one_way && !suits_data && near && given.distance >= TIMES_AS_FAR * (reversed.distance + 1)
}

fn trend(sizes: &[usize]) -> SizeTrend {
    let smallest = sizes.iter().copied().min().unwrap_or(0);
    let largest = sizes.iter().copied().max().unwrap_or(0);
    match (grow(sizes.iter().copied()), grow(sizes.iter().rev().copied())) {
        _ if largest - smallest <= 1 => SizeTrend::Constant,
        (true, false) => SizeTrend::Growing,
        (false, true) => SizeTrend::Shrinking,
        _ => SizeTrend::Mixed,
    }
}

/// Whether no size is smaller than an earlier one, by more than the one token that rounding may take.
fn grow(mut sizes: impl Iterator<Item = usize>) -> bool {
    let mut largest = 0;
    sizes.all(|size| {
        largest = largest.max(size);
        largest - size <= 1
    })
}

/// The decoders nearest to these passes and to the same passes from the other end. The first in
/// [`Decoder::KNOWN`] wins ties.
///
/// A `bare` list does not show empty passes, so nobody knows how many steps its decoder was asked for. A
/// decoder that drops steps or leaves passes empty is asked for more and more steps, until it reveals in
/// more steps than the list has.
fn nearest(tokens: usize, passes: &[usize], bare: bool) -> (NearestDecoder, NearestDecoder) {
    const MAX_PLANS: usize = 64;
    const MAX_STEPS: usize = 1_000_000;
    let unknown = NearestDecoder {
        decoder: Decoder::Llada,
        steps: passes.len(),
        distance: usize::MAX,
        empty_passes: 0,
    };
    let (mut forward, mut backward) = (unknown, unknown);
    for decoder in Decoder::KNOWN.iter().copied() {
        if forward.distance == 0 && backward.distance == 0 {
            break;
        }
        let (mut steps, mut steps_tried) = (passes.len(), 0);
        for _ in 0..MAX_PLANS {
            // A decoder that cannot answer this request is not near.
            let Ok(plan) = decoder.plan(tokens, steps) else { break };
            let candidates = [
                (&mut forward, distance(passes.iter().copied(), &plan, bare)),
                (&mut backward, distance(passes.iter().rev().copied(), &plan, bare)),
            ];
            for (best, distance) in candidates {
                if distance < best.distance {
                    let empty_passes = plan.empty().len();
                    *best = NearestDecoder { decoder, steps, distance, empty_passes };
                }
            }
            let Some(missing) = passes.len().checked_sub(plan.schedule().steps()) else { break };
            // One more step asked for rarely adds more than one step that reveals, so this rarely
            // skips the right number.
            steps += missing.max(1);
            steps_tried += steps;
            let listens = decoder.listens();
            if !bare || !listens || steps_tried > MAX_STEPS || forward.distance == 0 {
                break;
            }
        }
    }
    (forward, backward)
}

/// The largest difference in the number of tokens revealed after the same pass, or after the same
/// nonempty step of a `bare` list. Both lists reveal the same number in all, so nothing differs
/// after the longer one ends.
fn distance(passes: impl Iterator<Item = usize>, plan: &Passes, bare: bool) -> usize {
    match bare {
        true => largest_difference(passes, plan.schedule().sizes().iter().copied()),
        false => largest_difference(passes, plan.sizes()),
    }
}

fn largest_difference(
    mut ours: impl Iterator<Item = usize>,
    mut theirs: impl Iterator<Item = usize>,
) -> usize {
    // Tokens that one list has revealed and the other has not.
    let (mut ahead, mut behind, mut largest) = (0_usize, 0_usize, 0);
    loop {
        let (a, b) = (ours.next(), theirs.next());
        if a.is_none() && b.is_none() {
            return largest;
        }
        ahead += a.unwrap_or(0);
        behind += b.unwrap_or(0);
        largest = largest.max(ahead.abs_diff(behind));
    }
}

impl ScheduleAudit {
    /// Writes all but the question of orientation.
    pub(crate) fn write_facts(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} in {}", count(self.tokens, "token"), count(self.steps, "step"))?;
        if self.empty_passes > 0 {
            write!(f, " and {}", count(self.empty_passes, "empty pass"))?;
        }
        writeln!(
            f,
            "; {}\nlargest step {}, balance ratio {:.3}",
            match self.trend {
                SizeTrend::Constant if self.largest_step == self.tokens / self.steps =>
                    "equal steps",
                SizeTrend::Constant => "equal steps, give or take one token",
                SizeTrend::Growing => "growing steps: they suit information that comes early",
                SizeTrend::Shrinking => "shrinking steps: they suit information that comes late",
                SizeTrend::Mixed => "steps that neither grow nor shrink throughout",
            },
            self.largest_step,
            self.balance_ratio
        )?;
        writeln!(
            f,
            "for any data, the error is at most {:.4} x token information, and at most {:.4} x TC, and at \
             most {:.4} x DTC",
            self.error_per_token_information,
            self.total_correlation_factor,
            self.dual_total_correlation_factor
        )?;
        write!(f, "at most {:.4} x the smaller of TC and DTC", self.universal_factor.value())?;
        match self.least_universal_factor {
            Some(least) if least < self.universal_factor => writeln!(
                f,
                "; of all schedules of {}, the least such factor is {:.4}",
                count(self.steps, "step"),
                least.value()
            )?,
            Some(_) => writeln!(f, "; no schedule of as many steps has a smaller factor")?,
            None => writeln!(f)?,
        }
        let NearestDecoder { decoder, steps, distance, empty_passes } = self.nearest;
        match distance {
            0 => write!(f, "these are the sizes of {decoder}")?,
            _ => {
                let apart = count(distance, "token");
                write!(f, "nearest decoder: {decoder}, never more than {apart} apart")?;
            }
        }
        if steps != self.steps.saturating_add(self.empty_passes) {
            write!(f, ", asked for {}", count(steps, "step"))?;
        }
        match empty_passes {
            0 => Ok(()),
            _ if empty_passes == self.empty_passes => Ok(()),
            _ => write!(f, ", which leaves {empty_passes} empty"),
        }
    }
}

impl fmt::Display for ScheduleAudit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.write_facts(f)?;
        if self.looks_reversed {
            let NearestDecoder { decoder, distance, .. } = self.nearest_reversed;
            let near = match distance {
                0 => "".to_owned(),
                _ => format!(", to within {}", count(distance, "token")),
            };
            write!(
                f,
                "\nreversed? from the other end these are the sizes of {decoder}{near}: check whether the \
                 list is in sampling order"
            )?;
        }
        Ok(())
    }
}

fn count(number: usize, what: &str) -> String {
    match (number, what) {
        (1, _) => format!("1 {what}"),
        (_, "empty pass") => format!("{number} empty passes"),
        _ => format!("{number} {what}s"),
    }
}
