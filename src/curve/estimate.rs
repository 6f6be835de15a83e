use core::fmt;

use statrs::function::erf;

use crate::error::{Error, Result};
use crate::scalar::{self, Scalar};
use crate::units::Nats;

/// A measured quantity: the most likely value, and how far it may be off by chance.
///
/// It is not an interval that certainly holds the truth: that is [`KlBounds`](crate::KlBounds).
///
/// ```
/// use demask::{Nats, curve::Estimate};
/// let cost = Estimate { value: Nats(2.0_f64), standard_error: Nats(0.5) };
/// let interval = cost.interval(0.95)?;
/// assert!((interval.lower.0 - 1.02).abs() < 1e-3 && (interval.upper.0 - 2.98).abs() < 1e-3);
/// assert_eq!(format!("{cost:.1}"), "2.0 ± 0.5 nats");
/// # Ok::<(), demask::Error>(())
/// ```
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Estimate<F = f64> {
    /// The estimate.
    pub value: Nats<F>,
    /// Its standard error; 0 for a value known exactly.
    pub standard_error: Nats<F>,
}

impl<F: Scalar> Estimate<F> {
    /// The interval that covers the truth with probability `level` if the error is normal, as it
    /// nearly is for a mean of many samples.
    ///
    /// # Formula
    /// ```text
    /// value -+ z * standard error,   z the (1 + level) / 2 quantile of the standard normal law
    /// ```
    ///
    /// # Errors
    /// [`LevelOutOfRange`](Error::LevelOutOfRange) unless `0 < level < 1`.
    pub fn interval(self, level: f64) -> Result<ConfidenceInterval<F>> {
        let radius = self.standard_error * scalar::constant(normal_deviations(level)?);
        Ok(ConfidenceInterval::around(self.value, radius, level))
    }

    /// The same quantity for one of `tokens` tokens.
    ///
    /// # Errors
    /// [`Empty`](Error::Empty) for zero tokens.
    pub fn per_token(self, tokens: usize) -> Result<Self> {
        let value = self.value.per_token(tokens)?;
        Ok(Self { value, standard_error: self.standard_error.per_token(tokens)? })
    }

    /// The perplexity that belongs to a negative log-likelihood of `tokens` tokens:
    /// [`Nats::perplexity_factor`]. For its uncertainty, take [`ConfidenceInterval::perplexity`].
    ///
    /// # Errors
    /// [`Empty`](Error::Empty) for zero tokens.
    pub fn perplexity(self, tokens: usize) -> Result<F> {
        self.value.perplexity_factor(tokens)
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
    pub(crate) fn around(value: Nats<F>, radius: Nats<F>, level: f64) -> Self {
        Self { lower: value - radius, upper: value + radius, level }
    }

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

/// The level of each of `many` intervals that together hold with probability `level` (Bonferroni).
pub(crate) fn level_of_each(level: f64, many: usize) -> Result<f64> {
    Ok(1.0 - (1.0 - check_level(level)?) / scalar::float::<f64>(many))
}

/// How many standard errors to either side hold a normal variable with this probability.
pub(crate) fn normal_deviations(level: f64) -> Result<f64> {
    Ok(core::f64::consts::SQRT_2 * erf::erfc_inv(1.0 - check_level(level)?))
}

/// The probability that a standard normal variable exceeds `deviations`.
pub(crate) fn normal_tail(deviations: f64) -> f64 {
    0.5 * erf::erfc(deviations / core::f64::consts::SQRT_2)
}
