//! Costs from measured losses: the numbers, their errors, and what is refused.

use crate::support;

use proptest::prelude::*;
use rand::RngExt;
use rand::rngs::ChaCha8Rng;
use support::*;
use unmaskcost::{Error, InformationCurve, Nats, Schedule};
use unmaskcost::{
    Estimate,
    measured::{Collector, LossCurve, LossPoint, LossPosterior, SmoothedLosses},
};
use unmaskcost::{measured, measured::Planner};

fn point(revealed: usize, loss: f64, standard_error: f64, samples: u64) -> LossPoint {
    let (loss, standard_error) = (Nats(loss), Nats(standard_error));
    // One stands for a number that is not known.
    LossPoint { revealed, loss, standard_error, samples: (samples != 1).then_some(samples) }
}

/// Losses at some counts, 0 and L-1 among them, and two schedules.
fn measured() -> impl Strategy<Value = (LossCurve, Schedule, Schedule)> {
    (1_usize..40).prop_flat_map(|tokens| {
        let kept = proptest::collection::vec(any::<bool>(), tokens);
        let values = proptest::collection::vec((0.0..4.0_f64, 0.0..0.5_f64), tokens);
        (kept, values, schedules(tokens), schedules(tokens)).prop_map(
            move |(kept, values, one, other)| {
                let counts = (0..tokens).filter(|&k| k == 0 || k == tokens - 1 || kept[k]);
                let points: Vec<_> =
                    counts.map(|k| point(k, values[k].0, values[k].1, 10)).collect();
                (LossCurve::from_points(points, tokens).unwrap(), one, other)
            },
        )
    })
}

/// A loss at any count, by the definition of the straight line.
fn line(curve: &LossCurve, count: usize) -> f64 {
    let points = curve.points();
    let right = points.iter().position(|p| p.revealed >= count).unwrap();
    if points[right].revealed == count {
        return points[right].loss.0;
    }
    let (a, b) = (points[right - 1], points[right]);
    let share = (count - a.revealed) as f64 / (b.revealed - a.revealed) as f64;
    a.loss.0 * (1.0 - share) + b.loss.0 * share
}

/// The cost by its definition.
fn slow_cost(curve: &LossCurve, schedule: &Schedule) -> f64 {
    let step = |range: std::ops::Range<usize>| -> f64 {
        let start = range.start;
        range.map(|k| line(curve, start) - line(curve, k)).sum()
    };
    schedule.ranges().map(step).sum()
}

fn slow_likelihood(curve: &LossCurve, schedule: &Schedule) -> f64 {
    schedule.ranges().map(|step| step.len() as f64 * line(curve, step.start)).sum()
}

/// The standard error of any linear quantity: move one loss after the other by one.
fn slow_error(curve: &LossCurve, quantity: impl Fn(&LossCurve) -> f64) -> f64 {
    let points = curve.points();
    let variances = (0..points.len()).map(|i| {
        let with_loss = |loss| {
            let indicators = (0..points.len())
                .map(|j| point(points[j].revealed, if i == j { loss } else { 1.0 }, 0.0, 1));
            let indicators = indicators.collect::<Vec<_>>();
            quantity(&LossCurve::from_points(indicators, curve.tokens()).unwrap())
        };
        ((with_loss(2.0) - with_loss(1.0)) * points[i].standard_error.0).powi(2)
    });
    variances.sum::<f64>().sqrt()
}

proptest! {
    #![proptest_config(seeded(300, 71))]

    #[test]
    fn costs_and_their_errors_are_those_of_the_definition((losses, schedule, other) in measured()) {
        let cost = losses.parallelism_cost(&schedule).unwrap();
        prop_assert!((cost.value().0 - slow_cost(&losses, &schedule)).abs() < 1e-11);
        let error = slow_error(&losses, |losses| slow_cost(losses, &schedule));
        prop_assert!((cost.standard_error().0 - error).abs() < 1e-11);

        let likelihood = losses.negative_log_likelihood(&schedule).unwrap();
        prop_assert!((likelihood.value().0 - slow_likelihood(&losses, &schedule)).abs() < 1e-11);
        let error = slow_error(&losses, |losses| slow_likelihood(losses, &schedule));
        prop_assert!((likelihood.standard_error().0 - error).abs() < 1e-11);

        let difference = losses.cost_difference(&schedule, &other).unwrap();
        let slow = |losses: &LossCurve| slow_cost(losses, &schedule) - slow_cost(losses, &other);
        prop_assert!((difference.value().0 - slow(&losses)).abs() < 1e-11);
        prop_assert!((difference.standard_error().0 - slow_error(&losses, slow)).abs() < 1e-11);
        let itself = losses.cost_difference(&schedule, &schedule).unwrap();
        prop_assert_eq!(itself, Estimate::exact(Nats(0.0)));
    }

    #[test]
    fn exact_losses_of_the_ideal_predictor_cost_the_sampling_error(
        (entropies, schedule) in increments(60).prop_flat_map(|increments| {
            let information = information_of(&increments);
            let top = information[information.len() - 1];
            let entropies: Vec<f64> = information.iter().map(|i| top - i).collect();
            let tokens = entropies.len();
            (Just(entropies), schedules(tokens))
        })
    ) {
        let curve = InformationCurve::from_conditional_entropies(&entropies).unwrap();
        let losses = LossCurve::from_exact(&entropies).unwrap();
        let exact = curve.sampling_error(&schedule).unwrap();
        let cost = losses.parallelism_cost(&schedule).unwrap();
        prop_assert!((cost.value().0 - exact.0).abs() <= 1e-14 * exact.0, "{cost} != {exact}");
        prop_assert_eq!(cost.standard_error(), Nats(0.0));
        prop_assert!(measured::any_fall::cost(&losses, &schedule).unwrap().contains(exact));
    }

    #[test]
    fn the_interval_between_measured_losses_is_attained(
        (losses, schedule, _) in measured()
    ) {
        // The nearest monotone losses, measured at the same counts.
        let fitted = losses.isotonic().unwrap();
        let points = losses.points().iter().zip(fitted.fitted());
        let points: Vec<_> = points.map(|(p, &l)| LossPoint::exact(p.revealed, Nats(l))).collect();
        let losses = LossCurve::from_points(points, losses.tokens()).unwrap();
        let bounds = measured::any_fall::cost(&losses, &schedule).unwrap();
        prop_assert!(bounds.contains(losses.parallelism_cost(&schedule).unwrap().value()));
        // Let all of each fall happen at one count: the worst and the best of them.
        let sawtooth: Vec<usize> = schedule.sawtooth().collect();
        let (mut worst, mut best) = (0.0, 0.0);
        for pair in losses.points().windows(2) {
            let fall = pair[0].loss.0 - pair[1].loss.0;
            let teeth = &sawtooth[pair[0].revealed + 1..=pair[1].revealed];
            worst += fall * *teeth.iter().max().unwrap() as f64;
            best += fall * *teeth.iter().min().unwrap() as f64;
        }
        prop_assert!((bounds.upper.0 - worst).abs() < 1e-11 && (bounds.lower.0 - best).abs() < 1e-11);
        prop_assert!(bounds.upper.0 >= worst && bounds.lower.0 <= best);
    }
}

