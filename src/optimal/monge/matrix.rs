//! Costs with two indices, one by one: what the steps along an order cost.

use crate::curve::OrderCurve;
use crate::error::Result;
use crate::numeric::scalar::{self, CompensatedSum, Scalar};
use crate::optimal::monge::costs::{Candidates, Costs, Value, ends_with_cuts};
use crate::optimal::monge::measure::distance;
use crate::schedule::Schedule;

/// The cost of every step along an order: as many numbers as the curve has entropies.
pub(crate) struct Matrix<F> {
    tokens: usize,
    /// The first place and the last.
    walls: [usize; 2],
    /// Row after row: `w(a, a+1), .., w(a, L)`, which do not fall.
    costs: Vec<F>,
}

impl<F: Scalar> Matrix<F> {
    /// Sums of differences that are not negative: each cost is relatively accurate.
    pub(crate) fn of(curve: &OrderCurve<F>) -> Self {
        let tokens = curve.tokens();
        let own: Vec<F> = (0..tokens).map(|rank| curve.row(rank)[0]).collect();
        let mut costs = Vec::with_capacity(tokens * (tokens + 1) / 2);
        for start in 0..tokens {
            let mut cost = CompensatedSum::new();
            let mut largest = F::zero();
            for (&given, &own) in curve.row(start).iter().zip(&own[start..]) {
                cost.add(given - own);
                largest = largest.max(cost.total());
                costs.push(largest);
            }
        }
        Self { tokens, walls: [0, tokens], costs }
    }

    /// `w(start, start + 1), .., w(start, L)`.
    #[inline(always)]
    fn row(&self, start: usize) -> &[F] {
        let first = start * (2 * self.tokens + 1 - start) / 2;
        &self.costs[first..first + self.tokens - start]
    }

    #[inline(always)]
    fn cost(&self, start: usize, end: usize) -> F {
        self.row(start)[end - start - 1]
    }

    /// Where the longest step from each place ends that costs nothing.
    fn free_until(&self, start: usize) -> usize {
        start + self.row(start).partition_point(|&cost| cost == F::zero())
    }
}

impl<F: Scalar> Costs for Matrix<F> {
    type Float = F;
    type Workspace = Workspace<F>;

    fn workspace(&self) -> Workspace<F> {
        Workspace::default()
    }

    fn candidates<'s, const PRICED: bool>(
        &'s self,
        price: F,
        (_, last): (usize, usize),
        workspace: &'s mut Workspace<F>,
    ) -> impl Candidates<F> + 's {
        workspace.queue.clear();
        Queue::<_, PRICED> {
            matrix: self,
            price,
            last,
            queue: &mut workspace.queue,
            head: 0,
            #[cfg(test)]
            evaluations: &mut workspace.evaluations,
        }
    }

    fn walls(&self) -> &[usize] {
        &self.walls
    }

    /// The longest step that costs nothing, again and again: a later start reaches no less far.
    fn exact(&self) -> Vec<usize> {
        let mut path = vec![0];
        let mut node = 0;
        while node < self.tokens {
            node = self.free_until(node);
            path.push(node);
        }
        path
    }

    fn error(&self, path: &[usize]) -> F {
        scalar::sum(path.windows(2).map(|pair| self.cost(pair[0], pair[1])))
    }

    /// What the best cut of the one step saves, with room for the rounding of the difference.
    fn highest_price(&self) -> F {
        let whole = self.cost(0, self.tokens);
        let saved = |cut: usize| whole - self.cost(0, cut) - self.cost(cut, self.tokens);
        let most = (1..self.tokens).map(saved).fold(F::zero(), F::max);
        let room = whole * F::epsilon() * scalar::constant(4.0);
        (most + room).max(self.lowest_price() * scalar::constant(2.0))
    }

    /// The cheapest step that is not free: no path with an error has a smaller one. By convexity the last step
    /// saves least, and it saves such an error.
    fn lowest_price(&self) -> F {
        let cheapest = |start: usize| self.row(start).get(self.free_until(start) - start).copied();
        (0..self.tokens).filter_map(cheapest).fold(F::infinity(), F::min)
    }

    fn root_of_cost(&self, first: usize, last: usize) -> F {
        self.cost(first, last).sqrt()
    }

    fn schedule(&self, path: &[usize], steps: usize) -> Result<Schedule> {
        let ends = ends_with_cuts(path, steps);
        let starts = core::iter::once(0).chain(ends.iter().copied());
        Schedule::try_from(
            ends.iter().zip(starts).map(|(&end, start)| end - start).collect::<Vec<_>>(),
        )
    }
}

