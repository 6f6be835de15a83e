//! The entropies of all sets of tokens of a table.
//!
//! The tokens are decided one by one, the last first: each is kept or summed out. A kept token costs
//! nothing, since its axis just joins the kept ones behind it; a token that is summed out makes a
//! smaller table, by adding long contiguous rows. Once all tokens are decided, what is left is the
//! marginal of one set of tokens, and each set occurs exactly once.
//!
//! # Running time
//! ```text
//! sum over sets S of prod_{i in S} q_i = prod_i (q_i + 1)
//! ```
//! cells in all, where `q_i` are the sizes of the alphabets: one addition and one logarithm each.

use std::sync::{Mutex, PoisonError};

use crate::curve::InformationCurve;
use crate::distribution::JointTable;
use crate::error::{Error, Result, check_limit};
use crate::numeric::entropy::{EntropiesOfPair, entropies_of_pair_function, entropy_function};
use crate::numeric::scalar::{self, CompensatedSum, Scalar};
use crate::numeric::simd::{Kernel, run_widest};
use crate::units::Nats;

/// The most cells of marginals that are computed: a quarter of an hour on one core.
const MAX_CELLS: u128 = 1 << 40;
/// The most tokens whose sets are enumerated.
const MAX_TOKENS: usize = 32;
/// The most entropies that are returned one by one: 256 MiB of `f64`.
const MAX_SETS: u128 = 1 << 25;

/// Below this many cells the work is not split.
const MIN_CELLS_TO_SPLIT: u128 = 1 << 14;
/// The decisions on this many tokens make a task of their own. The largest of the 64 tasks has
/// (2/3)^6 = 9% of the work for binary tokens.
const TOKENS_OF_A_TASK: usize = 6;

/// The entropy of every set of tokens of a [`JointTable`], from
/// [`JointTable::subset_entropies`].
///
/// ```
/// use unmaskcost::distribution::JointTable;
/// // Three fair bits with even parity.
/// let parity: JointTable = JointTable::from_counts(&[2, 2, 2], [1, 0, 0, 1, 0, 1, 1, 0])?;
/// let entropies = parity.subset_entropies()?;
/// let bits = |positions: &[usize]| entropies.entropy(positions).map(|h| h.bits().0);
/// assert!((bits(&[0, 2])? - 2.0).abs() < 1e-14);
/// assert!((bits(&[0, 1, 2])? - 2.0).abs() < 1e-14);
/// assert_eq!(entropies.values()[0b101], entropies.entropy(&[2, 0])?.0);
/// # Ok::<(), unmaskcost::Error>(())
/// ```
#[derive(Debug, Clone, PartialEq)]
pub struct SubsetEntropies<F = f64> {
    tokens: usize,
    entropies: Vec<F>,
}

impl<F: Scalar> SubsetEntropies<F> {
    /// The number of tokens.
    #[must_use]
    pub fn tokens(&self) -> usize {
        self.tokens
    }

    /// All `2^n` entropies in nats: token `i` is in set `S` if bit `i` of the index is one, so that
    /// index `0b101` is the set of tokens 0 and 2.
    #[must_use]
    pub fn values(&self) -> &[F] {
        &self.entropies
    }

    /// H(X_S) of the tokens listed, in any order; 0 for no token.
    ///
    /// # Errors
    /// [`IndexOutOfRange`](Error::IndexOutOfRange), [`Duplicate`](Error::Duplicate).
    pub fn entropy(&self, positions: &[usize]) -> Result<Nats<F>> {
        let mut set = 0_usize;
        for &index in positions {
            if index >= self.tokens {
                let limit = self.tokens;
                return Err(Error::IndexOutOfRange { what: "position", index, limit });
            }
            if set >> index & 1 == 1 {
                return Err(Error::Duplicate { what: "position", index });
            }
            set |= 1 << index;
        }
        Ok(Nats(self.entropies[set]))
    }
}