#[test]
fn what_lies_beyond_the_measured_counts_is_never_invented() {
    let losses = LossCurve::from_points([point(1, 2.0, 0.1, 9), point(5, 1.0, 0.1, 9)], 8).unwrap();
    let not_measured = |missing| Error::NotMeasured { missing, first: 1, last: 5 };
    let whole = Schedule::from_reveal_sizes([2, 6]).unwrap();
    assert_eq!(losses.parallelism_cost(&whole).unwrap_err(), not_measured(0));
    let tail = Schedule::from_reveal_sizes([1, 1, 6]).unwrap();
    assert_eq!(losses.parallelism_cost(&tail).unwrap_err(), not_measured(7));
    assert_eq!(losses.negative_log_likelihood(&tail).unwrap_err(), not_measured(0));
    assert_eq!(losses.loss(6).unwrap_err(), not_measured(6));
    assert_eq!(losses.isotonic().unwrap().information_curve().unwrap_err(), not_measured(0));

    // Single tokens at either end cost nothing, whatever the loss there.
    let inner = Schedule::from_reveal_sizes([1, 4, 1, 1, 1]).unwrap();
    let cost = losses.parallelism_cost(&inner).unwrap();
    assert!((cost.value().0 - 0.25 * (1.0 + 2.0 + 3.0)).abs() < 1e-12);
    // And what two schedules have in common cancels, measured or not.
    let coarse = Schedule::from_reveal_sizes([2, 2, 1, 3]).unwrap();
    let fine = Schedule::from_reveal_sizes([2, 1, 1, 1, 3]).unwrap();
    let difference = losses.cost_difference(&coarse, &fine).unwrap();
    assert!((difference.value().0 - 0.25).abs() < 1e-12);
    assert_eq!(losses.cost_difference(&coarse, &inner).unwrap_err(), not_measured(0));
    let shorter = Schedule::from_reveal_sizes([2, 2, 1, 2, 1]).unwrap();
    assert_eq!(losses.cost_difference(&coarse, &shorter).unwrap_err(), not_measured(7));

    // The interval knows that losses do not fall below zero.
    assert_eq!(measured::any_fall::cost(&losses, &whole).unwrap_err(), not_measured(0));
    let from_0 = [point(0, 3.0, 0.0, 1), point(1, 2.0, 0.0, 1), point(5, 1.0, 0.0, 1)];
    let bounds =
        measured::any_fall::cost(&LossCurve::from_points(from_0, 8).unwrap(), &tail).unwrap();
    assert!(bounds.lower.0 == 0.0 && (bounds.upper.0 - 7.0).abs() < 1e-9);

    let held = losses.holding_ends();
    assert_eq!(held.loss(0).unwrap().value(), Nats(2.0));
    assert_eq!(held.loss(7).unwrap(), held.loss(5).unwrap());
    let full: Vec<_> = (0..8).map(|k| point(k, held.loss(k).unwrap().value().0, 0.0, 1)).collect();
    let full = LossCurve::from_points(full, 8).unwrap();
    for schedule in all_schedules(8) {
        let (by_held, by_full) =
            (held.parallelism_cost(&schedule).unwrap(), full.parallelism_cost(&schedule).unwrap());
        assert!((by_held.value().0 - by_full.value().0).abs() < 1e-12, "{schedule}");
        let one = Schedule::one_step(8).unwrap();
        let [by_held, by_full] =
            [&held, &full].map(|losses| losses.cost_difference(&schedule, &one).unwrap().value().0);
        assert!((by_held - by_full).abs() < 1e-12, "{schedule}");
        assert!(
            measured::any_fall::cost(&held, &schedule)
                .unwrap()
                .contains(Nats(full.parallelism_cost(&schedule).unwrap().value().0))
        );
    }
    let curve = held.isotonic().unwrap().information_curve().unwrap();
    assert_eq!(curve.information(7), Nats(1.0));
}

#[test]
fn single_precision_agrees_within_its_rounding() {
    let losses = LossCurve::from_exact(truth(64)).unwrap();
    let single: Vec<f32> = truth(64).iter().map(|&loss| loss as f32).collect();
    let single = LossCurve::from_exact(single).unwrap();
    for steps in [1, 3, 8, 32] {
        let schedule = Schedule::balanced(64, steps).unwrap();
        let exact = losses.parallelism_cost(&schedule).unwrap().value().0;
        let rounded = f64::from(single.parallelism_cost(&schedule).unwrap().value().0);
        assert!((rounded - exact).abs() <= 64.0 * 3.0 * f64::from(f32::EPSILON), "{steps}");
    }
}

#[test]
fn likelihoods_are_told_per_token_and_as_perplexity() {
    let total = Estimate::with_known_error(Nats(8.0), Nats(2.0)).unwrap();
    let per_token = total.per_token(4).unwrap();
    assert_eq!(Ok(per_token), Estimate::with_known_error(Nats(2.0), Nats(0.5)));
    assert_eq!(total.perplexity(4).unwrap(), 2.0_f64.exp());
    let interval = total.interval(0.682_689_492_137_086).unwrap();
    let (low, high) = interval.perplexity(4).unwrap().into_inner();
    assert!((low - 1.5_f64.exp()).abs() < 1e-9 && (high - 2.5_f64.exp()).abs() < 1e-9);
    assert_eq!(interval.level(), 0.682_689_492_137_086);
    assert!(matches!(total.per_token(0), Err(Error::Empty { .. })));
    assert!(matches!(total.perplexity(0), Err(Error::Empty { .. })));
    assert!(matches!(interval.perplexity(0), Err(Error::Empty { .. })));
}

