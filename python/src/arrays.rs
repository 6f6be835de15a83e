//! Lists and arrays, in and out.

use numpy::{PyArray1, PyReadonlyArray1};
use pyo3::conversion::FromPyObjectOwned;
use pyo3::prelude::*;

use crate::errors::exception;

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
        check_length(object)?;
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

/// The longest list that is taken: a gigabyte of counts.
const MAX_LENGTH: usize = 1 << 27;

/// Refuses lists whose memory would not be there: a `range` has a length, and nothing else.
pub fn check_length(object: &Bound<'_, PyAny>) -> PyResult<()> {
    let length = object.len()?;
    if length <= MAX_LENGTH {
        return Ok(());
    }
    let (what, needed, limit) = ("elements of a list", length as u128, MAX_LENGTH as u128);
    Err(exception(&unmaskcost::Error::TooLarge { what, needed, limit }))
}

/// A list of anything that can be taken from Python, not too long.
pub fn list<'py, T>(object: &Bound<'py, PyAny>) -> PyResult<Vec<T>>
where
    Vec<T>: FromPyObjectOwned<'py>,
{
    check_length(object)?;
    object.extract().map_err(Into::into)
}

/// As [`list`], or nothing.
pub fn list_if_any<'py>(object: &Bound<'py, PyAny>) -> PyResult<Option<Vec<Bound<'py, PyAny>>>> {
    if object.is_none() { Ok(None) } else { list(object).map(Some) }
}

/// A list of counts: any integer array or sequence.
pub fn counts(object: &Bound<'_, PyAny>) -> PyResult<Vec<usize>> {
    check_length(object)?;
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
