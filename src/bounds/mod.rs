//! What can be said of the sampling error when only part of the curve is known.
//!
//! One file per paper, and [`sharp`] for the best possible. A bound *for this schedule* takes a
//! [`Schedule`](crate::Schedule); a bound that holds *for some schedule* whose steps are no larger than a
//! given one takes that size instead, so that the two cannot be exchanged.
//!
//! [`Knowledge`] is the one way to ask, whatever is known; [`compare`] shows all bounds side by side.
//! [`measured::any_fall`](crate::measured::any_fall) turns measured losses and their errors into
//! knowledge.
//!
//! # Rounding
//! Every bound is rounded outward by a few units in the last place, so that
//! `lower <= exact <= upper` holds for the computed numbers too, not only on paper.

use core::fmt;
use core::ops::Add;

use crate::error::{Error, Result};
use crate::estimate;
use crate::numeric::scalar::{self, Scalar};
use crate::units::{self, Nats, TrainingError};

pub mod chen_cong_li;
mod compare;
pub mod confidence;
pub mod dimension_free;
mod knowledge;
pub mod li_cai;
pub mod sharp;
pub mod universal;
pub mod wainwright;

pub use compare::{BoundKind, ComparedBound, Comparison, compare};
pub use knowledge::Knowledge;

/// An interval that contains the sampling error of one given schedule.
///
/// ```
/// use unmaskcost::{KlBounds, Nats};
/// let bounds = KlBounds::new(Nats(0.25), Nats(1.0))?;
/// assert!(bounds.contains(Nats(0.5)));
/// assert_eq!(bounds.width(), Nats(0.75));
/// assert_eq!(format!("{bounds:.2}"), "0.25 .. 1.00 nats");
/// assert!(KlBounds::new(Nats(1.0), Nats(0.25)).is_err());
/// # Ok::<(), unmaskcost::Error>(())
/// ```
#[derive(Debug, Clone, Copy, PartialEq)]
#[non_exhaustive]
pub struct KlBounds<F = f64> {
    /// No distribution consistent with what is known has a smaller error.
    pub lower: Nats<F>,
    /// No distribution consistent with what is known has a larger error.
    pub upper: Nats<F>,
}

impl<F: Scalar> KlBounds<F> {
    /// The interval between these ends. The upper end may be infinite, where nothing is known.
    ///
    /// # Errors
    /// [`Inconsistent`](Error::Inconsistent) unless `lower <= upper`,
    /// [`Negative`](Error::Negative) or [`NotFinite`](Error::NotFinite) for the lower end.
    pub fn new(lower: Nats<F>, upper: Nats<F>) -> Result<Self> {
        estimate::check_ends(lower, upper)?;
        let lower = scalar::check_nonnegative("lower end", lower.0)?;
        Ok(Self { lower: Nats(lower), upper: upper.max(Nats(lower)) })
    }

    /// The interval that holds just one value.
    pub(crate) fn exactly(value: Nats<F>) -> Self {
        Self { lower: value, upper: value }
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
}

/// Both ends, with the precision asked for.
impl<F: Scalar> fmt::Display for KlBounds<F> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (lower, upper) = (self.lower.0, self.upper.0);
        let text = format!("{} .. {} nats", units::decimal(f, &lower), units::decimal(f, &upper));
        units::pad(f, &text)
    }
}

/// A learned predictor shifts both ends; see [`TrainingError`].
impl<F: Scalar> Add<TrainingError<F>> for KlBounds<F> {
    type Output = Self;
    fn add(self, training: TrainingError<F>) -> Self {
        Self { lower: self.lower + training, upper: self.upper + training }
    }
}

/// How far a bound is moved outward, in relative terms: more than the roundings on either side of the
/// comparison can add up to.
fn margin<F: Scalar>() -> F {
    F::epsilon() * scalar::constant(16.0)
}

/// The smallest positive number, for results so small that a relative margin rounds away.
fn tiny<F: Scalar>() -> F {
    F::min_positive_value() * F::epsilon()
}

/// A computed upper bound, moved up so that rounding cannot have put it below the true one.
fn round_up<F: Scalar>(bound: F) -> Nats<F> {
    // NaN stays NaN, and is refused by `finite`.
    if bound <= F::zero() { Nats(F::zero()) } else { Nats(bound * (F::one() + margin()) + tiny()) }
}

/// `weight * amount`, moved up. Below the smallest normal number the amount has been rounded by up to a
/// half of [`tiny`], and that counts `weight` times.
fn times_up<F: Scalar>(weight: F, amount: F) -> Nats<F> {
    if amount <= F::zero() {
        return Nats(F::zero());
    }
    Nats(round_up(weight * amount).0 + weight * tiny())
}

/// A computed lower bound, moved down so that rounding cannot have put it above the true one.
fn round_down<F: Scalar>(bound: F) -> Nats<F> {
    Nats((bound * (F::one() - margin()) - tiny()).max(F::zero()))
}

/// `weight / tokens * token_information`, checked and rounded up.
fn per_token<F: Scalar>(token_information: Nats<F>, weight: F, tokens: usize) -> Result<Nats<F>> {
    let information = scalar::check_nonnegative("token information", token_information.0)?;
    finite(times_up(weight / scalar::float(tokens), information))
}

fn finite<F: Scalar>(bound: Nats<F>) -> Result<Nats<F>> {
    if bound.0.is_finite() { Ok(bound) } else { Err(Error::Overflow { what: "the bound" }) }
}
