//! The search for the price of a step at which the best path has as many steps as asked for.

pub(crate) mod costs;
mod envelope;
pub(crate) mod matrix;
pub(crate) mod measure;

use crate::numeric::scalar::{self, Scalar};
use crate::optimal::monge::costs::Costs;

/// What the path should have.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Target<F> {
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

    /// What [`SquareRootLaw::expect`] should say at the right price.
    fn expectation(self) -> F {
        match self {
            Self::Steps(wanted) => scalar::float::<F>(wanted).ln(),
            Self::Error(tolerance) => -tolerance.max(F::min_positive_value()).ln(),
        }
    }

    /// How far a vertex is from the target, in logarithms of the steps: positive if it has too few.
    fn distance(self, vertex: &Vertex<F>, price: F) -> F {
        let steps = scalar::float::<F>(vertex.steps());
        match self {
            Self::Steps(wanted) => (scalar::float::<F>(wanted) / steps).ln(),
            Self::Error(tolerance) => {
                // An error of zero has no logarithm, so it counts as what the last step saves. And
                // the distance is at least half a step: a vertex that just meets the tolerance may
                // still have more steps than are needed.
                let distance = (vertex.error.max(price) / tolerance.max(price)).ln();
                let half_a_step = (steps + steps).recip();
                match self.is_met_by(vertex) {
                    true => distance.min(-half_a_step),
                    false => distance.max(half_a_step),
                }
            }
        }
    }
}

/// A path that is optimal for some price: a vertex of the frontier (or a point of one of its edges).
#[derive(Debug, Clone)]
pub(crate) struct Vertex<F> {
    /// The nodes it goes through, from the first to the last, all walls among them.
    pub(crate) path: Vec<usize>,
    pub(crate) error: F,
}

impl<F: Scalar> Vertex<F> {
    pub(crate) fn steps(&self) -> usize {
        self.path.len() - 1
    }
}

/// The penalised problem for some costs, with its working space.
pub(crate) struct Search<'a, C: Costs> {
    costs: &'a C,
    parents: Vec<usize>,
    workspace: C::Workspace,
    #[cfg(test)]
    probes: usize,
}

impl<'a, F: Scalar, C: Costs<Float = F>> Search<'a, C> {
    pub(crate) fn new(costs: &'a C) -> Self {
        Self {
            costs,
            parents: vec![0; costs.end() + 1],
            workspace: costs.workspace(),
            #[cfg(test)]
            probes: 0,
        }
    }

    /// One step between any two walls: the fewest steps there are.
    fn fewest(&self) -> Vertex<F> {
        let path = self.costs.walls().to_vec();
        Vertex { error: self.costs.error(&path), path }
    }

    /// The fewest steps without any error.
    fn exact(&self) -> Vertex<F> {
        Vertex { path: self.costs.exact(), error: F::zero() }
    }

    /// A path of least `error + price * steps`. One pass over all nodes.
    pub(crate) fn at_price(&mut self, price: F) -> Vertex<F> {
        self.costs.best_starts(price, &mut self.parents, &mut self.workspace);
        #[cfg(test)]
        {
            self.probes += 1;
        }
        let mut path = vec![self.costs.end()];
        let mut node = self.costs.end();
        while node > 0 {
            node = self.parents[node];
            path.push(node);
        }
        path.reverse();
        // Summed along the path, so that a path has the same error at every price.
        Vertex { error: self.costs.error(&path), path }
    }

    /// The best path for the target, between the fewest steps and as many as there are nodes.
    pub(crate) fn find(&mut self, target: Target<F>) -> Vertex<F> {
        let fewest = self.fewest();
        if target.is_met_by(&fewest) {
            return fewest;
        }
        let exact = self.exact();
        if matches!(target, Target::Steps(steps) if exact.steps() <= steps) {
            return exact;
        }
        let (highest, lowest) = (self.costs.highest_price(), self.costs.lowest_price());
        self.narrow(Bracket::new(target, (highest, fewest), (lowest, exact)))
    }

