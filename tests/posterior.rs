//! The fit to choose by: it is the posterior it says it is, its errors are honest, and what it chooses is good.

use crate::support;

use rand::{RngExt, rngs::ChaCha8Rng};
use unmaskcost::measured::{LossCurve, LossPoint, LossPosterior, measurement_counts};
use unmaskcost::{Error, Nats, Schedule, optimal};

fn known(revealed: usize, loss: f64, error: f64) -> LossPoint {
    LossPoint { revealed, loss: Nats(loss), standard_error: Nats(error), samples: None }
}

fn estimated(revealed: usize, loss: f64, error: f64, samples: u64) -> LossPoint {
    LossPoint { revealed, loss: Nats(loss), standard_error: Nats(error), samples: Some(samples) }
}

/// The same posterior by the kernel of the integrated random walk, written out in full matrices.
mod dense {
    /// Solves `matrix x = right` for several right hand sides, and gives the logarithm of the determinant.
    fn solve(matrix: &[Vec<f64>], right: &[Vec<f64>]) -> (Vec<Vec<f64>>, f64) {
        let n = matrix.len();
        let mut rows: Vec<Vec<f64>> = (0..n)
            .map(|i| matrix[i].iter().copied().chain(right.iter().map(|b| b[i])).collect())
            .collect();
        let mut log_determinant = 0.0;
        for pivot in 0..n {
            let largest = (pivot..n)
                .max_by(|&a, &b| rows[a][pivot].abs().total_cmp(&rows[b][pivot].abs()))
                .unwrap();
            rows.swap(pivot, largest);
            log_determinant += rows[pivot][pivot].abs().ln();
            for row in 0..n {
                if row != pivot {
                    let factor = rows[row][pivot] / rows[pivot][pivot];
                    for column in pivot..rows[row].len() {
                        rows[row][column] -= factor * rows[pivot][column];
                    }
                }
            }
        }
        let solutions = (0..right.len())
            .map(|j| (0..n).map(|i| rows[i][n + j] / rows[i][i]).collect())
            .collect();
        (solutions, log_determinant)
    }

    fn dot(a: &[f64], b: &[f64]) -> f64 {
        a.iter().zip(b).map(|(a, b)| a * b).sum()
    }

    /// Mean and standard deviation of `sum_k weights_k l_k`.
    pub fn posterior(tokens: usize, data: &[(usize, f64, f64)], weights: &[f64]) -> (f64, f64) {
        let (n, l) = (data.len(), tokens as f64);
        let losses: Vec<f64> = data.iter().map(|&(_, loss, _)| loss).collect();
        let range = losses.iter().copied().fold(f64::MIN, f64::max)
            - losses.iter().copied().fold(f64::MAX, f64::min);
        let coordinates: [&dyn Fn(f64) -> f64; 4] = [
            &|k| k / (l - 1.0),
            &|k| (k + 1.0).ln() / l.ln(),
            &|k| 1.0 - (l - k).ln() / l.ln(),
            &|k| 0.5 + 0.5 * ((k + 1.0) / (l - k)).ln() / l.ln(),
        ];
        let mut parts = Vec::new();
        for x in coordinates {
            for power in -10..=4 {
                let deviation = 2_f64.powi(power);
                let t = 48.0 * (deviation * range).powi(2);
                let kernel = |a: usize, b: usize| {
                    let (a, b) = (x(a as f64), x(b as f64));
                    let (low, high) = (a.min(b), a.max(b));
                    t * low * low * (3.0 * high - low) / 6.0
                };
                let matrix: Vec<Vec<f64>> = (0..n)
                    .map(|i| {
                        let noise = |j: usize| if i == j { data[i].2.powi(2) } else { 0.0 };
                        (0..n).map(|j| kernel(data[i].0, data[j].0) + noise(j)).collect()
                    })
                    .collect();
                let lines: [Vec<f64>; 2] = [
                    data.iter().map(|d| 1.0 - x(d.0 as f64)).collect(),
                    data.iter().map(|d| x(d.0 as f64)).collect(),
                ];
                let all = 0..tokens;
                let with_data: Vec<f64> = data
                    .iter()
                    .map(|d| all.clone().map(|k| weights[k] * kernel(k, d.0)).sum())
                    .collect();
                let alone: f64 = all
                    .clone()
                    .flat_map(|i| all.clone().map(move |j| (i, j)))
                    .map(|(i, j)| weights[i] * weights[j] * kernel(i, j))
                    .sum();
                let line_sums = [
                    all.clone().map(|k| weights[k] * (1.0 - x(k as f64))).sum::<f64>(),
                    all.clone().map(|k| weights[k] * x(k as f64)).sum::<f64>(),
                ];
                let right = [losses.clone(), lines[0].clone(), lines[1].clone(), with_data.clone()];
                let (solved, log_determinant) = solve(&matrix, &right);
                let gram: Vec<Vec<f64>> = (0..2)
                    .map(|i| (0..2).map(|j| dot(&lines[i], &solved[1 + j])).collect())
                    .collect();
                let moments = vec![dot(&lines[0], &solved[0]), dot(&lines[1], &solved[0])];
                let rest: Vec<f64> =
                    (0..2).map(|i| line_sums[i] - dot(&lines[i], &solved[3])).collect();
                let (line, log_gram) = solve(&gram, &[moments.clone(), rest.clone()]);
                let square = dot(&losses, &solved[0]) - dot(&moments, &line[0]);
                let mean = dot(&with_data, &solved[0]) + dot(&rest, &line[0]);
                let variance = alone - dot(&with_data, &solved[3]) + dot(&rest, &line[1]);
                let log_share =
                    -0.5 * (log_determinant + log_gram + square) - (deviation * deviation).ln_1p();
                parts.push((log_share, mean, variance));
            }
        }
        let largest = parts.iter().map(|part| part.0).fold(f64::MIN, f64::max);
        let total: f64 = parts.iter().map(|part| (part.0 - largest).exp()).sum();
        let share = |log_share: f64| (log_share - largest).exp() / total;
        let mean: f64 = parts.iter().map(|part| share(part.0) * part.1).sum();
        let variance: f64 = parts.iter().map(|p| share(p.0) * (p.2 + (p.1 - mean).powi(2))).sum();
        (mean, variance.sqrt())
    }
}

