//! The functions that several decoders share.

use super::Decoder;
use crate::error::{Error, not_applicable};

/// The function that a decoder with a choice of them makes its sizes by. What it is a function of is said at the
/// decoder: the time, or the part of the passes that is done.
///
/// Each decoder has some of these only; others are refused with [`NotApplicable`](Error::NotApplicable).
#[derive(Debug, Clone, Copy, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[non_exhaustive]
pub enum Shape {
    /// A straight line.
    Linear,
    /// A quarter of a cosine.
    Cosine,
    /// One less this power, which must be positive.
    Power(f64),
    /// A logarithm.
    Log,
    /// An exponential.
    Exp,
    /// An inverse cosine.
    Arccos,
}

/// A function that the decoder does not have.
pub(super) fn unknown(decoder: Decoder, needs: &str) -> Error {
    not_applicable(decoder.name(), format!("another function: {needs}"))
}
