//! No schedule guarantees less with as many steps, whatever is known.

use crate::support;

use proptest::prelude::*;
use support::*;
use unmaskcost::bounds::sharp::Known;
use unmaskcost::bounds::{Knowledge, chen_cong_li, sharp};
use unmaskcost::optimal::minimax;
use unmaskcost::{Error, InformationCurve, Nats, Scalar, Schedule};

fn both<F: Scalar>(tokens: usize, total: Nats<F>, dual: Nats<F>) -> Known<F> {
    Known::about(tokens).total_correlation(total).dual_total_correlation(dual)
}

fn known_points(tokens: usize, points: impl IntoIterator<Item = (usize, Nats)>) -> Known {
    let known = Known::about(tokens);
    points.into_iter().fold(known, |known, (k, value)| known.information(k, value))
}

/// The smallest guarantee for each number of steps, over all schedules.
fn least_guarantees(given: &Known, tokens: usize) -> Vec<f64> {
    let mut least = vec![f64::INFINITY; tokens];
    for schedule in all_schedules(tokens) {
        let guarantee = given.upper(&schedule).unwrap().0;
        let best = &mut least[schedule.steps() - 1];
        *best = best.min(guarantee);
    }
    least
}

fn check(given: &Known) -> Result<(), TestCaseError> {
    let tokens = given.tokens();
    let least = least_guarantees(given, tokens);
    for steps in 1..=tokens {
        let best = minimax::schedule(given, steps).unwrap();
        prop_assert_eq!(best.schedule.steps(), steps);
        prop_assert_eq!(best.schedule.tokens(), tokens);
        prop_assert_eq!(best.guarantee, given.upper(&best.schedule).unwrap());
        prop_assert_eq!(best.guarantee, best.least_possible);
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
        let fewest = minimax::fewest_steps(given, tolerance).unwrap();
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
        check(&both(tokens, Nats(total), Nats(dual)))?;
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
        check(&known_points(tokens, points.map(|(k, _)| (k, curve.information(k)))))?;
    }
}

/// Points that are far apart, in a longer sequence, against the slow twin: a dynamic program over all places
/// of all steps, with the payment and the height of the sawtooth so far.
mod long_sequences {
    use super::*;

    /// What each schedule pays, least first: `ways[k]` holds payments and heights in the gap of `k + 1`.
    fn least_payment(points: &[(usize, f64)], tokens: usize, steps: usize) -> f64 {
        let mut known = vec![(0, 0.0)];
        known.extend(points);
        let gap_of = |m: usize| known.partition_point(|&(k, _)| k < m) - 1;
        let rise = |gap: usize| known[gap + 1].1 - known[gap].1;
        let mut ways = vec![Vec::new(); tokens + 1];
        ways[0].push((0.0, 0));
        for step in 1..=steps {
            let mut next: Vec<Vec<(f64, usize)>> = vec![Vec::new(); tokens + 1];
            for (start, ways) in ways.iter().enumerate() {
                let ends = next.iter_mut().enumerate().take(tokens - (steps - step) + 1);
                for (end, here) in ends.skip(start + 1) {
                    for &(mut paid, mut height) in ways {
                        for m in start + 1..=end.min(tokens - 1) {
                            if m > 1 && gap_of(m) != gap_of(m - 1) {
                                paid += height as f64 * rise(gap_of(m - 1));
                                height = 0;
                            }
                            height = height.max(end - m);
                        }
                        if here.iter().any(|&(p, h)| p <= paid && h <= height) {
                            continue;
                        }
                        here.retain(|&(p, h)| p < paid || h < height);
                        here.push((paid, height));
                    }
                }
            }
            ways = next;
        }
        let last = |&(paid, height): &(f64, usize)| paid + height as f64 * rise(known.len() - 2);
        ways[tokens].iter().map(last).fold(f64::INFINITY, f64::min)
    }

