//! Quantities with their unit: [`Nats`], [`Bits`], and the [`TrainingError`] of a learned predictor.

use core::cmp::Ordering;
use core::fmt::{self, Write};
use core::iter::Sum;
use core::ops::{Add, AddAssign, Div, Mul, Neg, Sub, SubAssign};

use num_traits::float::TotalOrder;

use crate::error::{Error, Result};
use crate::numeric::scalar::{self, Scalar};

/// An amount of information, or a divergence, in nats (natural logarithm).
///
/// ```
/// use unmaskcost::{Bits, Nats};
/// let one_bit = Nats(std::f64::consts::LN_2).bits();
/// assert_eq!(one_bit, Bits(1.0));
/// assert_eq!(format!("{:.3}", Nats(0.25)), "0.250 nats");
/// assert_eq!(format!("{:.1e}", Nats(0.25).max(Nats(4000.0))), "4.0e3 nats");
/// ```
#[derive(Debug, Clone, Copy, PartialEq, PartialOrd, Default)]
pub struct Nats<F = f64>(pub F);

/// An amount of information, or a divergence, in bits (logarithm to base two).
///
/// ```
/// use unmaskcost::{Bits, Nats};
/// assert_eq!(Bits(1.0).nats(), Nats(std::f64::consts::LN_2));
/// ```
#[derive(Debug, Clone, Copy, PartialEq, PartialOrd, Default)]
pub struct Bits<F = f64>(pub F);

impl<F: Scalar> Nats<F> {
    /// The same amount in bits.
    ///
    /// # Formula
    /// ```text
    /// bits = nats / ln 2
    /// ```
    #[must_use]
    pub fn bits(self) -> Bits<F> {
        Bits(self.0 / F::LN_2())
    }

    /// The total variation distance that a KL divergence allows by Pinsker's inequality. It exceeds 1,
    /// and says nothing, from 2 nats on.
    ///
    /// # Formula
    /// ```text
    /// TV <= sqrt(KL / 2)
    /// ```
    fn pinsker(self) -> F {
        (self.clipped() / scalar::constant(2.0)).sqrt()
    }

    /// The total variation distance that a KL divergence allows by the inequality of Bretagnolle and
    /// Huber: at most 1, however large the divergence.
    ///
    /// # Formula
    /// ```text
    /// TV <= sqrt(1 - exp(-KL))
    /// ```
    fn bretagnolle_huber(self) -> F {
        (F::zero() - (F::zero() - self.clipped()).exp_m1()).sqrt()
    }

    /// The total variation distance that a KL divergence allows, by the inequalities of Pinsker (smaller for small
    /// divergences) and of Bretagnolle and Huber (at most 1, however large the divergence).
    ///
    /// # Formula
    /// ```text
    /// TV <= min(sqrt(KL / 2), sqrt(1 - exp(-KL)))
    /// ```
    /// A divergence below zero is rounding noise, and counts as zero.
    ///
    /// For the sampling error this limits the distance between the data and the sampler's output: no
    /// test tells a sample of one from a sample of the other with an advantage larger than this.
    ///
    /// ```
    /// use unmaskcost::Nats;
    /// assert_eq!(Nats(0.02_f64).total_variation_limit(), 0.1);
    /// assert!(Nats(3.0).total_variation_limit() < 0.975); // Pinsker would say 1.22
    /// ```
    #[must_use]
    pub fn total_variation_limit(self) -> F {
        self.pinsker().min(self.bretagnolle_huber())
    }

