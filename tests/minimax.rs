//! No schedule guarantees less with as many steps, whatever is known.

use crate::support;

use proptest::prelude::*;
use support::*;
use unmaskcost::bounds::{chen_cong_li, sharp};
use unmaskcost::optimal::minimax::{self, Given};
use unmaskcost::{Error, InformationCurve, Nats, Schedule};

/// The smallest guarantee for each number of steps, over all schedules.
fn least_guarantees(given: &Given, tokens: usize) -> Vec<f64> {
    let mut least = vec![f64::INFINITY; tokens];
    for schedule in all_schedules(tokens) {
        let guarantee = given.guarantee(&schedule).unwrap().0;
        let best = &mut least[schedule.steps() - 1];
        *best = best.min(guarantee);
    }
    least
}

fn check(given: &Given, tokens: usize) -> Result<(), TestCaseError> {
    let least = least_guarantees(given, tokens);
    for steps in 1..=tokens {
        let best = minimax::schedule(given, tokens, steps).unwrap();
        prop_assert_eq!(best.schedule.steps(), steps);
        prop_assert_eq!(best.schedule.tokens(), tokens);
        prop_assert_eq!(best.guarantee, given.guarantee(&best.schedule).unwrap());
        // Bounds are rounded up, by the rounding of what is given: two schedules whose guarantee is zero
        // may differ by that.
        let expected = least[steps - 1] + 1e-13 * least[0];
        prop_assert!(
            best.guarantee.0 <= expected * (1.0 + 1e-9),
            "{given:?}, L = {tokens}, T = {steps}: {} by {}, not {expected}",
            best.guarantee,
            best.schedule
        );
        let tolerance = Nats(expected * (1.0 + 1e-9));
        let fewest = minimax::fewest_steps(given, tokens, tolerance).unwrap();
        let needed = 1 + least.iter().take_while(|&&guarantee| guarantee > tolerance.0).count();
        prop_assert_eq!(fewest.schedule.steps(), needed);
        prop_assert!(fewest.guarantee <= tolerance || needed == tokens);
    }
    Ok(())
}

proptest! {
    #![proptest_config(seeded(40, 51))]

    #[test]
    fn no_schedule_guarantees_less_with_both_correlations(
        (tokens, total, share) in (2_usize..=12, 0.01..10.0_f64, 0.0..1.0_f64)
    ) {
        // DTC between TC / (L - 1) and (L - 1) TC.
        let widest = ((tokens as f64 - 1.0) * 0.999_999).max(1.0);
        let dual = total * widest.powf(2.0 * share - 1.0);
        check(&Given::Correlations { total: Nats(total), dual: Nats(dual) }, tokens)?;
    }

    #[test]
    fn no_schedule_guarantees_less_with_known_points(
        (curve, points) in increments(12).prop_flat_map(|increments| {
            let tokens = increments.len() + 1;
            let points = proptest::collection::vec(any::<bool>(), tokens);
            (Just(information_of(&increments)), points)
        })
    ) {
        let tokens = curve.len();
        let curve = InformationCurve::from_information(curve).unwrap();
        let points = points.iter().enumerate().filter(|&(k, &known)| known || k + 1 == tokens);
        let points = points.map(|(k, _)| (k, curve.information(k))).collect();
        check(&Given::Points(points), tokens)?;
    }
}

#[test]
fn no_schedule_guarantees_less_with_one_number() {
    for tokens in 1..=12 {
        let value = Nats(if tokens == 1 { 0.0 } else { 3.0 });
        for given in [
            Given::TokenInformation(value),
            Given::TotalCorrelation(value),
            Given::DualTotalCorrelation(value),
        ] {
            check(&given, tokens).unwrap();
        }
    }
}

type Greedy = fn(Nats, usize, Nats) -> unmaskcost::Result<Schedule>;

/// The closed form: with one correlation the largest allowed steps are best, so no step of a minimax
/// schedule has room for the ratio it attains, and with the next smaller ratio the end is not reached.
#[test]
fn one_correlation_takes_greedy_steps_at_any_length() {
    for (tokens, steps) in [(1000, 2), (1000, 37), (1000, 999), (50_000, 300), (1 << 40, 100)] {
        for dual in [false, true] {
            let value = Nats(1.0_f64);
            let (given, schedule) = if dual {
                let greedy: Greedy = chen_cong_li::dual_total_correlation_schedule;
                (Given::DualTotalCorrelation(value), greedy)
            } else {
                let greedy: Greedy = chen_cong_li::total_correlation_schedule;
                (Given::TotalCorrelation(value), greedy)
            };
            let best = minimax::schedule(&given, tokens, steps).unwrap();
            assert_eq!((best.schedule.steps(), best.schedule.tokens()), (steps, tokens));
            let greedy = schedule(value, tokens, best.guarantee).unwrap();
            assert!(greedy.steps() <= steps);
            let tighter = Nats(best.guarantee.0 * (1.0 - 1e-9));
            let greedy = schedule(value, tokens, tighter).unwrap();
            assert!(greedy.steps() > steps, "L = {tokens}, T = {steps}: {}", greedy.steps());
        }
    }
}

