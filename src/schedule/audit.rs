use core::fmt;

use crate::schedule::{Decoder, DecoderPlan, Schedule};

/// What a careful colleague would say of a schedule, before any data is seen.
///
/// The parts are fields; `Display` prints them in words.
///
/// ```
/// use demask::{Schedule, schedule::{Decoder, MaskFunction, SizeTrend}};
/// let maskgit = Decoder::MaskGit(MaskFunction::Cosine).plan(64, 8)?;
/// assert_eq!(maskgit.schedule().to_string(), "(2, 3, 6, 8, 10, 11, 12, 12)");
/// // The same list, in masking order by mistake:
/// let audit = Schedule::from_mask_sizes(maskgit.schedule().sizes())?.audit();
/// assert_eq!((audit.largest_step, audit.trend), (12, SizeTrend::Shrinking));
/// assert!(audit.looks_reversed);
/// assert_eq!(audit.nearest_reversed.distance, 0);
/// println!("{audit}");
/// # Ok::<(), demask::Error>(())
/// ```
#[derive(Debug, Clone, PartialEq)]
pub struct ScheduleAudit {
    /// L.
    pub tokens: usize,
    /// T, the steps that reveal something.
    pub steps: usize,
    /// Forward passes that reveal nothing, if the source decoder is known to run some.
    pub empty_passes: usize,
    /// s_max.
    pub largest_step: usize,
    /// `s_max T / L`: 1 for equal steps. Li & Cai's 1/T rate holds up to this factor.
    pub balance_ratio: f64,
    /// `(s_max - 1) / L`: the error is at most this times `sum_i I(X_i; X_{-i})`, and no smaller factor
    /// will do.
    pub error_per_token_information: f64,
    /// `max (b - a - 1) / (L - a - 1)` over the steps from a to b revealed tokens: the error is at
    /// most this times TC, sharply.
    pub total_correlation_factor: f64,
    /// `max (b - a - 1) / (a + 1)`: the error is at most this times DTC, sharply.
    pub dual_total_correlation_factor: f64,
    /// Whether the sizes grow or shrink.
    pub trend: SizeTrend,
    /// The known decoder, asked for as many passes, that does nearly the same.
    pub nearest: NearestDecoder,
    /// The known decoder nearest to the sizes read from the other end.
    pub nearest_reversed: NearestDecoder,
    /// Whether the list may be in masking order by mistake: the sizes are far from equal, grow or
    /// shrink, and read from the other end come nearer to a known decoder.
    /// [`Schedule::from_mask_sizes`] takes lists in masking order.
    pub looks_reversed: bool,
}

/// How the reveal sizes change from step to step.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SizeTrend {
    /// All steps are equal.
    Constant,
    /// No step is smaller than the one before. Suits data in which a few tokens tell about all others
    /// (small dual total correlation): the information comes early, and the first steps are short.
    Growing,
    /// No step is larger than the one before. Suits data in which a token is known only from many
    /// others (small total correlation): the information comes late.
    Shrinking,
    /// Neither.
    Mixed,
}

/// A known decoder and how far it is from a schedule.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct NearestDecoder {
    /// The decoder, asked for as many passes as the schedule has.
    pub decoder: Decoder,
    /// The largest difference, over all passes, in the number of tokens revealed so far. Zero if and
    /// only if the sizes are the same.
    pub distance: usize,
    /// How many of the decoder's passes are empty.
    pub empty_passes: usize,
}

impl Schedule {
    /// Looks the schedule over: sizes, guarantees, orientation, the nearest known decoder.
    ///
    /// O(L) per decoder of [`Decoder::KNOWN`]. For what it costs on a curve, see
    /// [`InformationCurve::step_costs`](crate::InformationCurve::step_costs).
    #[must_use]
    pub fn audit(&self) -> ScheduleAudit {
        audit(self, self.sizes(), 0)
    }
}

impl DecoderPlan {
    /// As [`Schedule::audit`], with the empty passes counted.
    ///
    /// ```
    /// use demask::schedule::{Decoder, DecoderPlan};
    /// let audit = Decoder::Llada.plan(256, 512)?.audit();
    /// assert_eq!((audit.steps, audit.empty_passes), (256, 256));
    /// assert_eq!((audit.nearest.decoder, audit.nearest.distance), (Decoder::Llada, 0));
    /// # Ok::<(), demask::Error>(())
    /// ```
    #[must_use]
    pub fn audit(&self) -> ScheduleAudit {
        audit(self.schedule(), &self.pass_sizes().collect::<Vec<_>>(), self.empty_passes().len())
    }
}

