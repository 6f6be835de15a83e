//! Information curves.

use numpy::PyArray1;
use pyo3::basic::CompareOp;
use pyo3::prelude::*;
use unmaskcost::InformationCurve as Curve;
use unmaskcost::curve::PreparedCurve;

use crate::arrays::{Floats, array, list};
use crate::errors::Raise;
use crate::json;
use crate::schedule::Schedule;

/// The information curve: what k random tokens tell about another one, in nats.
///
/// Make one by ``from_information`` (I_0 .. I_{L-1}), ``from_conditional_entropies`` (f_0 .. f_{L-1})
/// or ``from_subset_entropies`` (H_0 .. H_L). Arrays of float32 are judged by the rounding of float32.
///
/// Examples
/// --------
/// >>> import numpy as np
/// >>> from unmaskcost import InformationCurve, Schedule
/// >>> curve = InformationCurve.from_conditional_entropies(np.log(np.arange(8, 0, -1)))
/// >>> round(curve.sampling_error(Schedule([3, 2, 2, 1])), 3)
/// 1.05
#[pyclass(module = "unmaskcost", frozen, from_py_object)]
#[derive(Clone)]
pub struct InformationCurve(pub Curve);

/// Builds the curve in the float it came in: single floats are made consistent as single floats first.
fn build(
    values: &Bound<'_, PyAny>,
    double: impl FnOnce(&[f64]) -> unmaskcost::Result<Curve>,
    single: impl FnOnce(&[f32]) -> unmaskcost::Result<Curve<f32>>,
) -> PyResult<InformationCurve> {
    let values = Floats::of(values)?;
    let Some(singles) = values.singles() else {
        return double(&values.doubles()).py().map(InformationCurve);
    };
    let curve = single(&singles).py()?;
    let widened = |values: &[f32]| values.iter().map(|&x| f64::from(x)).collect::<Vec<_>>();
    match curve.single_token_entropy() {
        Some(first) => {
            let first = f64::from(first.0);
            let entropies: Vec<f64> =
                widened(curve.information_values()).iter().map(|i| (first - i).max(0.0)).collect();
            Curve::from_conditional_entropies(entropies).py().map(InformationCurve)
        }
        None => {
            Curve::from_information(widened(curve.information_values())).py().map(InformationCurve)
        }
    }
}

#[pymethods]
impl InformationCurve {
    /// From I_0 .. I_{L-1}, shape (L,), nondecreasing from 0.
    #[staticmethod]
    fn from_information(values: &Bound<'_, PyAny>) -> PyResult<Self> {
        build(values, |v| Curve::from_information(v), |v| Curve::from_information(v))
    }

    /// From f_0 .. f_{L-1}, shape (L,): the entropy of a token given k others, nonincreasing.
    #[staticmethod]
    fn from_conditional_entropies(values: &Bound<'_, PyAny>) -> PyResult<Self> {
        build(
            values,
            |v| Curve::from_conditional_entropies(v),
            |v| Curve::from_conditional_entropies(v),
        )
    }

    /// From H_0 .. H_L, shape (L + 1,): the mean entropy of k tokens.
    #[staticmethod]
    fn from_subset_entropies(values: &Bound<'_, PyAny>) -> PyResult<Self> {
        build(values, |v| Curve::from_subset_entropies(v), |v| Curve::from_subset_entropies(v))
    }

    /// L, the number of tokens.
    #[getter]
    fn tokens(&self) -> usize {
        self.0.tokens()
    }

    /// I_0 .. I_{L-1} in nats, shape (L,).
    #[getter]
    fn information<'py>(&self, py: Python<'py>) -> Bound<'py, PyArray1<f64>> {
        array(py, self.0.information_values().to_vec())
    }

    /// TC, the total correlation, in nats.
    #[getter]
    fn total_correlation(&self) -> f64 {
        self.0.total_correlation().0
    }

    /// DTC, the dual total correlation, in nats.
    #[getter]
    fn dual_total_correlation(&self) -> f64 {
        self.0.dual_total_correlation().0
    }

    /// The sum over tokens of I(X_i; X_{-i}), in nats: TC + DTC.
    #[getter]
    fn token_information(&self) -> f64 {
        self.0.token_information().0
    }

    /// The exact error of a schedule with random positions, in nats (KL, optimal predictor).
    ///
    /// Source: Chen, Cong & Li, arXiv 2511.04647, Theorem 3.3.
    fn sampling_error(&self, schedule: &Schedule) -> PyResult<f64> {
        self.0.sampling_error(&schedule.0).py().map(|error| error.0)
    }

    /// The exact errors of many schedules, in nats, shape (n,): O(L) once, then O(T) for each.
    fn sampling_errors<'py>(
        &self,
        py: Python<'py>,
        #[pyo3(from_py_with = list)] schedules: Vec<Py<Schedule>>,
    ) -> PyResult<Bound<'py, PyArray1<f64>>> {
        let curve = &self.0;
        let errors = py.detach(|| {
            let prepared = PreparedCurve::of(curve);
            schedules
                .iter()
                .map(|schedule| prepared.cost(&schedule.get().0).map(|error| error.0))
                .collect()
        });
        let errors: unmaskcost::Result<Vec<f64>> = errors;
        errors.py().map(|errors| array(py, errors))
    }

    fn to_json(&self) -> PyResult<String> {
        json::text(&self.0)
    }

    #[staticmethod]
    fn from_json(text: &str) -> PyResult<Self> {
        json::read(text).map(Self)
    }

    fn __reduce__(slf: &Bound<'_, Self>) -> PyResult<(Py<PyAny>, (String,))> {
        Ok((slf.get_type().getattr("from_json")?.unbind(), (slf.get().to_json()?,)))
    }

    fn __len__(&self) -> usize {
        self.0.tokens()
    }

    fn __richcmp__(&self, other: &Self, operator: CompareOp) -> Option<bool> {
        json::equality(self.0 == other.0, operator)
    }

    fn __hash__(&self) -> u64 {
        let bits: Vec<u64> = self.0.information_values().iter().map(|x| x.to_bits()).collect();
        json::hash(&bits)
    }

    fn __repr__(&self) -> String {
        format!(
            "<InformationCurve of {} tokens: TC {:.4}, DTC {:.4} nats>",
            self.0.tokens(),
            self.0.total_correlation().0,
            self.0.dual_total_correlation().0
        )
    }
}
