use super::panel::{Effect, Panel};
use super::{DecoderMeans, DecoderRuns, Records};
use crate::error::{Result, check_limit};
use crate::estimate::{self, ConfidenceInterval};
use crate::numeric::scalar::{self, Scalar};
use crate::numeric::student::Quantiles;
use crate::units::Nats;

/// The most pairs of decoders, times the documents of each: some seconds.
const MAX_COMPARED: u128 = 1 << 31;

/// All decoders on the same sequences, with statements that hold for all of them at once.
///
/// Whoever picks the best of many by noisy losses picks luck as well. So what is said here of each decoder
/// holds with probability `level` for *all* of them, the one that is picked included.
///
/// # Formula
/// ```text
/// D_dj = mean loss of d - mean loss of j, with its standard error s_dj over documents
/// behind best(d) = max(0, max over j != d of D_dj + t s_dj),     each interval fails with probability (1 - level) / (n - 1)
/// ```
/// of n decoders, one-sided, by Student's distribution. Proof that it holds for all d at once: let b be the
/// decoder that is truly best, which is not known, but fixed. With probability `level`, all of the n - 1
/// differences `loss(d) - loss(b)` are below their bounds, and each of these is one of those that the maximum is taken over.
///
/// Sources: J. Hsu, *Annals of Statistics* 9 (1981), for multiple comparisons with the best; C. Bonferroni.
#[derive(Debug, Clone, PartialEq)]
#[cfg_attr(
    feature = "serde",
    derive(serde::Serialize, serde::Deserialize),
    serde(bound(
        serialize = "F: Scalar + serde::Serialize",
        deserialize = "F: Scalar + serde::Deserialize<'de>"
    ))
)]
pub struct DecoderComparison<F = f64> {
    level: f64,
    left_out: usize,
    decoders: Vec<ComparedDecoder<F>>,
}

/// One of several decoders.
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
pub struct ComparedDecoder<F = f64> {
    /// Its name.
    pub name: String,
    /// Its means, over the sequences that all were run on.
    pub means: DecoderMeans<F>,
    /// Its mean loss: these intervals hold for all decoders at once.
    pub loss: ConfidenceInterval<F>,
    /// The most that it may lose beyond the best of all: this bound holds for all decoders at once.
    pub behind_best: Nats<F>,
    /// A decoder that takes no more rounds and certainly loses less, if there is one: holds for all decoders at once.
    pub beaten_by: Option<String>,
    /// Where it lies in the picture of loss against rounds.
    pub place: FrontierPlace,
}

/// Where a decoder lies among all, in the picture of measured mean loss against measured mean rounds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub enum FrontierPlace {
    /// On the lower convex hull: no mixture of others loses less in as many rounds. What lies on the
    /// hull between two decoders is reached by tossing a coin, for each sequence, to decide which of them
    /// decodes it.
    Hull,
    /// No other decoder is at least as good in both, but a mixture of two is.
    Frontier,
    /// Another decoder takes no more rounds and loses no more.
    Dominated,
}

