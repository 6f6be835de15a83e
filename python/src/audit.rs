//! What can be said of a given schedule.

use pyo3::prelude::*;

use crate::curve::InformationCurve;
use crate::errors::Raise;
use crate::schedule::Schedule;

/// A second opinion on a schedule, alone or on a curve, as text to read.
#[pyfunction]
#[pyo3(signature = (schedule, curve = None))]
pub fn audit(schedule: &Schedule, curve: Option<&InformationCurve>) -> PyResult<String> {
    match curve {
        None => Ok(schedule.0.audit().to_string()),
        Some(curve) => {
            unmaskcost::audit::with_curve(&curve.0, &schedule.0).py().map(|audit| audit.to_string())
        }
    }
}
