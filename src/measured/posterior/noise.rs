use super::band::Band;
use super::spline::Contrast;

/// The errors of the measured losses, which are independent: their variances.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Noise {
    pub(super) variances: Vec<f64>,
}

impl Noise {
    /// The covariance times a vector.
    pub(super) fn times(&self, weights: &[f64]) -> Vec<f64> {
        self.variances.iter().zip(weights).map(|(v, w)| v * w).collect()
    }

    /// The covariance of the contrasts of the errors, `Q' C Q`.
    pub(super) fn of_contrasts(&self, contrasts: &[Contrast]) -> Band {
        let mut band = Band::zero(contrasts.len(), 2);
        for row in 0..contrasts.len() {
            for column in row.saturating_sub(band.width())..=row {
                // The points that both contrasts weigh.
                let shared = row..column + 3;
                let product = |i: usize| {
                    contrasts[row][i - row] * contrasts[column][i - column] * self.variances[i]
                };
                band.set(row, column, shared.map(product).sum());
            }
        }
        band
    }
}
