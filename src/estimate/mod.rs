//! Measured quantities: [`Estimate`], and the [`ConfidenceInterval`] that follows from it.

use core::fmt;
use core::ops::RangeInclusive;

use crate::error::{Error, Result};
use crate::numeric::scalar::{self, Scalar};
use crate::numeric::student::Quantiles;
use crate::units::{self, Nats};

pub(crate) mod clustered;

/// The fewest degrees of freedom of an [`Estimate`]: with these, an interval of level 0.95 reaches 10^13
/// standard errors to either side, so fewer say nothing.
const LEAST_DEGREES: f64 = 0.1;

/// A measured quantity: the most likely value, and how far it may be off by chance.
///
/// It is not an interval that certainly holds the truth: that is [`KlBounds`](crate::KlBounds).
///
/// ```
/// use unmaskcost::{Estimate, Nats};
/// let cost = Estimate::with_known_error(Nats(2.0_f64), Nats(0.5))?;
/// let interval = cost.interval(0.95)?;
/// assert!((interval.lower().0 - 1.02).abs() < 1e-3 && (interval.upper().0 - 2.98).abs() < 1e-3);
/// assert_eq!(format!("{cost:.1}"), "2.0 ± 0.5 nats");
///
/// // An error that is itself estimated, from only three samples, leaves more open.
/// let few = Estimate::from_samples(Nats(2.0), Nats(0.5), 2.0)?;
/// assert!(few.interval(0.95)?.width() > interval.width() * 2.0);
/// assert!(Estimate::with_known_error(Nats(2.0), Nats(-0.5)).is_err());
/// # Ok::<(), unmaskcost::Error>(())
/// ```
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Estimate<F = f64> {
    value: Nats<F>,
    standard_error: Nats<F>,
    degrees_of_freedom: f64,
}

impl<F: Scalar> Estimate<F> {
    /// A value without error.
    #[must_use]
    pub fn exact(value: Nats<F>) -> Self {
        Self::of_parts(value, Nats(F::zero()), f64::INFINITY)
    }

    /// A value with a standard error that is known, or that comes from so many samples that it is
    /// as good as known.
    ///
    /// # Errors
    /// [`NotFinite`](Error::NotFinite) for the value or the error, [`Negative`](Error::Negative) for the
    /// error.
    pub fn with_known_error(value: Nats<F>, standard_error: Nats<F>) -> Result<Self> {
        Self::from_samples(value, standard_error, f64::INFINITY)
    }

    /// A value with a standard error that is itself estimated. The mean of n independent samples, with
    /// the error from their spread, has `n - 1` degrees of freedom.
    ///
    /// # Errors
    /// As [`with_known_error`](Self::with_known_error); [`OutOfRange`](Error::OutOfRange) for fewer than
    /// a tenth of a degree of freedom, which would make every interval endless.
    pub fn from_samples(
        value: Nats<F>,
        standard_error: Nats<F>,
        degrees_of_freedom: f64,
    ) -> Result<Self> {
        scalar::check_single("value", value.0)?;
        let standard_error = scalar::check_nonnegative("standard error", standard_error.0)?;
        if degrees_of_freedom.is_nan() || degrees_of_freedom < LEAST_DEGREES {
            let (what, needed) = ("degrees of freedom", "at least 0.1");
            return Err(Error::OutOfRange { what, value: degrees_of_freedom, needed });
        }
        Ok(Self::of_parts(value, Nats(standard_error), degrees_of_freedom))
    }

    /// From parts that the caller knows to be valid. A result that may have overflowed goes through
    /// [`finite`](Self::finite).
    pub(crate) fn of_parts(
        value: Nats<F>,
        standard_error: Nats<F>,
        degrees_of_freedom: f64,
    ) -> Self {
        Self { value, standard_error, degrees_of_freedom }
    }

    /// Another value with the same error.
    pub(crate) fn with_value(self, value: Nats<F>) -> Self {
        Self { value, ..self }
    }

    /// The estimate.
    #[must_use]
    pub fn value(&self) -> Nats<F> {
        self.value
    }

    /// The standard error; 0 for a value known exactly.
    #[must_use]
    pub fn standard_error(&self) -> Nats<F> {
        self.standard_error
    }

    /// How well the standard error is known: `n - 1` if it is the spread of n samples, infinite if it
    /// is known.
    #[must_use]
    pub fn degrees_of_freedom(&self) -> f64 {
        self.degrees_of_freedom
    }

