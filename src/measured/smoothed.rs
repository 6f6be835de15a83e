use crate::error::{Error, Result};
use crate::estimate::{self, ConfidenceInterval, Estimate};
use crate::measured::losses;
use crate::numeric::binomial::Binomial;
use crate::numeric::scalar::{self, CompensatedSum, Scalar};
use crate::numeric::student::Quantiles;
use crate::schedule::Schedule;
use crate::units::Nats;

/// Losses of a model evaluated with each token masked by its own coin: a *mask ratio* is then a
/// probability, and the loss at it mixes many revealed counts.
///
/// # Formula
/// ```text
/// B(r) = E l_K,   K ~ Binomial(L - 1, 1 - r)
/// ```
/// As a function of `1 - r` this is the Bernstein polynomial of the losses `l_k`. Undoing this
/// would amplify the errors of measurement exponentially in L. So this type does not undo it, but
/// bounds what each `l_k` can be. To have the `l_k` themselves from the same evaluations, keep with
/// each loss how many tokens came out revealed, and feed [`Collector`](crate::measured::Collector):
/// given the number, the mask is uniform.
///
/// ```
/// use unmaskcost::{Estimate, Nats, measured::SmoothedLosses};
/// let measured = |loss| Estimate::with_known_error(Nats(loss), Nats(0.01));
/// let smoothed = SmoothedLosses::from_mask_ratios(
///     [(1.0, measured(3.0)?), (0.8, measured(2.4)?), (0.5, measured(2.0)?), (0.2, measured(1.8)?)],
///     64,
/// )?;
/// let interval = smoothed.loss_interval(32, 0.95)?;
/// assert!(interval.lower() > Nats(1.3) && interval.upper() < Nats(2.6));
/// # Ok::<(), unmaskcost::Error>(())
/// ```
///
/// It is not stored: the few means that it is made from are.
#[derive(Debug, Clone, PartialEq)]
pub struct SmoothedLosses<F = f64> {
    tokens: usize,
    points: Vec<(f64, Estimate<F>)>,
}

