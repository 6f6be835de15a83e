use crate::curve::InformationCurve;
use crate::error::{Error, Result, check_limit, not_applicable};
use crate::estimate::{self, ConfidenceInterval, Estimate, Spread};
use crate::numeric::moments::count;
use crate::numeric::scalar::{self, CompensatedSum, Scalar};
use crate::numeric::student::Quantiles;
use crate::schedule::Schedule;
use crate::units::Nats;

/// The largest number of tokens of a [`LossCurve`]: its curve of all counts takes two gigabytes.
pub(crate) const MAX_TOKENS: usize = 1 << 24;

/// How far `mask ratio * tokens` may be from a whole number of tokens: ratios are written with few
/// digits, or held in half precision.
const COUNT_TOLERANCE: f64 = 0.01;

/// A measured loss: the mean cross-entropy of a masked token, at one number of revealed tokens.
///
/// One *sample* is one sequence, masked once; its loss is the mean over its masked tokens.
///
/// ```
/// use unmaskcost::{Bits, Nats, measured::LossPoint};
/// // 12 of 16 tokens masked, 3.1 bits a token, 400 sequences.
/// let revealed = LossPoint::<f64>::revealed_at_mask_ratio(0.75, 16)?;
/// let point = LossPoint {
///     revealed,
///     loss: Bits(3.1_f64).nats(),
///     standard_error: Bits(0.05).nats(),
///     samples: Some(400),
/// };
/// assert_eq!(point.revealed, 4);
/// assert!(LossPoint::<f64>::revealed_at_mask_ratio(0.7, 16).is_err()); // 11.2 tokens
/// # Ok::<(), unmaskcost::Error>(())
/// ```
#[derive(Debug, Clone, Copy, PartialEq)]
#[cfg_attr(
    feature = "serde",
    derive(serde::Serialize, serde::Deserialize),
    serde(bound(
        serialize = "F: Scalar + serde::Serialize",
        deserialize = "F: Scalar + serde::Deserialize<'de>"
    ))
)]
pub struct LossPoint<F = f64> {
    /// k, how many of the L tokens the model sees: 0 .. L-1.
    pub revealed: usize,
    /// l_k, the mean cross-entropy of a masked token.
    pub loss: Nats<F>,
    /// The standard error of that mean; 0 if it is exact.
    pub standard_error: Nats<F>,
    /// How many samples it is the mean of, at least 1, if their number is known. The error of one sample is
    /// not known by itself: it is 0 here, and follows when [`LossCurve::from_points`] merges samples of the
    /// same count.
    pub samples: Option<u64>,
}

impl<F: Scalar> LossPoint<F> {
    /// A loss without error.
    #[must_use]
    pub fn exact(revealed: usize, loss: Nats<F>) -> Self {
        Self { revealed, loss, standard_error: Nats(F::zero()), samples: None }
    }

    /// How many tokens are revealed if exactly this share of them is masked. The share must be a
    /// whole number of tokens, up to a hundredth of a token.
    ///
    /// This is not for evaluations that mask each token by its own coin: they mix many counts, see
    /// [`SmoothedLosses`](crate::measured::SmoothedLosses).
    ///
    /// # Errors
    /// [`NotApplicable`](Error::NotApplicable).
    pub fn revealed_at_mask_ratio(ratio: f64, tokens: usize) -> Result<usize> {
        let masked = ratio * scalar::float::<f64>(tokens);
        let count = masked.round();
        let whole = (masked - count).abs() <= COUNT_TOLERANCE && count >= 1.0;
        match num_traits::cast::<f64, usize>(count) {
            Some(count) if whole && count <= tokens => Ok(tokens - count),
            _ => Err(not_applicable(
                format!("a mask ratio of {ratio}"),
                format!(
                    "a whole number of masked tokens from 1 to {tokens}, and {ratio} of {tokens} tokens masks {masked}"
                ),
            )),
        }
    }

    /// The loss with its standard error. That of n samples has `n - 1` degrees of freedom; if their number is
    /// not known, the error is taken as known.
    #[must_use]
    pub fn estimate(&self) -> Estimate<F> {
        Estimate::of_parts(self.loss, self.standard_error, self.degrees_of_freedom())
    }

    fn degrees_of_freedom(&self) -> f64 {
        match self.samples {
            Some(samples) if samples >= 2 && self.standard_error.0 > F::zero() => {
                count(samples - 1)
            }
            _ => f64::INFINITY,
        }
    }

    fn map<G>(&self, cast: impl Fn(F) -> G) -> LossPoint<G> {
        LossPoint {
            revealed: self.revealed,
            loss: Nats(cast(self.loss.0)),
            standard_error: Nats(cast(self.standard_error.0)),
            samples: self.samples,
        }
    }