impl<F: Scalar> DecoderRuns<F> {
    /// Compares all decoders on the sequences that all of them were run on. What it says holds for all of
    /// them at once with probability `level`. O(n^2 documents) for n decoders.
    ///
    /// # Errors
    /// [`OutOfRange`](crate::Error::OutOfRange) unless `0 < level < 1`, [`TooFew`](crate::Error::TooFew) if they share less than
    /// two documents (or sequences, where no document is named), [`TooLarge`](crate::Error::TooLarge) for more than 2^31
    /// pairs of decoders times documents.
    ///
    /// ```
    /// use unmaskcost::{Nats, measured::{DecoderRuns, FrontierPlace, Run}};
    /// let mut runs = DecoderRuns::new();
    /// for sequence in 0..100 {
    ///     let loss = 20.0 + f64::from(sequence % 7);
    ///     let run = |rounds, more| Run::new(sequence.to_string(), rounds, Nats(loss + more));
    ///     let noise = 0.1 * f64::from(sequence % 3);
    ///     runs.record("one at a time", run(64, 0.0))?;
    ///     runs.record("by confidence", run(16, 3.0 + noise))?;
    ///     runs.record("random", run(16, 1.0 - noise))?;
    /// }
    /// let compared = runs.compare(0.95)?;
    /// let [fast, slow, one] = compared.decoders() else { panic!() };
    /// assert_eq!((fast.name.as_str(), slow.name.as_str()), ("random", "by confidence"));
    /// assert_eq!(slow.beaten_by.as_deref(), Some("random"));
    /// assert_eq!(one.place, FrontierPlace::Hull);
    /// // 1 % of the loss of one at a time.
    /// assert_eq!(compared.fastest_within(Nats(0.23))?.unwrap().name, "one at a time");
    /// assert_eq!(compared.fastest_within(Nats(1.0))?.unwrap().name, "random");
    /// # Ok::<(), unmaskcost::Error>(())
    /// ```
    pub fn compare(&self, level: f64) -> Result<DecoderComparison<F>> {
        let decoders: Vec<&Records<F>> = self.decoders.iter().collect();
        estimate::check_level(level)?;
        let panel = self.panel(&decoders)?;
        let number = decoders.len() as u128;
        let (what, needed) = ("pairs of decoders, times documents", number * number);
        check_limit(what, needed.saturating_mul(panel.documents() as u128), MAX_COMPARED)?;

        let mut compared =
            decoders.iter().map(|records| Compared::new(&panel, records)).collect::<Result<_>>()?;
        sort(&mut compared);
        let losses = simultaneous_losses(&compared, level)?;
        let behind = behind_best(&panel, &compared, level)?;
        let beaten = beaten_by(&panel, &compared, level)?;
        let places = places(&compared);
        let rows = compared.iter().zip(losses).zip(behind).zip(beaten).zip(places);
        let rows = rows.map(|((((row, loss), behind_best), beaten_by), place)| ComparedDecoder {
            name: row.name.to_owned(),
            means: row.means.clone(),
            loss,
            behind_best,
            beaten_by: beaten_by.map(|by| compared[by].name.to_owned()),
            place,
        });
        let left_out = self.sequences.len() - panel.sequences();
        Ok(DecoderComparison { level, left_out, decoders: rows.collect() })
    }
}

impl<F: Scalar> DecoderComparison<F> {
    /// The decoders, those with fewer rounds first; of equal rounds, those with the smaller loss.
    #[must_use]
    pub fn decoders(&self) -> &[ComparedDecoder<F>] {
        &self.decoders
    }

    /// The probability with which the statements hold together.
    #[must_use]
    pub fn level(&self) -> f64 {
        self.level
    }

    /// The number of sequences that some decoders were run on, but not all. They have no part in
    /// the comparison.
    #[must_use]
    pub fn sequences_left_out(&self) -> usize {
        self.left_out
    }

    /// The decoder with the fewest rounds on average that loses at most `tolerance` more than the best of all, with
    /// confidence: the probability that this names one that loses more is at most `1 - level`, however many
    /// there are to pick from. None if no decoder is that certain: then more sequences are needed, or a larger tolerance.
    ///
    /// # Errors
    /// [`NotFinite`](crate::Error::NotFinite), [`Negative`](crate::Error::Negative).
    pub fn fastest_within(&self, tolerance: Nats<F>) -> Result<Option<&ComparedDecoder<F>>> {
        let tolerance = Nats(scalar::check_nonnegative("tolerance", tolerance.0)?);
        Ok(self.decoders.iter().find(|decoder| decoder.behind_best <= tolerance))
    }

    /// The decoders that are on the frontier of loss against rounds, from few rounds to little loss.
    pub fn frontier(&self) -> impl Iterator<Item = &ComparedDecoder<F>> + '_ {
        self.decoders.iter().filter(|decoder| decoder.place != FrontierPlace::Dominated)
    }
}

struct Compared<'r, F> {
    name: &'r str,
    means: DecoderMeans<F>,
    losses: Effect<F>,
    rounds: F,
}

impl<'r, F: Scalar> Compared<'r, F> {
    fn new(panel: &Panel<F>, records: &'r Records<F>) -> Result<Self> {
        let (losses, rounds) = (panel.losses(records), panel.rounds(records).mean);
        Ok(Self { name: &records.name, means: panel.means(records)?, losses, rounds })
    }

    fn point(&self) -> (F, F) {
        (self.rounds, self.losses.mean)
    }
}

fn sort<F: Scalar>(compared: &mut Vec<Compared<'_, F>>) {
    compared.sort_by(|a, b| {
        let ((a, ours), (b, theirs)) = (a.point(), b.point());
        let by_rounds = scalar::evidence(a).total_cmp(&scalar::evidence(b));
        by_rounds.then(scalar::evidence(ours).total_cmp(&scalar::evidence(theirs)))
    });
}

fn simultaneous_losses<F: Scalar>(
    compared: &[Compared<'_, F>],
    level: f64,
) -> Result<Vec<ConfidenceInterval<F>>> {
    let mut quantiles = Quantiles::new(estimate::outside_of_each(level, compared.len())?);
    let interval = |row: &Compared<'_, F>| {
        let (lower, upper) = row.means.loss.ends(&mut quantiles)?;
        ConfidenceInterval::new(lower, upper, level)
    };
    compared.iter().map(interval).collect()
}

