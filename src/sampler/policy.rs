//! Adaptive policies: decoders that choose *which* tokens to reveal from what is revealed already.
//!
//! Confidence and entropy decide the positions in most decoders that are used today. The bounds of
//! this crate and the exact error of a [`Schedule`](crate::Schedule) are for uniformly random
//! positions and say **nothing** of these: a policy can be better or worse than every random-order
//! figure. Here the cost of a policy is computed on a [`JointTable`], exactly, by walking the tree of
//! all that it may see.
//!
//! # Formula
//! ```text
//! KL(p || q) = E sum over rounds of TC(X_S | x_C)
//! TC(X_S | x_C) = sum_{i in S} H(X_i | x_C) - H(X_S | x_C) <= sum_{i in S} H(X_i | x_C) - max_{i in S} H(X_i | x_C)
//! ```
//! where C is what is revealed, S the set that the policy reveals next, and the mean is over the data p.
//! The policy is deterministic, so q is the law of its output: no average over orders is left.
//! Sources: Wen, Liang & Lu, arXiv 2608.25505, Theorem 1; the inequality is the budget of Ben-Hamu et
//! al., arXiv 2505.24857.
//!
//! The predictor is ideal: it knows the conditional marginals of the table. In a context that the data
//! never shows it is uniform, as everywhere in [`sampler`](crate::sampler).

use crate::decoders::{MAX_DILATED, check_divisible, dilated_levels};
use crate::distribution::JointTable;
use crate::error::{Error, Result, check_limit};
use crate::numeric::scalar::{self, CompensatedSum, Scalar};
use crate::units::Nats;

/// The most (cells + tokens) x tokens x tokens that are walked: some tens of seconds.
const MAX_WORK: u128 = 1 << 33;

/// What a policy sees: the revealed symbols, and the predictor's law of each masked token.
///
/// ```
/// use unmaskcost::{JointTable, sampler::policy::View};
/// let copy: JointTable = JointTable::from_counts(&[2, 2], [1, 0, 0, 1])?;
/// let view = View::new(&copy, &[Some(1), None])?;
/// assert_eq!(view.masked(), [1]);
/// for token in view.masked_tokens() {
///     assert_eq!((token.position, token.law), (1, [0.0, 1.0].as_slice()));
///     assert_eq!((token.entropy, token.confidence), (0.0, 1.0));
/// }
/// # Ok::<(), unmaskcost::Error>(())
/// ```
#[derive(Debug, Clone, PartialEq)]
pub struct View<F = f64> {
    revealed: Vec<Option<usize>>,
    masked: Vec<usize>,
    marginals: Vec<Vec<F>>,
    entropies: Vec<F>,
}

/// A masked token as a policy sees it: an element of [`View::masked_tokens`].
#[derive(Debug, Clone, Copy, PartialEq)]
#[non_exhaustive]
pub struct MaskedToken<'a, F = f64> {
    /// Where it stands in the sequence: what [`Policy::next`] returns.
    pub position: usize,
    /// Its law given what is revealed: one probability per symbol.
    pub law: &'a [F],
    /// The entropy of this law, in nats.
    pub entropy: F,
    /// The probability of its likeliest symbol.
    pub confidence: F,
}

impl<F: Scalar> View<F> {
    /// The ideal predictor's view of a table: one symbol per revealed token, `None` per masked one.
    ///
    /// # Errors
    /// [`LengthMismatch`](Error::LengthMismatch) or [`IndexOutOfRange`](Error::IndexOutOfRange) for
    /// symbols that do not fit the table.
    pub fn new(table: &JointTable<F>, revealed: &[Option<usize>]) -> Result<Self> {
        let masked: Vec<usize> =
            (0..revealed.len()).filter(|&position| revealed[position].is_none()).collect();
        let conditional = match table.conditional(revealed) {
            Ok(conditional) => Some(conditional),
            Err(Error::ImpossibleContext { .. }) => None,
            Err(Error::Empty { .. }) if masked.is_empty() => None,
            Err(error) => return Err(error),
        };
        Self::of_conditional(table.shape(), revealed, masked, conditional.as_ref())
    }

