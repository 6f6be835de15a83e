//! Estimates of curves too large to be exact.

#[cfg(feature = "rand")]
use crate::distribution::{ConditionalMarginal, SubsetEntropy, check_symbol};
use crate::error::{Error, Result};
use crate::numeric::moments::Moments;
use crate::numeric::scalar::{self, Scalar};
use crate::units::Nats;

/// The mean of what was observed at one point of the curve.
#[derive(Debug, Clone, Copy, PartialEq)]
#[non_exhaustive]
pub struct CurvePoint<F = f64> {
    /// The mean, an unbiased estimate of f_k.
    pub mean: Nats<F>,
    /// The standard error of the mean; infinite for fewer than two observations.
    pub standard_error: Nats<F>,
    /// The number of observations.
    pub observations: u64,
}

/// Collects observations of the conditional entropies `f_0 .. f_{L-1}` and tells their means and
/// standard errors: the road to laws and data too large for an exact curve.
///
/// # Formula
/// ```text
/// f_k = E H(X_i | X_S) = E -ln p(X_i | X_S)        S a random set of k tokens, i random outside S
/// ```
/// Each observation is one value whose mean is `f_k` (or, for a learned predictor, its loss at `k`
/// revealed tokens). Collectors of several machines are [merged](CurveEstimator::merge); with the
/// feature `serde` they can be stored and sent. The orders are drawn by the methods that take a
/// generator, with the feature `rand`, or by the caller, who then calls
/// [`record`](CurveEstimator::record). Memory is taken for all counts at once, for 2^24 at most.
///
/// The means need not be monotone, so they are no [`InformationCurve`](crate::InformationCurve) yet.
///
/// ```
/// use unmaskcost::{Nats, measured::CurveEstimator};
/// let mut here = CurveEstimator::new(2)?;
/// let mut there = here.clone();
/// here.record(0, Nats(0.6))?;
/// there.record(0, Nats(0.8))?;
/// here.merge(&there)?;
/// let point = here.points()[0];
/// assert!((point.mean.0 - 0.7_f64).abs() < 1e-15 && (point.standard_error.0 - 0.1).abs() < 1e-15);
/// # Ok::<(), unmaskcost::Error>(())
/// ```
#[derive(Debug, Clone, PartialEq)]
pub struct CurveEstimator<F = f64> {
    points: Vec<Moments<F>>,
}

impl<F: Scalar> CurveEstimator<F> {
    /// No observations yet, of a sequence of `tokens` tokens.
    ///
    /// # Errors
    /// [`Empty`](Error::Empty) for zero tokens, [`TooLarge`](Error::TooLarge) for more than 2^24.
    pub fn new(tokens: usize) -> Result<Self> {
        Ok(Self { points: Moments::for_counts(tokens)? })
    }

    /// L, the number of tokens.
    #[must_use]
    pub fn tokens(&self) -> usize {
        self.points.len()
    }

    /// Adds one observation of the entropy, or of the loss, of a token given `revealed` others.
    ///
    /// # Errors
    /// [`IndexOutOfRange`](Error::IndexOutOfRange) unless `revealed < tokens`,
    /// [`NotFinite`](Error::NotFinite) for the value,
    /// [`Overflow`](Error::Overflow) of the observations, their mean or their spread.
    pub fn record(&mut self, revealed: usize, value: Nats<F>) -> Result<()> {
        let limit = self.tokens();
        let Some(point) = self.points.get_mut(revealed) else {
            let what = "number of revealed tokens";
            return Err(Error::IndexOutOfRange { what, index: revealed, limit });
        };
        if !value.0.is_finite() {
            let (what, value) = ("observations", scalar::evidence(value.0));
            return Err(Error::NotFinite { what, index: Some(revealed), value });
        }
        *point = point.union(Moments::single(value.0))?;
        Ok(())
    }

