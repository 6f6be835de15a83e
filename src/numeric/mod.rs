//! The floats, the sums and the special functions that all other rooms need. Nothing here knows of tokens.

pub(crate) mod binomial;
pub(crate) mod entropy;
pub(crate) mod hypergeometric;
pub(crate) mod isotonic;
pub(crate) mod moments;
pub(crate) mod quadrature;
pub(crate) mod ratio;
pub(crate) mod sawtooth;
pub(crate) mod scalar;
pub(crate) mod simd;
pub(crate) mod student;
#[cfg(feature = "serde")]
pub(crate) mod words;