    /// From the law of the masked tokens, in order, if the context is possible.
    fn of_conditional(
        shape: &[usize],
        revealed: &[Option<usize>],
        masked: Vec<usize>,
        conditional: Option<&JointTable<F>>,
    ) -> Result<Self> {
        let law = |(place, &position): (usize, &usize)| match conditional {
            Some(table) => table.marginal(&[place]).map(|law| law.probabilities().to_vec()),
            None => Ok(vec![F::one() / scalar::float(shape[position]); shape[position]]),
        };
        let marginals: Vec<Vec<F>> = masked.iter().enumerate().map(law).collect::<Result<_>>()?;
        let entropies = marginals.iter().map(|law| entropy(law)).collect();
        Ok(Self { revealed: revealed.to_vec(), masked, marginals, entropies })
    }

    /// One entry per token: its symbol if it is revealed.
    #[must_use]
    pub fn revealed(&self) -> &[Option<usize>] {
        &self.revealed
    }

    /// The masked positions in increasing order.
    #[must_use]
    pub fn masked(&self) -> &[usize] {
        &self.masked
    }

    /// The masked tokens in increasing order of position.
    pub fn masked_tokens(&self) -> impl Iterator<Item = MaskedToken<'_, F>> {
        let tokens = self.masked.iter().zip(&self.marginals).zip(&self.entropies);
        tokens.map(|((&position, law), &entropy)| MaskedToken {
            position,
            law,
            entropy,
            confidence: law.iter().fold(F::zero(), |most, &p| most.max(p)),
        })
    }

    /// The masked tokens, smallest key first; ties go to the earlier position.
    fn sorted_by(&self, key: impl Fn(&MaskedToken<F>) -> F) -> Vec<MaskedToken<'_, F>> {
        let mut tokens: Vec<_> = self.masked_tokens().collect();
        // The sort is stable and the tokens start in order of position.
        tokens.sort_by(|a, b| key(a).partial_cmp(&key(b)).unwrap_or(core::cmp::Ordering::Equal));
        tokens
    }

    /// Only the masked tokens of some positions.
    fn restricted(&self, keep: impl Fn(usize) -> bool) -> Self {
        let places: Vec<usize> =
            (0..self.masked.len()).filter(|&place| keep(self.masked[place])).collect();
        Self {
            revealed: self.revealed.clone(),
            masked: places.iter().map(|&place| self.masked[place]).collect(),
            marginals: places.iter().map(|&place| self.marginals[place].clone()).collect(),
            entropies: places.iter().map(|&place| self.entropies[place]).collect(),
        }
    }
}

/// A deterministic rule that says which masked positions are revealed next.
///
/// Every function from a [`View`] to a list of positions is a policy.
///
/// ```
/// use unmaskcost::{JointTable, sampler::policy::{View, self}};
/// let table: JointTable = JointTable::from_counts(&[2, 2, 2], [4, 1, 1, 2, 1, 2, 2, 7])?;
/// let ends_first = |view: &View| match view.masked() {
///     [first, .., last] => vec![*first, *last],
///     rest => rest.to_vec(),
/// };
/// let cost = policy::cost(&table, &ends_first)?;
/// assert!(cost.sampling_error.0 > 0.0);
/// assert_eq!(cost.rounds_of_data, 2.0);
///
/// // One that looks at the predictions: all tokens of less than half a nat, else the first.
/// let easy_first = |view: &View| {
///     let easy = view.masked_tokens().filter(|token| token.entropy < 0.5);
///     let easy: Vec<usize> = easy.map(|token| token.position).collect();
///     if easy.is_empty() { view.masked()[..1].to_vec() } else { easy }
/// };
/// assert!(policy::cost(&table, &easy_first)?.sampling_error < cost.sampling_error);
/// # Ok::<(), unmaskcost::Error>(())
/// ```
pub trait Policy<F: Scalar = f64> {
    /// The positions to reveal next: masked ones, at least one, none twice.
    fn next(&self, view: &View<F>) -> Vec<usize>;
}

impl<F: Scalar, P: Fn(&View<F>) -> Vec<usize>> Policy<F> for P {
    fn next(&self, view: &View<F>) -> Vec<usize> {
        self(view)
    }
}

/// Left to right, this many positions at a time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct LeftToRight {
    /// Positions per round.
    pub size: usize,
}

impl<F: Scalar> Policy<F> for LeftToRight {
    fn next(&self, view: &View<F>) -> Vec<usize> {
        view.masked.iter().take(self.size).copied().collect()
    }
}

/// Sets of positions fixed in advance, revealed one after the other.
///
/// ```
/// use unmaskcost::sampler::policy::FixedPartition;
/// let dilated = FixedPartition::dilated(8)?;
/// assert_eq!(dilated.sets, [vec![0, 4], vec![2, 6], vec![1, 3, 5, 7]]);
/// # Ok::<(), unmaskcost::Error>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FixedPartition {
    /// The sets in the order in which they are revealed.
    pub sets: Vec<Vec<usize>>,
}

