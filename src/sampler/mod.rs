//! The sampler itself, on small tables: its true output distribution, built step by step.
//!
//! Nothing here uses the information curve or an entropy. The random sets of tokens revealed in each
//! step are enumerated (as *ordered partitions* of the tokens); for each of them the distribution of the
//! output is the product of the conditional marginals that the ideal predictor would use, and is compared
//! with the table cell by cell. So it can serve as an oracle for everything else in the crate.
//!
//! Where a parallel step has produced a context that the data never shows, the ideal predictor is not
//! defined; here it is uniform there. No divergence from the data depends on that choice.
//!
//! The functions here reveal uniformly random sets. Decoders that choose positions by what they see
//! are in [`policy`].

use std::collections::BTreeMap;

use crate::distribution::JointTable;
use crate::error::{Result, check_limit};
use crate::numeric::scalar::{self, CompensatedSum, Scalar};
use crate::schedule::Schedule;
use crate::units::Nats;

pub mod policy;

/// The most ordered partitions times cells that are enumerated: some tens of seconds.
const MAX_WORK: u128 = 1 << 33;
/// The most ordered partitions that are enumerated, however few the cells.
const MAX_PARTITIONS: u128 = 1 << 27;
/// The most sets of tokens times cells that are held: a GiB of `f64`.
const MAX_MARGINALS: u128 = 1 << 27;
/// The most sets of tokens that are held, however few the cells.
const MAX_SETS: u128 = 1 << 23;

/// The expected sampling error E_M KL(p || q_M) by enumeration, M the random ordered partition.
///
/// It equals [`InformationCurve::sampling_error`](crate::InformationCurve::sampling_error) of the
/// table's curve, which is what the tests of this crate check.
///
/// # Errors
/// [`TokensDiffer`](crate::Error::TokensDiffer) for a schedule of another length;
/// [`TooLarge`](crate::Error::TooLarge) for more than 2^27 ordered partitions, or 2^33 of them times
/// cells; for more than 2^23 sets of tokens, or 2^27 of them times cells.
///
/// ```
/// use unmaskcost::{Schedule, sampler, distribution::JointTable};
/// let table: JointTable = JointTable::from_counts(&[2, 2, 2], [4, 1, 1, 2, 1, 2, 2, 7])?;
/// let schedule = Schedule::from_reveal_sizes([1, 2])?;
/// let by_sampler = sampler::expected_kl(&table, &schedule)?;
/// let by_curve = table.information_curve()?.sampling_error(&schedule)?;
/// assert!((by_sampler.0 - by_curve.0).abs() < 1e-14);
/// # Ok::<(), unmaskcost::Error>(())
/// ```
pub fn expected_kl<F: Scalar>(table: &JointTable<F>, schedule: &Schedule) -> Result<Nats<F>> {
    let tokens = table.tokens();
    schedule.check_tokens("table", tokens)?;
    let cells = table.probabilities().len();
    let partitions = ordered_partitions(schedule).unwrap_or(u128::MAX);
    check_limit("ordered partitions", partitions, MAX_PARTITIONS)?;
    let work = partitions.saturating_mul(cells as u128);
    check_limit("ordered partitions times cells", work, MAX_WORK)?;
    // The divergence is a sum over the words that the data shows; the distribution is needed nowhere else.
    let shown: Vec<usize> = (0..cells).filter(|&x| table.probabilities()[x] > F::zero()).collect();
    let data: Vec<F> = shown.iter().map(|&cell| table.probabilities()[cell]).collect();
    // In logarithms: the distribution of a word may be smaller than any float where the data is not.
    let predictor = Predictor::new(table, &shown)?.in_logarithms();
    let mut divergences = CompensatedSum::new();
    let mut laws = vec![vec![F::zero(); shown.len()]; schedule.steps() + 1];
    let visit = &mut |law: &[F]| {
        divergences.add(scalar::sum(data.iter().zip(law).map(|(&p, &ln_q)| p * (p.ln() - ln_q))));
    };
    let partitions = predictor.for_each_law(schedule.sizes(), 0, &mut laws, visit);
    // If there is no error, rounding may leave a sum below zero.
    Ok(Nats((divergences.total() / scalar::float(partitions)).max(F::zero())))
}

