use core::ops::Range;
use std::collections::BTreeSet;

use super::{MaskedToken, Policy, View};
use crate::decoders::dilated_levels;
use crate::error::{Error, Result};
use crate::numeric::scalar::{self, CompensatedSum, Scalar};
use crate::schedule::BlockLength;
use crate::units::Nats;

/// A rule by which decoders choose the positions of a round, with its numbers.
///
/// | text | reveals in a round | who uses it |
/// | --- | --- | --- |
/// | `left to right 4` | the first masked positions | |
/// | `8 lowest entropies` | as many, of lowest entropy | Dream's `entropy`, ESM3 |
/// | `confidence 0.9` | all of at least this confidence, the most confident one at least | Fast-dLLM |
/// | `quota 2 confidence 0.95` | all *above* this confidence; at least the quota, the most confident first | LLaDA2.x, SDAR; with a quota of 1 SGLang's `LowConfidence` |
/// | `factor 1` | the n most confident, for the largest n with `(n + 1) (1 - c_n) < f` | Fast-dLLM |
/// | `Frechet margin 0` | the n most confident, for the largest n with `sum (1 - c_i) + (1 - c_n) < 1 - margin` | Fast-dLLM++ |
/// | `entropy budget 0.1 nats` | in order of entropy, while the entropies *before* the last sum to no more | entropy-bounded unmasking |
/// | `cumulative entropy 0.1 nats` | the same from left to right | |
/// | `dilated` | the multiples of the largest stride that has any left | DUS |
///
/// `c_1 >= c_2 >= ..` are the probabilities of the likeliest symbols. Each rule reveals at least one position; ties go
/// to the earlier position. Any of these texts may end in `at least 6 apart`, for the positions of one round, and may
/// begin with `blocks of 32, `, to work block after block from left to right.
///
/// ```
/// use unmaskcost::{sampler::policy::{Rule, self}, distribution::JointTable};
/// // Two pairs of equal bits, side by side: X_0 = X_1, X_2 = X_3.
/// let counts = [1, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0, 0, 1, 0, 0, 1];
/// let table: JointTable = JointTable::from_counts(&[2; 4], counts)?;
/// let pairs: Rule = "2 lowest entropies".parse()?;
/// assert_eq!(pairs, Rule::lowest_entropies(2)?);
/// let apart = pairs.apart(2)?;
/// assert_eq!(apart.to_string(), "2 lowest entropies at least 2 apart");
/// let cost = |rule: &Rule| policy::cost(&table, rule);
/// assert!(cost(&pairs)?.sampling_error.0 > 1.3 && cost(&apart)?.sampling_error.0 < 1e-12);
/// # Ok::<(), unmaskcost::Error>(())
/// ```
///
/// Sources: NVlabs/Fast-dLLM `llada/generate.py` @24cc59e and arXiv 2505.22618 (threshold, factor); ZHZisZZ/dllm
/// `dllm/pipelines/llada2/sampler.py` @9a2c4ee and JetAstra/SDAR `generate.py` @59549b1 (quota); Ringo-Star/FastdLLM_plusplus @518b90f and arXiv 2606.02955 (Fréchet);
/// Ben-Hamu et al., arXiv 2505.24857, huggingface/diffusers `scheduling_entropy_bound.py` @5e52ddd (budget in nats), omerlux/DUS @abd7723 (budget in bits; strides);
/// Cai & Li, arXiv 2603.22248 (cumulative entropy).
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Rule {
    pub(super) choice: Choice,
    /// 1 if neighbours may be revealed together.
    pub(super) distance: usize,
    pub(super) block_length: Option<usize>,
}

/// What a round reveals, before distances and blocks.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) enum Choice {
    LeftToRight { size: usize },
    LowestEntropies { count: usize },
    Confidence { threshold: f64 },
    Quota { count: usize, threshold: f64 },
    Factor(f64),
    Frechet { margin: f64 },
    EntropyBudget(Nats),
    CumulativeEntropy(Nats),
    Dilated,
}

impl Rule {
    /// The first masked positions, this many at a time.
    ///
    /// # Errors
    /// [`OutOfRange`](Error::OutOfRange) for none.
    pub fn left_to_right(size: usize) -> Result<Self> {
        check_count("number of positions in a round", size)?;
        Ok(Choice::LeftToRight { size }.into())
    }

    /// The positions of lowest entropy, this many at a time.
    ///
    /// # Errors
    /// [`OutOfRange`](Error::OutOfRange) for none.
    pub fn lowest_entropies(count: usize) -> Result<Self> {
        check_count("number of positions in a round", count)?;
        Ok(Choice::LowestEntropies { count }.into())
    }

    /// The most confident position, and each whose likeliest symbol has at least this probability.
    ///
    /// # Errors
    /// [`OutOfRange`](Error::OutOfRange) unless `0 < threshold <= 1`.
    pub fn confidence(threshold: f64) -> Result<Self> {
        check_threshold(threshold)?;
        Ok(Choice::Confidence { threshold }.into())
    }