#[test]
fn points_at_one_count_are_merged_as_their_samples_would_be() {
    let mut rng = support::generator(3);
    let mut parts = vec![Collector::new(4).unwrap(); 3];
    let mut whole = Collector::new(4).unwrap();
    for i in 0..3000 {
        let loss = Nats(rng.random::<f64>());
        parts[i % 3].record(2, loss).unwrap();
        whole.record(2, loss).unwrap();
    }
    let points: Vec<_> =
        parts.iter().flat_map(|part| part.loss_curve(2).unwrap().points().to_vec()).collect();
    let [merged] = LossCurve::from_points(points, 4).unwrap().points()[..] else {
        panic!("one count");
    };
    let [direct] = whole.loss_curve(2).unwrap().points()[..] else { panic!("one count") };
    assert_eq!(merged.samples, direct.samples);
    assert!((merged.loss.0 - direct.loss.0).abs() < 1e-14);
    assert!((merged.standard_error.0 / direct.standard_error.0 - 1.0).abs() < 1e-13);
    assert_eq!(merged.estimate().degrees_of_freedom(), 2999.0);
}

/// True losses for the simulations, `l_k = 1/4 + 2 / (k+1)`; single losses are spread by 0 .. 2 l_k.
fn truth(tokens: usize) -> Vec<f64> {
    (0..tokens).map(|k| 0.25 + 2.0 / (k as f64 + 1.0)).collect()
}

fn simulate(truth: &[f64], samples: u64, rng: &mut ChaCha8Rng) -> Collector {
    let mut collector = Collector::new(truth.len()).unwrap();
    for (k, mean) in truth.iter().enumerate() {
        for _ in 0..samples {
            collector.record(k, Nats(2.0 * mean * rng.random::<f64>())).unwrap();
        }
    }
    collector
}

#[test]
fn intervals_cover_the_true_cost_as_often_as_they_say() {
    let truth = truth(16);
    let exact = LossCurve::from_exact(&truth).unwrap();
    let schedule = Schedule::balanced(16, 4).unwrap();
    let other = Schedule::from_reveal_sizes([1, 2, 4, 9]).unwrap();
    let cost = exact.parallelism_cost(&schedule).unwrap().value();
    let difference = exact.cost_difference(&schedule, &other).unwrap().value();
    let likelihood = exact.negative_log_likelihood(&schedule).unwrap().value();
    let mut rng = support::generator(11);
    let runs = 1000;
    let mut covered = [0; 4];
    for _ in 0..runs {
        let losses = simulate(&truth, 40, &mut rng).loss_curve(2).unwrap();
        let normal = losses.parallelism_cost(&schedule).unwrap().interval(0.95).unwrap();
        let bernstein = losses.bernstein_interval(&schedule, Nats(4.5), 0.95).unwrap();
        assert!(bernstein.width() > normal.width());
        let of_difference = losses.cost_difference(&schedule, &other).unwrap();
        let of_likelihood = losses.negative_log_likelihood(&schedule).unwrap();
        covered[0] += usize::from(normal.contains(cost));
        covered[1] += usize::from(of_difference.interval(0.95).unwrap().contains(difference));
        covered[2] += usize::from(of_likelihood.interval(0.95).unwrap().contains(likelihood));
        covered[3] += usize::from(bernstein.contains(cost));
    }
    // 950 expected; the binomial standard deviation is 7. The other holds whatever the
    // distribution.
    for count in &covered[..3] {
        assert!((930..=970).contains(count), "{covered:?}");
    }
    assert_eq!(covered[3], runs);
}

#[test]
fn bernstein_intervals_have_the_radius_of_the_theorem() {
    // One gap, one step: the cost is l_0 - l_1, so two counts of weight one.
    let losses = LossCurve::from_points([point(0, 2.0, 0.03, 101), point(1, 1.0, 0.01, 51)], 2);
    let losses = losses.unwrap();
    let schedule = Schedule::one_step(2).unwrap();
    let interval = losses.bernstein_interval(&schedule, Nats(3.0), 0.9).unwrap();
    let log = (4.0 * 2.0 / 0.1_f64).ln();
    let radius = |variance: f64, n: f64| {
        (2.0 * variance * log / n).sqrt() + 7.0 * 3.0 * log / (3.0 * (n - 1.0))
    };
    let expected = radius(0.03 * 0.03 * 101.0, 101.0) + radius(0.01 * 0.01 * 51.0, 51.0);
    assert!((interval.upper().0 - 1.0 - expected).abs() < 1e-12);
    assert!((1.0 - interval.lower().0 - expected).abs() < 1e-12);
}

#[test]
fn linear_propagation_agrees_with_the_bootstrap() {
    let truth = truth(12);
    let mut rng = support::generator(5);
    let samples: Vec<Vec<f64>> = truth
        .iter()
        .map(|mean| (0..60).map(|_| 2.0 * mean * rng.random::<f64>()).collect())
        .collect();
    // Measured at every other count, so that the straight lines take part.
    let curve_of = |draw: &mut dyn FnMut(&[f64], usize) -> f64| {
        let mut collector = Collector::new(12).unwrap();
        for k in [0, 1, 3, 5, 7, 9, 11] {
            for i in 0..60 {
                collector.record(k, Nats(draw(&samples[k], i))).unwrap();
            }
        }
        collector.loss_curve(2).unwrap()
    };
    let schedule = Schedule::from_reveal_sizes([1, 2, 4, 5]).unwrap();
    let estimate = curve_of(&mut |samples, i| samples[i]).parallelism_cost(&schedule).unwrap();
    let replicates: Vec<f64> = (0..4000)
        .map(|_| {
            let resampled = curve_of(&mut |samples, _| samples[rng.random_range(0..60)]);
            resampled.parallelism_cost(&schedule).unwrap().value().0
        })
        .collect();
    let mean = replicates.iter().sum::<f64>() / 4000.0;
    let variance = replicates.iter().map(|x| (x - mean).powi(2)).sum::<f64>() / 4000.0;
    // The bootstrap divides by n, the standard error by n - 1; 4000 replicates leave one percent.
    let expected = estimate.standard_error().0 * (59.0_f64 / 60.0).sqrt();
    assert!((variance.sqrt() / expected - 1.0).abs() < 0.04, "{} {expected}", variance.sqrt());
}

