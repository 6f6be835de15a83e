//! The best schedules are the best: against every schedule, against the plain dynamic program, against
//! published optima.

use crate::support;

use proptest::prelude::*;
use rand::RngExt;
use serde_json::Value;
use support::*;
use unmaskcost::curve::Curve;
use unmaskcost::{Error, InformationCurve, Nats, Scalar, Schedule, optimal};
use unmaskcost::{
    measured,
    optimal::{
        Optimum,
        families::{self, Family},
    },
};

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
            for (start, &before) in best[..tokens].iter().enumerate() {
                // w(start, end), one token further each time.
                let (mut cost, mut mass) = (F::zero(), F::zero());
                for (end, error) in next.iter_mut().enumerate().skip(start + 1) {
                    *error = error.min(before + cost);
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
pub fn check_all<F: Scalar>(
    curve: &impl Curve<Scalar = F>,
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

        // What was promised for this many steps takes no more steps, to the last bit.
        let (again, same_error) = optimal::fewest_steps(curve, error).unwrap();
        prop_assert!(again.steps() <= steps && same_error <= error);
        if again.steps() == steps {
            prop_assert_eq!(&again, &schedule);
        }
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
    #![proptest_config(seeded(100, 41))]

    #[test]
    fn no_schedule_at_all_is_better(increments in any_increments(13)) {
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

/// A curve with exactly these increments, of any magnitudes side by side: only a document holds them.
#[cfg(feature = "serde")]
fn curve_of_document(increments: &[f64]) -> InformationCurve {
    let increments: Vec<f64> = std::iter::once(0.0).chain(increments.iter().copied()).collect();
    let text = serde_json::json!({
        "format": "unmaskcost.information_curve",
        "version": 1,
        "unit": "nats",
        "information": information_of(&increments[1..]),
        "increments": increments,
    });
    serde_json::from_value(text).unwrap()
}

#[cfg(feature = "serde")]
proptest! {
    #![proptest_config(seeded(60, 46))]

    #[test]
    fn no_magnitude_hides_another(
        increments in prop_oneof![
            proptest::collection::vec((-295.0..295.0_f64).prop_map(|x| 10_f64.powf(x)), 0..40),
            proptest::collection::vec(prop_oneof![Just(1e295), Just(1e-300), Just(0.0)], 0..40),
            (0.5..0.7_f64, 0..60_usize).prop_map(|(rate, n)| {
                (0..n).map(|m| 10_f64.powf(290.0 * (rate * m as f64).sin())).collect()
            }),
        ]
    ) {
        let curve = curve_of_document(&increments);
        check_all(&curve, &plain_program(&curve))?;
    }
}

/// The fewest steps are decided by the error of the schedule itself, whatever rounding says of the path.
#[test]
fn the_fewest_steps_for_an_error_that_was_promised_are_no_more() {
    let curve = InformationCurve::from_information([0.0, 0.3, 1.2, 1.5]).unwrap();
    for steps in 1..=4 {
        let (schedule, error) = optimal::schedule(&curve, steps).unwrap();
        assert_eq!(optimal::fewest_steps(&curve, error), Ok((schedule, error)));
    }
    // Increments over sixteen orders of magnitude, and a tolerance in between.
    let falling = [1.00000001e16, 100000000.00000001, 2e-8, 1e-8, 2e-16, 1e-16, 0.0];
    let falling = InformationCurve::from_conditional_entropies(falling).unwrap();
    let (schedule, error) = optimal::fewest_steps(&falling, Nats(500000000.00000006)).unwrap();
    assert_eq!((schedule.steps(), error.0), (2, 500000000.00000006));
    let powers: Vec<f64> = (0..64).map(|k| 0.01_f64.powi(k)).collect();
    let powers = InformationCurve::from_conditional_entropies(powers).unwrap();
    let (_, error) = optimal::fewest_steps(&powers, Nats(2.9989898989898996e-65)).unwrap();
    assert!(error.0 <= 2.9989898989898996e-65);
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

/// Increments of a text: a power law with noise.
fn text_like(tokens: usize) -> InformationCurve {
    let noise = |m: usize| 0.5 + (m as u64).wrapping_mul(0x9E37_79B9_7F4A_7C15) as f64 / 2e19;
    let increments: Vec<f64> =
        (1..tokens).map(|m| noise(m) / (m as f64 + 10.0).powf(1.5)).collect();
    curve_of(&increments)
}

/// Long curves: the search over prices against the layers of the frontier, which share no search.
#[test]
fn long_curves_agree_with_their_frontier() {
    for (tokens, max_steps) in [(1500, 1500), (40_000, 60)] {
        let curve = text_like(tokens);
        let frontier = optimal::frontier(&curve, max_steps).unwrap();
        for steps in (1..=max_steps).step_by(1 + max_steps / 50) {
            let (schedule, error) = optimal::schedule(&curve, steps).unwrap();
            assert_eq!(schedule.steps(), steps);
            let gap = (error.0 - frontier[steps - 1].0).abs();
            assert!(gap <= 1e-12 * error.0, "L = {tokens}, T = {steps}: {error}");
        }
    }
}

proptest! {
    #![proptest_config(seeded(150, 44))]

    #[test]
    fn frontiers_are_convex_and_end_in_zero(increments in any_increments(80)) {
        let curve = curve_of::<f64>(&increments);
        let frontier = optimal::frontier(&curve, curve.tokens()).unwrap();
        prop_assert!(close(frontier[0], curve.total_correlation()));
        for triple in frontier.windows(3) {
            let (first, second) = (triple[0].0 - triple[1].0, triple[1].0 - triple[2].0);
            prop_assert!(second >= 0.0);
            prop_assert!(first >= second - 1e-12 * triple[0].0, "{triple:?}");
        }
        // One start for each value the curve takes is what it needs, and all it needs.
        let values = 1 + curve.increments().iter().filter(|&&d| d > 0.0).count();
        for (index, error) in frontier.iter().enumerate() {
            prop_assert_eq!(error.0 == 0.0, index + 1 >= values, "T = {}", index + 1);
        }
        let (schedule, error) = optimal::fewest_steps(&curve, Nats(0.0)).unwrap();
        prop_assert_eq!((schedule.steps(), error), (values, Nats(0.0)));
        let all = optimal::schedules(&curve, curve.tokens()).unwrap();
        for (index, Optimum { plan, error, .. }) in all.iter().enumerate() {
            prop_assert_eq!(plan.steps(), index + 1);
            prop_assert!(close(*error, frontier[index]));
        }
    }

    #[test]
    fn a_price_is_met_by_the_best_trade(
        (increments, price) in (any_increments(40), -3.0..1.0_f64)
    ) {
        let curve = curve_of::<f64>(&increments);
        let price = curve.total_correlation().0 * 10_f64.powf(price);
        let best = optimal::at_price(&curve, Nats(price)).unwrap();
        let cost = |steps: usize, error: Nats| error.0 + price * steps as f64;
        let found = cost(best.plan.steps(), best.error);
        for (index, least) in plain_program(&curve).into_iter().enumerate() {
            prop_assert!(found <= cost(index + 1, least) * (1.0 + 1e-13), "T = {}", index + 1);
        }
    }
}

proptest! {
    #![proptest_config(seeded(60, 45))]

    #[test]
    fn no_split_of_the_steps_is_better(
        curves in proptest::collection::vec(any_increments(10), 1..4)
    ) {
        let scale = |increments: &[f64]| increments.iter().copied().fold(1.0, f64::max);
        let curves: Vec<InformationCurve> = curves
            .iter()
            .map(|increments| {
                let scale = scale(increments);
                curve_of(&increments.iter().map(|d| d / scale).collect::<Vec<_>>())
            })
            .collect();
        // least[n]: the least error of the curves so far in n steps, by trying every split.
        let mut least = vec![0.0];
        for curve in &curves {
            let frontier = plain_program(curve);
            let mut next = vec![f64::INFINITY; least.len() + frontier.len()];
            for (before, error) in least.iter().enumerate() {
                for (index, here) in frontier.iter().enumerate() {
                    let steps = before + index + 1;
                    next[steps] = next[steps].min(error + here.0);
                }
            }
            least = next;
        }
        let tokens: usize = curves.iter().map(InformationCurve::tokens).sum();
        for (steps, &expected) in least.iter().enumerate().take(tokens + 1).skip(curves.len()) {
            let split = optimal::split(&curves, steps).unwrap();
            prop_assert_eq!(split.iter().map(|each| each.plan.steps()).sum::<usize>(), steps);
            for (curve, each) in curves.iter().zip(&split) {
                prop_assert_eq!(each.error, curve.sampling_error(&each.plan).unwrap());
            }
            let total: Nats = split.iter().map(|each| each.error).sum();
            prop_assert!(close(total, Nats(expected)), "{steps} steps: {total}, {expected}");
        }
    }

    #[test]
    fn no_schedule_is_better_for_losses_that_rise_and_fall(
        losses in proptest::collection::vec(-1.0..4.0_f64, 1..10)
    ) {
        for steps in 1..=losses.len() {
            let best = measured::schedule_for_losses(&losses, steps).unwrap();
            let (schedule, cost) = (best.plan, best.error);
            prop_assert_eq!(schedule.steps(), steps);
            let cost_of = |schedule: &Schedule| -> f64 {
                schedule.ranges().map(|step| {
                    let first = losses[step.start];
                    losses[step].iter().map(|loss| first - loss).sum::<f64>()
                }).sum()
            };
            prop_assert!((cost_of(&schedule) - cost.0).abs() <= 1e-13);
            let best = all_schedules(losses.len()).filter(|other| other.steps() == steps);
            let best = best.map(|other| cost_of(&other)).fold(f64::INFINITY, f64::min);
            prop_assert!((cost.0 - best).abs() <= 1e-13, "T = {steps}: {cost}, not {best}");
        }
    }

    #[test]
    fn losses_that_never_rise_are_a_curve(increments in any_increments(30)) {
        let curve = curve_of::<f64>(&increments);
        let losses: Vec<f64> =
            (0..curve.tokens()).map(|k| curve.conditional_entropy(k).unwrap().0).collect();
        for steps in 1..=curve.tokens() {
            let cost = measured::schedule_for_losses(&losses, steps).unwrap().error;
            let (_, least) = optimal::schedule(&curve, steps).unwrap();
            let noise = 1e-13 * curve.total_correlation().0;
            prop_assert!((cost.0 - least.0).abs() <= noise, "{cost} {least}");
        }
    }
}

#[test]
fn equal_increments_give_equal_steps_with_the_larger_first() {
    for tokens in [1, 2, 7, 100, 1000] {
        let curve = curve_of::<f64>(&vec![0.25; tokens - 1]);
        for steps in 1..=tokens {
            let (schedule, _) = optimal::schedule(&curve, steps).unwrap();
            assert_eq!(schedule, Schedule::balanced(tokens, steps).unwrap());
        }
    }
}

#[test]
fn of_schedules_that_cost_the_same_for_losses_the_last_steps_are_the_largest() {
    for (steps, sizes) in [(1, vec![6]), (2, vec![1, 5]), (3, vec![1, 1, 4]), (6, vec![1; 6])] {
        let best = measured::schedule_for_losses(&[1.5; 6], steps).unwrap();
        assert_eq!((best.plan.sizes(), best.error), (&sizes[..], Nats(0.0)));
    }
    // Small whole numbers, so that ties are exact: against all schedules.
    for losses in [[2.0, 1.0, 2.0, 1.0, 1.0], [1.0, 0.0, 1.0, 0.0, 1.0], [0.0, 0.0, 1.0, 1.0, 0.0]]
    {
        let cost = |schedule: &Schedule| -> f64 {
            schedule
                .ranges()
                .map(|step| {
                    losses[step.clone()].iter().map(|x| losses[step.start] - x).sum::<f64>()
                })
                .sum()
        };
        for steps in 1..=5 {
            let best = measured::schedule_for_losses(&losses, steps).unwrap();
            let ties = all_schedules(5).filter(|s| s.steps() == steps && cost(s) == best.error.0);
            let from_the_end =
                |s: &Schedule| s.sizes().iter().rev().copied().collect::<Vec<usize>>();
            let largest = ties.max_by_key(from_the_end).unwrap();
            assert_eq!(best.plan, largest, "{losses:?}, {steps} steps");
        }
    }
}

#[test]
fn surplus_steps_are_single_tokens_at_the_end() {
    let (schedule, error) =
        optimal::schedule(&curve_of::<f64>(&[0.0, 0.0, 1.0, 0.0, 0.0]), 4).unwrap();
    assert_eq!((schedule.sizes(), error), (&[3, 1, 1, 1][..], Nats(0.0)));
    let (schedule, _) = optimal::schedule(&curve_of::<f64>(&[0.0; 7]), 3).unwrap();
    assert_eq!(schedule.sizes(), [6, 1, 1]);
}

#[test]
fn families_are_what_they_say_and_never_better_than_the_best() {
    for curve in [text_like(300), permutation(64), curve_of(&[0.0; 20]), curve_of(&[])] {
        for steps in [1, 2, 5, 16, 60].into_iter().filter(|&steps| steps <= curve.tokens()) {
            let (_, least) = optimal::schedule(&curve, steps).unwrap();
            let fitted = families::fit(&curve, steps).unwrap();
            assert_eq!(fitted.iter().map(|member| member.family).collect::<Vec<_>>(), Family::ALL);
            for member in &fitted {
                assert_eq!(member.schedule.steps(), steps);
                assert_eq!(member.error, curve.sampling_error(&member.schedule).unwrap());
                assert!(member.ratio >= 1.0);
                assert!(least.0 == 0.0 || close(least * member.ratio, member.error));
                // Both families with a parameter contain the balanced schedule.
                assert!(member.parameter.is_none() || member.error <= fitted[0].error);
            }
        }
    }
    // 12 (1 - cos(pi t / 8)) = 0.9, 3.5, 7.4, 12.
    let cosine = &families::fit(&permutation(12), 4).unwrap()[1];
    assert_eq!(cosine.schedule.sizes(), [1, 3, 3, 5]);
}

/// The member of a family by its formula: ends rounded to nearest, at least one token in every step.
fn plain_member(tokens: usize, steps: usize, share: impl Fn(f64) -> f64) -> Schedule {
    let mut ends = vec![0];
    for step in 1..=steps {
        let end = (share(step as f64 / steps as f64) * tokens as f64).round() as usize;
        ends.push(end.clamp(ends[step - 1] + 1, tokens - (steps - step)));
    }
    ends[steps] = tokens;
    Schedule::from_reveal_sizes(ends.windows(2).map(|pair| pair[1] - pair[0]).collect::<Vec<_>>())
        .unwrap()
}

/// From balanced steps on: the best of 41 parameters between `-range` and `range`, then of three grids around the best, each ten
/// times finer.
fn best_of_grids(range: f64, balanced: f64, error_of: impl Fn(f64) -> f64) -> (f64, f64) {
    let (mut best, mut spacing) = ((0.0, balanced), range / 20.0);
    for _ in 0..4 {
        let centre: f64 = best.0;
        for point in -20..=20 {
            let parameter = centre + f64::from(point) * spacing;
            let error = error_of(parameter);
            if error < best.1 {
                best = (parameter, error);
            }
        }
        spacing /= 10.0;
    }
    best
}

#[test]
fn parameters_of_families_are_the_best_of_the_grids_that_the_documents_name() {
    let jump = |place: usize| {
        let mut increments = [1e-6; 99];
        increments[place] = 1.0;
        curve_of::<f64>(&increments)
    };
    let late = (1..120).map(|m| (f64::from(m) / 9.0).exp()).collect::<Vec<_>>();
    let curves = [text_like(300), curve_of(&late), permutation(64), jump(0), jump(7), jump(98)];
    let geometric = |a: f64, u: f64| if a == 0.0 { u } else { (a * u).exp_m1() / a.exp_m1() };
    let power = |a: f64, u: f64| u.powf(a.exp2());
    for curve in &curves {
        for steps in [3, 16, 60] {
            let fitted = families::fit(curve, steps).unwrap();
            let check =
                |family, range, share: &dyn Fn(f64, f64) -> f64, name: &dyn Fn(f64) -> f64| {
                    let error_of = |a: f64| {
                        let member = plain_member(curve.tokens(), steps, |u| share(a, u));
                        curve.sampling_error(&member).unwrap().0
                    };
                    let (parameter, error) = best_of_grids(range, fitted[0].error.0, error_of);
                    let found = fitted.iter().find(|member| member.family == family).unwrap();
                    let found = (found.parameter.unwrap(), found.error);
                    assert!(
                        close(found.1, Nats(error)) && (found.0 - name(parameter)).abs() < 1e-9,
                        "{family:?}, {steps} steps: {found:?}, not {} with {error}",
                        name(parameter)
                    );
                };
            check(Family::Geometric, 24.0, &geometric, &|a| a);
            check(Family::PowerLaw, 4.0, &power, &f64::exp2);
        }
    }
}

/// Lavenant & Zanella, arXiv 2510.25544: best in the limit of many small steps.
#[test]
fn the_square_root_law_is_nearly_best_for_many_small_steps() {
    let increments: Vec<f64> = (1..40_000).map(|m| (-f64::from(m) / 8000.0).exp()).collect();
    let curve = curve_of::<f64>(&increments);
    let ratios = [20, 200, 1000].map(|steps| families::fit(&curve, steps).unwrap()[4].ratio);
    assert!(ratios[0] < 1.01 && ratios[1] < 1.001 && ratios[2] < 1.001, "{ratios:?}");
}

#[test]
fn bad_input_is_refused() {
    let curve = permutation(4);
    let out_of_range = |result: Result<(), Error>, steps| {
        assert_eq!(result, Err(Error::StepsOutOfRange { steps, tokens: 4 }));
    };
    for steps in [0, 5, usize::MAX] {
        out_of_range(optimal::schedule(&curve, steps).map(drop), steps);
        out_of_range(optimal::frontier(&curve, steps).map(drop), steps);
        out_of_range(optimal::schedules(&curve, steps).map(drop), steps);
        out_of_range(families::fit(&curve, steps).map(drop), steps);
        out_of_range(measured::schedule_for_losses(&[1.0; 4], steps).map(drop), steps);
    }
    for bad in [f64::NAN, f64::INFINITY] {
        let tolerance = optimal::fewest_steps(&curve, Nats(bad));
        assert!(matches!(tolerance, Err(Error::NotFinite { what: "tolerance", .. })));
        let price = optimal::at_price(&curve, Nats(bad));
        assert!(matches!(price, Err(Error::NotFinite { what: "price of a step", .. })));
        let losses = measured::schedule_for_losses(&[1.0, bad], 1);
        assert!(matches!(losses, Err(Error::NotFinite { what: "losses", index: Some(1), .. })));
    }
    assert!(matches!(optimal::fewest_steps(&curve, Nats(-1.0)), Err(Error::Negative { .. })));
    assert!(matches!(optimal::at_price(&curve, Nats(-1.0)), Err(Error::Negative { .. })));
    assert!(matches!(optimal::split::<f64>(&[], 1), Err(Error::Empty { .. })));
    let two = [curve.clone(), curve];
    assert_eq!(
        optimal::split(&two, 1),
        Err(Error::TooFew { what: "steps for curves that need one each", found: 1, needed: 2 })
    );
    assert_eq!(optimal::split(&two, 9), Err(Error::StepsOutOfRange { steps: 9, tokens: 8 }));
    let huge = InformationCurve::from_information([0.0, 8e307]).unwrap();
    assert!(matches!(optimal::split(&[huge.clone(), huge], 2), Err(Error::Overflow { .. })));
    let many = vec![1.0; 100_000];
    assert!(matches!(measured::schedule_for_losses(&many, 2), Err(Error::TooLarge { .. })));
    let far = [f64::MAX, -f64::MAX];
    assert!(matches!(measured::schedule_for_losses(&far, 1), Err(Error::Overflow { .. })));
}

/// Increments whose roots are small whole numbers: the parts of their sum by counting.
#[test]
fn the_square_root_schedule_ends_its_steps_at_equal_parts_of_the_roots() {
    let mut random = generator(513);
    for _ in 0..300 {
        let roots: Vec<f64> = (0..random.random_range(1..40))
            .map(|_| f64::from(random.random_range(1..5_u8)))
            .collect();
        let squares: Vec<f64> = roots.iter().map(|root| root * root).collect();
        let curve = curve_of::<f64>(&squares);
        let all: f64 = roots.iter().sum();
        // The count m after which `part` of the roots are summed, on a straight line between counts.
        let place = |part: f64| {
            let mut sum = 0.0;
            for (m, root) in roots.iter().enumerate() {
                if sum + root >= part {
                    return m as f64 + (part - sum) / root;
                }
                sum += root;
            }
            roots.len() as f64
        };
        let tokens = curve.tokens();
        for steps in [1, 2, 3, 5, 8].into_iter().filter(|&steps| steps <= tokens) {
            let expected = plain_member(tokens, steps, |u| place(u * all) / tokens as f64);
            let fitted = families::fit(&curve, steps).unwrap();
            assert_eq!(fitted[4].schedule, expected, "{roots:?}, {steps} steps");
        }
    }
}
