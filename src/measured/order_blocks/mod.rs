//! Losses along an order, in blocks: measured once, they price every schedule of the order.
//!
//! ```text
//! block (a, b): the summed loss of the tokens of ranks a .. b-1 when the first a of the order are known
//!
//! -ln q(x) of a schedule = (0, k_2) + (k_2, k_3) + .. + (k_T, L)        for each sequence x, exactly
//! ```
//! One pass with the first `a` tokens known gives the losses of all others, and so the blocks `(a, b)` for all `b`.
//! Passes at `n` counts price all `2^(n-1)` schedules whose steps begin there, on the same sequences.

mod choose;
mod predicted;

use std::collections::BTreeMap;

pub use choose::OrderChoice;

use crate::error::{self, Error, Result, check_limit, documents_differ, not_applicable};
use crate::estimate::Estimate;
use crate::estimate::clustered::{self, GroupedValue};
use crate::measured::runs::Run;
use crate::numeric::scalar::{self, Scalar};
use crate::schedule::{Schedule, check_list_fits};
use crate::units::Nats;

/// The most losses that are kept: 1 GiB in `f64`.
const MAX_LOSSES: u128 = 1 << 27;

/// The losses of a model along an [`Order`](crate::Order), in blocks, for each of some sequences.
///
/// The order itself is not looked at: it may have been shifted or drawn anew for each sequence, as long
/// as its ranks mean the same. Only its name is kept.
///
/// ```
/// use unmaskcost::{Nats, Schedule, measured::{OrderBlocks, OrderPass}};
/// // Two sequences of three tokens; the losses of the tokens of rank a and later when the first a are known.
/// let pass = |sequence: &str, revealed, losses: &[f64]| OrderPass::new(sequence, revealed, losses);
/// let blocks = OrderBlocks::from_passes("spread", [
///     pass("a", 0, &[2.0, 2.5, 1.5]),
///     pass("a", 1, &[2.0, 1.0]),
///     pass("a", 2, &[0.75]),
///     pass("b", 0, &[3.0, 2.0, 1.0]),
///     pass("b", 1, &[1.5, 0.5]),
///     pass("b", 2, &[0.5]),
/// ], 3)?;
/// let two_steps = Schedule::from_reveal_sizes([1, 2])?;
/// assert_eq!(blocks.losses(&two_steps)?, [Nats(5.0), Nats(5.0)]);
/// // Against one at a time, on the same sequences.
/// assert_eq!(blocks.cost(&two_steps)?.value(), Nats(0.125));
/// # Ok::<(), unmaskcost::Error>(())
/// ```
///
/// With the feature `serde`, store each [`OrderPass`]; the blocks are checked when they are made. Files: `from_csv`.
#[derive(Debug, Clone, PartialEq)]
pub struct OrderBlocks<F = f64> {
    name: String,
    tokens: usize,
    sequences: Vec<Sequence>,
    /// By first and last count: one loss per sequence.
    blocks: BTreeMap<(usize, usize), Vec<F>>,
}

/// A sequence that was measured.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Sequence {
    name: String,
    /// What it shares with sequences that it depends on.
    document: Option<String>,
}

impl Sequence {
    /// Its document, or its own name.
    fn group(&self) -> &str {
        self.document.as_deref().unwrap_or(&self.name)
    }
}

/// One forward pass of a model: the losses of all tokens of an order but the first ones, which are known.
#[derive(Debug, Clone, PartialEq)]
#[cfg_attr(
    feature = "serde",
    derive(serde::Serialize, serde::Deserialize),
    serde(bound(
        serialize = "F: Scalar + serde::Serialize",
        deserialize = "F: Scalar + serde::Deserialize<'de>"
    ))
)]
pub struct OrderPass<F = f64> {
    /// The name of the sequence.
    sequence: String,
    /// The document that it comes from, if sequences share documents.
    document: Option<String>,
    /// How many tokens of the order are known.
    revealed: usize,
    /// `-ln p` of the tokens of rank `revealed`, `revealed + 1`, .. to the last, in nats.
    losses: Vec<F>,
}