/// The distribution of the output when the random sets are forgotten: the mean of q_M over M.
///
/// Its divergence from the data is at most [`expected_kl`], by convexity, and often much smaller. A
/// word that the data can show, the output can show too. Where its probability in the output is
/// below the smallest float, that float is taken, so that the divergence stays finite.
///
/// # Errors
/// [`TokensDiffer`](crate::Error::TokensDiffer) for a schedule of another length;
/// [`TooLarge`](crate::Error::TooLarge) for more than 2^23 sets of tokens, or 2^27 of them times cells.
///
/// ```
/// use unmaskcost::{Schedule, sampler, distribution::JointTable};
/// let table: JointTable = JointTable::from_counts(&[2, 2, 2], [4, 1, 1, 2, 1, 2, 2, 7])?;
/// let schedule = Schedule::from_reveal_sizes([1, 2])?;
/// let output = sampler::averaged_law(&table, &schedule)?;
/// assert!(table.kl_divergence(&output)? < sampler::expected_kl(&table, &schedule)?);
/// # Ok::<(), unmaskcost::Error>(())
/// ```
pub fn averaged_law<F: Scalar>(
    table: &JointTable<F>,
    schedule: &Schedule,
) -> Result<JointTable<F>> {
    schedule.check_tokens("table", table.tokens())?;
    let cells: Vec<usize> = (0..table.probabilities().len()).collect();
    let predictor = Predictor::new(table, &cells)?;
    // What is revealed in a step depends on the set revealed before it, not on the order in which
    // that set came about: so the orders that lead to the same set are added up before they go on.
    let mut reached = BTreeMap::from([(0, vec![F::one(); cells.len()])]);
    let mut law = vec![F::one(); cells.len()];
    for &size in schedule.sizes() {
        let mut next = BTreeMap::new();
        for (context, sum) in &reached {
            for revealed in subsets_of_size(predictor.all_tokens & !context, size) {
                predictor.reveal(sum, *context, revealed, &mut law);
                let target =
                    next.entry(context | revealed).or_insert_with(|| vec![F::zero(); cells.len()]);
                target.iter_mut().zip(&law).for_each(|(sum, &q)| *sum = *sum + q);
            }
        }
        reached = next;
    }
    let mut weights = reached.remove(&predictor.all_tokens).unwrap_or_default();
    let smallest = scalar::sum(weights.iter().copied()) * F::min_positive_value() * F::epsilon();
    for (weight, &p) in weights.iter_mut().zip(table.probabilities()) {
        if p > F::zero() {
            *weight = weight.max(smallest);
        }
    }
    JointTable::from_weights(table.shape(), weights)
}

/// The reverse divergence, KL(sampler || data), of the output with the order forgotten. By enumeration.
///
/// It asks how unlikely the output is under the data, where the other direction asks how unlikely the data is under the
/// output. **No bound of this crate limits it:** they all speak of KL(data || sampler). It is infinite as soon as the
/// sampler writes one sequence that the data never has, however rarely.
///
/// # Errors
/// As [`averaged_law`].
///
/// ```
/// use unmaskcost::{Schedule, sampler, distribution::JointTable};
/// // Two equal bits: revealed at once they are drawn independently, and half of the output is impossible.
/// let table: JointTable = JointTable::from_counts(&[2, 2], [1, 0, 0, 1])?;
/// let at_once = Schedule::one_step(2)?;
/// assert!((sampler::expected_kl(&table, &at_once)?.0 - 2.0_f64.ln()).abs() < 1e-12);
/// assert_eq!(sampler::reverse_kl(&table, &at_once)?.0, f64::INFINITY);
/// # Ok::<(), unmaskcost::Error>(())
/// ```
pub fn reverse_kl<F: Scalar>(table: &JointTable<F>, schedule: &Schedule) -> Result<Nats<F>> {
    averaged_law(table, schedule)?.kl_divergence(table)
}

/// The number of ordered partitions: `L! / (s_1! .. s_T!)`, or `None` beyond `u128`.
fn ordered_partitions(schedule: &Schedule) -> Option<u128> {
    let mut partitions = 1_u128;
    let mut placed = 0_u128;
    for &size in schedule.sizes() {
        for chosen in 1..=size as u128 {
            placed += 1;
            // Each partial product is a product of binomial coefficients, so the division is exact
            // at every turn.
            partitions = partitions.checked_mul(placed)? / chosen;
        }
    }
    Some(partitions)
}

/// A set of tokens as bits.
type TokenSet = u64;