#[test]
fn both_correlations_guarantee_no_more_than_either() {
    let tokens = 4096;
    for (total, dual) in [(5.0, 50.0), (50.0, 50.0), (300.0, 2.0)] {
        let (total, dual) = (Nats(total), Nats(dual));
        for steps in [3, 20, 150] {
            let guarantee = |given| minimax::schedule(&given, tokens, steps).unwrap().guarantee.0;
            let both = guarantee(Given::Correlations { total, dual });
            let either = [
                guarantee(Given::TotalCorrelation(total)),
                guarantee(Given::DualTotalCorrelation(dual)),
                guarantee(Given::TokenInformation(total + dual)),
            ];
            assert!(either.iter().all(|one| both <= *one), "{both} {either:?}");
        }
    }
}

#[test]
fn the_whole_curve_as_points_gives_the_optimal_schedule() {
    let information: Vec<f64> = (0..20).map(|k| 1.0 - 0.8_f64.powi(k)).collect();
    let points = information.iter().enumerate().map(|(k, &value)| (k, Nats(value))).collect();
    let given = Given::Points(points);
    let curve = InformationCurve::from_information(information).unwrap();
    for steps in 1..=20 {
        let (_, least) = unmaskcost::optimal::schedule(&curve, steps).unwrap();
        let best = minimax::schedule(&given, 20, steps).unwrap();
        assert!((best.guarantee.0 - least.0).abs() <= 1e-12, "{} {least}", best.guarantee);
    }
}

#[test]
fn the_published_step_count_is_never_less() {
    for tokens in [16, 256, 4096] {
        for correlation in [0.1, 3.0, 40.0] {
            for tolerance in [0.05, 0.5, 5.0] {
                let (correlation, tolerance) = (Nats(correlation), Nats(tolerance));
                let published =
                    chen_cong_li::sufficient_steps(correlation, tokens, tolerance).unwrap();
                for given in
                    [Given::TotalCorrelation(correlation), Given::DualTotalCorrelation(correlation)]
                {
                    let best = minimax::fewest_steps(&given, tokens, tolerance).unwrap();
                    assert!(best.schedule.steps() <= published);
                }
            }
        }
    }
}

#[test]
fn correlations_near_their_limits_take_no_longer() {
    // DTC is nearly (L - 1) TC: the guarantee is nearly zero, and many slopes are equally good.
    for (tokens, steps) in [(2, 2), (1_000, 600), (10_000, 6_000)] {
        let (total, dual) = (Nats(5.0), Nats(5.0 * (0.9999 * (tokens as f64 - 1.0)).max(1.0)));
        let best = minimax::schedule(&Given::Correlations { total, dual }, tokens, steps).unwrap();
        let alone = minimax::schedule(&Given::TotalCorrelation(total), tokens, steps).unwrap();
        assert!(best.guarantee.0 < 1e-3 && best.guarantee <= alone.guarantee);
    }
}

#[test]
fn points_that_fall_by_rounding_count_as_equal() {
    let rise = [(5, 1.0 + 2e-10), (6, 1.0 + 3e-10), (7, 1.0 - 7e-10), (8, 1.0 + 3e-10)];
    let given = Given::Points(rise.map(|(k, value)| (k, Nats(value))).to_vec());
    let best = minimax::schedule(&given, 9, 7).unwrap();
    assert!(best.guarantee.0 < 1e-12, "{}: {}", best.schedule, best.guarantee);
}