    /// The largest KL divergence that keeps the total variation distance at or below a limit: the inverse of
    /// [`Nats::total_variation_limit`]. As the tolerance of
    /// [`optimal::fewest_steps`](crate::optimal::fewest_steps) it gives the fewest steps for which no test tells
    /// the output from the data with a larger advantage.
    ///
    /// # Formula
    /// ```text
    /// KL = max(2 TV^2, -ln(1 - TV^2)),   rounded down
    /// ```
    /// Both inequalities hold, so either is enough. Infinite for a limit of 1.
    ///
    /// # Errors
    /// [`OutOfRange`](crate::Error::OutOfRange) unless `0 <= limit <= 1`,
    /// [`NotFinite`](crate::Error::NotFinite).
    ///
    /// ```
    /// use unmaskcost::{InformationCurve, Nats, optimal};
    /// let tolerance = Nats::from_total_variation(0.1_f64)?;
    /// assert!((tolerance.0 - 0.02).abs() < 1e-12);
    /// assert!(tolerance.total_variation_limit() <= 0.1);
    /// let curve = InformationCurve::from_information((0..64).map(|k| 1.0 - 0.9_f64.powi(k)).collect::<Vec<_>>())?;
    /// let (schedule, error) = optimal::fewest_steps(&curve, tolerance)?;
    /// assert!(error.total_variation_limit() <= 0.1 && schedule.steps() < 64);
    /// # Ok::<(), unmaskcost::Error>(())
    /// ```
    pub fn from_total_variation(limit: F) -> Result<Self> {
        scalar::check_probability("total variation distance", limit)?;
        let square = limit * limit;
        let pinsker = square + square;
        let huber = F::zero() - (F::zero() - square).ln_1p();
        // Near 1 the distance hardly depends on the divergence: so it is lowered until rounding no
        // longer hides that it is too large.
        let (mut divergence, mut margin) = (Self(pinsker.max(huber)), F::epsilon());
        while divergence.total_variation_limit() > limit {
            divergence = divergence * (F::one() - margin);
            margin = (margin + margin).min(scalar::constant(0.5));
        }
        Ok(divergence)
    }

    /// The amount per token: what a code made for the sampler's output wastes on the data, or how
    /// much the loss per token rises.
    ///
    /// # Errors
    /// [`Empty`](crate::Error::Empty) for zero tokens.
    ///
    /// ```
    /// use unmaskcost::Nats;
    /// assert_eq!(Nats(32.0).per_token(64)?, Nats(0.5));
    /// # Ok::<(), unmaskcost::Error>(())
    /// ```
    pub fn per_token(self, tokens: usize) -> Result<Self> {
        if tokens == 0 {
            return Err(Error::Empty { what: "the sequence" });
        }
        Ok(Self(self.0 / scalar::float(tokens)))
    }

    /// The factor by which a KL divergence over the sequence raises the perplexity per token.
    ///
    /// # Formula
    /// ```text
    /// exp(KL / L)
    /// ```
    ///
    /// # Errors
    /// [`Empty`](crate::Error::Empty) for zero tokens.
    ///
    /// ```
    /// use unmaskcost::Nats;
    /// assert_eq!(Nats(0.0).perplexity_factor(64)?, 1.0);
    /// # Ok::<(), unmaskcost::Error>(())
    /// ```
    pub fn perplexity_factor(self, tokens: usize) -> Result<F> {
        self.per_token(tokens).map(|per_token| per_token.0.exp())
    }

    /// The smaller of two amounts; the other one if one is NaN.
    #[must_use]
    pub fn min(self, other: Self) -> Self {
        Self(self.0.min(other.0))
    }

    /// The larger of two amounts; the other one if one is NaN.
    #[must_use]
    pub fn max(self, other: Self) -> Self {
        Self(self.0.max(other.0))
    }

    fn clipped(self) -> F {
        // Not `max`, which would turn NaN into zero.
        if self.0 < F::zero() { F::zero() } else { self.0 }
    }
}

impl<F: Scalar> Bits<F> {
    /// The same amount in nats.
    ///
    /// # Formula
    /// ```text
    /// nats = bits * ln 2
    /// ```
    #[must_use]
    pub fn nats(self) -> Nats<F> {
        Nats(self.0 * F::LN_2())
    }
}

