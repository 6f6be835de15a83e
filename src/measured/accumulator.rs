use crate::error::{Error, Result};
use crate::measured::losses::{LossCurve, LossPoint};
use crate::numeric::moments::Moments;
use crate::numeric::scalar::{self, Scalar};
use crate::units::Nats;

/// Collects evaluations `(revealed count, loss)` one by one and keeps, for each count, their number,
/// mean and spread: billions of evaluations on many machines become one [`LossCurve`].
///
/// To measure a model: draw a sequence, draw `k` from `0 .. L-1`, reveal `k` random tokens, and add the
/// mean cross-entropy of the masked ones. A masking that draws each token by its own coin will do as
/// well, if the count that came out is what is added here.
///
/// The counts of different evaluations are independent here, as [`LossCurve`] takes them to be. A
/// [`CurveEstimator`](crate::measured::CurveEstimator) observes all counts along one order of a
/// sequence: the values of one order depend on each other.
///
/// O(1) per evaluation, O(L) memory. Accumulators of parts, [merged](Self::merge), give the accumulator of the
/// whole up to rounding. In `f32` a mean stops moving after some 10^7 evaluations at one count; in
/// `f64` there is no such limit in practice.
///
/// # Formula
/// ```text
/// mean_n = mean_{n-1} + (x_n - mean_{n-1}) / n
/// M2_n   = M2_{n-1} + (x_n - mean_{n-1}) (x_n - mean_n),   standard error = sqrt(M2 / (n (n - 1)))
/// ```
/// Source: Welford, *Technometrics* 4 (1962); the merge is by Chan, Golub & LeVeque (1979).
///
/// ```
/// use unmaskcost::{Nats, measured::LossAccumulator};
/// let mut here = LossAccumulator::new(3)?;
/// let mut there = LossAccumulator::new(3)?;
/// for loss in [2.0, 3.0] {
///     here.add(0, Nats(loss))?;
/// }
/// for (revealed, loss) in [(0, 4.0), (2, 1.0), (2, 2.0)] {
///     there.add(revealed, Nats(loss))?;
/// }
/// here.merge(&there)?;
/// let losses = here.loss_curve(2)?;
/// assert_eq!(losses.loss(0)?.value(), Nats(3.0));
/// assert_eq!(losses.points()[1].samples, 2);
/// # Ok::<(), unmaskcost::Error>(())
/// ```
#[derive(Debug, Clone, PartialEq)]
pub struct LossAccumulator<F = f64> {
    /// By revealed count.
    cells: Vec<Moments<F>>,
}

impl<F: Scalar> LossAccumulator<F> {
    /// Empty, for sequences of `tokens` tokens.
    ///
    /// # Errors
    /// [`Empty`](Error::Empty) for no tokens, [`TooLarge`](Error::TooLarge) for more than 2^24: memory
    /// is taken for all counts at once, and a short document should not be able to ask for gigabytes.
    pub fn new(tokens: usize) -> Result<Self> {
        Ok(Self { cells: Moments::for_counts(tokens)? })
    }

    /// L, the number of tokens of a sequence.
    #[must_use]
    pub fn tokens(&self) -> usize {
        self.cells.len()
    }

    /// How many evaluations were added at this count, on any machine.
    #[must_use]
    pub fn samples(&self, revealed: usize) -> u64 {
        self.cells.get(revealed).map_or(0, |cell| cell.observations)
    }

    /// Adds one evaluation: the mean cross-entropy of the masked tokens of one sequence of which
    /// `revealed` tokens were shown. A refused evaluation changes nothing. O(1).
    ///
    /// # Errors
    /// [`IndexOutOfRange`](Error::IndexOutOfRange) for a count of L or more,
    /// [`NotFinite`](Error::NotFinite) or [`Negative`](Error::Negative) for the loss,
    /// [`Overflow`](Error::Overflow) of the samples, their mean or their spread.
    pub fn add(&mut self, revealed: usize, loss: Nats<F>) -> Result<()> {
        let limit = self.tokens();
        let Some(cell) = self.cells.get_mut(revealed) else {
            let what = "revealed count";
            return Err(Error::IndexOutOfRange { what, index: revealed, limit });
        };
        let loss = scalar::check_nonnegative("loss", loss.0)?;
        *cell = cell.union(Moments::single(loss))?;
        Ok(())
    }

    /// Adds all evaluations of another accumulator. A refused one changes nothing. O(L).
    ///
    /// # Errors
    /// [`LengthMismatch`](Error::LengthMismatch) for other sequence lengths,
    /// [`Overflow`](Error::Overflow) of the samples, their mean or their spread.
    pub fn merge(&mut self, other: &Self) -> Result<()> {
        let (expected, found) = (self.tokens(), other.tokens());
        if expected != found {
            return Err(Error::LengthMismatch { what: "the other accumulator", found, expected });
        }
        let unions = self.cells.iter().zip(&other.cells).map(|(ours, theirs)| ours.union(*theirs));
        self.cells = unions.collect::<Result<_>>()?;
        Ok(())
    }

    /// The losses at all counts with at least `least_samples` evaluations, with their standard errors.
    /// Other counts are left out. A standard error from few evaluations is itself uncertain: intervals
    /// allow for that, the weights of the [monotone projection](LossCurve::isotonic) do not, so take 20
    /// for planning.
    ///
    /// # Errors
    /// [`TooFewSamples`](Error::TooFewSamples) if no count has as many (the evidence is the best
    /// count), or if `least_samples` is below 2: one evaluation has no spread.
    pub fn loss_curve(&self, least_samples: u64) -> Result<LossCurve<F>> {
        let most = self.cells.iter().enumerate().max_by_key(|(_, cell)| cell.observations);
        let (revealed, samples) =
            most.map_or((0, 0), |(revealed, cell)| (revealed, cell.observations));
        if least_samples < 2 {
            return Err(Error::TooFewSamples { revealed, samples: least_samples, needed: 2 });
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
            samples: cell.observations,
        });
        LossCurve::from_points(self.tokens(), points.collect::<Vec<_>>())
    }

    #[cfg(feature = "serde")]
    pub(crate) fn cells(&self) -> &[Moments<F>] {
        &self.cells
    }

    #[cfg(feature = "serde")]
    pub(crate) fn from_cells(cells: Vec<Moments<F>>) -> Self {
        Self { cells }
    }
}
