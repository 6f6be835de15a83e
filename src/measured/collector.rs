#[cfg(feature = "rand")]
use crate::distribution::{ConditionalMarginal, SubsetEntropy, check_symbol};
use crate::error::{Error, Result};
use crate::measured::losses::{LossCurve, LossPoint};
use crate::numeric::moments::Moments;
use crate::numeric::scalar::{self, Scalar};
use crate::units::Nats;

/// Collects observations `(revealed count, loss or entropy)` one by one and keeps, for each count, their
/// number, mean and spread: billions of them on many machines become one [`LossCurve`].
///
/// To measure a model: draw a sequence, draw `k` from `0 .. L-1`, reveal `k` random tokens, and record the
/// mean cross-entropy of the masked ones. Masking each token by its own coin will do as well, if the value
/// is recorded here at the count that came out. For a distribution too large for its exact curve, the
/// `observe_` methods (feature `rand`) draw the orders and record the values.
///
/// [`LossCurve`] takes the values at different counts to be independent. They are if each sequence is
/// measured at one count. The `observe_` methods record all counts along one order, and these values
/// depend on each other: the mean and the error at each count are right, the errors of sums over counts
/// are not.
///
/// O(1) for each value, O(L) memory. Collectors of parts, [merged](Self::merge), give the collector of the
/// whole up to rounding; with the feature `serde` they can be stored and sent. In `f32` a mean stops
/// moving after some 10^7 values at one count; in `f64` there is no such limit in practice.
///
/// # Formula
/// ```text
/// f_k = E H(X_i | X_S) = E -ln p(X_i | X_S)        S a random set of k tokens, i random outside S
/// mean_n = mean_{n-1} + (x_n - mean_{n-1}) / n
/// M2_n   = M2_{n-1} + (x_n - mean_{n-1}) (x_n - mean_n),   standard error = sqrt(M2 / (n (n - 1)))
/// ```
/// Each value has the mean `f_k` or, for a learned predictor, its loss at `k` revealed tokens. Source of
/// the running mean: Welford, *Technometrics* 4 (1962); the merge is by Chan, Golub & LeVeque (1979).
///
/// ```
/// use unmaskcost::{Nats, measured::Collector};
/// let mut here = Collector::new(3)?;
/// let mut there = Collector::new(3)?;
/// for loss in [2.0, 3.0] {
///     here.record(0, Nats(loss))?;
/// }
/// for (revealed, loss) in [(0, 4.0), (2, 1.0), (2, 2.0)] {
///     there.record(revealed, Nats(loss))?;
/// }
/// here.merge(&there)?;
/// let losses = here.loss_curve(2)?;
/// assert_eq!(losses.loss(0)?.value(), Nats(3.0));
/// assert_eq!(losses.points()[1].samples, Some(2));
/// let curve = losses.isotonic()?.information_curve()?;
/// assert_eq!(curve.information(2), Nats(1.5));
/// # Ok::<(), unmaskcost::Error>(())
/// ```
#[derive(Debug, Clone, PartialEq)]
pub struct Collector<F = f64> {
    /// By revealed count.
    cells: Vec<Moments<F>>,
}

impl<F: Scalar> Collector<F> {
    /// An empty collector, for sequences of `tokens` tokens.
    ///
    /// # Errors
    /// [`Empty`](Error::Empty) for no tokens, [`TooLarge`](Error::TooLarge) for more than 2^20:
    /// memory is taken for all counts at once, and a short serialized document should not be able
    /// to ask for gigabytes.
    pub fn new(tokens: usize) -> Result<Self> {
        Ok(Self { cells: Moments::for_counts(tokens)? })
    }

    /// L, the number of tokens of a sequence.
    #[must_use]
    pub fn tokens(&self) -> usize {
        self.cells.len()
    }

    /// How many values were recorded at this count, on any machine.
    #[must_use]
    pub fn samples(&self, revealed: usize) -> u64 {
        self.cells.get(revealed).map_or(0, |cell| cell.observations)
    }

