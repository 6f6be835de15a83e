//! The sampler itself, on small tables.

use pyo3::prelude::*;
use unmaskcost::sampler;

use crate::distribution::JointTable;
use crate::long;
use crate::schedule::Schedule;

/// E KL(data || output given the reveal order), in nats, by enumeration of all ordered partitions.
#[pyfunction]
pub fn expected_kl(py: Python<'_>, table: &JointTable, schedule: &Schedule) -> PyResult<f64> {
    let (table, schedule) = (table.0.clone(), schedule.0.clone());
    long::work(py, move || sampler::expected_kl(&table, &schedule)).map(|error| error.0)
}
