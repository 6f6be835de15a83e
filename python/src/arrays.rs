//! Lists and arrays, in and out.

use numpy::{PyArray1, PyReadonlyArray1};
use pyo3::prelude::*;

/// A list of floats as it came: a NumPy array of either float (contiguous or not), or any sequence.
pub enum Floats<'py> {
    Double(PyReadonlyArray1<'py, f64>),
    Single(PyReadonlyArray1<'py, f32>),
    List(Vec<f64>),
}

impl<'py> Floats<'py> {
    pub fn of(object: &Bound<'py, PyAny>) -> PyResult<Self> {
        if let Ok(array) = object.extract::<PyReadonlyArray1<'py, f64>>() {
            return Ok(Self::Double(array));
        }
        if let Ok(array) = object.extract::<PyReadonlyArray1<'py, f32>>() {
            return Ok(Self::Single(array));
        }
        Ok(Self::List(object.extract()?))
    }

    /// As doubles; borrowed where the array allows it.
    pub fn doubles(&self) -> std::borrow::Cow<'_, [f64]> {
        match self {
            Self::Double(array) => match array.as_slice() {
                Ok(slice) => slice.into(),
                Err(_) => array.as_array().to_vec().into(),
            },
            Self::Single(array) => array.as_array().iter().map(|&x| f64::from(x)).collect(),
            Self::List(values) => values.as_slice().into(),
        }
    }

    /// The array of single floats, if it is one: its rounding is judged by the tolerance of its kind.
    pub fn singles(&self) -> Option<Vec<f32>> {
        match self {
            Self::Single(array) => Some(array.as_array().to_vec()),
            _ => None,
        }
    }
}

/// A list of counts: any integer array or sequence.
pub fn counts(object: &Bound<'_, PyAny>) -> PyResult<Vec<usize>> {
    if let Ok(array) = object.extract::<PyReadonlyArray1<'_, i64>>() {
        return array
            .as_array()
            .iter()
            .map(|&n| {
                usize::try_from(n).map_err(|_| {
                    pyo3::exceptions::PyValueError::new_err(format!(
                        "{n} is negative; a count is needed"
                    ))
                })
            })
            .collect();
    }
    object.extract()
}

pub fn array<'py, T: numpy::Element>(py: Python<'py>, values: Vec<T>) -> Bound<'py, PyArray1<T>> {
    PyArray1::from_vec(py, values)
}