impl FixedPartition {
    /// The dilated sets of [`Decoder::Dus`](crate::decoders::Decoder::Dus) for one block of all
    /// tokens: neighbours are revealed in different rounds.
    ///
    /// # Errors
    /// [`Empty`](Error::Empty) for no token; [`TooLarge`](Error::TooLarge) for more than 2^26.
    pub fn dilated(tokens: usize) -> Result<Self> {
        Self::dilated_blocks(tokens, tokens)
    }

    /// The dilated sets of [`Decoder::Dus`](crate::decoders::Decoder::Dus) as it is used: block after
    /// block.
    ///
    /// # Errors
    /// [`Empty`](Error::Empty) for no token, or blocks of none;
    /// [`NotDivisible`](Error::NotDivisible) unless the blocks fill the sequence;
    /// [`TooLarge`](Error::TooLarge) for more than 2^26 tokens.
    ///
    /// ```
    /// use unmaskcost::sampler::policy::FixedPartition;
    /// let two_blocks = FixedPartition::dilated_blocks(8, 4)?;
    /// assert_eq!(two_blocks.sets, [[0, 2], [1, 3], [4, 6], [5, 7]]);
    /// assert!(FixedPartition::dilated_blocks(8, 3).is_err());
    /// # Ok::<(), unmaskcost::Error>(())
    /// ```
    pub fn dilated_blocks(tokens: usize, block_length: usize) -> Result<Self> {
        if tokens == 0 {
            return Err(Error::Empty { what: "the sequence of masked tokens" });
        }
        if block_length == 0 {
            return Err(Error::Empty { what: "a block" });
        }
        check_divisible("the number of tokens", tokens, block_length)?;
        check_limit("tokens of dilated blocks", tokens as u128, MAX_DILATED)?;
        let levels = dilated_levels(block_length)?;
        let starts = (0..tokens).step_by(block_length);
        let shifted = |start, level: &[usize]| level.iter().map(|i| start + i).collect();
        let sets = starts.flat_map(|start| levels.iter().map(move |level| shifted(start, level)));
        Ok(Self { sets: sets.collect() })
    }
}

impl<F: Scalar> Policy<F> for FixedPartition {
    /// The first set with a masked position, or nothing, which is an error, if no set has any.
    fn next(&self, view: &View<F>) -> Vec<usize> {
        let masked = |set: &Vec<usize>| -> Vec<usize> {
            set.iter().copied().filter(|position| view.masked.contains(position)).collect()
        };
        self.sets.iter().map(masked).find(|set| !set.is_empty()).unwrap_or_default()
    }
}

/// The positions of lowest entropy, this many at a time. Ties go to the earlier position.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct LowestEntropies {
    /// Positions per round.
    pub count: usize,
}

impl<F: Scalar> Policy<F> for LowestEntropies {
    fn next(&self, view: &View<F>) -> Vec<usize> {
        let tokens = view.sorted_by(|token| token.entropy);
        tokens.iter().take(self.count).map(|token| token.position).collect()
    }
}

/// The most confident position, and each position whose likeliest symbol has at least this
/// probability. Ties go to the earlier position.
///
/// Source: NVlabs/Fast-dLLM `llada/generate.py` @24cc59e, with a threshold.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct ConfidenceThreshold<F = f64> {
    /// The probability from which on a position is revealed.
    pub threshold: F,
}

impl<F: Scalar> Policy<F> for ConfidenceThreshold<F> {
    fn next(&self, view: &View<F>) -> Vec<usize> {
        let confident = |(rank, token): &(usize, &MaskedToken<F>)| {
            *rank == 0 || token.confidence >= self.threshold
        };
        let tokens = view.sorted_by(|token| -token.confidence);
        tokens.iter().enumerate().take_while(confident).map(|(_, token)| token.position).collect()
    }
}

/// In order of entropy, as many positions as keep the sum of their entropies, without the largest,
/// within a budget; one at least. Ties go to the earlier position.
///
/// Then each round costs at most the budget: see the [module](self). Some code states the budget in
/// bits and some in nats, with the same default of 0.1: `budget: Bits(0.1).nats()` for the former.
///
/// Source: Ben-Hamu et al., arXiv 2505.24857; huggingface/diffusers `scheduling_entropy_bound.py`
/// @5e52ddd (nats); omerlux/DUS @abd7723 (bits).
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct EntropyBounded<F = f64> {
    /// The most that the entropies of a round may sum to, without the largest.
    pub budget: Nats<F>,
}