/// A number with the precision and the sign that were asked for, without the width: that is for the
/// whole text ([`pad`]).
pub(crate) fn decimal(f: &fmt::Formatter<'_>, number: &impl fmt::Display) -> String {
    match (f.precision(), f.sign_plus()) {
        (Some(digits), true) => format!("{number:+.digits$}"),
        (Some(digits), false) => format!("{number:.digits$}"),
        (None, true) => format!("{number:+}"),
        (None, false) => format!("{number}"),
    }
}

fn exponential(f: &fmt::Formatter<'_>, number: &impl fmt::LowerExp) -> String {
    match (f.precision(), f.sign_plus()) {
        (Some(digits), true) => format!("{number:+.digits$e}"),
        (Some(digits), false) => format!("{number:.digits$e}"),
        (None, true) => format!("{number:+e}"),
        (None, false) => format!("{number:e}"),
    }
}

/// Writes a text that has its numbers in it already, filled to the width asked for; to the right unless
/// the format says otherwise, as numbers are. (`Formatter::pad` would cut the text at the precision.)
pub(crate) fn pad(f: &mut fmt::Formatter<'_>, text: &str) -> fmt::Result {
    let missing = f.width().unwrap_or(0).saturating_sub(text.chars().count());
    let before = match f.align() {
        Some(fmt::Alignment::Left) => 0,
        Some(fmt::Alignment::Center) => missing / 2,
        Some(fmt::Alignment::Right) | None => missing,
    };
    let fill = f.fill();
    (0..before).try_for_each(|_| f.write_char(fill))?;
    f.write_str(text)?;
    (before..missing).try_for_each(|_| f.write_char(fill))
}

macro_rules! arithmetic {
    ($unit:ident, $name:literal) => {
        impl<F: Scalar> Add for $unit<F> {
            type Output = Self;
            fn add(self, other: Self) -> Self {
                Self(self.0 + other.0)
            }
        }

        impl<F: Scalar> Sub for $unit<F> {
            type Output = Self;
            fn sub(self, other: Self) -> Self {
                Self(self.0 - other.0)
            }
        }

        impl<F: Scalar> Mul<F> for $unit<F> {
            type Output = Self;
            fn mul(self, factor: F) -> Self {
                Self(self.0 * factor)
            }
        }

        impl Mul<$unit<f64>> for f64 {
            type Output = $unit<f64>;
            fn mul(self, amount: $unit<f64>) -> $unit<f64> {
                amount * self
            }
        }

        impl Mul<$unit<f32>> for f32 {
            type Output = $unit<f32>;
            fn mul(self, amount: $unit<f32>) -> $unit<f32> {
                amount * self
            }
        }

        impl<F: Scalar> From<F> for $unit<F> {
            fn from(number: F) -> Self {
                Self(number)
            }
        }

        impl<F: Scalar> Div<F> for $unit<F> {
            type Output = Self;
            fn div(self, divisor: F) -> Self {
                Self(self.0 / divisor)
            }
        }

        impl<F: Scalar> Div for $unit<F> {
            type Output = F;
            fn div(self, other: Self) -> F {
                self.0 / other.0
            }
        }

        impl<F: Scalar> AddAssign for $unit<F> {
            fn add_assign(&mut self, other: Self) {
                *self = *self + other;
            }
        }

        impl<F: Scalar> SubAssign for $unit<F> {
            fn sub_assign(&mut self, other: Self) {
                *self = *self - other;
            }
        }

        impl<F: Scalar> Neg for $unit<F> {
            type Output = Self;
            fn neg(self) -> Self {
                Self(-self.0)
            }
        }

        impl<F: Scalar> Sum for $unit<F> {
            /// A compensated sum.
            fn sum<I: Iterator<Item = Self>>(terms: I) -> Self {
                Self(scalar::sum(terms.map(|x| x.0)))
            }
        }

        impl<'a, F: Scalar> Sum<&'a Self> for $unit<F> {
            /// A compensated sum.
            fn sum<I: Iterator<Item = &'a Self>>(terms: I) -> Self {
                Self(scalar::sum(terms.map(|x| x.0)))
            }
        }

        impl<F: Scalar + TotalOrder> $unit<F> {
            /// The order of all floats, NaN included, for sorting and `min_by`: `f64::total_cmp`.
            #[must_use]
            pub fn total_cmp(&self, other: &Self) -> Ordering {
                self.0.total_cmp(&other.0)
            }
        }

        impl<F: fmt::LowerExp> fmt::LowerExp for $unit<F> {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                let (number, unit) = (exponential(f, &self.0), $name);
                pad(f, &format!("{number} {unit}"))
            }
        }

        impl<F: fmt::Display> fmt::Display for $unit<F> {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                let (number, unit) = (decimal(f, &self.0), $name);
                pad(f, &format!("{number} {unit}"))
            }
        }
    };
}