#[test]
fn points_that_end_early_are_followed_by_single_tokens() {
    for tokens in 2..=8 {
        for last in 1..tokens {
            let points: Vec<_> = (1..=last).map(|k| (k, Nats((k * k) as f64))).collect();
            let given = Given::Points(points);
            for steps in 1..=tokens {
                let guarantees = all_schedules(tokens)
                    .filter(|schedule| schedule.steps() == steps)
                    .filter_map(|schedule| given.guarantee(&schedule).ok());
                let least = guarantees.map(|x| x.0).fold(f64::INFINITY, f64::min);
                match minimax::schedule(&given, tokens, steps) {
                    Ok(best) => assert!(best.guarantee.0 <= least * (1.0 + 1e-12) + 1e-12),
                    Err(error) => {
                        assert!(matches!(error, Error::Unbounded { .. }) && least.is_infinite());
                    }
                }
            }
            let fewest = minimax::fewest_steps(&given, tokens, Nats(1e9)).unwrap();
            assert_eq!(fewest.schedule.steps(), tokens - last);
        }
    }
}

#[test]
fn correlations_that_bounds_accept_are_accepted() {
    // TC is 3 DTC in single precision, and a little more in double.
    let (total, dual) = (Nats(0.158_124_6_f32), Nats(0.052_708_197_f32));
    for steps in 1..=4 {
        let schedule = Schedule::balanced(4, steps).unwrap();
        let guarantee = sharp::from_correlations(total, dual, &schedule).unwrap().upper;
        let best = minimax::schedule(&Given::Correlations { total, dual }, 4, steps).unwrap();
        assert!(best.guarantee <= guarantee);
    }
}

#[test]
fn the_search_ends_where_floats_tell_no_tokens_apart() {
    let (total, dual) = (Nats(0.666_090_557_484_055_2), Nats(6.660_905_574_840_552e-13));
    for tokens in [1 << 52, 1 << 53, usize::MAX] {
        for steps in [1, 2, 45] {
            for given in [
                Given::Correlations { total, dual },
                Given::Correlations { total: dual, dual: total },
                Given::TotalCorrelation(total),
                Given::DualTotalCorrelation(total),
            ] {
                // Some contradict each other at some lengths: refused, but not searched without end.
                if let Ok(best) = minimax::schedule(&given, tokens, steps) {
                    assert_eq!((best.schedule.tokens(), best.schedule.steps()), (tokens, steps));
                }
            }
        }
    }
}

#[test]
fn single_precision_counts_all_tokens() {
    let given =
        |total: f32, dual: f32| Given::Correlations { total: Nats(total), dual: Nats(dual) };
    let single = minimax::schedule(&given(20.0, 30.0), 20_000_000, 50).unwrap();
    let double = Given::Correlations { total: Nats(20.0), dual: Nats(30.0) };
    let double = minimax::schedule(&double, 20_000_000, 50).unwrap();
    assert!((f64::from(single.guarantee.0) / double.guarantee.0 - 1.0).abs() < 1e-4);
}

#[test]
fn bad_input_is_refused() {
    let tc = Given::TotalCorrelation(Nats(1.0_f64));
    assert!(matches!(minimax::schedule(&tc, 4, 0), Err(Error::StepsOutOfRange { .. })));
    assert!(matches!(minimax::schedule(&tc, 4, 5), Err(Error::StepsOutOfRange { .. })));
    assert!(matches!(minimax::fewest_steps(&tc, 0, Nats(1.0)), Err(Error::StepsOutOfRange { .. })));
    assert!(matches!(minimax::fewest_steps(&tc, 4, Nats(-1.0)), Err(Error::Negative { .. })));
    let nan = Given::DualTotalCorrelation(Nats(f64::NAN));
    assert!(matches!(minimax::schedule(&nan, 4, 2), Err(Error::NotFinite { .. })));
    let far_apart = Given::Correlations { total: Nats(1.0), dual: Nats(100.0) };
    assert!(matches!(minimax::schedule(&far_apart, 4, 2), Err(Error::Inconsistent { .. })));
    let open = Given::Points(vec![(1, Nats(0.5_f64))]);
    assert!(matches!(minimax::schedule(&open, 4, 2), Err(Error::Unbounded { .. })));
    let long = Given::Points(vec![(9_999, Nats(0.5_f64))]);
    assert!(matches!(minimax::schedule(&long, 10_000, 20), Err(Error::TooLarge { .. })));
    let many = minimax::schedule(&tc, 1 << 40, 300_000_000);
    assert!(matches!(many, Err(Error::TooLarge { .. })));
    // One candidate may overflow; the best does not.
    let huge = Given::Points(vec![(1, Nats(1e307)), (99, Nats(1e307))]);
    assert_eq!(minimax::schedule(&huge, 100, 2).unwrap().schedule.sizes(), [1, 99]);
    let sequential = Schedule::sequential(4).unwrap();
    assert_eq!(sharp::from_total_correlation(Nats(1.0), &sequential).unwrap().upper, Nats(0.0));
}