impl<F: Scalar> Policy<F> for EntropyBounded<F> {
    fn next(&self, view: &View<F>) -> Vec<usize> {
        // In order of entropy the largest is the last: the sum without it is the sum before it.
        let mut before = CompensatedSum::new();
        let within = |token: &&MaskedToken<F>| {
            let fits = before.total() <= self.budget.0;
            before.add(token.entropy);
            fits
        };
        let tokens = view.sorted_by(|token| token.entropy);
        let mut positions: Vec<usize> =
            tokens.iter().take_while(within).map(|token| token.position).collect();
        if positions.is_empty() {
            // A negative budget.
            positions.extend(view.masked.first());
        }
        positions
    }
}

/// Another policy inside blocks: it sees the masked tokens of the first unfinished block only
/// (semi-autoregressive decoding).
///
/// ```
/// use unmaskcost::{JointTable, sampler::policy::{InBlocks, LeftToRight, LowestEntropies, self}};
/// let table: JointTable = JointTable::from_counts(&[2, 2, 2], [4, 1, 1, 2, 1, 2, 2, 7])?;
/// let blocks = InBlocks { length: 2, policy: LowestEntropies { count: 2 } };
/// let left_to_right = policy::cost(&table, &LeftToRight { size: 2 })?;
/// assert_eq!(policy::cost(&table, &blocks)?, left_to_right);
/// # Ok::<(), unmaskcost::Error>(())
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct InBlocks<P> {
    /// Tokens per block; the last one may be shorter.
    pub length: usize,
    /// What decides inside a block.
    pub policy: P,
}

impl<F: Scalar, P: Policy<F>> Policy<F> for InBlocks<P> {
    fn next(&self, view: &View<F>) -> Vec<usize> {
        let length = self.length.max(1);
        let block = view.masked.first().map_or(0, |&position| position / length);
        self.policy.next(&view.restricted(|position| position / length == block))
    }
}

/// The entropy of a law, accurate also if it is small: one symbol that is nearly certain enters by the
/// probability of all others.
fn entropy<F: Scalar>(law: &[F]) -> F {
    let likeliest =
        law.iter().enumerate().fold(0, |best, (i, &p)| if p > law[best] { i } else { best });
    let others = || law.iter().enumerate().filter(|&(i, _)| i != likeliest).map(|(_, &p)| p);
    let Some(&largest) = law.get(likeliest) else { return F::zero() };
    let rest = scalar::sum(others()).min(F::one() - F::epsilon());
    scalar::sum(others().map(scalar::neg_x_ln_x).chain([-largest * (-rest).ln_1p()]))
}

/// `p ln(p/q) - p + q` of one word, q the product of the marginals: nonnegative, and over all words the
/// sum is the divergence. So a small divergence is not the difference of large terms.
fn divergence_of_word<F: Scalar>(joint: F, product: F, marginals: &[F]) -> F {
    if joint <= F::zero() {
        return product;
    }
    if product < F::min_positive_value() {
        // Its logarithm is a float still.
        let log_product = scalar::sum(marginals.iter().map(|p| p.ln()));
        return joint * (joint.ln() - log_product) - joint + product;
    }
    let ratio = joint / product;
    if ratio > F::one() + F::one() {
        joint * ratio.ln() - joint + product
    } else {
        scalar::divergence_term(joint, product, joint - product)
    }
}

/// What a policy costs on a table.
#[derive(Debug, Clone, Copy, PartialEq)]
#[non_exhaustive]
pub struct PolicyCost<F = f64> {
    /// KL(p || q), exactly: the sum of the conditional total correlations.
    pub sampling_error: Nats<F>,
    /// The mean over the data of the sum over rounds of `sum H - max H`: never less than the sampling
    /// error, in the computed numbers too. What a user can know who sees marginals only.
    pub entropy_bound: Nats<F>,
    /// The mean number of rounds if the revealed tokens come from the data.
    pub rounds_of_data: F,
    /// The mean number of rounds of the sampler itself, which drifts from the data as it errs.
    pub rounds_of_sampler: F,
    /// The most rounds that any output takes.
    pub most_rounds: usize,
}

