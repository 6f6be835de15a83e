//! The posterior distribution of a loss curve, given measurements with errors: what to choose schedules by.

mod band;
mod coordinate;
mod noise;
mod spline;
mod variances;

use crate::curve::InformationCurve;
use crate::error::{Error, Result, check_limit};
use crate::estimate::Estimate;
use crate::measured::losses::{LossCurve, LossPoint};
use crate::measured::verdict;
use crate::numeric::isotonic;
use crate::numeric::scalar::{self, Scalar};
use crate::schedule::Schedule;
use crate::units::Nats;
use coordinate::Coordinate;
use noise::Noise;
use spline::{Functional, Moments, Smoothed, Spline};

/// The largest number of measured counts: some seconds.
const MAX_COUNTS: usize = 1 << 16;

/// The fewest counts whose halves still determine a curve.
const LEAST_TO_SPLIT: usize = 8;

/// Fits of a smaller share of the posterior are left out.
const LEAST_SHARE: f64 = 1e-6;

/// What a curve may deviate from the straight line between its ends, as powers of two of the range of the losses.
const DEVIATIONS: core::ops::RangeInclusive<i32> = -10..=4;

/// What measured losses say of the losses at all counts, if these lie on a smooth curve: its mean, and how sure each cost
/// is, also between the measured counts.
///
/// The cost of a schedule is linear in the losses. So the best choice under uncertainty is the schedule that is best for
/// the *mean* of the curve given the measurements. The [isotonic](LossCurve::isotonic) fit is not that mean: it has a
/// jump wherever noise was low by chance, and an optimiser cuts at jumps.
///
/// # Formula
/// ```text
/// losses l_k = f(x_k),   f'' white noise of variance t in the coordinate x, the straight line in f anything
/// x one of   k,   ln(k + 1),   -ln(L - k),   ln((k + 1) / (L - k))
/// measured = l_k + errors with the variances of the measured means
/// the mean over all x and t with weights proportional to their likelihood, times 1 / (1 + t / (48 r^2)), r the range of the losses
/// ```
/// For one `x` and `t`, the mean is the cubic smoothing spline, and the likelihood is the restricted one. Sources: Wahba,
/// *J. Royal Statistical Society B* 45 (1983), who shows that such intervals cover well on average over the curve; Green &
/// Silverman, *Nonparametric Regression and Generalized Linear Models* (1994).
///
/// # Errors of the measurements
/// An error with a number of samples is an estimate. Where samples are few, counts lend each other their spread, in
/// proportion to `a + b / (L - k)`: a loss is a mean over `L - k` masked tokens. So two equal losses at one count do
/// not pass for an exact one. Losses without a number of samples have the error that they come with.
///
/// ```
/// use unmaskcost::{Nats, Schedule, measured::{LossCurve, LossPoint}};
/// let point = |revealed, loss| LossPoint {
///     revealed,
///     loss: Nats(loss),
///     standard_error: Nats(0.05_f64),
///     samples: Some(200),
/// };
/// let points = [(0, 3.0), (1, 2.78), (2, 2.83), (4, 2.4), (7, 2.1), (11, 1.75), (15, 1.4)];
/// let losses = LossCurve::from_points(points.map(|(k, loss)| point(k, loss)), 16)?;
/// let posterior = losses.posterior()?;
/// let (balanced, small_first) = (Schedule::balanced(16, 4)?, Schedule::from_reveal_sizes([1, 3, 5, 7])?);
/// let cost = posterior.parallelism_cost(&balanced)?;
/// assert!(cost.interval(0.95)?.contains(Nats(2.4))); // 0.1 a token, straight on
/// assert!(posterior.probability_cheaper(&balanced, &small_first)? > 0.99);
/// # Ok::<(), unmaskcost::Error>(())
/// ```
///
/// It is not stored: with the feature `serde`, store the [`LossCurve`](crate::measured::LossCurve) or its points, which
/// give the same fit again.
#[derive(Debug, Clone, PartialEq)]
pub struct LossPosterior<F = f64> {
    tokens: usize,
    /// Beyond these counts, losses are held constant.
    held: Option<(usize, usize)>,
    points: Vec<LossPoint<F>>,
    noise: Noise,
    degrees_of_freedom: f64,
    fits: Vec<Fit>,
    mean: Vec<F>,
}

/// One coordinate, with the variances of the curvature that have a share of the posterior.
#[derive(Debug, Clone, PartialEq)]
struct Fit {
    spline: Spline,
    smoothed: Vec<(f64, Smoothed)>,
}

