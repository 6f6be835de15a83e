use std::collections::BTreeMap;

use super::{OrderBlocks, differences};
use crate::error::{Error, Result, no_spread, not_applicable};
use crate::estimate::Estimate;
use crate::measured::Verdict;
use crate::numeric::isotonic;
use crate::numeric::scalar::{self, Scalar};
use crate::optimal::check_steps;
use crate::schedule::Schedule;
use crate::units::Nats;

/// An order, and the sizes to use with it: chosen on one half of the documents and judged on the other, both
/// ways.
///
/// Sizes are the balanced ones unless others are shown to be better.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub struct OrderChoice<F = f64> {
    /// The name of the order.
    pub order: String,
    /// The sizes to use: [`best`](Self::best) if it is at least [likely](Verdict::Likely) that choosing helps, else
    /// [`balanced`](Self::balanced).
    pub schedule: Schedule,
    /// The best sizes by all sequences.
    pub best: Schedule,
    /// Equal sizes, as far as the measured counts allow.
    pub balanced: Schedule,
    /// How much more sizes chosen on the other half of the documents lose than the balanced ones: below zero if
    /// choosing helps. Sizes chosen on all documents should do no worse.
    pub change: Estimate<F>,
    /// What that change shows.
    pub verdict: Verdict,
    /// The mean loss of a sequence: of the balanced sizes if these are used, else of the sizes chosen on the other
    /// half.
    pub loss: Estimate<F>,
    /// That loss less the loss of one token at a time along this order, if single tokens were
    /// measured.
    pub cost: Option<Estimate<F>>,
    /// The loss of each sequence that [`loss`](Self::loss) is the mean of.
    pub(super) losses: Vec<Nats<F>>,
}

impl<F: Scalar> OrderBlocks<F> {
    /// The sizes of exactly `steps` steps with the least mean loss over these sequences. For what to expect on other
    /// sequences, and for sizes to use, take [`choose`](Self::choose). O(steps x blocks).
    ///
    /// # Which mean
    /// A token is not harder to predict if more is known: where the mean losses of the same tokens rise with what
    /// is known, as noise makes them do, they are first replaced by the nearest ones that do not (isotonic regression,
    /// for the tokens between each two neighbouring counts). That is done for counts between which all blocks were
    /// measured. On a model of program code it changed hardly anything with 91 sequences:
    /// there the plain means do as well.
    ///
    /// # Errors
    /// [`StepsOutOfRange`](Error::StepsOutOfRange); [`NotApplicable`](Error::NotApplicable) if no schedule of so
    /// many steps has all its blocks measured.
    pub fn best_schedule(&self, steps: usize) -> Result<Schedule> {
        self.best_by(steps, |_| true)
    }

    /// The sizes of exactly `steps` steps that are as equal as the measured counts allow: of least sum of squares.
    ///
    /// # Errors
    /// As [`best_schedule`](Self::best_schedule).
    pub fn balanced_schedule(&self, steps: usize) -> Result<Schedule> {
        let balanced = Schedule::balanced(self.tokens, steps)?;
        if balanced.ranges().all(|step| self.blocks.contains_key(&(step.start, step.end))) {
            return Ok(balanced);
        }
        let square = |&(from, to): &(usize, usize)| {
            let size: F = scalar::float(to - from);
            ((from, to), size * size)
        };
        self.least(steps, &self.blocks.keys().map(square).collect())
    }

