//! Wainwright's growth complexity: how hard a distribution is to unmask in parallel when every token
//! is revealed by its own coin, in one number.

use crate::curve::InformationCurve;
use crate::error::{Error, Result};
use crate::numeric::binomial::Binomial;
use crate::numeric::quadrature::gauss_legendre;
use crate::numeric::scalar::{self, CompensatedSum, Scalar};
use crate::units::Nats;

/// The growth complexity of a distribution, from [`InformationCurve::growth_complexity`].
///
/// By the Cauchy-Schwarz inequality `fine <= coarse`, with equality if the growth density is constant.
/// Their ratio is what a schedule that follows the density gains over one that is uniform in the
/// log-odds.
#[derive(Debug, Clone, Copy, PartialEq)]
#[cfg_attr(
    feature = "serde",
    derive(serde::Serialize, serde::Deserialize),
    serde(bound(
        serialize = "F: Scalar + serde::Serialize",
        deserialize = "F: Scalar + serde::Deserialize<'de>"
    ))
)]
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
    /// [`OutOfRange`](crate::Error::OutOfRange) unless `0 <= u <= 1`.
    ///
    /// ```
    /// use unmaskcost::InformationCurve;
    /// let copy = InformationCurve::from_information([0.0, 1.0, 1.0])?;
    /// let half = copy.expected_information(0.5)?; // at least one of the two others is revealed
    /// assert!((half.0 - 0.75_f64).abs() < 1e-15);
    /// # Ok::<(), unmaskcost::Error>(())
    /// ```
    pub fn expected_information(&self, revealed: F) -> Result<Nats<F>> {
        scalar::check_probability("probability of being revealed", revealed)?;
        Ok(Nats(Binomial::mean(self.information_values(), revealed, F::one() - revealed)))
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
        let share = |lambda: F| (F::one() + (-lambda).exp()).recip();
        let density = self.density(share(lambda), share(-lambda));
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
    /// use unmaskcost::InformationCurve;
    /// // A symbol repeated 128 times: all information comes with the first token seen.
    /// let mut information = vec![1.0; 128];
    /// information[0] = 0.0;
    /// let growth = InformationCurve::from_information(information)?.growth_complexity()?;
    /// assert!(growth.fine <= growth.coarse);
    /// # Ok::<(), unmaskcost::Error>(())
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
            let rule = gauss_legendre(16);
            for panel in 0..panels.to_usize().unwrap_or(0) {
                let middle = start + width * (scalar::float::<F>(panel) + scalar::constant(0.5));
                for &(node, weight) in &rule {
                    let half_angle = (middle + width / two * scalar::constant(node)) / two;
                    let (sin, cos) = half_angle.sin_cos();
                    let density = self.density(sin * sin, cos * cos);
                    // d lambda = 2/sin(theta) d theta = 1/(sin cos)(theta/2) d theta
                    let step = width / two * scalar::constant(weight) / (sin * cos);
                    coarse.add(step * density);
                    fine.add(step * density.sqrt());
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

    /// The growth density at `r` and `1 - r`.
    fn density(&self, revealed: F, masked: F) -> F {
        let pairs = scalar::float::<F>(self.tokens()) * scalar::float(self.tokens() - 1);
        let mean = Binomial::mean(&self.increments()[1..], revealed, masked);
        (revealed * masked).powi(2) * pairs * mean
    }
}
