//! Binomial sums and Gauss-Legendre quadrature: how random reveal sizes are averaged.

use core::f64::consts::PI;

/// Binomial probabilities of `n` trials around the mode, by the ratios of neighbours, which are exact
/// where a difference of log-factorials is not.
pub(crate) struct Binomial {
    trials: usize,
    window: Vec<f64>,
}

impl Binomial {
    /// Probabilities this far below the largest are left out: 12 standard deviations.
    const NEGLIGIBLE: f64 = 1e-31;

    pub(crate) fn new(trials: usize) -> Self {
        Self { trials, window: Vec::new() }
    }

    /// Calls `visit` with each number of successes and its probability. Success has probability
    /// `success`, failure `failure`; both above zero.
    pub(crate) fn for_each(
        &mut self,
        success: f64,
        failure: f64,
        mut visit: impl FnMut(usize, f64),
    ) {
        let n = self.trials;
        let mode = (((n + 1) as f64 * success) as usize).min(n);
        let odds = success / failure;
        self.window.clear();
        // Downward from the mode, then upward; `window` holds the first part in reverse.
        let mut p = 1.0;
        let mut k = mode;
        while k > 0 && p > Self::NEGLIGIBLE {
            p *= k as f64 / ((n - k + 1) as f64 * odds);
            k -= 1;
            self.window.push(p);
        }
        let first = k;
        self.window.reverse();
        self.window.push(1.0);
        p = 1.0;
        k = mode;
        while k < n && p > Self::NEGLIGIBLE {
            p *= (n - k) as f64 * odds / (k + 1) as f64;
            k += 1;
            self.window.push(p);
        }
        let total: f64 = self.window.iter().sum();
        for (offset, p) in self.window.iter().enumerate() {
            visit(first + offset, p / total);
        }
    }
}

/// Nodes and weights of Gauss-Legendre quadrature on -1..1: Newton's method on the Legendre
/// polynomial, from the usual cosine guess.
pub(super) fn gauss_legendre(nodes: usize) -> Vec<(f64, f64)> {
    let n = nodes as f64;
    let node = |i: usize| {
        let mut x = (PI * (i as f64 + 0.75) / (n + 0.5)).cos();
        let mut slope = 1.0;
        for _ in 0..8 {
            let (mut before, mut value) = (1.0, x);
            for degree in 2..=nodes {
                let d = degree as f64;
                (before, value) = (value, ((2.0 * d - 1.0) * x * value - (d - 1.0) * before) / d);
            }
            slope = n * (x * value - before) / (x * x - 1.0);
            x -= value / slope;
        }
        (x, 2.0 / ((1.0 - x * x) * slope * slope))
    };
    (0..nodes).map(node).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quadrature_is_exact_for_polynomials_up_to_twice_its_nodes() {
        for nodes in [4, 8, 12] {
            let rule = gauss_legendre(nodes);
            for degree in 0..2 * nodes {
                let found: f64 = rule.iter().map(|(x, w)| w * x.powi(degree as i32)).sum();
                let exact = if degree % 2 == 0 { 2.0 / (degree + 1) as f64 } else { 0.0 };
                assert!((found - exact).abs() < 1e-14, "{nodes} nodes, degree {degree}: {found}");
            }
        }
    }
}
