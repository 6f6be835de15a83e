//! What known decoders make of a request.

use pyo3::prelude::*;
use unmaskcost::decoders::Decoder;

use crate::errors::Raise;
use crate::schedule::Schedule;

/// The names of all known decoders.
#[pyfunction]
pub fn names() -> Vec<String> {
    Decoder::KNOWN.iter().map(ToString::to_string).collect()
}

/// What a decoder does with so many tokens and steps, as one block.
///
/// Returns
/// -------
/// (Schedule, list of int)
///     The schedule of the passes that reveal something, and the sizes of all passes, empty ones as 0.
///
/// Examples
/// --------
/// >>> from unmaskcost import decoders
/// >>> decoders.plan("Dream", 10, 4)
/// (Schedule([2, 2, 2, 4]), [2, 2, 2, 4])
#[pyfunction]
pub fn plan(decoder: &str, tokens: usize, steps: usize) -> PyResult<(Schedule, Vec<usize>)> {
    let plan = decoder.parse::<Decoder>().py()?.plan(tokens, steps).py()?;
    Ok((Schedule(plan.schedule().clone()), plan.sizes().collect()))
}