const DATA: [&[(usize, f64, f64)]; 4] = [
    &[
        (0, 3.1, 0.1),
        (1, 2.5, 0.05),
        (3, 2.2, 0.1),
        (8, 1.7, 0.05),
        (12, 1.65, 0.1),
        (15, 1.2, 0.2),
    ],
    &[(0, 3.1, 0.1), (15, 1.2, 0.2)],
    // Not from end to end, and with a rise.
    &[(2, 3.0, 0.2), (5, 3.1, 0.02), (9, 2.0, 0.3)],
    &[
        (0, 2.0, 1e-3),
        (2, 1.0, 1e-3),
        (4, 0.5, 1e-3),
        (9, 0.45, 1e-3),
        (14, 0.4, 1e-3),
        (15, 0.1, 1.0),
    ],
];

#[test]
fn the_posterior_is_that_of_the_process_written_out_in_full() {
    let tokens = 16;
    let schedules = [vec![4; 4], vec![1, 2, 5, 8], vec![16], vec![3, 13]];
    for data in DATA {
        let points: Vec<_> = data.iter().map(|&(k, loss, error)| known(k, loss, error)).collect();
        let posterior = LossPosterior::from_points(points, tokens).unwrap();
        for revealed in 0..tokens {
            let mut weights = vec![0.0; tokens];
            weights[revealed] = 1.0;
            let (mean, error) = dense::posterior(tokens, data, &weights);
            let found = posterior.loss(revealed).unwrap();
            assert!(
                (found.value().0 - mean).abs() < 5e-3 * error,
                "{data:?} {revealed}: {found:?} {mean}"
            );
            assert!((found.standard_error().0 / error - 1.0).abs() < 5e-3, "{found:?} {error}");
            assert!((posterior.mean()[revealed] - found.value().0).abs() < 1e-9);
        }
        for sizes in &schedules {
            let schedule = Schedule::from_reveal_sizes(sizes.clone()).unwrap();
            let mut weights = vec![-1.0; tokens];
            schedule.ranges().for_each(|step| weights[step.start] += step.len() as f64);
            let (mean, error) = dense::posterior(tokens, data, &weights);
            let found = posterior.parallelism_cost(&schedule).unwrap();
            assert!((found.value().0 - mean).abs() < 5e-3 * error, "{data:?} {sizes:?}");
            assert!((found.standard_error().0 / error - 1.0).abs() < 5e-3, "{found:?} {error}");
        }
    }
}

