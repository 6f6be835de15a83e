//! Losses measured at some counts only: what the straight lines between them are worth.

use crate::support;

use rand::RngExt;
use rand::rngs::ChaCha8Rng;
use unmaskcost::measured::{LossCurve, LossPoint, measurement_counts};
use unmaskcost::{Error, InformationCurve, Nats, Schedule};
use unmaskcost::{measured, measured::Planner};

const TOKENS: usize = 1024;
const ERROR: f64 = 0.02;

/// Losses that fall as `1 + 2 / (k + 1)`.
fn truth(revealed: usize) -> f64 {
    1.0 + 2.0 / (revealed as f64 + 1.0)
}

fn evenly(points: usize) -> Vec<usize> {
    (0..points).map(|i| i * (TOKENS - 1) / (points - 1)).collect()
}

fn measured(counts: &[usize], rng: &mut ChaCha8Rng) -> LossCurve {
    let mut point = |&revealed: &usize| {
        // Twelve uniform numbers: nearly normal, with variance one.
        let normal = (0..12).map(|_| rng.random::<f64>()).sum::<f64>() - 6.0;
        let (loss, standard_error) = (Nats(truth(revealed) + ERROR * normal), Nats(ERROR));
        LossPoint { revealed, loss, standard_error, samples: Some(1000) }
    };
    LossCurve::from_points(counts.iter().map(&mut point).collect::<Vec<_>>(), TOKENS).unwrap()
}

fn true_cost(schedule: &Schedule) -> Nats {
    let curve =
        InformationCurve::from_conditional_entropies((0..TOKENS).map(truth).collect::<Vec<_>>());
    curve.unwrap().sampling_error(schedule).unwrap()
}

#[test]
fn the_interval_for_any_fall_covers_where_straight_lines_between_even_counts_do_not() {
    let schedule = Schedule::balanced(TOKENS, 32).unwrap();
    let cost = true_cost(&schedule);
    let mut rng = support::generator(41);
    let (runs, mut covered, mut straight) = (100, 0, 0);
    for _ in 0..runs {
        let losses = measured(&evenly(33), &mut rng);
        let estimate = losses.parallelism_cost(&schedule).unwrap();
        assert!(estimate.value() < cost * 0.7, "{estimate} of {cost}");
        straight += usize::from(estimate.interval(0.95).unwrap().contains(cost));
        let interval = measured::any_fall::cost_interval(&losses, &schedule, 0.95).unwrap();
        covered += usize::from(interval.contains(cost));
    }
    assert_eq!(straight, 0);
    assert!(covered >= 95, "{covered}");
}

#[test]
fn counts_dense_at_the_ends_leave_little_to_the_straight_lines() {
    let schedule = Schedule::balanced(TOKENS, 32).unwrap();
    let cost = true_cost(&schedule);
    let counts = measurement_counts(TOKENS, 33).unwrap();
    // Without errors of measurement: what is left is the lines alone.
    let exact = |counts: &[usize]| {
        let points = counts.iter().map(|&k| LossPoint::exact(k, Nats(truth(k))));
        LossCurve::from_points(points.collect::<Vec<_>>(), TOKENS).unwrap()
    };
    let off = |losses: &LossCurve| {
        let estimate = losses.parallelism_cost(&schedule).unwrap();
        (estimate.value() - cost).0.abs()
    };
    let width = |losses: &LossCurve| measured::any_fall::cost(losses, &schedule).unwrap().width().0;
    let (even, dense) = (exact(&evenly(33)), exact(&counts));
    for losses in [&even, &dense] {
        println!("{:.2} of {cost:.2}", losses.parallelism_cost(&schedule).unwrap().value());
    }
    assert!(off(&even) > 20.0 && off(&dense) < 0.5, "{} {}", off(&even), off(&dense));
    assert!(width(&dense) < 0.6 * width(&even), "{} {}", width(&dense), width(&even));

    // With errors, a choice by one sample and judged by another is near what it costs.
    let mut rng = support::generator(43);
    let [select, evaluate] = [(); 2].map(|()| measured(&counts, &mut rng));
    let choice = Planner::new(&select, evaluate).unwrap().schedule(32).unwrap();
    let cost = true_cost(&choice.schedule);
    let error = (choice.judged.value() - cost).0.abs();
    assert!(error < 3.0 + 3.0 * choice.judged.standard_error().0, "{} {cost}", choice.judged);
}

#[test]
fn counts_that_cannot_hold_both_ends_are_refused() {
    assert_eq!(
        measurement_counts(8, 1),
        Err(Error::TooFew { what: "counts do not include both ends", found: 1, needed: 2 })
    );
    assert!(matches!(measurement_counts(0, 4), Err(Error::Empty { .. })));
    assert!(matches!(measurement_counts(usize::MAX, 4), Err(Error::TooLarge { .. })));
    assert_eq!(measurement_counts(1, 1).unwrap(), [0]);
}
