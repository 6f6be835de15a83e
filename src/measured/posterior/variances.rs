use crate::measured::losses::LossPoint;
use crate::numeric::moments::count;
use crate::numeric::scalar::{self, Scalar};

/// With this many degrees of freedom a variance is known well enough, to within a fifth.
const ENOUGH_DEGREES: f64 = 50.0;

/// The variances of measured means, with the degrees of freedom of all that was estimated.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Variances {
    pub(super) of_means: Vec<f64>,
    pub(super) degrees_of_freedom: f64,
}

/// A variance seen, as a sum of the two parts of the model.
#[derive(Debug, Clone, Copy)]
struct Seen {
    variance: f64,
    parts: [f64; 2],
    degrees: f64,
}

/// The variances of the means. Where they come from few samples, counts lend each other theirs.
///
/// # Formula
/// ```text
/// variance of one sample at k:   m_k = a + b / (L - k),   a, b >= 0 fitted to the variances seen
/// at each count:                 m_k * (mean of variance / m over it and its neighbours, until 50 degrees of freedom)
/// ```
/// The loss of a sample is a mean over `L - k` masked tokens, hence the model. Where counts have a single sample each,
/// the squares of the second differences of their losses are used as well; the variance of each is a sum of three.
pub(super) fn variances<F: Scalar>(tokens: usize, points: &[LossPoint<F>]) -> Variances {
    let single: Vec<Option<Seen>> = points.iter().map(|point| seen(tokens, point)).collect();
    let own: Vec<Seen> = single.iter().flatten().copied().collect();
    let own_degrees: f64 = own.iter().map(|seen| seen.degrees).sum();
    let mut all = own;
    if own_degrees < ENOUGH_DEGREES {
        all.extend(of_second_differences(tokens, points));
    }
    let model = fit(&all);
    let of_sample = |parts: [f64; 2]| parts[0] * model[0] + parts[1] * model[1];
    let variance = |(place, point): (usize, &LossPoint<F>)| {
        let error = scalar::evidence(point.standard_error.0);
        match (point.samples, single[place]) {
            (Some(samples), Some(own)) => {
                let ratio = local_ratio(&single, place, &of_sample);
                let pooled = ratio * of_sample(own.parts);
                pooled / count::<f64>(samples)
            }
            _ => error * error,
        }
    };
    let of_means = points.iter().enumerate().map(variance).collect();
    let degrees: f64 = all.iter().map(|seen| seen.degrees).sum();
    let degrees_of_freedom = if degrees > 0.0 { degrees } else { f64::INFINITY };
    Variances { of_means, degrees_of_freedom }
}

/// What one point says of the variance of a sample; none if its error is known.
fn seen<F: Scalar>(tokens: usize, point: &LossPoint<F>) -> Option<Seen> {
    let samples = count::<f64>(point.samples?);
    let error = scalar::evidence(point.standard_error.0);
    Some(Seen {
        variance: samples * error * error,
        parts: parts(tokens, point.revealed),
        degrees: samples - 1.0,
    })
}

fn parts(tokens: usize, revealed: usize) -> [f64; 2] {
    [1.0, scalar::float::<f64>(tokens - revealed).recip()]
}

/// Squares of second differences between neighbours, of which each has half a degree of freedom: they overlap.
fn of_second_differences<F: Scalar>(tokens: usize, points: &[LossPoint<F>]) -> Vec<Seen> {
    let square = |triple: &[LossPoint<F>]| {
        let at = |i: usize| scalar::float::<f64>(triple[i].revealed);
        let share = (at(1) - at(0)) / (at(2) - at(0));
        let weights = [1.0 - share, -1.0, share];
        let (mut difference, mut sums) = (0.0, [0.0; 2]);
        for (weight, point) in weights.iter().zip(triple) {
            difference += weight * scalar::evidence(point.loss.0);
            let samples = count::<f64>(point.samples?);
            let parts = parts(tokens, point.revealed);
            sums.iter_mut()
                .zip(parts)
                .for_each(|(sum, part)| *sum += weight * weight * part / samples);
        }
        Some(Seen { variance: difference * difference, parts: sums, degrees: 0.5 })
    };
    points.windows(3).filter_map(square).collect()
}