    /// Adds one value: the mean cross-entropy of the masked tokens of one sequence of which `revealed`
    /// tokens were shown, or an entropy of a token given this many others. A refused value changes
    /// nothing. O(1).
    ///
    /// # Errors
    /// [`IndexOutOfRange`](Error::IndexOutOfRange) for a count of L or more,
    /// [`NotFinite`](Error::NotFinite) or [`Negative`](Error::Negative) for the value,
    /// [`Overflow`](Error::Overflow) of the samples, their mean or their spread.
    pub fn record(&mut self, revealed: usize, value: Nats<F>) -> Result<()> {
        let limit = self.tokens();
        let Some(cell) = self.cells.get_mut(revealed) else {
            let what = "revealed count";
            return Err(Error::IndexOutOfRange { what, index: revealed, limit });
        };
        *cell = with(cell, revealed, value.0)?;
        Ok(())
    }

    /// Adds all values of another collector. A refused one changes nothing. O(L).
    ///
    /// # Errors
    /// [`LengthMismatch`](Error::LengthMismatch) for other sequence lengths,
    /// [`Overflow`](Error::Overflow) of the samples, their mean or their spread.
    pub fn merge(&mut self, other: &Self) -> Result<()> {
        let (expected, found) = (self.tokens(), other.tokens());
        if expected != found {
            return Err(Error::LengthMismatch { what: "the other collector", found, expected });
        }
        let unions = self.cells.iter().zip(&other.cells).map(|(ours, theirs)| ours.union(*theirs));
        self.cells = unions.collect::<Result<_>>()?;
        Ok(())
    }

    /// The means at all counts with at least `least_samples` values, with their standard errors.
    /// Other counts are left out. A standard error from few values is itself uncertain: intervals
    /// allow for that, the weights of the [monotone projection](LossCurve::isotonic) do not, so take 20
    /// for planning.
    ///
    /// # Errors
    /// [`TooFewSamples`](Error::TooFewSamples) if no count has as many (the evidence is the best
    /// count), [`OutOfRange`](Error::OutOfRange) if `least_samples` is below 2: one value has no spread.
    pub fn loss_curve(&self, least_samples: u64) -> Result<LossCurve<F>> {
        let most = self.cells.iter().enumerate().rev().max_by_key(|(_, cell)| cell.observations);
        let (revealed, samples) =
            most.map_or((0, 0), |(revealed, cell)| (revealed, cell.observations));
        if least_samples < 2 {
            let (what, value) = ("the least number of samples", least_samples as f64);
            return Err(Error::OutOfRange { what, value, needed: "at least 2" });
        }
        if samples < least_samples {
            return Err(Error::TooFewSamples { revealed, samples, needed: least_samples });
        }
        let measured = self.cells.iter().enumerate();
        let measured = measured.filter(|(_, cell)| cell.observations >= least_samples);
        let points = measured.map(|(revealed, cell)| LossPoint {
            revealed,
            loss: Nats(cell.mean),
            standard_error: Nats(cell.standard_error()),
            samples: Some(cell.observations),
        });
        LossCurve::from_points(points.collect::<Vec<_>>(), self.tokens())
    }

