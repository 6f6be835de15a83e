//! The masks left after each pass are a function of the part of the passes done, rounded down and not clamped: ESM3,
//! SoundStorm and DPLM.

use core::f32::consts::PI;

use super::each_pass;
use super::single::cos;

/// The pass sizes of ESM3: a tenth is added before the rounding.
pub(super) fn esm3(tokens: usize, steps: usize) -> Vec<usize> {
    masks_left(tokens, steps, |pass| (cosine(pass, steps) * tokens as f32 + 0.1) as usize)
}

/// The pass sizes of SoundStorm.
pub(super) fn soundstorm(tokens: usize, steps: usize) -> Vec<usize> {
    masks_left(tokens, steps, |pass| (cosine(pass, steps) * tokens as f32) as usize)
}

/// The pass sizes of DPLM, in whole numbers.
pub(super) fn dplm(tokens: usize, steps: usize) -> Vec<usize> {
    masks_left(tokens, steps, |pass| {
        let left = tokens as u128 * (steps - pass - 1) as u128 / steps as u128;
        // At most `tokens`, so it fits.
        left as usize
    })
}

/// `cos(pi x / 2)`, x the part of the passes that are done after this one.
fn cosine(pass: usize, steps: usize) -> f32 {
    let part = ((pass + 1) as f64 / steps as f64) as f32;
    cos(part * PI * 0.5)
}

fn masks_left(tokens: usize, steps: usize, left: impl Fn(usize) -> usize) -> Vec<usize> {
    each_pass(tokens, steps, |pass, masked| masked.saturating_sub(left(pass)))
}
