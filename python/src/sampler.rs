//! The sampler itself, on small tables.

use numpy::PyReadonlyArray2;
use pyo3::exceptions::PyValueError;
use pyo3::prelude::*;
use unmaskcost::sampler::{self, policy};

use crate::distribution::JointTable;
use crate::errors::Raise;
use crate::long;
use crate::schedule::Schedule;

/// E KL(data || output given the reveal order), in nats, by enumeration of all ordered partitions.
#[pyfunction]
pub fn expected_kl(py: Python<'_>, table: &JointTable, schedule: &Schedule) -> PyResult<f64> {
    let (table, schedule) = (table.0.clone(), schedule.0.clone());
    long::work(py, move || sampler::expected_kl(&table, &schedule)).map(|error| error.0)
}

/// KL(output || data) with the order of revealing forgotten, in nats, by enumeration. No bound here limits it, and it is
/// infinite where the sampler writes what the data never does.
#[pyfunction]
pub fn reverse_kl(py: Python<'_>, table: &JointTable, schedule: &Schedule) -> PyResult<f64> {
    let (table, schedule) = (table.0.clone(), schedule.0.clone());
    long::work(py, move || sampler::reverse_kl(&table, &schedule)).map(|divergence| divergence.0)
}

/// A rule by which decoders choose the positions of a round, by its text.
///
/// "left to right 4", "8 lowest entropies", "confidence 0.9", "quota 2 confidence 0.95", "factor 1",
/// "Frechet margin 0", "entropy budget 0.1 nats" (or bits), "cumulative entropy 0.1 nats", "dilated"; each also
/// with "blocks of 32, " before and " at least 6 apart" behind.
///
/// A rule is a policy for ``measured.run_decoder``: called with the log-probabilities of one sequence, shape
/// (L, vocabulary), and its mask, shape (L,), it gives the positions to reveal next.
///
/// Examples
/// --------
/// >>> import numpy as np
/// >>> from unmaskcost import JointTable, sampler
/// >>> rule = sampler.Rule("confidence 0.9")
/// >>> rule(np.log([[0.5, 0.5], [0.05, 0.95], [0.92, 0.08]]), np.array([True, False, True]))
/// [2]
/// >>> pairs = JointTable.from_counts([[1, 0], [0, 1]])
/// >>> round(sampler.Rule("2 lowest entropies").cost(pairs), 4)       # ln 2
/// 0.6931
#[pyclass(module = "unmaskcost.sampler", frozen)]
pub struct Rule(policy::Rule);

#[pymethods]
impl Rule {
    #[new]
    fn new(text: &str) -> PyResult<Self> {
        text.parse().py().map(Self)
    }

    /// The exact cost of the rule on a small table, in nats: KL(data || output).
    fn cost(&self, table: &JointTable) -> PyResult<f64> {
        policy::cost(&table.0, &self.0).py().map(|cost| cost.sampling_error.0)
    }

    fn __call__(
        &self,
        log_probs: &Bound<'_, PyAny>,
        masked: &Bound<'_, PyAny>,
    ) -> PyResult<Vec<usize>> {
        let numpy = log_probs.py().import("numpy")?;
        let needed = || PyValueError::new_err("log_probs of shape (L, vocabulary) are needed");
        let log_probs = numpy.call_method1("asarray", (log_probs, "float64"))?;
        let log_probs: PyReadonlyArray2<'_, f64> = log_probs.extract().map_err(|_| needed())?;
        let masked: Vec<bool> = masked.call_method0("tolist")?.extract()?;
        let log_probs = log_probs.as_array();
        if log_probs.nrows() != masked.len() {
            return Err(needed());
        }
        let rows = log_probs.rows().into_iter().zip(&masked).filter(|(_, masked)| **masked);
        let predictions: Vec<Vec<f64>> = rows
            .map(|(row, _)| {
                // As exact as the floats that the model computed in: sums are made one.
                let weights: Vec<f64> = row.iter().map(|x| x.exp()).collect();
                let sum: f64 = weights.iter().sum();
                weights.into_iter().map(|weight| weight / sum).collect()
            })
            .collect();
        let revealed: Vec<Option<usize>> =
            masked.iter().map(|&masked| if masked { None } else { Some(0) }).collect();
        let view = policy::View::of_predictions(&revealed, &predictions).py()?;
        Ok(policy::Policy::next(&self.0, &view))
    }

    fn __reduce__(slf: &Bound<'_, Self>) -> (Py<PyAny>, (String,)) {
        (slf.get_type().into_any().unbind(), (slf.get().0.to_string(),))
    }

    fn __repr__(&self) -> String {
        format!("Rule({:?})", self.0.to_string())
    }

    fn __str__(&self) -> String {
        self.0.to_string()
    }
}