/// As [`JointTable::subset_entropies`].
pub(super) fn subset_entropies<F: Scalar>(table: &JointTable<F>) -> Result<SubsetEntropies<F>> {
    let marginals = Marginals::of(table)?;
    let tokens = table.tokens();
    check_limit("sets of tokens whose entropies are listed", 1 << tokens, MAX_SETS)?;
    let mut entropies = vec![F::zero(); 1 << tokens];
    // The tasks differ in the last tokens, which are the highest bits: each has a range of its own.
    let sets_of_a_task = 1 << marginals.undecided_tokens;
    let mut ranges: Vec<&mut [F]> = entropies.chunks_mut(sets_of_a_task).collect();
    marginals.for_each_task(&marginals.scratch(), &mut ranges, |range, set, entropy| {
        range[set % sets_of_a_task] = entropy;
    });
    Ok(SubsetEntropies { tokens, entropies })
}

/// As [`JointTable::information_curve`].
pub(super) fn information_curve<F: Scalar>(table: &JointTable<F>) -> Result<InformationCurve<F>> {
    let marginals = Marginals::of(table)?;
    let mut sums_of_tasks = marginals.empty_sums();
    marginals.for_each_task(&marginals.scratch(), &mut sums_of_tasks, add_by_size);
    curve_of_sums(table.tokens(), &sums_of_tasks)
}

/// The sum of the entropies of all sets of each size.
type SumsBySize<F> = Vec<CompensatedSum<F>>;

fn add_by_size<F: Scalar>(sums: &mut SumsBySize<F>, set: usize, entropy: F) {
    sums[set.count_ones() as usize].add(entropy);
}

fn curve_of_sums<F: Scalar>(
    tokens: usize,
    sums_of_tasks: &[SumsBySize<F>],
) -> Result<InformationCurve<F>> {
    let sizes = tokens + 1;
    let mut sets = 1; // of this size: a binomial coefficient
    let mut means = Vec::with_capacity(sizes);
    for size in 0..sizes {
        let sum = scalar::sum(sums_of_tasks.iter().map(|sums| sums[size].total()));
        means.push(sum / scalar::float(sets));
        sets = sets * (tokens - size) / (size + 1);
    }
    InformationCurve::from_subset_entropies(means)
}

/// The way through all marginals of a table, split into tasks.
///
/// The split depends on the table only. So the results have the same bits whatever the number of
/// threads.
struct Marginals<'a, F> {
    table: &'a JointTable<F>,
    /// The first tokens; the others are decided by the number of the task.
    undecided_tokens: usize,
    /// Enough cells for the smaller tables that are alive at the same time.
    scratch_cells: usize,
    entropy: fn(&[F]) -> F,
    /// The function for the first two tokens, if they are bits, and the number that the length of a
    /// row must be a multiple of.
    of_pair: Option<(EntropiesOfPair<F>, usize)>,
}

impl<'a, F: Scalar> Marginals<'a, F> {
    fn of(table: &'a JointTable<F>) -> Result<Self> {
        let tokens = table.tokens();
        check_limit("tokens whose sets are enumerated", tokens as u128, MAX_TOKENS as u128)?;
        let shape = table.shape();
        let times = |cells: u128, &alphabet: &usize| cells.saturating_mul(alphabet as u128 + 1);
        let cells = shape.iter().fold(1, times);
        check_limit("cells of all marginals", cells, MAX_CELLS)?;
        let split = if cells < MIN_CELLS_TO_SPLIT { 0 } else { TOKENS_OF_A_TASK.min(tokens) };
        // Each table is at most 1/q of the one it is made from, q the smallest alphabet of several
        // symbols: all of them together are at most 1/q + 1/q^2 + .. = 1/(q - 1) of the first.
        let smallest = shape.iter().filter(|&&alphabet| alphabet > 1).min();
        let scratch_cells =
            smallest.map_or(0, |&alphabet| table.probabilities().len() / (alphabet - 1));
        let entropy = entropy_function();
        let undecided_tokens = tokens - split;
        let bits = undecided_tokens >= 2 && shape[..2] == [2, 2];
        let of_pair = entropies_of_pair_function().filter(|_| bits);
        Ok(Self { table, undecided_tokens, scratch_cells, entropy, of_pair })
    }

    fn tasks(&self) -> usize {
        1 << (self.table.tokens() - self.undecided_tokens)
    }

    fn empty_sums(&self) -> Vec<SumsBySize<F>> {
        vec![vec![CompensatedSum::new(); self.table.tokens() + 1]; self.tasks()]
    }

