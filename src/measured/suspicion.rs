use core::fmt;

use crate::measured::MeasuredLosses;
use crate::measured::losses::LossPoint;
use crate::numeric::scalar::{self, Scalar};

/// No vocabulary is larger: 2^32 symbols.
const LARGEST_VOCABULARY: f64 = 4_294_967_296.0;

/// A rise of this many standard errors is not chance, and neither is a fall of this many that is
/// left when the weight is divided out.
const OF_A_RISE: f64 = 4.0;
const OF_A_WEIGHT: f64 = 2.0;

/// A reason to doubt that numbers are mean losses of masked tokens. Its text names the remedy.
///
/// ```
/// use unmaskcost::{Nats, measured::{LossCurve, LossPoint, MeasuredLosses, Suspicion}};
/// let curve = |loss: fn(f64) -> f64| {
///     let points = (0..64).map(|k| LossPoint::exact(k, Nats(loss(64.0 - k as f64)))).collect::<Vec<_>>();
///     Ok::<_, unmaskcost::Error>(MeasuredLosses::Curve(LossCurve::from_points(points, 64)?))
/// };
/// let mean = |masked: f64| 2.0 + masked / 64.0;
/// assert!(curve(mean)?.suspicions(Some(96)).is_empty());
/// // Sums, terms with a weight 1/t, and counts of the other kind.
/// let sums = curve(|masked| masked * (2.0 + masked / 64.0))?;
/// assert!(matches!(sums.suspicions(Some(96))[..], [Suspicion::AboveVocabulary { .. }, ..]));
/// let weighted = curve(|masked| 64.0 / masked * (2.0 + masked / 64.0))?;
/// assert_eq!(weighted.suspicions(None), [Suspicion::Weighted]);
/// let swapped = curve(|masked| 3.0 - masked / 64.0)?;
/// assert_eq!(swapped.suspicions(Some(96)), [Suspicion::Rising]);
/// # Ok::<(), unmaskcost::Error>(())
/// ```
#[derive(Debug, Clone, Copy, PartialEq)]
#[non_exhaustive]
pub enum Suspicion {
    /// Their mean is above the loss of a guess: `ln V` for V symbols, or 22 nats for any vocabulary.
    AboveVocabulary {
        /// The mean over the measured counts, in nats.
        mean: f64,
        /// The logarithm of the size of the vocabulary.
        limit: f64,
    },
    /// They grow like one over the number of masked tokens.
    Weighted,
    /// They rise throughout with the number of revealed tokens, by more than chance explains.
    Rising,
}

impl Suspicion {
    /// Whether the numbers cannot be mean losses. Losses that rise may be those of a bad model.
    #[must_use]
    pub fn is_certain(&self) -> bool {
        !matches!(self, Self::Rising)
    }
}

impl fmt::Display for Suspicion {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::AboveVocabulary { mean, limit } => write!(
                f,
                "the losses are {mean:.2} nats on average, and a guess among all symbols loses {limit:.2}: they are not means \
                 over the masked tokens. Write sums as sum_nats; divide terms of a likelihood, (L / l) times the sum, by \
                 L; leave out weights 1/t"
            ),
            Self::Weighted => f.write_str(
                "the losses grow like one over the number of masked tokens: they seem to have a weight 1/t or L/l, which \
                 must be left out",
            ),
            Self::Rising => f.write_str(
                "the losses rise throughout with the number of revealed tokens: are revealed and masked swapped?",
            ),
        }
    }
}

impl<F: Scalar> MeasuredLosses<F> {
    /// The reasons to doubt that these numbers are mean losses of masked tokens, for a vocabulary of this many symbols,
    /// if that is known. O(points).
    #[must_use]
    pub fn suspicions(&self, vocabulary: Option<u64>) -> Vec<Suspicion> {
        let points = match self {
            Self::Posterior(posterior) => posterior.points(),
            Self::Curve(losses) => losses.points(),
            Self::Nested(losses) => losses.loss_curve().points(),
        };
        let mut suspicions = Vec::new();
        let symbols = vocabulary.map_or(LARGEST_VOCABULARY, |symbols| symbols as f64);
        let limit = symbols.max(2.0).ln();
        let mean = Part::of(points, |_| 1.0).mean;
        if mean > limit {
            suspicions.push(Suspicion::AboveVocabulary { mean, limit });
        }
        suspicions.extend(shape(self.tokens(), points));
        suspicions
    }
}

/// What the course of the losses over the counts suggests, by the means of its thirds.
fn shape<F: Scalar>(tokens: usize, points: &[LossPoint<F>]) -> Option<Suspicion> {
    let third = points.len() / 3;
    if third == 0 {
        return None;
    }
    let thirds = |weight: &dyn Fn(usize) -> f64| {
        [0, third, points.len() - third]
            .map(|first| Part::of(&points[first..first + third], weight))
    };
    let plain = thirds(&|_| 1.0);
    if plain[0].mean >= plain[1].mean || plain[1].mean >= plain[2].mean {
        return None;
    }
    let deviations = |low: Part, high: Part| (high.mean - low.mean) / low.error.hypot(high.error);
    // With the weight divided out, a curve of losses falls.
    let share =
        |revealed: usize| scalar::float::<f64>(tokens - revealed) / scalar::float::<f64>(tokens);
    let unweighted = thirds(&share);
    let steep = plain[2].mean > 3.0 * plain[0].mean;
    if steep && deviations(unweighted[2], unweighted[0]) > OF_A_WEIGHT {
        return Some(Suspicion::Weighted);
    }
    (deviations(plain[0], plain[2]) > OF_A_RISE).then_some(Suspicion::Rising)
}

/// The mean of some losses, each times a weight, and its error by their spread.
#[derive(Debug, Clone, Copy)]
struct Part {
    mean: f64,
    error: f64,
}

impl Part {
    fn of<F: Scalar>(points: &[LossPoint<F>], weight: impl Fn(usize) -> f64) -> Self {
        let number = scalar::float::<f64>(points.len().max(1));
        let value = |point: &LossPoint<F>| weight(point.revealed) * scalar::evidence(point.loss.0);
        let mean = points.iter().map(value).sum::<f64>() / number;
        let known = scalar::norm(
            points
                .iter()
                .map(|point| weight(point.revealed) * scalar::evidence(point.standard_error.0)),
        );
        // Single losses have no error of their own; their spread is not less than it.
        let spread = scalar::norm(points.iter().map(|point| value(point) - mean));
        let single = points.iter().any(|point| point.samples == Some(1));
        Self { mean, error: if single { spread } else { known } / number }
    }
}
