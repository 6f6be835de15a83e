use statrs::distribution::{Binomial, DiscreteCDF};

use crate::curve::estimate::{self, ConfidenceInterval, Estimate};
use crate::curve::losses;
use crate::error::{Error, Result};
use crate::scalar::{self, CompensatedSum, Scalar};
use crate::schedule::Schedule;
use crate::units::Nats;

/// Losses of a model evaluated with each token masked by its own coin: a *mask ratio* is then a
/// probability, and the loss at it mixes many revealed counts.
///
/// # Formula
/// ```text
/// B(r) = E l_K,   K ~ Binomial(L - 1, 1 - r)
/// ```
/// As a function of `1 - r` this is the Bernstein polynomial of the losses `l_k`. To undo it amplifies
/// the errors of measurement exponentially in L, so this type does not: it bounds what each `l_k` can
/// be. To have the `l_k` themselves from the same evaluations, keep with each loss how many tokens
/// came out revealed, and feed [`LossAccumulator`](crate::curve::LossAccumulator): given the number, the
/// mask is uniform.
///
/// ```
/// use demask::{Nats, curve::{Estimate, SmoothedLosses}};
/// let measured = |loss| Estimate { value: Nats(loss), standard_error: Nats(0.01) };
/// let smoothed = SmoothedLosses::from_mask_ratios(
///     64,
///     [(1.0, measured(3.0)), (0.8, measured(2.4)), (0.5, measured(2.0)), (0.2, measured(1.8))],
/// )?;
/// let interval = smoothed.loss_interval(32, 0.95)?;
/// assert!(interval.lower > Nats(1.3) && interval.upper < Nats(2.6));
/// # Ok::<(), demask::Error>(())
/// ```
#[derive(Debug, Clone, PartialEq)]
pub struct SmoothedLosses<F = f64> {
    tokens: usize,
    points: Vec<(f64, Estimate<F>)>,
}

impl<F: Scalar> SmoothedLosses<F> {
    /// From pairs of the probability that a token is masked, and the mean loss of masked tokens.
    ///
    /// The mean must be over all masked tokens of all sequences, or the sum over `r L`; the mean of
    /// each sequence's mean is another number.
    ///
    /// # Errors
    /// [`Empty`](Error::Empty), [`TooLarge`](Error::TooLarge) for more than 2^28 tokens,
    /// [`RatioOutOfRange`](Error::RatioOutOfRange) unless `0 < r <= 1`,
    /// [`NotFinite`](Error::NotFinite) or [`Negative`](Error::Negative) for a loss or its error.
    pub fn from_mask_ratios(
        tokens: usize,
        points: impl IntoIterator<Item = (f64, Estimate<F>)>,
    ) -> Result<Self> {
        losses::check_tokens(tokens)?;
        let points: Vec<_> = points.into_iter().collect();
        if points.is_empty() {
            return Err(Error::Empty { what: "the list of losses" });
        }
        for (index, (ratio, loss)) in points.iter().enumerate() {
            if !(*ratio > 0.0 && *ratio <= 1.0) {
                return Err(Error::RatioOutOfRange { ratio: *ratio });
            }
            losses::check_at("losses", index, loss.value.0)?;
            losses::check_at("standard errors", index, loss.standard_error.0)?;
        }
        Ok(Self { tokens, points })
    }

    /// L, the number of tokens of a sequence.
    #[must_use]
    pub fn tokens(&self) -> usize {
        self.tokens
    }

    /// What the loss at exactly `revealed` tokens may be, if the losses `l_k` do not increase and the
    /// errors are normal. The intervals of all counts together hold with probability `level`.
    /// O(points).
    ///
    /// # Formula
    /// ```text
    /// l_k <= least over r of  B(r) / P(K <= k)
    /// l_k >= most over r of   (B(r) - u P(K < k)) / P(K >= k),   u the upper bound on l_0
    /// ```
    /// with each `B(r)` at the far end of its own interval, at level `1 - (1 - level) / points`.
    /// The upper bound uses `l >= 0` beyond `k`; it is infinite where no ratio measured says anything of
    /// the count. A measurement at `r = 1` makes `u` tight.
    ///
    /// # Errors
    /// [`LevelOutOfRange`](Error::LevelOutOfRange);
    /// [`IndexOutOfRange`](Error::IndexOutOfRange) for a count of L or more.
    pub fn loss_interval(&self, revealed: usize, level: f64) -> Result<ConfidenceInterval<F>> {
        if revealed >= self.tokens {
            let what = "revealed count";
            return Err(Error::IndexOutOfRange { what, index: revealed, limit: self.tokens });
        }
        let ends = self.ends(level)?;
        Ok(self.interval(&ends, self.largest(&ends), revealed, level))
    }