    pub(crate) fn check(&self, index: usize, tokens: usize) -> Result<()> {
        if self.revealed >= tokens {
            let what = "revealed count";
            return Err(Error::IndexOutOfRange { what, index: self.revealed, limit: tokens });
        }
        check_at("losses", index, self.loss.0)?;
        check_at("standard errors", index, self.standard_error.0)?;
        match self.samples {
            Some(samples @ 0) => {
                Err(Error::TooFewSamples { revealed: self.revealed, samples, needed: 1 })
            }
            Some(1) if self.standard_error.0 > F::zero() => Err(Error::Inconsistent {
                inequality: "standard error <= 0 for a single sample (leave out the number of samples if it is not known)",
                left: scalar::evidence(self.standard_error.0),
                right: 0.0,
            }),
            _ => Ok(()),
        }
    }

    fn is_exact(&self) -> bool {
        self.samples.is_none() && self.standard_error.0 == F::zero()
    }
}

pub(crate) fn check_at<F: Scalar>(what: &'static str, index: usize, value: F) -> Result<()> {
    if !value.is_finite() {
        let (index, value) = (Some(index), scalar::evidence(value));
        return Err(Error::NotFinite { what, index, value });
    }
    if value < F::zero() {
        let (index, value) = (Some(index), scalar::evidence(value));
        return Err(Error::Negative { what, index, value });
    }
    Ok(())
}

/// The measured losses of a masked model: its mean cross-entropy per masked token, at some or all
/// numbers of revealed tokens.
///
/// # Formula
/// ```text
/// l_k = mean of -ln p^(X_i | X_S) over the data, sets S of k tokens and i outside S    k = 0 .. L-1
/// ```
/// Every cost of a schedule is a weighted sum of these numbers. So what the errors of measurement do
/// to it is exact, given the errors: the weights are known, and where two schedules use the same
/// measurement, its error cancels.
///
/// # Between and beyond the measured counts
/// Between two measured counts an [`Estimate`] takes the straight line; what may lie there at worst
/// is in [`measured::any_fall`](crate::measured::any_fall). Beyond the measured counts nothing is
/// assumed: whatever needs a loss there is refused, unless [`holding_ends`](Self::holding_ends)
/// says otherwise.
///
/// # Independence
/// The errors of different points are taken as independent. They are if each sequence is measured at
/// one random count, the way to measure that this crate's
/// [`Collector`](crate::measured::Collector) expects. One sequence measured at every count has
/// losses that are high or low together: intervals of likelihoods and perplexities are then too narrow.
///
/// ```
/// use unmaskcost::{Nats, Schedule, measured::{LossCurve, LossPoint}};
/// let point = |revealed, loss: f64, error| LossPoint {
///     revealed,
///     loss: Nats(loss),
///     standard_error: Nats(error),
///     samples: Some(1000),
/// };
/// let losses = LossCurve::from_points(
///     [point(0, 3.0, 0.02), point(1, 2.2, 0.02), point(4, 1.6, 0.02), point(7, 1.3, 0.02)],
///     8,
/// )?;
/// let cost = losses.parallelism_cost(&Schedule::balanced(8, 4)?)?;
/// assert!((cost.value().0 - 1.2).abs() < 1e-12);
/// let other = Schedule::from_reveal_sizes([1, 2, 2, 3])?;
/// let saved = losses.cost_difference(&Schedule::balanced(8, 4)?, &other)?;
/// assert!(saved.value().0 > 3.0 * saved.standard_error().0);
/// # Ok::<(), unmaskcost::Error>(())
/// ```
#[derive(Debug, Clone, PartialEq)]
pub struct LossCurve<F = f64> {
    tokens: usize,
    /// By revealed count, each count once.
    points: Vec<LossPoint<F>>,
    holds_ends: bool,
}

impl<F: Scalar> LossCurve<F> {
    /// The loss curve of points in any order, for sequences of `tokens` tokens.
    ///
    /// Points at the same count are merged as if their samples had been taken together: weighted by the
    /// number of samples, with the spread between the points. Weights by the standard errors would be wrong in
    /// the mean, because a batch of small losses also looks like one of small errors.
    ///
    /// # Formula
    /// ```text
    /// n = sum_i n_i,   l = sum_i (n_i / n) l_i,   e_i the standard error of l_i
    /// standard error^2 = ( sum_i n_i (n_i - 1) e_i^2 + sum_i n_i (l_i - l)^2 ) / (n (n - 1))
    /// ```
    /// Source: Chan, Golub & LeVeque (1979). If the number of samples is known of none of them, each weighs
    /// the same, the errors are taken as independent, and the number stays unknown. An exact loss (without
    /// error and without a number of samples) stays what it is, whatever was measured besides.
    ///
    /// ```
    /// use unmaskcost::{Nats, measured::{LossCurve, LossPoint}};
    /// // Samples 1, 3 and 5, 7: two batches of one count.
    /// let batch = |loss| LossPoint { revealed: 0, loss: Nats(loss), standard_error: Nats(1.0), samples: Some(2) };
    /// let losses = LossCurve::from_points([batch(2.0), batch(6.0)], 1)?;
    /// assert_eq!(format!("{:.3}", losses.loss(0)?), "4.000 ± 1.291 nats");
    /// assert_eq!(losses.loss(0)?.degrees_of_freedom(), 3.0);
    /// # Ok::<(), unmaskcost::Error>(())
    /// ```
    ///
    /// # Errors
    /// [`Empty`](Error::Empty), [`TooLarge`](Error::TooLarge) for more than 2^24 tokens,
    /// [`IndexOutOfRange`](Error::IndexOutOfRange) for a count of `tokens` or more,
    /// [`NotFinite`](Error::NotFinite) or [`Negative`](Error::Negative) for a loss or a standard
    /// error, [`TooFewSamples`](Error::TooFewSamples), [`Overflow`](Error::Overflow) of the samples,
    /// [`Inconsistent`](Error::Inconsistent) for a single sample with an error,
    /// [`TooFewSamples`](Error::TooFewSamples) for a count with one sample in all,
    /// [`NotApplicable`](Error::NotApplicable) if their number is known of one of the losses at a count
    /// and not of another, [`ExactLossesDiffer`](Error::ExactLossesDiffer) for different losses without error at one
    /// count.
    pub fn from_points(points: impl AsRef<[LossPoint<F>]>, tokens: usize) -> Result<Self> {
        Self::merged(tokens, points.as_ref(), 2)
    }