proptest! {
    #![proptest_config(seeded(100, 72))]

    #[test]
    fn merged_collectors_are_the_collector_of_the_whole(
        evaluations in proptest::collection::vec((0_usize..5, 0.0..8.0_f64, 0_usize..4), 1..200),
        offset in prop_oneof![Just(0.0), Just(1e7)],
    ) {
        let mut parts = vec![Collector::new(5).unwrap(); 4];
        let mut whole = Collector::new(5).unwrap();
        for &(k, loss, part) in &evaluations {
            parts[part].record(k, Nats(loss + offset)).unwrap();
            whole.record(k, Nats(loss + offset)).unwrap();
        }
        let mut merged = Collector::new(5).unwrap();
        parts.iter().for_each(|part| merged.merge(part).unwrap());
        for k in 0..5 {
            // By two passes over the stored evaluations.
            let at: Vec<f64> = evaluations.iter().filter(|e| e.0 == k).map(|e| e.1).collect();
            prop_assert_eq!(whole.samples(k), at.len() as u64);
            prop_assert_eq!(merged.samples(k), at.len() as u64);
        }
        let (Ok(merged), Ok(whole)) = (merged.loss_curve(2), whole.loss_curve(2)) else {
            return Ok(());
        };
        for (merged, whole) in merged.points().iter().zip(whole.points()) {
            let at = evaluations.iter().filter(|e| e.0 == whole.revealed).map(|e| e.1);
            let n = at.clone().count() as f64;
            let mean = at.clone().sum::<f64>() / n;
            let variance = at.map(|x| (x - mean).powi(2)).sum::<f64>() / (n - 1.0);
            for point in [merged, whole] {
                prop_assert!((point.loss.0 - offset - mean).abs() < 1e-13 + offset * 1e-14);
                let error = (variance / n).sqrt();
                prop_assert!((point.standard_error.0 - error).abs() < 1e-12 + offset * 1e-15);
            }
        }
    }
}

#[test]
fn collectors_refuse_what_is_no_evaluation_and_stay_as_they_were() {
    let mut collector = Collector::new(3).unwrap();
    collector.record(1, Nats(1.0)).unwrap();
    let before = collector.clone();
    assert!(matches!(
        collector.record(3, Nats(1.0)),
        Err(Error::IndexOutOfRange { index: 3, limit: 3, .. })
    ));
    assert!(matches!(collector.record(0, Nats(f64::NAN)), Err(Error::NotFinite { .. })));
    assert!(matches!(collector.record(0, Nats(-0.1)), Err(Error::Negative { .. })));
    let other = Collector::new(4).unwrap();
    assert!(matches!(collector.merge(&other), Err(Error::LengthMismatch { .. })));
    assert_eq!(collector, before);
    let few = Error::TooFewSamples { revealed: 1, samples: 1, needed: 5 };
    assert_eq!(collector.loss_curve(5).unwrap_err(), few);
    assert!(matches!(collector.loss_curve(1), Err(Error::OutOfRange { .. })));
    assert!(matches!(Collector::<f64>::new(0), Err(Error::Empty { .. })));
    let limit = Collector::<f64>::new((1 << 20) + 1);
    assert!(matches!(limit, Err(Error::TooLarge { limit: 0x10_0000, .. })));
}

#[test]
fn batches_of_single_samples_and_of_equal_ones_have_the_spread_of_all_samples() {
    let batch = |loss, error, samples| {
        let (loss, standard_error) = (Nats(loss), Nats(error));
        LossPoint { revealed: 0, loss, standard_error, samples: Some(samples) }
    };
    let expected = (20.0_f64 / 12.0).sqrt();
    let ways: [&[LossPoint]; 4] = [
        &[batch(2.0, 1.0, 2), batch(6.0, 1.0, 2)],
        &[batch(1.0, 0.0, 1), batch(3.0, 0.0, 1), batch(5.0, 0.0, 1), batch(7.0, 0.0, 1)],
        &[batch(7.0, 0.0, 1), batch(3.0, (8.0_f64 / 6.0).sqrt(), 3)],
        &[batch(4.0, expected, 4)],
    ];
    for points in ways {
        let loss = LossCurve::from_points(points, 1).unwrap().loss(0).unwrap();
        assert!((loss.value().0 - 4.0).abs() < 1e-15, "{points:?}: {loss}");
        assert!((loss.standard_error().0 - expected).abs() < 1e-14, "{points:?}: {loss}");
        assert_eq!(loss.degrees_of_freedom(), 3.0);
    }
    // Samples that are all equal are no exact loss: other samples differ.
    let quantised = [batch(0.0, 0.0, 2), batch(1.0, 0.0, 2)];
    let loss = LossCurve::from_points(quantised, 1).unwrap().loss(0).unwrap();
    assert!((loss.standard_error().0 - (1.0_f64 / 12.0).sqrt()).abs() < 1e-15);
    // An exact loss stays what it is.
    let exact = LossPoint::exact(0, Nats(3.0));
    let losses = LossCurve::from_points([batch(2.0, 1.0, 2), exact], 1).unwrap();
    assert_eq!(losses.points(), [exact]);

    let refused = |points: &[LossPoint]| LossCurve::from_points(points, 1).unwrap_err();
    let single = refused(&[batch(1.0, 0.0, 1)]);
    assert_eq!(single, Error::TooFewSamples { revealed: 0, samples: 1, needed: 2 });
    assert!(matches!(refused(&[batch(1.0, 0.5, 1)]), Error::Inconsistent { .. }));
    assert!(matches!(refused(&[batch(1.0, 0.0, 2), exact]), Error::ExactLossesDiffer { .. }));
    let unknown = LossPoint { samples: None, ..batch(1.0, 0.5, 2) };
    for points in [[unknown, batch(1.0, 0.5, 2)], [batch(1.0, 0.5, 2), unknown]] {
        let error = refused(&points);
        assert!(matches!(error, Error::NotApplicable { .. }));
        assert!(error.to_string().contains("at 0 revealed tokens"), "{error}");
    }
}

#[test]
fn exact_losses_at_one_count_must_agree() {
    let merge = |points: [LossPoint; 3]| LossCurve::from_points(points, 4);
    let error = merge([point(1, 2.0, 0.0, 3), point(0, 4.0, 0.1, 2), point(1, 2.5, 0.0, 1)]);
    let error = error.unwrap_err();
    assert!(matches!(error, Error::ExactLossesDiffer { revealed: 1, one: 2.0, other: 2.5, .. }));
    assert!(error.to_string().contains("at 1 revealed tokens the loss is given as 2 and as 2.5"));
    let near = merge([point(1, 2.0, 0.0, 1), point(0, 4.0, 0.1, 2), point(1, 2.0 + 1e-9, 0.0, 1)]);
    assert_eq!(near.unwrap().points()[1].standard_error, Nats(0.0));
}