/// The exact cost of a policy on a table, by walking all that it can see.
///
/// Each possible output is a leaf of the tree, so this takes O(cells x tokens) per round at most. The
/// divergence is summed from nonnegative terms, in logarithms where a product of marginals is too small
/// for a float: it is finite for every table, and a small one keeps its digits.
///
/// # Errors
/// [`TooLarge`](Error::TooLarge) if (cells + tokens) x tokens x tokens is more than 2^33. If the policy breaks
/// its contract: [`Empty`](Error::Empty), [`IndexOutOfRange`](Error::IndexOutOfRange),
/// [`Duplicate`](Error::Duplicate), [`AlreadyRevealed`](Error::AlreadyRevealed).
///
/// ```
/// use unmaskcost::{Bits, JointTable, sampler::policy::{EntropyBounded, LeftToRight, self}};
/// // A fair bit, its copy, and an independent fair bit.
/// let table: JointTable = JointTable::from_counts(&[2, 2, 2], [1, 1, 0, 0, 0, 0, 1, 1])?;
/// let pairs = policy::cost(&table, &LeftToRight { size: 2 })?;
/// assert!((pairs.sampling_error.bits().0 - 1.0).abs() < 1e-15);
/// // The budget allows no second fair bit; after the first, its copy is free and joins the third.
/// let bounded = policy::cost(&table, &EntropyBounded { budget: Bits(0.1).nats() })?;
/// assert_eq!((bounded.sampling_error.0, bounded.most_rounds), (0.0, 2));
/// # Ok::<(), unmaskcost::Error>(())
/// ```
pub fn cost<F: Scalar>(
    table: &JointTable<F>,
    policy: &(impl Policy<F> + ?Sized),
) -> Result<PolicyCost<F>> {
    Walk::over(table, policy).map(|walk| {
        let error = walk.error.total().max(F::zero());
        PolicyCost {
            sampling_error: Nats(error),
            // Where the two are equal, rounding could put them in the wrong order.
            entropy_bound: Nats(walk.entropy_bound.total().max(error)),
            rounds_of_data: walk.rounds_of_data.total(),
            rounds_of_sampler: walk.rounds_of_sampler.total(),
            most_rounds: walk.most_rounds,
        }
    })
}

/// The law q of what a policy writes. [`cost`] gives its divergence from the data.
///
/// A probability below the smallest float is 0 here; [`cost`] does not need it.
///
/// # Errors
/// As [`cost`].
pub fn output_law<F: Scalar>(
    table: &JointTable<F>,
    policy: &(impl Policy<F> + ?Sized),
) -> Result<JointTable<F>> {
    let walk = Walk::over(table, policy)?;
    JointTable::from_weights(table.shape(), walk.law)
}

/// Where the walk stands: what is revealed, how likely that is, and the law of the rest.
struct Node<F> {
    revealed: Vec<Option<usize>>,
    /// Of the masked tokens in order; `None` if the data never shows this context, or none is masked.
    conditional: Option<JointTable<F>>,
    data: F,
    sampler: F,
    rounds: usize,
}

struct Walk<'a, F, P: ?Sized> {
    shape: &'a [usize],
    policy: &'a P,
    law: Vec<F>,
    error: CompensatedSum<F>,
    entropy_bound: CompensatedSum<F>,
    rounds_of_data: CompensatedSum<F>,
    rounds_of_sampler: CompensatedSum<F>,
    most_rounds: usize,
}

impl<'a, F: Scalar, P: Policy<F> + ?Sized> Walk<'a, F, P> {
    fn over(table: &'a JointTable<F>, policy: &'a P) -> Result<Self> {
        let (cells, tokens) = (table.probabilities().len(), table.tokens());
        let work = (cells as u128 + tokens as u128).saturating_mul((tokens as u128).pow(2));
        check_limit("cells and tokens, times tokens squared", work, MAX_WORK)?;
        let mut walk = Self {
            shape: table.shape(),
            policy,
            law: vec![F::zero(); cells],
            error: CompensatedSum::new(),
            entropy_bound: CompensatedSum::new(),
            rounds_of_data: CompensatedSum::new(),
            rounds_of_sampler: CompensatedSum::new(),
            most_rounds: 0,
        };
        // A list of its own instead of recursion: tokens with one symbol make deep trees.
        let mut pending = vec![Node {
            revealed: vec![None; tokens],
            conditional: Some(table.clone()),
            data: F::one(),
            sampler: F::one(),
            rounds: 0,
        }];
        while let Some(node) = pending.pop() {
            walk.visit(&node, &mut pending)?;
        }
        Ok(walk)
    }