    /// As [`from_points`](Self::from_points), but requires at least `least` samples at each count
    /// where their number is known.
    pub(crate) fn merged(tokens: usize, points: &[LossPoint<F>], least: u64) -> Result<Self> {
        check_tokens(tokens)?;
        let mut sorted = points.to_vec();
        if sorted.is_empty() {
            return Err(Error::Empty { what: "the list of losses" });
        }
        for (index, point) in sorted.iter().enumerate() {
            point.check(index, tokens)?;
        }
        sorted.sort_by_key(|point| point.revealed);
        // Any cost is at most L times the largest loss.
        let bound = sorted.iter().fold(F::zero(), |largest, p| largest.max(p.loss.0));
        if !(bound * scalar::float(tokens)).is_finite() {
            return Err(Error::Overflow { what: "the largest loss, summed over the tokens" });
        }
        let same_count = |a: &LossPoint<F>, b: &LossPoint<F>| a.revealed == b.revealed;
        let merge = |points: &[LossPoint<F>]| merge(points, bound * F::tolerance(), least);
        let points = sorted.chunk_by(same_count).map(merge).collect::<Result<Vec<_>>>()?;
        Ok(Self { tokens, points, holds_ends: false })
    }

    /// The loss curve of exact losses at all counts, `l_0 .. l_{L-1}`.
    ///
    /// # Errors
    /// As [`LossCurve::from_points`].
    pub fn from_exact(losses: impl AsRef<[F]>) -> Result<Self> {
        let losses = losses.as_ref();
        let points = losses.iter().enumerate().map(|(k, &loss)| LossPoint::exact(k, Nats(loss)));
        Self::from_points(points.collect::<Vec<_>>(), losses.len().max(1))
    }

    /// The same losses, with an assumption about the counts beyond the measured ones: below the first
    /// and above the last, the loss is what it is there.
    ///
    /// For losses that fall with the count, this makes every cost smaller than it is.
    #[must_use]
    pub fn holding_ends(self) -> Self {
        Self { holds_ends: true, ..self }
    }

    /// Whether [`holding_ends`](Self::holding_ends) was asked for.
    #[must_use]
    pub fn holds_ends(&self) -> bool {
        self.holds_ends
    }

    /// L, the number of tokens of a sequence.
    #[must_use]
    pub fn tokens(&self) -> usize {
        self.tokens
    }

    /// The points by increasing count; each count at most once.
    #[must_use]
    pub fn points(&self) -> &[LossPoint<F>] {
        &self.points
    }

    /// The loss at `revealed` tokens: measured, or on the straight line between two measured ones.
    ///
    /// # Errors
    /// [`NotMeasured`](Error::NotMeasured) beyond the measured counts;
    /// [`IndexOutOfRange`](Error::IndexOutOfRange) for a count of L or more.
    pub fn loss(&self, revealed: usize) -> Result<Estimate<F>> {
        if revealed >= self.tokens {
            let what = "revealed count";
            return Err(Error::IndexOutOfRange { what, index: revealed, limit: self.tokens });
        }
        let mut weights = self.no_weights();
        self.add_losses(&mut weights, core::iter::once((revealed, F::one())))?;
        self.weighted(&weights)
    }

