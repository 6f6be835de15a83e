use core::fmt;
use std::collections::HashMap;

use statrs::distribution::{Continuous, ContinuousCDF, StudentsT};
use statrs::function::erf;

use crate::error::{Error, Result};
use crate::numeric::scalar::{self, Scalar};
use crate::units::Nats;

/// A measured quantity: the most likely value, and how far it may be off by chance.
///
/// It is not an interval that certainly holds the truth: that is [`KlBounds`](crate::KlBounds).
///
/// ```
/// use unmaskcost::{Estimate, Nats};
/// let cost = Estimate::with_known_error(Nats(2.0_f64), Nats(0.5));
/// let interval = cost.interval(0.95)?;
/// assert!((interval.lower.0 - 1.02).abs() < 1e-3 && (interval.upper.0 - 2.98).abs() < 1e-3);
/// assert_eq!(format!("{cost:.1}"), "2.0 ± 0.5 nats");
///
/// // An error that is itself known from three samples only leaves more open.
/// let few = Estimate { degrees_of_freedom: 2.0, ..cost };
/// assert!(few.interval(0.95)?.width() > interval.width() * 2.0);
/// # Ok::<(), unmaskcost::Error>(())
/// ```
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Estimate<F = f64> {
    /// The estimate.
    pub value: Nats<F>,
    /// Its standard error; 0 for a value known exactly.
    pub standard_error: Nats<F>,
    /// How well the standard error is known: `n - 1` if it is the spread of n samples, infinite if it
    /// is known.
    pub degrees_of_freedom: f64,
}

impl<F: Scalar> Estimate<F> {
    /// A value without error.
    #[must_use]
    pub fn exact(value: Nats<F>) -> Self {
        Self::with_known_error(value, Nats(F::zero()))
    }

    /// A value with a standard error that is known, or comes from so many samples that it as good as is.
    #[must_use]
    pub fn with_known_error(value: Nats<F>, standard_error: Nats<F>) -> Self {
        Self { value, standard_error, degrees_of_freedom: f64::INFINITY }
    }

    /// The interval that covers the truth with probability `level` if the error is normal, as it
    /// nearly is for a mean of many samples.
    ///
    /// # Formula
    /// ```text
    /// value -+ t * standard error,   t the (1 + level) / 2 quantile of Student's law with these degrees of freedom
    /// ```
    /// For infinite degrees of freedom that law is the standard normal one. Source: Student,
    /// *Biometrika* 6 (1908). A weighted sum of several means has the degrees of freedom of Welch,
    /// *Biometrika* 34 (1947), and Satterthwaite, *Biometrics Bulletin* 2 (1946),
    /// ```text
    /// df = (sum_i v_i)^2 / sum_i v_i^2 / (n_i - 1),   v_i = (weight * standard error)^2 of the mean of n_i samples
    /// ```
    /// which is an approximation, and a good one from three samples on.
    ///
    /// # Errors
    /// [`LevelOutOfRange`](Error::LevelOutOfRange) unless `0 < level < 1`,
    /// [`NotPositive`](Error::NotPositive) unless the degrees of freedom are above zero,
    /// [`Overflow`](Error::Overflow) if an end is not finite.
    pub fn interval(self, level: f64) -> Result<ConfidenceInterval<F>> {
        let (lower, upper) = self.ends(&mut Quantiles::new(outside(level)?))?;
        Ok(ConfidenceInterval { lower, upper, level })
    }

    /// The ends of the interval that misses the truth with the probability of these quantiles.
    pub(crate) fn ends(self, quantiles: &mut Quantiles) -> Result<(Nats<F>, Nats<F>)> {
        let radius = if self.standard_error == Nats(F::zero()) {
            self.standard_error
        } else {
            self.standard_error * scalar::constant(quantiles.at(self.degrees_of_freedom)?)
        };
        let (lower, upper) = (self.value - radius, self.value + radius);
        if lower.0.is_finite() && upper.0.is_finite() {
            Ok((lower, upper))
        } else {
            Err(Error::Overflow { what: "an end of the confidence interval" })
        }
    }