    /// The sizes of `steps` steps to use with this order: chosen on each half of the documents (or sequences, where no
    /// documents are named) and judged on the other. The balanced ones, unless others are shown to be better.
    ///
    /// Documents go to the two halves in turn, in the order in which they first come.
    ///
    /// # Errors
    /// As [`best_schedule`](Self::best_schedule); [`TooFew`](Error::TooFew) for a single document.
    pub fn choose(&self, steps: usize) -> Result<OrderChoice<F>> {
        let best = self.best_schedule(steps)?;
        let balanced = self.balanced_schedule(steps)?;
        let in_first = self.halves();
        let by_first = self.losses(&self.best_by(steps, |place| in_first[place])?)?;
        let by_second = self.losses(&self.best_by(steps, |place| !in_first[place])?)?;
        let pairs = by_first.into_iter().zip(by_second).zip(&in_first);
        let chosen: Vec<Nats<F>> = pairs
            .map(|((first, second), &in_first)| if in_first { second } else { first })
            .collect();
        let equal = self.losses(&balanced)?;
        let change = self.estimate(&differences(self.tokens, &chosen, &equal))?;
        let verdict = Verdict::of(change)?;
        let is_better = change.value().0 < F::zero() && verdict != Verdict::Noise;
        let (schedule, losses) =
            if is_better { (best.clone(), chosen) } else { (balanced.clone(), equal) };
        let cost = match self.one_at_a_time() {
            Ok(least) => Some(self.estimate(&differences(self.tokens, &losses, &least))?),
            Err(_) => None,
        };
        Ok(OrderChoice {
            order: self.name.clone(),
            schedule,
            best,
            balanced,
            change,
            verdict,
            loss: self.estimate(&losses)?,
            cost,
            losses,
        })
    }

    /// The fewest steps whose choice costs at most `tolerance` beyond one token at a time, on average over the
    /// sequences as [`choose`](Self::choose) judges it.
    ///
    /// # Errors
    /// [`NotFinite`](Error::NotFinite) or [`Negative`](Error::Negative) for the tolerance; as
    /// [`cost`](Self::cost): a block for each single token is needed; [`TooFew`](Error::TooFew).
    pub fn fewest_steps(&self, tolerance: Nats<F>) -> Result<OrderChoice<F>> {
        let tolerance = scalar::check_nonnegative("tolerance", tolerance.0)?;
        self.one_at_a_time()?;
        for steps in 1..self.tokens {
            match self.choose(steps) {
                Ok(choice) if choice.cost.is_some_and(|cost| cost.value().0 <= tolerance) => {
                    return Ok(choice);
                }
                Ok(_) | Err(Error::NotApplicable { .. }) => {}
                Err(error) => return Err(error),
            }
        }
        self.choose(self.tokens)
    }

    /// The choices for several orders, the one of least loss first.
    ///
    /// # Errors
    /// [`Empty`](Error::Empty) for no orders; as [`choose`](Self::choose) for each.
    pub fn choose_order(orders: &[Self], steps: usize) -> Result<Vec<OrderChoice<F>>> {
        if orders.is_empty() {
            return Err(Error::Empty { what: "the list of orders" });
        }
        let mut choices: Vec<_> =
            orders.iter().map(|blocks| blocks.choose(steps)).collect::<Result<_>>()?;
        choices.sort_by(|a, b| {
            let (a, b) = (a.loss.value(), b.loss.value());
            a.partial_cmp(&b).unwrap_or(core::cmp::Ordering::Equal)
        });
        Ok(choices)
    }

    /// How much more one choice loses than a choice of another order, on the sequences that both have: judged as
    /// in [`choose`](Self::choose).
    ///
    /// # Errors
    /// [`LengthMismatch`](Error::LengthMismatch) for a choice that was not made from these blocks; as
    /// [`difference`](Self::difference).
    pub fn difference_of_choices(
        &self,
        choice: &OrderChoice<F>,
        other: &Self,
        other_choice: &OrderChoice<F>,
    ) -> Result<Estimate<F>> {
        self.check_choice(choice)?;
        other.check_choice(other_choice)?;
        self.difference_of(&choice.losses, other, &other_choice.losses)
    }

    pub(super) fn check_choice(&self, choice: &OrderChoice<F>) -> Result<()> {
        match (choice.losses.len(), self.sequences.len()) {
            (found, expected) if found == expected => Ok(()),
            (found, expected) => {
                let what = "the list of losses of a choice";
                Err(Error::LengthMismatch { what, found, expected })
            }
        }
    }

    /// Whether each sequence is in the first half.
    fn halves(&self) -> Vec<bool> {
        let mut halves: BTreeMap<&str, bool> = BTreeMap::new();
        let mut half = |group| {
            let next = halves.len().is_multiple_of(2);
            *halves.entry(group).or_insert(next)
        };
        self.sequences.iter().map(|sequence| half(sequence.group())).collect()
    }