    /// The interval that covers the truth with probability `level` if the error is normal, as it
    /// nearly is for a mean of many samples.
    ///
    /// # Formula
    /// ```text
    /// value -+ t * standard error,   t the (1 + level) / 2 quantile of Student's distribution with these degrees of freedom
    /// ```
    /// For infinite degrees of freedom that is the standard normal distribution. Source: Student,
    /// *Biometrika* 6 (1908). A weighted sum of several means has the degrees of freedom of Welch,
    /// *Biometrika* 34 (1947), and Satterthwaite, *Biometrics Bulletin* 2 (1946),
    /// ```text
    /// df = (sum_i v_i)^2 / sum_i v_i^2 / (n_i - 1),   v_i = (weight * standard error)^2 of the mean of n_i samples
    /// ```
    /// which is an approximation, and a good one from three samples on.
    ///
    /// # Errors
    /// [`OutOfRange`](Error::OutOfRange) unless `0 < level < 1`,
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
            self.standard_error * scalar::constant(quantiles.at(self.degrees_of_freedom))
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
        let (value, error) = (self.value.0, self.standard_error.0);
        let text = format!("{} ± {} nats", units::decimal(f, &value), units::decimal(f, &error));
        units::pad(f, &text)
    }
}

/// A range that covers the truth with a stated probability, over repetitions of the measurement.
///
/// ```
/// use unmaskcost::{ConfidenceInterval, Nats};
/// let interval = ConfidenceInterval::new(Nats(1.0), Nats(3.0), 0.95)?;
/// assert!(interval.contains(Nats(2.0)) && interval.width() == Nats(2.0));
/// assert!(ConfidenceInterval::new(Nats(3.0), Nats(1.0), 0.95).is_err());
/// # Ok::<(), unmaskcost::Error>(())
/// ```
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct ConfidenceInterval<F = f64> {
    lower: Nats<F>,
    upper: Nats<F>,
    level: f64,
}

impl<F: Scalar> ConfidenceInterval<F> {
    /// The interval between these ends, which may be infinite where nothing is known.
    ///
    /// # Errors
    /// [`Inconsistent`](Error::Inconsistent) unless `lower <= upper`,
    /// [`OutOfRange`](Error::OutOfRange) unless `0 < level < 1`.
    pub fn new(lower: Nats<F>, upper: Nats<F>, level: f64) -> Result<Self> {
        check_ends(lower, upper)?;
        Ok(Self { lower, upper, level: check_level(level)? })
    }

    /// The lower end.
    #[must_use]
    pub fn lower(&self) -> Nats<F> {
        self.lower
    }

    /// The upper end.
    #[must_use]
    pub fn upper(&self) -> Nats<F> {
        self.upper
    }

    /// The probability, between 0 and 1.
    #[must_use]
    pub fn level(&self) -> f64 {
        self.level
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
    pub fn perplexity(&self, tokens: usize) -> Result<RangeInclusive<F>> {
        Ok(self.lower.perplexity_factor(tokens)?..=self.upper.perplexity_factor(tokens)?)
    }
}

/// `lower .. upper nats`, with the precision asked for.
impl<F: Scalar> fmt::Display for ConfidenceInterval<F> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (lower, upper) = (self.lower.0, self.upper.0);
        let text = format!("{} .. {} nats", units::decimal(f, &lower), units::decimal(f, &upper));
        units::pad(f, &text)
    }
}

/// Refuses an interval whose lower end is above the upper one, or with an end that is not a number.
pub(crate) fn check_ends<F: Scalar>(lower: Nats<F>, upper: Nats<F>) -> Result<()> {
    if lower <= upper {
        return Ok(());
    }
    let (left, right) = (scalar::evidence(lower.0), scalar::evidence(upper.0));
    Err(Error::Inconsistent { inequality: "lower <= upper", left, right })
}

pub(crate) fn check_level(level: f64) -> Result<f64> {
    if level > 0.0 && level < 1.0 {
        return Ok(level);
    }
    let (what, needed) = ("level", "a probability between 0 and 1, both excluded,");
    Err(Error::OutOfRange { what, value: level, needed })
}

/// The probability that an interval of this level misses the truth. Passed on in place of the level,
/// because near 1 there are too few digits for a still higher level.
pub(crate) fn outside(level: f64) -> Result<f64> {
    Ok(1.0 - check_level(level)?)
}

/// The probability with which each of `many` intervals may miss, so that together they hold with
/// probability `level` (Bonferroni).
pub(crate) fn outside_of_each(level: f64, many: usize) -> Result<f64> {
    Ok(outside(level)? / scalar::float::<f64>(many))
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
        Estimate::of_parts(value, Nats(self.standard_error), self.inverse_degrees.recip())
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