    /// The losses at all counts, `l_0 .. l_{L-1}`: as measured, and on straight lines between. They may
    /// rise: [`schedule_for_losses`](crate::measured::schedule_for_losses) takes them as they are. O(L).
    ///
    /// # Errors
    /// [`NotMeasured`](Error::NotMeasured) unless the losses at 0 and at L - 1 were measured, or the
    /// ends are [held](Self::holding_ends).
    ///
    /// ```
    /// use unmaskcost::{Nats, measured::{LossCurve, LossPoint}, measured};
    /// let points = [(0, 3.0_f64), (1, 1.0), (3, 2.0)].map(|(k, loss)| LossPoint::exact(k, Nats(loss)));
    /// let losses = LossCurve::from_points(points, 4)?.at_all_counts()?;
    /// assert_eq!(losses, [3.0, 1.0, 1.5, 2.0]);
    /// assert_eq!(measured::schedule_for_losses(&losses, 2)?.plan.sizes(), [1, 3]);
    /// # Ok::<(), unmaskcost::Error>(())
    /// ```
    pub fn at_all_counts(&self) -> Result<Vec<F>> {
        self.lines(&self.points.iter().map(|point| point.loss.0).collect::<Vec<_>>())
    }

    /// Values at the measured counts, joined by straight lines.
    pub(crate) fn lines(&self, values: &[F]) -> Result<Vec<F>> {
        let (first, last) = self.measured_range();
        let missing = [(first > 0, 0), (last + 1 < self.tokens, self.tokens - 1)];
        if let Some((_, end)) = missing.into_iter().find(|(missing, _)| *missing)
            && !self.holds_ends
        {
            return Err(self.not_measured(end));
        }
        let ends = values.first().zip(values.last());
        let (&start, &end) = ends.ok_or(Error::Empty { what: "the list of losses" })?;
        let mut losses = vec![start; first];
        for (gap, values) in self.points.windows(2).zip(values.windows(2)) {
            let counts = gap[1].revealed - gap[0].revealed;
            let (length, fall) = (scalar::float::<F>(counts), values[0] - values[1]);
            let line = |j| values[0] - fall * (scalar::float::<F>(j) / length);
            losses.extend((0..counts).map(line));
        }
        losses.resize(self.tokens, end);
        Ok(losses)
    }

    /// What a schedule costs against revealing one token per step, in nats per sequence. With the
    /// ideal predictor this is the sampling error.
    ///
    /// # Formula
    /// ```text
    /// sum_t sum_{0 <= j < s_t} (l_{k_t} - l_{k_t + j}) = sum over gaps between measured counts a < b of g (l_a - l_b)
    /// g = mean over a < m <= b of the sawtooth c_m
    /// ```
    /// The cost is linear in the measured losses; the weight of a loss is the `g` to its right less the `g`
    /// to its left. O(T + points).
    ///
    /// If every count is measured, the estimate is right on average. Otherwise it is right on average for
    /// the straight lines, and its standard error is that of the measurement only. For how far the losses may be
    /// from the lines, see [`measured::any_fall::cost_interval`](crate::measured::any_fall::cost_interval);
    /// [`measurement_counts`](crate::measured::measurement_counts) keeps it small.
    ///
    /// # Errors
    /// [`TokensDiffer`](Error::TokensDiffer); [`NotMeasured`](Error::NotMeasured) if it needs losses
    /// beyond the measured counts.
    pub fn parallelism_cost(&self, schedule: &Schedule) -> Result<Estimate<F>> {
        let gaps = self.cost_gaps(schedule)?;
        self.of_gaps(&gaps)
    }

    /// How much `schedule` costs beyond `baseline`, with the error of the difference: losses that
    /// both use in the same way cancel. O(T + points).
    ///
    /// # Errors
    /// As [`parallelism_cost`](Self::parallelism_cost); only losses in which the two differ need to
    /// be measured.
    pub fn cost_difference(&self, schedule: &Schedule, baseline: &Schedule) -> Result<Estimate<F>> {
        self.of_gaps(&self.difference_gaps(schedule, baseline)?)
    }

    /// The mean negative log-likelihood of the data under the sampler with this schedule, with the reveal
    /// order known: the number of nats in which this sampler encodes a sequence. It is an upper bound on
    /// the negative log-likelihood with the order forgotten. O(T + points).
    ///
    /// # Formula
    /// ```text
    /// E[-ln q_M(X)] = sum_t s_t l_{k_t}
    /// ```
    ///
    /// # Errors
    /// As [`parallelism_cost`](Self::parallelism_cost).
    ///
    /// ```
    /// use unmaskcost::{Schedule, measured::LossCurve};
    /// let losses = LossCurve::from_exact([2.0_f64, 1.0, 1.0, 1.0])?;
    /// let code_length = losses.negative_log_likelihood(&Schedule::from_reveal_sizes([1, 3])?)?;
    /// assert_eq!(code_length.value().0, 5.0);
    /// assert_eq!(code_length.perplexity(4)?, 1.25_f64.exp());
    /// # Ok::<(), unmaskcost::Error>(())
    /// ```
    pub fn negative_log_likelihood(&self, schedule: &Schedule) -> Result<Estimate<F>> {
        self.weighted(&self.start_weights(schedule)?)
    }

