//! Sequences measured at many counts: errors that hold whatever the dependence, and the real model's costs.

use crate::support;

use rand::{RngExt, rngs::ChaCha8Rng};
use unmaskcost::decoders::{Decoder, Shape};
use unmaskcost::measured::{
    Collector, LossCurve, LossPoint, NestedLosses, Planner, SequenceLosses, Verdict,
    measurement_counts,
};
use unmaskcost::{Error, Nats, Schedule};

/// Of each sequence: its document, and its losses at all 64 counts.
fn real_model() -> Vec<(String, Vec<f64>)> {
    let text = include_str!("measured/nested.csv");
    let row = |line: &str| {
        let fields: Vec<&str> = line.split(',').collect();
        let losses = fields[2..].iter().map(|field| field.parse().unwrap()).collect();
        (fields[1].to_owned(), losses)
    };
    text.lines().skip(1).map(row).collect()
}

fn nested(rows: &[(String, Vec<f64>)]) -> NestedLosses {
    let sequence = |(document, losses): &(String, Vec<f64>)| {
        let losses: Vec<_> = losses.iter().map(|&loss| Nats(loss)).enumerate().collect();
        SequenceLosses::new(losses).of_document(document.as_str())
    };
    NestedLosses::from_sequences(rows.iter().map(sequence).collect::<Vec<_>>(), 64).unwrap()
}

#[test]
fn costs_of_the_real_model_are_those_that_were_measured_directly() {
    let nested = nested(&real_model());
    // Mean cost and standard error of direct runs on 4,984 other sequences.
    let balanced =
        [(2, 23.25, 0.22), (4, 11.12, 0.11), (8, 5.12, 0.06), (16, 2.17, 0.03), (32, 0.728, 0.019)];
    let cosine = [(4, 13.09, 0.13), (8, 6.20, 0.07), (16, 2.71, 0.04), (32, 0.982, 0.02)];
    let near = |schedule: &Schedule, cost: f64, error: f64| {
        let found = nested.parallelism_cost(schedule).unwrap();
        let allowed = 3.5 * found.standard_error().0.hypot(error);
        assert!((found.value().0 - cost).abs() < allowed, "{schedule}: {found} and {cost}");
    };
    for (steps, cost, error) in balanced {
        near(&Schedule::balanced(64, steps).unwrap(), cost, error);
    }
    for (steps, cost, error) in cosine {
        let plan = Decoder::MaskGit(Shape::Cosine).plan(64, steps).unwrap();
        near(plan.schedule(), cost, error);
    }
    let falling = Schedule::from_reveal_sizes([32, 16, 8, 4, 2, 1, 1]).unwrap();
    let rising = Schedule::from_reveal_sizes([1, 1, 2, 4, 8, 16, 32]).unwrap();
    near(&falling, 16.02, 0.2);
    near(&rising, 14.13, 0.2);
}

#[test]
fn errors_of_costs_are_those_of_a_bootstrap_over_documents() {
    let rows: Vec<_> = real_model().into_iter().take(300).collect();
    let mut documents: Vec<&String> = rows.iter().map(|row| &row.0).collect();
    documents.sort();
    documents.dedup();
    let mut random = support::generator(151);
    let schedules = [vec![8; 8], vec![2; 32], vec![64]];
    let schedules = schedules.map(|sizes| Schedule::from_reveal_sizes(sizes).unwrap());
    let cost = |losses: &[f64], schedule: &Schedule| -> f64 {
        let step = |step: std::ops::Range<usize>| -> f64 {
            step.clone().map(|k| losses[step.start] - losses[k]).sum()
        };
        schedule.ranges().map(step).sum()
    };
    for schedule in &schedules {
        // By document: the number of its sequences, and the sum of their costs.
        let sums: Vec<(f64, f64)> = documents
            .iter()
            .map(|document| {
                let own = rows.iter().filter(|row| row.0 == **document);
                own.fold((0.0, 0.0), |sum, row| (sum.0 + 1.0, sum.1 + cost(&row.1, schedule)))
            })
            .collect();
        let draws: Vec<f64> = (0..1000)
            .map(|_| {
                let drawn = (0..sums.len()).map(|_| sums[random.random_range(0..sums.len())]);
                let (number, sum) = drawn.fold((0.0, 0.0), |a, b| (a.0 + b.0, a.1 + b.1));
                sum / number
            })
            .collect();
        let mean = draws.iter().sum::<f64>() / 1000.0;
        let spread = (draws.iter().map(|x| (x - mean).powi(2)).sum::<f64>() / 999.0).sqrt();
        let found = nested(&rows).parallelism_cost(schedule).unwrap();
        assert!((found.value().0 - mean).abs() < 0.2 * spread);
        assert!((found.standard_error().0 / spread - 1.0).abs() < 0.1, "{found} {spread}");
    }
}

#[test]
fn the_same_passes_tell_costs_better_than_with_a_sequence_for_each_count() {
    let nested = nested(&real_model());
    for steps in [4, 8, 16, 32] {
        let schedule = Schedule::balanced(64, steps).unwrap();
        let paired = nested.parallelism_cost(&schedule).unwrap().standard_error();
        let independent = nested.loss_curve().parallelism_cost(&schedule).unwrap().standard_error();
        assert!(independent.0.powi(2) > 1.5 * paired.0.powi(2), "{steps}: {paired} {independent}");
    }
    // For a likelihood it is the other way round.
    let sequential = Schedule::sequential(64).unwrap();
    let paired = nested.negative_log_likelihood(&sequential).unwrap().standard_error();
    let independent = nested.loss_curve().negative_log_likelihood(&sequential).unwrap();
    assert!(paired > independent.standard_error() * 2.0);
}

