//! Errors that are themselves known from few samples.

use crate::support;

use rand::RngExt;
use rand::rngs::ChaCha8Rng;
use unmaskcost::{
    ConfidenceInterval, Estimate, KlBounds,
    measured::{LossCurve, LossPoint, SmoothedLosses},
};
use unmaskcost::{Error, Nats, Schedule, measured};

fn point(revealed: usize, loss: f64, standard_error: f64, samples: u64) -> LossPoint {
    let (loss, standard_error) = (Nats(loss), Nats(standard_error));
    // One stands for a number that is not known.
    LossPoint { revealed, loss, standard_error, samples: (samples != 1).then_some(samples) }
}

/// Normal by the polar method.
fn normal(rng: &mut ChaCha8Rng) -> f64 {
    loop {
        let (x, y) = (rng.random_range(-1.0..1.0_f64), rng.random_range(-1.0..1.0_f64));
        let square = x * x + y * y;
        if square > 0.0 && square < 1.0 {
            return x * (-2.0 * square.ln() / square).sqrt();
        }
    }
}

/// Mean and standard error of some samples of a loss.
fn measure(
    revealed: usize,
    mean: f64,
    spread: f64,
    samples: u64,
    rng: &mut ChaCha8Rng,
) -> LossPoint {
    let losses: Vec<f64> = (0..samples).map(|_| mean + spread * normal(rng)).collect();
    let n = samples as f64;
    let mean = losses.iter().sum::<f64>() / n;
    let variance = losses.iter().map(|x| (x - mean).powi(2)).sum::<f64>() / (n - 1.0);
    point(revealed, mean, (variance / n).sqrt(), samples)
}

#[test]
fn intervals_from_three_five_and_ten_samples_cover_as_often_as_they_say() {
    let truth: Vec<f64> = (0..16).map(|k| 5.0 + 2.0 / (f64::from(k) + 1.0)).collect();
    let exact = LossCurve::from_exact(&truth).unwrap();
    // One tooth leans on few losses with unequal weights, the other on many.
    let schedules = [Schedule::one_step(16).unwrap(), Schedule::balanced(16, 4).unwrap()];
    let runs = 2000;
    for samples in [3, 5, 10] {
        let mut rng = support::generator(samples);
        let mut covered = [0; 3];
        let mut by_normal = 0;
        for _ in 0..runs {
            let points = truth.iter().enumerate();
            let points =
                points.map(|(k, &l)| measure(k, l, 0.3 + 0.1 * k as f64, samples, &mut rng));
            let losses = LossCurve::from_points(points.collect::<Vec<_>>(), 16).unwrap();
            for (schedule, covered) in schedules.iter().zip(&mut covered) {
                let cost = losses.parallelism_cost(schedule).unwrap();
                let truth = exact.parallelism_cost(schedule).unwrap().value();
                *covered += usize::from(cost.interval(0.95).unwrap().contains(truth));
            }
            // A single loss: exactly Student's distribution.
            let loss = losses.loss(3).unwrap();
            assert_eq!(loss.degrees_of_freedom(), samples as f64 - 1.0);
            covered[2] += usize::from(loss.interval(0.95).unwrap().contains(Nats(truth[3])));
            let known = Estimate::with_known_error(loss.value(), loss.standard_error()).unwrap();
            by_normal += usize::from(known.interval(0.95).unwrap().contains(Nats(truth[3])));
        }
        println!("{samples} samples: {covered:?} of {runs}, with the normal quantile {by_normal}");
        // 1900 expected, with a binomial standard deviation of 10. The sums are approximate.
        for covered in covered {
            assert!((1860..=1960).contains(&covered), "{samples}: {covered}");
        }
        assert!(by_normal < 1870 && by_normal + 30 < covered[2], "{samples}: {by_normal}");
    }
}