    /// Adds all observations of another collector: the result is, up to rounding, the same as if all
    /// had been recorded here.
    ///
    /// # Errors
    /// [`LengthMismatch`](Error::LengthMismatch) unless both have the same number of tokens,
    /// [`Overflow`](Error::Overflow) of the observations, their mean or their spread.
    pub fn merge(&mut self, other: &Self) -> Result<()> {
        if self.tokens() != other.tokens() {
            return Err(Error::LengthMismatch {
                what: "the other estimator",
                found: other.tokens(),
                expected: self.tokens(),
            });
        }
        let unions = self.points.iter().zip(&other.points).map(|(a, b)| a.union(*b));
        self.points = unions.collect::<Result<_>>()?;
        Ok(())
    }

    #[cfg(feature = "serde")]
    pub(crate) fn cells(&self) -> &[Moments<F>] {
        &self.points
    }

    #[cfg(feature = "serde")]
    pub(crate) fn from_cells(points: Vec<Moments<F>>) -> Self {
        Self { points }
    }

    /// The estimates of `f_0 .. f_{L-1}`.
    #[must_use]
    pub fn points(&self) -> Vec<CurvePoint<F>> {
        let point = |moments: &Moments<F>| CurvePoint {
            mean: Nats(moments.mean),
            standard_error: Nats(moments.standard_error()),
            observations: moments.observations,
        };
        self.points.iter().map(point).collect()
    }

    /// Observes a law along one random order of its tokens: one value at each point of the curve,
    /// from `L` entropies. Unbiased.
    ///
    /// # Errors
    /// Those of the law.
    ///
    /// ```
    /// use unmaskcost::{MarkovChain, measured::CurveEstimator};
    /// use rand::SeedableRng;
    /// let chain = MarkovChain::stationary(&[[0.9, 0.1], [0.3, 0.7]])?;
    /// let mut generator = rand::rngs::ChaCha8Rng::seed_from_u64(5);
    /// let mut estimator = CurveEstimator::new(16)?;
    /// for _ in 0..200 {
    ///     estimator.observe_entropies(&chain, &mut generator)?;
    /// }
    /// let (exact, point) = (chain.information_curve(16)?, estimator.points()[8]);
    /// let error: f64 = (point.mean - exact.conditional_entropy(8).unwrap()).0;
    /// assert!(error.abs() < 4.0 * point.standard_error.0);
    /// # Ok::<(), unmaskcost::Error>(())
    /// ```
    #[cfg(feature = "rand")]
    #[cfg_attr(docsrs, doc(cfg(feature = "rand")))]
    pub fn observe_entropies<R: rand::Rng + ?Sized>(
        &mut self,
        law: &impl SubsetEntropy<F>,
        generator: &mut R,
    ) -> Result<()> {
        let order = random_order(self.tokens(), generator);
        let entropies = (0..=order.len()).map(|revealed| law.subset_entropy(&order[..revealed]));
        let entropies: Vec<Nats<F>> = entropies.collect::<Result<_>>()?;
        let differences: Vec<F> = entropies.windows(2).map(|pair| (pair[1] - pair[0]).0).collect();
        self.record_each(&differences)
    }

    /// Observes a predictor on one sequence of the data, along one random order: the loss
    /// `-ln p(x_i | x_S)` at each point of the curve. Its mean is the predictor's cross-entropy on
    /// the data, and f_k if the predictor is the law of the data.
    ///
    /// # Errors
    /// [`LengthMismatch`](Error::LengthMismatch) for a sequence of another length,
    /// [`IndexOutOfRange`](Error::IndexOutOfRange) for a symbol that the predictor does not know,
    /// [`NotFinite`](Error::NotFinite) for a token that it thinks impossible, and those of the
    /// predictor.
    #[cfg(feature = "rand")]
    #[cfg_attr(docsrs, doc(cfg(feature = "rand")))]
    pub fn observe_losses<R: rand::Rng + ?Sized>(
        &mut self,
        predictor: &impl ConditionalMarginal<F>,
        sequence: &[usize],
        generator: &mut R,
    ) -> Result<()> {
        self.observe_predictions(predictor, sequence, generator, |law, symbol| {
            check_symbol(symbol, law.len())?;
            Ok(-law[symbol].ln())
        })
    }

