use crate::curve::InformationCurve;
use crate::error::{Error, Result};
use crate::estimate::{Estimate, Spread};
use crate::measured::{LossPosterior, MeasuredLosses, Verdict, schedule_for_losses};
use crate::numeric::scalar::{self, Scalar};
use crate::optimal::{Optimum, fewest_steps, frontier, schedule};
use crate::schedule::Schedule;
use crate::units::Nats;

/// The level at which losses that rise are taken to rise in truth.
const RISES: f64 = 0.99;

/// Losses that rise in truth take O(T L^2) to choose by: up to here that is a second or two.
const MOST_TOKENS_THAT_RISE: usize = 1024;

/// Chooses schedules by one sample of measured losses and judges them by another.
///
/// A schedule that is best for noisy losses is best for their noise too, so these losses make it look
/// cheaper than it is. A second, independent sample has no part in the choice, so its
/// [estimate](Estimate) is as good for the schedule chosen as for any other, and so is its standard
/// error: right on average if every count is measured, and otherwise for the straight lines between the
/// measured counts. Where the losses may be off the lines,
/// [`measured::any_fall::cost_interval`](crate::measured::any_fall::cost_interval) tells how much that matters.
///
/// Schedules are chosen by the [posterior mean](LossPosterior) of the first sample, made monotone, and judged by the
/// second as measured. Give each sample half of the evaluations, or choose by a small model or an
/// early sample. For sizes to use, take the [advice](Self::advise): it is the balanced sizes unless others are shown to be
/// better.
///
/// If the losses rise by more than [noise](crate::measured::LossCurve::monotonicity), the model itself is worse with more
/// tokens revealed, and a monotone curve is that of another model. [`schedule_as_measured`](Self::schedule_as_measured)
/// chooses without making it monotone; it is slower.
///
/// ```
/// use unmaskcost::{Nats, measured::{LossCurve, LossPoint, Planner}};
/// let sample = |losses: [f64; 4]| {
///     let point = |(revealed, loss)| LossPoint {
///         revealed,
///         loss: Nats(loss),
///         standard_error: Nats(0.01),
///         samples: Some(1000),
///     };
///     LossCurve::from_points(losses.into_iter().enumerate().map(point).collect::<Vec<_>>(), 4)
/// };
/// let first = sample([3.0, 2.0, 1.9, 1.5])?;
/// let second = sample([3.1, 2.0, 1.7, 1.6])?;
/// let planner = Planner::new(&first, second)?;
/// let choice = planner.schedule(2)?;
/// assert_eq!(choice.schedule.sizes(), [1, 3]);
/// assert!((choice.apparent.0 - 0.6).abs() < 0.05); // by the losses that chose it
/// assert!((choice.judged.value().0 - 0.7).abs() < 1e-12); // by the others
/// # Ok::<(), unmaskcost::Error>(())
/// ```
#[derive(Debug, Clone, PartialEq)]
pub struct Planner<F = f64> {
    select: Sample<F>,
    evaluate: Sample<F>,
    /// Both samples together; `None` if they cannot be put together.
    pooled: Option<Fitted<F>>,
    rises: bool,
}

/// Losses, and what they say of the curve.
#[derive(Debug, Clone, PartialEq)]
struct Sample<F> {
    losses: MeasuredLosses<F>,
    fitted: Fitted<F>,
}

/// What schedules are chosen by.
#[derive(Debug, Clone, PartialEq)]
struct Fitted<F> {
    posterior: LossPosterior<F>,
    curve: InformationCurve<F>,
}

/// A schedule, with what it seems to cost and what it was judged to cost.
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
pub struct Choice<F = f64> {
    /// The schedule chosen.
    pub schedule: Schedule,
    /// Its cost by the losses that chose it: too small, on average.
    pub apparent: Nats<F>,
    /// Its cost by the other losses, with its standard error: right on average for the straight lines
    /// between the measured counts, so exactly that if every count is measured.
    pub judged: Estimate<F>,
}

