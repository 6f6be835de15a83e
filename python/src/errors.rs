//! The library's errors as Python exceptions, with their evidence.

use pyo3::exceptions::PyValueError;
use pyo3::prelude::*;
use pyo3::types::PyDict;

pyo3::create_exception!(
    unmaskcost,
    Error,
    PyValueError,
    "What the library refuses, and why.\n\nAttributes\n----------\nkind : str\n    Name of the error, as in the Rust library.\nevidence : dict\n    Its fields, by name; each is also an attribute."
);

pub trait Raise<T> {
    /// The value, or the exception.
    fn py(self) -> PyResult<T>;
}

impl<T> Raise<T> for Result<T, unmaskcost::Error> {
    fn py(self) -> PyResult<T> {
        self.map_err(|error| exception(&error))
    }
}

pub fn exception(error: &unmaskcost::Error) -> PyErr {
    let made = Error::new_err(error.to_string());
    let shown = format!("{error:?}");
    let (kind, fields) = shown.split_once(" {").unwrap_or((&shown, ""));
    Python::attach(|py| {
        let value = made.value(py);
        let evidence = PyDict::new(py);
        for (name, text) in split_fields(fields.trim_end_matches('}')) {
            let parsed = parse(py, text);
            // An exception keeps its own attributes.
            if name != "args" {
                value.setattr(name, &parsed)?;
            }
            evidence.set_item(name, parsed)?;
        }
        value.setattr("kind", kind)?;
        value.setattr("evidence", evidence)
    })
    .map_or_else(|broken| broken, |()| made)
}

/// `name: text` pairs of a derived `Debug`, cut at the commas outside of quotes and brackets.
fn split_fields(fields: &str) -> Vec<(&str, &str)> {
    let (mut depth, mut quoted, mut escaped, mut start) = (0_i32, false, false, 0);
    let mut parts = Vec::new();
    for (place, c) in fields.char_indices() {
        match c {
            _ if escaped => escaped = false,
            '\\' if quoted => escaped = true,
            '"' => quoted = !quoted,
            '(' | '[' | '{' if !quoted => depth += 1,
            ')' | ']' | '}' if !quoted => depth -= 1,
            ',' if !quoted && depth == 0 => {
                parts.push(&fields[start..place]);
                start = place + 1;
            }
            _ => {}
        }
    }
    parts.push(&fields[start..]);
    parts
        .iter()
        .filter_map(|part| part.split_once(':'))
        .map(|(n, t)| (n.trim(), t.trim()))
        .collect()
}

/// A field as the Python value it shows.
fn parse(py: Python<'_>, text: &str) -> Py<PyAny> {
    if let Some(inner) = text.strip_prefix("Some(").and_then(|rest| rest.strip_suffix(')')) {
        return parse(py, inner);
    }
    let shown = match text {
        "None" => None,
        "NaN" | "inf" | "-inf" => Some(format!("float('{}')", text.to_lowercase())),
        _ => Some(text.to_owned()),
    };
    let Some(shown) = shown else { return py.None() };
    if let Ok(whole) = shown.parse::<u128>() {
        return whole.into_pyobject(py).map_or_else(|_| py.None(), |x| x.into_any().unbind());
    }
    if let Ok(number) = text.parse::<f64>() {
        return number.into_pyobject(py).map_or_else(|_| py.None(), |x| x.into_any().unbind());
    }
    let plain: String = serde_json::from_str(text).unwrap_or_else(|_| text.to_owned());
    plain.into_pyobject(py).map_or_else(|_| py.None(), |x| x.into_any().unbind())
}
