use core::ops::RangeInclusive;

use crate::curve::InformationCurve;
use crate::error::{Error, Result};
use crate::estimate::{self, Estimate, Spread};
use crate::measured::LossCurve;
use crate::numeric::moments;
use crate::numeric::scalar::{self, Scalar};
use crate::numeric::student;
use crate::units::Nats;

/// A test of whether measured losses that rise somewhere do so by chance.
///
/// True conditional entropies never rise with the number of revealed tokens. Those of a model may, and
/// measured ones will.
///
/// # Formula
/// ```text
/// t = (mean of block B - mean of block A) / its standard error
/// p = min(1, comparisons * least of P(T > t))        T with Student's distribution
/// ```
/// over adjacent blocks A, B of 1, 2, 4, .. points each: single points show a jump, long blocks a slow
/// rise. Fewer than twice as many comparisons as points. The degrees of freedom are those of
/// [`Estimate::interval`]: with errors from few samples, a rise must be larger to count.
///
/// For normal, independent errors and losses that do not rise, `p` is below `1 - level` with
/// probability at most `1 - level`. This is Bonferroni's bound, which holds whatever the losses
/// are. Where the errors are estimates, it is as good as their degrees of freedom.
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
pub struct MonotonicityTest<F = f64> {
    /// An upper bound on the probability of a rise as significant as the largest one, if the true
    /// losses do not rise.
    pub p_value: f64,
    /// How many pairs of blocks were compared.
    pub(crate) comparisons: usize,
    /// The most significant rise, if anything rises.
    pub largest: Option<Increase<F>>,
}

impl<F: Scalar> MonotonicityTest<F> {
    /// Whether chance does not explain the rises: `p_value < 1 - level`.
    ///
    /// # Errors
    /// [`OutOfRange`](Error::OutOfRange) unless `0 < level < 1`.
    pub fn rejects(&self, level: f64) -> Result<bool> {
        Ok(self.p_value < 1.0 - estimate::check_level(level)?)
    }
}

/// A rise of the mean loss from one block of measured counts to the next.
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
pub struct Increase<F = f64> {
    /// The counts of the block before the rise.
    pub before: RangeInclusive<usize>,
    /// The counts of the block after the rise.
    pub after: RangeInclusive<usize>,
    /// How much the mean loss rises.
    pub rise: Estimate<F>,
}

/// Sums over a block of points.
#[derive(Clone, Copy)]
struct Block<F> {
    first: usize,
    last: usize,
    losses: F,
    spread: Spread<F>,
}

/// Measured losses, and the nonincreasing ones nearest to them.
///
/// This is the only way from a [`LossCurve`] to an [`InformationCurve`]: the step is explicit, and
/// shows what it moved ([`fitted`](Self::fitted) next to the points of [`measured`](Self::measured)) and whether [noise](Self::test) explains that.
///
/// # Formula
/// ```text
/// minimise sum_k w_k (fitted_k - measured_k)^2   over fitted that do not increase with k
/// w_k = 1 / standard error_k^2
/// ```
/// An exact loss (standard error 0) stays where it is. If all are exact, the weights are the numbers
/// of samples. Computed by pooling adjacent violators, O(points). Source: Ayer et al., *Annals of
/// Mathematical Statistics* 26 (1955).
///
/// The projection makes no statement about errors: choose with it, and judge by the
/// [measured](Self::measured) losses, preferably those of another sample.
///
/// The weights are themselves measured. Losses are skewed: a sample without one of its rare large
/// values has a small mean and, with it, a small standard error, so it weighs too much, and the fitted
/// losses are too low on average. With 20 or more samples at each count, this is small compared
/// with the errors.
///
/// ```
/// use unmaskcost::{Nats, measured::{LossCurve, LossPoint}};
/// let point = |revealed, loss| LossPoint {
///     revealed,
///     loss: Nats(loss),
///     standard_error: Nats(0.1),
///     samples: Some(50),
/// };
/// let losses = LossCurve::from_points([point(0, 2.0), point(1, 1.0), point(2, 1.125), point(3, 0.5)], 4)?;
/// let monotone = losses.isotonic()?;
/// assert_eq!(monotone.fitted(), [2.0, 1.0625, 1.0625, 0.5]);
/// assert!(!monotone.test().rejects(0.95)?); // within noise
/// assert_eq!(monotone.information_curve()?.information(3), Nats(1.5));
/// # Ok::<(), unmaskcost::Error>(())
/// ```
#[derive(Debug, Clone, PartialEq)]
pub struct MonotoneLosses<F = f64> {
    measured: LossCurve<F>,
    fitted: Vec<F>,
    test: MonotonicityTest<F>,
}