/// Which sizes to use, and how sure it is that they are better than equal ones.
///
/// Sizes are chosen by each of the two samples and judged by the other one; the estimates are the means of both. Sizes
/// chosen by both samples together should do no worse.
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
pub struct Advice<F = f64> {
    /// The sizes to use: the [best](Self::best) if it is at least [likely](Verdict::Likely) that choosing helps, else the
    /// [balanced](Self::balanced) ones.
    pub schedule: Schedule,
    /// The best sizes by both samples together.
    pub best: Schedule,
    /// Equal sizes.
    pub balanced: Schedule,
    /// What the sizes to use cost against one token per step: of the balanced sizes if these are used, else of the sizes
    /// chosen by the other sample.
    pub cost: Estimate<F>,
    /// What sizes chosen by the other sample save against balanced ones, if the losses lie on a smooth curve: below zero
    /// if they cost more.
    pub saved: Estimate<F>,
    /// What the saving shows.
    pub verdict: Verdict,
    /// How many times as many evaluations would make the saving certain, if it stays the same and its error
    /// falls like one over the square root of their number: at most 1 if it is certain, infinite if it is zero.
    #[cfg_attr(feature = "serde", serde(with = "crate::numeric::words"))]
    pub evaluations_needed: f64,
}

impl<F: Scalar> Advice<F> {
    /// Whether the sizes to use are the best ones found, and not the balanced ones.
    #[must_use]
    pub fn adapts(&self) -> bool {
        self.saved.value().0 > F::zero() && self.verdict != Verdict::Noise
    }
}

impl<F: Scalar> Fitted<F> {
    fn new(posterior: LossPosterior<F>) -> Result<Self> {
        let curve = posterior.information_curve()?;
        Ok(Self { posterior, curve })
    }

    /// The best sizes; without making the curve monotone, if that is asked for.
    fn best(&self, steps: usize, as_measured: bool) -> Result<Schedule> {
        Ok(match as_measured {
            true => schedule_for_losses(self.posterior.mean(), steps)?.plan,
            false => schedule(&self.curve, steps)?.0,
        })
    }
}

impl<F: Scalar> Sample<F> {
    fn new(losses: MeasuredLosses<F>) -> Result<Self> {
        let fitted = Fitted::new(losses.posterior()?)?;
        Ok(Self { losses, fitted })
    }

    fn cost(&self, schedule: &Schedule) -> Result<Estimate<F>> {
        self.losses.parallelism_cost(schedule)
    }

    /// How much more the first schedule costs: from the sequences themselves if each was measured at many counts,
    /// else from the posterior, whose error is smaller than that of the straight lines.
    fn difference(&self, schedule: &Schedule, baseline: &Schedule) -> Result<Estimate<F>> {
        match &self.losses {
            MeasuredLosses::Nested(nested) => nested.cost_difference(schedule, baseline),
            _ => self.fitted.posterior.cost_difference(schedule, baseline),
        }
    }
}

impl<F: Scalar> Planner<F> {
    /// A planner that chooses by `select` and judges by `evaluate`, losses of any kind: a [`LossCurve`](crate::measured::LossCurve), or what
    /// [`MeasuredLosses`] holds. O(L + losses).
    ///
    /// The two must come from different sequences. If they are the same, costs look smaller than they are; the
    /// [advice](Self::advise) then chooses by every other count and judges by the rest.
    ///
    /// # Errors
    /// As [`LossCurve::posterior`](crate::measured::LossCurve::posterior), for both; [`LengthMismatch`](Error::LengthMismatch) for
    /// other sequence lengths.
    ///
    /// ```
    /// use unmaskcost::measured::{NestedLosses, Planner, SequenceLosses};
    /// use unmaskcost::Nats;
    /// let sequence = |i: usize| {
    ///     let loss = |k: usize| 2.0 + 0.1 * (i % 5) as f64 + 1.0 / (1.0 + k as f64) + 0.02 * ((i * k) % 3) as f64;
    ///     SequenceLosses::new((0..16).map(|k| (k, Nats(loss(k)))).collect::<Vec<_>>())
    /// };
    /// let nested = NestedLosses::from_sequences((0..40).map(sequence).collect::<Vec<_>>(), 16)?;
    /// let (select, evaluate) = nested.halves()?;
    /// let planner = Planner::new(select, evaluate)?;
    /// let advice = planner.advise(4)?;
    /// assert!(advice.adapts() && advice.schedule.sizes()[0] < 4);
    /// # Ok::<(), unmaskcost::Error>(())
    /// ```
    pub fn new(
        select: impl Into<MeasuredLosses<F>>,
        evaluate: impl Into<MeasuredLosses<F>>,
    ) -> Result<Self> {
        let (select, evaluate) = (select.into(), evaluate.into());
        let rises = select.loss_curve().map(|curve| curve.monotonicity().rejects(RISES));
        let rises = rises.transpose()?.unwrap_or(false);
        let (select, evaluate) = (Sample::new(select)?, Sample::new(evaluate)?);
        let tokens = |sample: &Sample<F>| sample.fitted.curve.tokens();
        let (expected, found) = (tokens(&select), tokens(&evaluate));
        if expected != found {
            let what = "the losses that judge";
            return Err(Error::LengthMismatch { what, found, expected });
        }
        let pooled = match select == evaluate {
            true => None,
            false => select.fitted.posterior.pooled(&evaluate.fitted.posterior).ok(),
        };
        let pooled = pooled.map(Fitted::new).transpose()?;
        Ok(Self { select, evaluate, pooled, rises })
    }

