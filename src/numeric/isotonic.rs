//! Isotonic regression with equal weights.

use crate::numeric::scalar::{self, Scalar};

/// The nonincreasing numbers nearest to these by least squares. Neighbours that would rise are pooled.
/// O(values). Source: Ayer et al., *Annals of Mathematical Statistics* 26 (1955).
pub(crate) fn nonincreasing<F: Scalar>(values: &[F]) -> Vec<F> {
    let mut pools: Vec<(F, usize)> = Vec::new();
    for &value in values {
        let mut pool = (value, 1);
        while let Some((mean, number)) = pools.pop_if(|before| before.0 < pool.0) {
            let (a, b) = (scalar::float::<F>(number), scalar::float::<F>(pool.1));
            pool = ((mean * a + pool.0 * b) / (a + b), number + pool.1);
        }
        pools.push(pool);
    }
    pools.into_iter().flat_map(|(mean, number)| core::iter::repeat_n(mean, number)).collect()
}