    /// A confidence interval of [`parallelism_cost`](Self::parallelism_cost) (of the straight lines, if
    /// losses lie between measured counts) that assumes no normal errors: only that the loss of each
    /// sample is in `0 ..= largest_loss`, and that samples at the same count are independent. It is
    /// wider than the normal interval; the second term is what a rare large loss could hide.
    ///
    /// # Formula
    /// ```text
    /// |mean - truth| <= sqrt(2 V ln(4 P / delta) / n) + 7 B ln(4 P / delta) / (3 (n - 1))
    /// ```
    /// at each of the P counts that enter, with n samples, their variance V, the largest loss B and
    /// `delta = 1 - level`; the radius is their sum, weighted. Source: Maurer & Pontil, *Empirical
    /// Bernstein Bounds and Sample-Variance Penalization*, arXiv 0907.3740, Theorem 4, for both sides
    /// and all counts at once.
    ///
    /// # Errors
    /// As [`parallelism_cost`](Self::parallelism_cost), [`OutOfRange`](Error::OutOfRange),
    /// [`NotApplicable`](Error::NotApplicable) for a count whose number of samples is not known,
    /// [`Inconsistent`](Error::Inconsistent) if a mean is above `largest_loss`, or a spread is larger
    /// than losses up to it can have.
    pub fn bernstein_interval(
        &self,
        schedule: &Schedule,
        largest_loss: Nats<F>,
        level: f64,
    ) -> Result<ConfidenceInterval<F>> {
        let delta = estimate::outside(level)?;
        let range = scalar::check_nonnegative("largest loss", largest_loss.0)?;
        let gaps = self.cost_gaps(schedule)?;
        let weights = self.weights_of_gaps(&gaps);
        let used = weights.iter().filter(|weight| **weight != F::zero()).count();
        let constant = scalar::constant::<F>;
        let log = constant((4.0 * scalar::float::<f64>(used) / delta).ln());
        let mut radius = CompensatedSum::new();
        for (point, &weight) in self.points.iter().zip(&weights) {
            if weight == F::zero() {
                continue;
            }
            let (two, seven_thirds) = (constant(2.0), constant(7.0 / 3.0));
            let revealed = point.revealed;
            let samples = point.samples.ok_or_else(|| samples_unknown(revealed))?;
            if point.loss.0 > range {
                return Err(Error::Inconsistent {
                    inequality: "measured loss <= largest loss",
                    left: scalar::evidence(point.loss.0),
                    right: scalar::evidence(range),
                });
            }
            // The largest spread of n values between 0 and the limit: half of them at either end.
            let (others, samples) = (count::<F>(samples - 1), count::<F>(samples));
            let largest = range / two * (samples / others).sqrt();
            let deviation = point.standard_error.0 * samples.sqrt();
            if deviation > largest * (F::one() + F::tolerance()) {
                return Err(Error::Inconsistent {
                    inequality: "standard deviation of n samples <= largest loss / 2 * sqrt(n / (n - 1))",
                    left: scalar::evidence(deviation),
                    right: scalar::evidence(largest),
                });
            }
            let by_variance = (two * log).sqrt() * point.standard_error.0;
            let by_range = seven_thirds * range * log / others;
            radius.add(weight.abs() * (by_variance + by_range));
        }
        let (value, radius) = (self.of_gaps(&gaps)?.value(), Nats(radius.total()));
        if !radius.0.is_finite() {
            return Err(Error::Overflow { what: "the radius of the interval" });
        }
        ConfidenceInterval::new(value - radius, value + radius, level)
    }

    /// The two parts of the error of this model, if the true conditional entropies are known.
    ///
    /// # Formula
    /// ```text
    /// total         = sum_t s_t l_{k_t} - H(X)
    /// factorization = sum_t s_t f_{k_t} - H(X)        the sampling error of the ideal predictor
    /// learning      = sum_t s_t (l_{k_t} - f_{k_t})   eps_train of Li & Cai, arXiv 2505.21400, Definition 1
    /// ```
    ///
    /// # Errors
    /// As [`parallelism_cost`](Self::parallelism_cost); [`TokensDiffer`](Error::TokensDiffer);
    /// [`Empty`](Error::Empty) if the curve was made without entropies.
    ///
    /// ```
    /// use unmaskcost::{InformationCurve, Schedule, measured::LossCurve};
    /// let truth = InformationCurve::from_conditional_entropies([2.0_f64, 1.0, 0.5])?;
    /// let model = LossCurve::from_exact([2.25, 1.25, 0.75])?;
    /// let split = model.error_split(&truth, &Schedule::from_reveal_sizes([1, 2])?)?;
    /// assert_eq!((split.factorization.value().0, split.learning.value().0), (0.5, 0.75));
    /// # Ok::<(), unmaskcost::Error>(())
    /// ```
    pub fn error_split(
        &self,
        truth: &InformationCurve<F>,
        schedule: &Schedule,
    ) -> Result<ErrorSplit<F>> {
        let factorization = truth.sampling_error(schedule)?;
        let model = self.negative_log_likelihood(schedule)?;
        let mut entropy = CompensatedSum::new();
        for step in schedule.ranges() {
            let conditional = truth.conditional_entropy(step.start);
            let Nats(conditional) =
                conditional.ok_or(Error::Empty { what: "the list of conditional entropies" })?;
            entropy.add(conditional * scalar::float(step.len()));
        }
        let learning = model.value() - Nats(entropy.total());
        let what = "the error of the model";
        Ok(ErrorSplit {
            factorization: Estimate::exact(factorization),
            learning: model.with_value(learning).finite(what)?,
            total: model.with_value(factorization + learning).finite(what)?,
        })
    }

