//! Student's distribution: how many standard errors an interval reaches, and how rare a deviation is.

use std::collections::HashMap;

use statrs::distribution::{Continuous, ContinuousCDF, StudentsT};
use statrs::function::erf;

/// How many standard errors intervals reach that miss the truth with one given probability.
/// Computed once for each number of degrees of freedom, because many losses have the same number.
pub(crate) struct Quantiles {
    miss: f64,
    known: HashMap<u64, f64>,
}

impl Quantiles {
    pub(crate) fn new(miss: f64) -> Self {
        Self { miss, known: HashMap::new() }
    }

    pub(crate) fn at(&mut self, degrees: f64) -> f64 {
        let miss = self.miss;
        *self.known.entry(degrees.to_bits()).or_insert_with(|| deviations(miss, degrees))
    }
}

/// Above this many degrees of freedom, Student's distribution is taken as the normal one with a
/// correction. There the incomplete beta function is slow to converge; where the two meet they agree to
/// eight digits.
const NEARLY_NORMAL: f64 = 1e6;

/// How many standard errors to either side miss the truth with this probability: the upper
/// `miss / 2` quantile of Student's distribution.
fn deviations(miss: f64, degrees: f64) -> f64 {
    let normal = normal_deviations(miss);
    if normal <= 0.0 {
        return 0.0;
    }
    if degrees > NEARLY_NORMAL {
        // Cornish & Fisher's expansion; the next term is of order z^5 / degrees^2.
        return normal + (normal.powi(3) + normal) / (4.0 * degrees);
    }
    let Ok(law) = StudentsT::new(0.0, 1.0, degrees) else { return f64::INFINITY };
    // Newton's method for ln P(t > e^x) = ln(miss / 2). This function of x is concave, so once a step
    // is right of the root, all further ones are, and they fall; a bisection catches the first ones.
    // The quantile is above the normal one. (statrs 0.19.1: `StudentsT::new(0.0, 1.0, 1.0)?.inverse_cdf(1.0 - 1e-10)`
    // is 8.9e7 and not 3.2e9; with 1e7 degrees of freedom `inverse_cdf(0.975)` is 1.83 and not 1.96.)
    let target = (0.5 * miss).ln();
    let (mut left, mut right) = (normal.ln(), f64::MAX.ln());
    let mut x = left;
    for _ in 0..200 {
        let t = x.exp();
        let tail = law.sf(t);
        let excess = tail.ln() - target;
        if excess > 0.0 {
            left = x;
        } else {
            right = x;
        }
        let newton = x + excess * tail / (t * law.pdf(t));
        let next = if newton > left && newton < right { newton } else { 0.5 * (left + right) };
        if (next - x).abs() <= 1e-13 {
            break;
        }
        x = next;
    }
    x.exp()
}

/// How many standard errors to either side miss a normal variable with this probability.
fn normal_deviations(miss: f64) -> f64 {
    core::f64::consts::SQRT_2 * erf::erfc_inv(miss)
}

/// The probability that a variable with Student's distribution exceeds `deviations > 0`.
pub(crate) fn tail(deviations: f64, degrees: f64) -> f64 {
    match StudentsT::new(0.0, 1.0, degrees) {
        Ok(law) if degrees <= NEARLY_NORMAL => law.sf(deviations),
        _ => normal_tail(as_if_normal(deviations, degrees)),
    }
}

/// How many standard errors of known size are exceeded with the same probability as this many of
/// estimated size. This makes deviations comparable.
pub(crate) fn normal_equivalent(deviations: f64, degrees: f64) -> f64 {
    if degrees <= NEARLY_NORMAL {
        let tail = tail(deviations, degrees);
        if tail > 0.0 {
            return normal_deviations(2.0 * tail);
        }
    }
    as_if_normal(deviations, degrees)
}

/// An approximation of [`normal_equivalent`] in closed form. Source: Wallace, *Annals of
/// Mathematical Statistics* 30 (1959).
fn as_if_normal(deviations: f64, degrees: f64) -> f64 {
    if degrees.is_infinite() {
        return deviations;
    }
    let relative = deviations / degrees.sqrt();
    let correction = (8.0 * degrees + 1.0) / (8.0 * degrees + 3.0);
    correction * (degrees * (relative * relative).ln_1p()).sqrt()
}

fn normal_tail(deviations: f64) -> f64 {
    0.5 * erf::erfc(deviations / core::f64::consts::SQRT_2)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Degrees of freedom, two-sided probability outside, quantile: by mpmath 1.3 with 30 digits, the
    /// root of `betainc(n/2, 1/2, 0, n/(n + t*t), regularized=True) = miss`.
    const QUANTILES: [(f64, f64, f64); 27] = [
        (1.0, 0.05, 12.706204736174705),
        (1.0, 1e-6, 636619.7723670577),
        (1.0, 1e-60, 6.366197723675814e59),
        (2.0, 0.5, 0.816496580927726),
        (2.0, 0.05, 4.302652729749464),
        (2.0, 1e-12, 999999.99999925),
        (3.7, 0.5, 0.7464851534824543),
        (3.7, 0.05, 2.8675207071911895),
        (3.7, 1e-6, 62.290773014833746),
        (3.7, 1e-60, 24501291422354620.0),
        (9.0, 0.05, 2.2621571627982053),
        (9.0, 1e-6, 11.63678202732889),
        (9.0, 1e-12, 55.54344441553347),
        (29.0, 0.05, 2.0452296421327043),
        (29.0, 1e-6, 6.170056101418831),
        (29.0, 1e-60, 590.7760016327799),
        (300.0, 0.05, 1.967903011261087),
        (300.0, 1e-6, 4.99511883334493),
        (300.0, 1e-60, 20.964928590530935),
        (1e4, 0.05, 1.9602012398906263),
        (1e4, 1e-60, 16.551456683777545),
        (1e6, 0.05, 1.959966356814107),
        (1e6, 1e-6, 4.891668960710385),
        (1e6, 1e-60, 16.440456108687453),
        (3e6, 0.05, 1.9599647752974445),
        (3e6, 1e-6, 4.891648637332404),
        (3e6, 1e-60, 16.439712851904265),
    ];

    #[test]
    fn quantiles_of_students_distribution_are_right_far_out_and_for_many_degrees() {
        for (degrees, miss, expected) in QUANTILES {
            let found = deviations(miss, degrees);
            assert!((found / expected - 1.0).abs() < 1e-8, "{degrees} {miss:e}: {found}");
            let back = 2.0 * tail(expected, degrees) / miss;
            assert!((back - 1.0).abs() < 1e-6, "{degrees} {miss:e}: {back}");
            // Just as rare as so many deviations of a normal variable.
            let normal = normal_equivalent(expected, degrees);
            assert!((normal / normal_deviations(miss) - 1.0).abs() < 1e-8, "{degrees} {miss:e}");
        }
    }

    #[test]
    fn every_quantile_is_found_and_they_fall_with_the_degrees() {
        for miss in [1.0, 1.0 - 1e-16, 0.999, 0.3, 1e-3, 1e-9, 1e-17, 1e-100, 1e-300, 1e-308] {
            let mut before = f64::INFINITY;
            for degrees in [1.0, 1.5, 2.0, 4.2, 17.0, 1e2, 1e3, 1e5, 1e6, 1e7, 1e9, f64::INFINITY] {
                let found = deviations(miss, degrees);
                assert!(
                    found >= 0.0 && found <= before * (1.0 + 1e-8) + 1e-7,
                    "{miss:e} {degrees}"
                );
                before = found;
            }
        }
    }
}
