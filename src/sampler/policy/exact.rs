use super::{Policy, View, chosen_places};
use crate::distribution::JointTable;
use crate::error::{Result, check_limit};
use crate::numeric::scalar::{self, CompensatedSum, Scalar};
use crate::units::Nats;

/// The most (cells + tokens) x tokens x tokens that are walked: some tens of seconds.
const MAX_WORK: u128 = 1 << 33;

/// `p ln(p/q) - p + q` of one word, q the product of the marginals: nonnegative, and over all words the
/// sum is the divergence. So a small divergence is not the difference of large terms.
fn divergence_of_word<F: Scalar>(joint: F, product: F, marginals: &[F]) -> F {
    if joint <= F::zero() {
        return product;
    }
    if product < F::min_positive_value() {
        // Its logarithm is still a float.
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
#[cfg_attr(
    feature = "serde",
    derive(serde::Serialize, serde::Deserialize),
    serde(bound(
        serialize = "F: Scalar + serde::Serialize",
        deserialize = "F: Scalar + serde::Deserialize<'de>"
    ))
)]
#[non_exhaustive]
pub struct PolicyCost<F = f64> {
    /// KL(p || q), exactly: the sum of the conditional total correlations.
    pub sampling_error: Nats<F>,
    /// The mean over the data of the sum over rounds of `sum H - max H`: never less than the sampling
    /// error, in the computed numbers too. This is what a user can know who sees marginals only.
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
/// [`TooLarge`](crate::Error::TooLarge) if (cells + tokens) x tokens x tokens is more than 2^33. If the policy breaks
/// its contract: [`Empty`](crate::Error::Empty), [`IndexOutOfRange`](crate::Error::IndexOutOfRange),
/// [`Duplicate`](crate::Error::Duplicate), [`AlreadyRevealed`](crate::Error::AlreadyRevealed).
///
/// ```
/// use unmaskcost::{Bits, sampler::policy::{Rule, self}, distribution::JointTable};
/// // A fair bit, its copy, and an independent fair bit.
/// let table: JointTable = JointTable::from_counts(&[2, 2, 2], [1, 1, 0, 0, 0, 0, 1, 1])?;
/// let pairs = policy::cost(&table, &Rule::left_to_right(2)?)?;
/// assert!((pairs.sampling_error.bits().0 - 1.0).abs() < 1e-15);
/// // The budget allows no second fair bit; after the first, its copy is free and joins the third.
/// let bounded = policy::cost(&table, &Rule::entropy_budget(Bits(0.1).nats())?)?;
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

/// The distribution q of what a policy writes. [`cost`] gives its divergence from the data.
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

/// Where the walk stands: what is revealed, how likely that is, and the distribution of the rest.
struct Node<F> {
    revealed: Vec<Option<usize>>,
    /// The distribution of the masked tokens in order; `None` if the data never shows this context,
    /// or if no token is masked.
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
        let chosen = chosen_places(self.policy, &view)?;
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
}