impl<F: Scalar> LossCurve<F> {
    /// What the measurements say of all losses, measured or not: see [`LossPosterior`]. O(L + points).
    ///
    /// # Errors
    /// [`NotMeasured`](Error::NotMeasured) unless the losses at 0 and at L - 1 were measured, or the ends are
    /// [held](Self::holding_ends): to go beyond the measured counts, take [`LossPosterior::from_points`];
    /// [`TooLarge`](Error::TooLarge) for more than 2^16 points.
    pub fn posterior(&self) -> Result<LossPosterior<F>> {
        self.loss(0)?;
        self.loss(self.tokens() - 1)?;
        let held = self.holds_ends().then(|| self.measured_range());
        LossPosterior::new(self.tokens(), self.points(), held)
    }
}

impl<F: Scalar> LossPosterior<F> {
    /// The posterior from losses in any order, for sequences of `tokens` tokens.
    ///
    /// A count may have a single evaluation: the spread of its neighbours around the curve tells its error. So
    /// evaluations that each draw a count of their own, as for the likelihood of a masked model, are enough. Beyond the
    /// measured counts the curve goes on as smoothly as between them, with errors that grow with the distance.
    ///
    /// # Errors
    /// As [`LossCurve::from_points`], but for a count with one sample; [`TooLarge`](Error::TooLarge) for more than 2^16
    /// counts; [`NotMeasured`](Error::NotMeasured) for a single count.
    ///
    /// ```
    /// use unmaskcost::{Nats, Schedule, measured::{LossPoint, LossPosterior}};
    /// let evaluation = |(revealed, loss)| LossPoint {
    ///     revealed,
    ///     loss: Nats(loss),
    ///     standard_error: Nats(0.0_f64),
    ///     samples: Some(1),
    /// };
    /// let losses = [(1, 2.8), (2, 3.1), (4, 2.5), (5, 2.7), (7, 2.2), (9, 2.1), (11, 1.7), (14, 1.6)];
    /// let posterior = LossPosterior::from_points(losses.map(evaluation), 16)?;
    /// let cost = posterior.parallelism_cost(&Schedule::balanced(16, 4)?)?;
    /// assert!(cost.standard_error() > Nats(0.2) && cost.interval(0.95)?.contains(Nats(2.4)));
    /// # Ok::<(), unmaskcost::Error>(())
    /// ```
    pub fn from_points(points: impl AsRef<[LossPoint<F>]>, tokens: usize) -> Result<Self> {
        let curve = LossCurve::merged(tokens, points.as_ref(), 1)?;
        Self::new(tokens, curve.points(), None)
    }

    /// The posterior of every other count, and that of the rest: two independent samples, if errors at different counts
    /// are independent. `None` if there is no noise, or too few counts.
    pub(crate) fn by_alternate_counts(&self) -> Result<Option<(Self, Self)>> {
        let no_noise = self.noise.variances.iter().all(|&variance| variance == 0.0);
        if no_noise || self.points.len() < LEAST_TO_SPLIT {
            return Ok(None);
        }
        let half = |first: usize| {
            let points: Vec<LossPoint<F>> =
                self.points.iter().skip(first).step_by(2).copied().collect();
            // Held from where the half ends.
            let ends = points.first().zip(points.last());
            let ends = ends.map(|(first, last)| (first.revealed, last.revealed));
            Self::new(self.tokens, &points, self.held.and(ends))
        };
        Ok(Some((half(0)?, half(1)?)))
    }

    /// What the measurements of both say together, as if their samples had been taken together.
    pub(crate) fn pooled(&self, other: &Self) -> Result<Self> {
        let points: Vec<LossPoint<F>> = self.points.iter().chain(&other.points).copied().collect();
        let curve = LossCurve::merged(self.tokens, &points, 1)?;
        let held = match (self.held, other.held) {
            (Some((first, last)), Some((other_first, other_last))) => {
                Some((first.min(other_first), last.max(other_last)))
            }
            _ => None,
        };
        Self::new(self.tokens, curve.points(), held)
    }

