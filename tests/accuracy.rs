//! The stated accuracy: exact for the numbers given, to a few units in the last place, at any length.

use crate::support;

use proptest::prelude::*;
use rand::Rng;
use support::*;
use unmaskcost::{InformationCurve, Schedule};

/// Curves whose values are integers below 2^52, so that the exact error is an integer sum.
fn integer_curve(tokens: usize, seed: u64) -> Vec<u64> {
    let mut generator = support::generator(seed);
    let mut values = vec![0_u64];
    for m in 1..tokens {
        // Mostly small increments, now and then one that dwarfs them.
        let bits = if generator.next_u64().is_multiple_of(1000) { 31 } else { 8 };
        values.push(values[m - 1] + (generator.next_u64() & ((1 << bits) - 1)));
    }
    values
}

fn exact_error(values: &[u64], schedule: &Schedule) -> u128 {
    let step = |range: std::ops::Range<usize>| {
        let start = values[range.start];
        range.map(|k| u128::from(values[k] - start)).sum::<u128>()
    };
    schedule.ranges().map(step).sum()
}

#[test]
fn errors_are_right_to_rounding_at_a_million_tokens() {
    let tokens = 1_000_000;
    let values = integer_curve(tokens, 11);
    let floats: Vec<f64> = values.iter().map(|&value| value as f64).collect();
    let curve = InformationCurve::from_information(floats).unwrap();
    for steps in [1, 7, 100, 4096, 300_000, 999_999, 1_000_000] {
        let schedule = Schedule::balanced(tokens, steps).unwrap();
        let exact = exact_error(&values, &schedule) as f64;
        let found = curve.sampling_error(&schedule).unwrap().0;
        assert!((found - exact).abs() <= 4.0 * f64::EPSILON * exact, "{steps}: {found} {exact}");
    }
    let dual: u128 = (1..tokens).map(|m| m as u128 * u128::from(values[m] - values[m - 1])).sum();
    let found = curve.dual_total_correlation().0;
    assert!((found - dual as f64).abs() <= 4.0 * f64::EPSILON * dual as f64);
}

proptest! {
    #![proptest_config(seeded(300, 3))]

    /// The same numbers in the wider type show the rounding of the narrower one. Given as conditional
    /// entropies that fall over many orders of magnitude, so that a detour through I would lose them.
    #[test]
    fn single_precision_agrees_with_double_on_the_same_numbers(
        (entropies, schedule) in (2_usize..60).prop_flat_map(|tokens| {
            let logarithms = proptest::collection::vec(-18.0..8.0_f32, tokens);
            (logarithms, schedules(tokens))
        })
    ) {
        let mut narrow: Vec<f32> = entropies.iter().map(|x| x.exp()).collect();
        narrow.sort_by(|a, b| b.total_cmp(a));
        let wide: Vec<f64> = narrow.iter().map(|&x| f64::from(x)).collect();
        let narrow = InformationCurve::from_conditional_entropies(narrow).unwrap();
        let wide = InformationCurve::from_conditional_entropies(wide).unwrap();
        let (found, exact) =
            (narrow.sampling_error(&schedule).unwrap().0, wide.sampling_error(&schedule).unwrap().0);
        prop_assert!((f64::from(found) - exact).abs() <= 4.0 * f64::from(f32::EPSILON) * exact);
    }
}