impl<F: Scalar> LossCurve<F> {
    /// Tests whether the rises of the measured losses are noise. O(points).
    #[must_use]
    pub fn monotonicity(&self) -> MonotonicityTest<F> {
        let mut blocks: Vec<Block<F>> = self
            .points()
            .iter()
            .map(|point| Block {
                first: point.revealed,
                last: point.revealed,
                losses: point.loss.0,
                spread: Spread::of(point.estimate()),
            })
            .collect();
        let scale = blocks.iter().fold(F::zero(), |scale, block| scale.max(block.losses));
        // A rise that rounding can cause is no evidence, even between exact losses.
        let rounding = scale * F::tolerance();
        let mut length = F::one();
        let mut comparisons = 0;
        // The rise that is least likely by chance, and as how many normal deviations.
        let mut largest: Option<(f64, Increase<F>)> = None;
        while blocks.len() > 1 {
            for pair in blocks.windows(2) {
                let (before, after) = (&pair[0], &pair[1]);
                comparisons += 1;
                let rise = (after.losses - before.losses) / length;
                if rise.is_nan() || rise <= rounding {
                    continue;
                }
                let mut spread = before.spread.plus(after.spread);
                spread.standard_error = spread.standard_error / length;
                let most = largest.as_ref().map_or(f64::NEG_INFINITY, |(most, _)| *most);
                let deviations = scalar::evidence(rise / spread.standard_error);
                // Student's distribution has the heavier tail: a rise that would not be the largest if its
                // error were known is not the largest.
                if deviations.is_nan() || deviations <= most {
                    continue;
                }
                let rise = spread.around(Nats(rise));
                let rank = student::normal_equivalent(deviations, rise.degrees_of_freedom());
                if rank > most {
                    let (before, after) = (before.first..=before.last, after.first..=after.last);
                    largest = Some((rank, Increase { before, after, rise }));
                }
            }
            blocks = blocks
                .chunks_exact(2)
                .map(|pair| Block {
                    first: pair[0].first,
                    last: pair[1].last,
                    losses: pair[0].losses + pair[1].losses,
                    spread: pair[0].spread.plus(pair[1].spread),
                })
                .collect();
            length = length + length;
        }
        let p_value = largest.as_ref().map_or(1.0, |(_, Increase { rise, .. })| {
            let deviations = scalar::evidence(rise.value() / rise.standard_error());
            let tail = student::tail(deviations, rise.degrees_of_freedom());
            (scalar::float::<f64>(comparisons) * tail).min(1.0)
        });
        let largest = largest.map(|(_, increase)| increase);
        MonotonicityTest { p_value, comparisons, largest }
    }

    /// The nonincreasing losses nearest to the measured ones: see [`MonotoneLosses`]. O(points).
    ///
    /// # Errors
    /// [`NotMonotone`](Error::NotMonotone) if two exact losses among inexact ones contradict each other.
    pub fn isotonic(&self) -> Result<MonotoneLosses<F>> {
        let test = self.monotonicity();
        let fitted = pool_violators(self)?;
        Ok(MonotoneLosses { measured: self.clone(), fitted, test })
    }
}

impl<F: Scalar> MonotoneLosses<F> {
    /// The losses as measured.
    #[must_use]
    pub fn measured(&self) -> &LossCurve<F> {
        &self.measured
    }

    /// The number of tokens.
    #[must_use]
    pub fn tokens(&self) -> usize {
        self.measured.tokens()
    }

    /// The projected losses in nats, one for each measured point.
    #[must_use]
    pub fn fitted(&self) -> &[F] {
        &self.fitted
    }

    /// Whether the measured losses rise by more than noise.
    #[must_use]
    pub fn test(&self) -> &MonotonicityTest<F> {
        &self.test
    }

    /// The information curve of the projected losses, on straight lines between measured counts. O(L).
    ///
    /// For a model it is the curve that its losses imply; its
    /// [`sampling_error`](InformationCurve::sampling_error) is the cost of parallelism.
    ///
    /// # Errors
    /// [`NotMeasured`](Error::NotMeasured) unless the losses at 0 and at L - 1 were measured, or the
    /// ends are [held](LossCurve::holding_ends).
    pub fn information_curve(&self) -> Result<InformationCurve<F>> {
        InformationCurve::from_conditional_entropies(self.measured.lines(&self.fitted)?)
    }
}

/// Points whose fitted losses are equal.
struct Pool<F> {
    loss: F,
    weight: F,
    /// Whether an exact loss holds the pool in its place.
    exact: bool,
    points: usize,
}

/// Adjacent pools that increase are replaced by their weighted mean, until none do.
fn pool_violators<F: Scalar>(losses: &LossCurve<F>) -> Result<Vec<F>> {
    let points = losses.points();
    let errors = points.iter().map(|point| point.standard_error.0);
    // Relative to the smallest error, so that no weight is infinite.
    let least = errors.filter(|error| *error > F::zero()).reduce(F::min);
    let scale = points.iter().fold(F::zero(), |scale, point| scale.max(point.loss.0));
    let tolerance = scale * F::tolerance();
    let mut pools: Vec<Pool<F>> = Vec::with_capacity(points.len());
    for (index, point) in points.iter().enumerate() {
        let error = point.standard_error.0;
        let weight = match least {
            Some(least) if error > F::zero() => {
                (least / error).powi(2).max(F::min_positive_value())
            }
            Some(_) => F::one(),
            None => moments::count(point.samples.unwrap_or(1)),
        };
        let exact = least.is_some() && error == F::zero();
        let mut pool = Pool { loss: point.loss.0, weight, exact, points: 1 };
        while let Some(before) = pools.pop_if(|before| before.loss < pool.loss) {
            if before.exact && pool.exact && pool.loss > before.loss + tolerance {
                return Err(Error::NotMonotone {
                    what: "exact losses",
                    index,
                    previous: scalar::evidence(before.loss),
                    value: scalar::evidence(pool.loss),
                    tolerance: scalar::evidence(tolerance),
                });
            }
            let weight = before.weight + pool.weight;
            let loss = match (before.exact, pool.exact) {
                (true, _) => before.loss,
                (_, true) => pool.loss,
                _ => before.loss + (pool.loss - before.loss) * (pool.weight / weight),
            };
            let (exact, points) = (before.exact || pool.exact, before.points + pool.points);
            pool = Pool { loss, weight, exact, points };
        }
        pools.push(pool);
    }
    Ok(pools.into_iter().flat_map(|pool| core::iter::repeat_n(pool.loss, pool.points)).collect())
}
