//! Sizes in proportion to a function of the time: `adap_sche`.

use core::f32::consts::{FRAC_PI_2, PI};

use super::Shape;
use super::single::{acos, cos};

/// What the sizes are proportional to, r falling from 1 to 0.
fn weight(function: Shape) -> Option<fn(f32) -> f32> {
    Some(match function {
        Shape::Arccos => |r| acos(r) / FRAC_PI_2,
        Shape::Cosine => |r| cos(r * PI * 0.5),
        Shape::Power(2.0) => |r| 1.0 - r * r,
        Shape::Linear => |r| 1.0 - r,
        Shape::Power(0.5) => |r| 1.0 - r.sqrt(),
        _ => return None,
    })
}

/// The pass sizes of `adap_sche`; `None` for a function that it does not have.
pub(super) fn adap_sche(tokens: usize, steps: usize, function: Shape) -> Option<Vec<usize>> {
    let weight = weight(function)?;
    if steps == 1 {
        return Some(vec![tokens]);
    }
    let weights: Vec<f32> = (0..steps).map(|pass| weight(falling(pass, steps)).max(0.0)).collect();
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
    Some(sizes)
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