#[test]
fn what_overflows_is_an_error_and_what_need_not_does_not() {
    let mut collector = Collector::new(2).unwrap();
    collector.record(0, Nats(1e200)).unwrap();
    let before = collector.clone();
    assert!(matches!(collector.record(0, Nats(0.0)), Err(Error::Overflow { .. })));
    assert_eq!(collector, before);
    let mut other = Collector::new(2).unwrap();
    other.record(0, Nats(3.0)).unwrap();
    assert!(matches!(collector.merge(&other), Err(Error::Overflow { .. })));
    assert_eq!(collector, before);

    // Squares of these errors are beyond the largest float, or below the smallest.
    for scale in [1e200, 1e-200_f64] {
        let points =
            [point(0, scale, scale, 9), point(0, scale, scale, 9), point(1, 0.0, scale, 9)];
        let losses = LossCurve::from_points(points, 2).unwrap();
        let merged = losses.points()[0].standard_error.0 / scale;
        assert!((merged - (8.0_f64 / 17.0).sqrt()).abs() < 1e-12, "{merged}");
        let cost = losses.parallelism_cost(&Schedule::one_step(2).unwrap()).unwrap();
        assert!((cost.standard_error().0 / scale - (25.0_f64 / 17.0).sqrt()).abs() < 1e-12);
        assert!((losses.monotonicity().p_value - 1.0).abs() < 1e-12);
    }
    let points = [point(0, 1.0, 1e308, 9), point(9, 0.5, 1e308, 9)];
    let losses = LossCurve::from_points(points, 10).unwrap();
    let schedule = Schedule::one_step(10).unwrap();
    let overflow = |error: Error| matches!(error, Error::Overflow { .. });
    assert!(overflow(losses.parallelism_cost(&schedule).unwrap_err()));
    assert!(overflow(losses.negative_log_likelihood(&schedule).unwrap_err()));
    assert!(overflow(losses.loss(0).unwrap().interval(0.999).unwrap_err()));
    assert!(overflow(measured::any_fall::cost_interval(&losses, &schedule, 0.95).unwrap_err()));
    assert!(losses.monotonicity().p_value <= 1.0);
}

#[test]
fn the_error_splits_into_what_the_schedule_and_what_the_model_adds() {
    let entropies = truth(10);
    let truth = InformationCurve::from_conditional_entropies(&entropies).unwrap();
    let model: Vec<_> =
        entropies.iter().enumerate().map(|(k, f)| point(k, f + 0.02 * k as f64, 0.1, 9)).collect();
    let model = LossCurve::from_points(model, 10).unwrap();
    let reference: Vec<_> =
        entropies.iter().enumerate().map(|(k, &f)| point(k, f, 0.2, 9)).collect();
    let reference = LossCurve::from_points(reference, 10).unwrap();
    for schedule in all_schedules(10) {
        let split = model.error_split(&truth, &schedule).unwrap();
        assert_eq!(split.factorization.value(), truth.sampling_error(&schedule).unwrap());
        let gap: f64 = schedule.ranges().map(|s| (s.len() * s.start) as f64 * 0.02).sum();
        assert!((split.learning.value().0 - gap).abs() < 1e-12);
        let total = model.negative_log_likelihood(&schedule).unwrap();
        let entropy = truth.joint_entropy().unwrap();
        assert!((split.total.value().0 - (total.value() - entropy).0).abs() < 1e-12);
        assert_eq!(split.total.standard_error(), total.standard_error());

        let against = model.error_split_against(&reference, &schedule).unwrap();
        assert!((against.total.value().0 - split.total.value().0).abs() < 1e-12);
        assert!((against.learning.value().0 - gap).abs() < 1e-12);
        let squares: f64 = schedule.sizes().iter().map(|&s| (s * s) as f64).sum();
        let learning = (squares * (0.01 + 0.04)).sqrt();
        assert!((against.learning.standard_error().0 - learning).abs() < 1e-12);
        let total = (squares * 0.01 + 10.0 * 0.04).sqrt();
        assert!((against.total.standard_error().0 - total).abs() < 1e-12);
    }
    let unknown = InformationCurve::from_information([0.0; 10]).unwrap();
    let schedule = Schedule::one_step(10).unwrap();
    assert!(matches!(model.error_split(&unknown, &schedule), Err(Error::Empty { .. })));
}

/// What evaluations with these mask ratios say of exact losses, without error.
fn smoothed(truth: &[f64], ratios: &[f64]) -> SmoothedLosses {
    let mixed = |&ratio: &f64| {
        // Pascal's rule, row by row.
        let mut law = vec![1.0];
        for _ in 1..truth.len() {
            law = (0..=law.len())
                .map(|k| {
                    let stay = law.get(k).map_or(0.0, |p| p * ratio);
                    stay + k.checked_sub(1).map_or(0.0, |k| law[k] * (1.0 - ratio))
                })
                .collect();
        }
        let loss = law.iter().zip(truth).map(|(p, l)| p * l).sum();
        (ratio, Estimate::exact(Nats(loss)))
    };
    SmoothedLosses::from_mask_ratios(ratios.iter().map(mixed).collect::<Vec<_>>(), truth.len())
        .unwrap()
}

