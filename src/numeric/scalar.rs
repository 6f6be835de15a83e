//! The floats the crate computes in, and the few sums it needs done well.

use core::fmt::{Debug, Display, LowerExp};

use num_traits::{Float, FloatConst, FromPrimitive};

use crate::error::{Error, Result};

/// A float the crate can compute in: `f32`, `f64`, or any wider type with the num-traits traits.
///
/// It is implemented for every type that qualifies, so a double-double or a counting float works
/// without any code here.
pub trait Scalar:
    Float + FloatConst + FromPrimitive + Debug + Display + LowerExp + Send + Sync + 'static
{
    /// The rounding noise accepted in input: the square root of the machine epsilon.
    ///
    /// This is the relative tolerance of the crate: 1.5e-8 in `f64`, 3.5e-4 in `f32`. It is always
    /// relative to the scale of the input: to the largest absolute value of a curve, and to 1 for the
    /// sum of a table of probabilities; amounts in nats may be off by [`Scalar::cancellation_noise`]
    /// besides. Input within it is projected onto the nearest valid input (clipped, made monotone,
    /// normalised); input beyond it is refused.
    ///
    /// ```
    /// use unmaskcost::Scalar;
    /// assert_eq!(f64::tolerance(), f64::EPSILON.sqrt());
    /// ```
    fn tolerance() -> Self {
        Self::epsilon().sqrt()
    }

    /// What is left of an amount in nats where entropies of order one cancel: 256 machine epsilons,
    /// 5.7e-14 in `f64`, 3.1e-5 in `f32`.
    ///
    /// It is added to the tolerance of information curves and of what bounds are computed from, and is
    /// all that a single amount may be below zero. So a total correlation of -4e-16 nats, computed from
    /// entropies, counts as zero, however small all other numbers are. Measured losses must not be
    /// negative at all.
    ///
    /// ```
    /// use unmaskcost::{Nats, Scalar, Schedule, bounds};
    /// assert_eq!(f64::cancellation_noise(), 256.0 * f64::EPSILON);
    /// let schedule = Schedule::balanced(8, 4)?;
    /// assert_eq!(bounds::li_cai::upper(Nats(-4e-16), &schedule)?, Nats(0.0));
    /// # Ok::<(), unmaskcost::Error>(())
    /// ```
    fn cancellation_noise() -> Self {
        Self::epsilon() * constant(256.0)
    }
}

impl<F> Scalar for F where
    F: Float + FloatConst + FromPrimitive + Debug + Display + LowerExp + Send + Sync + 'static
{
}

/// What a probability must be, for error messages.
pub(crate) const PROBABILITY: &str = "a number from 0 to 1";

/// `n` as a float, rounded to nearest.
pub(crate) fn float<F: Scalar>(n: usize) -> F {
    F::from_usize(n).unwrap_or_else(F::infinity)
}

/// A constant of the source text.
pub(crate) fn constant<F: Scalar>(x: f64) -> F {
    F::from_f64(x).unwrap_or_else(F::nan)
}

/// A value as evidence in an error message.
pub(crate) fn evidence<F: Scalar>(x: F) -> f64 {
    x.to_f64().unwrap_or(f64::NAN)
}

/// Refuses NaN and infinities.
pub(crate) fn check_finite<F: Scalar>(what: &'static str, values: &[F]) -> Result<()> {
    match values.iter().position(|x| !x.is_finite()) {
        Some(place) => {
            let (index, value) = (Some(place), evidence(values[place]));
            Err(Error::NotFinite { what, index, value })
        }
        None => Ok(()),
    }
}

/// Refuses NaN and infinities in a single quantity.
pub(crate) fn check_single<F: Scalar>(what: &'static str, value: F) -> Result<()> {
    match value.is_finite() {
        true => Ok(()),
        false => Err(Error::NotFinite { what, index: None, value: evidence(value) }),
    }
}

/// Refuses a single amount that is not finite or is negative, beyond the noise of cancellation.
pub(crate) fn check_nonnegative<F: Scalar>(what: &'static str, value: F) -> Result<F> {
    check_single(what, value)?;
    if value < -F::cancellation_noise() {
        return Err(Error::Negative { what, index: None, value: evidence(value) });
    }
    Ok(value.max(F::zero()))
}

/// Refuses a single quantity that is not a positive number.
pub(crate) fn check_positive(what: &'static str, value: f64) -> Result<()> {
    match value > 0.0 && value.is_finite() {
        true => Ok(()),
        false => Err(not_positive(what, value)),
    }
}

/// [`Error::OutOfRange`] for a quantity that must be positive.
pub(crate) fn not_positive(what: &'static str, value: f64) -> Error {
    Error::OutOfRange { what, value, needed: "a positive number" }
}