/// The ideal predictor: the conditional marginals of the data, at a list of words.
struct Predictor<F> {
    alphabets: Vec<usize>,
    all_tokens: TokenSet,
    /// For each set of tokens C, the probability p(x_C) at every listed word x.
    marginals: Vec<Vec<F>>,
}

impl<F: Scalar> Predictor<F> {
    fn new(table: &JointTable<F>, cells: &[usize]) -> Result<Self> {
        let tokens = table.tokens();
        let sets = u32::try_from(tokens).ok().and_then(|n| 1_u128.checked_shl(n));
        let sets = sets.unwrap_or(u128::MAX);
        check_limit("sets of tokens", sets, MAX_SETS)?;
        let needed = sets.saturating_mul(table.probabilities().len() as u128);
        check_limit("sets of tokens times cells", needed, MAX_MARGINALS)?;
        let at_cells = |marginal: Vec<F>| cells.iter().map(|&cell| marginal[cell]).collect();
        Ok(Self {
            alphabets: table.shape().to_vec(),
            all_tokens: (1 << tokens) - 1,
            marginals: all_marginals(table).into_iter().map(at_cells).collect(),
        })
    }

    fn in_logarithms(self) -> LogPredictor<F> {
        let logarithms = |marginal: Vec<F>| marginal.into_iter().map(F::ln).collect();
        LogPredictor {
            all_tokens: self.all_tokens,
            log_marginals: self.marginals.into_iter().map(logarithms).collect(),
        }
    }

    /// Multiplies the distribution by the conditional marginals of the tokens in `revealed`, each on its own.
    fn reveal(&self, law: &[F], context: TokenSet, revealed: TokenSet, next: &mut [F]) {
        let seen = &self.marginals[context as usize];
        next.copy_from_slice(law);
        for token in elements(revealed) {
            let with_token = &self.marginals[(context | 1 << token) as usize];
            let uniform = F::one() / scalar::float(self.alphabets[token]);
            for ((q, &seen), &with_token) in next.iter_mut().zip(seen).zip(with_token) {
                *q = *q * if seen > F::zero() { with_token / seen } else { uniform };
            }
        }
    }
}

/// A [`Predictor`] in logarithms, at words that the data shows: every context is possible.
struct LogPredictor<F> {
    all_tokens: TokenSet,
    /// For each set of tokens C, ln p(x_C) at every listed word x.
    log_marginals: Vec<Vec<F>>,
}

impl<F: Scalar> LogPredictor<F> {
    /// Calls `visit` with the logarithms of the sampler's distribution, once per ordered partition of the tokens
    /// outside `context` into sets of these sizes, and counts them. `laws` has a distribution for each step: the
    /// first is the distribution so far, the others are overwritten.
    fn for_each_law(
        &self,
        sizes: &[usize],
        context: TokenSet,
        laws: &mut [Vec<F>],
        visit: &mut impl FnMut(&[F]),
    ) -> usize {
        let Some((law, later)) = laws.split_first_mut() else { return 0 };
        let Some((&size, sizes)) = sizes.split_first() else {
            visit(law);
            return 1;
        };
        let mut partitions = 0;
        for revealed in subsets_of_size(self.all_tokens & !context, size) {
            if let Some(next) = later.first_mut() {
                self.reveal(law, context, revealed, next);
            }
            partitions += self.for_each_law(sizes, context | revealed, later, visit);
        }
        partitions
    }

    /// Multiplies the distribution by the conditional marginals of the tokens in `revealed`, each on its own.
    fn reveal(&self, law: &[F], context: TokenSet, revealed: TokenSet, next: &mut [F]) {
        let seen = &self.log_marginals[context as usize];
        next.copy_from_slice(law);
        for token in elements(revealed) {
            let with_token = &self.log_marginals[(context | 1 << token) as usize];
            for ((q, &seen), &with_token) in next.iter_mut().zip(seen).zip(with_token) {
                *q = *q + (with_token - seen);
            }
        }
    }
}