#[test]
fn intervals_of_smoothed_losses_hold_exact_losses_of_any_shape_at_every_count() {
    let tokens = 256;
    let six = [1.0, 0.9, 0.7, 0.5, 0.3, 0.1];
    let step_at = |m: usize| (0..tokens).map(move |k| if k < m { 3.0 } else { 0.5 }).collect();
    let shapes: Vec<Vec<f64>> = vec![
        vec![3.0; tokens],
        vec![0.0; tokens],
        step_at(1),
        step_at(25),
        step_at(128),
        step_at(200),
        step_at(255),
        truth(tokens),
    ];
    for truth in &shapes {
        let curve = LossCurve::from_exact(truth).unwrap();
        for ratios in [&[1.0, 0.9][..], &[0.5], &[1.0 - 1e-12, 1e-9], &six] {
            let smoothed = smoothed(truth, ratios);
            for (k, &loss) in truth.iter().enumerate() {
                let interval = smoothed.loss_interval(k, 0.95).unwrap();
                assert!(
                    interval.lower().0 <= loss && loss <= interval.upper().0,
                    "{k}: {interval:?}"
                );
            }
            for steps in [1, 7, 64, 256] {
                let schedule = Schedule::balanced(tokens, steps).unwrap();
                let interval = smoothed.cost_interval(&schedule, 0.95).unwrap();
                let cost = curve.parallelism_cost(&schedule).unwrap().value();
                assert!(interval.contains(cost), "{steps}: {interval:?} {cost}");
            }
        }
    }
    // And they are tight where the losses leave no room.
    let flat = smoothed(&shapes[0], &[1.0, 0.9]);
    let interval = flat.loss_interval(40, 0.95).unwrap();
    assert!(interval.width().0 < 1e-4 && interval.upper().0 - 3.0 < 1e-9, "{interval:?}");
    // Mixed losses that are right to twelve digits only, whichever way they are off.
    for off in [-1e-13, 1e-13] {
        let mixed = [(1.0, 3.0), (0.9, 3.0 * (1.0 + off))];
        let mixed = mixed.map(|(ratio, loss)| (ratio, Estimate::exact(Nats(loss))));
        let smoothed = SmoothedLosses::from_mask_ratios(mixed, tokens).unwrap();
        for k in 0..tokens {
            assert!(smoothed.loss_interval(k, 0.95).unwrap().contains(Nats(3.0)), "{k}");
        }
    }
    // More masked, and a smaller loss: no losses that fall are like that.
    let rising = [(1.0, 2.0), (0.5, 3.0)].map(|(ratio, loss)| (ratio, Estimate::exact(Nats(loss))));
    let rising = SmoothedLosses::from_mask_ratios(rising, tokens).unwrap();
    assert!(matches!(rising.loss_interval(128, 0.95), Err(Error::Inconsistent { .. })));
}

#[test]
fn smoothed_losses_bound_every_loss_and_cost() {
    let tokens = 48;
    let truth = truth(tokens);
    let ratios: Vec<f64> = (1..=20).map(|i| f64::from(i) / 20.0).collect();
    let smoothed = smoothed(&truth, &ratios);
    let mut widest = 0.0_f64;
    assert!(smoothed.loss_interval(0, 0.95).unwrap().width().0 < 1e-9);
    for (k, &loss) in truth.iter().enumerate() {
        let interval = smoothed.loss_interval(k, 0.95).unwrap();
        assert!(interval.lower().0 <= loss && loss <= interval.upper().0, "{k}");
        widest = widest.max(interval.width().0);
    }
    assert!(widest < 1.7, "{widest}");
    let curve = LossCurve::from_exact(&truth).unwrap();
    for steps in [1, 4, 12, 48] {
        let schedule = Schedule::balanced(tokens, steps).unwrap();
        let cost = curve.parallelism_cost(&schedule).unwrap().value();
        assert!(smoothed.cost_interval(&schedule, 0.95).unwrap().contains(cost));
    }
    assert!(matches!(
        SmoothedLosses::from_mask_ratios([(1.5, Estimate::<f64>::exact(Nats(1.0)))], 4),
        Err(Error::OutOfRange { value: 1.5, .. })
    ));
    assert!(matches!(smoothed.loss_interval(48, 0.95), Err(Error::IndexOutOfRange { .. })));
    assert!(matches!(smoothed.loss_interval(0, 1.0), Err(Error::OutOfRange { .. })));
}

#[test]
fn the_bounds_from_smoothed_losses_are_attained() {
    // L = 3, each token masked with probability 1/2: K is 0, 1, 2 with probability 1/4, 1/2, 1/4.
    let measured = |loss| Estimate::exact(Nats(loss));
    let interval = |[l_0, l_1, l_2]: [f64; 3], revealed| {
        let mixed = 0.25 * l_0 + 0.5 * l_1 + 0.25 * l_2;
        SmoothedLosses::from_mask_ratios([(1.0, measured(l_0)), (0.5, measured(mixed))], 3)
            .unwrap()
            .loss_interval(revealed, 0.95)
            .unwrap()
    };
    // The loss falls once: to 1 just before, or to 0 just after the count asked for.
    assert!((interval([3.0, 1.0, 1.0], 1).lower().0 - 1.0).abs() < 1e-12);
    assert!((interval([3.0, 3.0, 1.0], 2).lower().0 - 1.0).abs() < 1e-12);
    assert!((interval([2.0, 2.0, 0.0], 1).upper().0 - 2.0).abs() < 1e-12);
    // Errors widen each end by their own deviations: two measurements at 95% together.
    let noisy = |loss| Estimate::with_known_error(Nats(loss), Nats(0.1)).unwrap();
    let at_0 = SmoothedLosses::from_mask_ratios([(1.0, noisy(3.0)), (0.5, noisy(2.0))], 3).unwrap();
    let radius: f64 = at_0.loss_interval(0, 0.95).unwrap().upper().0 - 3.0;
    assert!((radius - 0.1 * 2.241_402_727_604_947).abs() < 1e-9, "{radius}");
}

#[test]
fn intervals_between_counts_and_within_errors_cover_the_cost() {
    let truth = truth(33);
    let exact = LossCurve::from_exact(&truth).unwrap();
    let schedule = Schedule::balanced(33, 5).unwrap();
    let cost = exact.parallelism_cost(&schedule).unwrap().value();
    let mut rng = support::generator(31);
    let counts = [0, 1, 2, 4, 8, 16, 32];
    let mut widths = [0.0; 2];
    for _ in 0..200 {
        let losses = simulate(&truth, 400, &mut rng).loss_curve(2).unwrap();
        let at = losses.points().iter().filter(|p| counts.contains(&p.revealed)).copied();
        let losses = LossCurve::from_points(at.collect::<Vec<_>>(), 33).unwrap();
        let interval = measured::any_fall::cost_interval(&losses, &schedule, 0.95).unwrap();
        assert!(interval.contains(cost), "{interval:?}");
        widths[0] += interval.width().0 / 200.0;
        let at = counts.map(|k| LossPoint::exact(k, Nats(truth[k])));
        let exact = LossCurve::from_points(at, 33).unwrap();
        widths[1] += measured::any_fall::cost(&exact, &schedule).unwrap().width().0 / 200.0;
    }
    assert!(widths[0] > widths[1] && widths[0] < 3.0 * widths[1], "{widths:?}");
    let rising = [point(0, 1.0, 0.01, 9), point(1, 1.5, 0.01, 9)];
    let rising = LossCurve::from_points(rising, 2).unwrap();
    let refused = measured::any_fall::cost_interval(&rising, &Schedule::one_step(2).unwrap(), 0.95);
    assert!(matches!(refused, Err(Error::InformationDecreases { .. })));
}

