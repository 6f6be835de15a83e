//! Decoders that were run on held-out sequences, and what they lose against each other.
//!
//! ```text
//! -ln q(x) = sum over rounds, sum over the tokens i of the round of -ln p^_i(x_i | what was revealed before it)
//! ```
//! The true tokens are revealed, and the decoder picks from the predictions (teacher forcing): one forward pass a
//! round. The records of several decoders on the same sequences are a [`DecoderRuns`].

mod compare;
mod equal_rounds;
mod panel;

use std::collections::BTreeMap;

pub use compare::{ComparedDecoder, DecoderComparison, FrontierPlace};
use panel::Panel;

use crate::error::{self, Error, Result, documents_differ};
use crate::estimate::Estimate;
use crate::numeric::scalar::{self, Scalar};
use crate::units::Nats;

/// One sequence, decoded once.
///
/// ```
/// use unmaskcost::{Nats, measured::{DecoderRuns, Run}};
/// let run = Run::new("7", 16, Nats(171.5)).of_document("chapter 2").with_budget(Nats(123.1));
/// DecoderRuns::new().record("confidence 0.9", run)?;
/// # Ok::<(), unmaskcost::Error>(())
/// ```
#[derive(Debug, Clone, PartialEq)]
#[cfg_attr(
    feature = "serde",
    derive(serde::Serialize, serde::Deserialize),
    serde(bound(
        serialize = "F: Scalar + serde::Serialize",
        deserialize = "F: Scalar + serde::Deserialize<'de>"
    ))
)]
pub struct Run<F = f64> {
    /// The name of the sequence, the same for all decoders.
    sequence: String,
    /// What sequences that depend on each other share: the text that they were cut from.
    document: Option<String>,
    /// Tells several runs of one decoder on one sequence apart, if it draws coins.
    draw: u64,
    /// Forward passes.
    rounds: u64,
    /// `-ln q` of the sequence: the sum over its tokens.
    loss: Nats<F>,
    /// The sum over rounds of (the sum of the entropies of the tokens revealed, minus the largest of them).
    budget: Option<Nats<F>>,
}

impl<F: Scalar> Run<F> {
    /// A run on a sequence that belongs to no document: the name of the sequence, the same for all decoders; the number of
    /// forward passes; `-ln q` of the sequence, the sum over its tokens.
    #[must_use]
    pub fn new(sequence: impl Into<String>, rounds: u64, loss: Nats<F>) -> Self {
        Self { sequence: sequence.into(), document: None, draw: 0, rounds, loss, budget: None }
    }

    /// The same run, of a document: what sequences that depend on each other share, such as the text that they were cut from.
    #[must_use]
    pub fn of_document(self, document: impl Into<String>) -> Self {
        Self { document: Some(document.into()), ..self }
    }

    /// The same run, with its budget: the sum over rounds of (the sum of the entropies of the tokens revealed, minus the largest
    /// of them).
    #[must_use]
    pub fn with_budget(self, budget: Nats<F>) -> Self {
        Self { budget: Some(budget), ..self }
    }

    /// The same run, as another draw of the decoder's coins: tells several runs of one decoder on one sequence apart.
    #[must_use]
    pub fn with_draw(self, draw: u64) -> Self {
        Self { draw, ..self }
    }

    fn check(&self) -> Result<()> {
        if self.rounds == 0 {
            let (what, needed) = ("number of rounds", "at least 1");
            return Err(Error::OutOfRange { what, value: 0.0, needed });
        }
        scalar::check_nonnegative("loss of a sequence", self.loss.0)?;
        self.budget.map_or(Ok(()), |budget| {
            scalar::check_nonnegative("budget of a sequence", budget.0).map(|_| ())
        })
    }
}

