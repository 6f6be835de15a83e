use crate::curve::InformationCurve;
use crate::error::Result;
use crate::estimate::Estimate;
use crate::measured::schedule_for_losses;
use crate::measured::{LossCurve, MonotoneLosses};
use crate::numeric::scalar::Scalar;
use crate::optimal::{Optimum, fewest_steps, frontier, schedule};
use crate::schedule::Schedule;
use crate::units::Nats;

/// Chooses schedules by one sample of measured losses and judges them by another.
///
/// A schedule that is best for noisy losses is best for their noise too, so these losses make it look
/// cheaper than it is. A second, independent sample has no part in the choice, so its
/// [estimate](Estimate) is as good for the schedule chosen as for any other, and so is its standard
/// error: right on average if every count is measured, and otherwise for the straight lines between the
/// measured counts. Where the losses may be off the lines,
/// [`measured::any_fall::cost_interval`](crate::measured::any_fall::cost_interval) tells how much that matters.
///
/// Schedules are chosen by the [monotone projection](MonotoneLosses) of the first sample, and judged by the
/// second as measured. Give each sample half of the evaluations, or choose by a small model or an
/// early sample.
///
/// If the losses rise by more than [noise](MonotoneLosses::test), the model itself is worse with more
/// tokens revealed, and its projection is another model. [`schedule_as_measured`](Self::schedule_as_measured)
/// chooses by the losses as they are; it is slower.
///
/// ```
/// use unmaskcost::{Nats, measured::{LossCurve, LossPoint, Planner}};
/// let sample = |losses: [f64; 4]| {
///     let point = |(revealed, loss)| LossPoint {
///         revealed,
///         loss: Nats(loss),
///         standard_error: Nats(0.1),
///         samples: Some(100),
///     };
///     LossCurve::from_points(losses.into_iter().enumerate().map(point).collect::<Vec<_>>(), 4)
/// };
/// let first = sample([3.0, 2.0, 1.9, 1.5])?;
/// let second = sample([3.1, 2.0, 1.7, 1.6])?;
/// let planner = Planner::new(&first, second)?;
/// let choice = planner.schedule(2)?;
/// assert_eq!(choice.schedule.sizes(), [1, 3]);
/// assert!((choice.apparent.0 - 0.6).abs() < 1e-12); // by the losses that chose it
/// assert!((choice.judged.value().0 - 0.7).abs() < 1e-12); // by the others
/// # Ok::<(), unmaskcost::Error>(())
/// ```
#[derive(Debug, Clone, PartialEq)]
pub struct Planner<F = f64> {
    monotone: MonotoneLosses<F>,
    curve: InformationCurve<F>,
    judge: LossCurve<F>,
}

/// A schedule, with what it seems to cost and what it was judged to cost.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub struct Choice<F = f64> {
    /// The schedule chosen.
    pub schedule: Schedule,
    /// Its cost by the losses that chose it: too small, on average.
    pub apparent: Nats<F>,
    /// Its cost by the other losses, with its standard error: right on average for the straight lines
    /// between the measured counts, so exactly that if every count is measured.
    pub judged: Estimate<F>,
}

impl<F: Scalar> Planner<F> {
    /// Chooses by `select`, judges by `evaluate`. O(L).
    ///
    /// # Errors
    /// As [`LossCurve::isotonic`] and [`MonotoneLosses::information_curve`].
    pub fn new(select: &LossCurve<F>, evaluate: LossCurve<F>) -> Result<Self> {
        let monotone = select.isotonic()?;
        let curve = monotone.information_curve()?;
        Ok(Self { monotone, curve, judge: evaluate })
    }

    /// The losses that choose, with what their projection moved.
    #[must_use]
    pub fn select(&self) -> &MonotoneLosses<F> {
        &self.monotone
    }

    /// The information curve that the choices are best for.
    #[must_use]
    pub fn curve(&self) -> &InformationCurve<F> {
        &self.curve
    }

    /// Judges a schedule, however it was found.
    ///
    /// # Errors
    /// As [`LossCurve::parallelism_cost`].
    pub fn judge(&self, schedule: Schedule) -> Result<Choice<F>> {
        let apparent = self.curve.sampling_error(&schedule)?;
        let judged = self.judge.parallelism_cost(&schedule)?;
        Ok(Choice { schedule, apparent, judged })
    }

    /// The best schedule of exactly `steps` steps: [`optimal::schedule`](schedule()).
    ///
    /// # Errors
    /// [`StepsOutOfRange`](crate::Error::StepsOutOfRange); as [`judge`](Self::judge).
    pub fn schedule(&self, steps: usize) -> Result<Choice<F>> {
        self.judge(schedule(&self.curve, steps)?.0)
    }

    /// The best schedule of exactly `steps` steps for the first losses as measured, without the
    /// projection: [`schedule_for_losses`]. Its apparent cost is by these losses. Where nothing rises, it
    /// is as good as [`schedule`](Self::schedule). O(T L^2).
    ///
    /// # Errors
    /// As [`schedule_for_losses`] and [`LossCurve::at_all_counts`]; as [`judge`](Self::judge).
    ///
    /// ```
    /// use unmaskcost::{Nats, measured::{LossCurve, Planner}};
    /// // This model really is worse with three tokens revealed than with two.
    /// let losses = LossCurve::from_exact([3.0_f64, 2.0, 1.0, 2.5, 0.5])?;
    /// let planner = Planner::new(&losses, losses.clone())?;
    /// let (projected, measured) = (planner.schedule(2)?, planner.schedule_as_measured(2)?);
    /// assert_eq!((projected.schedule.sizes(), measured.schedule.sizes()), (&[1, 4][..], &[2, 3][..]));
    /// assert_eq!((projected.judged.value(), measured.judged.value()), (Nats(2.0), Nats(0.0)));
    /// # Ok::<(), unmaskcost::Error>(())
    /// ```
    pub fn schedule_as_measured(&self, steps: usize) -> Result<Choice<F>> {
        let losses = self.monotone.measured().at_all_counts()?;
        let Optimum { plan: schedule, error: apparent } = schedule_for_losses(&losses, steps)?;
        let judged = self.judge.parallelism_cost(&schedule)?;
        Ok(Choice { schedule, apparent, judged })
    }

    /// The schedule of fewest steps whose apparent cost is at most `tolerance`:
    /// [`optimal::fewest_steps`](fewest_steps()). Its judged cost may be more.
    ///
    /// # Errors
    /// As [`optimal::fewest_steps`](fewest_steps()) and [`judge`](Self::judge).
    pub fn fewest_steps(&self, tolerance: Nats<F>) -> Result<Choice<F>> {
        self.judge(fewest_steps(&self.curve, tolerance)?.0)
    }

    /// The least apparent cost for 1, 2, .., `max_steps` steps:
    /// [`optimal::frontier`](frontier()). For what these schedules cost, judge them one by one.
    ///
    /// # Errors
    /// [`StepsOutOfRange`](crate::Error::StepsOutOfRange).
    pub fn frontier(&self, max_steps: usize) -> Result<Vec<Nats<F>>> {
        frontier(&self.curve, max_steps)
    }
}