/// [`Error::OutOfRange`] for a list that must begin with zero.
pub(crate) fn first_not_zero(what: &'static str, value: f64) -> Error {
    Error::OutOfRange { what, value, needed: "0 (up to rounding)" }
}

/// Refuses a single quantity that is not between 0 and 1.
pub(crate) fn check_probability<F: Scalar>(what: &'static str, value: F) -> Result<()> {
    check_single(what, value)?;
    if value < F::zero() || value > F::one() {
        let (value, needed) = (evidence(value), PROBABILITY);
        return Err(Error::OutOfRange { what, value, needed });
    }
    Ok(())
}

/// `-x ln x`, with its limit 0 at 0.
pub(crate) fn neg_x_ln_x<F: Scalar>(x: F) -> F {
    if x > F::zero() { -x * x.ln() } else { F::zero() }
}

/// `-sum_x p(x) ln p(x)`, for a distribution of few symbols.
pub(crate) fn entropy<F: Scalar>(law: &[F]) -> F {
    sum(law.iter().map(|&p| neg_x_ln_x(p)))
}

/// `p ln(p/q) - p + q`, the nonnegative term of a divergence, from `p`, `q > 0` and their difference.
///
/// Where the two are close the difference decides, so it must be accurate there. The result has
/// full relative accuracy however small it is, so sums of such terms need not cancel.
pub(crate) fn divergence_term<F: Scalar>(p: F, q: F, difference: F) -> F {
    let relative = difference / q;
    if relative.abs() > constant(0.25) {
        return p * ln_ratio(p, q) - difference;
    }
    // With t = relative and u = t / (2 + t), ln(1 + t) = 2 (u + u^3/3 + u^5/5 + ..), and the term is
    // q (2 u^2/(1-u)) (1 + (1+u) (u/3 + u^3/5 + ..)): nothing cancels.
    let u = relative / (F::one() + F::one() + relative);
    let square = u * u;
    let (mut power, mut odd, mut series) = (u, F::one(), F::zero());
    loop {
        odd = odd + F::one() + F::one();
        let next = series + power / odd;
        if next == series || next.is_nan() {
            break;
        }
        series = next;
        power = power * square;
    }
    q * (square + square) / (F::one() - u) * (F::one() + (F::one() + u) * series)
}

/// `ln(p / q)`, also where the ratio is out of range; 0 for `p = 0`, where it is multiplied by zero.
pub(crate) fn ln_ratio<F: Scalar>(p: F, q: F) -> F {
    let ratio = p / q;
    if p == F::zero() {
        F::zero()
    } else if ratio.is_normal() || q == F::zero() {
        ratio.ln()
    } else {
        p.ln() - q.ln()
    }
}

/// A sum that carries its own rounding error along (Neumaier's variant of Kahan's method).
///
/// The result is within `2 u |sum| + O(n u^2) sum |x|` of the exact sum, u the unit roundoff: for
/// nonnegative terms it is right to about one unit in the last place whatever their number.
#[derive(Debug, Clone, Copy)]
pub(crate) struct CompensatedSum<F> {
    sum: F,
    compensation: F,
}

impl<F: Scalar> CompensatedSum<F> {
    pub(crate) fn new() -> Self {
        Self { sum: F::zero(), compensation: F::zero() }
    }

    pub(crate) fn add(&mut self, x: F) {
        let (sum, error) = two_sum(self.sum, x);
        self.sum = sum;
        self.compensation = self.compensation + error;
    }

    pub(crate) fn total(self) -> F {
        let total = self.sum + self.compensation;
        // A sum that overflowed has a NaN compensation, and is itself the infinity to return.
        if total.is_nan() { self.sum } else { total }
    }
}

impl<F: Scalar> FromIterator<F> for CompensatedSum<F> {
    fn from_iter<I: IntoIterator<Item = F>>(terms: I) -> Self {
        let mut sum = Self::new();
        terms.into_iter().for_each(|x| sum.add(x));
        sum
    }
}

/// Compensated sum of an iterator.
pub(crate) fn sum<F: Scalar>(terms: impl IntoIterator<Item = F>) -> F {
    terms.into_iter().collect::<CompensatedSum<F>>().total()
}

/// The Euclidean norm `sqrt(sum x^2)`, relative to the largest term, so that no square over- or
/// underflows.
pub(crate) fn norm<F: Scalar>(terms: impl Iterator<Item = F> + Clone) -> F {
    let largest = terms.clone().fold(F::zero(), |largest, x| largest.max(x.abs()));
    if largest == F::zero() || !largest.is_finite() {
        return largest;
    }
    let squares = terms.map(|x| (x / largest) * (x / largest));
    sum(squares).sqrt() * largest
}