impl<F: Scalar> OrderPass<F> {
    /// A pass over a sequence that is a document of its own: the name of the sequence; how many tokens of the order are
    /// known; `-ln p` of the tokens of rank `revealed`, `revealed + 1`, .. to the last, in nats.
    pub fn new(sequence: impl Into<String>, revealed: usize, losses: impl AsRef<[F]>) -> Self {
        Self {
            sequence: sequence.into(),
            document: None,
            revealed,
            losses: losses.as_ref().to_vec(),
        }
    }

    /// The same pass, over a sequence from this document.
    #[must_use]
    pub fn of_document(mut self, document: impl Into<String>) -> Self {
        self.document = Some(document.into());
        self
    }
}

impl<F: Scalar> OrderBlocks<F> {
    /// The blocks measured by the passes of a model, each sequence at the same counts: the blocks between any two
    /// of the counts, and the first token of each pass by itself.
    ///
    /// # Errors
    /// [`Empty`](Error::Empty) without passes; [`LengthMismatch`](Error::LengthMismatch) unless a pass has a loss for
    /// each token that is not known; [`NotFinite`](Error::NotFinite), [`Negative`](Error::Negative);
    /// [`IndexOutOfRange`](Error::IndexOutOfRange), [`Sequence`](Error::Sequence) for a sequence with two passes
    /// at one count; [`Sequence`](Error::Sequence) for one without a pass at a count that another has;
    /// [`Sequence`](Error::Sequence); [`TooLarge`](Error::TooLarge) for more than 2^27 blocks of all
    /// sequences.
    pub fn from_passes(
        name: impl Into<String>,
        passes: impl AsRef<[OrderPass<F>]>,
        tokens: usize,
    ) -> Result<Self> {
        let passes = passes.as_ref();
        let mut counts: Vec<usize> = passes.iter().map(|pass| pass.revealed).collect();
        counts.sort_unstable();
        counts.dedup();
        check_limit(
            "blocks of all sequences",
            passes.len() as u128 * (counts.len() as u128 + 1),
            MAX_LOSSES,
        )?;
        let mut collected = Collected::new(name.into(), tokens)?;
        for pass in passes {
            let OrderPass { sequence, document, revealed, losses } = pass;
            let what = "number of known tokens";
            let expected = tokens
                .checked_sub(*revealed)
                .filter(|&masked| masked > 0)
                .ok_or(Error::IndexOutOfRange { what, index: *revealed, limit: tokens })?;
            if losses.len() != expected {
                let (what, found) = ("the list of losses of a pass", losses.len());
                return Err(Error::LengthMismatch { what, found, expected });
            }
            if let Some(index) = losses.iter().position(|loss| *loss < F::zero()) {
                let value = scalar::evidence(losses[index]);
                return Err(Error::Negative { what: "losses", index: Some(index), value });
            }
            let sequence = collected.sequence(sequence, document.as_deref())?;
            let mut sum = F::zero();
            for (index, &loss) in losses.iter().enumerate() {
                sum = sum + loss;
                let until = revealed + index + 1;
                let kept = index == 0 || until == tokens || counts.binary_search(&until).is_ok();
                if kept {
                    collected.add(sequence, *revealed, until, sum)?;
                }
            }
        }
        collected.finish()
    }

    /// The name of the order.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// L, the tokens of a sequence.
    #[must_use]
    pub fn tokens(&self) -> usize {
        self.tokens
    }

