use crate::curve::{Curve, Kind};
use crate::error::Result;
use crate::numeric::scalar::Scalar;
use crate::optimal::monge::costs::{Candidates, Costs, Value};
use crate::optimal::monge::matrix::Matrix;
use crate::optimal::monge::measure::Measure;
use crate::optimal::{Optimum, check_steps, schedule};
use crate::schedule::Schedule;
use crate::units::Nats;

/// The least sampling error for 1, 2, .., `max_steps` steps: what each further step buys.
///
/// It is convex and nonincreasing, from the total correlation to 0 (once a step starts at every positive
/// increment). One pass of O(L) for each number of steps; O(L) memory. For at most 1,024 tokens and at least a quarter as
/// many steps, O(L^2) for all of them together, with `L^2 / 2` stored costs. Along an order O(L log L) for each
/// number of steps, and the memory of [`schedule`].
///
/// Each value is the error of [`schedule`] up to rounding: within some `T + sqrt(L)` units in the last
/// place, since it is summed up without the schedule.
///
/// # Errors
/// [`StepsOutOfRange`](crate::Error::StepsOutOfRange) unless `1 <= max_steps <= L`.
///
/// ```
/// use unmaskcost::{InformationCurve, Nats, optimal};
/// let curve = InformationCurve::from_information([0.0, 0.5, 0.75, 0.875])?;
/// let errors = optimal::frontier(&curve, 4)?;
/// assert_eq!(errors, [2.125, 0.625, 0.125, 0.0].map(Nats));
/// # Ok::<(), unmaskcost::Error>(())
/// ```
pub fn frontier<C: Curve>(curve: &C, max_steps: usize) -> Result<Vec<Nats<C::Scalar>>> {
    check_steps(max_steps, curve.tokens())?;
    Ok(match curve.kind() {
        Kind::Random(curve) => {
            let measure = Measure::of(curve);
            match StoredCosts::<C::Scalar>::pay(measure.end(), max_steps) {
                true => StoredCosts::of(&measure).layers(max_steps),
                false => layers(&measure, max_steps, &mut measure.workspace()),
            }
        }
        Kind::Ordered(curve) => {
            let matrix = Matrix::of(curve);
            layers(&matrix, max_steps, &mut matrix.workspace())
        }
    })
}

/// The values of [`frontier`] for any costs. Inlined into that function, which calls it twice, it
/// takes 1.6 times as long.
#[inline(never)]
fn layers<F: Scalar, C: Costs<Float = F>>(
    costs: &C,
    max_steps: usize,
    workspace: &mut C::Workspace,
) -> Vec<Nats<F>> {
    let last = costs.end();
    // errors[b]: the least error of any way from 0 to node b in the number of steps so far.
    let mut errors = vec![F::infinity(); last + 1];
    errors[0] = F::zero();
    let mut frontier = Vec::with_capacity(max_steps);
    for step in 0..max_steps {
        // More steps never cost more, so an error of zero stays zero.
        if step >= last || frontier.last() == Some(&Nats(F::zero())) {
            frontier.push(Nats(F::zero()));
            continue;
        }
        // The nodes before `step` cannot be reached in that many steps.
        let mut candidates = costs.candidates::<false>(F::zero(), (step, last), workspace);
        let mut candidate = core::mem::replace(&mut errors[step], F::infinity());
        for (node, error) in errors.iter_mut().enumerate().skip(step + 1) {
            candidates.push(node - 1, Value { error: candidate, steps: 0 });
            candidate = core::mem::replace(error, candidates.best(node).1.error);
        }
        frontier.push(Nats(errors[last]));
    }
    frontier
}

/// The costs of all steps, from node to node. With them, looking at a candidate is one addition.
struct StoredCosts<F> {
    /// The last node.
    last: usize,
    /// `w(0, b), .., w(b - 1, b)` for `b = 1, 2, ..`, one after another.
    costs: Vec<F>,
    #[cfg(test)]
    evaluations: usize,
}

impl<F: Scalar> StoredCosts<F> {
    /// Whether storing them is faster: the costs stay in a cache, and there are passes enough to pay for them.
    fn pay(last: usize, max_steps: usize) -> bool {
        last <= 1024 && max_steps.saturating_mul(4) >= last
    }

    /// Each column is the one before it, made longer by one node: see `Segment`.
    fn of(measure: &Measure<F>) -> Self {
        let last = measure.end();
        let mut costs: Vec<F> = Vec::with_capacity(last * (last + 1) / 2);
        // masses[a]: of the nodes from a + 1 on.
        let mut masses = vec![F::zero(); last];
        for end in 1..=last {
            let length = measure.length(end - 1, end);
            let before = costs.len() - (end - 1);
            for start in 0..end - 1 {
                costs.push(costs[before + start] + masses[start] * length);
            }
            costs.push(F::zero());
            for mass in &mut masses[..end] {
                *mass = *mass + measure.masses[end];
            }
        }
        Self {
            last,
            costs,
            #[cfg(test)]
            evaluations: 0,
        }
    }