/// The most that each can be behind the best.
fn behind_best<F: Scalar>(
    panel: &Panel<F>,
    compared: &[Compared<'_, F>],
    level: f64,
) -> Result<Vec<Nats<F>>> {
    let others = compared.len().saturating_sub(1).max(1);
    // The intervals miss on two sides, and only one side is used.
    let mut one_sided = Quantiles::new(one_sided(level, others)?);
    let mut behind = Vec::with_capacity(compared.len());
    for (place, row) in compared.iter().enumerate() {
        let mut most = Nats(F::zero());
        for other in compared.iter().enumerate().filter(|(other, _)| *other != place) {
            let difference = panel.estimate(&row.losses.minus(&other.1.losses))?;
            let (_, upper) = difference.ends(&mut one_sided)?;
            if upper > most {
                most = upper;
            }
        }
        behind.push(most);
    }
    Ok(behind)
}

/// For each decoder the one that beats it by most, of those that take no more rounds.
fn beaten_by<F: Scalar>(
    panel: &Panel<F>,
    compared: &[Compared<'_, F>],
    level: f64,
) -> Result<Vec<Option<usize>>> {
    let no_more_rounds = |row: &Compared<'_, F>, other: &Compared<'_, F>| {
        other.rounds <= row.rounds && !core::ptr::eq(row, other)
    };
    let tests = compared.iter().flat_map(|row| compared.iter().map(move |other| (row, other)));
    let tests = tests.filter(|(row, other)| no_more_rounds(row, other)).count().max(1);
    let mut one_sided = Quantiles::new(one_sided(level, tests)?);
    let mut beaten = Vec::with_capacity(compared.len());
    for row in compared {
        let mut most = (F::zero(), None);
        for (place, other) in compared.iter().enumerate() {
            if no_more_rounds(row, other) {
                let difference = panel.estimate(&row.losses.minus(&other.losses))?;
                let (Nats(lower), _) = difference.ends(&mut one_sided)?;
                if lower > most.0 {
                    most = (lower, Some(place));
                }
            }
        }
        beaten.push(most.1);
    }
    Ok(beaten)
}

/// The two-sided probability of missing for intervals of which only the upper side is used, if each of `many` may
/// miss with its share of `1 - level`.
fn one_sided(level: f64, many: usize) -> Result<f64> {
    Ok((2.0 * estimate::outside_of_each(level, many)?).min(1.0))
}

fn places<F: Scalar>(compared: &[Compared<'_, F>]) -> Vec<FrontierPlace> {
    let points: Vec<(F, F)> = compared.iter().map(Compared::point).collect();
    let mut places = vec![FrontierPlace::Dominated; points.len()];
    let mut least: Option<F> = None;
    // Sorted by rounds, then by loss.
    for (place, &(_, loss)) in places.iter_mut().zip(&points) {
        if least.is_none_or(|least| loss < least) {
            *place = FrontierPlace::Frontier;
            least = Some(loss);
        }
    }
    for place in lower_hull(&points) {
        places[place] = FrontierPlace::Hull;
    }
    places
}

/// The lower convex hull of points (rounds, loss), from the fewest rounds to the least loss, as places: the
/// chain of Andrew, *Information Processing Letters* 9 (1979). Of equal points the first one.
pub(super) fn lower_hull<F: Scalar>(points: &[(F, F)]) -> Vec<usize> {
    let mut order: Vec<usize> = (0..points.len()).collect();
    order.sort_by(|&a, &b| {
        let ((a, ours), (b, theirs)) = (points[a], points[b]);
        let by_rounds = scalar::evidence(a).total_cmp(&scalar::evidence(b));
        by_rounds.then(scalar::evidence(ours).total_cmp(&scalar::evidence(theirs)))
    });
    let mut hull: Vec<usize> = Vec::new();
    for place in order {
        let (rounds, loss) = points[place];
        // More rounds for no less loss are not on the frontier at all.
        if hull.last().is_some_and(|&last| points[last].1 <= loss) {
            continue;
        }
        while let [.., a, b] = hull[..] {
            let ((a_rounds, a_loss), (b_rounds, b_loss)) = (points[a], points[b]);
            let turn =
                (b_rounds - a_rounds) * (loss - a_loss) - (b_loss - a_loss) * (rounds - a_rounds);
            if turn > F::zero() {
                break;
            }
            hull.pop();
        }
        hull.push(place);
    }
    hull
}