    /// The two parts of the excess of this model over another one that reveals one token per step:
    /// as [`error_split`](Self::error_split), with the losses of a better model in place of the true
    /// entropies. The two curves are taken as measured independently.
    ///
    /// # Formula
    /// ```text
    /// total         = sum_t s_t l_{k_t} - sum_k r_k,   r the losses of the reference
    /// factorization = sum_t s_t r_{k_t} - sum_k r_k
    /// learning      = sum_t s_t (l_{k_t} - r_{k_t})
    /// ```
    /// The error of the total is its own: those of the parts are correlated. O(L).
    ///
    /// # Errors
    /// As [`parallelism_cost`](Self::parallelism_cost), for either curve.
    pub fn error_split_against(
        &self,
        reference: &Self,
        schedule: &Schedule,
    ) -> Result<ErrorSplit<F>> {
        let factorization = reference.parallelism_cost(schedule)?;
        let model = self.negative_log_likelihood(schedule)?;
        let shared = reference.negative_log_likelihood(schedule)?;
        let one_by_one = Schedule::sequential(self.tokens)?;
        let sequential = reference.negative_log_likelihood(&one_by_one)?;
        let and = |other| Spread::of(model).plus(Spread::of(other));
        let learning = and(shared).around(model.value() - shared.value());
        let total = and(sequential).around(factorization.value() + learning.value());
        let what = "the error of the model";
        Ok(ErrorSplit {
            factorization,
            learning: learning.finite(what)?,
            total: total.finite(what)?,
        })
    }

    pub(crate) fn counts(&self) -> Vec<usize> {
        self.points.iter().map(|point| point.revealed).collect()
    }

    /// The quantiles for the interval of each loss, so that all intervals hold together.
    pub(crate) fn quantiles_of_each(&self, level: f64) -> Result<Quantiles> {
        Ok(Quantiles::new(estimate::outside_of_each(level, self.points.len())?))
    }

    /// The first and the last measured count.
    pub(crate) fn measured_range(&self) -> (usize, usize) {
        let count = |point: Option<&LossPoint<F>>| point.map_or(0, |point| point.revealed);
        (count(self.points.first()), count(self.points.last()))
    }

    pub(crate) fn not_measured(&self, missing: usize) -> Error {
        let (first, last) = self.measured_range();
        Error::NotMeasured { missing, first, last }
    }

    fn no_weights(&self) -> Vec<F> {
        vec![F::zero(); self.points.len()]
    }

    /// For each gap between measured counts, the mean of the sawtooth over it.
    fn cost_gaps(&self, schedule: &Schedule) -> Result<Vec<F>> {
        schedule.check_tokens("loss curve", self.tokens)?;
        if !self.holds_ends {
            let (first, last) = self.measured_range();
            if schedule.teeth_up_to(first).next().is_some() {
                return Err(self.not_measured(0));
            }
            if schedule.teeth_after(last).next().is_some() {
                return Err(self.not_measured(self.tokens - 1));
            }
        }
        let cuts = self.counts();
        let teeth = schedule.teeth_between(&cuts);
        let gaps = teeth.iter().zip(cuts.windows(2));
        Ok(gaps.map(|(&sum, gap)| mean(sum, gap[1] - gap[0])).collect())
    }

    /// For each gap, how much more the mean of one schedule's sawtooth is than that of another's.
    fn difference_gaps(&self, schedule: &Schedule, baseline: &Schedule) -> Result<Vec<F>> {
        schedule.check_tokens("loss curve", self.tokens)?;
        baseline.check_tokens("loss curve", self.tokens)?;
        if !self.holds_ends {
            let (first, last) = self.measured_range();
            if schedule.teeth_up_to(first).ne(baseline.teeth_up_to(first)) {
                return Err(self.not_measured(0));
            }
            if schedule.teeth_after(last).ne(baseline.teeth_after(last)) {
                return Err(self.not_measured(self.tokens - 1));
            }
        }
        let cuts = self.counts();
        let pairs = schedule.teeth_between(&cuts).into_iter().zip(baseline.teeth_between(&cuts));
        let gaps = pairs.zip(cuts.windows(2)).map(|((of_schedule, of_baseline), gap)| {
            let sign = if of_schedule < of_baseline { -F::one() } else { F::one() };
            sign * mean(of_schedule.abs_diff(of_baseline), gap[1] - gap[0])
        });
        Ok(gaps.collect())
    }