    /// The number of tokens.
    #[must_use]
    pub fn tokens(&self) -> usize {
        self.select.fitted.curve.tokens()
    }

    /// What the first sample says of the losses.
    #[must_use]
    pub fn select(&self) -> &LossPosterior<F> {
        &self.select.fitted.posterior
    }

    /// The information curve that the choices are best for.
    #[must_use]
    pub fn curve(&self) -> &InformationCurve<F> {
        &self.select.fitted.curve
    }

    /// Whether the losses of the first sample rise by more than noise explains, so that [`advise`](Self::advise)
    /// chooses by the losses as measured. Judged at the level 99 %, and only up to 1024 tokens.
    #[must_use]
    pub fn chooses_as_measured(&self) -> bool {
        self.rises && self.curve().tokens() <= MOST_TOKENS_THAT_RISE
    }

    /// Judges a schedule, however it was found.
    ///
    /// # Errors
    /// As [`LossCurve::parallelism_cost`](crate::measured::LossCurve::parallelism_cost).
    pub fn judge(&self, schedule: Schedule) -> Result<Choice<F>> {
        let apparent = self.curve().sampling_error(&schedule)?;
        let judged = self.evaluate.cost(&schedule)?;
        Ok(Choice { schedule, apparent, judged })
    }

    /// Which sizes to use for exactly `steps` steps: the best ones if choosing is shown to help, else the balanced ones.
    ///
    /// # Errors
    /// [`StepsOutOfRange`](Error::StepsOutOfRange); as [`judge`](Self::judge).
    ///
    /// ```
    /// use unmaskcost::{Nats, measured::{LossCurve, LossPoint, Planner, Verdict}};
    /// let sample = |noise: [f64; 3], curve: fn(f64) -> f64| {
    ///     let point = |k: usize| LossPoint {
    ///         revealed: k,
    ///         loss: Nats(curve(k as f64) + noise[k % 3]),
    ///         standard_error: Nats(0.02),
    ///         samples: Some(100),
    ///     };
    ///     LossCurve::from_points((0..32).map(point).collect::<Vec<_>>(), 32)
    /// };
    /// let noise = [[0.02, -0.02, 0.01], [-0.03, 0.02, 0.01]];
    /// // Losses that fall fast at the start: sizes matter.
    /// let steep = |k: f64| 1.0 + 2.0 / (1.0 + k);
    /// let advice = Planner::new(&sample(noise[0], steep)?, sample(noise[1], steep)?)?.advise(4)?;
    /// assert!(advice.adapts() && advice.verdict == Verdict::Certain);
    /// assert!(advice.schedule.sizes()[0] < 4 && advice.saved.value() > Nats(5.0));
    /// // On a straight line no sizes are better than equal ones.
    /// let line = |k: f64| 3.0 - k / 16.0;
    /// let advice = Planner::new(&sample(noise[0], line)?, sample(noise[1], line)?)?.advise(4)?;
    /// assert_eq!(advice.schedule.sizes(), [8, 8, 8, 8]);
    /// # Ok::<(), unmaskcost::Error>(())
    /// ```
    pub fn advise(&self, steps: usize) -> Result<Advice<F>> {
        let as_measured = self.chooses_as_measured();
        let balanced = Schedule::balanced(self.curve().tokens(), steps)?;
        let by_select = self.select.fitted.best(steps, as_measured)?;
        let best = match &self.pooled {
            Some(pooled) => pooled.best(steps, as_measured)?,
            None => by_select.clone(),
        };
        let mut saved = match self.by_alternate_counts(&balanced, as_measured)? {
            Some(saved) => saved,
            None => self.evaluate.difference(&balanced, &by_select)?,
        };
        let mut costs = [&balanced, &by_select].map(|schedule| self.evaluate.cost(schedule));
        if self.select != self.evaluate {
            let by_evaluate = self.evaluate.fitted.best(steps, as_measured)?;
            saved = mean(saved, self.select.difference(&balanced, &by_evaluate)?);
            let others = [&balanced, &by_evaluate].map(|schedule| self.select.cost(schedule));
            for (cost, other) in costs.iter_mut().zip(others) {
                *cost = Ok(mean(cost.clone()?, other?));
            }
        }
        let [cost_of_balanced, cost_of_best] = costs;
        let verdict = Verdict::of(saved)?;
        let mut advice = Advice {
            schedule: balanced.clone(),
            best,
            balanced,
            cost: cost_of_balanced?,
            saved,
            verdict,
            evaluations_needed: Verdict::evaluations_needed(saved)?,
        };
        if advice.adapts() {
            advice.schedule = advice.best.clone();
            advice.cost = cost_of_best?;
        }
        Ok(advice)
    }

