//! What a curve shows about a schedule: its error, its wasteful steps, the best exchange.

use core::fmt;

use crate::audit::{ScheduleAudit, SizeTrend};
use crate::curve::{InformationCurve, StepCost};
use crate::error::Result;
use crate::numeric::scalar::{self, Scalar};
use crate::optimal;
use crate::schedule::Schedule;
use crate::units::Nats;

/// What a curve shows about a schedule. Made by [`with_curve`].
///
/// `Display` says it in words: the error, the error of the same sizes from the other end, and the steps that waste most.
/// These are [`InformationCurve::sampling_error`] and [`InformationCurve::step_costs`].
#[derive(Debug, Clone, PartialEq)]
#[cfg_attr(
    feature = "serde",
    derive(serde::Serialize, serde::Deserialize),
    serde(bound(
        serialize = "F: Scalar + serde::Serialize",
        deserialize = "F: Scalar + serde::Deserialize<'de>"
    ))
)]
#[non_exhaustive]
pub struct CurveAudit<F = f64> {
    /// What can be said without the curve.
    pub schedule: ScheduleAudit,
    /// The exact sampling error.
    pub(crate) error: Nats<F>,
    /// The sampling error of the same sizes read from the other end.
    pub(crate) error_reversed: Nats<F>,
    /// The least error of as many steps.
    pub least_error: Nats<F>,
    /// The schedule that has it.
    pub best: Schedule,
    /// The steps in sampling order: what each costs, saves if cut, loses if joined with the next.
    pub(crate) steps: Vec<StepCost<F>>,
    /// The best move of one cut, if moving any gains anything.
    pub best_exchange: Option<Exchange<F>>,
}

/// One cut of a schedule, moved: as many steps as before, and a smaller error.
#[derive(Debug, Clone, Copy, PartialEq)]
#[cfg_attr(
    feature = "serde",
    derive(serde::Serialize, serde::Deserialize),
    serde(bound(
        serialize = "F: Scalar + serde::Serialize",
        deserialize = "F: Scalar + serde::Deserialize<'de>"
    ))
)]
#[non_exhaustive]
pub struct Exchange<F = f64> {
    /// The cut that is given up, as a revealed count: the two steps that meet there are joined.
    pub joined_at: usize,
    /// The new cut.
    pub cut_at: usize,
    /// What the error falls by.
    pub saved: Nats<F>,
}

impl<F: Scalar> CurveAudit<F> {
    /// Whether the list may be in masking order by mistake: on this curve the same sizes read from the
    /// other end cost less by more than a tenth, and the sizes differ by more than one token. This answer
    /// replaces the guess of [`ScheduleAudit::looks_reversed`], which is made without a curve.
    #[must_use]
    pub fn looks_reversed(&self) -> bool {
        let uneven = self.schedule.trend != SizeTrend::Constant;
        uneven && self.error_reversed < self.error * scalar::constant(0.9)
    }

    /// Indices of all steps, sorted by what cutting them in two would save, largest first. Ties go
    /// to the earlier step.
    fn most_wasteful(&self) -> Vec<usize> {
        let mut order: Vec<usize> = (0..self.steps.len()).collect();
        let saved = |step: usize| self.steps[step].saved_by_cut;
        order.sort_by(|&a, &b| {
            saved(b).partial_cmp(&saved(a)).unwrap_or(core::cmp::Ordering::Equal)
        });
        order
    }
}

