//! Which schedule to use.

use numpy::PyArray1;
use pyo3::prelude::*;
use unmaskcost::{Nats, optimal};

use crate::arrays::array;
use crate::bounds::Known;
use crate::curve::InformationCurve;
use crate::long;
use crate::schedule::Schedule;

/// The schedule of exactly ``steps`` steps with the least error, and that error in nats.
///
/// Examples
/// --------
/// >>> import numpy as np
/// >>> from unmaskcost import InformationCurve, optimal
/// >>> curve = InformationCurve.from_conditional_entropies(np.log(np.arange(16, 0, -1)))
/// >>> schedule, error = optimal.schedule(curve, 4)
/// >>> schedule
/// Schedule([6, 5, 3, 2])
#[pyfunction]
#[pyo3(name = "schedule")]
pub fn optimal_schedule(
    py: Python<'_>,
    curve: &InformationCurve,
    steps: usize,
) -> PyResult<(Schedule, f64)> {
    let curve = curve.0.clone();
    let (schedule, error) = long::work(py, move || optimal::schedule(&curve, steps))?;
    Ok((Schedule(schedule), error.0))
}

/// The fewest steps whose least error is at most ``tolerance`` nats: the schedule, and its error.
#[pyfunction]
pub fn fewest_steps(
    py: Python<'_>,
    curve: &InformationCurve,
    tolerance: f64,
) -> PyResult<(Schedule, f64)> {
    let curve = curve.0.clone();
    let (schedule, error) = long::work(py, move || optimal::fewest_steps(&curve, Nats(tolerance)))?;
    Ok((Schedule(schedule), error.0))
}

/// The least error for 1, 2, .., ``max_steps`` steps, in nats, shape (max_steps,).
#[pyfunction]
pub fn frontier<'py>(
    py: Python<'py>,
    curve: &InformationCurve,
    max_steps: usize,
) -> PyResult<Bound<'py, PyArray1<f64>>> {
    let curve = curve.0.clone();
    let errors = long::work(py, move || optimal::frontier(&curve, max_steps))?;
    Ok(array(py, errors.into_iter().map(|error| error.0).collect()))
}

/// The schedule whose worst error over all distributions, relative to the smaller of TC and DTC, is
/// least, and that factor.
///
/// Examples
/// --------
/// >>> from unmaskcost import optimal
/// >>> schedule, factor = optimal.universal(64, 8)
/// >>> schedule.tokens, schedule.steps
/// (64, 8)
#[pyfunction]
pub fn universal(py: Python<'_>, tokens: usize, steps: usize) -> PyResult<(Schedule, f64)> {
    let found = long::work(py, move || optimal::minimax::universal(tokens, steps))?;
    let factor = unmaskcost::bounds::universal::factor(&found).value();
    Ok((Schedule(found), factor))
}

/// The schedule whose worst error over all distributions that agree with what is known is least.
///
/// Returns
/// -------
/// schedule : Schedule
/// guarantee : float
///     No such distribution has a larger error, in nats.
/// least_possible : float
///     No schedule of as many steps guarantees less: the same as the guarantee where the search is exact.
///
/// Examples
/// --------
/// >>> from unmaskcost import Known, optimal
/// >>> known = Known(64, information={20: 0.5, 63: 0.6})
/// >>> schedule, guarantee, least = optimal.minimax(known, 8)
/// >>> schedule.steps, guarantee == least
/// (8, True)
#[pyfunction]
pub fn minimax(py: Python<'_>, known: &Known, steps: usize) -> PyResult<(Schedule, f64, f64)> {
    let known = known.0.clone();
    let found = long::work(py, move || optimal::minimax::schedule(&known, steps))?;
    Ok((Schedule(found.schedule), found.guarantee.0, found.least_possible.0))
}