    fn narrow(&mut self, mut bracket: Bracket<F>) -> Vertex<F> {
        // The next price comes from the shape of the frontier, from halving the bracket where that
        // makes slow progress, and from the chord where a price brought nothing new.
        let law = SquareRootLaw::of(self.costs);
        let mut new_chord = false;
        let mut slow = 0;
        loop {
            let chord = bracket.chord();
            let (fewer, more) = (bracket.few.vertex.steps(), bracket.many.vertex.steps());
            if more <= fewer + 1 {
                return bracket.many.vertex;
            }
            if let Some(steps) = bracket.settled_steps() {
                if steps == more {
                    return bracket.many.vertex;
                }
                bracket.aim_at(Target::Steps(steps));
            }
            let halve = slow >= 3;
            let by_chord = more - fewer <= 4 || (new_chord && !halve);
            let price = match (by_chord, halve) {
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
                return bracket.on_the_edge(self.costs);
            }
            new_chord = !inside && bracket.is_worth_a_chord();
            let width = bracket.width();
            bracket.replace(price, found);
            let halved = bracket.width() <= width / scalar::constant(2.0);
            slow = if halve || halved { 0 } else { slow + 1 };
        }
    }
}

/// How many steps to expect at a price: where the increments are about `d`, steps of `sqrt(2 price / d)`
/// tokens are best. Only a guide for the search: the nodes are taken in blocks, and
/// costs with two indices need not look like that at all.
struct SquareRootLaw<F> {
    /// For each block, the number of its nodes, which the number of its steps cannot exceed, and
    /// its steps at price 1.
    blocks: Vec<(F, F)>,
}

impl<F: Scalar> SquareRootLaw<F> {
    const BLOCKS: usize = 4096;

    fn of(costs: &impl Costs<Float = F>) -> Self {
        let size = costs.end().div_ceil(Self::BLOCKS).max(16);
        let blocks = (0..costs.end()).step_by(size).map(|first| {
            let last = (first + size).min(costs.end());
            (scalar::float(last - first), costs.root_of_cost(first, last))
        });
        Self { blocks: blocks.collect() }
    }

    /// The number of steps or the error to expect at a price, whichever the target asks for, in
    /// logarithms. It falls with the price.
    fn expect(&self, target: Target<F>, price: F) -> F {
        let root = price.sqrt();
        let blocks = self.blocks.iter().map(|&(nodes, steps)| (nodes, nodes.min(steps / root)));
        match target {
            Target::Steps(_) => blocks.fold(F::zero(), |sum, (_, steps)| sum + steps).ln(),
            Target::Error(_) => {
                // A step of s tokens loses d s (s - 1) / 2, which is price (1 - 1 / s).
                let lost = |sum, (nodes, steps)| sum + steps * (F::one() - steps / nodes);
                -(price * blocks.fold(F::zero(), lost).max(F::one())).ln()
            }
        }
    }