/// What a curve shows about a schedule: its error and that of the same sizes reversed, the least
/// error of as many steps, which steps waste most, and whether moving a cut would help. O(L).
///
/// # Errors
/// [`TokensDiffer`](crate::Error::TokensDiffer) if the schedule reveals another number of tokens.
///
/// ```
/// use unmaskcost::{InformationCurve, Schedule, audit};
/// let entropies: Vec<f64> = (0..16).map(|k| f64::from(16 - k).ln()).collect();
/// let curve = InformationCurve::from_conditional_entropies(entropies)?;
/// let audit = audit::with_curve(&curve, &Schedule::balanced(16, 4)?)?;
/// assert_eq!(audit.best.sizes(), [6, 5, 3, 2]);
/// // The last permuted symbols are the most certain.
/// assert!(audit.to_string().contains("\nstep 4 (tokens 13 to 16) costs"));
/// println!("{audit}");
/// // The best schedule has nothing to gain, and is in the right order.
/// let best = audit::with_curve(&curve, &audit.best)?;
/// assert_eq!(best.best_exchange, None);
/// assert!(!best.looks_reversed());
/// # Ok::<(), unmaskcost::Error>(())
/// ```
pub fn with_curve<F: Scalar>(
    curve: &InformationCurve<F>,
    schedule: &Schedule,
) -> Result<CurveAudit<F>> {
    let error = curve.sampling_error(schedule)?;
    let (best, least_error) = optimal::schedule(curve, schedule.steps())?;
    // By rounding, the search may just miss the optimum, and this schedule may be the optimum.
    let (best, least_error) =
        if error < least_error { (schedule.clone(), error) } else { (best, least_error) };
    let steps = curve.step_costs(schedule)?;
    let reversed = Schedule::from_mask_sizes(schedule.sizes())?;
    let best_exchange = best_exchange(curve, &steps).filter(|exchange| {
        // Smaller savings may be rounding.
        exchange.saved > error * F::tolerance()
    });
    Ok(CurveAudit {
        schedule: schedule.audit(),
        error,
        error_reversed: curve.sampling_error(&reversed)?,
        least_error,
        best,
        steps,
        best_exchange,
    })
}

/// The exchange that saves most, or loses least, if there are two steps. O(L).
fn best_exchange<F: Scalar>(
    curve: &InformationCurve<F>,
    steps: &[StepCost<F>],
) -> Option<Exchange<F>> {
    let mut elsewhere = steps.first()?;
    for step in steps {
        if step.saved_by_cut > elsewhere.saved_by_cut {
            elsewhere = step;
        }
    }
    let mut best: Option<Exchange<F>> = None;
    for pair in steps.windows(2) {
        let [first, second] = pair else { continue };
        let Some(lost) = first.lost_by_joining else { continue };
        // If `elsewhere` is one of the two steps that are joined, its saving no longer applies as
        // it is. But any cut saves at least as much in the joined step, so `inside` wins then.
        let (inside, inside_at, _) = curve.best_cut(first.range.start..second.range.end);
        for (saved, cut_at) in [(inside, inside_at), (elsewhere.saved_by_cut, elsewhere.cut)] {
            let exchange = Exchange { joined_at: first.range.end, cut_at, saved: saved - lost };
            if best.is_none_or(|best| exchange.saved > best.saved) {
                best = Some(exchange);
            }
        }
    }
    best
}

/// The audit of the schedule, the errors in both orientations, and the three steps that waste most if
/// moving a cut would help.
impl<F: Scalar> fmt::Display for CurveAudit<F> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.schedule.write_facts(f)?;
        write!(
            f,
            "\nsampling error {:.4}; the same sizes from the other end {:.4}; least for as many steps {:.4}",
            self.error, self.error_reversed, self.least_error
        )?;
        if self.looks_reversed() {
            write!(
                f,
                "\nreversed? from the other end they cost less: check whether the list is in sampling order"
            )?;
        }
        let Some(exchange) = self.best_exchange else {
            return write!(f, "\nnothing to gain by moving a cut");
        };
        for step in self.most_wasteful().into_iter().take(3) {
            let cost = &self.steps[step];
            if cost.saved_by_cut.0 > F::zero() {
                write!(
                    f,
                    "\nstep {} (tokens {} to {}) costs {:.4}; cut at {}, it would cost {:.4} less",
                    step + 1,
                    cost.range.start + 1,
                    cost.range.end,
                    cost.error,
                    cost.cut,
                    cost.saved_by_cut
                )?;
            }
        }
        write!(
            f,
            "\nwith as many steps: the cut at {} moved to {} saves {:.4}",
            exchange.joined_at, exchange.cut_at, exchange.saved
        )
    }
}