    /// The names of the sequences.
    pub fn sequences(&self) -> impl ExactSizeIterator<Item = &str> + '_ {
        self.sequences.iter().map(|sequence| sequence.name.as_str())
    }

    /// The blocks that were measured, as counts of known tokens, from .. until.
    pub fn blocks(&self) -> impl ExactSizeIterator<Item = core::ops::Range<usize>> + '_ {
        self.blocks.keys().map(|&(revealed, until)| revealed..until)
    }

    /// `-ln q` of each sequence, in the order of [`sequences`](Self::sequences), when it is decoded by this schedule:
    /// exact for each of them, however many blocks it takes.
    ///
    /// # Errors
    /// [`TokensDiffer`](Error::TokensDiffer); [`NotApplicable`](Error::NotApplicable) for a step whose block was
    /// not measured.
    pub fn losses(&self, schedule: &Schedule) -> Result<Vec<Nats<F>>> {
        schedule.check_tokens("order", self.tokens)?;
        let mut losses = vec![Nats(F::zero()); self.sequences.len()];
        for step in schedule.ranges() {
            let block = self.blocks.get(&(step.start, step.end));
            let block = block.ok_or_else(|| step_not_measured(&step))?;
            losses.iter_mut().zip(block).for_each(|(sum, &loss)| sum.0 = sum.0 + loss);
        }
        Ok(losses)
    }

    /// The [losses](Self::losses) of a schedule as runs of a decoder. [Record](crate::measured::DecoderRuns::record)
    /// them beside decoders that were run on the same sequences, and schedules along orders and measured decoders stand
    /// in one table.
    ///
    /// # Errors
    /// As [`losses`](Self::losses).
    ///
    /// ```
    /// use unmaskcost::{Nats, Schedule, measured::{DecoderRuns, OrderBlocks, OrderPass, Run}};
    /// let passes = [("a", [1.0, 1.5]), ("b", [2.0, 2.25])]
    ///     .map(|(sequence, losses)| OrderPass::new(sequence, 0, losses));
    /// let blocks = OrderBlocks::from_passes("spread", passes, 2)?;
    /// let mut runs = DecoderRuns::new();
    /// runs.record("by entropy", Run::new("a", 1, Nats(3.0)))?;
    /// runs.record("by entropy", Run::new("b", 1, Nats(4.5)))?;
    /// for run in blocks.runs(&Schedule::one_step(2)?)? {
    ///     runs.record("spread", run)?;
    /// }
    /// assert_eq!(runs.difference("by entropy", "spread")?.value(), Nats(0.375));
    /// # Ok::<(), unmaskcost::Error>(())
    /// ```
    pub fn runs(&self, schedule: &Schedule) -> Result<Vec<Run<F>>> {
        Ok(self.runs_with(schedule.steps(), &self.losses(schedule)?))
    }

    /// The losses that a choice is judged by ([`OrderChoice::loss`] is their mean), as runs of a decoder.
    ///
    /// # Errors
    /// [`LengthMismatch`](Error::LengthMismatch) for a choice that was not made from these blocks.
    pub fn runs_of_choice(&self, choice: &OrderChoice<F>) -> Result<Vec<Run<F>>> {
        self.check_choice(choice)?;
        Ok(self.runs_with(choice.schedule.steps(), &choice.losses))
    }

    fn runs_with(&self, rounds: usize, losses: &[Nats<F>]) -> Vec<Run<F>> {
        let run = |(sequence, &loss): (&Sequence, &Nats<F>)| {
            let run = Run::new(sequence.name.clone(), rounds as u64, loss);
            match &sequence.document {
                Some(document) => run.of_document(document.as_str()),
                None => run,
            }
        };
        self.sequences.iter().zip(losses).map(run).collect()
    }

    /// The mean loss of a schedule per sequence, with its error from the spread over documents (or sequences, where
    /// none are named).
    ///
    /// # Errors
    /// As [`losses`](Self::losses); [`TooFew`](Error::TooFew) for a single document.
    pub fn mean_loss(&self, schedule: &Schedule) -> Result<Estimate<F>> {
        self.estimate(&self.losses(schedule)?)
    }

    /// What a schedule costs beyond one token at a time along the same order, with the error of the paired
    /// difference.
    ///
    /// # Errors
    /// As [`mean_loss`](Self::mean_loss), also for one token at a time: a block for each single token is needed.
    pub fn cost(&self, schedule: &Schedule) -> Result<Estimate<F>> {
        let (losses, least) = (self.losses(schedule)?, self.one_at_a_time()?);
        self.estimate(&differences(self.tokens, &losses, &least))
    }

    /// How much more this schedule loses than another one, which may be of another order: the mean of the
    /// difference over the sequences that both have, with its error.
    ///
    /// # Errors
    /// As [`mean_loss`](Self::mean_loss) for both; [`Empty`](Error::Empty) if they have no sequence in common.
    ///
    /// ```
    /// use unmaskcost::{Nats, Schedule, measured::{OrderBlocks, OrderPass, Verdict}};
    /// let order = |name: &str, losses: [[f64; 2]; 2]| {
    ///     let pass = |(i, losses): (usize, &[f64; 2])| OrderPass::new(i.to_string(), 0, *losses);
    ///     let passes: Vec<_> = losses.iter().enumerate().map(pass).collect();
    ///     OrderBlocks::from_passes(name, passes, 2)
    /// };
    /// let (spread, random) = (order("spread", [[1.0, 1.0], [2.0, 2.0]])?, order("random", [[1.5, 1.0], [2.0, 2.75]])?);
    /// let at_once = Schedule::one_step(2)?;
    /// let saved = spread.difference(&at_once, &random, &at_once)?;
    /// assert_eq!(saved.value(), Nats(-0.625));
    /// assert_eq!(Verdict::of(saved)?, Verdict::Likely);
    /// # Ok::<(), unmaskcost::Error>(())
    /// ```
    pub fn difference(
        &self,
        schedule: &Schedule,
        other: &Self,
        other_schedule: &Schedule,
    ) -> Result<Estimate<F>> {
        self.difference_of(&self.losses(schedule)?, other, &other.losses(other_schedule)?)
    }

    /// The mean difference of losses per sequence, over the sequences that both have.
    fn difference_of(
        &self,
        ours: &[Nats<F>],
        other: &Self,
        theirs: &[Nats<F>],
    ) -> Result<Estimate<F>> {
        let by_name: BTreeMap<&str, Nats<F>> =
            other.sequences().zip(theirs.iter().copied()).collect();
        let shared = self.sequences.iter().zip(ours).filter_map(|(sequence, &ours)| {
            let theirs = by_name.get(sequence.name.as_str())?;
            Some((sequence, (ours, *theirs)))
        });
        let (shared, (ours, theirs)): (Vec<_>, (Vec<_>, Vec<_>)) = shared.unzip();
        if shared.is_empty() {
            return Err(Error::Empty { what: "the list of sequences that both orders have" });
        }
        mean_of(shared.into_iter().zip(differences(self.tokens, &ours, &theirs)))
    }

    /// The loss of each sequence one token at a time.
    fn one_at_a_time(&self) -> Result<Vec<Nats<F>>> {
        self.losses(&Schedule::sequential(self.tokens)?)
    }

    /// The mean of a value per sequence.
    fn estimate(&self, values: &[Nats<F>]) -> Result<Estimate<F>> {
        mean_of(self.sequences.iter().zip(values.iter().copied()))
    }
}

