//! Wainwright's growth complexity: how hard a distribution is to unmask in parallel when every token
//! is revealed by its own coin, in one number.

use crate::curve::InformationCurve;
use crate::error::{Error, Result};
use crate::scalar::{self, CompensatedSum, Scalar};
use crate::units::Nats;

/// The growth complexity of a distribution, from [`InformationCurve::growth_complexity`].
///
/// By the Cauchy-Schwarz inequality `fine <= coarse`, with equality if the growth density is constant.
/// Their ratio is what a schedule that follows the density gains over one that is uniform in the
/// log-odds.
#[derive(Debug, Clone, Copy, PartialEq)]
#[non_exhaustive]
pub struct GrowthComplexity<F = f64> {
    /// `2 l` times the integral of the density.
    pub coarse: Nats<F>,
    /// The square of the integral of the square root of the density.
    pub fine: Nats<F>,
}

impl<F: Scalar> InformationCurve<F> {
    /// `g(u)`, the information curve when each of the other tokens is revealed with probability `u`.
    /// O(min(L, sqrt(L) log L)).
    ///
    /// # Formula
    /// ```text
    /// g(u) = E I_K,   K ~ Binomial(L-1, u)
    /// ```
    ///
    /// # Errors
    /// [`NotFinite`](crate::Error::NotFinite), or
    /// [`NotAProbability`](crate::Error::NotAProbability) unless `0 <= u <= 1`.
    ///
    /// ```
    /// use demask::InformationCurve;
    /// let copy = InformationCurve::from_information([0.0, 1.0, 1.0])?;
    /// let half = copy.expected_information(0.5)?; // at least one of the two others is revealed
    /// assert!((half.0 - 0.75_f64).abs() < 1e-15);
    /// # Ok::<(), demask::Error>(())
    /// ```
    pub fn expected_information(&self, revealed: F) -> Result<Nats<F>> {
        scalar::check_probability("probability of being revealed", revealed)?;
        let odds = revealed / (F::one() - revealed);
        Ok(Nats(binomial_mean(self.information_values(), odds)))
    }

    /// The growth density at the log-odds `lambda` of being revealed. O(min(L, sqrt(L) log L)).
    ///
    /// # Formula
    /// ```text
    /// q(lambda) = r^2 (1-r)^2 h'(r),   r = 1/(1 + exp(-lambda)),   h(u) = L g(u)
    /// h'(u) = L (L-1) E d_{1+K},   K ~ Binomial(L-2, u)
    /// ```
    /// Source: Wainwright, arXiv 2608.13520.
    ///
    /// # Errors
    /// [`NotFinite`](crate::Error::NotFinite), [`Overflow`](crate::Error::Overflow) if the density is
    /// not.
    pub fn growth_density(&self, lambda: F) -> Result<Nats<F>> {
        scalar::check_single("lambda", lambda)?;
        let odds = lambda.exp();
        let variance = odds / (F::one() + odds) / (F::one() + odds);
        // At infinite odds every token is revealed.
        let density = self.density(odds, if odds.is_finite() { variance } else { F::zero() });
        let overflow = Error::Overflow { what: "the growth density" };
        if density.is_finite() { Ok(Nats(density)) } else { Err(overflow) }
    }

    /// The coarse and the fine growth complexity.
    ///
    /// # Formula
    /// ```text
    /// coarse = 2 l * integral of q,   fine = (integral of sqrt(q))^2,   both over [-l, l], l = ln(L-1)
    /// ```
    /// where q is the [growth density](InformationCurve::growth_density). For up to two tokens the
    /// interval is empty and both are zero. Source: Wainwright, arXiv 2608.13520.
    ///
    /// # Running time and accuracy
    /// O(L) up to a logarithm. With `r = (1 - cos theta)/2` each increment contributes a bump of the
    /// same width `1/sqrt(L)` in theta, so Gauss-Legendre quadrature of 16 points on each interval of
    /// that length is right to rounding for the coarse complexity, and to about 1e-9 or better
    /// (relative) for the fine one, whose integrand is less smooth between separated bumps.
    ///
    /// # Errors
    /// [`Overflow`](crate::Error::Overflow) if one of them is not finite.
    ///
    /// ```
    /// use demask::InformationCurve;
    /// // A symbol repeated 128 times: all information comes with the first token seen.
    /// let mut information = vec![1.0; 128];
    /// information[0] = 0.0;
    /// let growth = InformationCurve::from_information(information)?.growth_complexity()?;
    /// assert!(growth.fine <= growth.coarse);
    /// # Ok::<(), demask::Error>(())
    /// ```
    pub fn growth_complexity(&self) -> Result<GrowthComplexity<F>> {
        let two = scalar::constant::<F>(2.0);
        let tokens = scalar::float::<F>(self.tokens());
        let mut coarse = CompensatedSum::new();
        let mut fine = CompensatedSum::new();
        if self.tokens() > 2 {
            // sin^2(theta/2) = r = 1/L at lambda = -l, and symmetric at the other end.
            let start = two * tokens.sqrt().recip().asin();
            let panels = (F::PI() * tokens.sqrt()).ceil();
            let width = (F::PI() - two * start) / panels;
            for panel in 0..panels.to_usize().unwrap_or(0) {
                let middle = start + width * (scalar::float::<F>(panel) + scalar::constant(0.5));
                for (node, weight) in GAUSS_LEGENDRE {
                    for node in [-node, node] {
                        let half_angle = (middle + width / two * scalar::constant(node)) / two;
                        let (sin, cos) = half_angle.sin_cos();
                        let (odds, variance) = ((sin / cos).powi(2), (sin * cos).powi(2));
                        let density = self.density(odds, variance);
                        // d lambda = 2/sin(theta) d theta = 1/(sin cos)(theta/2) d theta
                        let step = width / two * scalar::constant(weight) / (sin * cos);
                        coarse.add(step * density);
                        fine.add(step * density.sqrt());
                    }
                }
            }
        }
        let length = two * (tokens - F::one()).max(F::one()).ln();
        let (coarse, fine) = (length * coarse.total(), fine.total().powi(2));
        if coarse.is_finite() && fine.is_finite() {
            Ok(GrowthComplexity { coarse: Nats(coarse), fine: Nats(fine) })
        } else {
            Err(Error::Overflow { what: "the growth complexity" })
        }
    }

