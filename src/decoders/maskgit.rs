//! The masks left after each pass are a clamped function of the part of the passes done: MaskGIT,
//! aMUSEd and MAR.

use core::f32::consts::{FRAC_PI_2, PI};

use super::single::{cos, log2};
use super::{Decoder, Shape, each_pass};
use crate::error::{Error, Result};
use crate::schedule::Schedule;

/// r(passes / steps) as XLA compiles it: the division becomes a product with `1 / steps`, constants
/// are multiplied beforehand, and a product next to a sum is fused with it.
fn masked(function: Shape, passes: f32, inverse_steps: f32, tokens: f32) -> f32 {
    let part = passes * inverse_steps;
    match function {
        Shape::Cosine => cos(passes * (FRAC_PI_2 * inverse_steps)),
        Shape::Power(power @ (2.0 | 3.0)) => {
            let power = |x: f32| if power == 2.0 { x * x } else { x * x * x };
            (-power(passes)).mul_add(power(inverse_steps), 1.0)
        }
        Shape::Power(power) => 1.0 - f64::from(part).powf(f64::from(power as f32)) as f32,
        Shape::Log => -log2(part) / log2(tokens),
        Shape::Exp => 1.0 - f64::from(-log2(tokens) * (1.0 - part)).exp2() as f32,
        Shape::Linear | Shape::Arccos => (-passes).mul_add(inverse_steps, 1.0),
    }
}

/// The pass sizes of MaskGIT; `None` for a function that it does not have.
pub(super) fn maskgit(tokens: usize, steps: usize, function: Shape) -> Option<Vec<usize>> {
    let inverse_steps = 1.0 / steps as f32;
    let part = |pass| masked(function, (pass + 1) as f32, inverse_steps, tokens as f32);
    (function != Shape::Arccos).then(|| clamped(tokens, steps, |pass| part(pass).clamp(1e-6, 1.0)))
}

/// The pass sizes of aMUSEd; `None` for a function that it does not have.
pub(super) fn amused(tokens: usize, steps: usize, function: Shape) -> Option<Vec<usize>> {
    let masked: fn(f32) -> f32 = match function {
        Shape::Cosine => |part| cos(part * PI / 2.0),
        Shape::Linear => |part| 1.0 - part,
        _ => return None,
    };
    Some(clamped(tokens, steps, |pass| masked((pass + 1) as f32 / steps as f32)))
}

/// The pass sizes of MAR.
pub(super) fn mar(tokens: usize, steps: usize) -> Vec<usize> {
    clamped_to(tokens, steps, |pass| {
        let part = core::f64::consts::FRAC_PI_2 * (pass + 1) as f64 / steps as f64;
        (tokens as f64 * part.cos()).floor() as usize
    })
}

fn clamped(tokens: usize, steps: usize, masked_part: impl Fn(usize) -> f32) -> Vec<usize> {
    clamped_to(tokens, steps, |pass| (tokens as f32 * masked_part(pass)).floor() as usize)
}

fn clamped_to(tokens: usize, steps: usize, masks_left: impl Fn(usize) -> usize) -> Vec<usize> {
    each_pass(tokens, steps, |pass, masked| {
        let left = masks_left(pass);
        masked.saturating_sub(left.min(masked.saturating_sub(1)).max(1))
    })
}

impl Schedule {
    /// Sizes that grow as a cosine does: the rule of [`Decoder::MaskGit`] with its default function, which was made for
    /// images.
    ///
    /// # Errors
    /// [`StepsOutOfRange`](Error::StepsOutOfRange) unless `1 <= steps <= tokens`;
    /// [`TooLarge`](Error::TooLarge) for more than 2^24 steps.
    ///
    /// ```
    /// use unmaskcost::Schedule;
    /// assert_eq!(Schedule::cosine(10, 4)?.sizes(), [1, 2, 4, 3]);
    /// # Ok::<(), unmaskcost::Error>(())
    /// ```
    pub fn cosine(tokens: usize, steps: usize) -> Result<Self> {
        if steps == 0 || steps > tokens {
            return Err(Error::StepsOutOfRange { steps, tokens });
        }
        Decoder::MaskGit(Shape::Cosine).plan(tokens, steps).map(Self::from)
    }
}
