//! Rounded products, zeros dropped: dllm.

use core::f32::consts::FRAC_PI_2;

use super::single::cos;
use super::{Shape, each_pass};

/// The largest count that `f32` tells apart from its neighbours.
pub(super) const MAX_SINGLE: u128 = 1 << 24;

/// `None` for a function that dllm does not have.
pub(super) fn dllm(tokens: usize, steps: usize, alpha: Shape) -> Option<Vec<usize>> {
    let alpha: fn(f32) -> f32 = match alpha {
        Shape::Linear => |time| 1.0 - time,
        Shape::Cosine => |time| 1.0 - cos(FRAC_PI_2 * (1.0 - time)),
        _ => return None,
    };
    let masked_part = |i: usize| {
        let time = (i as f64 / steps as f64) as f32;
        1.0 - alpha(time)
    };
    let mut sizes = each_pass(tokens, steps, |pass, masked| {
        let stays = masked_part(steps - pass - 1) / masked_part(steps - pass);
        (masked as f64 * (1.0 - f64::from(stays))).round_ties_even() as usize
    });
    sizes.retain(|&size| size > 0);
    Some(sizes)
}