    /// The same quantity for one of `tokens` tokens.
    ///
    /// # Errors
    /// [`Empty`](Error::Empty) for zero tokens.
    pub fn per_token(self, tokens: usize) -> Result<Self> {
        let value = self.value.per_token(tokens)?;
        Ok(Self { value, standard_error: self.standard_error.per_token(tokens)?, ..self })
    }

    /// The perplexity that belongs to a negative log-likelihood of `tokens` tokens:
    /// [`Nats::perplexity_factor`]. For its uncertainty, take [`ConfidenceInterval::perplexity`].
    ///
    /// # Errors
    /// [`Empty`](Error::Empty) for zero tokens.
    pub fn perplexity(self, tokens: usize) -> Result<F> {
        self.value.perplexity_factor(tokens)
    }

    /// The estimate, or an error if it overflowed on the way.
    pub(crate) fn finite(self, what: &'static str) -> Result<Self> {
        if self.value.0.is_finite() && self.standard_error.0.is_finite() {
            Ok(self)
        } else {
            Err(Error::Overflow { what })
        }
    }
}

/// `value ± standard error nats`, with the precision asked for.
impl<F: Scalar> fmt::Display for Estimate<F> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(&self.value.0, f)?;
        f.write_str(" ± ")?;
        fmt::Display::fmt(&self.standard_error, f)
    }
}

/// A range that covers the truth with a stated probability, over repetitions of the measurement.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct ConfidenceInterval<F = f64> {
    /// Lower end.
    pub lower: Nats<F>,
    /// Upper end.
    pub upper: Nats<F>,
    /// The probability, between 0 and 1.
    pub level: f64,
}

impl<F: Scalar> ConfidenceInterval<F> {
    /// Whether `lower <= value <= upper`. NaN is never contained.
    #[must_use]
    pub fn contains(&self, value: Nats<F>) -> bool {
        self.lower <= value && value <= self.upper
    }

    /// `upper - lower`.
    #[must_use]
    pub fn width(&self) -> Nats<F> {
        self.upper - self.lower
    }

    /// The interval of the perplexity, if this is one of a negative log-likelihood of `tokens`
    /// tokens. It covers with the same probability, because the exponential is monotone.
    ///
    /// # Errors
    /// [`Empty`](Error::Empty) for zero tokens.
    pub fn perplexity(&self, tokens: usize) -> Result<(F, F)> {
        Ok((self.lower.perplexity_factor(tokens)?, self.upper.perplexity_factor(tokens)?))
    }
}

pub(crate) fn check_level(level: f64) -> Result<f64> {
    if level > 0.0 && level < 1.0 { Ok(level) } else { Err(Error::LevelOutOfRange { level }) }
}

/// The probability that an interval of this level misses the truth. Passed on in place of the level,
/// because a level near 1 has no digits left to be made larger.
pub(crate) fn outside(level: f64) -> Result<f64> {
    Ok(1.0 - check_level(level)?)
}

/// The probability with which each of `many` intervals may miss, so that together they hold with
/// probability `level` (Bonferroni).
pub(crate) fn outside_of_each(level: f64, many: usize) -> Result<f64> {
    Ok(outside(level)? / scalar::float::<f64>(many))
}

/// How far intervals that miss with one probability reach, in standard errors: computed once for
/// each number of degrees of freedom, because many losses have the same.
pub(crate) struct Quantiles {
    miss: f64,
    known: HashMap<u64, f64>,
}

impl Quantiles {
    pub(crate) fn new(miss: f64) -> Self {
        Self { miss, known: HashMap::new() }
    }

    fn at(&mut self, degrees: f64) -> Result<f64> {
        let key = degrees.to_bits();
        if let Some(&known) = self.known.get(&key) {
            return Ok(known);
        }
        let found = deviations(self.miss, degrees)?;
        self.known.insert(key, found);
        Ok(found)
    }
}

/// A standard error together with how well it is known: what survives when independent errors add up.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Spread<F> {
    pub(crate) standard_error: F,
    /// One over the degrees of freedom, so that a known error is not special.
    inverse_degrees: f64,
}

impl<F: Scalar> Spread<F> {
    pub(crate) fn of(estimate: Estimate<F>) -> Self {
        let standard_error = estimate.standard_error.0;
        Self { standard_error, inverse_degrees: estimate.degrees_of_freedom.recip() }
    }

