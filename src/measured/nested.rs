use std::collections::BTreeMap;

use crate::error::{Error, Result, check_limit, no_spread};
use crate::estimate::Estimate;
use crate::estimate::clustered::{self, Influence};
use crate::measured::losses::{self, LossCurve, LossPoint};
use crate::numeric::scalar::{self, Scalar};
use crate::schedule::Schedule;
use crate::units::Nats;

/// The most losses that are kept: 1 GiB in `f64`.
const MAX_LOSSES: u128 = 1 << 27;

/// The losses of one sequence at several numbers of revealed tokens, preferably along one random order of its
/// tokens.
#[derive(Debug, Clone, PartialEq)]
#[cfg_attr(
    feature = "serde",
    derive(serde::Serialize, serde::Deserialize),
    serde(bound(
        serialize = "F: Scalar + serde::Serialize",
        deserialize = "F: Scalar + serde::Deserialize<'de>"
    ))
)]
pub struct SequenceLosses<F = f64> {
    /// The document that it comes from, if sequences share documents.
    pub(super) document: Option<String>,
    /// Revealed count, and the mean cross-entropy of a masked token there. Of several at one count, the mean is taken.
    pub(super) losses: Vec<(usize, Nats<F>)>,
}

impl<F: Scalar> SequenceLosses<F> {
    /// The losses of a sequence that is a document of its own: revealed count, and the mean cross-entropy of a masked token
    /// there. Of several at one count, the mean is taken.
    pub fn new(losses: impl Into<Vec<(usize, Nats<F>)>>) -> Self {
        Self { document: None, losses: losses.into() }
    }

    /// The same losses, of a sequence from this document.
    #[must_use]
    pub fn of_document(mut self, document: impl Into<String>) -> Self {
        self.document = Some(document.into());
        self
    }
}

/// Losses of sequences that were each measured at many counts.
///
/// A cost is then one number for each sequence, a sum of differences of its own losses. What makes a sequence hard as a
/// whole cancels in it. So for the same number of forward passes, the errors of costs are far smaller than with each
/// sequence at one count, as in a [`LossCurve`]. The errors of likelihoods are larger.
///
/// # Formula
/// ```text
/// cost = sum_k w_k l_k,   l_k the mean over the sequences measured at k,   w the weights of LossCurve::parallelism_cost
/// r_i = sum_k w_k (l_{i,k} - l_k) / n_k          n_k the number of sequences at k; a sum over the counts of sequence i
/// standard error^2 = n / (n - 1) sum over documents (sum_{i in document} r_i)^2
/// ```
/// for n documents of equal weight, and with the factor that makes it right for unequal ones (Bell & McCaffrey, *Survey
/// Methodology* 28, 2002). It holds however the losses of one sequence, or of one document, depend on each other, and also if some
/// counts of some sequences are missing, as long as what is missing does not depend on the losses.
///
/// ```
/// use unmaskcost::{Nats, Schedule, measured::{NestedLosses, SequenceLosses}};
/// let sequence = |level: f64, falls: [f64; 4]| {
///     let losses: Vec<_> = falls.iter().enumerate().map(|(k, fall)| (k, Nats(level - fall))).collect();
///     SequenceLosses::new(losses)
/// };
/// // One hard sequence, one easy, one between: their levels differ, their falls hardly do.
/// let sequences = [
///     sequence(5.0, [0.0, 0.5, 0.75, 1.0]),
///     sequence(2.0, [0.0, 0.5, 0.75, 1.25]),
///     sequence(3.0, [0.0, 0.5, 0.75, 0.75]),
/// ];
/// let nested = NestedLosses::from_sequences(sequences, 4)?;
/// let cost = nested.parallelism_cost(&Schedule::balanced(4, 2)?)?;
/// assert!((cost.value().0 - 0.75).abs() < 1e-12 && cost.standard_error() < Nats(0.2));
/// let independent = nested.loss_curve().parallelism_cost(&Schedule::balanced(4, 2)?)?;
/// assert!(independent.standard_error() > Nats(1.0));
/// # Ok::<(), unmaskcost::Error>(())
/// ```
///
/// With the feature `serde`, store the [`SequenceLosses`] that it is made from: it is checked when it is made.
#[derive(Debug, Clone, PartialEq)]
pub struct NestedLosses<F = f64> {
    /// The means by count. Their weights are used for all sums.
    means: LossCurve<F>,
    /// How many sequences were measured at each of these counts.
    measured: Vec<usize>,
    sequences: Vec<Sequence<F>>,
    /// The number of documents.
    groups: usize,
}