#[test]
fn exact_losses_stay_where_they_are_and_what_lies_between_has_an_error() {
    let exact: [(usize, f64); 4] = [(0, 3.0), (3, 2.0), (7, 1.5), (15, 1.25)];
    let points = exact.map(|(k, loss)| LossPoint::exact(k, Nats(loss)));
    let posterior = LossCurve::from_points(points, 16).unwrap().posterior().unwrap();
    for (k, loss) in exact {
        let found = posterior.loss(k).unwrap();
        assert!((found.value().0 - loss).abs() < 1e-9 && found.standard_error().0 < 1e-6);
    }
    for between in [1, 5, 11] {
        let found = posterior.loss(between).unwrap();
        assert!(found.standard_error().0 > 1e-3);
        let (before, after) =
            exact.windows(2).map(|p| (p[0], p[1])).find(|p| p.1.0 > between).unwrap();
        assert!(found.value().0 < before.1 && found.value().0 > after.1 - 0.1, "{found:?}");
    }
    let equal = LossCurve::from_exact([2.0_f64; 12]).unwrap().posterior().unwrap();
    let cost = equal.parallelism_cost(&Schedule::one_step(12).unwrap()).unwrap();
    assert!(cost.value().0.abs() < 1e-12 && cost.standard_error().0 < 1e-12);
}

#[test]
fn two_equal_losses_do_not_pass_for_an_exact_one() {
    let mut points: Vec<_> = (0..12).map(|k| estimated(k, 3.0 - 0.1 * k as f64, 0.2, 2)).collect();
    points[5] = estimated(5, 1.0, 0.0, 2);
    let posterior = LossPosterior::from_points(points, 12).unwrap();
    let found = posterior.loss(5).unwrap();
    assert!(found.standard_error().0 > 0.03);
    assert!((found.value().0 - 2.5).abs() < 0.5, "{found:?}");
}

#[test]
fn one_giant_error_does_no_harm() {
    let point = |k: usize| estimated(k, 3.0 - 0.1 * k as f64, 0.01, 400);
    let mut points: Vec<_> = (0..16).map(point).collect();
    points[7] = estimated(7, 90.0, 1e3, 400);
    let posterior = LossPosterior::from_points(points, 16).unwrap();
    for (k, &loss) in posterior.mean().iter().enumerate() {
        assert!((loss - (3.0 - 0.1 * k as f64)).abs() < 0.02, "{k}: {loss}");
    }
}

#[test]
fn single_precision_finds_the_same() {
    let curve = |k: usize| 1.0 + 2.0 / (1.0 + k as f64);
    let points: Vec<_> = (0..64).step_by(3).map(|k| estimated(k, curve(k), 0.05, 30)).collect();
    let single: Vec<LossPoint<f32>> = points
        .iter()
        .map(|p| LossPoint {
            revealed: p.revealed,
            loss: Nats(p.loss.0 as f32),
            standard_error: Nats(p.standard_error.0 as f32),
            samples: p.samples,
        })
        .collect();
    let double = LossPosterior::from_points(points, 64).unwrap();
    let single = LossPosterior::from_points(single, 64).unwrap();
    let schedule = Schedule::balanced(64, 8).unwrap();
    let cost = double.parallelism_cost(&schedule).unwrap();
    let found = single.parallelism_cost(&schedule).unwrap();
    assert!((f64::from(found.value().0) - cost.value().0).abs() < 1e-4 * cost.value().0);
    let errors = f64::from(found.standard_error().0) / cost.standard_error().0;
    assert!((errors - 1.0).abs() < 1e-3);
}

#[test]
fn beyond_the_measured_counts_the_error_grows_unless_the_ends_are_held() {
    let points: Vec<_> =
        (8..56).step_by(4).map(|k| known(k, 3.0 - 0.02 * k as f64, 0.02)).collect();
    let free = LossPosterior::from_points(&points, 64).unwrap();
    let error = |k| free.loss(k).unwrap().standard_error().0;
    assert!(error(0) > error(4) && error(4) > error(8) && error(63) > error(58));
    let curve = LossCurve::from_points(&points, 64).unwrap();
    assert!(matches!(curve.posterior(), Err(Error::NotMeasured { missing: 0, .. })));
    let held = curve.holding_ends().posterior().unwrap();
    assert_eq!(held.mean()[0], held.mean()[8]);
    assert_eq!(held.loss(0).unwrap(), held.loss(8).unwrap());
    let one = [known(5, 2.0, 0.1)];
    assert!(matches!(LossPosterior::from_points(one, 64), Err(Error::NotMeasured { .. })));
    let one = LossCurve::from_points(one, 64).unwrap().holding_ends().posterior().unwrap();
    let cost = one.parallelism_cost(&Schedule::one_step(64).unwrap()).unwrap();
    assert_eq!((cost.value().0, cost.standard_error().0), (0.0, 0.0));
}