fn mean_of<'a, F: Scalar>(
    values: impl Iterator<Item = (&'a Sequence, Nats<F>)>,
) -> Result<Estimate<F>> {
    clustered::mean(values.map(|(sequence, Nats(value))| GroupedValue {
        group: sequence.group(),
        value,
        weight: F::one(),
    }))
}

/// The differences of losses that are sums of up to L blocks: zero where they differ by no more than the rounding of
/// these sums, which would otherwise pass for a small difference that is certain.
fn differences<F: Scalar>(
    tokens: usize,
    minuends: &[Nats<F>],
    subtrahends: &[Nats<F>],
) -> Vec<Nats<F>> {
    let rounding = F::epsilon() * scalar::float(tokens);
    let difference = |(&a, &b): (&Nats<F>, &Nats<F>)| match (a - b).0.abs() <= rounding * (a + b).0
    {
        true => Nats(F::zero()),
        false => a - b,
    };
    minuends.iter().zip(subtrahends).map(difference).collect()
}

/// Blocks as they come in, one sequence after another or all mixed.
pub(super) struct Collected<F> {
    name: String,
    tokens: usize,
    sequences: Vec<Sequence>,
    places: BTreeMap<String, usize>,
    /// NaN where a sequence has no such block yet.
    blocks: BTreeMap<(usize, usize), Vec<F>>,
    /// The number of losses in all blocks, missing ones included.
    places_taken: usize,
}

