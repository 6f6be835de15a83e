//! The schedule for all data at once: its factor holds, is attained, and is the least there is.

use crate::support;

use proptest::prelude::*;
use support::*;
use unmaskcost::bounds::{sharp, universal};
use unmaskcost::optimal::minimax;
use unmaskcost::{Error, InformationCurve, Nats, Schedule, sampler};

/// The factor by its definition: the sawtooth against `min(m, L - m)` at every `m`, in whole numbers.
fn factor_by_definition(schedule: &Schedule) -> (usize, usize) {
    let tokens = schedule.tokens();
    let sawtooth: Vec<usize> = schedule.sawtooth().collect();
    (1..tokens).fold((0, 1), |(height, width), m| {
        let (tooth, weight) = (sawtooth[m], m.min(tokens - m));
        if tooth * width > height * weight { (tooth, weight) } else { (height, width) }
    })
}

/// Numerator and denominator, as they are printed.
fn fraction(factor: universal::Factor) -> (usize, usize) {
    let text = factor.to_string();
    let (numerator, denominator) = text.split_once('/').unwrap_or((&text, "1"));
    (numerator.parse().unwrap(), denominator.parse().unwrap())
}

#[test]
fn no_schedule_of_as_many_steps_has_a_smaller_factor() {
    for tokens in 1..=12 {
        let mut least: Vec<Option<(usize, usize)>> = vec![None; tokens];
        for schedule in all_schedules(tokens) {
            let (height, width) = factor_by_definition(&schedule);
            let best = &mut least[schedule.steps() - 1];
            if best.is_none_or(|(h, w)| height * w < h * width) {
                *best = Some((height, width));
            }
            let factor = universal::factor(&schedule);
            let (n, d) = fraction(factor);
            assert_eq!(n * width, height * d, "{schedule}");
        }
        for steps in 1..=tokens {
            let best = minimax::universal(tokens, steps).unwrap();
            assert_eq!((best.tokens(), best.steps()), (tokens, steps));
            let (height, width) = least[steps - 1].unwrap();
            let (n, d) = fraction(universal::factor(&best));
            assert_eq!(
                n * width,
                height * d,
                "L = {tokens}, T = {steps}: {n}/{d} by {best}, not {height}/{width}"
            );
        }
        // The fewest steps for each factor that occurs, for a bit more and for a bit less.
        for (height, width) in least.iter().flatten() {
            let factor = *height as f64 / *width as f64;
            for asked in [factor, factor * (1.0 + 1e-9), factor * (1.0 - 1e-9)] {
                let enough = |&(h, w): &(usize, usize)| h as f64 / w as f64 <= asked;
                let needed = 1 + least.iter().flatten().take_while(|&pair| !enough(pair)).count();
                let found = minimax::universal_within(tokens, asked).unwrap();
                assert_eq!(found.steps(), needed, "L = {tokens}, {asked}");
            }
        }
    }
}

proptest! {
    #![proptest_config(seeded(300, 190))]

    #[test]
    fn real_distributions_stay_below_the_bounds(
        (table, schedule) in tables_with_schedules::<f64>(5, 200)
    ) {
        let exact = sampler::expected_kl(&table, &schedule).unwrap();
        let curve = table.information_curve().unwrap();
        let by_curve = universal::upper(&curve, &schedule).unwrap();
        let smaller = [curve.total_correlation(), curve.dual_total_correlation()];
        let smaller = if smaller[0] < smaller[1] { smaller[0] } else { smaller[1] };
        let by_correlation = universal::from_smaller_correlation(smaller, &schedule).unwrap();
        prop_assert!(exact.0 <= by_curve.0 + noise::<f64>());
        prop_assert!(by_curve.0 <= by_correlation.0 * (1.0 + 1e-14) + noise::<f64>());
    }
}

#[test]
fn the_factor_is_attained_by_both_bounds_at_once() {
    for schedule in all_schedules(10) {
        let factor = universal::factor(&schedule).value();
        let mut largest = 0.0_f64;
        for m in 1..10 {
            let step: Vec<f64> = (0..10).map(|k| if k >= m { 1.0 } else { 0.0 }).collect();
            let curve = InformationCurve::from_information(step).unwrap();
            let error = curve.sampling_error(&schedule).unwrap().0;
            let smaller = curve.total_correlation().0.min(curve.dual_total_correlation().0);
            assert!(error <= universal::upper(&curve, &schedule).unwrap().0);
            largest = largest.max(error / smaller);
        }
        assert!((largest - factor).abs() <= 1e-14 * factor, "{schedule}: {largest} {factor}");
    }
}