    /// What [`parallelism_cost`](crate::curve::LossCurve::parallelism_cost) may be, from the intervals
    /// of all counts: with probability `level`, under the same conditions. Not the narrowest interval
    /// possible. O(L points).
    ///
    /// # Errors
    /// [`LevelOutOfRange`](Error::LevelOutOfRange), [`TokensDiffer`](Error::TokensDiffer).
    pub fn cost_interval(&self, schedule: &Schedule, level: f64) -> Result<ConfidenceInterval<F>> {
        schedule.check_tokens("losses", self.tokens)?;
        let ends = self.ends(level)?;
        let largest = self.largest(&ends);
        let mut lower = CompensatedSum::new();
        let mut upper = CompensatedSum::new();
        for step in schedule.ranges() {
            let start = self.interval(&ends, largest, step.start, level);
            let others = scalar::float::<F>(step.len() - 1);
            for revealed in step.start + 1..step.end {
                let interval = self.interval(&ends, largest, revealed, level);
                // No loss in the step is above the one at its start.
                lower.add((start.lower.0 - interval.upper.0).max(F::zero()));
                upper.add(F::zero() - interval.lower.0);
            }
            if others > F::zero() {
                upper.add(others * start.upper.0);
            }
        }
        let (lower, upper) = (Nats(lower.total()), Nats(upper.total()));
        Ok(ConfidenceInterval { lower, upper, level })
    }

    /// Lower and upper end of each measured loss, all of them at once with probability `level`.
    fn ends(&self, level: f64) -> Result<Vec<(F, F)>> {
        let each = estimate::level_of_each(level, self.points.len())?;
        let deviations = scalar::constant::<F>(estimate::normal_deviations(each)?);
        let ends = self.points.iter().map(|(_, loss)| {
            let radius = deviations * loss.standard_error.0;
            ((loss.value.0 - radius).max(F::zero()), loss.value.0 + radius)
        });
        Ok(ends.collect())
    }

    /// An upper bound on `l_0`; infinite if all measured ratios are too small to tell.
    fn largest(&self, ends: &[(F, F)]) -> F {
        self.least_upper(ends, 0)
    }

    fn least_upper(&self, ends: &[(F, F)], revealed: usize) -> F {
        let bounds = self.points.iter().zip(ends).map(|((ratio, _), (_, upper))| {
            *upper / scalar::constant(self.at_most(*ratio, revealed))
        });
        bounds.filter(|bound| !bound.is_nan()).fold(F::infinity(), F::min)
    }

    fn interval(
        &self,
        ends: &[(F, F)],
        largest: F,
        revealed: usize,
        level: f64,
    ) -> ConfidenceInterval<F> {
        let lower = self.points.iter().zip(ends).map(|((ratio, _), (lower, _))| {
            let below = match revealed {
                0 => 0.0,
                k => self.at_most(*ratio, k - 1),
            };
            let hidden = if below > 0.0 { largest * scalar::constant(below) } else { F::zero() };
            (*lower - hidden) / scalar::constant(1.0 - below)
        });
        let lower = lower.filter(|bound| bound.is_finite()).fold(F::zero(), F::max);
        let upper = self.least_upper(ends, revealed);
        ConfidenceInterval { lower: Nats(lower), upper: Nats(upper), level }
    }

    /// `P(K <= k)` at a mask ratio.
    fn at_most(&self, ratio: f64, k: usize) -> f64 {
        let others = self.tokens as u64 - 1;
        Binomial::new(1.0 - ratio, others).map_or(f64::NAN, |law| law.cdf(k as u64))
    }
}