/// A candidate for the start of the step that ends at the node asked for.
struct Candidate<F> {
    node: usize,
    value: Value<F>,
    /// The first node at which it is as good as the candidate before it in the queue.
    takes_over: usize,
}

/// Working space for many passes.
pub(crate) struct Workspace<F> {
    queue: Vec<Candidate<F>>,
    #[cfg(test)]
    pub(crate) evaluations: usize,
}

impl<F> Default for Workspace<F> {
    fn default() -> Self {
        Self {
            queue: Vec::new(),
            #[cfg(test)]
            evaluations: 0,
        }
    }
}

/// The candidates of one pass. Of two, the later one makes up for its handicap with `w(a, b) - w(a', b)`, which does
/// not fall as `b` grows: the node where it takes over is found by halving, so a pass takes O(nodes log nodes).
struct Queue<'a, F, const PRICED: bool> {
    matrix: &'a Matrix<F>,
    price: F,
    last: usize,
    /// `queue[head..]` are the candidates, by node and by the node of taking over.
    queue: &'a mut Vec<Candidate<F>>,
    head: usize,
    #[cfg(test)]
    evaluations: &'a mut usize,
}

impl<F: Scalar, const PRICED: bool> Queue<'_, F, PRICED> {
    /// Whether a step to `end` is as good from the later start.
    #[inline(always)]
    fn is_as_good(&mut self, earlier: usize, node: usize, value: Value<F>, end: usize) -> bool {
        #[cfg(test)]
        {
            *self.evaluations += 1;
        }
        let Candidate { node: start, value: other, .. } = self.queue[earlier];
        let mut handicap = value.error - other.error;
        if PRICED {
            handicap = handicap + self.price * distance(other.steps, value.steps);
        }
        handicap <= self.matrix.cost(start, end) - self.matrix.cost(node, end)
    }

    /// The first node after `node` at which it is as good as the last candidate; none beyond the last node.
    fn takes_over(&mut self, node: usize, value: Value<F>) -> Option<usize> {
        let Some(earlier) = self.queue.len().checked_sub(1) else { return Some(0) };
        let mut low = self.queue[earlier].takes_over.max(node + 1);
        let mut high = self.last;
        if !self.is_as_good(earlier, node, value, high) {
            return None;
        }
        while low < high {
            let middle = low + (high - low) / 2;
            match self.is_as_good(earlier, node, value, middle) {
                true => high = middle,
                false => low = middle + 1,
            }
        }
        Some(high)
    }
}

impl<F: Scalar, const PRICED: bool> Candidates<F> for Queue<'_, F, PRICED> {
    fn push(&mut self, node: usize, value: Value<F>) {
        // As good before the last one even takes over: then that one is never needed.
        while self.queue.len() > self.head + 1 {
            let last = self.queue.len() - 1;
            let from = self.queue[last].takes_over.max(node + 1);
            if !self.is_as_good(last, node, value, from) {
                break;
            }
            self.queue.pop();
        }
        if let Some(takes_over) = self.takes_over(node, value) {
            self.queue.push(Candidate { node, value, takes_over });
        }
    }

    fn best(&mut self, node: usize) -> (usize, Value<F>) {
        while self.queue.get(self.head + 1).is_some_and(|next| next.takes_over <= node) {
            self.head += 1;
        }
        let Candidate { node: start, value, .. } = self.queue[self.head];
        let error = value.error + self.matrix.cost(start, node);
        (start, Value { error, steps: value.steps })
    }
}
