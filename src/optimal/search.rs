//! The search for the price of a step at which the best path has as many steps as asked for.

use crate::optimal::envelope::{Envelope, Value};
use crate::optimal::measure::{Measure, Segment};
use crate::scalar::{self, Scalar};

/// What the path should have.
#[derive(Debug, Clone, Copy)]
pub(super) enum Target<F> {
    /// Exactly this many steps, and the least error.
    Steps(usize),
    /// At most this error, and the fewest steps.
    Error(F),
}

/// A path that is optimal for some price: a vertex of the frontier (or a point of one of its edges).
#[derive(Debug, Clone)]
pub(super) struct Vertex<F> {
    /// The nodes it goes through, from the first to the last, all walls among them.
    pub(super) path: Vec<usize>,
    pub(super) error: F,
}

impl<F: Scalar> Vertex<F> {
    pub(super) fn steps(&self) -> usize {
        self.path.len() - 1
    }
}

/// The penalised problem on one measure, with its working space.
pub(super) struct Search<'a, F> {
    measure: &'a Measure<F>,
    parents: Vec<usize>,
    before: Vec<Segment<F>>,
    #[cfg(test)]
    pub(super) probes: usize,
    #[cfg(test)]
    pub(super) evaluations: usize,
}

impl<'a, F: Scalar> Search<'a, F> {
    pub(super) fn new(measure: &'a Measure<F>) -> Self {
        Self {
            measure,
            parents: vec![0; measure.positions.len()],
            before: vec![Segment::empty(); measure.end()],
            #[cfg(test)]
            probes: 0,
            #[cfg(test)]
            evaluations: 0,
        }
    }

    /// One step per curve: the fewest steps there are.
    pub(super) fn fewest(&self) -> Vertex<F> {
        let path = self.measure.walls.clone();
        Vertex { error: self.measure.error(&path), path }
    }

    /// All nodes are starts: the fewest steps without any error.
    pub(super) fn exact(&self) -> Vertex<F> {
        Vertex { path: (0..=self.measure.end()).collect(), error: F::zero() }
    }

    /// A path of least `error + price * steps`. O(nodes).
    pub(super) fn at_price(&mut self, price: F) -> Vertex<F> {
        let mut error = scalar::CompensatedSum::new();
        for (first, last) in self.measure.curves() {
            let before = &mut self.before[first..last];
            let mut envelope = Envelope::new(self.measure, price, (first, last), before);
            let mut value = Value { error: F::zero(), steps: 0 };
            for node in first + 1..=last {
                envelope.push(node - 1, value);
                let (start, reached) = envelope.best(node);
                self.parents[node] = start;
                value = Value { error: reached.error, steps: reached.steps + 1 };
            }
            error.add(value.error);
            #[cfg(test)]
            {
                self.evaluations += envelope.evaluations;
            }
        }
        #[cfg(test)]
        {
            self.probes += 1;
        }
        let mut path = vec![self.measure.end()];
        let mut node = self.measure.end();
        while node > 0 {
            node = self.parents[node];
            path.push(node);
        }
        path.reverse();
        Vertex { path, error: error.total() }
    }

    /// The best path for the target, between the fewest steps and as many as there are nodes.
    pub(super) fn find(&mut self, target: Target<F>) -> Vertex<F> {
        let fewest = self.fewest();
        let enough = match target {
            Target::Steps(steps) => fewest.steps() >= steps,
            Target::Error(tolerance) => fewest.error <= tolerance,
        };
        if enough {
            return fewest;
        }
        let exact = self.exact();
        if matches!(target, Target::Steps(steps) if exact.steps() <= steps) {
            return exact;
        }
        let bracket = Bracket {
            few: Side { price: self.measure.highest_price(), vertex: fewest },
            many: Side { price: self.measure.lowest_price(), vertex: exact },
            target,
        };
        self.narrow(bracket)
    }

    fn narrow(&mut self, mut bracket: Bracket<F>) -> Vertex<F> {
        // How the next price is chosen: by the shape of the frontier while that halves the bracket
        // (in logarithms), else by halving it, and by the chord where the others bring nothing new.
        let mut by_chord = false;
        let mut width = bracket.width();
        let mut slow = 0;
        loop {
            let chord = bracket.chord();
            let (fewer, more) = (bracket.few.vertex.steps(), bracket.many.vertex.steps());
            if more - fewer == 1 {
                return bracket.on_the_edge();
            }
            by_chord |= more - fewer <= 4;
            let price = match (by_chord, slow >= 2) {
                (true, _) => chord,
                (false, true) => bracket.halving_price(),
                (false, false) => bracket.likely_price(),
            };
            let found = self.at_price(price);
            let steps = found.steps();
            if matches!(bracket.target, Target::Steps(wanted) if wanted == steps) {
                return found;
            }
            let inside = fewer < steps && steps < more;
            if by_chord && (!inside || bracket.is_on_the_chord(&found, chord)) {
                return bracket.on_the_edge();
            }
            // A price whose path is known says at least on which side of it to look.
            by_chord = !inside;
            bracket.replace(price, found);
            slow = if bracket.width() <= width / scalar::constant(2.0) { 0 } else { slow + 1 };
            width = bracket.width();
        }
    }
}