#[test]
fn points_that_are_no_measurements_are_refused() {
    let one = |p: LossPoint| LossCurve::from_points([point(0, 1.0, 0.0, 1), p], 4).unwrap_err();
    assert!(matches!(one(point(4, 1.0, 0.0, 1)), Error::IndexOutOfRange { index: 4, .. }));
    assert!(matches!(one(point(1, f64::NAN, 0.0, 1)), Error::NotFinite { index: Some(1), .. }));
    assert!(matches!(one(point(1, -1.0, 0.0, 1)), Error::Negative { index: Some(1), .. }));
    assert!(matches!(
        one(point(1, 1.0, f64::INFINITY, 1)),
        Error::NotFinite { index: Some(1), .. }
    ));
    assert!(matches!(one(point(1, 1.0, -0.1, 1)), Error::Negative { index: Some(1), .. }));
    assert!(matches!(
        one(point(1, 1.0, 0.0, 0)),
        Error::TooFewSamples { revealed: 1, samples: 0, needed: 1 }
    ));
    assert!(matches!(one(point(1, f64::MAX, 0.0, 1)), Error::Overflow { .. }));
    assert!(matches!(
        LossCurve::from_points([point(1, 1.0, 0.0, u64::MAX), point(1, 1.0, 0.0, 2)], 4),
        Err(Error::Overflow { .. })
    ));
    assert!(matches!(LossCurve::<f64>::from_points([], 4), Err(Error::Empty { .. })));
    assert!(matches!(LossCurve::<f64>::from_exact([]), Err(Error::Empty { .. })));
    assert!(matches!(LossCurve::<f64>::from_points([], 0), Err(Error::Empty { .. })));
    let huge = LossCurve::from_points([point(0, 1.0, 0.0, 1)], usize::MAX);
    assert!(matches!(huge, Err(Error::TooLarge { .. })));

    let losses = LossCurve::from_exact([2.0, 1.0, 1.5]).unwrap();
    let schedule = Schedule::one_step(3).unwrap();
    let other = Schedule::one_step(4).unwrap();
    assert!(matches!(losses.parallelism_cost(&other), Err(Error::TokensDiffer { .. })));
    assert!(matches!(losses.cost_difference(&schedule, &other), Err(Error::TokensDiffer { .. })));
    assert!(matches!(losses.negative_log_likelihood(&other), Err(Error::TokensDiffer { .. })));
    assert!(matches!(losses.loss(3), Err(Error::IndexOutOfRange { .. })));
    assert!(matches!(
        measured::any_fall::cost(&losses, &schedule),
        Err(Error::InformationDecreases { earlier: 1, later: 2, .. })
    ));
    let cost = losses.parallelism_cost(&schedule).unwrap();
    assert!(matches!(cost.interval(1.0), Err(Error::OutOfRange { value: 1.0, .. })));
    let few = losses.bernstein_interval(&schedule, Nats(5.0), 0.9);
    assert!(matches!(few, Err(Error::NotApplicable { .. })));
    let losses = LossCurve::from_points([point(0, 2.0, 0.1, 9), point(1, 1.0, 0.1, 9)], 2).unwrap();
    let low = losses.bernstein_interval(&Schedule::one_step(2).unwrap(), Nats(1.5), 0.9);
    assert!(matches!(low, Err(Error::Inconsistent { .. })));
    // Two losses of 0 and 4 are the most spread there is between 0 and 4: standard error 2.
    let interval = |error| {
        let points = [point(0, 2.0, error, 2), point(1, 1.0, 0.1, 9)];
        let losses = LossCurve::from_points(points, 2).unwrap();
        losses.bernstein_interval(&Schedule::one_step(2).unwrap(), Nats(4.0), 0.9)
    };
    assert!(interval(2.0).is_ok());
    let spread = interval(2.001).unwrap_err();
    assert!(
        matches!(spread, Error::Inconsistent { inequality, .. } if inequality.contains("sqrt"))
    );
}

#[test]
fn choosing_and_judging_by_the_same_losses_is_optimistic_and_a_second_sample_is_not() {
    let truth = truth(24);
    let exact = InformationCurve::from_conditional_entropies(&truth).unwrap();
    let mut rng = support::generator(23);
    let runs = 400;
    // Mean of (estimate - true cost of the schedule chosen), and of its square.
    let mut apparent = [0.0; 2];
    let mut same_losses = [0.0; 2];
    let mut judged = [0.0; 2];
    let mut covered = 0;
    for _ in 0..runs {
        let [select, evaluate] =
            [(); 2].map(|()| simulate(&truth, 10, &mut rng).loss_curve(2).unwrap());
        let planner = Planner::new(&select, evaluate).unwrap();
        let choice = planner.schedule(6).unwrap();
        let cost = exact.sampling_error(&choice.schedule).unwrap();
        let by_select = select.parallelism_cost(&choice.schedule).unwrap();
        for (moments, estimate) in [
            (&mut apparent, choice.apparent),
            (&mut same_losses, by_select.value()),
            (&mut judged, choice.judged.value()),
        ] {
            let error = (estimate - cost).0 / f64::from(runs);
            moments[0] += error;
            moments[1] += error * error;
        }
        covered += usize::from(choice.judged.interval(0.95).unwrap().contains(cost));
    }
    let deviations = |[mean, squares]: [f64; 2]| mean / squares.sqrt();
    assert!(deviations(apparent) < -5.0, "{apparent:?}");
    assert!(deviations(same_losses) < -5.0, "{same_losses:?}");
    assert!(deviations(judged).abs() < 3.0, "{judged:?}");
    // 380 expected, with a standard deviation of 4; ten samples a count are few for a normal interval.
    assert!((360..=396).contains(&covered), "{covered}");
}

#[test]
fn plans_as_measured_are_the_best_for_losses_that_rise() {
    let rising: Vec<f64> = (0..11).map(|k| 3.0 - 0.2 * k as f64 + (k % 3) as f64).collect();
    let even = (0..11).step_by(2).map(|k| point(k, rising[k], 0.01, 50)).collect::<Vec<_>>();
    let select = LossCurve::from_points(even, 11).unwrap();
    let all = select.at_all_counts().unwrap();
    for (k, loss) in all.iter().enumerate() {
        assert!((loss - select.loss(k).unwrap().value().0).abs() < 1e-14);
    }
    let judge = LossCurve::from_exact(&rising).unwrap();
    let planner = Planner::new(&select, judge.clone()).unwrap();
    assert!(planner.chooses_as_measured());
    let mean = LossCurve::from_exact(planner.select().mean()).unwrap();
    for steps in 1..=11 {
        let choice = planner.schedule_as_measured(steps).unwrap();
        let of_steps = all_schedules(11).filter(|s| s.steps() == steps);
        let costs = of_steps.map(|s| mean.parallelism_cost(&s).unwrap().value().0);
        let least = costs.fold(f64::INFINITY, f64::min);
        assert!((choice.apparent.0 - least).abs() < 1e-12, "{steps}");
        assert_eq!(choice.judged, judge.parallelism_cost(&choice.schedule).unwrap());
    }
    let inner = LossCurve::from_points([point(1, 2.0, 0.1, 9), point(2, 1.0, 0.1, 9)], 4).unwrap();
    assert!(matches!(inner.at_all_counts(), Err(Error::NotMeasured { missing: 0, .. })));
    assert_eq!(inner.holding_ends().at_all_counts().unwrap(), [2.0, 2.0, 1.0, 1.0]);
}