/// Decoders that were run on the same held-out sequences.
///
/// For a decoder that chooses positions from revealed tokens and predictions only, the loss of a run is `-ln q` of
/// the decoder itself. If it draws coins for its positions, it is `-ln q` given the coins, whose mean is what
/// counts; several runs of one sequence with other coins ([`Run::with_draw`]) count as one, their mean. A decoder that
/// chooses by the tokens it *sampled* (the confidence of the sampled token, remasking), or that changes tokens, has
/// another `q`: such runs say nothing of it.
///
/// Errors come from the spread over documents where they are named, otherwise over sequences. Differences are paired.
///
/// ```
/// use unmaskcost::{Nats, measured::{DecoderRuns, Run, Verdict}};
/// let mut runs = DecoderRuns::new();
/// for (sequence, fast, slow) in [("a", 21.0, 20.0), ("b", 33.5, 32.0), ("c", 8.5, 7.0_f64)] {
///     runs.record("4 rounds", Run::new(sequence, 4, Nats(fast)))?;
///     runs.record("8 rounds", Run::new(sequence, 8, Nats(slow)))?;
/// }
/// let cost = runs.difference("4 rounds", "8 rounds")?;
/// assert!((cost.value().0 - 4.0 / 3.0).abs() < 1e-12 && cost.standard_error().0 < 0.2);
/// assert_eq!(runs.means("4 rounds")?.loss.value(), Nats(21.0));
/// # Ok::<(), unmaskcost::Error>(())
/// ```
///
/// Sources: C. Wen, W. Liang & J. Lu, arXiv 2608.25505 (the loss of a policy), arXiv 2603.01367 (its
/// evaluation by teacher forcing).
///
/// With the feature `serde`, store each [`Run`]: they are checked against each other when they are recorded.
#[derive(Debug, Clone, PartialEq)]
pub struct DecoderRuns<F = f64> {
    sequences: Vec<Sequence>,
    places: BTreeMap<String, usize>,
    decoders: Vec<Records<F>>,
}

#[derive(Debug, Clone, PartialEq)]
struct Sequence {
    name: String,
    document: Option<String>,
}

/// The runs of one decoder, by sequence and draw.
#[derive(Debug, Clone, PartialEq)]
struct Records<F> {
    name: String,
    runs: BTreeMap<usize, BTreeMap<u64, Record<F>>>,
}

#[derive(Debug, Clone, Copy, PartialEq)]
struct Record<F> {
    rounds: F,
    loss: F,
    budget: Option<F>,
}

impl<F: Scalar> Records<F> {
    /// The mean over the draws of one sequence, which must have been run.
    fn mean(&self, sequence: usize, of: impl Fn(&Record<F>) -> F) -> F {
        let Some(draws) = self.runs.get(&sequence) else { return F::nan() };
        scalar::sum(draws.values().map(of)) / scalar::float(draws.len())
    }

    fn has_budgets(&self) -> bool {
        self.runs.values().flat_map(BTreeMap::values).all(|record| record.budget.is_some())
    }
}

/// The mean loss and the mean number of rounds of a decoder.
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
pub struct DecoderMeans<F = f64> {
    /// The sequences it was run on.
    pub sequences: usize,
    /// The documents that they belong to: as many as sequences, where no document is named.
    pub documents: usize,
    /// Mean `-ln q` of a sequence.
    pub loss: Estimate<F>,
    /// Mean number of rounds of a sequence.
    pub rounds: f64,
    /// The standard error of that mean.
    pub rounds_error: f64,
    /// Mean budget of a sequence, if all runs have one.
    pub budget: Option<Estimate<F>>,
}

impl<F: Scalar> Default for DecoderRuns<F> {
    fn default() -> Self {
        Self::new()
    }
}

impl<F: Scalar> DecoderRuns<F> {
    /// Decoders without any runs yet.
    #[must_use]
    pub fn new() -> Self {
        Self { sequences: Vec::new(), places: BTreeMap::new(), decoders: Vec::new() }
    }