fn normal(random: &mut ChaCha8Rng) -> f64 {
    let (one, two): (f64, f64) = (1.0 - random.random::<f64>(), random.random());
    (-2.0 * one.ln()).sqrt() * (std::f64::consts::TAU * two).cos()
}

type Curve = fn(f64) -> f64;
const CURVES: [Curve; 4] = [
    |k| 3.4 - 1.5 * k / 64.0,
    |k| 1.0 + 2.5 / (1.0 + k / 4.0),
    |k| 1.2 + 2.2 * (1.0 - k / 64.0).powi(3),
    |k| 3.4 - 1.5 * (k / 64.0).powi(3),
];

/// Means of a few samples at 33 counts, with the errors that their spread tells.
fn measured(curve: Curve, samples: usize, random: &mut ChaCha8Rng) -> LossCurve {
    let points = measurement_counts(64, 33).unwrap().into_iter().map(|k| {
        let values: Vec<f64> =
            (0..samples).map(|_| curve(k as f64) + 0.6 * normal(random)).collect();
        let mean = values.iter().sum::<f64>() / samples as f64;
        let squares: f64 = values.iter().map(|x| (x - mean).powi(2)).sum();
        let error = (squares / (samples * (samples - 1)) as f64).sqrt();
        estimated(k, mean, error, samples as u64)
    });
    LossCurve::from_points(points.collect::<Vec<_>>(), 64).unwrap()
}

fn cost(curve: Curve, schedule: &Schedule) -> f64 {
    let step = |step: std::ops::Range<usize>| -> f64 {
        step.clone().map(|k| curve(step.start as f64) - curve(k as f64)).sum()
    };
    schedule.ranges().map(step).sum()
}

#[test]
fn schedules_chosen_by_the_fit_are_nearly_the_best() {
    let mut random = support::generator(15);
    // By curve, the most that 8 and 32 steps may cost beyond the best, as a factor.
    let most = [[1.02, 1.05], [1.1, 2.5], [1.1, 2.5], [1.3, 2.5]];
    for (curve, most) in CURVES.into_iter().zip(most) {
        for (steps, most) in [8, 32].into_iter().zip(most) {
            let exact: Vec<f64> = (0..64).map(|k| curve(f64::from(k))).collect();
            let Nats(least) =
                unmaskcost::measured::schedule_for_losses(&exact, steps).unwrap().error;
            let draws = 12;
            let mean = (0..draws).map(|_| {
                let posterior = measured(curve, 20, &mut random).posterior().unwrap();
                let (best, _) =
                    optimal::schedule(&posterior.information_curve().unwrap(), steps).unwrap();
                cost(curve, &best)
            });
            let mean = mean.sum::<f64>() / f64::from(draws);
            assert!(mean < most * least, "{steps} steps: {mean} against {least}");
        }
    }
}

#[test]
fn intervals_of_costs_cover_the_truth_on_average_over_curves_and_schedules() {
    let mut random = support::generator(16);
    let schedules =
        [vec![8; 8], vec![2; 32], vec![1, 1, 2, 4, 8, 16, 32], vec![32, 16, 8, 4, 2, 1, 1]];
    let schedules = schedules.map(|sizes| Schedule::from_reveal_sizes(sizes).unwrap());
    for samples in [5, 20] {
        let (mut covered, mut total) = (0, 0);
        for curve in CURVES {
            for _ in 0..40 {
                let posterior = measured(curve, samples, &mut random).posterior().unwrap();
                for schedule in &schedules {
                    let interval =
                        posterior.parallelism_cost(schedule).unwrap().interval(0.95).unwrap();
                    covered += usize::from(interval.contains(Nats(cost(curve, schedule))));
                    total += 1;
                }
            }
        }
        let share = covered as f64 / f64::from(total);
        assert!((0.90..0.99).contains(&share), "{samples} samples: {share}");
    }
}