/// A vertex and a price at which it is optimal.
struct Side<F> {
    price: F,
    vertex: Vertex<F>,
}

/// Two vertices of the frontier, the one with too few steps for the target and the one with enough.
struct Bracket<F> {
    few: Side<F>,
    many: Side<F>,
    target: Target<F>,
}

impl<F: Scalar> Bracket<F> {
    /// The price at which both vertices are equally good.
    fn chord(&self) -> F {
        let (few, many) = (&self.few.vertex, &self.many.vertex);
        (few.error - many.error) / scalar::float(many.steps() - few.steps())
    }

    fn width(&self) -> F {
        (self.few.price / self.many.price).ln()
    }

    /// The geometric mean of the two prices.
    fn halving_price(&self) -> F {
        self.few.price.sqrt() * self.many.price.sqrt()
    }

    /// Where the price would be if the frontier were a power law between its two ends.
    fn likely_price(&self) -> F {
        let (few, many) = (&self.few, &self.many);
        let steps = |steps: usize| scalar::float::<F>(steps).ln();
        let share = match self.target {
            Target::Steps(wanted) => {
                let (least, most) = (steps(few.vertex.steps()), steps(many.vertex.steps()));
                (steps(wanted) - least) / (most - least)
            }
            Target::Error(tolerance) => {
                // The last vertex has no error: it counts as what one step less would have.
                let least = many.vertex.error.max(many.price);
                (few.vertex.error / tolerance.max(least)).ln() / (few.vertex.error / least).ln()
            }
        };
        let share = share.max(F::zero()).min(F::one());
        let price = few.price.powf(F::one() - share) * many.price.powf(share);
        // In particular where the share is NaN.
        if price >= many.price && price <= few.price { price } else { self.halving_price() }
    }

    fn replace(&mut self, price: F, found: Vertex<F>) {
        let enough = match self.target {
            Target::Steps(wanted) => found.steps() > wanted,
            Target::Error(tolerance) => found.error <= tolerance,
        };
        let side = if enough { &mut self.many } else { &mut self.few };
        side.price = price;
        // Rounding may return a path with steps from beyond the bracket: the bracket never grows.
        let closer = match enough {
            true => found.steps() < side.vertex.steps(),
            false => found.steps() > side.vertex.steps(),
        };
        if closer {
            side.vertex = found;
        }
    }

    /// Whether a vertex lies on the chord but for rounding, so that nothing lies below it.
    fn is_on_the_chord(&self, found: &Vertex<F>, chord: F) -> bool {
        let few = &self.few.vertex;
        let saved = chord * scalar::float(found.steps() - few.steps());
        let gap = (few.error - found.error) - saved;
        gap <= F::epsilon() * scalar::constant(4.0) * found.error
    }

    /// The target on the edge between the two vertices.
    fn on_the_edge(self) -> Vertex<F> {
        let chord = self.chord();
        let (few, many) = (self.few.vertex, self.many.vertex);
        let between = many.steps() - few.steps();
        let further = match self.target {
            Target::Steps(steps) => steps - few.steps(),
            Target::Error(tolerance) => {
                let needed = ((few.error - tolerance) / chord).ceil();
                needed.to_usize().unwrap_or(between).clamp(1, between)
            }
        };
        if further == between {
            return many;
        }
        let path = splice(&few.path, &many.path, few.steps() + further);
        Vertex { error: few.error - chord * scalar::float(further), path }
    }
}

/// A path with `steps` steps from two optimal ones, the first with fewer steps, the second with more:
/// it follows the first, then crosses over to the second.
///
/// With `k` the steps to leave out, there is a step `i` of the first path that contains step `i + k`
/// of the second. Exchanging their ends gives two paths, one with `steps` steps; by the quadrangle
/// inequality both are as good as the paths they come from. See Aggarwal, Schieber and Tokuyama,
/// "Finding a minimum-weight k-link path in graphs with the concave Monge property and applications",
/// Discrete & Computational Geometry 12 (1994).
fn splice(few: &[usize], many: &[usize], steps: usize) -> Vec<usize> {
    let skipped = many.len() - 1 - steps;
    let crossing = few.iter().skip(1).zip(many.iter().skip(skipped + 1)).position(|(a, b)| a >= b);
    // The last node is common to both, so there is one.
    let kept = crossing.map_or(few.len() - 1, |step| step + 1);
    few[..kept].iter().chain(&many[skipped + kept..]).copied().collect()
}