    proptest! {
        #![proptest_config(seeded(60, 52))]

        #[test]
        fn points_far_apart_are_as_good_as_by_the_slow_program(
            (tokens, cuts, rises, share) in (
                20_usize..45,
                proptest::collection::vec(0.0..1.0_f64, 1..7),
                proptest::collection::vec(prop_oneof![1 => Just(0.0), 3 => 0.0..1.0_f64, 1 => 5.0..50.0_f64], 8),
                0.0..1.0_f64,
            )
        ) {
            let mut counts: Vec<usize> =
                cuts.iter().map(|cut| 1 + (cut * (tokens - 2) as f64) as usize).collect();
            counts.push(tokens - 1);
            counts.sort_unstable();
            counts.dedup();
            let heights = rises.iter().scan(0.0, |sum, rise| { *sum += rise; Some(*sum) });
            let points: Vec<(usize, f64)> = counts.into_iter().zip(heights).collect();
            let steps = 1 + (share * share * (tokens - 1) as f64) as usize;
            let least = least_payment(&points, tokens, steps);
            let known = known_points(tokens, points.iter().map(|&(k, value)| (k, Nats(value))));
            let best = minimax::schedule(&known, steps).unwrap();
            prop_assert!((best.guarantee.0 - least).abs() <= 1e-11 * (1.0 + 50.0 * tokens as f64), "{points:?} T = {steps}: {} {least} by {}", best.guarantee, best.schedule);
            prop_assert_eq!(best.guarantee, best.least_possible);
        }
    }

    #[test]
    fn the_slow_program_finds_the_least_of_all_schedules() {
        for points in
            [vec![(9, 1.0)], vec![(2, 0.5), (6, 3.0), (9, 4.0)], vec![(3, 0.0), (4, 2.0), (9, 2.5)]]
        {
            let known = known_points(10, points.iter().map(|&(k, value)| (k, Nats(value))));
            let least = least_guarantees(&known, 10);
            for steps in 1..=10 {
                let slow = least_payment(&points, 10, steps);
                assert!((slow - least[steps - 1]).abs() <= 1e-12, "{points:?} {steps}");
            }
        }
    }

    fn concave_points(tokens: usize, gaps: usize) -> Known {
        let last = tokens - 1;
        let share = |k: usize| k as f64 / last as f64;
        let counts = (1..=gaps).map(|gap| gap * last / gaps);
        known_points(tokens, counts.map(|k| (k, Nats(2.0 * share(k).sqrt()))))
    }

    #[test]
    fn thousands_of_tokens_are_exact_too() {
        for (tokens, steps) in [(4_096, 256), (4_096, 1_500), (30_000, 2_000)] {
            let best = minimax::schedule(&concave_points(tokens, 32), steps).unwrap();
            assert_eq!(best.guarantee, best.least_possible, "L = {tokens}, T = {steps}");
        }
    }

    #[test]
    fn what_cannot_be_searched_says_so() {
        let known = concave_points(100_000, 500);
        let best = minimax::schedule(&known, 40).unwrap();
        assert!(
            best.least_possible > Nats(0.0)
                && (best.guarantee - best.least_possible).0 <= 0.6 * best.guarantee.0
        );
        assert_eq!(best.guarantee, known.upper(&best.schedule).unwrap());
    }
}

proptest! {
    #![proptest_config(seeded(60, 53))]

    /// Whatever is known, the guarantee is one, and nothing lies below what is said to be possible.
    #[test]
    fn no_schedule_guarantees_less_than_is_said_to_be_possible(
        (increments, seed) in (proptest::collection::vec(0.0..1.0_f64, 1..9), any::<u64>())
    ) {
        let tokens = increments.len() + 1;
        let curve = InformationCurve::from_information(information_of(&increments)).unwrap();
        let mut known = Known::about(tokens);
        let bit = |i: u32| seed >> i & 1 == 1;
        for k in 1..tokens {
            let value = curve.information(k);
            let widths = [0.0, 0.3 * (seed >> 20 & 7) as f64 / 8.0];
            if bit(k as u32) {
                let width = Nats(widths[usize::from(bit(10 + k as u32))]);
                known = known.information_between(k, value - width, value + width);
            }
        }
        if bit(30) { known = known.total_correlation(curve.total_correlation()); }
        if bit(31) { known = known.dual_total_correlation(curve.dual_total_correlation()); }
        if bit(32) { known = known.single_token_entropy(curve.information(tokens) + Nats(0.1)); }
        let mut least = vec![f64::INFINITY; tokens];
        for schedule in all_schedules(tokens) {
            if let Ok(guarantee) = known.upper(&schedule) {
                let best = &mut least[schedule.steps() - 1];
                *best = best.min(guarantee.0);
            }
        }
        for (steps, &least) in (1..).zip(&least) {
            match minimax::schedule(&known, steps) {
                Ok(best) => {
                    prop_assert_eq!(best.schedule.steps(), steps);
                    prop_assert_eq!(best.guarantee, known.upper(&best.schedule).unwrap());
                    let noise = 1e-9 * (1.0 + least);
                    prop_assert!(best.least_possible.0 <= least + noise, "{known:?}, T = {steps}: {best:?} {least}");
                    prop_assert!(best.guarantee.0 >= least && best.guarantee >= best.least_possible);
                    // Not far off, on problems this small.
                    prop_assert!(best.guarantee.0 <= 1.5 * least + noise, "{known:?}, T = {steps}: {best:?} {least}");
                }
                Err(error) => {
                    prop_assert!(matches!(error, Error::Unbounded { .. }) && least.is_infinite(), "{known:?}: {error}");
                }
            }
        }
    }
}