    /// As the function of the same name. The best start of the last step to `b` is not before the best with one step less,
    /// and not behind the best to `b + 1` (Knuth, *Acta Informatica* 1, 1971; Yao, STOC 1980): over all numbers of steps
    /// these ranges add up to O(last^2).
    fn layers(&mut self, max_steps: usize) -> Vec<Nats<F>> {
        let last = self.last;
        let mut errors = vec![F::infinity(); last + 1];
        let mut earliest = vec![0; last + 1];
        let mut frontier = Vec::with_capacity(max_steps);
        for step in 0..max_steps {
            if step >= last || frontier.last() == Some(&Nats(F::zero())) {
                frontier.push(Nats(F::zero()));
                continue;
            }
            let mut latest = if step == 0 { 0 } else { last - 1 };
            if step == 0 {
                errors[0] = F::zero();
            }
            // From the last node down: the errors of earlier nodes are still those with one step less.
            for node in (step + 1..=last).rev() {
                let (from, to) = (earliest[node].max(step), latest.min(node - 1));
                let column = &self.costs[node * (node - 1) / 2..][..node];
                #[cfg(test)]
                {
                    self.evaluations += to + 1 - from;
                }
                let mut best = (F::infinity(), from);
                for (start, (&error, &cost)) in
                    (from..).zip(errors[from..=to].iter().zip(&column[from..=to]))
                {
                    if error + cost < best.0 {
                        best = (error + cost, start);
                    }
                }
                errors[node] = best.0;
                (earliest[node], latest) = (best.1, best.1);
            }
            errors[step] = F::infinity();
            frontier.push(Nats(errors[last]));
        }
        frontier
    }
}

/// The best schedules of 1, 2, .., `max_steps` steps with their errors: [`frontier`] with the
/// schedules that attain it.
///
/// This takes as many calls of [`schedule`]; the result alone holds `max_steps^2 / 2` sizes.
///
/// # Errors
/// [`StepsOutOfRange`](crate::Error::StepsOutOfRange) unless `1 <= max_steps <= L`.
///
/// ```
/// use unmaskcost::{InformationCurve, optimal};
/// let curve = InformationCurve::from_information([0.0, 0.5, 0.75, 0.875])?;
/// let best = optimal::schedules(&curve, 3)?;
/// assert_eq!(best[1].plan.sizes(), [2, 2]);
/// assert_eq!(best[2].error, optimal::frontier(&curve, 3)?[2]);
/// # Ok::<(), unmaskcost::Error>(())
/// ```
pub fn schedules<C: Curve>(
    curve: &C,
    max_steps: usize,
) -> Result<Vec<Optimum<Schedule, C::Scalar>>> {
    check_steps(max_steps, curve.tokens())?;
    (1..=max_steps).map(|steps| Ok(schedule(curve, steps)?.into())).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::curve::InformationCurve;
    use crate::numeric::scalar;

    /// Increments over a range of magnitudes, some of them zero.
    fn curve<F: Scalar>(tokens: usize, decades: f64, seed: u64) -> InformationCurve<F> {
        let mut state = seed;
        let mut uniform = || {
            state = state
                .wrapping_mul(6_364_136_223_846_793_005)
                .wrapping_add(1_442_695_040_888_963_407);
            (state >> 11) as f64 / (1_u64 << 53) as f64
        };
        let mut information = 0.0;
        let information = (0..tokens).map(|k| {
            if k > 0 && uniform() < 0.8 {
                information += 10_f64.powf(-decades * uniform());
            }
            scalar::constant::<F>(information)
        });
        InformationCurve::from_information(information.collect::<Vec<_>>()).unwrap()
    }

    fn agree<F: Scalar>(tokens: usize, decades: f64, seed: u64) {
        let measure = Measure::of(&curve::<F>(tokens, decades, seed));
        let stored = StoredCosts::of(&measure).layers(tokens);
        let priced = layers(&measure, tokens, &mut measure.workspace());
        for (steps, (a, b)) in stored.iter().zip(&priced).enumerate() {
            let room = scalar::constant::<F>(4.0 * tokens as f64) * F::epsilon() * b.0;
            assert!(
                (a.0 - b.0).abs() <= room,
                "{tokens} {seed}: {a} and {b} with {} steps",
                steps + 1
            );
        }
    }

    #[test]
    fn stored_costs_give_the_frontier_of_the_envelope() {
        for seed in 0..60 {
            let tokens = [1, 2, 3, 7, 40, 90][seed as usize % 6];
            let decades = [0.0, 1.0, 6.0, 30.0][seed as usize % 4];
            agree::<f64>(tokens, decades, seed);
            agree::<f32>(tokens, decades.min(6.0), seed);
        }
    }

    #[test]
    fn all_starts_within_the_ranges_of_stored_costs_are_some_for_each_pair_of_tokens() {
        for tokens in [100, 200, 400, 800] {
            let measure = Measure::of(&curve::<f64>(tokens, 3.0, 5));
            let mut stored = StoredCosts::of(&measure);
            stored.layers(tokens);
            let pairs = stored.last * (stored.last + 1) / 2;
            assert!(stored.evaluations <= 3 * pairs, "{tokens}: {}", stored.evaluations);
        }
    }

    #[test]
    fn a_frontier_looks_at_two_candidates_for_each_token_and_step_at_most() {
        for tokens in [100, 200, 400, 800] {
            let entropies: Vec<f64> = (0..tokens).map(|k| 1.0 / (1.0 + k as f64)).collect();
            let curve = InformationCurve::from_conditional_entropies(entropies).unwrap();
            let measure = Measure::of(&curve);
            let mut workspace = measure.workspace();
            layers(&measure, tokens, &mut workspace);
            let cells = tokens * (tokens + 1) / 2;
            assert!(workspace.evaluations <= 2 * cells, "{tokens}: {}", workspace.evaluations);
        }
    }
}