/// `a + b` and the exact error of that addition (Knuth's TwoSum: no branch, so it vectorises).
#[inline(always)]
pub(crate) fn two_sum<F: Scalar>(a: F, b: F) -> (F, F) {
    let sum = a + b;
    let b_part = sum - a;
    (sum, (a - (sum - b_part)) + (b - b_part))
}

/// Accumulates `sum_i w_i x_i` with weights that fall by one from element to element: the teeth of
/// the sawtooth. Eight independent compensated sums run side by side, so that the additions do not
/// wait for each other.
#[derive(Debug, Clone)]
pub(crate) struct RampSum<F> {
    sums: [F; RampSum::<()>::LANES],
    compensations: [F; RampSum::<()>::LANES],
}

impl RampSum<()> {
    const LANES: usize = 8;
}

impl<F: Scalar> RampSum<F> {
    pub(crate) fn new() -> Self {
        Self { sums: [F::zero(); 8], compensations: [F::zero(); 8] }
    }

    /// Adds `n x_0 + (n-1) x_1 + .. + 1 x_{n-1}` for a slice of `n` elements.
    #[inline]
    pub(crate) fn add_ramp(&mut self, values: &[F]) {
        const LANES: usize = RampSum::<()>::LANES;
        // Beyond `exact` the float no longer holds every integer, so weights are each converted
        // from their own.
        let exact = F::epsilon().recip().to_usize().unwrap_or(usize::MAX);
        let (far, near) = values.split_at(values.len().saturating_sub(exact));
        for (i, &x) in far.iter().enumerate() {
            self.add(i % LANES, float::<F>(values.len() - i) * x);
        }
        let (chunks, rest) = near.as_chunks::<LANES>();
        let mut weight = float::<F>(near.len());
        if !chunks.is_empty() {
            let mut weights: [F; LANES] = core::array::from_fn(|lane| weight - float::<F>(lane));
            let lanes = float::<F>(LANES);
            for chunk in chunks {
                for lane in 0..LANES {
                    self.add(lane, weights[lane] * chunk[lane]);
                    weights[lane] = weights[lane] - lanes;
                }
            }
            weight = weights[0];
        }
        for (lane, &x) in rest.iter().enumerate() {
            self.add(lane, weight * x);
            weight = weight - F::one();
        }
    }

    #[inline(always)]
    fn add(&mut self, lane: usize, term: F) {
        let (sum, error) = two_sum(self.sums[lane], term);
        self.sums[lane] = sum;
        self.compensations[lane] = self.compensations[lane] + error;
    }

    pub(crate) fn total(&self) -> F {
        sum(self.sums.iter().chain(&self.compensations).copied())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn compensation_keeps_what_a_plain_sum_loses() {
        let terms = [1.0, 1e100, 1.0, -1e100];
        assert_eq!(terms.iter().sum::<f64>(), 0.0);
        assert_eq!(sum(terms), 2.0);
    }

    #[test]
    fn divergence_terms_keep_their_digits_however_small() {
        // (1+t) ln(1+t) - t = t^2/2 - t^3/6 + t^4/12 - ..: the series, summed until it stops.
        for exponent in 1..150 {
            for sign in [-1.0, 1.0] {
                let t = sign * 0.3 * 0.1_f64.powi(exponent - 1);
                let terms = (2..60).map(|n| (-t).powi(n) / f64::from(n * (n - 1)));
                let expected = 0.25 * sum(terms);
                let found = divergence_term(0.25 * (1.0 + t), 0.25, 0.25 * t);
                assert!((found - expected).abs() <= 2e-15 * expected, "t = {t:e}");
            }
        }
        assert_eq!(divergence_term(0.0, 0.5, -0.5), 0.5);
        assert_eq!(divergence_term(0.5, 0.5, 0.0), 0.0);
    }

    #[test]
    fn an_overflown_sum_is_infinite_and_not_nan() {
        assert_eq!(sum([f64::MAX, f64::MAX, 1.0]), f64::INFINITY);
    }

    #[test]
    fn a_norm_overflows_only_if_its_result_does() {
        assert!((norm([3e200, -4e200].into_iter()) / 5e200 - 1.0).abs() < 1e-15);
        assert!((norm([3e-200, 4e-200].into_iter()) / 5e-200 - 1.0).abs() < 1e-15);
        assert_eq!(norm([0.0, -0.0].into_iter()), 0.0);
        assert_eq!(norm([f64::MAX, f64::MAX].into_iter()), f64::INFINITY);
    }

    #[test]
    fn ramp_sum_is_the_plain_ramp() {
        for n in 0..40_usize {
            let values: Vec<f64> = (0..n).map(|i| (i * i % 7) as f64).collect();
            let plain: f64 = values.iter().enumerate().map(|(i, x)| (n - i) as f64 * x).sum();
            let mut ramp = RampSum::new();
            ramp.add_ramp(&values);
            assert_eq!(ramp.total(), plain, "n = {n}");
        }
    }
}