    /// What choosing saves, where one sample must serve for both: schedules are chosen by every other count and
    /// judged by the rest.
    fn by_alternate_counts(
        &self,
        balanced: &Schedule,
        as_measured: bool,
    ) -> Result<Option<Estimate<F>>> {
        if self.select != self.evaluate {
            return Ok(None);
        }
        let Some((one, other)) = self.select().by_alternate_counts()? else { return Ok(None) };
        let (one, other) = (Fitted::new(one)?, Fitted::new(other)?);
        let saved = |chooser: &Fitted<F>, judge: &Fitted<F>| {
            let best = chooser.best(balanced.steps(), as_measured)?;
            judge.posterior.cost_difference(balanced, &best)
        };
        Ok(Some(mean(saved(&one, &other)?, saved(&other, &one)?)))
    }

    /// The best schedule of exactly `steps` steps: [`optimal::schedule`](schedule()).
    ///
    /// # Errors
    /// [`StepsOutOfRange`](Error::StepsOutOfRange); as [`judge`](Self::judge).
    pub fn schedule(&self, steps: usize) -> Result<Choice<F>> {
        self.judge(schedule(self.curve(), steps)?.0)
    }

    /// The best schedule of exactly `steps` steps for the [posterior mean](LossPosterior::mean) of the first losses as it
    /// is, not made monotone: [`schedule_for_losses`]. Its apparent cost is by that mean. Where nothing rises, it
    /// is as good as [`schedule`](Self::schedule). O(T L^2).
    ///
    /// # Errors
    /// As [`schedule_for_losses`]; as [`judge`](Self::judge).
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
        let Optimum { plan: schedule, error: apparent } =
            schedule_for_losses(self.select().mean(), steps)?;
        let judged = self.evaluate.cost(&schedule)?;
        Ok(Choice { schedule, apparent, judged })
    }

    /// The schedule of fewest steps whose apparent cost is at most `tolerance`:
    /// [`optimal::fewest_steps`](fewest_steps()). Its judged cost may be more.
    ///
    /// # Errors
    /// As [`optimal::fewest_steps`](fewest_steps()) and [`judge`](Self::judge).
    pub fn fewest_steps(&self, tolerance: Nats<F>) -> Result<Choice<F>> {
        self.judge(fewest_steps(self.curve(), tolerance)?.0)
    }

    /// The least apparent cost for 1, 2, .., `max_steps` steps:
    /// [`optimal::frontier`](frontier()). For what these schedules cost, judge them one by one.
    ///
    /// # Errors
    /// [`StepsOutOfRange`](Error::StepsOutOfRange).
    pub fn frontier(&self, max_steps: usize) -> Result<Vec<Nats<F>>> {
        frontier(self.curve(), max_steps)
    }
}

/// The mean of two independent estimates.
fn mean<F: Scalar>(one: Estimate<F>, other: Estimate<F>) -> Estimate<F> {
    let half: F = scalar::constant(0.5);
    let mut spread = Spread::of(one).plus(Spread::of(other));
    spread.standard_error = half * spread.standard_error;
    spread.around(Nats(half * one.value().0 + half * other.value().0))
}
