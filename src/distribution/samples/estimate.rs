//! One quantity estimated from samples: in several ways, with an error, and with a verdict.

use crate::distribution::samples::entropies::Tally;
use crate::error::Result;
use crate::estimate::Estimate;
use crate::estimate::clustered;
use crate::units::Nats;

/// An entropy or information estimated from [`Samples`](super::Samples): in several ways that treat the bias of few samples
/// differently, with an error.
///
/// It is *trusted* where that bias does not matter: where the estimate of Chao, Wang and Jost differs by less than half a
/// standard error from that of Miller and Madow, and from that of the jackknife, which sees what samples of one group have in
/// common. The former corrects more of the bias than the latter two, so while they agree, what it leaves is small. Coverage alone is too
/// weak a test: with many samples the errors are small, and so must the bias be. (`docs/theory.md` has the
/// simulations.)
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct SampledValue {
    plug_in: Nats,
    miller_madow: Nats,
    grassberger: Nats,
    estimate: Estimate,
    coverage: f64,
    jackknife: Nats,
}

impl SampledValue {
    /// `second_order` is the error of second order.
    pub(super) fn of(tally: &Tally, shares: &Shares, second_order: f64) -> Result<Self> {
        Self::with_other_error(tally, shares, second_order, None)
    }

    /// With an error on top, independent of the spread between groups.
    pub(super) fn with_other_error(
        tally: &Tally,
        shares: &Shares,
        second_order: f64,
        other: Option<Estimate>,
    ) -> Result<Self> {
        let value = tally.chao_wang_jost;
        let (influences, bias) =
            clustered::jackknife(&shares.0, tally.plug_in, &tally.without_group);
        let mut estimate = clustered::from_influences(Nats(value), &influences)?;
        estimate = with_second_order(estimate, second_order);
        if let Some(other) = other {
            let spread = crate::estimate::Spread::of(estimate);
            estimate = spread.plus(crate::estimate::Spread::of(other)).around(Nats(value));
        }
        Ok(Self {
            plug_in: Nats(tally.plug_in),
            miller_madow: Nats(tally.miller_madow),
            grassberger: Nats(tally.grassberger),
            estimate,
            coverage: tally.coverage.min(1.0), // a mean of shares, rounded
            jackknife: Nats(tally.plug_in - bias),
        })
    }

    /// The estimate of Chao, Wang and Jost, with its error.
    #[must_use]
    pub fn estimate(&self) -> Estimate {
        self.estimate
    }

    /// The estimate of Miller and Madow.
    #[must_use]
    pub fn miller_madow(&self) -> Nats {
        self.miller_madow
    }

    /// The estimate of Grassberger.
    #[must_use]
    pub fn grassberger(&self) -> Nats {
        self.grassberger
    }

    /// The plug-in estimate: the value for the distribution of the sample itself. It is biased.
    #[must_use]
    pub fn plug_in(&self) -> Nats {
        self.plug_in
    }

    /// The share of the distribution that lies in cells that were seen (Good): the mean over the largest sets of tokens
    /// that the value is made of, and 1 if it is made of none.
    #[must_use]
    pub fn coverage(&self) -> f64 {
        self.coverage
    }

    /// Whether what is left of the bias is small against the error.
    ///
    /// The rule errs on the safe side for samples that are more even than chance, as stratified ones: they lack the bias that
    /// is corrected, so the estimates differ, while groups that are all alike make the error small.
    #[must_use]
    pub fn is_trusted(&self) -> bool {
        let half_an_error = self.estimate.standard_error().0 / 2.0 + f64::EPSILON.sqrt();
        let others = [self.miller_madow, self.jackknife];
        others.iter().all(|other| (self.estimate.value() - *other).0.abs() <= half_an_error)
    }
}

/// The share of each group in all samples.
pub(super) struct Shares(Vec<f64>);

impl Shares {
    pub(super) fn of(ends: &[usize]) -> Self {
        let samples = ends.last().copied().unwrap_or(0) as f64;
        let starts = [0].into_iter().chain(ends.iter().copied());
        Self(starts.zip(ends).map(|(start, &end)| (end - start) as f64 / samples).collect())
    }

    pub(super) fn groups(&self) -> usize {
        self.0.len()
    }
}

/// The jackknife's variance is that of first order and twice that of second order (Efron & Stein), on average: the latter is
/// counted once, and for no less than it is.
fn with_second_order(estimate: Estimate, second_order: f64) -> Estimate {
    let jackknife = estimate.standard_error().0;
    let once = (jackknife.powi(2) - second_order.powi(2)).max(0.0).sqrt();
    match once > second_order {
        true => {
            let degrees = estimate.degrees_of_freedom();
            Estimate::of_parts(estimate.value(), Nats(once), degrees)
        }
        false => Estimate::of_parts(estimate.value(), Nats(second_order), f64::INFINITY),
    }
}

