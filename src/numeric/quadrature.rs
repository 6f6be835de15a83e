//! Gauss-Legendre quadrature.

use core::f64::consts::PI;

/// Nodes and weights of Gauss-Legendre quadrature on -1..1: Newton's method on the Legendre
/// polynomial, from the usual cosine guess.
pub(crate) fn gauss_legendre(nodes: usize) -> Vec<(f64, f64)> {
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
        for nodes in [4, 8, 12, 16] {
            let rule = gauss_legendre(nodes);
            for degree in 0..2 * nodes {
                let found: f64 = rule.iter().map(|(x, w)| w * x.powi(degree as i32)).sum();
                let exact = if degree % 2 == 0 { 2.0 / (degree + 1) as f64 } else { 0.0 };
                assert!((found - exact).abs() < 1e-14, "{nodes} nodes, degree {degree}: {found}");
            }
        }
    }
}