    /// The spread of the sum of two independent quantities.
    pub(crate) fn plus(self, other: Self) -> Self {
        let standard_error = self.standard_error.hypot(other.standard_error);
        let part = |spread: Self| {
            let share = scalar::evidence(spread.standard_error / standard_error);
            share.powi(4) * spread.inverse_degrees
        };
        let known = standard_error == F::zero();
        let inverse_degrees = if known { 0.0 } else { part(self) + part(other) };
        Self { standard_error, inverse_degrees }
    }

    pub(crate) fn around(self, value: Nats<F>) -> Estimate<F> {
        Estimate {
            value,
            standard_error: Nats(self.standard_error),
            degrees_of_freedom: self.inverse_degrees.recip(),
        }
    }
}

/// The degrees of freedom of a sum of independent errors (Welch & Satterthwaite): the formula at
/// [`Estimate::interval`], from the standard errors and the degrees of freedom of its terms.
pub(crate) fn joint_degrees<F: Scalar>(terms: impl Iterator<Item = (F, f64)> + Clone) -> f64 {
    let norm = scalar::norm(terms.clone().map(|(error, _)| error));
    if norm == F::zero() {
        return f64::INFINITY;
    }
    let share = |error: F| scalar::evidence(error / norm).powi(4);
    scalar::sum(terms.map(|(error, degrees)| share(error) / degrees)).recip()
}

/// Above so many degrees of freedom, Student's law is the normal one with a correction. There the
/// incomplete beta function is slow to converge; where the two meet they agree to eight digits.
const NEARLY_NORMAL: f64 = 1e6;

/// How many standard errors to either side miss the truth with this probability: the upper
/// `miss / 2` quantile of Student's law.
fn deviations(miss: f64, degrees: f64) -> Result<f64> {
    if degrees.is_nan() || degrees <= 0.0 {
        return Err(Error::NotPositive { what: "degrees of freedom", value: degrees });
    }
    let normal = normal_deviations(miss);
    if normal <= 0.0 {
        return Ok(0.0);
    }
    if degrees > NEARLY_NORMAL {
        // Cornish & Fisher's expansion; the next term is of order z^5 / degrees^2.
        return Ok(normal + (normal.powi(3) + normal) / (4.0 * degrees));
    }
    let Ok(law) = StudentsT::new(0.0, 1.0, degrees) else { return Ok(f64::INFINITY) };
    // Newton's method for ln P(t > e^x) = ln(miss / 2). This function of x is concave, so once a step
    // is right of the root, all further ones are, and they fall; a bisection catches the first ones.
    // The quantile is above the normal one. (The inverse in statrs does not end for some arguments.)
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
    Ok(x.exp())
}

/// How many standard errors to either side miss a normal variable with this probability.
fn normal_deviations(miss: f64) -> f64 {
    core::f64::consts::SQRT_2 * erf::erfc_inv(miss)
}

/// The probability that a variable with Student's law exceeds `deviations > 0`.
pub(crate) fn tail(deviations: f64, degrees: f64) -> f64 {
    match StudentsT::new(0.0, 1.0, degrees) {
        Ok(law) if degrees <= NEARLY_NORMAL => law.sf(deviations),
        _ => normal_tail(as_if_normal(deviations, degrees)),
    }
}

/// How many standard errors of a known size are as unlikely to be exceeded as these of an estimated
/// one: what makes deviations comparable.
pub(crate) fn normal_equivalent(deviations: f64, degrees: f64) -> f64 {
    if degrees <= NEARLY_NORMAL {
        let tail = tail(deviations, degrees);
        if tail > 0.0 {
            return normal_deviations(2.0 * tail);
        }
    }
    as_if_normal(deviations, degrees)
}

/// The same in closed form, nearly. Source: Wallace, *Annals of Mathematical Statistics* 30 (1959).
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
    fn quantiles_of_students_law_are_right_far_out_and_for_many_degrees() {
        for (degrees, miss, expected) in QUANTILES {
            let found = deviations(miss, degrees).unwrap();
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
                let found = deviations(miss, degrees).unwrap();
                assert!(
                    found >= 0.0 && found <= before * (1.0 + 1e-8) + 1e-7,
                    "{miss:e} {degrees}"
                );
                before = found;
            }
        }
    }
}