    /// Observes a distribution along one random order of its tokens: one value at each point of the curve,
    /// from `L` entropies. Unbiased.
    ///
    /// # Errors
    /// Those of the distribution; [`Negative`](Error::Negative) for an entropy that falls by more than rounding as a
    /// token is added; as [`record`](Self::record).
    ///
    /// ```
    /// use unmaskcost::{measured::Collector, distribution::MarkovChain};
    /// use rand::SeedableRng;
    /// let chain = MarkovChain::stationary(&[[0.9, 0.1], [0.3, 0.7]])?;
    /// let mut generator = rand::rngs::ChaCha8Rng::seed_from_u64(5);
    /// let mut collector = Collector::new(16)?;
    /// for _ in 0..200 {
    ///     collector.observe_entropies(&chain, &mut generator)?;
    /// }
    /// let (exact, seen) = (chain.information_curve(16)?, collector.loss_curve(2)?.loss(8)?);
    /// let error: f64 = (seen.value() - exact.conditional_entropy(8).unwrap()).0;
    /// assert!(error.abs() < 4.0 * seen.standard_error().0);
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
        // Rounding may let a difference of large entropies fall below zero, by no more than this.
        let largest = entropies.iter().fold(F::zero(), |largest, entropy| largest.max(entropy.0));
        let noise = largest * F::tolerance();
        let rise = |pair: &[Nats<F>]| match (pair[1] - pair[0]).0 {
            rise if rise < F::zero() && rise >= -noise => F::zero(),
            rise => rise,
        };
        self.record_each(&entropies.windows(2).map(rise).collect::<Vec<_>>())
    }

    /// Observes a predictor on one sequence of the data, along one random order: the loss
    /// `-ln p(x_i | x_S)` at each point of the curve. Its mean is the predictor's cross-entropy on
    /// the data, and f_k if the predictor is the distribution of the data.
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

    /// As [`observe_losses`](Collector::observe_losses), but records the entropy of the
    /// predicted distribution instead of the loss. For sequences drawn from the distribution itself the mean is the
    /// same, f_k, and the spread is smaller. For a learned predictor it is not the loss.
    ///
    /// # Errors
    /// As [`observe_losses`](Collector::observe_losses).
    ///
    /// ```
    /// use unmaskcost::{measured::Collector, distribution::CategoricalMixture};
    /// use rand::SeedableRng;
    /// // A letter shown 64 times, wrong in most of them: too many counts for an exact curve.
    /// let law = CategoricalMixture::noisy_repeated_symbol(27, 0.7)?;
    /// assert!(law.information_curve(64).is_err());
    /// let mut generator = rand::rngs::ChaCha8Rng::seed_from_u64(5);
    /// let mut collector = Collector::new(64)?;
    /// for _ in 0..50 {
    ///     let sequence = law.sample(64, &mut generator)?;
    ///     collector.observe_predicted_entropies(&law, &sequence, &mut generator)?;
    /// }
    /// // The first token tells little; in the end the letter is known, and the noise is left.
    /// let losses = collector.loss_curve(2)?;
    /// let points = losses.points();
    /// let noise = -(0.3_f64 * 0.3_f64.ln() + 0.7 * (0.7_f64 / 26.0).ln());
    /// assert!((points[0].loss.0 - 27_f64.ln()).abs() < 1e-12);
    /// assert!(points[1].loss.0 > noise + 0.2 && (points[63].loss.0 - noise).abs() < 1e-3);
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

    #[cfg(feature = "serde")]
    pub(crate) fn cells(&self) -> &[Moments<F>] {
        &self.cells
    }

    #[cfg(feature = "serde")]
    pub(crate) fn from_cells(cells: Vec<Moments<F>>) -> Self {
        Self { cells }
    }

    /// Records one value at each count, or none at all if one of them is refused.
    #[cfg(feature = "rand")]
    fn record_each(&mut self, values: &[F]) -> Result<()> {
        let cells = self.cells.iter().zip(values).enumerate();
        let cells = cells.map(|(revealed, (cell, &value))| with(cell, revealed, value));
        self.cells = cells.collect::<Result<_>>()?;
        Ok(())
    }
}

/// A cell with one more value.
fn with<F: Scalar>(cell: &Moments<F>, revealed: usize, value: F) -> Result<Moments<F>> {
    let (what, index) = ("observations", Some(revealed));
    if !value.is_finite() {
        return Err(Error::NotFinite { what, index, value: scalar::evidence(value) });
    }
    if value < -F::cancellation_noise() {
        return Err(Error::Negative { what, index, value: scalar::evidence(value) });
    }
    cell.union(Moments::single(value.max(F::zero())))
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