    /// Each position whose likeliest symbol has a probability above the threshold; if these are fewer than the quota, as
    /// many as that, the most confident first.
    ///
    /// The original's quota is a list, LLaDA's sizes, so it may be larger by one in the first rounds of a block; here it is the same in each.
    ///
    /// # Errors
    /// [`OutOfRange`](Error::OutOfRange) for a quota of none, or unless `0 < threshold <= 1`.
    pub fn quota(count: usize, threshold: f64) -> Result<Self> {
        check_count("quota of a round", count)?;
        check_threshold(threshold)?;
        Ok(Choice::Quota { count, threshold }.into())
    }

    /// The n most confident positions, for the largest n with `(n + 1) (1 - c_n) < factor`.
    ///
    /// With a factor of 1 the likeliest symbols together are the likeliest word of the round:
    /// [`bounds::confidence`](crate::bounds::confidence).
    ///
    /// # Errors
    /// [`OutOfRange`](Error::OutOfRange) for what is not a positive number.
    pub fn factor(factor: f64) -> Result<Self> {
        scalar::check_positive("the factor", factor)?;
        Ok(Choice::Factor(factor).into())
    }

    /// The n most confident positions, for the largest n with `sum_{i <= n} (1 - c_i) + (1 - c_n) < 1 - margin`: as a factor
    /// of 1, but with all confidences instead of the smallest. The margin is 0 by default.
    ///
    /// # Errors
    /// [`OutOfRange`](Error::OutOfRange) unless `0 <= margin < 1`.
    pub fn frechet(margin: f64) -> Result<Self> {
        if !(0.0..1.0).contains(&margin) {
            let (what, needed) = ("margin", "a number from 0 to below 1");
            return Err(Error::OutOfRange { what, value: margin, needed });
        }
        Ok(Choice::Frechet { margin }.into())
    }

    /// In order of entropy, as many positions as keep the sum of their entropies, without the largest, within a budget.
    ///
    /// Then each round costs at most the budget: see the [module](super). Some code states the budget in
    /// bits and some in nats, with the same default of 0.1: `Bits(0.1).nats()` for the former.
    ///
    /// # Errors
    /// [`OutOfRange`](Error::OutOfRange) for what is not a positive number: without a budget, one position at a time is meant.
    pub fn entropy_budget(budget: Nats) -> Result<Self> {
        scalar::check_positive("the entropy budget", budget.0)?;
        Ok(Choice::EntropyBudget(budget).into())
    }

    /// From left to right, as many positions as keep the sum of the entropies before the last within a budget: so each round costs at
    /// most that. In order of entropy, this is [`Rule::entropy_budget`].
    ///
    /// # Errors
    /// [`OutOfRange`](Error::OutOfRange) for what is not a positive number.
    pub fn cumulative_entropy(budget: Nats) -> Result<Self> {
        scalar::check_positive("the entropy budget", budget.0)?;
        Ok(Choice::CumulativeEntropy(budget).into())
    }

    /// The positions of [`Decoder::Dus`](crate::decoders::Decoder::Dus), which spread what one round reveals, for any number
    /// of tokens.
    #[must_use]
    pub fn dilated() -> Self {
        Choice::Dilated.into()
    }

    /// The same rule with a distance: the positions of one round are at least this far apart. Those that are too near
    /// to one of higher rank wait for the next round.
    ///
    /// [`Rule::lowest_entropies`] keeps its number: if too few positions are this far apart, the lowest of the others
    /// are taken too. Where dependence is local, rules by confidence and entropy lose most by revealing neighbours
    /// together.
    ///
    /// # Errors
    /// [`OutOfRange`](Error::OutOfRange) for a distance of 0; 1 is no condition.
    pub fn apart(self, distance: usize) -> Result<Self> {
        check_count("distance of positions", distance)?;
        Ok(Self { distance, ..self })
    }

    /// The same rule inside blocks: it sees the masked tokens of the first unfinished block only (semi-autoregressive decoding). The
    /// last block may be shorter.
    ///
    /// # Errors
    /// [`OutOfRange`](Error::OutOfRange) for blocks of no token.
    ///
    /// ```
    /// use unmaskcost::{schedule::BlockLength, sampler::policy::Rule};
    /// let rule = Rule::lowest_entropies(4)?.in_blocks(BlockLength(32))?;
    /// assert_eq!(rule.to_string(), "blocks of 32, 4 lowest entropies");
    /// # Ok::<(), unmaskcost::Error>(())
    /// ```
    pub fn in_blocks(self, block_length: BlockLength) -> Result<Self> {
        check_count("length of a block", block_length.0)?;
        Ok(Self { block_length: Some(block_length.0), ..self })
    }

