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
/// increment). One pass of O(L) for each number of steps; O(L) memory. Along an order O(L log L) for each, and
/// the memory of [`schedule`].
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
            layers(&measure, max_steps, &mut measure.workspace())
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