fn audit(schedule: &Schedule, passes: &[usize], empty_passes: usize) -> ScheduleAudit {
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
    let (nearest, nearest_reversed) = nearest(tokens, passes);
    let smallest_step = schedule.sizes().iter().copied().min().unwrap_or(0);
    let uneven = largest_step - smallest_step > 1 && trend != SizeTrend::Mixed;
    ScheduleAudit {
        tokens,
        steps,
        empty_passes,
        largest_step,
        balance_ratio: largest_step as f64 * (steps as f64 / tokens as f64),
        error_per_token_information: (largest_step - 1) as f64 / tokens as f64,
        total_correlation_factor: factor(|start, tokens| tokens - start - 1),
        dual_total_correlation_factor: factor(|start, _| start + 1),
        trend,
        nearest,
        nearest_reversed,
        looks_reversed: uneven && nearest_reversed.distance < nearest.distance,
    }
}

fn trend(sizes: &[usize]) -> SizeTrend {
    match (sizes.is_sorted(), sizes.is_sorted_by(|a, b| a >= b)) {
        (true, true) => SizeTrend::Constant,
        (true, false) => SizeTrend::Growing,
        (false, true) => SizeTrend::Shrinking,
        (false, false) => SizeTrend::Mixed,
    }
}

/// The decoders nearest to these passes and to the same passes from the other end. The first in
/// [`Decoder::KNOWN`] wins ties.
fn nearest(tokens: usize, passes: &[usize]) -> (NearestDecoder, NearestDecoder) {
    let unknown = NearestDecoder { decoder: Decoder::Llada, distance: usize::MAX, empty_passes: 0 };
    let (mut forward, mut backward) = (unknown, unknown);
    for decoder in Decoder::KNOWN {
        // A decoder that cannot answer this request is not near.
        let Ok(plan) = decoder.plan(tokens, passes.len()) else { continue };
        let empty_passes = plan.empty_passes().len();
        let candidates = [
            (&mut forward, distance(passes.iter().copied(), &plan)),
            (&mut backward, distance(passes.iter().rev().copied(), &plan)),
        ];
        for (best, distance) in candidates {
            if distance < best.distance {
                *best = NearestDecoder { decoder, distance, empty_passes };
            }
        }
    }
    (forward, backward)
}

/// The largest difference of tokens revealed after the same pass. Both lists reveal the same tokens in
/// all, so nothing differs after the longer one.
fn distance(mut passes: impl Iterator<Item = usize>, plan: &DecoderPlan) -> usize {
    let (mut ours, mut theirs, mut largest) = (0_usize, 0_usize, 0);
    let mut plan = plan.pass_sizes();
    loop {
        let (a, b) = (passes.next(), plan.next());
        if a.is_none() && b.is_none() {
            return largest;
        }
        ours += a.unwrap_or(0);
        theirs += b.unwrap_or(0);
        largest = largest.max(ours.abs_diff(theirs));
    }
}

impl fmt::Display for ScheduleAudit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} tokens in {} steps", self.tokens, self.steps)?;
        if self.empty_passes > 0 {
            write!(f, " and {} empty passes", self.empty_passes)?;
        }
        writeln!(
            f,
            "; {}\nlargest step {}, balance ratio {:.3}",
            match self.trend {
                SizeTrend::Constant => "equal steps",
                SizeTrend::Growing => "growing steps: they suit information that comes early",
                SizeTrend::Shrinking => "shrinking steps: they suit information that comes late",
                SizeTrend::Mixed => "steps that neither grow nor shrink throughout",
            },
            self.largest_step,
            self.balance_ratio
        )?;
        writeln!(
            f,
            "for any data, error <= {:.4} x token information, {:.4} x TC, {:.4} x DTC",
            self.error_per_token_information,
            self.total_correlation_factor,
            self.dual_total_correlation_factor
        )?;
        let NearestDecoder { decoder, distance, .. } = self.nearest;
        match distance {
            0 => write!(f, "these are the sizes of {decoder}")?,
            _ => {
                write!(f, "nearest decoder: {decoder}, never more than {} apart", count(distance))?
            }
        }
        if self.looks_reversed {
            let NearestDecoder { decoder, distance, .. } = self.nearest_reversed;
            write!(
                f,
                "\nreversed? from the other end the sizes are never more than {} from {decoder}: check \
                 whether the list is in sampling order",
                count(distance)
            )?;
        }
        Ok(())
    }
}

fn count(tokens: usize) -> String {
    if tokens == 1 { "1 token".to_owned() } else { format!("{tokens} tokens") }
}