    fn scratch(&self) -> Scratch<F> {
        Scratch { cells: self.scratch_cells, unused: Mutex::new(Vec::new()) }
    }

    /// Calls `visit` with the result of the task, the set of tokens and its entropy, for each set.
    fn for_each_task<T: Send>(
        &self,
        scratch: &Scratch<F>,
        results: &mut [T],
        visit: impl Fn(&mut T, usize, F) + Sync,
    ) {
        let run = |(task, result): (usize, &mut T)| {
            let mut cells = scratch.take();
            self.run(task, &mut cells, &mut |set, entropy| visit(result, set, entropy));
            scratch.give_back(cells);
        };
        #[cfg(not(feature = "rayon"))]
        results.iter_mut().enumerate().for_each(run);
        #[cfg(feature = "rayon")]
        {
            use rayon::prelude::*;
            // One by one: the tasks are few and of very different sizes.
            results.par_iter_mut().enumerate().with_max_len(1).for_each(run);
        }
    }

    fn run(&self, task: usize, scratch: &mut [F], visit: &mut impl FnMut(usize, F)) {
        let walk = Walk { marginals: self, task: task << self.undecided_tokens };
        let whole = Node { cells: self.table.probabilities(), stride: 1, set: 0 };
        walk.below(self.table.tokens(), whole, scratch, visit);
    }
}

/// Memory for the smaller tables, for as many tasks as run at the same time: one per thread at most.
///
/// A task writes each cell before it reads it, so it does not matter what another one left there.
struct Scratch<F> {
    cells: usize,
    unused: Mutex<Vec<Vec<F>>>,
}

impl<F: Scalar> Scratch<F> {
    fn take(&self) -> Vec<F> {
        let unused = self.unused.lock().unwrap_or_else(PoisonError::into_inner).pop();
        unused.unwrap_or_else(|| vec![F::zero(); self.cells])
    }

    fn give_back(&self, cells: Vec<F>) {
        self.unused.lock().unwrap_or_else(PoisonError::into_inner).push(cells);
    }
}

/// An unfinished marginal: some of its first tokens are not decided yet.
#[derive(Clone, Copy)]
struct Node<'a, F> {
    cells: &'a [F],
    /// The number of cells of the kept tokens alone: they vary fastest.
    stride: usize,
    set: usize,
}

struct Walk<'a, F> {
    marginals: &'a Marginals<'a, F>,
    /// The sets of this task agree with this one in the tokens that the task decides.
    task: usize,
}

impl<F: Scalar> Walk<'_, F> {
    /// Visits all sets below a node with this many undecided tokens.
    fn below(
        &self,
        undecided: usize,
        node: Node<'_, F>,
        scratch: &mut [F],
        visit: &mut impl FnMut(usize, F),
    ) {
        let Some(token) = undecided.checked_sub(1) else {
            let certain = node.set == 0;
            let entropy = if certain { F::zero() } else { (self.marginals.entropy)(node.cells) };
            // A sum of probabilities may be above one by a rounding.
            visit(node.set, entropy.max(F::zero()));
            return;
        };
        let Node { cells, stride, set } = node;
        if let (2, Some((of_pair, lanes))) = (undecided, self.marginals.of_pair)
            && stride % lanes == 0
        {
            // A row has at least one token, so no set is empty.
            for (kept, entropy) in of_pair(cells).into_iter().enumerate() {
                visit(set | kept, entropy.max(F::zero()));
            }
            return;
        }
        let alphabet = self.marginals.table.shape()[token];
        let open = token < self.marginals.undecided_tokens;
        let keep = self.task >> token & 1 == 1;
        if open || !keep {
            if alphabet == 1 {
                self.below(token, node, scratch, visit);
            } else {
                let (smaller, scratch) = scratch.split_at_mut(cells.len() / alphabet);
                sum_out(cells, alphabet, stride, smaller);
                self.below(token, Node { cells: smaller, stride, set }, scratch, visit);
            }
        }
        if open || keep {
            let kept = Node { cells, stride: stride * alphabet, set: set | 1 << token };
            self.below(token, kept, scratch, visit);
        }
    }
}