#[derive(Debug, Clone, PartialEq)]
struct Sequence<F> {
    document: Option<String>,
    /// The number of its document; one of its own if it has none.
    group: usize,
    /// One for each count of the means; NaN where it was not measured.
    losses: Vec<F>,
}

impl<F: Scalar> NestedLosses<F> {
    /// The losses of sequences of `tokens` tokens, in any order.
    ///
    /// # Errors
    /// [`Empty`](Error::Empty) without a loss; as [`LossCurve::from_points`] for the losses, of which there must be two at
    /// least at each count that was measured at all; [`TooFew`](Error::TooFew) for a single document;
    /// [`TooLarge`](Error::TooLarge) for more than 2^27 losses, missing ones included.
    pub fn from_sequences(
        sequences: impl AsRef<[SequenceLosses<F>]>,
        tokens: usize,
    ) -> Result<Self> {
        losses::check_tokens(tokens)?;
        let sequences = sequences.as_ref();
        let all = || sequences.iter().flat_map(|sequence| &sequence.losses);
        for (index, &(revealed, loss)) in all().enumerate() {
            LossPoint::exact(revealed, loss).check(index, tokens)?;
        }
        let mut counts: Vec<usize> = all().map(|&(revealed, _)| revealed).collect();
        counts.sort_unstable();
        counts.dedup();
        let needed = counts.len() as u128 * sequences.len() as u128;
        check_limit("losses of all sequences", needed, MAX_LOSSES)?;
        let mut documents: BTreeMap<&str, usize> = BTreeMap::new();
        let mut groups = 0;
        let rows = sequences.iter().map(|sequence| {
            let mut next = || {
                groups += 1;
                groups - 1
            };
            let group = match sequence.document.as_deref() {
                Some(document) => *documents.entry(document).or_insert_with(next),
                None => next(),
            };
            let losses = by_count(&counts, &sequence.losses);
            Sequence { document: sequence.document.clone(), group, losses }
        });
        let rows: Vec<Sequence<F>> = rows.collect();
        Self::of_rows(tokens, &counts, rows, groups, false)
    }

    fn of_rows(
        tokens: usize,
        counts: &[usize],
        sequences: Vec<Sequence<F>>,
        groups: usize,
        holds_ends: bool,
    ) -> Result<Self> {
        if groups < 2 && !sequences.is_empty() {
            return Err(no_spread(groups));
        }
        let mut points = Vec::with_capacity(counts.len());
        let mut measured = Vec::with_capacity(counts.len());
        for (place, &revealed) in counts.iter().enumerate() {
            let losses = sequences.iter().map(|sequence| sequence.losses[place]);
            let losses: Vec<F> = losses.filter(|loss| !loss.is_nan()).collect();
            if losses.len() < 2 {
                let samples = losses.len() as u64;
                return Err(Error::TooFewSamples { revealed, samples, needed: 2 });
            }
            let number: F = scalar::float(losses.len());
            let mean = scalar::sum(losses.iter().map(|&loss| loss / number));
            let spread = scalar::norm(losses.iter().map(|&loss| loss - mean));
            let error = spread / (number * (number - F::one())).sqrt();
            points.push(LossPoint {
                revealed,
                loss: Nats(mean),
                standard_error: Nats(error),
                samples: Some(losses.len() as u64),
            });
            measured.push(losses.len());
        }
        let means = LossCurve::from_points(points, tokens)?;
        let means = if holds_ends { means.holding_ends() } else { means };
        Ok(Self { means, measured, sequences, groups })
    }

    /// The same losses, taken as constant beyond the measured counts: [`LossCurve::holding_ends`].
    #[must_use]
    pub fn holding_ends(self) -> Self {
        Self { means: self.means.holding_ends(), ..self }
    }

    /// L, the number of tokens of a sequence.
    #[must_use]
    pub fn tokens(&self) -> usize {
        self.means.tokens()
    }

    /// The number of sequences.
    #[must_use]
    pub fn sequences(&self) -> usize {
        self.sequences.len()
    }

    /// The number of documents; a sequence without one counts as its own.
    #[must_use]
    pub fn documents(&self) -> usize {
        self.groups
    }

