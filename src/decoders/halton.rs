//! The tokens revealed after each pass follow from the arc cosine: the Halton sampler.

use core::f32::consts::FRAC_PI_2;

use super::each_pass;
use super::single::acos;

pub(super) fn halton(tokens: usize, steps: usize) -> Vec<usize> {
    each_pass(tokens, steps, |pass, masked| {
        let done = ((pass + 1) as f64 / steps as f64) as f32;
        let part = 1.0 - acos(done) / FRAC_PI_2;
        let revealed = ((part * tokens as f32) as usize).max(pass + 1);
        revealed.saturating_sub(tokens - masked)
    })
}