/// Sums out one token: `cells` is row-major `[.., alphabet, stride]`, `sums` is `[.., stride]`.
///
/// Up to 16 probabilities are added plainly, which is within 15 roundings of the exact sum; more are
/// added in blocks of 16, with compensation.
pub(super) fn sum_out<F: Scalar>(cells: &[F], alphabet: usize, stride: usize, sums: &mut [F]) {
    run_widest(SumOut { cells, alphabet, stride, sums });
}

/// The arguments of [`sum_out`]; compiled for each instruction set.
struct SumOut<'a, F> {
    cells: &'a [F],
    alphabet: usize,
    stride: usize,
    sums: &'a mut [F],
}

/// More probabilities than this are not added without compensation.
const PLAIN: usize = 16;

impl<F: Scalar> Kernel for SumOut<'_, F> {
    type Output = ();

    #[inline(always)]
    fn run<const FUSED: bool>(self) {
        let Self { cells, alphabet, stride, sums } = self;
        // Short rows are most of the rows; with their lengths known the compiler shuffles them.
        match (alphabet, stride) {
            (2, 1) => return sum_pairs::<F, 1, 2>(cells, sums),
            (2, 2) => return sum_pairs::<F, 2, 4>(cells, sums),
            (2, 4) => return sum_pairs::<F, 4, 8>(cells, sums),
            (2, 8) => return sum_pairs::<F, 8, 16>(cells, sums),
            _ => {}
        }
        // Loops, not closures: those are compiled for what every machine has if they are not inlined.
        for (block, sums) in
            cells.chunks_exact(alphabet * stride).zip(sums.chunks_exact_mut(stride))
        {
            if alphabet <= PLAIN {
                sum_few_rows(block, sums);
            } else {
                sum_many_rows(block, sums);
            }
        }
    }
}

#[inline(always)]
fn sum_pairs<F: Scalar, const STRIDE: usize, const PAIR: usize>(cells: &[F], sums: &mut [F]) {
    for (block, sums) in cells.as_chunks::<PAIR>().0.iter().zip(sums.as_chunks_mut::<STRIDE>().0) {
        for column in 0..STRIDE {
            sums[column] = block[column] + block[STRIDE + column];
        }
    }
}

/// The sum of the rows in a block, each as long as `sums`.
#[inline(always)]
fn sum_few_rows<F: Scalar>(block: &[F], sums: &mut [F]) {
    let mut rows = block.chunks_exact(sums.len());
    match (rows.next(), rows.next()) {
        (Some(first), Some(second)) => {
            for (sum, (&a, &b)) in sums.iter_mut().zip(first.iter().zip(second)) {
                *sum = a + b;
            }
        }
        _ => sums.copy_from_slice(block),
    }
    for row in rows {
        for (sum, &p) in sums.iter_mut().zip(row) {
            *sum = *sum + p;
        }
    }
}

