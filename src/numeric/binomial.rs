//! Binomial probabilities, without logarithms or gamma functions.

use crate::numeric::scalar::{self, Scalar};

/// The binomial probabilities of `n` trials that matter. They are built from the mode outward by the ratios of
/// neighbours, which keep digits that a difference of log-factorials loses, and are then divided by their sum. So
/// nothing under- or overflows. (statrs 0.19.1: `Binomial::new(0.5, 1_000_000)?.pmf(500_000)` is off by 7e-10,
/// relatively.)
pub(crate) struct Binomial<F> {
    trials: usize,
    window: Vec<F>,
}

impl<F: Scalar> Binomial<F> {
    pub(crate) fn new(trials: usize) -> Self {
        Self { trials, window: Vec::new() }
    }

    /// Calls `visit` with each number of successes and its probability, in order. Success has
    /// probability `success`, failure `failure`; each should be accurate where it is small.
    ///
    /// Probabilities below the square of the machine epsilon, relative to the largest, are left out: those
    /// beyond 12 standard deviations in `f64`.
    #[inline]
    pub(crate) fn for_each(&mut self, success: F, failure: F, mut visit: impl FnMut(usize, F)) {
        let n = self.trials;
        let negligible = F::epsilon() * F::epsilon();
        let mode = (scalar::float::<F>(n + 1) * success).to_usize().unwrap_or(n).min(n);
        let odds = success / failure;
        self.window.clear();
        // Downward from the mode, then upward; `window` holds the first part in reverse.
        let mut p = F::one();
        let mut k = mode;
        while k > 0 && p > negligible {
            p = p * scalar::float(k) / (scalar::float::<F>(n - k + 1) * odds);
            k -= 1;
            self.window.push(p);
        }
        let first = k;
        self.window.reverse();
        self.window.push(F::one());
        p = F::one();
        k = mode;
        while k < n && p > negligible {
            p = p * scalar::float::<F>(n - k) * odds / scalar::float(k + 1);
            k += 1;
            self.window.push(p);
        }
        let total = scalar::sum(self.window.iter().copied());
        for (successes, &p) in (first..).zip(&self.window) {
            visit(successes, p / total);
        }
    }

    /// The mean of `values[K]`, K binomial with one trial less than there are values; 0 for no values.
    pub(crate) fn mean(values: &[F], success: F, failure: F) -> F {
        let Some(trials) = values.len().checked_sub(1) else { return F::zero() };
        let mut mean = scalar::CompensatedSum::new();
        let add = |k: usize, p| mean.add(values.get(k).map_or(F::zero(), |&value| p * value));
        Self::new(trials).for_each(success, failure, add);
        mean.total()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn binomial_means_are_the_moments() {
        for trials in [1, 2, 17, 500, 40_000] {
            for (success, failure) in [
                (0.0, 1.0),
                (1e-12, 1.0 - 1e-12),
                (0.01, 0.99),
                (0.5, 0.5),
                (1.0 - 1e-9, 1e-9),
                (1.0, 0.0),
            ] {
                let squares: Vec<f64> = (0..=trials).map(|k| f64::from(k * k)).collect();
                let n = f64::from(trials);
                let exact = n * success * (failure + n * success);
                let found = Binomial::mean(&squares, success, failure);
                assert!((found - exact).abs() <= 1e-13 * exact, "{n} {success}: {found} {exact}");
            }
        }
        assert_eq!(Binomial::<f64>::mean(&[], 0.5, 0.5), 0.0);
    }
}