    /// The weights of the points in the cost of a schedule.
    pub(crate) fn cost_weights(&self, schedule: &Schedule) -> Result<Vec<F>> {
        Ok(self.weights_of_gaps(&self.cost_gaps(schedule)?))
    }

    /// The weights of the points in how much more one schedule costs than another.
    pub(crate) fn difference_weights(
        &self,
        schedule: &Schedule,
        baseline: &Schedule,
    ) -> Result<Vec<F>> {
        Ok(self.weights_of_gaps(&self.difference_gaps(schedule, baseline)?))
    }

    /// `sum over gaps of g (l_a - l_b)`: for falling losses a sum of nonnegative terms, so small costs
    /// keep their digits.
    fn of_gaps(&self, gaps: &[F]) -> Result<Estimate<F>> {
        let falls = self.points.windows(2).map(|pair| pair[0].loss.0 - pair[1].loss.0);
        let value = Nats(scalar::sum(gaps.iter().zip(falls).map(|(&g, fall)| g * fall)));
        let weighted = self.weighted(&self.weights_of_gaps(gaps))?;
        weighted.with_value(value).finite("a weighted sum of losses")
    }

    fn weights_of_gaps(&self, gaps: &[F]) -> Vec<F> {
        let right = gaps.iter().copied().chain([F::zero()]);
        let left = [F::zero()].into_iter().chain(gaps.iter().copied());
        right.zip(left).map(|(right, left)| right - left).collect()
    }

    /// The weights of the points in `sum_t s_t l_{k_t}`.
    pub(crate) fn start_weights(&self, schedule: &Schedule) -> Result<Vec<F>> {
        schedule.check_tokens("loss curve", self.tokens)?;
        let mut weights = self.no_weights();
        let starts = schedule.ranges().map(|step| (step.start, scalar::float(step.len())));
        self.add_losses(&mut weights, starts)?;
        Ok(weights)
    }

    /// Adds `weight * l_count` to the weights of the points, for counts in increasing order.
    fn add_losses(
        &self,
        weights: &mut [F],
        losses: impl Iterator<Item = (usize, F)>,
    ) -> Result<()> {
        let mut next = 0;
        for (count, weight) in losses {
            while self.points.get(next).is_some_and(|point| point.revealed < count) {
                next += 1;
            }
            let (left, right) = (next.checked_sub(1), (next < self.points.len()).then_some(next));
            let exact = right.filter(|&i| self.points[i].revealed == count);
            match (exact, left, right) {
                (Some(i), _, _) => weights[i] = weights[i] + weight,
                (None, Some(left), Some(right)) => {
                    let (a, b) = (self.points[left].revealed, self.points[right].revealed);
                    let share = scalar::float::<F>(count - a) / scalar::float(b - a);
                    weights[left] = weights[left] + weight * (F::one() - share);
                    weights[right] = weights[right] + weight * share;
                }
                (None, Some(end), None) | (None, None, Some(end)) if self.holds_ends => {
                    weights[end] = weights[end] + weight;
                }
                _ => return Err(self.not_measured(count)),
            }
        }
        Ok(())
    }

    fn weighted(&self, weights: &[F]) -> Result<Estimate<F>> {
        let pairs = || self.points.iter().zip(weights);
        let value = scalar::sum(pairs().map(|(point, &weight)| weight * point.loss.0));
        let errors = pairs()
            .map(|(point, &weight)| (weight * point.standard_error.0, point.degrees_of_freedom()));
        let standard_error = scalar::norm(errors.clone().map(|(error, _)| error));
        let degrees_of_freedom = estimate::joint_degrees(errors);
        let weighted = Estimate::of_parts(Nats(value), Nats(standard_error), degrees_of_freedom);
        weighted.finite("a weighted sum of losses")
    }
}

/// The losses and errors as they are.
impl From<LossCurve<f32>> for LossCurve<f64> {
    fn from(losses: LossCurve<f32>) -> Self {
        Self {
            tokens: losses.tokens,
            points: losses.points.iter().map(|point| point.map(f64::from)).collect(),
            holds_ends: losses.holds_ends,
        }
    }
}

/// The losses and errors rounded to nearest; [`NotFinite`](Error::NotFinite) for one that `f32` does not hold,
/// [`Overflow`](Error::Overflow) if it does not hold their sum.
impl TryFrom<LossCurve<f64>> for LossCurve<f32> {
    type Error = Error;

    fn try_from(losses: LossCurve<f64>) -> Result<Self> {
        let points: Vec<_> = losses.points.iter().map(|point| point.map(|x| x as f32)).collect();
        Ok(Self { holds_ends: losses.holds_ends, ..Self::merged(losses.tokens, &points, 1)? })
    }
}

