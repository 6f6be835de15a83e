//! The masks left after each pass are a clamped function of the part of the passes done: MaskGIT,
//! aMUSEd and MAR.

use core::f32::consts::{FRAC_PI_2, PI};

use super::single::{cos, log2};
use super::{Decoder, each_pass};
use crate::error::{Error, Result};
use crate::schedule::Schedule;

/// r(x) of [`Decoder::MaskGit`](crate::decoders::Decoder::MaskGit): the part of the tokens masked when a part x of the passes is done.
#[derive(Debug, Clone, Copy, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[non_exhaustive]
pub enum MaskFunction {
    /// `cos(pi x / 2)`, the default.
    Cosine,
    /// `1 - x`.
    Uniform,
    /// `1 - x^K`; K must be positive.
    Power(f64),
    /// `-log2(x) / log2(L)`.
    Log,
    /// `1 - 2^(-log2(L) (1 - x))`.
    Exp,
}

/// The mask functions of [`Decoder::Amused`](crate::decoders::Decoder::Amused).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[non_exhaustive]
pub enum AmusedFunction {
    /// `cos(pi x / 2)`, the default.
    Cosine,
    /// `1 - x`.
    Linear,
}

impl MaskFunction {
    /// r(passes / steps) as XLA compiles it: the division becomes a product with `1 / steps`, constants
    /// are multiplied beforehand, and a product next to a sum is fused with it.
    fn masked(self, passes: f32, inverse_steps: f32, tokens: f32) -> f32 {
        let part = passes * inverse_steps;
        match self {
            Self::Cosine => cos(passes * (FRAC_PI_2 * inverse_steps)),
            Self::Uniform => (-passes).mul_add(inverse_steps, 1.0),
            Self::Power(power @ (2.0 | 3.0)) => {
                let power = |x: f32| if power == 2.0 { x * x } else { x * x * x };
                (-power(passes)).mul_add(power(inverse_steps), 1.0)
            }
            Self::Power(power) => 1.0 - f64::from(part).powf(f64::from(power as f32)) as f32,
            Self::Log => -log2(part) / log2(tokens),
            Self::Exp => 1.0 - f64::from(-log2(tokens) * (1.0 - part)).exp2() as f32,
        }
    }
}

impl AmusedFunction {
    fn masked(self, part: f32) -> f32 {
        match self {
            Self::Cosine => cos(part * PI / 2.0),
            Self::Linear => 1.0 - part,
        }
    }
}

/// The pass sizes of MaskGIT.
pub(super) fn maskgit(tokens: usize, steps: usize, function: MaskFunction) -> Vec<usize> {
    let inverse_steps = 1.0 / steps as f32;
    clamped(tokens, steps, |pass| {
        function.masked((pass + 1) as f32, inverse_steps, tokens as f32).clamp(1e-6, 1.0)
    })
}

/// The pass sizes of aMUSEd.
pub(super) fn amused(tokens: usize, steps: usize, function: AmusedFunction) -> Vec<usize> {
    clamped(tokens, steps, |pass| function.masked((pass + 1) as f32 / steps as f32))
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
        Decoder::MaskGit(MaskFunction::Cosine).plan(tokens, steps).map(Self::from)
    }
}
