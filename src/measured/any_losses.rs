use crate::error::Result;
use crate::estimate::Estimate;
use crate::measured::{LossCurve, LossPosterior, NestedLosses};
use crate::numeric::scalar::Scalar;
use crate::schedule::Schedule;

/// Measured losses of any kind: what a file of losses may hold, and what a [`Planner`](crate::measured::Planner) takes.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub enum MeasuredLosses<F = f64> {
    /// Sequences that were each measured at one count, at least two of them at every count; or
    /// means with errors.
    Curve(LossCurve<F>),
    /// Single evaluations at counts of their own.
    Posterior(LossPosterior<F>),
    /// Sequences that were each measured at many counts.
    Nested(NestedLosses<F>),
}

impl<F: Scalar> MeasuredLosses<F> {
    /// L, the number of tokens of a sequence.
    #[must_use]
    pub fn tokens(&self) -> usize {
        match self {
            Self::Curve(losses) => losses.tokens(),
            Self::Posterior(losses) => losses.tokens(),
            Self::Nested(losses) => losses.tokens(),
        }
    }

    /// What a schedule costs against one token per step.
    ///
    /// # Errors
    /// As [`LossCurve::parallelism_cost`].
    pub fn parallelism_cost(&self, schedule: &Schedule) -> Result<Estimate<F>> {
        match self {
            Self::Curve(losses) => losses.parallelism_cost(schedule),
            Self::Posterior(losses) => losses.parallelism_cost(schedule),
            Self::Nested(losses) => losses.parallelism_cost(schedule),
        }
    }

    /// How much `schedule` costs beyond `baseline`.
    ///
    /// # Errors
    /// As [`LossCurve::cost_difference`].
    pub fn cost_difference(&self, schedule: &Schedule, baseline: &Schedule) -> Result<Estimate<F>> {
        match self {
            Self::Curve(losses) => losses.cost_difference(schedule, baseline),
            Self::Posterior(losses) => losses.cost_difference(schedule, baseline),
            Self::Nested(losses) => losses.cost_difference(schedule, baseline),
        }
    }

    /// The mean negative log-likelihood of the data under the sampler with this schedule.
    ///
    /// # Errors
    /// As [`LossCurve::negative_log_likelihood`].
    pub fn negative_log_likelihood(&self, schedule: &Schedule) -> Result<Estimate<F>> {
        match self {
            Self::Curve(losses) => losses.negative_log_likelihood(schedule),
            Self::Posterior(losses) => losses.negative_log_likelihood(schedule),
            Self::Nested(losses) => losses.negative_log_likelihood(schedule),
        }
    }

    /// What the measured losses say of the losses at all counts: see [`LossPosterior`].
    ///
    /// For sequences at many counts, the errors of the means are taken as independent. This smooths a little too much:
    /// what makes a sequence hard at all counts is not noise of single counts.
    ///
    /// # Errors
    /// As [`LossCurve::posterior`].
    pub fn posterior(&self) -> Result<LossPosterior<F>> {
        match self {
            Self::Curve(losses) => losses.posterior(),
            Self::Posterior(losses) => Ok(losses.clone()),
            Self::Nested(losses) => losses.loss_curve().posterior(),
        }
    }

    /// The mean at each count, where there are several losses at it: for [`any_fall`](crate::measured::any_fall) and
    /// [`monotonicity`](LossCurve::monotonicity).
    #[must_use]
    pub fn loss_curve(&self) -> Option<&LossCurve<F>> {
        match self {
            Self::Curve(losses) => Some(losses),
            Self::Posterior(_) => None,
            Self::Nested(losses) => Some(losses.loss_curve()),
        }
    }

    /// The same losses, taken as constant beyond the measured counts: [`LossCurve::holding_ends`]. A posterior extends
    /// beyond them by itself, and stays as it is.
    #[must_use]
    pub fn holding_ends(self) -> Self {
        match self {
            Self::Curve(losses) => Self::Curve(losses.holding_ends()),
            Self::Posterior(losses) => Self::Posterior(losses),
            Self::Nested(losses) => Self::Nested(losses.holding_ends()),
        }
    }
}

impl<F> From<LossCurve<F>> for MeasuredLosses<F> {
    fn from(losses: LossCurve<F>) -> Self {
        Self::Curve(losses)
    }
}

impl<F: Clone> From<&LossCurve<F>> for MeasuredLosses<F> {
    fn from(losses: &LossCurve<F>) -> Self {
        Self::Curve(losses.clone())
    }
}

impl<F> From<LossPosterior<F>> for MeasuredLosses<F> {
    fn from(losses: LossPosterior<F>) -> Self {
        Self::Posterior(losses)
    }
}

impl<F> From<NestedLosses<F>> for MeasuredLosses<F> {
    fn from(losses: NestedLosses<F>) -> Self {
        Self::Nested(losses)
    }
}