#[test]
fn no_schedule_guarantees_less_with_one_number() {
    for tokens in 1..=12 {
        let value = Nats(if tokens == 1 { 0.0 } else { 3.0 });
        for given in [
            Known::about(tokens).token_information(value),
            Known::about(tokens).single_token_entropy(value),
            Known::about(tokens).total_correlation(value),
            Known::about(tokens).dual_total_correlation(value),
        ] {
            check(&given).unwrap();
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
                (Known::about(tokens).dual_total_correlation(value), greedy)
            } else {
                let greedy: Greedy = chen_cong_li::total_correlation_schedule;
                (Known::about(tokens).total_correlation(value), greedy)
            };
            let best = minimax::schedule(&given, steps).unwrap();
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
            let guarantee = |given| minimax::schedule(&given, steps).unwrap().guarantee.0;
            let both = guarantee(both(tokens, total, dual));
            let either = [
                guarantee(Known::about(tokens).total_correlation(total)),
                guarantee(Known::about(tokens).dual_total_correlation(dual)),
                guarantee(Known::about(tokens).token_information(total + dual)),
            ];
            assert!(either.iter().all(|one| both <= *one), "{both} {either:?}");
        }
    }
}

#[test]
fn the_whole_curve_as_points_gives_the_optimal_schedule() {
    let information: Vec<f64> = (0..20).map(|k| 1.0 - 0.8_f64.powi(k)).collect();
    let given = known_points(20, information.iter().map(|&value| Nats(value)).enumerate());
    let curve = InformationCurve::from_information(information).unwrap();
    for steps in 1..=20 {
        let (_, least) = unmaskcost::optimal::schedule(&curve, steps).unwrap();
        let best = minimax::schedule(&given, steps).unwrap();
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
                for given in [
                    Known::about(tokens).total_correlation(correlation),
                    Known::about(tokens).dual_total_correlation(correlation),
                ] {
                    let best = minimax::fewest_steps(&given, tolerance).unwrap();
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
        let best = minimax::schedule(&both(tokens, total, dual), steps).unwrap();
        let alone =
            minimax::schedule(&Known::about(tokens).total_correlation(total), steps).unwrap();
        assert!(best.guarantee.0 < 1e-3 && best.guarantee <= alone.guarantee);
    }
}

#[test]
fn points_that_fall_by_rounding_count_as_equal() {
    let rise = [(5, 1.0 + 2e-10), (6, 1.0 + 3e-10), (7, 1.0 - 7e-10), (8, 1.0 + 3e-10)];
    let given = known_points(9, rise.map(|(k, value)| (k, Nats(value))));
    let best = minimax::schedule(&given, 7).unwrap();
    assert!(best.guarantee.0 < 1e-12, "{}: {}", best.schedule, best.guarantee);
}

#[test]
fn points_that_end_early_are_followed_by_single_tokens() {
    for tokens in 2..=8 {
        for last in 1..tokens {
            let given = known_points(tokens, (1..=last).map(|k| (k, Nats((k * k) as f64))));
            for steps in 1..=tokens {
                let guarantees = all_schedules(tokens)
                    .filter(|schedule| schedule.steps() == steps)
                    .filter_map(|schedule| given.upper(&schedule).ok());
                let least = guarantees.map(|x| x.0).fold(f64::INFINITY, f64::min);
                match minimax::schedule(&given, steps) {
                    Ok(best) => assert!(best.guarantee.0 <= least * (1.0 + 1e-12) + 1e-12),
                    Err(error) => {
                        assert!(matches!(error, Error::Unbounded { .. }) && least.is_infinite());
                    }
                }
            }
            let fewest = minimax::fewest_steps(&given, Nats(1e9)).unwrap();
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
        let best = minimax::schedule(&both(4, total, dual), steps).unwrap();
        assert!(best.guarantee <= guarantee);
    }
}

#[test]
fn the_search_ends_where_floats_tell_no_tokens_apart() {
    let (total, dual) = (Nats(0.666_090_557_484_055_2), Nats(6.660_905_574_840_552e-13));
    for tokens in [1 << 52, 1 << 53, usize::MAX] {
        for steps in [1, 2, 45] {
            for given in [
                both(tokens, total, dual),
                both(tokens, dual, total),
                Known::about(tokens).total_correlation(total),
                Known::about(tokens).dual_total_correlation(total),
            ] {
                // Some contradict each other at some lengths: refused, but not searched without end.
                if let Ok(best) = minimax::schedule(&given, steps) {
                    assert_eq!((best.schedule.tokens(), best.schedule.steps()), (tokens, steps));
                }
            }
        }
    }
}

#[test]
fn single_precision_counts_all_tokens() {
    let tokens = 20_000_000;
    let single = minimax::schedule(&both(tokens, Nats(20.0_f32), Nats(30.0)), 50).unwrap();
    let double = minimax::schedule(&both(tokens, Nats(20.0), Nats(30.0)), 50).unwrap();
    assert!((f64::from(single.guarantee.0) / double.guarantee.0 - 1.0).abs() < 1e-4);
}

#[test]
fn bad_input_is_refused() {
    let tc = |tokens| Known::about(tokens).total_correlation(Nats(1.0_f64));
    assert!(matches!(minimax::schedule(&tc(4), 0), Err(Error::StepsOutOfRange { .. })));
    assert!(matches!(minimax::schedule(&tc(4), 5), Err(Error::StepsOutOfRange { .. })));
    assert!(matches!(minimax::fewest_steps(&tc(0), Nats(1.0)), Err(Error::StepsOutOfRange { .. })));
    assert!(matches!(minimax::fewest_steps(&tc(4), Nats(-1.0)), Err(Error::Negative { .. })));
    let nan = Known::about(4).dual_total_correlation(Nats(f64::NAN));
    assert!(matches!(minimax::schedule(&nan, 2), Err(Error::NotFinite { .. })));
    let far_apart = both(4, Nats(1.0), Nats(100.0));
    assert!(matches!(minimax::schedule(&far_apart, 2), Err(Error::Inconsistent { .. })));
    let falling = known_points(4, [(1, Nats(0.5)), (3, Nats(0.25))]);
    assert!(matches!(minimax::schedule(&falling, 2), Err(Error::InformationDecreases { .. })));
    let too_much = falling.total_correlation(Nats(1.0));
    assert!(matches!(minimax::schedule(&too_much, 2), Err(Error::InformationDecreases { .. })));
    let open = known_points(4, [(1, Nats(0.5_f64))]);
    assert!(matches!(minimax::schedule(&open, 2), Err(Error::Unbounded { .. })));
    let nothing = Known::<f64>::about(4);
    assert!(matches!(minimax::schedule(&nothing, 3), Err(Error::Unbounded { .. })));
    assert_eq!(minimax::schedule(&nothing, 4).unwrap().guarantee, Nats(0.0));
    let many = minimax::schedule(&tc(1 << 40), 300_000_000);
    assert!(matches!(many, Err(Error::TooLarge { .. })));
    // One candidate may overflow; the best does not.
    let huge = known_points(100, [(1, Nats(1e307)), (99, Nats(1e307))]);
    assert_eq!(minimax::schedule(&huge, 2).unwrap().schedule.sizes(), [1, 99]);
    let sequential = Schedule::sequential(4).unwrap();
    assert_eq!(sharp::from_total_correlation(Nats(1.0), &sequential).unwrap().upper, Nats(0.0));
}

#[test]
fn one_gap_takes_equal_steps_at_any_length_and_points_have_a_limit() {
    let tokens = usize::MAX - 1;
    let known = Known::about(tokens).single_token_entropy(Nats(0.25_f32));
    let found = minimax::schedule(&known, 50).unwrap();
    assert_eq!(found.schedule, Schedule::balanced(tokens, 50).unwrap());
    let half = 1 << 29;
    let known = known_points(2 * half, [(half, Nats(0.25)), (2 * half - 1, Nats(0.5))]);
    let both =
        Known::about(1 << 38).total_correlation(Nats(0.07)).single_token_entropy(Nats(0.35_f32));
    assert_eq!(minimax::schedule(&both, 1 << 12).unwrap().schedule.steps(), 1 << 12);
    let steps = minimax::schedule(&both, 1 << 21);
    assert!(matches!(steps, Err(Error::TooLarge { limit, .. }) if limit == 1 << 20));
    let limit = 1 << 28;
    assert!(
        matches!(minimax::schedule(&known, 50), Err(Error::TooLarge { limit: l, .. }) if l == limit)
    );
}
