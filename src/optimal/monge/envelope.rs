//! The lower envelope of lines that answers `min_a value_a + w(a, b)` for all `b` in turn.
//!
//! As a function of `x_b`, the difference of two candidates `a < a'` is linear:
//!
//! ```text
//! w(a, b) - w(a', b) = w(a, a') + (x_b - x_a') (I_a' - I_a)
//! ```
//! It grows with `b`, so once `a'` is better than `a` it stays better: candidates are queued in the
//! order in which they take over, and each is queued and dropped at most once. A pass over all nodes
//! takes O(nodes).

use crate::numeric::scalar::Scalar;
use crate::optimal::monge::costs::{Candidates, Costs, Value};
use crate::optimal::monge::measure::{Measure, Segment, distance};

/// A candidate for the start of the step that ends at the node asked for.
struct Candidate<F> {
    node: usize,
    value: Value<F>,
    /// The first position at which it is as good as the candidate before it in the queue.
    takes_over: usize,
    /// What lies between the candidate before it and this one.
    since: Segment<F>,
}

/// Working space for many passes.
pub(crate) struct Workspace<F> {
    queue: Vec<Candidate<F>>,
    before: Vec<Segment<F>>,
    #[cfg(test)]
    pub(crate) evaluations: usize,
}

impl<F: Scalar> Workspace<F> {
    pub(crate) fn new(measure: &Measure<F>) -> Self {
        Self {
            queue: Vec::new(),
            before: vec![Segment::empty(); measure.end()],
            #[cfg(test)]
            evaluations: 0,
        }
    }
}

/// With `PRICED = false` steps have no price, and no time is spent on pricing them.
pub(crate) struct Envelope<'a, F, const PRICED: bool> {
    measure: &'a Measure<F>,
    price: F,
    /// Where the curve ends: a candidate that takes over later than this never does.
    horizon: usize,
    /// `queue[head..]` are the candidates, by node and by position of taking over.
    queue: &'a mut Vec<Candidate<F>>,
    head: usize,
    /// What lies between the last candidate of the queue and the last node pushed.
    pending: Segment<F>,
    /// `w(best candidate, node)` is put together from two parts that meet at `pivot`: a stored
    /// segment from each node before it (`before`), and a running one.
    first: usize,
    pivot: usize,
    before: &'a mut [Segment<F>],
    after: Segment<F>,
    #[cfg(test)]
    evaluations: &'a mut usize,
}

impl<'a, F: Scalar, const PRICED: bool> Envelope<'a, F, PRICED> {
    /// For the nodes from `first` to `last`, of one curve.
    pub(crate) fn new(
        measure: &'a Measure<F>,
        price: F,
        (first, last): (usize, usize),
        workspace: &'a mut Workspace<F>,
    ) -> Self {
        workspace.queue.clear();
        Self {
            measure,
            price,
            horizon: measure.positions[last],
            queue: &mut workspace.queue,
            head: 0,
            pending: Segment::empty(),
            first,
            pivot: first,
            before: &mut workspace.before,
            after: Segment::empty(),
            #[cfg(test)]
            evaluations: &mut workspace.evaluations,
        }
    }

    /// By how much the path by a new candidate is worse at the node where it starts.
    #[inline(always)]
    fn handicap(&self, earlier: &Candidate<F>, value: Value<F>, between: Segment<F>) -> F {
        let mut more = value.error - earlier.value.error;
        if PRICED {
            more = more + self.price * distance(earlier.value.steps, value.steps);
        }
        more - between.ramp
    }

    /// The first position at which a candidate is as good as an earlier one, if it makes up for a
    /// handicap at the rate of `mass` for each token.
    #[inline(always)]
    fn takes_over(&self, position: usize, handicap: F, mass: F) -> usize {
        if handicap < F::zero() {
            return position;
        }
        // Without a gain, 0 / 0 and x / 0 fail the comparison: it never takes over.
        let tokens = handicap / mass;
        if tokens <= distance(position, self.horizon) {
            let whole = tokens.to_isize().map_or(self.horizon - position, isize::unsigned_abs);
            position + whole + usize::from(distance::<F>(0, whole) < tokens)
        } else {
            usize::MAX
        }
    }

    /// Every node is passed once as `start` catches up with the pivot: O(1) per node on average.
    fn pivot_at(&mut self, pivot: usize, start: usize) {
        let mut segment = Segment::empty();
        for node in (start..pivot).rev() {
            let next = Segment { mass: self.measure.masses[node + 1], ramp: F::zero() };
            let length = self.measure.length(node + 1, pivot);
            segment =
                Segment { mass: segment.mass + next.mass, ramp: segment.ramp + next.mass * length };
            self.before[node] = segment;
        }
        self.pivot = pivot;
        self.after = Segment::empty();
    }
}

impl<F: Scalar, const PRICED: bool> Candidates<F> for Envelope<'_, F, PRICED> {
    #[inline(always)]
    fn push(&mut self, node: usize, value: Value<F>) {
        if node > self.first {
            let length = self.measure.length(node - 1, node);
            self.pending = self.pending.extended(length, self.measure.masses[node]);
        }
        let mut since = self.pending;
        let position = self.measure.positions[node];
        let takes_over = loop {
            let Some(last) = self.queue.last() else { break 0 };
            #[cfg(test)]
            {
                *self.evaluations += 1;
            }
            let handicap = self.handicap(last, value, since);
            // As good before `last` even takes over: then `last` is never needed.
            let never_needed = self.queue.len() > self.head + 1
                && handicap <= since.mass * distance(position, last.takes_over);
            if !never_needed {
                break self.takes_over(position, handicap, since.mass);
            }
            since = last.since.then(since, self.measure.length(last.node, node));
            self.queue.pop();
        };
        if takes_over > self.horizon {
            // Not queued: what comes next is measured from the last candidate on.
            self.pending = since;
        } else {
            self.queue.push(Candidate { node, value, takes_over, since });
            self.pending = Segment::empty();
        }
    }

    #[inline(always)]
    fn best(&mut self, node: usize) -> (usize, Value<F>) {
        let position = self.measure.positions[node];
        while self.queue.get(self.head + 1).is_some_and(|next| next.takes_over <= position) {
            self.head += 1;
        }
        if self.head > 4096 && self.head > self.queue.len() / 2 {
            self.queue.drain(..self.head);
            self.head = 0;
        }
        let length = self.measure.length(node - 1, node);
        self.after = self.after.extended(length, self.measure.masses[node]);
        let Candidate { node: start, value, .. } = self.queue[self.head];
        if start >= self.pivot {
            self.pivot_at(node, start);
        }
        let before = self.before[start];
        let cost = before.then(self.after, self.measure.length(self.pivot, node)).ramp;
        (start, Value { error: value.error + cost, steps: value.steps })
    }
}