impl<F: Scalar> Collected<F> {
    pub(super) fn new(name: String, tokens: usize) -> Result<Self> {
        if tokens == 0 {
            return Err(Error::Empty { what: "the sequence" });
        }
        check_list_fits("tokens of a sequence", tokens)?;
        let (sequences, places, blocks) = (Vec::new(), BTreeMap::new(), BTreeMap::new());
        Ok(Self { name, tokens, sequences, places, blocks, places_taken: 0 })
    }

    /// The place of a sequence; a new place for a new name.
    pub(super) fn sequence(&mut self, name: &str, document: Option<&str>) -> Result<usize> {
        if let Some(&place) = self.places.get(name) {
            let known = self.sequences[place].document.as_deref();
            return match known == document {
                true => Ok(place),
                false => Err(documents_differ(name, known, document)),
            };
        }
        let place = self.sequences.len();
        let document = document.map(str::to_owned);
        self.sequences.push(Sequence { name: name.to_owned(), document });
        self.places.insert(name.to_owned(), place);
        Ok(place)
    }

    pub(super) fn add(
        &mut self,
        sequence: usize,
        revealed: usize,
        until: usize,
        loss: F,
    ) -> Result<()> {
        if until > self.tokens || revealed >= until {
            let what = "end of a block of ranks";
            return Err(Error::IndexOutOfRange { what, index: until, limit: self.tokens + 1 });
        }
        let loss = scalar::check_nonnegative("loss of a block", loss)?;
        let block = self.blocks.entry((revealed, until)).or_default();
        if block.len() <= sequence {
            self.places_taken += sequence + 1 - block.len();
            check_limit("blocks of all sequences", self.places_taken as u128, MAX_LOSSES)?;
            block.resize(sequence + 1, F::nan());
        }
        if !block[sequence].is_nan() {
            let name = self.sequences[sequence].name.as_str();
            let problem = format!("is given its block from {revealed} until {until} twice");
            return Err(error::sequence(name, problem));
        }
        block[sequence] = loss;
        Ok(())
    }

    /// The blocks collected. Refused unless every sequence has every block.
    pub(super) fn finish(self) -> Result<OrderBlocks<F>> {
        let Self { name, tokens, sequences, blocks, .. } = self;
        if sequences.is_empty() {
            return Err(Error::Empty { what: "the list of measured blocks" });
        }
        let complete = |((revealed, until), mut losses): ((usize, usize), Vec<F>)| {
            let found = losses.iter().position(|loss| loss.is_nan());
            let missing = found.or((losses.len() < sequences.len()).then_some(losses.len()));
            if let Some(place) = missing {
                return Err(error::sequence(
                    sequences[place].name.as_str(),
                    format!(
                        "has no block from {revealed} until {until}, but others have; measure all sequences at the same \
                         counts, or leave this one out"
                    ),
                ));
            }
            losses.shrink_to_fit();
            Ok(((revealed, until), losses))
        };
        let blocks = blocks.into_iter().map(complete).collect::<Result<_>>()?;
        Ok(OrderBlocks { name, tokens, sequences, blocks })
    }
}

fn step_not_measured(step: &core::ops::Range<usize>) -> Error {
    not_applicable(
        format!("the step from {} to {} revealed tokens", step.start, step.end),
        "a measurement: only schedules whose steps are measured blocks have a loss",
    )
}
