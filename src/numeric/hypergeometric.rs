//! Hypergeometric weights, without logarithms or gamma functions.

use crate::numeric::scalar::{self, Scalar};

/// The weights that matter of a distribution with one mode: `weights[i]` is the probability of `first + i`.
///
/// Made by the ratio of neighbouring weights from the mode outward, then divided by their sum.
/// Weights below `epsilon^2` times the largest are left out; all others are right to 1e-13,
/// relatively, up to thousands of items. (statrs 0.19.1: `Hypergeometric::new(2048, 1024, 512)?.pmf(256)` is NaN,
/// and the exponential of its `ln_pmf` is off by 6e-13, relatively.)
pub(crate) struct Window<F> {
    pub(crate) first: usize,
    pub(crate) weights: Vec<F>,
}

impl<F: Scalar> Window<F> {
    /// The distribution of the number of marked items among `draws` out of `items`; `marked` and
    /// `draws` are at most `items`.
    ///
    /// # Formula
    /// ```text
    /// weight(j) = C(marked, j) C(items - marked, draws - j) / C(items, draws)
    /// ```
    pub(crate) fn hypergeometric(items: usize, marked: usize, draws: usize) -> Self {
        let least = (marked + draws).saturating_sub(items);
        let most = marked.min(draws);
        let mode = (marked as u128 + 1) * (draws as u128 + 1) / (items as u128 + 2);
        Self::around(mode as usize, least, most, |j| {
            let above = scalar::float::<F>(marked - j) * scalar::float(draws - j);
            above / (scalar::float::<F>(j + 1) * scalar::float(items + j + 1 - marked - draws))
        })
    }

    /// The window around a mode. `up(j)` is the weight of `j + 1` over that of `j`, for
    /// `least <= j < most`.
    fn around(mode: usize, least: usize, most: usize, up: impl Fn(usize) -> F) -> Self {
        let mode = mode.clamp(least, most);
        let negligible = F::epsilon() * F::epsilon();
        let below = (least..mode).rev().scan(F::one(), |weight, j| {
            *weight = *weight / up(j);
            (*weight >= negligible).then_some(*weight)
        });
        let mut weights: Vec<F> = below.collect();
        let first = mode - weights.len();
        weights.reverse();
        weights.push(F::one());
        weights.extend((mode..most).scan(F::one(), |weight, j| {
            *weight = *weight * up(j);
            (*weight >= negligible).then_some(*weight)
        }));
        let sum = scalar::sum(weights.iter().copied());
        weights.iter_mut().for_each(|w| *w = *w / sum);
        Self { first, weights }
    }

    /// Each value with its weight.
    pub(crate) fn iter(&self) -> impl Iterator<Item = (usize, F)> + '_ {
        (self.first..).zip(self.weights.iter().copied())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A natural number, least significant digits first, base 2^32.
    #[derive(Clone)]
    struct Natural(Vec<u32>);

    impl Natural {
        fn times(mut self, factor: u32) -> Self {
            let mut carry = 0_u64;
            for digit in &mut self.0 {
                let product = u64::from(*digit) * u64::from(factor) + carry;
                *digit = product as u32;
                carry = product >> 32;
            }
            if carry > 0 {
                self.0.push(carry as u32);
            }
            self
        }

        fn over(mut self, divisor: u32) -> Self {
            let mut rest = 0_u64;
            for digit in self.0.iter_mut().rev() {
                let value = rest << 32 | u64::from(*digit);
                *digit = (value / u64::from(divisor)) as u32;
                rest = value % u64::from(divisor);
            }
            assert_eq!(rest, 0, "binomial coefficients divide exactly");
            while self.0.last() == Some(&0) {
                self.0.pop();
            }
            self
        }

        /// Times C(n, k).
        fn times_choices(mut self, n: usize, k: usize) -> Self {
            for i in 0..k {
                // The product is divisible by each i + 1 only together with the factors before.
                self = self.times((n - i) as u32);
            }
            (0..k).fold(self, |number, i| number.over((i + 1) as u32))
        }

        /// The number as `mantissa * 2^exponent`.
        fn parts(&self) -> (f64, i32) {
            let top = self.0.iter().rev().take(4);
            let mantissa = top.fold(0.0, |value, &digit| value * 4294967296.0 + f64::from(digit));
            (mantissa, 32 * self.0.len().saturating_sub(4) as i32)
        }
    }

    fn exact(items: usize, marked: usize, draws: usize, j: usize) -> f64 {
        let one = Natural(vec![1]);
        let above = one.clone().times_choices(marked, j).times_choices(items - marked, draws - j);
        let ((a, i), (b, k)) = (above.parts(), one.times_choices(items, draws).parts());
        a / b * 2_f64.powi(i - k)
    }

    #[test]
    fn weights_are_those_of_exact_integers() {
        let mut compared = 0;
        for (items, marked, draws) in [
            (0, 0, 0),
            (1, 0, 1),
            (9, 4, 3),
            (9, 9, 5),
            (58, 29, 31),
            (60, 1, 17),
            (60, 57, 58),
            (1022, 126, 500),
            (1022, 1000, 900),
            (4094, 2046, 2047),
            (4094, 62, 4000),
            (4094, 3000, 11),
        ] {
            let window = Window::<f64>::hypergeometric(items, marked, draws);
            let total: f64 = window.weights.iter().sum();
            assert!((total - 1.0).abs() < 1e-14);
            let step = window.weights.len() / 12 + 1;
            for (j, weight) in window.iter().step_by(step) {
                let expected = exact(items, marked, draws, j);
                let error = (weight / expected - 1.0).abs();
                assert!(error < 1e-13, "{items} {marked} {draws} {j}: off by {error:e}");
                compared += 1;
            }
        }
        assert_eq!(compared, 74);
    }

    #[test]
    fn all_weights_of_small_laws_are_there() {
        for items in 0..12 {
            for (marked, draws) in (0..=items).flat_map(|m| (0..=items).map(move |d| (m, d))) {
                let window = Window::<f64>::hypergeometric(items, marked, draws);
                assert_eq!(window.first, (marked + draws).saturating_sub(items));
                assert_eq!(window.first + window.weights.len() - 1, marked.min(draws));
                for (j, weight) in window.iter() {
                    let expected = exact(items, marked, draws, j);
                    assert!((weight / expected - 1.0).abs() < 4e-15);
                }
            }
        }
    }
}