#[test]
fn degrees_of_freedom_of_sums_are_those_of_welch_and_satterthwaite() {
    let points = [point(0, 3.0, 0.3, 5), point(1, 2.0, 0.1, 3), point(2, 1.0, 0.0, 9)];
    let losses = LossCurve::from_points(points, 3).unwrap();
    // l_0 - l_1 + l_0 - l_2: weights 2, -1, -1.
    let cost = losses.parallelism_cost(&Schedule::one_step(3).unwrap()).unwrap();
    let variances = [0.6_f64.powi(2), 0.1_f64.powi(2)];
    let square: f64 = variances.iter().sum::<f64>().powi(2);
    let expected = square / (variances[0].powi(2) / 4.0 + variances[1].powi(2) / 2.0);
    assert!((cost.degrees_of_freedom() / expected - 1.0).abs() < 1e-12);

    // A known error, an exact loss, and errors from one sample set no limit.
    assert_eq!(losses.loss(2).unwrap(), Estimate::exact(Nats(1.0)));
    let unknown = [point(0, 3.0, 0.3, 1), point(1, 2.0, 0.1, 1)];
    let losses = LossCurve::from_points(unknown, 2).unwrap();
    let cost = losses.parallelism_cost(&Schedule::one_step(2).unwrap()).unwrap();
    assert_eq!(cost.degrees_of_freedom(), f64::INFINITY);
    // However far apart the errors are.
    let tiny = [point(0, 3.0, 1e-200, 5), point(1, 2.0, 1e-300, 3)];
    let losses = LossCurve::from_points(tiny, 2).unwrap();
    let cost = losses.parallelism_cost(&Schedule::one_step(2).unwrap()).unwrap();
    assert!((cost.degrees_of_freedom() - 4.0).abs() < 1e-9);

    // Two models: the error of the difference.
    let model = LossCurve::from_points([point(0, 3.0, 0.3, 5), point(1, 2.0, 0.1, 3)], 2).unwrap();
    let split = model.error_split_against(&model, &Schedule::one_step(2).unwrap()).unwrap();
    assert!((split.learning.degrees_of_freedom() - 8.0).abs() < 1e-12); // 4 and 4, equal errors
}

#[test]
fn errors_of_an_unknown_number_of_samples_stay_of_an_unknown_number_when_merged() {
    let points = [point(0, 3.0, 0.3, 1), point(0, 2.0, 0.4, 1)];
    let merged = LossCurve::from_points(points, 1).unwrap().points()[0];
    assert_eq!((merged.loss, merged.samples), (Nats(2.5), None));
    assert!((merged.standard_error.0 - 0.25).abs() < 1e-15);
    let points = [point(0, 3.0, 0.3, 4), point(0, 2.0, 0.4, 1)];
    let mixed = LossCurve::from_points(points, 1);
    let mixed = mixed.unwrap_err();
    assert!(matches!(mixed, Error::NotApplicable { .. }));
    assert!(mixed.to_string().contains("at 0 revealed tokens"), "{mixed}");
}

#[test]
fn degrees_of_freedom_that_are_none_are_refused() {
    let few = |degrees| Estimate::from_samples(Nats(1.0), Nats(0.1), degrees);
    for degrees in [0.0, -1.0, 5e-324, 0.099, f64::NAN, f64::NEG_INFINITY] {
        assert!(matches!(few(degrees), Err(Error::OutOfRange { .. })), "{degrees}");
    }
    let [wide, narrow] = [0.5, 1.0].map(|degrees| few(degrees).unwrap().interval(0.9).unwrap());
    assert!(wide.width() > narrow.width());
    assert!(few(0.1).unwrap().interval(0.95).unwrap().width() > Nats(1e11));
    let far = Estimate::from_samples(Nats(1e308), Nats(1e308), 1.0).unwrap();
    assert!(matches!(far.interval(0.95), Err(Error::Overflow { .. })));
}

#[test]
fn estimates_and_intervals_that_cannot_be_are_refused() {
    let known = |value, error| Estimate::with_known_error(Nats(value), Nats(error));
    assert!(matches!(known(1.0, -0.1), Err(Error::Negative { .. })));
    assert!(matches!(known(1.0, f64::INFINITY), Err(Error::NotFinite { .. })));
    assert!(matches!(known(f64::NAN, 0.1), Err(Error::NotFinite { .. })));
    let interval = |lower, upper, level| ConfidenceInterval::new(Nats(lower), Nats(upper), level);
    assert!(interval(1.0, 1.0, 0.5).is_ok() && interval(0.0, f64::INFINITY, 0.5).is_ok());
    assert!(matches!(interval(1.0, 0.5, 0.5), Err(Error::Inconsistent { .. })));
    assert!(matches!(interval(f64::NAN, 0.5, 0.5), Err(Error::Inconsistent { .. })));
    assert!(matches!(interval(0.0, 0.5, 1.0), Err(Error::OutOfRange { .. })));
    let bounds = |lower, upper| KlBounds::new(Nats(lower), Nats(upper));
    assert!(bounds(0.5, 0.5).is_ok() && bounds(0.0, f64::INFINITY).is_ok());
    assert!(matches!(bounds(0.5, 0.4), Err(Error::Inconsistent { .. })));
    assert!(matches!(bounds(-0.5, 0.4), Err(Error::Negative { .. })));
    assert!(matches!(bounds(0.5, f64::NAN), Err(Error::Inconsistent { .. })));
}