    fn new(tokens: usize, points: &[LossPoint<F>], held: Option<(usize, usize)>) -> Result<Self> {
        if let [point] = points
            && held.is_none()
            && tokens > 1
        {
            let (first, last) = (point.revealed, point.revealed);
            let missing = if first == 0 { tokens - 1 } else { 0 };
            return Err(Error::NotMeasured { missing, first, last });
        }
        check_limit("measured counts of a posterior", points.len() as u128, MAX_COUNTS as u128)?;
        let variances = variances::variances(tokens, points);
        let noise = Noise { variances: variances.of_means };
        let counts: Vec<usize> = points.iter().map(|point| point.revealed).collect();
        let losses: Vec<f64> = points.iter().map(|point| scalar::evidence(point.loss.0)).collect();
        let fits = fits(tokens, &counts, &losses, &noise)?;
        let mut posterior = Self {
            tokens,
            held,
            points: points.to_vec(),
            noise,
            degrees_of_freedom: variances.degrees_of_freedom,
            fits,
            mean: Vec::new(),
        };
        posterior.mean = posterior.mean_curve();
        Ok(posterior)
    }

    /// L, the number of tokens of a sequence.
    #[must_use]
    pub fn tokens(&self) -> usize {
        self.tokens
    }

    /// The points that it was made from.
    pub(crate) fn points(&self) -> &[LossPoint<F>] {
        &self.points
    }

    /// The mean of the losses at all counts, `l_0 .. l_{L-1}`, in nats. It may rise where the measured losses do.
    #[must_use]
    pub fn mean(&self) -> &[F] {
        &self.mean
    }

    /// The loss at `revealed` tokens.
    ///
    /// # Errors
    /// [`IndexOutOfRange`](Error::IndexOutOfRange) for a count of L or more.
    pub fn loss(&self, revealed: usize) -> Result<Estimate<F>> {
        if revealed >= self.tokens {
            let what = "revealed count";
            return Err(Error::IndexOutOfRange { what, index: revealed, limit: self.tokens });
        }
        let mut weights = vec![0.0; self.tokens];
        weights[revealed] = 1.0;
        self.weighted(weights)
    }

    /// What a schedule costs against revealing one token per step, as
    /// [`LossCurve::parallelism_cost`]. The error is that of the measurement and of what lies between the measured
    /// counts. O(L).
    ///
    /// # Errors
    /// [`TokensDiffer`](Error::TokensDiffer).
    pub fn parallelism_cost(&self, schedule: &Schedule) -> Result<Estimate<F>> {
        let mut weights = self.starts(schedule)?;
        weights.iter_mut().for_each(|weight| *weight -= 1.0);
        self.weighted(weights)
    }

    /// How much `schedule` costs beyond `baseline`, with the error of the difference. O(L).
    ///
    /// # Errors
    /// As [`parallelism_cost`](Self::parallelism_cost).
    pub fn cost_difference(&self, schedule: &Schedule, baseline: &Schedule) -> Result<Estimate<F>> {
        let mut weights = self.starts(schedule)?;
        let others = self.starts(baseline)?;
        weights.iter_mut().zip(others).for_each(|(weight, other)| *weight -= other);
        self.weighted(weights)
    }

    /// The probability that `schedule` costs less than `other`, given the measurements. One half if they cost the same
    /// whatever the losses are.
    ///
    /// # Errors
    /// As [`parallelism_cost`](Self::parallelism_cost).
    pub fn probability_cheaper(&self, schedule: &Schedule, other: &Schedule) -> Result<f64> {
        verdict::probability_below_zero(self.cost_difference(schedule, other)?)
    }

    /// The mean negative log-likelihood of the data under the sampler with this schedule, as
    /// [`LossCurve::negative_log_likelihood`]. O(L).
    ///
    /// # Errors
    /// As [`parallelism_cost`](Self::parallelism_cost).
    pub fn negative_log_likelihood(&self, schedule: &Schedule) -> Result<Estimate<F>> {
        self.weighted(self.starts(schedule)?)
    }

    /// The curve to choose schedules by: that of the nonincreasing losses nearest to the [mean](Self::mean).
    /// O(L).
    ///
    /// # Errors
    /// [`Overflow`](Error::Overflow).
    pub fn information_curve(&self) -> Result<InformationCurve<F>> {
        let monotone = isotonic::nonincreasing(&self.mean);
        let entropies: Vec<F> = monotone.into_iter().map(|loss| loss.max(F::zero())).collect();
        InformationCurve::from_conditional_entropies(entropies)
    }

