//! The monotone projection against its min-max formula, and the test of monotonicity.

use crate::support;

use proptest::prelude::*;
use rand::rngs::ChaCha8Rng;
use support::seeded;
use unmaskcost::measured::{LossCurve, LossPoint};
use unmaskcost::{Error, Nats};

fn point(revealed: usize, loss: f64, standard_error: f64, samples: u64) -> LossPoint {
    let (loss, standard_error) = (Nats(loss), Nats(standard_error));
    // One stands for a number that is not known.
    LossPoint { revealed, loss, standard_error, samples: (samples != 1).then_some(samples) }
}

/// `least over i <= k of most over j >= k of the mean of i ..= j`: O(n^3), from the definition.
fn min_max(values: &[f64], weights: &[f64]) -> Vec<f64> {
    let mean = |i: usize, j: usize| {
        let weight: f64 = weights[i..=j].iter().sum();
        values[i..=j].iter().zip(&weights[i..=j]).map(|(x, w)| x * w).sum::<f64>() / weight
    };
    let most = |i, k| (k..values.len()).map(|j| mean(i, j)).fold(f64::NEG_INFINITY, f64::max);
    (0..values.len()).map(|k| (0..=k).map(|i| most(i, k)).fold(f64::INFINITY, f64::min)).collect()
}

proptest! {
    #![proptest_config(seeded(300, 81))]

    #[test]
    fn the_projection_is_that_of_the_min_max_formula(
        data in proptest::collection::vec((0.0..4.0_f64, 0.05..2.0_f64), 1..24)
    ) {
        let points: Vec<_> = data.iter().enumerate().map(|(k, &(l, e))| point(k, l, e, 3)).collect();
        let losses = LossCurve::from_points(&points, points.len()).unwrap();
        let monotone = losses.isotonic().unwrap();
        let values: Vec<f64> = data.iter().map(|d| d.0).collect();
        let weights: Vec<f64> = data.iter().map(|d| d.1.powi(-2)).collect();
        for (fitted, expected) in monotone.fitted().iter().zip(min_max(&values, &weights)) {
            prop_assert!((fitted - expected).abs() < 1e-12);
        }
        prop_assert!(monotone.fitted().is_sorted_by(|a, b| a >= b));
        let measured: Vec<f64> = monotone.measured().points().iter().map(|point| point.loss.0).collect();
        prop_assert_eq!(measured, values);
        monotone.information_curve().unwrap();
    }

    #[test]
    fn exact_losses_are_weighed_by_their_samples(
        data in proptest::collection::vec((0.0..4.0_f64, 1_u64..50), 1..24)
    ) {
        let points: Vec<_> = data.iter().enumerate().map(|(k, &(l, n))| point(k, l, 0.0, n)).collect();
        let monotone = LossCurve::from_points(&points, points.len()).unwrap().isotonic().unwrap();
        let values: Vec<f64> = data.iter().map(|d| d.0).collect();
        let weights: Vec<f64> = data.iter().map(|d| d.1 as f64).collect();
        for (fitted, expected) in monotone.fitted().iter().zip(min_max(&values, &weights)) {
            prop_assert!((fitted - expected).abs() < 1e-12);
        }
    }

    #[test]
    fn an_exact_loss_among_others_is_the_limit_of_small_errors(
        data in proptest::collection::vec((0.0..4.0_f64, 0.05..2.0_f64), 2..16),
        exact in any::<prop::sample::Index>(),
    ) {
        let exact = exact.index(data.len());
        let curve = |error: f64| {
            let error_at = |k: usize, e: f64| if k == exact { error } else { e };
            let points = data.iter().enumerate().map(|(k, &(l, e))| point(k, l, error_at(k, e), 3));
            LossCurve::from_points(points.collect::<Vec<_>>(), data.len()).unwrap().isotonic().unwrap()
        };
        let (limit, near) = (curve(0.0), curve(1e-6));
        prop_assert_eq!(limit.fitted()[exact], data[exact].0);
        for (limit, near) in limit.fitted().iter().zip(near.fitted()) {
            prop_assert!((limit - near).abs() < 1e-8);
        }
    }
}

#[test]
fn exact_losses_that_contradict_each_other_are_refused() {
    let points = [point(0, 1.0, 0.0, 1), point(1, 0.9, 0.1, 1), point(2, 1.5, 0.0, 1)];
    let error = LossCurve::from_points(points, 3).unwrap().isotonic().unwrap_err();
    assert!(matches!(error, Error::NotMonotone { what: "exact losses", index: 2, .. }));
}

/// Standard normal by the polar method.
fn normal(rng: &mut ChaCha8Rng) -> f64 {
    use rand::RngExt;
    loop {
        let (x, y) = (rng.random_range(-1.0..1.0_f64), rng.random_range(-1.0..1.0_f64));
        let square = x * x + y * y;
        if square > 0.0 && square < 1.0 {
            return x * (-2.0 * square.ln() / square).sqrt();
        }
    }
}

/// How often the test rejects, in 1000 runs with a given true loss, known noise 0.05 to 0.2.
fn rejections(level: f64, seed: u64, truth: impl Fn(usize) -> f64) -> usize {
    let mut rng = support::generator(seed);
    let mut run = || {
        let points = (0..40).map(|k| {
            let error = 0.05 * (1 + k % 4) as f64;
            point(k, truth(k) + error * normal(&mut rng), error, 1)
        });
        let losses = LossCurve::from_points(points.collect::<Vec<_>>(), 40).unwrap();
        losses.monotonicity().rejects(level).unwrap()
    };
    (0..1000).filter(|_| run()).count()
}

#[test]
fn the_test_of_monotonicity_keeps_its_level_and_finds_real_rises() {
    // At most 50 of 1000 expected where nothing rises; the flat case is the worst one.
    let flat = rejections(0.95, 1, |_| 2.0);
    assert!((20..=60).contains(&flat), "{flat}");
    assert!(rejections(0.95, 2, |k| 3.0 - 0.05 * k as f64) < flat);
    // One jump up; a slow rise that no pair of neighbours would show.
    assert!(rejections(0.95, 3, |k| if k == 21 { 2.9 } else { 2.0 }) > 900);
    assert!(rejections(0.95, 4, |k| 2.0 + 0.015 * k as f64) > 900);
}

#[test]
fn the_test_names_the_rise() {
    let points = [3.0, 2.0, 1.0, 2.5, 1.0].iter().enumerate();
    let points: Vec<_> = points.map(|(k, &loss)| point(k, loss, 0.1, 1)).collect();
    let test = LossCurve::from_points(points, 5).unwrap().monotonicity();
    let largest = test.largest.unwrap();
    assert_eq!((largest.before, largest.after), (2..=2, 3..=3));
    assert_eq!(largest.rise.value(), Nats(1.5));
    // The least of five: four of single points, and one of pairs.
    assert!(test.p_value < 1e-20);
    let single = LossCurve::from_points([point(1, 1.0, 0.1, 2)], 3).unwrap().monotonicity();
    assert_eq!((single.p_value, single.largest), (1.0, None));
    let exact = LossCurve::from_exact([1.0, 1.5]).unwrap().monotonicity();
    assert_eq!(exact.p_value, 0.0);
}