    /// Adds a run of the decoder with this name.
    ///
    /// # Errors
    /// [`NotFinite`](Error::NotFinite) and [`Negative`](Error::Negative) for a loss or budget,
    /// [`OutOfRange`](Error::OutOfRange) for zero rounds, [`Sequence`](Error::Sequence) for a sequence that this
    /// decoder has been run on with the same draw, [`Sequence`](Error::Sequence). After an error
    /// nothing has been added.
    pub fn record(&mut self, decoder: &str, run: Run<F>) -> Result<()> {
        run.check()?;
        let known = self.places.get(&run.sequence).copied();
        if let Some(other) = known.map(|place| &self.sequences[place].document)
            && *other != run.document
        {
            return Err(documents_differ(run.sequence, other.as_deref(), run.document.as_deref()));
        }
        let decoders = &mut self.decoders;
        let found = decoders.iter().position(|records| records.name == decoder);
        let taken = |place: usize| {
            let draws = known.and_then(|sequence| decoders[place].runs.get(&sequence));
            draws.is_some_and(|draws| draws.contains_key(&run.draw))
        };
        if found.is_some_and(taken) {
            let problem = format!(
                "was run twice by decoder {decoder:?} with the same draw; give each run of a sequence its own draw, or leave \
                 one out"
            );
            return Err(error::sequence(run.sequence, problem));
        }
        let sequence = known.unwrap_or_else(|| {
            self.places.insert(run.sequence.clone(), self.sequences.len());
            self.sequences.push(Sequence { name: run.sequence, document: run.document });
            self.sequences.len() - 1
        });
        let decoder = found.unwrap_or_else(|| {
            decoders.push(Records { name: decoder.to_owned(), runs: BTreeMap::new() });
            decoders.len() - 1
        });
        let record = Record {
            rounds: scalar::constant(run.rounds as f64),
            loss: run.loss.0,
            budget: run.budget.map(|budget| budget.0),
        };
        decoders[decoder].runs.entry(sequence).or_default().insert(run.draw, record);
        Ok(())
    }

    /// The names of the decoders, in the order in which they first came.
    pub fn decoders(&self) -> impl ExactSizeIterator<Item = &str> + '_ {
        self.decoders.iter().map(|records| records.name.as_str())
    }

    /// The names of the sequences, in the order in which they first came.
    pub fn sequences(&self) -> impl ExactSizeIterator<Item = &str> + '_ {
        self.sequences.iter().map(|sequence| sequence.name.as_str())
    }

    /// The mean loss and the mean number of rounds of a decoder, over all sequences that it was run
    /// on.
    ///
    /// # Errors
    /// [`NotAmong`](Error::NotAmong) for a name that no decoder here has, [`TooFew`](Error::TooFew) if all
    /// its sequences are of one document.
    pub fn means(&self, decoder: &str) -> Result<DecoderMeans<F>> {
        let records = self.find(decoder)?;
        self.panel(&[records])?.means(records)
    }

    /// How much more the first decoder loses than the second: the mean difference over the sequences that both were
    /// run on.
    ///
    /// If the second one reveals the tokens in the same order one at a time, this is the cost of parallelism of
    /// the first. [`Verdict::of`](super::Verdict::of) says whether it is noise.
    ///
    /// # Errors
    /// [`NotAmong`](Error::NotAmong) for a name that no decoder here has; [`TooFew`](Error::TooFew) if
    /// they share less than two documents (or sequences, where no document is named).
    pub fn difference(&self, decoder: &str, other: &str) -> Result<Estimate<F>> {
        let (records, other) = (self.find(decoder)?, self.find(other)?);
        let panel = self.panel(&[records, other])?;
        panel.estimate(&panel.losses(records).minus(&panel.losses(other)))
    }

    /// The runs of the decoder with this name.
    fn find(&self, name: &str) -> Result<&Records<F>> {
        let found = self.decoders.iter().find(|records| records.name == name);
        found.ok_or_else(|| {
            let known = self.decoders().collect::<Vec<_>>().join("; ");
            Error::NotAmong { what: "decoder", name: name.to_owned(), known }
        })
    }

    /// The sequences that all of these were run on.
    fn panel(&self, decoders: &[&Records<F>]) -> Result<Panel<F>> {
        let shared = (0..self.sequences.len())
            .filter(|sequence| decoders.iter().all(|records| records.runs.contains_key(sequence)));
        let groups = shared.map(|place| {
            let Sequence { name, document } = &self.sequences[place];
            // A sequence without a document is one of its own, whatever documents are called.
            let group = (document.is_none(), document.as_deref().unwrap_or(name));
            (place, group)
        });
        Panel::new(groups)
    }
}