    /// The price between two others at which `expected` is to be expected, by bisection.
    fn price(&self, target: Target<F>, expected: F, mut high: F, mut low: F) -> F {
        for _ in 0..48 {
            let middle = high.sqrt() * low.sqrt();
            if self.expect(target, middle) < expected { high = middle } else { low = middle }
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
    /// Whether the search has been here: the ends it starts from are too far away to learn from.
    probed: bool,
}

/// Two vertices of the frontier, the one with too few steps for the target and the one with enough.
struct Bracket<F> {
    few: Side<F>,
    many: Side<F>,
    target: Target<F>,
    /// Whether the side that was replaced last is the one with enough steps.
    last: Option<bool>,
    /// How often that side was replaced in a row.
    in_a_row: i32,
}

impl<F: Scalar> Bracket<F> {
    fn new(target: Target<F>, few: (F, Vertex<F>), many: (F, Vertex<F>)) -> Self {
        let side = |(price, vertex)| Side { price, vertex, distance: F::zero(), probed: false };
        let mut bracket =
            Self { few: side(few), many: side(many), target, last: None, in_a_row: 0 };
        bracket.aim_at(target);
        bracket
    }

    fn aim_at(&mut self, target: Target<F>) {
        self.target = target;
        self.in_a_row = self.in_a_row.min(1);
        for side in [&mut self.few, &mut self.many] {
            side.distance = target.distance(&side.vertex, side.price);
        }
    }

    /// The price at which both vertices are equally good.
    fn chord(&self) -> F {
        let (few, many) = (&self.few.vertex, &self.many.vertex);
        (few.error - many.error) / scalar::float(many.steps() - few.steps())
    }

    /// The width in prices, in logarithms, since their ratio may be too large for the float.
    fn width(&self) -> F {
        self.few.price.ln() - self.many.price.ln()
    }

    /// The geometric mean of the two prices.
    fn halving_price(&self) -> F {
        self.few.price.sqrt() * self.many.price.sqrt()
    }

    /// Whether a vertex that comes again may be due to an edge of the frontier, and not to an end of the
    /// bracket that is still far away.
    fn is_worth_a_chord(&self) -> bool {
        self.few.probed && self.many.probed || self.in_a_row >= 3
    }

    /// The price that the square-root law expects for the target, corrected by what it got wrong at the
    /// vertices found so far: between two that are about as far from the target, by a straight line;
    /// otherwise by as much as at the nearer one. Then, as long as the same side is hit, each step is
    /// twice as bold as the one before.
    fn likely_price(&self, law: &SquareRootLaw<F>) -> F {
        let (few, many) = (&self.few, &self.many);
        let few_is_near = few.probed && (!many.probed || few.distance <= -many.distance);
        let (near, far) = if few_is_near { (few, many) } else { (many, few) };
        let law_at = |side: &Side<F>| law.expect(self.target, side.price);
        let comparable = scalar::constant::<F>(8.0) * near.distance.abs();
        let expected = if !near.probed {
            self.target.expectation()
        } else if far.probed && far.distance.abs() <= comparable {
            let share = few.distance / (few.distance - many.distance);
            law_at(few) + share * (law_at(many) - law_at(few))
        } else {
            let bold = scalar::constant::<F>(2.0).powi(self.in_a_row - 1);
            law_at(near) + bold * near.distance
        };
        let price = law.price(self.target, expected, few.price, many.price);
        // The comparisons also fail where something is NaN.
        if price > many.price && price < few.price { price } else { self.halving_price() }
    }

    /// Rounding may return a path with steps from beyond the bracket: the bracket never grows.
    fn replace(&mut self, price: F, found: Vertex<F>) {
        let distance = self.target.distance(&found, price);
        let enough = self.target.is_met_by(&found);
        let side = if enough { &mut self.many } else { &mut self.few };
        self.in_a_row = if self.last == Some(enough) { self.in_a_row + 1 } else { 1 };
        self.last = Some(enough);
        side.probed = true;
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

    /// The steps that a tolerance takes, if the bracket leaves no doubt: the edge between its vertices
    /// says how many are enough, and the lines that touch the frontier there how many are too few.
    fn settled_steps(&self) -> Option<usize> {
        let Target::Error(tolerance) = self.target else { return None };
        let (few, many) = (&self.few, &self.many);
        let caution = F::one() - F::epsilon() * scalar::constant(16.0);
        let too_few = (few.vertex.error - tolerance) / few.price * caution;
        let too_few = few.vertex.steps() + too_few.ceil().to_usize()?;
        let spare = ((tolerance - many.vertex.error) / many.price / caution).floor().to_usize()?;
        let least = too_few.max(many.vertex.steps().saturating_sub(spare));
        (least >= self.steps_on_the_edge()).then_some(self.steps_on_the_edge())
    }

    /// How many steps the target has on the edge between the two vertices.
    fn steps_on_the_edge(&self) -> usize {
        let (few, many) = (&self.few.vertex, &self.many.vertex);
        match self.target {
            Target::Steps(steps) => steps,
            Target::Error(tolerance) => {
                let further = ((few.error - tolerance) / self.chord()).ceil().to_usize();
                further
                    .and_then(|further| few.steps().checked_add(further))
                    .map_or(many.steps(), |steps| steps.max(few.steps() + 1).min(many.steps()))
            }
        }
    }

    fn on_the_edge(self, costs: &impl Costs<Float = F>) -> Vertex<F> {
        let steps = self.steps_on_the_edge();
        let (few, many) = (self.few.vertex, self.many.vertex);
        if steps == many.steps() {
            return many;
        }
        let path = splice(&few.path, &many.path, steps);
        Vertex { error: costs.error(&path), path }
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
    use crate::optimal::monge::measure::Measure;

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

    type Kind = fn(f64, f64) -> f64;

    const KINDS: [(&str, Kind); 5] = [
        ("power law", |x, noise| noise / (x + 1e-5).powf(1.5)),
        ("equal", |_, _| 1e-3),
        ("random", |_, noise| noise),
        ("falling", |x, noise| noise * (-600.0 * x).exp()),
        ("growing", |x, noise| noise * (300.0 * x).exp()),
    ];

    /// r^2 of the best line through points.
    fn fit(points: &[(f64, f64)]) -> f64 {
        let n = points.len() as f64;
        let mean = |of: fn(&(f64, f64)) -> f64| points.iter().map(of).sum::<f64>() / n;
        let (x, y) = (mean(|p| p.0), mean(|p| p.1));
        let moment = |of: &dyn Fn(f64, f64) -> f64| -> f64 {
            points.iter().map(|p| of(p.0 - x, p.1 - y)).sum()
        };
        let (xx, xy, yy) = (moment(&|a, _| a * a), moment(&|a, b| a * b), moment(&|_, b| b * b));
        xy * xy / (xx * yy)
    }

    #[test]
    fn a_pass_looks_at_a_number_of_candidates_linear_in_the_tokens() {
        for (name, kind) in KINDS {
            let points: Vec<(f64, f64)> = (1..=12)
                .map(|n| {
                    let tokens = 2000 * n;
                    let curve = curve(tokens, kind);
                    let measure = Measure::of(&curve);
                    let mut search = Search::new(&measure);
                    // The price of about sqrt(L) steps.
                    let law = SquareRootLaw::of(&measure);
                    let (high, low) = (measure.highest_price(), measure.lowest_price());
                    let price = law.price(Target::Steps(0), (tokens as f64).ln() / 2.0, high, low);
                    search.at_price(price);
                    let evaluations = search.workspace.evaluations;
                    assert!(evaluations <= 2 * tokens, "{name}: {evaluations} for {tokens}");
                    (tokens as f64, evaluations as f64)
                })
                .collect();
            assert!(fit(&points) > 0.99, "{name}: {points:?}");
        }
    }

    #[test]
    fn a_search_takes_a_few_passes_whatever_the_steps() {
        for (name, kind) in KINDS {
            let (mut searches, mut by_steps, mut by_tolerance) = (0, 0, 0);
            for tokens in [1000, 30_000] {
                let curve = curve(tokens, kind);
                let measure = Measure::of(&curve);
                for steps in [2, 3, 10, 100, 900, 3000, 10_000, 27_000, 29_999] {
                    if steps > measure.end() {
                        continue;
                    }
                    let mut search = Search::new(&measure);
                    let found = search.find(Target::Steps(steps));
                    assert_eq!(found.steps(), steps);
                    assert!(search.probes <= 12, "{name}, T = {steps}: {}", search.probes);
                    searches += 1;
                    by_steps += search.probes;

                    // The hardest tolerance: a vertex that just meets it.
                    let mut search = Search::new(&measure);
                    let fewest = search.find(Target::Error(found.error * (1.0 + 1e-12)));
                    assert!(fewest.steps() <= steps, "{name}, T = {steps}: {}", fewest.steps());
                    by_tolerance += search.probes;
                }
            }
            // On average four; by tolerance as many.
            assert!(by_steps <= 4 * searches, "{name}: {by_steps} in {searches}");
            assert!(by_tolerance <= 4 * searches, "{name}: {by_tolerance} in {searches}");
        }
    }

    #[test]
    fn along_an_order_a_pass_is_nearly_linear_and_a_search_takes_few() {
        use crate::distribution::MarkovChain;
        use crate::optimal::monge::matrix::Matrix;
        use crate::schedule::Order;
        let chain = MarkovChain::<f64>::stationary(&[[0.9, 0.1], [0.1, 0.9]]).unwrap();
        for tokens in [64, 256, 700] {
            for order in [Order::spread(tokens), Order::left_to_right(tokens)] {
                let matrix = Matrix::of(&chain.order_curve(&order.unwrap()).unwrap());
                for steps in [2, 3, 5, 9, 16, tokens / 4, tokens / 2, tokens - 1] {
                    let mut search = Search::new(&matrix);
                    let found = search.find(Target::Steps(steps));
                    assert!(found.steps() <= steps);
                    let mut by_error = Search::new(&matrix);
                    by_error.find(Target::Error(found.error * (1.0 + 1e-12)));
                    for search in [search, by_error] {
                        assert!(search.probes <= 40, "{tokens}, {steps}: {}", search.probes);
                        let logarithm = 2 * tokens.ilog2() as usize + 4;
                        let evaluations = search.workspace.evaluations;
                        assert!(evaluations <= search.probes * tokens * logarithm);
                    }
                }
            }
        }
    }

    /// Curves on which prices span the whole float range, or many vertices share a price.
    fn hard_increments(kind: usize, n: usize, uniform: &mut impl FnMut() -> f64) -> Vec<f64> {
        let wide = |x: f64| 10_f64.powf(600.0 * x - 300.0);
        let share = |m: usize| m as f64 / n as f64;
        let mut sorted: Vec<f64> = (0..n).map(|_| uniform()).collect();
        match kind {
            0 => (0..n).map(|m| 10_f64.powf(290.0 * (0.7 * m as f64).sin())).collect(),
            1 => (0..n).map(|m| if m % 2 == 0 { 1e295 } else { 1e-300 }).collect(),
            2 => (0..n).map(|m| if m < n / 2 { 1e-295 } else { 1e295 }).collect(),
            3 => (0..n).map(|m| wide(share(m).powi(8))).collect(),
            4 => (0..n).map(|m| 2_f64.powf(1000.0 - 2000.0 * share(m))).collect(),
            5 => (0..n).map(|_| (3.0 * uniform()).floor()).collect(),
            6 => (0..n).map(|_| 1.0 + f64::EPSILON * (4.0 * uniform()).floor()).collect(),
            7 => (0..n).map(|_| wide(uniform())).collect(),
            8 => {
                sorted.sort_by(f64::total_cmp);
                sorted.into_iter().map(wide).collect()
            }
            _ => sorted,
        }
    }

    #[test]
    fn hard_curves_take_more_passes_but_not_many() {
        let mut state = 7_u64;
        let mut uniform = || {
            state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
            (state >> 11) as f64 / (1_u64 << 53) as f64
        };
        for kind in 0..10 {
            let mut most = (0, 0);
            for n in [20, 300, 3000] {
                let mut increments = vec![0.0];
                increments.extend(hard_increments(kind, n, &mut uniform));
                let curve = InformationCurve::from_increments(increments, None).unwrap();
                let measure = Measure::of(&curve);
                for steps in (2..measure.end()).step_by(1 + n / 40) {
                    let mut search = Search::new(&measure);
                    let found = search.find(Target::Steps(steps));
                    most.0 = most.0.max(search.probes);
                    let mut search = Search::new(&measure);
                    let fewest =
                        search.find(Target::Error(found.error * (1.0 + 64.0 * f64::EPSILON)));
                    assert!(fewest.steps() <= steps, "{kind}, L = {n}, T = {steps}");
                    most.1 = most.1.max(search.probes);
                }
            }
            assert!(most.0 <= 64 && most.1 <= 64, "{kind}: {most:?}");
        }
    }
}