    /// The mean at each count, with the error it would have if sequences did not share documents. A [`LossCurve`] does
    /// not know that its counts share sequences: its errors of costs are too large, those of likelihoods too small.
    #[must_use]
    pub fn loss_curve(&self) -> &LossCurve<F> {
        &self.means
    }

    /// What a schedule costs against one token per step: as [`LossCurve::parallelism_cost`], with the error from the spread
    /// over documents.
    ///
    /// # Errors
    /// As [`LossCurve::parallelism_cost`].
    pub fn parallelism_cost(&self, schedule: &Schedule) -> Result<Estimate<F>> {
        let value = self.means.parallelism_cost(schedule)?.value();
        self.estimate(value, &self.means.cost_weights(schedule)?)
    }

    /// How much `schedule` costs beyond `baseline`.
    ///
    /// # Errors
    /// As [`LossCurve::cost_difference`].
    pub fn cost_difference(&self, schedule: &Schedule, baseline: &Schedule) -> Result<Estimate<F>> {
        let value = self.means.cost_difference(schedule, baseline)?.value();
        self.estimate(value, &self.means.difference_weights(schedule, baseline)?)
    }

    /// The mean negative log-likelihood of the data under the sampler with this schedule.
    ///
    /// # Errors
    /// As [`LossCurve::negative_log_likelihood`].
    pub fn negative_log_likelihood(&self, schedule: &Schedule) -> Result<Estimate<F>> {
        let value = self.means.negative_log_likelihood(schedule)?.value();
        self.estimate(value, &self.means.start_weights(schedule)?)
    }

    /// Two halves of the sequences, to choose by one and to judge by the other. Documents stay whole: they go to the halves
    /// in turn, in the order in which they first come.
    ///
    /// # Errors
    /// As [`from_sequences`](Self::from_sequences) for each half: [`TooFew`](Error::TooFew) for fewer than four documents,
    /// [`TooFewSamples`](Error::TooFewSamples) for a count measured in fewer than two sequences of a half.
    pub fn halves(&self) -> Result<(Self, Self)> {
        let counts: Vec<usize> = self.means.points().iter().map(|point| point.revealed).collect();
        let half = |rest: usize| {
            let mine = self.sequences.iter().filter(|sequence| sequence.group % 2 == rest);
            let mine =
                mine.map(|sequence| Sequence { group: sequence.group / 2, ..sequence.clone() });
            let groups = (self.groups + 1 - rest) / 2;
            Self::of_rows(self.tokens(), &counts, mine.collect(), groups, self.means.holds_ends())
        };
        Ok((half(0)?, half(1)?))
    }

    /// A weighted sum of the means, with the error from the spread over documents.
    fn estimate(&self, value: Nats<F>, weights: &[F]) -> Result<Estimate<F>> {
        let means = self.means.points();
        let mut groups = vec![Influence { share: F::zero(), deviation: F::zero() }; self.groups];
        let size = |place: usize| weights[place].abs() / scalar::float(self.measured[place]);
        for sequence in &self.sequences {
            let group = &mut groups[sequence.group];
            for (place, &loss) in sequence.losses.iter().enumerate() {
                if loss.is_nan() || weights[place] == F::zero() {
                    continue;
                }
                let deviation = (loss - means[place].loss.0) / scalar::float(self.measured[place]);
                group.deviation = group.deviation + weights[place] * deviation;
                group.share = group.share + size(place);
            }
        }
        let total = scalar::sum(groups.iter().map(|group| group.share));
        if total == F::zero() {
            return Ok(Estimate::exact(value));
        }
        groups.retain(|group| group.share > F::zero());
        groups.iter_mut().for_each(|group| group.share = group.share / total);
        clustered::from_influences(value, &groups)
    }
}

/// The losses of one sequence at all counts.
fn by_count<F: Scalar>(counts: &[usize], losses: &[(usize, Nats<F>)]) -> Vec<F> {
    let mut sums = vec![(F::zero(), 0_usize); counts.len()];
    for (revealed, loss) in losses {
        if let Ok(place) = counts.binary_search(revealed) {
            sums[place] = (sums[place].0 + loss.0, sums[place].1 + 1);
        }
    }
    let mean = |(sum, number): (F, usize)| match number {
        0 => F::nan(),
        _ => sum / scalar::float(number),
    };
    sums.into_iter().map(mean).collect()
}
