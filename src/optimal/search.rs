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

impl<F: Scalar> Target<F> {
    /// Whether a vertex has enough steps.
    fn is_met_by(self, vertex: &Vertex<F>) -> bool {
        match self {
            Self::Steps(wanted) => vertex.steps() >= wanted,
            Self::Error(tolerance) => vertex.error <= tolerance,
        }
    }

    fn distance(self, vertex: &Vertex<F>, price: F) -> F {
        match self {
            Self::Steps(wanted) => {
                (scalar::float::<F>(wanted) / scalar::float(vertex.steps())).ln()
            }
            // No error has no logarithm: it counts as what the last step saves.
            Self::Error(tolerance) => (vertex.error.max(price) / tolerance.max(price)).ln(),
        }
    }
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
        if target.is_met_by(&fewest) {
            return fewest;
        }
        let exact = self.exact();
        if matches!(target, Target::Steps(steps) if exact.steps() <= steps) {
            return exact;
        }
        let (highest, lowest) = (self.measure.highest_price(), self.measure.lowest_price());
        self.narrow(Bracket::new(target, (highest, fewest), (lowest, exact)))
    }

    fn narrow(&mut self, mut bracket: Bracket<F>) -> Vertex<F> {
        // The next price comes from the shape of the frontier, from halving the bracket where that
        // makes slow progress, and from the chord where a price brought nothing new.
        let law = SquareRootLaw::of(self.measure);
        let mut by_chord = false;
        let mut slow = 0;
        loop {
            let chord = bracket.chord();
            let (fewer, more) = (bracket.few.vertex.steps(), bracket.many.vertex.steps());
            if more - fewer == 1 {
                return bracket.on_the_edge();
            }
            by_chord |= more - fewer <= 4;
            let price = match (by_chord, slow >= 3) {
                (true, _) => chord,
                (false, true) => bracket.halving_price(),
                (false, false) => bracket.likely_price(&law),
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
            by_chord = !inside;
            let width = bracket.width();
            bracket.replace(price, found);
            slow = if bracket.width() <= width / scalar::constant(2.0) { 0 } else { slow + 1 };
        }
    }
}

/// How many steps to expect at a price: where the increments are about `d`, steps of `sqrt(2 price / d)`
/// tokens are best. Only a guide for the search: the measure is taken in blocks.
struct SquareRootLaw<F> {
    /// Of each block: its nodes, which no number of steps exceeds, and its steps at price 1.
    blocks: Vec<(F, F)>,
}

impl<F: Scalar> SquareRootLaw<F> {
    const BLOCKS: usize = 512;

    fn of(measure: &Measure<F>) -> Self {
        let size = measure.end().div_ceil(Self::BLOCKS).max(16);
        let blocks = (0..measure.end()).step_by(size).map(|first| {
            let last = (first + size).min(measure.end());
            let mass = scalar::sum(measure.masses[first + 1..=last].iter().copied());
            let half_length = measure.length(first, last) / scalar::constant(2.0);
            (scalar::float(last - first), mass.sqrt() * half_length.sqrt())
        });
        Self { blocks: blocks.collect() }
    }

    fn steps(&self, price: F) -> F {
        let root = price.sqrt();
        self.blocks.iter().fold(F::zero(), |sum, &(nodes, steps)| sum + nodes.min(steps / root))
    }

    /// The price between two others at which this many steps are expected, by bisection.
    fn price(&self, steps: F, mut high: F, mut low: F) -> F {
        for _ in 0..48 {
            let middle = high.sqrt() * low.sqrt();
            if self.steps(middle) < steps { high = middle } else { low = middle }
        }
        high.sqrt() * low.sqrt()
    }
}

/// A vertex and a price at which it is optimal.
struct Side<F> {
    price: F,
    vertex: Vertex<F>,
    /// How far it is from the target, in logarithms: positive with too few steps.
    distance: F,
}

/// Two vertices of the frontier, the one with too few steps for the target and the one with enough.
struct Bracket<F> {
    few: Side<F>,
    many: Side<F>,
    target: Target<F>,
    /// The side that was replaced last: with enough steps?
    last: Option<bool>,
}

impl<F: Scalar> Bracket<F> {
    fn new(target: Target<F>, few: (F, Vertex<F>), many: (F, Vertex<F>)) -> Self {
        let side = |(price, vertex): (F, Vertex<F>)| {
            let distance = target.distance(&vertex, price);
            Side { price, vertex, distance }
        };
        Self { few: side(few), many: side(many), target, last: None }
    }

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

    /// The price that the square-root law expects for the target, corrected by what it got wrong at
    /// both ends of the bracket.
    fn likely_price(&self, law: &SquareRootLaw<F>) -> F {
        let (few, many) = (&self.few, &self.many);
        let share = few.distance / (few.distance - many.distance);
        let (fewer, more) = (law.steps(few.price).ln(), law.steps(many.price).ln());
        let price = law.price((fewer + share * (more - fewer)).exp(), few.price, many.price);
        // The comparisons also fail where something is NaN.
        if price > many.price && price < few.price { price } else { self.halving_price() }
    }

    /// Rounding may return a path with steps from beyond the bracket: the bracket never grows.
    fn replace(&mut self, price: F, found: Vertex<F>) {
        let distance = self.target.distance(&found, price);
        let enough = self.target.is_met_by(&found);
        let (side, other) = match enough {
            true => (&mut self.many, &mut self.few),
            false => (&mut self.few, &mut self.many),
        };
        // The side that stays behind counts for half, or it would stay for ever (the Illinois rule).
        if self.last == Some(enough) {
            other.distance = other.distance / scalar::constant(2.0);
        }
        self.last = Some(enough);
        side.price = price;
        side.distance = distance;
        let steps = side.vertex.steps();
        if if enough { found.steps() < steps } else { found.steps() > steps } {
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::curve::InformationCurve;

    fn curve(tokens: usize, increment: impl Fn(f64, f64) -> f64) -> InformationCurve {
        let mut state = 1_u64;
        let increments: Vec<f64> = (1..tokens)
            .map(|m| {
                state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
                let noise = 0.5 + (state >> 11) as f64 / (1_u64 << 53) as f64;
                increment(m as f64 / tokens as f64, noise)
            })
            .collect();
        let mut entropies = vec![0.0; tokens];
        for m in (1..tokens).rev() {
            entropies[m - 1] = entropies[m] + increments[m - 1];
        }
        InformationCurve::from_conditional_entropies(entropies).unwrap()
    }

    #[test]
    fn probes() {
        let kinds: [(&str, fn(f64, f64) -> f64); 4] = [
            ("power", |x, noise| noise / (x + 1e-5).powf(1.5)),
            ("equal", |_, _| 1e-3),
            ("geometric", |x, noise| noise * (-600.0 * x).exp()),
            ("growing", |x, noise| noise * (300.0 * x).exp()),
        ];
        for (name, kind) in kinds {
            for tokens in [1000, 100_000] {
                let curve = curve(tokens, kind);
                let measure = Measure::of(&curve);
                for steps in [2, 10, 100, 1000, 10_000, 50_000, 90_000] {
                    if steps < measure.end() {
                        let mut search = Search::new(&measure);
                        let t = std::time::Instant::now();
                        search.find(Target::Steps(steps));
                        eprintln!("{name} {tokens} {steps}: {} probes {} evals/node, {:?}", search.probes, search.evaluations as f64 / tokens as f64 / search.probes as f64, t.elapsed() / search.probes as u32);
                    }
                }
            }
        }
    }
}