arithmetic!(Nats, "nats");
arithmetic!(Bits, "bits");

impl<F: Scalar> From<Bits<F>> for Nats<F> {
    fn from(bits: Bits<F>) -> Self {
        bits.nats()
    }
}

impl<F: Scalar> From<Nats<F>> for Bits<F> {
    fn from(nats: Nats<F>) -> Self {
        nats.bits()
    }
}

/// What a learned predictor adds to the sampling error of the ideal one, in nats.
///
/// # Formula
/// ```text
/// eps_train = E[ (L / |M|) sum_{i in M} ln( p*(x_i | x_{-M}) / p^(x_i | x_{-M}) ) ]
/// ```
/// where M is the set of masked tokens that the predictor p^ sees at a step, drawn with probability
/// (reveal size of the step) / L, and p* are the true conditional marginals.
/// Source: Li & Cai, arXiv 2505.21400, Definition 1.
///
/// The error of a schedule with this predictor is the ideal error plus this number, exactly; so it is
/// added, with `+`, to exact errors and to [`KlBounds`](crate::KlBounds) alike.
///
/// ```
/// use unmaskcost::{KlBounds, Nats, TrainingError};
/// let training = TrainingError::new(Nats(0.5))?;
/// assert_eq!(Nats(0.25) + training, Nats(0.75));
/// let bounds = KlBounds::new(Nats(0.0), Nats(1.0))? + training;
/// assert_eq!(bounds, KlBounds::new(Nats(0.5), Nats(1.5))?);
/// assert!(TrainingError::new(Nats(-1.0)).is_err());
/// # Ok::<(), unmaskcost::Error>(())
/// ```
#[derive(Debug, Clone, Copy, PartialEq, PartialOrd)]
pub struct TrainingError<F = f64>(Nats<F>);

impl<F: Scalar> TrainingError<F> {
    /// The training error with the value of the formula above.
    ///
    /// # Errors
    /// [`NotFinite`](crate::Error::NotFinite) or [`Negative`](crate::Error::Negative): it is a
    /// mean of divergences, so it cannot be below zero.
    pub fn new(value: Nats<F>) -> Result<Self> {
        scalar::check_nonnegative("training error", value.0).map(|x| Self(Nats(x)))
    }

    /// The value in nats.
    #[must_use]
    pub fn value(self) -> Nats<F> {
        self.0
    }
}

impl<F: Scalar> Add<TrainingError<F>> for Nats<F> {
    type Output = Self;
    fn add(self, training: TrainingError<F>) -> Self {
        self + training.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn small_divergences_keep_their_digits() {
        let small = Nats(1e-300_f64);
        assert!((small.bretagnolle_huber() / 1e-150 - 1.0).abs() < 1e-14);
        assert!((small.pinsker() / 5e-301_f64.sqrt() - 1.0).abs() < 1e-14);
        assert_eq!(small.total_variation_limit(), small.pinsker());
    }
}