#[test]
fn plans_are_the_best_schedules_of_the_projected_losses() {
    let truth = truth(12);
    let losses = LossCurve::from_exact(&truth).unwrap();
    let planner = Planner::new(&losses, losses.clone()).unwrap();
    let frontier = planner.frontier(12).unwrap();
    for (steps, &least) in (1..).zip(&frontier) {
        let choice = planner.schedule(steps).unwrap();
        assert_eq!(choice.schedule.steps(), steps);
        assert!((choice.apparent.0 - least.0).abs() < 1e-12);
        assert!((choice.judged.value().0 - least.0).abs() < 1e-12);
        let best = all_schedules(12).filter(|s| s.steps() == steps);
        let best = best.map(|s| losses.parallelism_cost(&s).unwrap().value().0);
        assert!((best.fold(f64::INFINITY, f64::min) - least.0).abs() < 1e-12);
    }
    let tolerance = Nats(0.5);
    let fewest = planner.fewest_steps(tolerance).unwrap();
    assert!(fewest.apparent <= tolerance && frontier[fewest.schedule.steps() - 2] > tolerance);
    let other = LossCurve::from_exact(vec![1.0; 5]).unwrap();
    assert!(matches!(Planner::new(&losses, other), Err(Error::LengthMismatch { .. })));
}

#[test]
fn what_is_known_of_losses_has_the_held_end_and_all_intervals_at_once() {
    use unmaskcost::bounds::{Knowledge, sharp::Known};
    let at = |revealed, loss, error| LossPoint {
        revealed,
        loss: Nats(loss),
        standard_error: Nats(error),
        samples: None,
    };
    let losses = LossCurve::from_points([at(0, 1.0, 0.02), at(3, 0.5, 0.03)], 8).unwrap();
    let held = losses.clone().holding_ends();
    let schedule = Schedule::balanced(8, 2).unwrap();
    let upper = |known: &Known| known.upper(&schedule).unwrap().0;
    let near = |a: f64, b: f64| (a - b).abs() < 1e-12;

    // Beyond the last count the loss is held: the information is too.
    let by_hand = Known::about(8).single_token_entropy(Nats(1.0)).information(3, Nats(0.5));
    let open = upper(&measured::any_fall::known(&losses).unwrap());
    assert!(near(open, upper(&by_hand)));
    let closed = upper(&measured::any_fall::known(&held).unwrap());
    assert!(near(closed, upper(&by_hand.information(7, Nats(0.5)))));
    assert!(closed < open - 0.1);

    // Both losses are within their intervals at once with the level: each misses with half of the rest.
    let interval = |revealed: usize| losses.loss(revealed).unwrap().interval(0.95).unwrap();
    let (first, last) = (interval(0), interval(3));
    let (least, most) = (first.lower() - last.upper(), first.upper() - last.lower());
    let by_hand =
        Known::about(8).single_token_entropy(first.upper()).information_between(3, least, most);
    let within = measured::any_fall::known_within_errors(&losses, 0.9).unwrap();
    assert!(near(upper(&within), upper(&by_hand)));
}

#[test]
fn an_error_of_zero_is_known_whatever_the_number_of_samples() {
    let degrees = |error| point(0, 1.0, error, 5).estimate().degrees_of_freedom();
    assert_eq!((degrees(0.5), degrees(0.0)), (4.0, f64::INFINITY));
}

#[test]
fn the_end_that_was_not_measured_is_named() {
    let losses = |counts: &[usize]| {
        let points: Vec<_> = counts.iter().map(|&k| point(k, 1.0, 0.1, 5)).collect();
        LossCurve::from_points(points, 8).unwrap()
    };
    let missing = |error: Error| match error {
        Error::NotMeasured { missing, .. } => missing,
        other => panic!("{other}"),
    };
    assert_eq!(missing(losses(&[0, 3]).at_all_counts().unwrap_err()), 7);
    assert_eq!(missing(losses(&[3, 7]).at_all_counts().unwrap_err()), 0);
    assert_eq!(missing(losses(&[0]).posterior().unwrap_err()), 7);
    assert_eq!(missing(losses(&[4]).posterior().unwrap_err()), 0);
    let alone = |k| missing(LossPosterior::from_points([point(k, 1.0, 0.1, 5)], 8).unwrap_err());
    assert_eq!((alone(0), alone(4)), (7, 0));
}

/// Two samples of which each alone would choose other sizes.
#[test]
fn the_best_sizes_are_those_of_both_samples_together() {
    let mut random = generator(37);
    let mut sample = || {
        let points = (0..32).map(|k| {
            let loss = 1.0 + 3.0 / (1.0 + f64::from(k)) + 0.3 * random.random_range(-1.0..1.0);
            point(k as usize, loss, 0.2, 4)
        });
        LossCurve::from_points(points.collect::<Vec<_>>(), 32).unwrap()
    };
    let (one, other) = (sample(), sample());
    let plan = |select: &LossCurve, evaluate: &LossCurve| {
        let planner = Planner::new(select, evaluate.clone()).unwrap();
        let alone = unmaskcost::optimal::schedule(planner.curve(), 6).unwrap().0;
        (planner.advise(6).unwrap(), alone)
    };
    let ((advice, first), (back, second)) = (plan(&one, &other), plan(&other, &one));
    assert_ne!(first, second, "each alone chooses its own");
    assert_eq!(advice.best, back.best);
    assert!(advice.best != first || advice.best != second);
    // Of one sample twice, it is that sample's.
    let (twice, alone) = plan(&one, &one);
    assert_eq!(twice.best, alone);
    assert!(advice.adapts() && advice.saved.value().0 > 0.0);
    assert_eq!(advice.schedule, advice.best);
}