    /// The best sizes by the sequences at some places.
    fn best_by(&self, steps: usize, keep: impl Fn(usize) -> bool) -> Result<Schedule> {
        let places: Vec<usize> = (0..self.sequences.len()).filter(|&place| keep(place)).collect();
        if places.is_empty() {
            return Err(no_spread(1));
        }
        let number = scalar::float::<F>(places.len());
        let mean =
            |losses: &Vec<F>| scalar::sum(places.iter().map(|&place| losses[place])) / number;
        let mut means: Means<F> =
            self.blocks.iter().map(|(&block, losses)| (block, mean(losses))).collect();
        not_rising(&self.grid(), &mut means);
        self.least(steps, &means)
    }

    /// Counts such that the block between any two of them was measured. A count is taken if it has all blocks to
    /// those taken before it and to the end.
    fn grid(&self) -> Vec<usize> {
        let mut counts: Vec<usize> = self.blocks.keys().map(|&(revealed, _)| revealed).collect();
        counts.dedup();
        let mut grid: Vec<usize> = Vec::new();
        for count in counts {
            let measured = |from: usize, to: usize| self.blocks.contains_key(&(from, to));
            if measured(count, self.tokens) && grid.iter().all(|&before| measured(before, count)) {
                grid.push(count);
            }
        }
        grid.push(self.tokens);
        grid
    }

    /// The path of `steps` blocks from 0 to L of least sum.
    fn least(&self, steps: usize, costs: &Means<F>) -> Result<Schedule> {
        check_steps(steps, self.tokens)?;
        let mut nodes: Vec<usize> = costs.keys().flat_map(|&(from, to)| [from, to]).collect();
        nodes.sort_unstable();
        nodes.dedup();
        let place = |count: usize| nodes.binary_search(&count).unwrap_or(usize::MAX);
        let steps_between: Vec<(usize, usize, F)> =
            costs.iter().map(|(&(from, to), &cost)| (place(from), place(to), cost)).collect();
        let mut sums = vec![F::infinity(); nodes.len()];
        // Where no block begins at zero, nothing is reached.
        if nodes.first() == Some(&0) {
            sums[0] = F::zero();
        }
        let mut starts = Vec::with_capacity(steps);
        for _ in 0..steps {
            let mut next = vec![F::infinity(); nodes.len()];
            let mut start = vec![usize::MAX; nodes.len()];
            for &(from, to, cost) in &steps_between {
                let sum = sums[from] + cost;
                if sum < next[to] {
                    (next[to], start[to]) = (sum, from);
                }
            }
            sums = next;
            starts.push(start);
        }
        if nodes.last() != Some(&self.tokens) || !sums[nodes.len() - 1].is_finite() {
            return Err(not_applicable(
                format!("a schedule of {steps} steps"),
                "steps that are measured blocks; measure at more counts",
            ));
        }
        let mut node = nodes.len() - 1;
        let mut sizes = Vec::with_capacity(steps);
        for start in starts.iter().rev() {
            sizes.push(nodes[node] - nodes[start[node]]);
            node = start[node];
        }
        sizes.reverse();
        Schedule::try_from(sizes)
    }
}

/// The mean loss of each block.
type Means<F> = BTreeMap<(usize, usize), F>;

/// Replaces means that rise. The tokens between two neighbouring counts a < b have a mean loss for each number of
/// known tokens up to a. These become the nearest ones that do not rise with that number.
fn not_rising<F: Scalar>(grid: &[usize], means: &mut Means<F>) {
    let cells = grid.len() - 1;
    let at = |means: &Means<F>, from: usize, to: usize| match from == to {
        true => F::zero(),
        false => means.get(&(grid[from], grid[to])).copied().unwrap_or(F::zero()),
    };
    let mut sums = vec![F::zero(); cells];
    let mut smoothed = Vec::new();
    for cell in 0..cells {
        let losses: Vec<F> =
            (0..=cell).map(|known| at(means, known, cell + 1) - at(means, known, cell)).collect();
        for (known, loss) in isotonic::nonincreasing(&losses).into_iter().enumerate() {
            sums[known] = sums[known] + loss;
            smoothed.push(((grid[known], grid[cell + 1]), sums[known]));
        }
    }
    means.extend(smoothed);
}