/// Sequences whose losses share a level and a slope, some counts missing.
fn made_up(sequences: usize, missing: f64, random: &mut ChaCha8Rng) -> Option<NestedLosses> {
    let sequence = |_| {
        let (level, slope) = (random.random::<f64>(), random.random::<f64>());
        let mut losses = Vec::new();
        for k in 0..8_usize {
            let noise = random.random::<f64>();
            if random.random::<f64>() >= missing {
                losses.push((k, Nats(3.0 + level - (0.2 + 0.1 * slope) * k as f64 + 0.5 * noise)));
            }
        }
        SequenceLosses::new(losses)
    };
    NestedLosses::from_sequences((0..sequences).map(sequence).collect::<Vec<_>>(), 8).ok()
}

#[test]
fn intervals_cover_with_few_sequences_and_with_missing_counts() {
    let mut random = support::generator(152);
    let schedule = Schedule::from_reveal_sizes([2, 3, 3]).unwrap();
    let truth = 0.25 * (1.0 + 1.0 + 2.0 + 1.0 + 2.0);
    for (sequences, missing) in [(5, 0.0), (20, 0.0), (60, 0.3), (180, 0.0)] {
        let (mut covered, mut total) = (0, 0);
        while total < 1000 {
            let Some(nested) = made_up(sequences, missing, &mut random) else { continue };
            let interval = nested.parallelism_cost(&schedule).unwrap().interval(0.95).unwrap();
            covered += usize::from(interval.contains(Nats(truth)));
            total += 1;
        }
        assert!((925..=975).contains(&covered), "{sequences} {missing}: {covered}");
    }
}

#[test]
fn halves_share_no_document_and_advice_by_them_is_to_leave_equal_sizes() {
    let nested = nested(&real_model());
    let (first, second) = nested.halves().unwrap();
    assert_eq!(first.sequences() + second.sequences(), nested.sequences());
    assert_eq!(first.documents() + second.documents(), nested.documents());
    let planner = Planner::new(first, second).unwrap();
    for steps in [8, 32] {
        let advice = planner.advise(steps).unwrap();
        assert!(
            advice.saved.value().0 < 0.02 * advice.cost.value().0
                || advice.verdict == Verdict::Noise
        );
    }
}

#[test]
fn means_are_those_of_a_loss_curve_and_what_cannot_be_is_refused() {
    let losses = |loss: f64| SequenceLosses::new([(0, Nats(loss)), (1, Nats(loss / 2.0))]);
    let nested = NestedLosses::from_sequences([losses(1.0), losses(3.0)], 2).unwrap();
    let point = |revealed, loss, standard_error| LossPoint {
        revealed,
        loss: Nats(loss),
        standard_error: Nats(standard_error),
        samples: Some(2),
    };
    let curve = LossCurve::from_points([point(0, 2.0, 1.0), point(1, 1.0, 0.5)], 2).unwrap();
    assert_eq!(nested.loss_curve(), &curve);
    // One step: the fall of each sequence, .5 and 1.5.
    let cost = nested.parallelism_cost(&Schedule::one_step(2).unwrap()).unwrap();
    assert!((cost.value().0 - 1.0).abs() < 1e-15 && (cost.standard_error().0 - 0.5).abs() < 1e-15);
    let none = nested.parallelism_cost(&Schedule::sequential(2).unwrap()).unwrap();
    assert_eq!((none.value().0, none.standard_error().0), (0.0, 0.0));

    let of = |sequences: &[SequenceLosses]| NestedLosses::from_sequences(sequences, 2).unwrap_err();
    assert!(matches!(of(&[]), Error::Empty { .. }));
    assert!(matches!(of(&[losses(1.0)]), Error::TooFew { found: 1, .. }));
    let one_document = [losses(1.0).of_document("a"), losses(2.0).of_document("a")];
    assert!(matches!(of(&one_document), Error::TooFew { found: 1, .. }));
    let beyond = SequenceLosses::new([(2, Nats(1.0))]);
    assert!(matches!(of(&[losses(1.0), beyond]), Error::IndexOutOfRange { index: 2, .. }));
    let once = SequenceLosses::new([(0, Nats(1.0))]);
    assert!(matches!(of(&[losses(1.0), once]), Error::TooFewSamples { revealed: 1, .. }));
    assert!(matches!(of(&[losses(1.0), losses(-1.0)]), Error::Negative { .. }));
}

#[test]
fn the_cost_that_a_plan_names_first_is_covered_by_its_interval() {
    let rows = real_model();
    let mean = |k: usize| rows.iter().map(|row| row.1[k]).sum::<f64>() / rows.len() as f64;
    let points = measurement_counts(64, 17).unwrap();
    let exact = points.iter().map(|&k| LossPoint::exact(k, Nats(mean(k)))).collect::<Vec<_>>();
    let truth = LossCurve::from_points(exact, 64).unwrap();
    let truth = truth.parallelism_cost(&Schedule::balanced(64, 8).unwrap()).unwrap().value();
    let mut random = support::generator(153);
    for sequences in [5, 20, 180] {
        let mut measured = || {
            let mut collector = Collector::new(64).unwrap();
            for &k in &points {
                for _ in 0..sequences {
                    let loss = rows[random.random_range(0..rows.len())].1[k];
                    collector.record(k, Nats(loss)).unwrap();
                }
            }
            collector.loss_curve(2).unwrap()
        };
        let draws = 300;
        let covered = (0..draws).filter(|_| {
            let advice = Planner::new(measured(), measured()).unwrap().advise(8).unwrap();
            advice.cost.interval(0.95).unwrap().contains(truth)
        });
        let covered = covered.count();
        // 285 expected, with a standard deviation of 4.
        assert!((273..=297).contains(&covered), "{sequences}: {covered}");
    }
}