/// The sum of the rows in a block, each as long as `sums`, with compensation.
#[inline(always)]
fn sum_many_rows<F: Scalar>(block: &[F], sums: &mut [F]) {
    const LANES: usize = 8;
    let stride = sums.len();
    let (tiles, rest) = sums.as_chunks_mut::<LANES>();
    let first_of_rest = tiles.len() * LANES;
    for (tile, start) in tiles.iter_mut().zip((0..).step_by(LANES)) {
        let mut columns = [CompensatedSum::new(); LANES];
        for rows in block.chunks(PLAIN * stride) {
            let mut partial = [F::zero(); LANES];
            for row in rows.chunks_exact(stride) {
                let row = &row[start..][..LANES];
                partial.iter_mut().zip(row).for_each(|(sum, &p)| *sum = *sum + p);
            }
            columns.iter_mut().zip(partial).for_each(|(sum, p)| sum.add(p));
        }
        *tile = columns.map(CompensatedSum::total);
    }
    for (column, sum) in (first_of_rest..).zip(rest) {
        *sum = scalar::sum(block[column..].iter().step_by(stride).copied());
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn table(shape: &[usize]) -> JointTable {
        let cells = shape.iter().product::<usize>() as u64;
        let weights = (1..=cells).map(|x| (x * x % 8191 + x % 3) as f64);
        JointTable::from_weights(shape, weights.collect::<Vec<_>>()).unwrap()
    }

    /// With the feature `rayon` this is the promise that threads change no bit.
    #[test]
    fn tasks_one_after_the_other_give_the_same_bits() {
        for shape in [vec![2; 12], vec![3, 2, 4, 1, 2, 3, 2, 2, 3], vec![33, 2, 17, 5], vec![2; 3]]
        {
            let table = table(&shape);
            let marginals = Marginals::of(&table).unwrap();
            // Whatever is read before it is written would show.
            let mut scratch = vec![f64::NAN; marginals.scratch_cells];
            let mut entropies = vec![f64::NAN; 1 << shape.len()];
            let mut sums = marginals.empty_sums();
            for (task, sums) in sums.iter_mut().enumerate() {
                marginals.run(task, &mut scratch, &mut |set, entropy| {
                    entropies[set] = entropy;
                    add_by_size(sums, set, entropy);
                });
            }
            let bits = |values: &[f64]| values.iter().map(|x| x.to_bits()).collect::<Vec<_>>();
            let found = subset_entropies(&table).unwrap().entropies;
            assert_eq!(bits(&found), bits(&entropies), "{shape:?}");
            let found = information_curve(&table).unwrap();
            let expected = curve_of_sums(shape.len(), &sums).unwrap();
            assert_eq!(bits(found.increments()), bits(expected.increments()), "{shape:?}");
            assert_eq!(found, expected);
        }
    }

    /// The first two tokens, if they are bits, are decided at once where the row is long.
    #[test]
    fn each_set_has_the_entropy_of_its_own_marginal() {
        fn check<F: Scalar>(table: JointTable<F>) {
            let found = table.subset_entropies().unwrap();
            for (set, &entropy) in found.values().iter().enumerate() {
                let positions: Vec<usize> =
                    (0..table.tokens()).filter(|token| set >> token & 1 == 1).collect();
                let expected = table.entropy(&positions).unwrap().0;
                let error = (entropy - expected).abs() / F::epsilon();
                assert!(error <= scalar::constant::<F>(4.0) * expected, "{set:b}: {entropy}");
            }
        }
        for shape in [vec![2; 11], vec![2, 2, 64, 3], vec![2, 2, 5, 32], vec![2, 2, 1, 320, 1, 2]] {
            let table = table(&shape);
            let single = table.probabilities().iter().map(|&p| p as f32).collect::<Vec<_>>();
            check(JointTable::from_weights(&shape, single).unwrap());
            check(table);
        }
    }

    #[cfg(feature = "rayon")]
    #[test]
    fn scratch_is_made_once_per_thread() {
        let table = table(&[2; 12]);
        let marginals = Marginals::of(&table).unwrap();
        assert!(marginals.tasks() > 32);
        for threads in [1, 2, 3] {
            let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap();
            let (scratch, mut sums) = (marginals.scratch(), marginals.empty_sums());
            pool.install(|| marginals.for_each_task(&scratch, &mut sums, add_by_size));
            let made = scratch.unused.into_inner().unwrap().len();
            assert!((1..=threads).contains(&made), "{made} for {threads} threads");
        }
    }

    /// The count that is refused is the count that is made: each set once, with all its cells.
    #[test]
    fn the_work_is_the_product_of_the_alphabets_and_one() {
        thread_local!(static CELLS: core::cell::Cell<usize> = const { core::cell::Cell::new(0) });
        fn counting(cells: &[f64]) -> f64 {
            CELLS.set(CELLS.get() + cells.len());
            0.0
        }
        for shape in [vec![2; 10], vec![3, 1, 5, 2, 7], vec![40]] {
            let cells = shape.iter().product();
            let table = JointTable::from_weights(&shape, vec![1.0; cells]).unwrap();
            let marginals =
                Marginals { entropy: counting, of_pair: None, ..Marginals::of(&table).unwrap() };
            let mut scratch = vec![0.0; marginals.scratch_cells];
            let mut visits = vec![0; 1 << shape.len()];
            CELLS.set(0);
            for task in 0..marginals.tasks() {
                marginals.run(task, &mut scratch, &mut |set, _| visits[set] += 1);
            }
            assert!(visits.iter().all(|&count| count == 1));
            let all: usize = shape.iter().map(|alphabet| alphabet + 1).product();
            assert_eq!(CELLS.get() + 1, all, "all but the one cell of the empty set");
        }
    }
}