    /// Adds what the next round costs here, and what can be seen after it to `pending`.
    fn visit(&mut self, node: &Node<F>, pending: &mut Vec<Node<F>>) -> Result<()> {
        let masked: Vec<usize> =
            (0..self.shape.len()).filter(|&position| node.revealed[position].is_none()).collect();
        if masked.is_empty() {
            self.finish(node);
            return Ok(());
        }
        let conditional = node.conditional.as_ref();
        let view = View::of_conditional(self.shape, &node.revealed, masked, conditional)?;
        let chosen = self.chosen_places(&view)?;
        let rest: Vec<usize> =
            (0..view.masked.len()).filter(|place| chosen.binary_search(place).is_err()).collect();
        if node.data > F::zero() {
            let entropies = || chosen.iter().map(|&place| view.entropies[place]);
            let largest = entropies().fold(F::zero(), F::max);
            self.entropy_bound.add(node.data * (scalar::sum(entropies()) - largest).max(F::zero()));
        }

        // With the chosen tokens in front, each of their words owns a contiguous piece of the table.
        let alphabet = |&place: &usize| self.shape[view.masked[place]];
        let rest_shape: Vec<usize> = rest.iter().map(alphabet).collect();
        let rest_cells: usize = rest_shape.iter().product();
        let words: usize = chosen.iter().map(alphabet).product();
        let order: Vec<usize> = chosen.iter().chain(&rest).copied().collect();
        let ordered = conditional.map(|table| table.marginal(&order)).transpose()?;
        for word in 0..words {
            let mut revealed = node.revealed.clone();
            let mut marginals = Vec::with_capacity(chosen.len());
            let mut code = word;
            for place in chosen.iter().rev() {
                let symbol = code % alphabet(place);
                code /= alphabet(place);
                revealed[view.masked[*place]] = Some(symbol);
                marginals.push(view.marginals[*place][symbol]);
            }
            let product = marginals.iter().fold(F::one(), |product, &p| product * p);
            let piece = ordered
                .as_ref()
                .map(|table| &table.probabilities()[word * rest_cells..(word + 1) * rest_cells]);
            let joint = piece.map_or(F::zero(), |piece| scalar::sum(piece.iter().copied()));
            if node.data > F::zero() {
                self.error.add(node.data * divergence_of_word(joint, product, &marginals));
            }
            // A product of positive factors can be too small for a float, and so can a joint probability.
            if joint > F::zero() || marginals.iter().all(|&p| p > F::zero()) {
                let rest = piece.filter(|_| joint > F::zero() && !rest_shape.is_empty());
                pending.push(Node {
                    revealed,
                    conditional: rest
                        .map(|piece| JointTable::from_weights(&rest_shape, piece))
                        .transpose()?,
                    data: node.data * joint,
                    sampler: node.sampler * product,
                    rounds: node.rounds + 1,
                });
            }
        }
        Ok(())
    }

    /// All tokens are revealed.
    fn finish(&mut self, node: &Node<F>) {
        let cell = node
            .revealed
            .iter()
            .zip(self.shape)
            .fold(0, |cell, (symbol, alphabet)| cell * alphabet + symbol.unwrap_or(0));
        self.law[cell] = node.sampler;
        self.rounds_of_data.add(node.data * scalar::float(node.rounds));
        self.rounds_of_sampler.add(node.sampler * scalar::float(node.rounds));
        self.most_rounds = self.most_rounds.max(node.rounds);
    }

    /// What the policy chose, as sorted places in the list of masked positions, if it is allowed.
    fn chosen_places(&self, view: &View<F>) -> Result<Vec<usize>> {
        let positions = self.policy.next(view);
        if positions.is_empty() {
            return Err(Error::Empty { what: "the set that the policy reveals next" });
        }
        let mut places = Vec::with_capacity(positions.len());
        for position in positions {
            if position >= self.shape.len() {
                return Err(Error::IndexOutOfRange {
                    what: "position",
                    index: position,
                    limit: self.shape.len(),
                });
            }
            let place = view
                .masked
                .binary_search(&position)
                .map_err(|_| Error::AlreadyRevealed { position })?;
            if places.contains(&place) {
                return Err(Error::Duplicate { what: "position", index: position });
            }
            places.push(place);
        }
        places.sort_unstable();
        Ok(places)
    }
}
