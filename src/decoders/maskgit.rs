//! Masks left after each pass, by a function of the part of the passes done: MaskGIT and aMUSEd.

use core::f32::consts::{FRAC_PI_2, PI};

use super::each_pass;
use super::single::{cos, log2};
use crate::error::{Error, Result};

/// r(x) of [`Decoder::MaskGit`](crate::decoders::Decoder::MaskGit): the part of the tokens masked when a part x of the passes is done.
#[derive(Debug, Clone, Copy, PartialEq)]
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
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum AmusedFunction {
    /// `cos(pi x / 2)`, the default.
    Cosine,
    /// `1 - x`.
    Linear,
}

impl MaskFunction {
    pub(super) fn masked(self, part: f32, tokens: usize) -> f32 {
        let doublings = || log2(tokens as f32);
        match self {
            Self::Cosine => cos(FRAC_PI_2 * part),
            Self::Uniform => 1.0 - part,
            Self::Power(power) => 1.0 - f64::from(part).powf(f64::from(power as f32)) as f32,
            Self::Log => -log2(part) / doublings(),
            Self::Exp => 1.0 - f64::from(-doublings() * (1.0 - part)).exp2() as f32,
        }
    }
}

impl AmusedFunction {
    pub(super) fn masked(self, part: f32) -> f32 {
        match self {
            Self::Cosine => cos(part * PI / 2.0),
            Self::Linear => 1.0 - part,
        }
    }
}

pub(super) fn clamped(tokens: usize, steps: usize, masked_part: impl Fn(f32) -> f32) -> Vec<usize> {
    each_pass(tokens, steps, |pass, masked| {
        let part = (pass + 1) as f32 / steps as f32;
        let left = (tokens as f32 * masked_part(part)).floor() as usize;
        masked.saturating_sub(left.min(masked.saturating_sub(1)).max(1))
    })
}

pub(crate) fn check_power(power: f64) -> Result<()> {
    if power > 0.0 && power.is_finite() {
        Ok(())
    } else {
        Err(Error::NotPositive { what: "the power", value: power })
    }
}