/// The error of second order of entropies: what is left where each sample moves the estimate by nothing to first order, as where
/// tokens are independent, or uniform.
///
/// # Formula
/// ```text
/// error^2 = sum over t of 2 m^t c_t^2 / C(L, t) / (2N)^2
/// ```
/// `2N` times what is missing of an entropy of independent tokens is a sum of independent chi-squares, one for each set of `t` tokens, of `m^t` degrees
/// of freedom and so of variance `2 m^t`; `m` is the number of symbols of a token less one, and `c_t` the sum of the coefficients of all sets
/// of `t`. For the mean entropy of `k` tokens it is `C(k, t)`.
pub(super) struct SecondOrder {
    /// N.
    pub(super) samples: usize,
    /// L.
    pub(super) tokens: usize,
    /// m, averaged over the tokens.
    pub(super) other_symbols: f64,
}

impl SecondOrder {
    pub(super) fn of_means(samples: usize, tokens: usize, singles: &Tally) -> Self {
        let other_symbols = 2.0 * samples as f64 * (singles.miller_madow - singles.plug_in);
        Self { samples, tokens, other_symbols }
    }

    /// The error of a sum of mean entropies: pairs of a coefficient and the number of tokens. O(the largest number).
    pub(super) fn error(&self, terms: &[(f64, usize)]) -> f64 {
        let double = 2.0 * self.samples as f64;
        let largest = terms.iter().map(|(_, size)| *size).max().unwrap_or(0);
        // For t tokens: the logarithm of C(L, t), and each C(size, t) / C(L, t).
        let mut sets = 0.0;
        let mut ratios = vec![1.0; terms.len()];
        let of_size = |chosen: usize| {
            let left = (self.tokens - chosen) as f64;
            let t = (chosen + 1) as f64;
            sets += (left / t).ln();
            let factors = terms.iter().map(|(_, size)| size.saturating_sub(chosen) as f64 / left);
            ratios.iter_mut().zip(factors).for_each(|(ratio, factor)| *ratio *= factor);
            let coefficient: f64 = terms.iter().zip(&ratios).map(|((c, _), ratio)| c * ratio).sum();
            // c_t^2 / C(L, t) = (c_t / C(L, t))^2 C(L, t)
            2.0 * (self.other_symbols.ln() * t + sets).exp() * coefficient.powi(2)
        };
        let variance: f64 = (0..largest).map(of_size).sum();
        // No entropy is of more cells than samples.
        (variance.sqrt() / double).min(double.recip().sqrt())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The formula with each binomial computed afresh.
    fn slow(order: &SecondOrder, terms: &[(f64, usize)]) -> f64 {
        let ratio = |size: usize, t: usize| -> f64 {
            (0..t).map(|i| size.saturating_sub(i) as f64 / (order.tokens - i) as f64).product()
        };
        let ln_binomial = |t: usize| -> f64 {
            (0..t).map(|i| ((order.tokens - i) as f64 / (i + 1) as f64).ln()).sum()
        };
        let of_size = |t: usize| {
            let coefficient: f64 =
                terms.iter().map(|&(weight, size)| weight * ratio(size, t)).sum();
            2.0 * (order.other_symbols.ln() * t as f64 + ln_binomial(t)).exp() * coefficient.powi(2)
        };
        let largest = terms.iter().map(|(_, size)| *size).max().unwrap_or(0);
        let variance: f64 = (1..=largest).map(of_size).sum();
        let double = 2.0 * order.samples as f64;
        (variance.sqrt() / double).min(double.recip().sqrt())
    }

    #[test]
    fn running_binomials_give_the_error_of_second_order() {
        for (tokens, other_symbols) in [(2, 1.0), (9, 0.3), (40, 1.0), (200, 0.01), (5, 0.0)] {
            let order = SecondOrder { samples: 1 << 20, tokens, other_symbols };
            let all = tokens as f64;
            for size in 1..tokens {
                for terms in [
                    vec![(1.0, size)],
                    vec![(1.0, 1), (1.0, size), (-1.0, size + 1)],
                    vec![(all, size), (1.0 - all, tokens)],
                ] {
                    let (found, expected) = (order.error(&terms), slow(&order, &terms));
                    assert!((found - expected).abs() <= 1e-12 * expected, "{tokens} {terms:?}");
                }
            }
        }
    }

    /// In time linear in the tokens; in quadratic time it would take hours.
    #[test]
    fn the_error_of_second_order_of_a_million_tokens_is_found() {
        let tokens = 1 << 20;
        let order = SecondOrder { samples: 2, tokens, other_symbols: 1e-9 };
        assert!(order.error(&[(1.0, tokens)]) > 0.0);
    }
}