/// Least squares with weights `degrees / fitted^2`, both parameters at least zero.
fn fit(seen: &[Seen]) -> [f64; 2] {
    let degrees: f64 = seen.iter().map(|seen| seen.degrees).sum();
    let ratio = |seen: &Seen| seen.degrees * seen.variance / (seen.parts[0] + seen.parts[1]);
    let level = seen.iter().map(ratio).sum::<f64>() / degrees;
    if degrees <= 0.0 || level <= 0.0 || !level.is_finite() {
        return [0.0, 0.0];
    }
    let mut model = [level, level];
    for _ in 0..20 {
        let (mut gram, mut right) = ([0.0; 3], [0.0; 2]);
        for Seen { variance, parts: [a, b], degrees } in seen {
            let fitted = a * model[0] + b * model[1];
            let weight = degrees / (fitted * fitted);
            gram[0] += weight * a * a;
            gram[1] += weight * a * b;
            gram[2] += weight * b * b;
            right[0] += weight * a * variance;
            right[1] += weight * b * variance;
        }
        let determinant = gram[0] * gram[2] - gram[1] * gram[1];
        let both = [
            (gram[2] * right[0] - gram[1] * right[1]) / determinant,
            (gram[0] * right[1] - gram[1] * right[0]) / determinant,
        ];
        model = match both {
            [a, b] if a >= 0.0 && b >= 0.0 && determinant > 1e-12 * gram[0] * gram[2] => [a, b],
            [a, _] if a < 0.0 => [0.0, right[1] / gram[2]],
            _ => [right[0] / gram[0], 0.0],
        };
    }
    model
}

/// The mean ratio of the variances seen to the model, over a point and as many neighbours as it takes.
fn local_ratio(single: &[Option<Seen>], place: usize, of_sample: &dyn Fn([f64; 2]) -> f64) -> f64 {
    let (mut degrees, mut sum) = (0.0, 0.0);
    for distance in 0..single.len() {
        let left = place.checked_sub(distance);
        let right = Some(place + distance).filter(|_| distance > 0);
        for other in [left, right].into_iter().flatten() {
            let Some(Some(seen)) = single.get(other) else { continue };
            let fitted = of_sample(seen.parts);
            if fitted > 0.0 {
                degrees += seen.degrees;
                sum += seen.degrees * seen.variance / fitted;
            }
        }
        if degrees >= ENOUGH_DEGREES {
            break;
        }
    }
    // The degrees that are missing count as if they agreed with the model.
    (sum + (ENOUGH_DEGREES - degrees).max(0.0)) / degrees.max(ENOUGH_DEGREES)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn variances_that_follow_the_model_are_fitted_exactly() {
        for truth in [[2.0, 3.0], [0.5, 40.0], [7.0, 0.0], [0.0, 2.0]] {
            let seen = |k: u32| {
                let parts = [1.0, 1.0 / f64::from(16 - k)];
                let variance = parts[0] * truth[0] + parts[1] * truth[1];
                Seen { variance, parts, degrees: f64::from(1 + k % 3) }
            };
            let found = fit(&(0..16).map(seen).collect::<Vec<_>>());
            for (found, truth) in found.into_iter().zip(truth) {
                assert!((found - truth).abs() < 1e-9, "{found} is not {truth}");
            }
        }
    }

    /// Variances of 20 degrees each: all neighbours at the same distance count.
    #[test]
    fn a_count_borrows_from_both_neighbours_until_there_are_enough_degrees() {
        let seen = |variance: f64| Some(Seen { variance, parts: [1.0, 0.0], degrees: 20.0 });
        let of_sample = |parts: [f64; 2]| parts[0];
        let all = [seen(5.0), seen(1.0), seen(2.0), seen(3.0), seen(9.0)];
        // 20 degrees of its own and 40 of the two beside it.
        assert!((local_ratio(&all, 2, &of_sample) - (1.0 + 2.0 + 3.0) / 3.0).abs() < 1e-15);
        assert!((local_ratio(&all, 0, &of_sample) - (5.0 + 1.0 + 2.0) / 3.0).abs() < 1e-15);
        // Ten degrees are missing to fifty: there the model is right.
        let few = [seen(3.0), seen(5.0)];
        assert!(
            (local_ratio(&few, 0, &of_sample) - (20.0 * 3.0 + 20.0 * 5.0 + 10.0) / 50.0).abs()
                < 1e-15
        );
    }
}
