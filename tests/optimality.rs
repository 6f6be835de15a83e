//! The best schedules are the best: against every schedule, against the plain dynamic program, against
//! published optima.

mod support;

use demask::{InformationCurve, Nats, Scalar, optimal};
use proptest::prelude::*;
use serde_json::Value;
use support::*;

/// How far the least errors of two exact methods may be apart, relative to them: the methods add up
/// the same nonnegative terms in another order, and may choose between schedules that differ by that.
fn slack<F: Scalar>() -> F {
    F::epsilon() * F::from_f64(256.0).unwrap()
}

fn close<F: Scalar>(found: Nats<F>, expected: Nats<F>) -> bool {
    (found.0 - expected.0).abs() <= slack::<F>() * expected.0
}

/// Curves from increments directly: as conditional entropies, so that small ones survive next to
/// large ones. Entropies fall, so the sum is taken from the end.
fn curve_of<F: Scalar>(increments: &[f64]) -> InformationCurve<F> {
    let mut entropies = vec![0.0];
    for increment in increments.iter().rev() {
        entropies.push(entropies[entropies.len() - 1] + increment);
    }
    entropies.reverse();
    let entropies: Vec<F> = entropies.into_iter().map(|x| F::from_f64(x).unwrap()).collect();
    InformationCurve::from_conditional_entropies(entropies).unwrap()
}

/// All kinds of increments: of any kind in `support`, equal ones, one jump, one jump on a plateau,
/// small integers (exact ties), all zero.
fn any_increments(max_tokens: usize) -> impl Strategy<Value = Vec<f64>> {
    let equal = (0.1..2.0_f64, 0..max_tokens).prop_map(|(d, n)| vec![d; n]);
    let jumps = (0..max_tokens, 0.0..1e-3_f64, any::<prop::sample::Index>()).prop_map(
        |(n, rest, place)| {
            let mut increments = vec![rest; n];
            if n > 0 {
                increments[place.index(n)] = 1.0;
            }
            increments
        },
    );
    let integers = proptest::collection::vec((0_u8..4).prop_map(f64::from), 0..max_tokens);
    let growth = (1.01..4.0_f64, 0..max_tokens)
        .prop_map(|(ratio, n)| (0..n).map(|m| ratio.powi(m as i32)).collect());
    let extreme =
        proptest::collection::vec((-290.0..290.0_f64).prop_map(|x| 10_f64.powf(x)), 0..max_tokens)
            .prop_map(|mut increments| {
                increments.sort_by(|a, b| b.total_cmp(a));
                increments
            });
    let zero = (0..max_tokens).prop_map(|n| vec![0.0; n]);
    prop_oneof![
        6 => increments(max_tokens), 2 => equal, 2 => jumps, 3 => integers, 2 => growth, 2 => extreme, 1 => zero
    ]
}

/// The least error for each number of steps, by the plain dynamic program: O(T L^2).
fn plain_program<F: Scalar>(curve: &InformationCurve<F>) -> Vec<Nats<F>> {
    let tokens = curve.tokens();
    let mut best = vec![F::infinity(); tokens + 1];
    best[0] = F::zero();
    (0..tokens)
        .map(|_| {
            let mut next = vec![F::infinity(); tokens + 1];
            for start in 0..tokens {
                // w(start, end), one token further each time.
                let (mut cost, mut mass) = (F::zero(), F::zero());
                for end in start + 1..=tokens {
                    next[end] = next[end].min(best[start] + cost);
                    if end < tokens {
                        mass = mass + curve.increments()[end];
                        cost = cost + mass;
                    }
                }
            }
            best = next;
            Nats(best[tokens])
        })
        .collect()
}