#[test]
fn the_factor_is_the_larger_of_those_of_either_correlation() {
    for schedule in all_schedules(11) {
        let total = sharp::from_total_correlation(Nats(1.0_f64), &schedule).unwrap().upper;
        let dual = sharp::from_dual_total_correlation(Nats(1.0), &schedule).unwrap().upper;
        let factor = universal::factor(&schedule).value();
        assert!((total.0.max(dual.0) - factor).abs() <= 1e-13, "{schedule}");
    }
}

/// For the factor found the largest steps are at most T, and for any smaller one more, in whole numbers.
#[test]
fn the_factor_is_the_least_at_any_length() {
    let largest_steps = |tokens: u128, most: usize, size: &dyn Fn(u128) -> u128| {
        let (mut revealed, mut steps) = (0, 0);
        while revealed < tokens && steps <= most {
            let weight = (revealed + 1).min(tokens - revealed - 1);
            revealed += 1 + if weight == 0 { 0 } else { size(weight) };
            steps += 1;
        }
        steps
    };
    for (tokens, steps) in
        [(64, 8), (1000, 2), (1000, 37), (1000, 999), (50_000, 300), (1 << 40, 100), (1 << 58, 999)]
    {
        let best = minimax::universal(tokens, steps).unwrap();
        assert_eq!((best.tokens(), best.steps()), (tokens, steps));
        let (n, d) = fraction(universal::factor(&best));
        let [n, d] = [n, d].map(|x| x as u128);
        let tokens = tokens as u128;
        assert!(largest_steps(tokens, steps, &|weight| n * weight / d) <= steps);
        let fewer = largest_steps(tokens, steps, &|weight| (n * weight - 1) / d);
        assert!(fewer > steps, "L = {tokens}, T = {steps}, {n}/{d}");
    }
}

#[test]
fn figures_of_the_theory() {
    for (tokens, steps, times_steps) in [
        (64, 8, 7.0),
        (64, 16, 5.7),
        (64, 32, 4.0),
        (1024, 8, 10.3),
        (1024, 16, 12.0),
        (1024, 32, 11.0),
        (1024, 64, 9.7),
    ] {
        let factor = universal::factor(&minimax::universal(tokens, steps).unwrap()).value();
        assert!((factor * steps as f64 - times_steps).abs() <= 0.05, "L = {tokens}, T = {steps}");
    }
}

#[test]
fn steps_are_no_more_than_the_explicit_count() {
    for tokens in [2, 3, 10, 77, 1024, 100_000, 1 << 40] {
        for factor in [0.01, 0.1, 0.25, 0.5, 0.75, 0.999] {
            let steps = minimax::universal_within(tokens, factor).unwrap().steps();
            let most = 3.0 + 2.0 * (tokens as f64 / 2.0).ln() / factor;
            assert!(steps as f64 <= most, "L = {tokens}, {factor}: {steps} {most}");
        }
    }
}

#[test]
fn steps_grow_to_the_middle_and_shrink_from_there() {
    let best = minimax::universal(1 << 20, 128).unwrap();
    let sizes = best.sizes();
    let largest = sizes.iter().position(|&size| size == best.largest_step()).unwrap();
    assert!(sizes[..=largest].is_sorted());
    assert!(sizes[largest + 1..].is_sorted_by(|a, b| a >= b));
}

#[test]
fn bad_input_is_refused() {
    for (tokens, steps) in [(4, 0), (4, 5), (0, 0), (0, 1)] {
        let refused = minimax::universal(tokens, steps);
        assert!(matches!(refused, Err(Error::StepsOutOfRange { .. })));
    }
    let many = minimax::universal(1 << 40, (1 << 24) + 1);
    assert!(matches!(many, Err(Error::TooLarge { .. })));
    let none = minimax::universal_within(0, 0.5);
    assert!(matches!(none, Err(Error::StepsOutOfRange { .. })));
    assert!(matches!(minimax::universal_within(4, -0.5), Err(Error::Negative { .. })));
    assert!(matches!(minimax::universal_within(4, f64::NAN), Err(Error::NotFinite { .. })));
    assert!(matches!(minimax::universal_within(1 << 40, 0.0), Err(Error::TooLarge { .. })));
    assert_eq!(minimax::universal_within(usize::MAX, 1e300).unwrap().steps(), 1);
    assert_eq!(minimax::universal_within(9, 5e-324).unwrap().steps(), 9);
    let curve = InformationCurve::from_information([0.0, 1.0]).unwrap();
    let other = universal::upper(&curve, &Schedule::sequential(3).unwrap());
    assert!(matches!(other, Err(Error::TokensDiffer { .. })));
    let huge = universal::from_smaller_correlation(Nats(1e308), &Schedule::one_step(9).unwrap());
    assert!(matches!(huge, Err(Error::Overflow { .. })));
}