/// p(x_C) at every cell x, for every set of tokens C: each set is summed out of one with one token
/// more.
fn all_marginals<F: Scalar>(table: &JointTable<F>) -> Vec<Vec<F>> {
    let tokens = table.tokens();
    let full = (1_usize << tokens) - 1;
    let mut marginals = vec![Vec::new(); full + 1];
    marginals[full] = table.probabilities().to_vec();
    for set in (0..full).rev() {
        let token = (!set).trailing_zeros() as usize;
        let stride: usize = table.shape()[token + 1..].iter().product();
        let alphabet = table.shape()[token];
        let mut marginal = marginals[set | 1 << token].clone();
        for block in marginal.chunks_mut(stride * alphabet) {
            for offset in 0..stride {
                let line = || (0..alphabet).map(move |symbol| symbol * stride + offset);
                let sum = scalar::sum(line().map(|cell| block[cell]));
                line().for_each(|cell| block[cell] = sum);
            }
        }
        marginals[set] = marginal;
    }
    marginals
}

/// The tokens of a set in increasing order.
fn elements(set: TokenSet) -> impl Iterator<Item = usize> {
    let without_least = |&set: &TokenSet| Some(set & (set - 1)).filter(|&rest| rest != 0);
    let sets = core::iter::successors(Some(set).filter(|&set| set != 0), without_least);
    sets.map(|set| set.trailing_zeros() as usize)
}

/// All subsets of `set` with `size` elements, in lexicographic order of their places in the set.
fn subsets_of_size(set: TokenSet, size: usize) -> impl Iterator<Item = TokenSet> {
    let tokens: Vec<usize> = elements(set).collect();
    // Places of the elements of the next subset, increasing.
    let mut places = (size <= tokens.len()).then(|| (0..size).collect::<Vec<_>>());
    core::iter::from_fn(move || {
        let chosen = places.as_mut()?;
        let subset = chosen.iter().fold(0, |subset, &place| subset | 1 << tokens[place]);
        // The last place that can move moves on, and those after it follow right behind.
        match (0..size).rev().find(|&i| chosen[i] + size - i < tokens.len()) {
            Some(i) => {
                let first = chosen[i] + 1;
                chosen[i..].iter_mut().zip(first..).for_each(|(place, next)| *place = next);
            }
            None => places = None,
        }
        Some(subset)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ordered_partitions_are_multinomials() {
        let count = |sizes: &[usize]| {
            Schedule::from_reveal_sizes(sizes).ok().as_ref().and_then(ordered_partitions)
        };
        assert_eq!(count(&[4]), Some(1));
        assert_eq!(count(&[2, 2]), Some(6));
        assert_eq!(count(&[1, 2, 1]), Some(12));
        assert_eq!(count(&[1; 40]), None);
    }

    #[test]
    fn adding_up_orders_early_gives_the_mean_over_all_partitions() {
        let weights: Vec<f64> = (0..72).map(|x| f64::from(1 + x * x % 11)).collect();
        let table = JointTable::from_weights(&[2, 3, 2, 3, 2], weights).unwrap();
        let cells: Vec<usize> = (0..72).collect();
        let predictor = Predictor::new(&table, &cells).unwrap().in_logarithms();
        for sizes in [vec![5], vec![2, 3], vec![1, 3, 1], vec![2, 1, 1, 1]] {
            let mut sums = vec![0.0; 72];
            let mut laws = vec![vec![0.0; 72]; sizes.len() + 1];
            let visit =
                &mut |law: &[f64]| sums.iter_mut().zip(law).for_each(|(s, q)| *s += q.exp());
            let partitions = predictor.for_each_law(&sizes, 0, &mut laws, visit);
            let schedule = Schedule::from_reveal_sizes(&sizes).unwrap();
            let averaged = averaged_law(&table, &schedule).unwrap();
            assert_eq!(ordered_partitions(&schedule), Some(partitions as u128));
            for (q, sum) in averaged.probabilities().iter().zip(sums) {
                assert!((q - sum / partitions as f64).abs() < 1e-14);
            }
        }
    }

    #[test]
    fn every_subset_of_the_size_comes_once() {
        let subsets: Vec<_> = subsets_of_size(0b1011, 2).collect();
        assert_eq!(subsets, [0b0011, 0b1001, 0b1010]);
        assert_eq!(subsets_of_size(0b1011, 3).collect::<Vec<_>>(), [0b1011]);
        assert_eq!(subsets_of_size(0b1011, 4).count(), 0);
        for size in 0..=12 {
            let mut subsets: Vec<_> = subsets_of_size(0xfff, size).collect();
            let slow = (0..=0xfff_u64).filter(|set| set.count_ones() as usize == size);
            subsets.sort_unstable();
            assert!(slow.eq(subsets), "{size}");
        }
    }
}
