//! Intervals and estimates.

use pyo3::basic::CompareOp;
use pyo3::prelude::*;
use unmaskcost::{Nats, bounds};

use crate::errors::Raise;
use crate::json;

/// An interval that certainly holds a divergence, in nats.
#[pyclass(module = "unmaskcost", frozen, from_py_object)]
#[derive(Clone)]
pub struct KlBounds(pub bounds::KlBounds);

#[pymethods]
impl KlBounds {
    #[new]
    fn new(lower: f64, upper: f64) -> PyResult<Self> {
        bounds::KlBounds::new(Nats(lower), Nats(upper)).py().map(Self)
    }

    /// Lower end, in nats.
    #[getter]
    fn lower(&self) -> f64 {
        self.0.lower.0
    }

    /// Upper end, in nats.
    #[getter]
    fn upper(&self) -> f64 {
        self.0.upper.0
    }

    /// Upper minus lower end, in nats.
    #[getter]
    fn width(&self) -> f64 {
        self.0.width().0
    }

    fn __contains__(&self, value: f64) -> bool {
        self.0.contains(Nats(value))
    }

    fn __iter__(&self, py: Python<'_>) -> PyResult<Py<PyAny>> {
        let ends = (self.lower(), self.upper()).into_pyobject(py)?;
        Ok(ends.try_iter()?.into_any().unbind())
    }

    fn to_json(&self) -> PyResult<String> {
        json::text(&self.0)
    }

    #[staticmethod]
    fn from_json(text: &str) -> PyResult<Self> {
        json::read(text).map(Self)
    }

    fn __reduce__(slf: &Bound<'_, Self>) -> (Py<PyAny>, (f64, f64)) {
        (slf.get_type().into_any().unbind(), (slf.get().lower(), slf.get().upper()))
    }

    fn __richcmp__(&self, other: &Self, operator: CompareOp) -> Option<bool> {
        json::equality(self.0 == other.0, operator)
    }

    fn __hash__(&self) -> u64 {
        json::hash(&(self.lower().to_bits(), self.upper().to_bits()))
    }

    fn __repr__(&self) -> String {
        format!("KlBounds({}, {})", self.lower(), self.upper())
    }
}

/// A measured quantity in nats, with its standard error.
///
/// Parameters
/// ----------
/// value, standard_error : float
///     In nats.
/// degrees_of_freedom : float, optional
///     How well the standard error is known; infinite if not given.
///
/// Examples
/// --------
/// >>> from unmaskcost import Estimate
/// >>> print(Estimate(2.0, 0.5))
/// 2 ± 0.5 nats
/// >>> low, high = Estimate(2.0, 0.5).interval(0.95)
/// >>> round(low, 2), round(high, 2)
/// (1.02, 2.98)
#[pyclass(module = "unmaskcost", frozen, from_py_object)]
#[derive(Clone)]
pub struct Estimate(pub unmaskcost::Estimate);

#[pymethods]
impl Estimate {
    #[new]
    #[pyo3(signature = (value, standard_error = 0.0, degrees_of_freedom = f64::INFINITY))]
    fn new(value: f64, standard_error: f64, degrees_of_freedom: f64) -> PyResult<Self> {
        let (value, error) = (Nats(value), Nats(standard_error));
        let made = if degrees_of_freedom == f64::INFINITY {
            unmaskcost::Estimate::with_known_error(value, error)
        } else {
            unmaskcost::Estimate::from_samples(value, error, degrees_of_freedom)
        };
        made.py().map(Self)
    }

    #[getter]
    fn value(&self) -> f64 {
        self.0.value().0
    }

    #[getter]
    fn standard_error(&self) -> f64 {
        self.0.standard_error().0
    }

    #[getter]
    fn degrees_of_freedom(&self) -> f64 {
        self.0.degrees_of_freedom()
    }

    /// The interval that covers the truth with probability ``level``: (lower, upper) in nats.
    #[pyo3(signature = (level = 0.95))]
    fn interval(&self, level: f64) -> PyResult<(f64, f64)> {
        let interval = self.0.interval(level).py()?;
        Ok((interval.lower().0, interval.upper().0))
    }

    /// The same quantity for one of so many tokens.
    fn per_token(&self, tokens: usize) -> PyResult<Self> {
        self.0.per_token(tokens).py().map(Self)
    }

    /// ``f"{estimate:.3f}"``: value and error with so many decimals.
    fn __format__(&self, specification: &str) -> PyResult<String> {
        let decimals =
            specification.strip_prefix('.').map(|rest| rest.trim_end_matches('f').parse());
        match (specification, decimals) {
            ("", _) => Ok(self.0.to_string()),
            (_, Some(Ok(decimals))) if decimals <= 17 => Ok(format!("{:.decimals$}", self.0)),
            _ => Err(pyo3::exceptions::PyValueError::new_err(format!(
                "{specification:?} is no format of an estimate; write .3f"
            ))),
        }
    }

    fn __float__(&self) -> f64 {
        self.value()
    }

    fn __reduce__(slf: &Bound<'_, Self>) -> (Py<PyAny>, (f64, f64, f64)) {
        let me = slf.get();
        (
            slf.get_type().into_any().unbind(),
            (me.value(), me.standard_error(), me.degrees_of_freedom()),
        )
    }

    fn __richcmp__(&self, other: &Self, operator: CompareOp) -> Option<bool> {
        json::equality(self.0 == other.0, operator)
    }

    fn __hash__(&self) -> u64 {
        json::hash(&(
            self.value().to_bits(),
            self.standard_error().to_bits(),
            self.degrees_of_freedom().to_bits(),
        ))
    }

    fn __str__(&self) -> String {
        self.0.to_string()
    }

    fn __repr__(&self) -> String {
        match self.degrees_of_freedom() {
            f64::INFINITY => format!("Estimate({}, {})", self.value(), self.standard_error()),
            degrees => format!("Estimate({}, {}, {degrees})", self.value(), self.standard_error()),
        }
    }
}