#[test]
fn a_rise_counts_less_if_its_error_comes_from_few_samples() {
    let test = |samples| {
        let points = [point(0, 1.0, 0.1, samples), point(1, 1.5, 0.1, samples)];
        LossCurve::from_points(points, 2).unwrap().monotonicity()
    };
    // One comparison at 0.5 / sqrt(0.02) = 3.5355 deviations; tails by mpmath 1.3,
    // `erfc(t / sqrt(2)) / 2` and `betainc(2, 1/2, 0, 4 / (4 + t*t), regularized=True) / 2`.
    assert!((test(1).p_value / 2.034_760_087_224_798e-4 - 1.0).abs() < 1e-9);
    let few = test(3);
    assert_eq!(few.largest.unwrap().rise.degrees_of_freedom().round(), 4.0);
    assert!((few.p_value / 0.012_055_055_275_694_5 - 1.0).abs() < 1e-9, "{}", few.p_value);

    // The rise of fewer deviations is the one that noise explains less.
    let points = [
        point(0, 2.0, 0.1, 2),
        point(1, 2.8, 0.1, 2),
        point(2, 1.0, 0.1, 1000),
        point(3, 1.6, 0.1, 1000),
    ];
    let largest = LossCurve::from_points(points, 4).unwrap().monotonicity().largest.unwrap();
    assert_eq!(largest.before, 2..=2);
}

#[test]
fn the_test_of_monotonicity_keeps_its_level_with_errors_from_five_samples() {
    let mut rng = support::generator(9);
    let rejected = (0..1000).filter(|_| {
        let points = (0..24).map(|k| measure(k, 2.0, 0.1 * (1 + k % 4) as f64, 5, &mut rng));
        let losses = LossCurve::from_points(points.collect::<Vec<_>>(), 24).unwrap();
        losses.monotonicity().rejects(0.95).unwrap()
    });
    // At most 50 expected, with a standard deviation of 7. With normal tails it would be hundreds.
    let rejected = rejected.count();
    assert!((15..=60).contains(&rejected), "{rejected}");
}

#[test]
fn intervals_for_any_fall_and_for_ratios_use_the_degrees_of_freedom() {
    let at = |samples| {
        let points = [point(0, 2.0, 0.01, samples), point(3, 1.0, 0.01, samples)];
        let losses = LossCurve::from_points(points, 4).unwrap();
        let schedule = Schedule::balanced(4, 2).unwrap();
        measured::any_fall::cost_interval(&losses, &schedule, 0.95).unwrap().width().0
    };
    assert!(at(3) > at(30) && at(30) > at(1));
    let ratio = |degrees_of_freedom| {
        let loss = Estimate::from_samples(Nats(2.0), Nats(0.01), degrees_of_freedom).unwrap();
        let smoothed = SmoothedLosses::from_mask_ratios([(1.0, loss)], 4).unwrap();
        smoothed.loss_interval(0, 0.95).unwrap().width().0
    };
    assert!(ratio(2.0) > ratio(29.0) && ratio(29.0) > ratio(f64::INFINITY));
}

#[test]
fn levels_next_to_one_are_kept_apart_from_one() {
    let level = 1.0 - f64::EPSILON / 2.0;
    assert!(level < 1.0);
    let points: Vec<_> = (0..64).map(|k| point(k, 5.0 - 0.05 * k as f64, 1e-4, 1)).collect();
    let losses = LossCurve::from_points(points, 64).unwrap();
    let schedule = Schedule::balanced(64, 8).unwrap();
    // A share of 1/64 of what is outside is below the rounding of 1.
    let interval = measured::any_fall::cost_interval(&losses, &schedule, level).unwrap();
    let wide = measured::any_fall::cost_interval(&losses, &schedule, 0.999).unwrap();
    assert!(interval.width() > wide.width() && interval.level() == level);
    let loss = Estimate::with_known_error(Nats(2.0), Nats(0.01)).unwrap();
    let smoothed = SmoothedLosses::from_mask_ratios([(1.0, loss), (0.5, loss)], 4).unwrap();
    assert!(smoothed.loss_interval(0, level).unwrap().upper().0 > 2.08);
    let refused = measured::any_fall::cost_interval(&losses, &schedule, 1.0);
    assert!(matches!(refused, Err(Error::OutOfRange { value: 1.0, .. })));
}