    /// The growth density at odds `r/(1-r)` and variance `r (1-r)`.
    fn density(&self, odds: F, variance: F) -> F {
        let pairs = scalar::float::<F>(self.tokens()) * scalar::float(self.tokens() - 1);
        variance.powi(2) * pairs * binomial_mean(&self.increments()[1..], odds)
    }
}

/// The positive nodes on [-1, 1] of the 16-point rule, and their weights.
const GAUSS_LEGENDRE: [(f64, f64); 8] = [
    (0.095_012_509_837_637_44, 0.189_450_610_455_068_5),
    (0.281_603_550_779_258_9, 0.182_603_415_044_923_58),
    (0.458_016_777_657_227_37, 0.169_156_519_395_002_54),
    (0.617_876_244_402_643_8, 0.149_595_988_816_576_74),
    (0.755_404_408_355_003, 0.124_628_971_255_533_88),
    (0.865_631_202_387_831_8, 0.095_158_511_682_492_79),
    (0.944_575_023_073_232_6, 0.062_253_523_938_647_894),
    (0.989_400_934_991_649_9, 0.027_152_459_411_754_096),
];

/// The mean of `values[K]`, K binomial with `values.len() - 1` trials and these odds of success;
/// 0 for no values.
///
/// The probabilities come from the ratio of neighbors, outward from the mode, until they are below the
/// square of the machine epsilon relative to it; they are normalised by their sum. So nothing under- or
/// overflows, and the result is within some units in the last place of the largest value.
fn binomial_mean<F: Scalar>(values: &[F], odds: F) -> F {
    let Some(trials) = values.len().checked_sub(1) else { return F::zero() };
    let mode = (scalar::float::<F>(trials + 1) * odds / (F::one() + odds)).to_usize();
    // Infinite odds have no mode in floats: every trial succeeds.
    let mode = mode.unwrap_or(trials).min(trials);
    let negligible = F::epsilon() * F::epsilon();
    let mut weights = CompensatedSum::new();
    let mut weighted = CompensatedSum::new();
    let mut add = |k: usize, weight: F| {
        weights.add(weight);
        weighted.add(weight * values[k]);
        weight > negligible
    };
    add(mode, F::one());
    let mut weight = F::one();
    for k in mode + 1..=trials {
        weight = weight * odds * scalar::float(trials + 1 - k) / scalar::float(k);
        if !add(k, weight) {
            break;
        }
    }
    let mut weight = F::one();
    for k in (0..mode).rev() {
        weight = weight / odds * scalar::float(k + 1) / scalar::float(trials - k);
        if !add(k, weight) {
            break;
        }
    }
    weighted.total() / weights.total()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_quadrature_is_exact_for_degree_31() {
        for degree in [0, 2, 16, 30] {
            let integral: f64 =
                GAUSS_LEGENDRE.iter().map(|(x, weight)| 2.0 * weight * x.powi(degree)).sum();
            assert!((integral - 2.0 / f64::from(degree + 1)).abs() < 1e-15, "{degree}");
        }
    }

    #[test]
    fn binomial_means_are_the_moments() {
        for trials in [1, 2, 17, 500, 40_000] {
            for probability in [0.0, 1e-12, 0.01, 0.5, 0.8, 1.0 - 1e-9, 1.0] {
                let odds = probability / (1.0 - probability);
                let squares: Vec<f64> = (0..=trials).map(|k| f64::from(k * k)).collect();
                let (n, p) = (f64::from(trials), probability);
                let exact = n * p * (1.0 - p + n * p);
                let found = binomial_mean(&squares, odds);
                assert!((found - exact).abs() <= 1e-13 * exact, "{n} {p}: {found} {exact}");
            }
        }
        assert_eq!(binomial_mean::<f64>(&[], 1.0), 0.0);
    }
}