/// Everything the module promises of one curve, against least errors from elsewhere.
fn check_all<F: Scalar>(
    curve: &InformationCurve<F>,
    least: &[Nats<F>],
) -> Result<(), TestCaseError> {
    let tokens = curve.tokens();
    let frontier = optimal::frontier(curve, tokens).unwrap();
    prop_assert_eq!(frontier.len(), tokens);
    for steps in 1..=tokens {
        let expected = least[steps - 1];
        let (schedule, error) = optimal::schedule(curve, steps).unwrap();
        prop_assert_eq!(schedule.steps(), steps);
        prop_assert_eq!(error, curve.sampling_error(&schedule).unwrap());
        prop_assert!(close(error, expected), "T = {steps}: {error} by {schedule}, not {expected}");
        prop_assert!(
            close(frontier[steps - 1], expected),
            "T = {steps}: {} in frontier",
            frontier[steps - 1]
        );

        let (schedule, error) =
            optimal::fewest_steps(curve, expected * (F::one() + slack())).unwrap();
        prop_assert!(error.0 <= expected.0 * (F::one() + slack()), "T = {steps}: {error}");
        let fewest = schedule.steps();
        prop_assert!(fewest <= steps, "{fewest} steps for {expected}, but {steps} suffice");
        if fewest > 1 {
            prop_assert!(least[fewest - 2].0 > expected.0 * (F::one() - slack()));
        }
    }
    Ok(())
}

proptest! {
    #![proptest_config(seeded(150, 41))]

    #[test]
    fn no_schedule_at_all_is_better(increments in any_increments(10)) {
        let curve = curve_of::<f64>(&increments);
        let mut least = vec![Nats(f64::INFINITY); curve.tokens()];
        for schedule in all_schedules(curve.tokens()) {
            let best = &mut least[schedule.steps() - 1];
            let error = curve.sampling_error(&schedule).unwrap();
            *best = if error < *best { error } else { *best };
        }
        check_all(&curve, &least)?;
    }
}

proptest! {
    #![proptest_config(seeded(250, 42))]

    #[test]
    fn the_plain_program_finds_nothing_better(increments in any_increments(60)) {
        let curve = curve_of::<f64>(&increments);
        check_all(&curve, &plain_program(&curve))?;
    }

    #[test]
    fn the_plain_program_finds_nothing_better_in_f32(increments in any_increments(40)) {
        let scale = increments.iter().copied().fold(1.0, f64::max).min(1e300);
        let increments: Vec<f64> = increments.iter().map(|d| d / scale).collect();
        let curve = curve_of::<f32>(&increments);
        check_all(&curve, &plain_program(&curve))?;
    }
}

proptest! {
    #![proptest_config(seeded(24, 43))]

    #[test]
    fn the_plain_program_finds_nothing_better_up_to_200_tokens(increments in any_increments(200)) {
        let curve = curve_of::<f64>(&increments);
        check_all(&curve, &plain_program(&curve))?;
    }
}

fn permutation(tokens: u32) -> InformationCurve {
    let entropies: Vec<f64> = (0..tokens).map(|k| f64::from(tokens - k).ln()).collect();
    InformationCurve::from_conditional_entropies(entropies).unwrap()
}

/// Wen, Liang & Lu, arXiv 2608.25505: uniform permutations in four steps.
#[test]
fn published_optima_of_permutations_are_found() {
    for (tokens, sizes) in [(8, [3, 2, 2, 1]), (16, [6, 5, 3, 2]), (32, [12, 9, 7, 4])] {
        assert_eq!(optimal::schedule(&permutation(tokens), 4).unwrap().0.sizes(), sizes);
    }
}

#[test]
fn reference_optima_are_found() {
    let reference: Value = serde_json::from_str(include_str!("cases.json")).unwrap();
    let number = |digits: &Value| digits.as_str().unwrap().parse::<f64>().unwrap();
    let mut compared = 0;
    for case in reference["cases"].as_array().unwrap() {
        let entropies = case["conditional_entropies"].as_array().unwrap();
        let curve = InformationCurve::from_conditional_entropies(
            entropies.iter().map(number).collect::<Vec<_>>(),
        )
        .unwrap();
        let Some(optima) = case["optimal_errors"].as_array() else { continue };
        let frontier = optimal::frontier(&curve, optima.len()).unwrap();
        for (index, optimum) in optima.iter().map(number).enumerate() {
            let (_, error) = optimal::schedule(&curve, index + 1).unwrap();
            for found in [error.0, frontier[index].0] {
                assert!(
                    approx::relative_eq!(found, optimum, max_relative = 1e-12, epsilon = 1e-14),
                    "{} T = {}: {found}, not {optimum}",
                    case["name"],
                    index + 1
                );
            }
            compared += 1;
        }
    }
    assert!(compared > 9, "{compared}");
}