    /// The size of each step, at the count at which it starts.
    fn starts(&self, schedule: &Schedule) -> Result<Vec<f64>> {
        schedule.check_tokens("loss posterior", self.tokens)?;
        let mut weights = vec![0.0; self.tokens];
        for step in schedule.ranges() {
            weights[step.start] = scalar::float(step.len());
        }
        Ok(weights)
    }

    /// The posterior of a weighted sum of the losses: the moments of a mixture of normal distributions.
    fn weighted(&self, mut weights: Vec<f64>) -> Result<Estimate<F>> {
        if let Some((first, last)) = self.held {
            let before: f64 = weights[..first].iter().sum();
            let after: f64 = weights[last + 1..].iter().sum();
            weights[..first].fill(0.0);
            weights[last + 1..].fill(0.0);
            weights[first] += before;
            weights[last] += after;
        }
        let mut parts: Vec<(f64, Moments)> = Vec::new();
        for Fit { spline, smoothed } in &self.fits {
            let functional: Functional = spline.functional(&weights, &self.noise);
            let moments =
                |(share, fit): &(f64, Smoothed)| (*share, spline.moments(&functional, fit));
            parts.extend(smoothed.iter().map(moments));
        }
        let mean: f64 = parts.iter().map(|(share, moments)| share * moments.mean).sum();
        let variance = parts.iter().map(|(share, moments)| {
            share * (moments.variance + (moments.mean - mean) * (moments.mean - mean))
        });
        let error = Nats(scalar::constant(variance.sum::<f64>().sqrt()));
        let estimate =
            Estimate::of_parts(Nats(scalar::constant(mean)), error, self.degrees_of_freedom);
        estimate.finite("a weighted sum of losses")
    }

    fn mean_curve(&self) -> Vec<F> {
        let mut mean = vec![0.0; self.tokens];
        for Fit { spline, smoothed } in &self.fits {
            let total: f64 = smoothed.iter().map(|(share, _)| share).sum();
            let shares = smoothed.iter().map(|(share, fit)| (share / total, fit));
            let curve = spline.mean_curve(&self.noise, shares);
            mean.iter_mut().zip(curve).for_each(|(sum, loss)| *sum += total * loss);
        }
        if let Some((first, last)) = self.held {
            let (start, end) = (mean[first], mean[last]);
            mean[..first].fill(start);
            mean[last + 1..].fill(end);
        }
        mean.into_iter().map(scalar::constant).collect()
    }
}

/// All coordinates and curvatures that matter, with shares that sum to one.
fn fits(tokens: usize, counts: &[usize], losses: &[f64], noise: &Noise) -> Result<Vec<Fit>> {
    let range = losses.iter().copied().fold(f64::NEG_INFINITY, f64::max)
        - losses.iter().copied().fold(f64::INFINITY, f64::min);
    // Equal losses: any scale will do.
    let range = if range > 0.0 { range } else { f64::MIN_POSITIVE.sqrt() };
    let mut fits = Vec::new();
    let mut largest = f64::NEG_INFINITY;
    for coordinate in Coordinate::ALL {
        let coordinates = coordinate.of_all_counts(tokens);
        let spline = Spline::new(coordinates, counts.to_vec(), losses.to_vec(), noise);
        let mut smoothed = Vec::new();
        for power in DEVIATIONS {
            let deviation = f64::from(power).exp2();
            // The variance in the middle between two known ends is curvature / 48.
            let curvature = 48.0 * (deviation * range).powi(2);
            let Some(fit) = spline.smoothed(curvature) else { continue };
            let log_share = fit.log_likelihood - (deviation * deviation).ln_1p();
            largest = largest.max(log_share);
            smoothed.push((log_share, fit));
        }
        fits.push(Fit { spline, smoothed });
    }
    if !largest.is_finite() {
        return Err(Error::Overflow { what: "the likelihood of the losses" });
    }
    let shares = |fits: &mut Vec<Fit>, map: &dyn Fn(f64) -> f64| {
        fits.iter_mut()
            .flat_map(|fit| &mut fit.smoothed)
            .for_each(|(share, _)| *share = map(*share));
    };
    shares(&mut fits, &|log_share| (log_share - largest).exp());
    for fit in &mut fits {
        fit.smoothed.retain(|(share, _)| *share >= LEAST_SHARE);
    }
    fits.retain(|fit| !fit.smoothed.is_empty());
    let total: f64 = fits.iter().flat_map(|fit| &fit.smoothed).map(|(share, _)| share).sum();
    shares(&mut fits, &|share| share / total);
    Ok(fits)
}
