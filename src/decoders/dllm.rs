//! Rounded products, zeros dropped: dllm.

use core::f32::consts::FRAC_PI_2;

use super::each_pass;
use super::single::cos;

/// alpha(t) of [`Decoder::Dllm`](crate::decoders::Decoder::Dllm): the part of the tokens unmasked at time t.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[non_exhaustive]
pub enum DllmAlpha {
    /// `1 - t`.
    Linear,
    /// `1 - cos((pi / 2) (1 - t))`.
    Cosine,
}

/// The largest count that `f32` tells apart from its neighbours.
pub(super) const MAX_SINGLE: u128 = 1 << 24;

pub(super) fn dllm(tokens: usize, steps: usize, alpha: DllmAlpha) -> Vec<usize> {
    let masked_part = |i: usize| {
        let time = (i as f64 / steps as f64) as f32;
        let alpha = match alpha {
            DllmAlpha::Linear => 1.0 - time,
            DllmAlpha::Cosine => 1.0 - cos(FRAC_PI_2 * (1.0 - time)),
        };
        1.0 - alpha
    };
    let mut sizes = each_pass(tokens, steps, |pass, masked| {
        let stays = masked_part(steps - pass - 1) / masked_part(steps - pass);
        (masked as f64 * (1.0 - f64::from(stays))).round_ties_even() as usize
    });
    sizes.retain(|&size| size > 0);
    sizes
}
