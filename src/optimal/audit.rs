use core::fmt;

use crate::curve::{InformationCurve, StepCost};
use crate::error::Result;
use crate::optimal;
use crate::scalar::Scalar;
use crate::schedule::{Schedule, ScheduleAudit};
use crate::units::Nats;

/// A schedule looked over in the light of a curve: [`audit`].
#[derive(Debug, Clone, PartialEq)]
pub struct CurveAudit<F = f64> {
    /// What can be said without the curve.
    pub schedule: ScheduleAudit,
    /// The exact sampling error.
    pub error: Nats<F>,
    /// The least error of as many steps.
    pub least_error: Nats<F>,
    /// The schedule that has it.
    pub best: Schedule,
    /// The steps in sampling order: what each costs, saves if cut, loses if joined with the next.
    pub steps: Vec<StepCost<F>>,
}

impl<F: Scalar> CurveAudit<F> {
    /// Indices of the steps that waste most: by what cutting them in two would save, largest first.
    /// Ties go to the earlier step.
    #[must_use]
    pub fn most_wasteful(&self) -> Vec<usize> {
        let mut order: Vec<usize> = (0..self.steps.len()).collect();
        let saved = |step: usize| self.steps[step].saved_by_cut;
        order.sort_by(|&a, &b| {
            saved(b).partial_cmp(&saved(a)).unwrap_or(core::cmp::Ordering::Equal)
        });
        order
    }
}

/// Looks a schedule over on a curve: its error, the least error of as many steps, and which steps
/// waste most. O(L).
///
/// # Errors
/// [`TokensDiffer`](crate::Error::TokensDiffer) if the schedule reveals another number of tokens.
///
/// ```
/// use demask::{InformationCurve, Schedule, optimal};
/// let entropies: Vec<f64> = (0..16).map(|k| f64::from(16 - k).ln()).collect();
/// let curve = InformationCurve::from_conditional_entropies(entropies)?;
/// let audit = optimal::audit(&curve, &Schedule::balanced(16, 4)?)?;
/// assert_eq!(audit.best.sizes(), [6, 5, 3, 2]);
/// assert!(audit.error > audit.least_error);
/// assert_eq!(audit.most_wasteful()[0], 3); // the last permuted symbols are the most certain
/// println!("{audit}");
/// # Ok::<(), demask::Error>(())
/// ```
pub fn audit<F: Scalar>(curve: &InformationCurve<F>, schedule: &Schedule) -> Result<CurveAudit<F>> {
    let error = curve.sampling_error(schedule)?;
    let (best, least_error) = optimal::schedule(curve, schedule.steps())?;
    let steps = curve.step_costs(schedule)?;
    Ok(CurveAudit { schedule: schedule.audit(), error, least_error, best, steps })
}

/// The audit of the schedule, the errors, and the three steps that waste most.
impl<F: Scalar> fmt::Display for CurveAudit<F> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "{}\nsampling error {:.4}, least for {} steps {:.4}",
            self.schedule, self.error, self.schedule.steps, self.least_error
        )?;
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
        Ok(())
    }
}