/// The error of a model and a schedule, in its two parts: that tokens are revealed together, and that
/// the model is not the ideal one.
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
pub struct ErrorSplit<F = f64> {
    /// What revealing several tokens at once would cost the ideal (or the reference) predictor.
    pub factorization: Estimate<F>,
    /// What the model's own losses add. By chance the estimate may be negative.
    pub learning: Estimate<F>,
    /// Their sum, with its own standard error.
    pub total: Estimate<F>,
}

pub(crate) fn check_tokens(tokens: usize) -> Result<()> {
    if tokens == 0 {
        return Err(Error::Empty { what: "the sequence" });
    }
    check_limit("tokens of a loss curve", tokens as u128, MAX_TOKENS as u128)
}

/// The mean over a gap of this many counts. Sums of at most 2^24 teeth below 2^24 fit a `u64`.
fn mean<F: Scalar>(sum: u64, counts: usize) -> F {
    count::<F>(sum) / scalar::float(counts)
}

/// Points at one count, as if their samples had been taken together.
fn merge<F: Scalar>(same_count: &[LossPoint<F>], tolerance: F, least: u64) -> Result<LossPoint<F>> {
    let &[first, ref others @ ..] = same_count else {
        return Err(Error::Empty { what: "the list of losses" });
    };
    if let Some(exact) = exact_loss(same_count, tolerance)? {
        return Ok(exact);
    }
    let merged = match (first.samples, others) {
        (_, []) => first,
        (None, _) => merge_unknown(same_count)?,
        (Some(_), _) => merge_known(same_count)?,
    };
    match merged.samples {
        Some(samples) if samples < least => {
            Err(Error::TooFewSamples { revealed: merged.revealed, samples, needed: least })
        }
        _ => Ok(merged),
    }
}

/// The exact loss at a count, if there is one; all of them must be equal.
fn exact_loss<F: Scalar>(
    same_count: &[LossPoint<F>],
    tolerance: F,
) -> Result<Option<LossPoint<F>>> {
    let Some(exact) = same_count.iter().find(|point| point.is_exact()) else { return Ok(None) };
    // One sample has no error of its own; several without spread have one of zero.
    let without_error =
        |point: &&LossPoint<F>| point.standard_error.0 == F::zero() && point.samples != Some(1);
    let mut others = same_count.iter().filter(without_error);
    let one = others.next().unwrap_or(exact);
    match others.find(|other| (other.loss.0 - one.loss.0).abs() > tolerance) {
        None => Ok(Some(*exact)),
        Some(other) => Err(Error::ExactLossesDiffer {
            revealed: one.revealed,
            one: scalar::evidence(one.loss.0),
            other: scalar::evidence(other.loss.0),
            tolerance: scalar::evidence(tolerance),
        }),
    }
}

/// Batches of known sizes: the formula at [`LossCurve::from_points`], by roots, so that no square overflows.
fn merge_known<F: Scalar>(batches: &[LossPoint<F>]) -> Result<LossPoint<F>> {
    let revealed = batches[0].revealed;
    let sizes = batches.iter().map(|point| point.samples.ok_or_else(|| samples_unknown(revealed)));
    let sizes = sizes.collect::<Result<Vec<u64>>>()?;
    let total = sizes.iter().try_fold(0_u64, |sum, &size| sum.checked_add(size));
    let total = total.ok_or(Error::Overflow { what: "the number of samples at one count" })?;
    let share = |size: u64| count::<F>(size) / count(total);
    let pairs = || batches.iter().zip(&sizes);
    let loss = scalar::sum(pairs().map(|(point, &size)| share(size) * point.loss.0));
    let others = count::<F>(total - 1);
    let within = pairs().map(|(point, &size)| {
        (share(size) * (count::<F>(size - 1) / others)).sqrt() * point.standard_error.0
    });
    let between =
        pairs().map(|(point, &size)| (share(size) / others).sqrt() * (point.loss.0 - loss));
    let standard_error = scalar::norm(within.chain(between));
    let (loss, standard_error) = (Nats(loss), Nats(standard_error));
    Ok(LossPoint { revealed, loss, standard_error, samples: Some(total) })
}

/// Losses whose numbers of samples are not known: they weigh the same.
fn merge_unknown<F: Scalar>(losses: &[LossPoint<F>]) -> Result<LossPoint<F>> {
    let revealed = losses[0].revealed;
    if losses.iter().any(|point| point.samples.is_some()) {
        return Err(samples_unknown(revealed));
    }
    let share = scalar::float::<F>(losses.len()).recip();
    let loss = Nats(scalar::sum(losses.iter().map(|point| share * point.loss.0)));
    let errors = losses.iter().map(|point| share * point.standard_error.0);
    Ok(LossPoint { revealed, loss, standard_error: Nats(scalar::norm(errors)), samples: None })
}

fn samples_unknown(revealed: usize) -> Error {
    not_applicable(
        format!("the loss at {revealed} revealed tokens"),
        "its number of samples: give it for all losses there (or, to merge them, for none)",
    )
}