    /// As [`observe_losses`](CurveEstimator::observe_losses), but records the entropy of the
    /// predicted law instead of the loss. For sequences drawn from the law itself the mean is the
    /// same, f_k, and the spread is smaller. For a learned predictor it is not the loss.
    ///
    /// # Errors
    /// As [`observe_losses`](CurveEstimator::observe_losses).
    ///
    /// ```
    /// use unmaskcost::{CategoricalMixture, measured::CurveEstimator};
    /// use rand::SeedableRng;
    /// // A letter shown 64 times, wrong in most of them: too many counts for an exact curve.
    /// let law = CategoricalMixture::noisy_repeated_symbol(27, 0.7)?;
    /// assert!(law.information_curve(64).is_err());
    /// let mut generator = rand::rngs::ChaCha8Rng::seed_from_u64(5);
    /// let mut estimator = CurveEstimator::new(64)?;
    /// for _ in 0..50 {
    ///     let sequence = law.sample(64, &mut generator)?;
    ///     estimator.observe_predicted_entropies(&law, &sequence, &mut generator)?;
    /// }
    /// // The first token tells little; in the end the letter is known, and the noise is left.
    /// let points = estimator.points();
    /// let noise = -(0.3_f64 * 0.3_f64.ln() + 0.7 * (0.7_f64 / 26.0).ln());
    /// assert!((points[0].mean.0 - 27_f64.ln()).abs() < 1e-12);
    /// assert!(points[1].mean.0 > noise + 0.2 && (points[63].mean.0 - noise).abs() < 1e-3);
    /// # Ok::<(), unmaskcost::Error>(())
    /// ```
    #[cfg(feature = "rand")]
    #[cfg_attr(docsrs, doc(cfg(feature = "rand")))]
    pub fn observe_predicted_entropies<R: rand::Rng + ?Sized>(
        &mut self,
        law: &impl ConditionalMarginal<F>,
        sequence: &[usize],
        generator: &mut R,
    ) -> Result<()> {
        self.observe_predictions(law, sequence, generator, |law, _| Ok(scalar::entropy(law)))
    }

    #[cfg(feature = "rand")]
    fn observe_predictions<R: rand::Rng + ?Sized>(
        &mut self,
        predictor: &impl ConditionalMarginal<F>,
        sequence: &[usize],
        generator: &mut R,
        value: impl Fn(&[F], usize) -> Result<F>,
    ) -> Result<()> {
        if sequence.len() != self.tokens() {
            return Err(Error::LengthMismatch {
                what: "the sequence",
                found: sequence.len(),
                expected: self.tokens(),
            });
        }
        let mut revealed = Vec::with_capacity(sequence.len());
        let mut values = Vec::with_capacity(sequence.len());
        for position in random_order(sequence.len(), generator) {
            let law = predictor.conditional_marginal(&revealed, position)?;
            values.push(value(&law, sequence[position])?);
            revealed.push((position, sequence[position]));
        }
        self.record_each(&values)
    }

    /// One observation at each point, or none at all if one of them cannot be taken.
    #[cfg(feature = "rand")]
    fn record_each(&mut self, values: &[F]) -> Result<()> {
        scalar::check_finite("observations", values)?;
        values
            .iter()
            .enumerate()
            .try_for_each(|(revealed, &value)| self.record(revealed, Nats(value)))
    }
}

/// A uniformly random permutation of `0 .. tokens` (Fisher & Yates).
#[cfg(feature = "rand")]
fn random_order<R: rand::Rng + ?Sized>(tokens: usize, generator: &mut R) -> Vec<usize> {
    use rand::RngExt;
    let mut order: Vec<usize> = (0..tokens).collect();
    for last in (1..tokens).rev() {
        order.swap(last, generator.random_range(0..=last));
    }
    order
}

#[cfg(all(test, feature = "rand"))]
mod tests {
    use super::*;
    use rand::SeedableRng;
    use std::collections::BTreeMap;

    #[test]
    fn all_orders_are_equally_likely() {
        let mut generator = rand::rngs::ChaCha8Rng::seed_from_u64(7);
        let mut counts = BTreeMap::new();
        for _ in 0..24_000 {
            *counts.entry(random_order(4, &mut generator)).or_insert(0_i32) += 1;
        }
        assert_eq!(counts.len(), 24);
        // Each is binomial with mean 1000 and a standard deviation of 31.
        assert!(counts.values().all(|count| (count - 1000).abs() < 4 * 31), "{counts:?}");
    }
}
