//! What the search needs to know of the cost of a step, whether it has one index or two.

use crate::error::Result;
use crate::numeric::scalar::{self, Scalar};
use crate::schedule::Schedule;

/// The cost of the best way to a node: an error, and a number of steps that has a price. They are
/// kept apart because their sum would lose the error where the price is large.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Value<F> {
    pub(crate) error: F,
    pub(crate) steps: usize,
}

/// The starts of a step, of which each takes over from the one before it at some node, for good: by the
/// Monge inequality.
pub(crate) trait Candidates<F> {
    /// Adds the node as a candidate. Nodes come in order, none left out.
    fn push(&mut self, node: usize, value: Value<F>);

    /// The best start of a step that ends at this node, and the value there without the price of
    /// that step. Nodes are asked for in order, none left out, each after all nodes before it were
    /// pushed.
    fn best(&mut self, node: usize) -> (usize, Value<F>);
}

/// The costs `w(a, b)` of the steps between nodes `a < b`, which are Monge.
pub(crate) trait Costs {
    type Float: Scalar;
    /// Working space for many passes.
    type Workspace;

    fn workspace(&self) -> Self::Workspace;

    /// The candidates for the nodes from `first` to `last`, between two neighbouring walls. With
    /// `PRICED = false` steps have no price, and no time is spent on pricing them.
    fn candidates<'s, const PRICED: bool>(
        &'s self,
        price: Self::Float,
        nodes: (usize, usize),
        workspace: &'s mut Self::Workspace,
    ) -> impl Candidates<Self::Float> + 's;

    /// The nodes that every path goes through, from the first node to the last.
    fn walls(&self) -> &[usize];

    /// The path of fewest steps without any error.
    fn exact(&self) -> Vec<usize>;

    /// The error of the steps between consecutive nodes of a path.
    fn error(&self, path: &[usize]) -> Self::Float;

    /// What the first start besides the walls saves at most: at this price or a higher one, one step
    /// between any two walls is best.
    fn highest_price(&self) -> Self::Float;

    /// What the last start saves at least: at this price or a lower one, the exact path is best. Infinite if
    /// there are only walls.
    fn lowest_price(&self) -> Self::Float;

    /// About the square root of `w(first, last)`: how many steps are best there at price 1.
    fn root_of_cost(&self, first: usize, last: usize) -> Self::Float;

    /// The path as a schedule of `steps` steps: of the first curve, if there are walls.
    fn schedule(&self, path: &[usize], steps: usize) -> Result<Schedule>;

    /// The last node.
    fn end(&self) -> usize {
        self.walls().last().copied().unwrap_or(0)
    }

    /// The best start of the last step of a path to each node, for least `error + price * steps`.
    fn best_starts(
        &self,
        price: Self::Float,
        parents: &mut [usize],
        workspace: &mut Self::Workspace,
    ) {
        for pair in self.walls().windows(2) {
            let (first, last) = (pair[0], pair[1]);
            let mut candidates = self.candidates::<true>(price, (first, last), workspace);
            let mut value = Value { error: scalar::float(0), steps: 0 };
            for (node, parent) in parents.iter_mut().enumerate().take(last + 1).skip(first + 1) {
                candidates.push(node - 1, value);
                let (start, reached) = candidates.best(node);
                *parent = start;
                value = Value { error: reached.error, steps: reached.steps + 1 };
            }
        }
    }
}

/// The ends of the steps of a path, with cuts added so that there are `steps` of them. The cuts are the last
/// places that are not starts yet: single tokens at the end.
pub(crate) fn ends_with_cuts(positions: &[usize], steps: usize) -> Vec<usize> {
    let mut missing = steps.saturating_sub(positions.len() - 1);
    let mut ends = Vec::with_capacity(positions.len() - 1 + missing);
    for pair in positions.windows(2).rev() {
        let (start, end) = (pair[0], pair[1]);
        ends.push(end);
        let cuts = missing.min(end - start - 1);
        ends.extend((end - cuts..end).rev());
        missing -= cuts;
    }
    ends.reverse();
    ends
}
