//! A time grid, and truncated products: Dream, and llama.cpp with `TIMESTEP_BASED`.

use super::{Decoder, Passes, each_pass, leaves_masks};
use crate::error::Result;
use crate::schedule::check_list_fits;

/// The last time of Dream's grid, by default: its `eps`.
pub(super) const SMALLEST_TIME: f64 = 1e-3;

/// `torch.linspace(1, eps, steps + 1)[i]`: from the nearer end, in single precision. Where the processor
/// has a fused multiply-add, torch uses it here.
pub(super) fn dream_time(i: usize, steps: usize, eps: f64) -> f32 {
    let eps = eps as f32;
    let increment = (eps - 1.0) / steps as f32;
    if i < steps.div_ceil(2) {
        increment.mul_add(i as f32, 1.0)
    } else {
        (-increment).mul_add((steps - i) as f32, eps)
    }
}

/// llama.cpp's times.
pub(super) fn llama_time(i: usize, steps: usize, eps: f64) -> f32 {
    1.0 - i as f32 / steps as f32 * (1.0 - eps as f32)
}

pub(super) fn truncated(tokens: usize, steps: usize, time: impl Fn(usize) -> f32) -> Vec<usize> {
    each_pass(tokens, steps, |pass, masked| truncated_size(masked, pass, &time))
}

fn truncated_size(masked: usize, pass: usize, time: impl Fn(usize) -> f32) -> usize {
    (masked as f32 * (1.0 - time(pass + 1) / time(pass))) as usize
}

/// A block of Dream in Fast-dLLM: its first token, then the rule from the second time on.
pub(super) fn dream_block(tokens: usize, steps: usize, eps: f64) -> Result<Passes> {
    check_list_fits("forward passes", steps)?;
    let others = tokens - 1;
    let mut sizes = vec![1];
    if others == 0 {
        // The loop looks for masks only after its first pass.
        sizes.push(0);
    } else if steps == 1 {
        return Err(leaves_masks(Decoder::Dream.name(), tokens, others));
    } else {
        let size =
            |pass: usize, masked| truncated_size(masked, pass + 1, |i| dream_time(i, steps, eps));
        sizes.extend(each_pass(others, steps - 1, size));
    }
    Passes::of(sizes)
}