    /// What the rule reveals of the masked tokens of a block, which the view shows.
    fn choose<F: Scalar>(&self, view: &View<F>, block: Range<usize>) -> Vec<usize> {
        let mut round = Round::new();
        let mut too_near = Vec::new();
        for token in self.choice.candidates(view, block) {
            if !round.is_empty() && !self.choice.accepts(&round, &token) {
                break;
            }
            if round.is_near(token.position, self.distance) {
                too_near.push(token);
            } else {
                round.add(&token);
            }
        }
        if let Choice::LowestEntropies { count } = self.choice {
            let missing = count.saturating_sub(round.len());
            too_near.iter().take(missing).for_each(|token| round.add(token));
        }
        round.positions
    }
}

impl From<Choice> for Rule {
    fn from(choice: Choice) -> Self {
        Self { choice, distance: 1, block_length: None }
    }
}

impl<F: Scalar> Policy<F> for Rule {
    fn next(&self, view: &View<F>) -> Vec<usize> {
        let tokens = view.revealed.len();
        let Some(length) = self.block_length else { return self.choose(view, 0..tokens) };
        let block = view.masked.first().map_or(0, |&position| position / length);
        let start = block * length;
        let within = view.restricted(|position| position / length == block);
        self.choose(&within, start..tokens.min(start.saturating_add(length)))
    }
}

impl Choice {
    /// The masked tokens that may be revealed, in the order in which they are considered.
    fn candidates<'v, F: Scalar>(
        &self,
        view: &'v View<F>,
        block: Range<usize>,
    ) -> Vec<MaskedToken<'v, F>> {
        match self {
            Self::LeftToRight { .. } | Self::CumulativeEntropy(_) => view.masked_tokens().collect(),
            Self::LowestEntropies { .. } | Self::EntropyBudget(_) => {
                view.sorted_by(|token| token.entropy)
            }
            Self::Confidence { .. }
            | Self::Quota { .. }
            | Self::Factor(_)
            | Self::Frechet { .. } => view.sorted_by(|token| -token.confidence),
            Self::Dilated => {
                // Blocks that are too long to list are revealed from left to right in one round.
                let levels = dilated_levels(block.len()).unwrap_or_default();
                let masked = |level: &Vec<usize>| {
                    let positions: BTreeSet<usize> =
                        level.iter().map(|i| block.start + i).collect();
                    view.masked_tokens().filter(move |t| positions.contains(&t.position)).collect()
                };
                let mut levels = levels.iter().map(masked);
                levels.find(|tokens: &Vec<_>| !tokens.is_empty()).unwrap_or_default()
            }
        }
    }

    /// Whether a round that has begun takes this token as well. Once a token is not taken, none after it is.
    fn accepts<F: Scalar>(&self, round: &Round<F>, token: &MaskedToken<F>) -> bool {
        let number = scalar::constant::<F>;
        let doubt = F::one() - token.confidence;
        match *self {
            Self::LeftToRight { size } => round.len() < size,
            Self::LowestEntropies { count } => round.len() < count,
            Self::Confidence { threshold } => token.confidence >= number(threshold),
            Self::Quota { count, threshold } => {
                round.len() < count || token.confidence > number(threshold)
            }
            Self::Factor(factor) => scalar::float::<F>(round.len() + 2) * doubt < number(factor),
            Self::Frechet { margin } => round.doubts.total() + doubt + doubt < number(1.0 - margin),
            Self::EntropyBudget(budget) | Self::CumulativeEntropy(budget) => {
                round.entropies.total() <= number(budget.0)
            }
            Self::Dilated => true,
        }
    }
}

/// What a round has taken so far.
struct Round<F> {
    positions: Vec<usize>,
    sorted: BTreeSet<usize>,
    entropies: CompensatedSum<F>,
    /// The sum of `1 - confidence`.
    doubts: CompensatedSum<F>,
}

impl<F: Scalar> Round<F> {
    fn new() -> Self {
        let (positions, sorted) = (Vec::new(), BTreeSet::new());
        Self { positions, sorted, entropies: CompensatedSum::new(), doubts: CompensatedSum::new() }
    }

    fn len(&self) -> usize {
        self.positions.len()
    }

    fn is_empty(&self) -> bool {
        self.positions.is_empty()
    }

    fn is_near(&self, position: usize, distance: usize) -> bool {
        let reach = distance - 1;
        let near = position.saturating_sub(reach)..=position.saturating_add(reach);
        self.sorted.range(near).next().is_some()
    }

    fn add(&mut self, token: &MaskedToken<F>) {
        self.positions.push(token.position);
        self.sorted.insert(token.position);
        self.entropies.add(token.entropy);
        self.doubts.add(F::one() - token.confidence);
    }
}

fn check_count(what: &'static str, count: usize) -> Result<()> {
    match count {
        0 => Err(Error::OutOfRange { what, value: 0.0, needed: "at least 1" }),
        _ => Ok(()),
    }
}

fn check_threshold(threshold: f64) -> Result<()> {
    if threshold > 0.0 && threshold <= 1.0 {
        return Ok(());
    }
    let (what, needed) = ("threshold of the confidence", "a number above 0 and at most 1");
    Err(Error::OutOfRange { what, value: threshold, needed })
}
