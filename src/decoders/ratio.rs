//! Sizes in proportion to a function of the time: `adap_sche`.

use core::f32::consts::{FRAC_PI_2, PI};

use super::single::{acos, cos};

/// What the sizes of [`Decoder::AdapSche`](crate::decoders::Decoder::AdapSche) are proportional to, r falling from 1 to 0.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum SizeFunction {
    /// `acos(r) / (pi / 2)`, the default.
    Arccos,
    /// `cos(pi r / 2)`.
    Cosine,
    /// `1 - r^2`.
    Square,
    /// `1 - r`.
    Linear,
    /// `1 - sqrt(r)`.
    Root,
}

impl SizeFunction {
    fn weight(self, r: f32) -> f32 {
        match self {
            Self::Arccos => acos(r) / FRAC_PI_2,
            Self::Cosine => cos(r * PI * 0.5),
            Self::Square => 1.0 - r * r,
            Self::Linear => 1.0 - r,
            Self::Root => 1.0 - r.sqrt(),
        }
    }
}

/// The pass sizes of `adap_sche`.
pub(super) fn adap_sche(tokens: usize, steps: usize, function: SizeFunction) -> Vec<usize> {
    if steps == 1 {
        return vec![tokens];
    }
    let weights: Vec<f32> =
        (0..steps).map(|pass| function.weight(falling(pass, steps)).max(0.0)).collect();
    let sum = weights.iter().copied().map(f64::from).sum::<f64>() as f32;
    let mut masked = tokens;
    let mut sizes = Vec::with_capacity(steps);
    for (pass, weight) in weights.into_iter().enumerate() {
        let wanted = (weight / sum * tokens as f32).round_ties_even().max(1.0) as usize;
        let size = if pass + 1 == steps { masked } else { wanted.min(masked) };
        masked -= size;
        sizes.push(size);
        if masked == 0 {
            break;
        }
    }
    sizes
}

/// `torch.linspace(1, 0, steps)[pass]`: from the nearer end.
fn falling(pass: usize, steps: usize) -> f32 {
    let increment = -1.0 / (steps - 1) as f32;
    if pass < steps / 2 {
        increment.mul_add(pass as f32, 1.0)
    } else {
        -increment * (steps - 1 - pass) as f32
    }
}