impl<F: Scalar> SmoothedLosses<F> {
    /// The losses at some mask ratios: pairs of the probability that a token is masked, and the
    /// mean loss of masked tokens.
    ///
    /// The mean must be over all masked tokens of all sequences, or the sum over `r L`; the mean of
    /// each sequence's mean is another number.
    ///
    /// # Errors
    /// [`Empty`](Error::Empty), [`TooLarge`](Error::TooLarge) for more than 2^24 tokens,
    /// [`OutOfRange`](Error::OutOfRange) unless `0 < r <= 1`,
    /// [`NotFinite`](Error::NotFinite) or [`Negative`](Error::Negative) for a loss.
    pub fn from_mask_ratios(
        points: impl AsRef<[(f64, Estimate<F>)]>,
        tokens: usize,
    ) -> Result<Self> {
        losses::check_tokens(tokens)?;
        let points = points.as_ref().to_vec();
        if points.is_empty() {
            return Err(Error::Empty { what: "the list of losses" });
        }
        for (index, (ratio, loss)) in points.iter().enumerate() {
            if !(*ratio > 0.0 && *ratio <= 1.0) {
                let (what, needed) = ("mask ratio", "0 < mask ratio <= 1");
                return Err(Error::OutOfRange { what, value: *ratio, needed });
            }
            losses::check_at("losses", index, loss.value().0)?;
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
    /// O(points sqrt(L)).
    ///
    /// # Formula
    /// ```text
    /// l_k <= least over r of  B(r) / P(K <= k)
    /// l_k >= most over r of   u - (u - B(r)) / P(K >= k),   u the upper bound on l_0
    /// ```
    /// with each `B(r)` at the far end of its own interval, at level `1 - (1 - level) / points`.
    /// The upper bound uses `l >= 0` beyond `k`; it is infinite where no ratio measured says anything of
    /// the count. A measurement at `r = 1` makes `u` tight.
    ///
    /// Where a probability is small, the division magnifies what rounding did to `B(r)`. So `u - B(r)` is
    /// first enlarged by `noise u`, `noise = (64 + 8 n)` machine epsilons, n the number of counts that `K`
    /// takes with a probability that matters (12 standard deviations to either side), and both ends are
    /// moved outward by as much.
    ///
    /// # Errors
    /// [`OutOfRange`](Error::OutOfRange);
    /// [`IndexOutOfRange`](Error::IndexOutOfRange) for a count of L or more; as [`Estimate::interval`];
    /// [`Inconsistent`](Error::Inconsistent) if the lower end would be above the upper one: no losses
    /// that do not increase have these means.
    pub fn loss_interval(&self, revealed: usize, level: f64) -> Result<ConfidenceInterval<F>> {
        if revealed >= self.tokens {
            let what = "revealed count";
            return Err(Error::IndexOutOfRange { what, index: revealed, limit: self.tokens });
        }
        let (lower, upper) = self.bounds(level)?.at(revealed)?;
        ConfidenceInterval::new(Nats(lower), Nats(upper), level)
    }

    /// What [`parallelism_cost`](crate::measured::LossCurve::parallelism_cost) may be, from the intervals
    /// of all counts: with probability `level`, under the same conditions. Not the narrowest interval
    /// possible. O(L points).
    ///
    /// # Errors
    /// As [`loss_interval`](Self::loss_interval); [`TokensDiffer`](Error::TokensDiffer).
    pub fn cost_interval(&self, schedule: &Schedule, level: f64) -> Result<ConfidenceInterval<F>> {
        schedule.check_tokens("losses", self.tokens)?;
        let bounds = self.bounds(level)?;
        let mut lower = CompensatedSum::new();
        let mut upper = CompensatedSum::new();
        for step in schedule.ranges().filter(|step| step.len() > 1) {
            let (at_least, at_most) = bounds.at(step.start)?;
            for revealed in step.start + 1..step.end {
                let (others_at_least, others_at_most) = bounds.at(revealed)?;
                // No loss in the step is above the one at its start.
                lower.add((at_least - others_at_most).max(F::zero()));
                upper.add(F::zero() - others_at_least);
            }
            upper.add(scalar::float::<F>(step.len() - 1) * at_most);
        }
        let (lower, upper) = (Nats(lower.total()), Nats(upper.total()));
        ConfidenceInterval::new(lower, upper, level)
    }

    /// What all measurements say, all of it at once with probability `level`.
    fn bounds(&self, level: f64) -> Result<Bounds<F>> {
        let miss = estimate::outside_of_each(level, self.points.len())?;
        let mut quantiles = Quantiles::new(miss);
        let sides = self.points.iter().map(|(ratio, loss)| {
            let (lower, upper) = loss.ends(&mut quantiles)?;
            let tails = Tails::new(self.tokens - 1, *ratio);
            Ok(Side { lower: lower.0.max(F::zero()), upper: upper.0, tails })
        });
        let mut bounds = Bounds { sides: sides.collect::<Result<_>>()?, largest: F::infinity() };
        bounds.largest = bounds.at_most(0);
        Ok(bounds)
    }
}

/// The ends of one measured loss, with the distribution of the count it mixes.
struct Side<F> {
    lower: F,
    upper: F,
    tails: Tails,
}

/// What measured losses say of each `l_k`.
struct Bounds<F> {
    sides: Vec<Side<F>>,
    /// An upper bound on `l_0`; infinite if all measured ratios are too small to tell.
    largest: F,
}

impl<F: Scalar> Bounds<F> {
    fn at(&self, revealed: usize) -> Result<(F, F)> {
        let (lower, upper) = (self.at_least(revealed), self.at_most(revealed));
        if lower > upper {
            return Err(Error::Inconsistent {
                inequality: "most of the lower bounds on l_k <= least of the upper bounds",
                left: scalar::evidence(lower),
                right: scalar::evidence(upper),
            });
        }
        Ok((lower, upper))
    }

    fn at_most(&self, revealed: usize) -> F {
        let bounds = self.sides.iter().map(|Side { upper, tails, .. }| {
            let bound = *upper / scalar::constant(tails.at_most(revealed));
            bound * (F::one() + tails.noise())
        });
        bounds.filter(|bound| !bound.is_nan()).fold(F::infinity(), F::min)
    }

    fn at_least(&self, revealed: usize) -> F {
        let bounds = self.sides.iter().map(|Side { lower, tails, .. }| {
            let noise = tails.noise::<F>();
            if revealed == 0 {
                // No loss is above l_0, so it is at least each of the means.
                return *lower * (F::one() - noise);
            }
            let hidden = (self.largest - *lower + noise * self.largest)
                / scalar::constant(tails.at_least(revealed));
            self.largest * (F::one() - noise) - hidden * (F::one() + noise)
        });
        bounds.filter(|bound| bound.is_finite()).fold(F::zero(), F::max)
    }
}

/// The probabilities that a binomial count is at most, or at least, a number: each summed from its own
/// end, so that small ones keep their digits.
struct Tails {
    first: usize,
    /// `P(K <= first + i)` and `P(K >= first + i)`.
    at_most: Vec<f64>,
    at_least: Vec<f64>,
}

impl Tails {
    /// For the number of revealed tokens among `others`, each masked with probability `ratio`.
    fn new(others: usize, ratio: f64) -> Self {
        let (mut first, mut law) = (others, Vec::new());
        if ratio < 1.0 {
            Binomial::new(others).for_each(1.0 - ratio, ratio, |k, p| {
                first = first.min(k);
                law.push(p);
            });
        } else {
            (first, law) = (0, vec![1.0]);
        }
        let sums = |law: &mut dyn Iterator<Item = &f64>| -> Vec<f64> {
            law.scan(CompensatedSum::new(), |sum, &p| {
                sum.add(p);
                Some(sum.total().min(1.0))
            })
            .collect()
        };
        let at_most = sums(&mut law.iter());
        let mut at_least = sums(&mut law.iter().rev());
        at_least.reverse();
        Self { first, at_most, at_least }
    }

    /// `P(K <= k)`. Probabilities beyond the window of the distribution are taken as zero, which
    /// makes bounds wider.
    fn at_most(&self, k: usize) -> f64 {
        let place = k.checked_sub(self.first);
        place.map_or(0.0, |place| self.at_most.get(place).copied().unwrap_or(1.0))
    }

    fn at_least(&self, k: usize) -> f64 {
        let place = k.checked_sub(self.first);
        place.map_or(1.0, |place| self.at_least.get(place).copied().unwrap_or(0.0))
    }

    /// How far rounding may move these probabilities, and the mean of losses under them, in relative
    /// terms: each probability is a product of at most this many ratios, each of four roundings.
    fn noise<F: Scalar>(&self) -> F {
        let ratios = scalar::float::<F>(self.at_most.len());
        let epsilon = F::epsilon().max(scalar::constant(f64::EPSILON));
        (scalar::constant::<F>(64.0) + scalar::constant::<F>(8.0) * ratios) * epsilon
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tails_keep_their_digits_at_either_end_and_for_many_tokens() {
        // Pascal's rule: exact for one half and few tokens.
        let mut law = vec![1.0];
        for _ in 0..40 {
            law = (0..=law.len())
                .map(|k| {
                    let more = k.checked_sub(1).map_or(0.0, |k| law[k]);
                    0.5 * (law.get(k).copied().unwrap_or(0.0) + more)
                })
                .collect();
        }
        let tails = Tails::new(40, 0.5);
        for k in 0..=40 {
            let (at_most, at_least): (f64, f64) = (law[..=k].iter().sum(), law[k..].iter().sum());
            assert!((tails.at_most(k) / at_most - 1.0).abs() < 1e-14, "{k}");
            assert!((tails.at_least(k) / at_least - 1.0).abs() < 1e-14, "{k}");
        }
        // What is masked for one is revealed for the other.
        let (tails, mirror) = (Tails::new(300, 0.3), Tails::new(300, 0.7));
        for k in 100..=300 {
            let (at_least, expected) = (tails.at_least(k), mirror.at_most(300 - k));
            assert!((at_least - expected).abs() <= 1e-12 * expected, "{k} {at_least} {expected}");
        }
        // At the middle of 2 m tokens: (1 + C(2m, m) / 4^m) / 2, by Stirling's series.
        for m in [5e3, 5e5, 5e7_f64] {
            let central = (1.0 - 1.0 / (8.0 * m)) / (core::f64::consts::PI * m).sqrt();
            let tails = Tails::new(2 * m as usize, 0.5);
            for found in [tails.at_most(m as usize), tails.at_least(m as usize)] {
                assert!((found - 0.5 * (1.0 + central)).abs() < 1e-10, "{m} {found}");
            }
        }
        let certain = Tails::new(7, 1.0);
        assert_eq!((certain.at_most(0), certain.at_least(0), certain.at_least(1)), (1.0, 1.0, 0.0));
    }
}
