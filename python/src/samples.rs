//! What samples of an unknown distribution tell.

use numpy::PyReadonlyArray2;
use pyo3::prelude::*;
use pyo3::types::PyDict;
use unmaskcost::Error;
use unmaskcost::distribution as d;

use crate::arrays::{counts, list_if_any};
use crate::bounds::Known;
use crate::errors::{Raise, exception};
use crate::long;
use crate::values::Estimate;

/// Samples of an unknown distribution: the information curve as far as they determine it, with errors.
///
/// Parameters
/// ----------
/// sequences : array of int, shape (n, L)
///     One sample a row.
/// alphabet : int or sequence of int, shape (L,)
///     The number of symbols, of all positions or of each.
/// groups : sequence, shape (n,), optional
///     What shares a group (a document) is taken as dependent. Without it the samples are taken as independent, and put
///     into at most 256 groups, which is enough for their errors.
///
/// Examples
/// --------
/// >>> import numpy as np
/// >>> from unmaskcost import MarkovChain, Samples, Schedule
/// >>> chain = MarkovChain([[0.9, 0.1], [0.3, 0.7]])
/// >>> curve = Samples([chain.sample(12, seed=i) for i in range(2000)], 2).curve()
/// >>> curve.trusted >= 3
/// True
/// >>> schedule = Schedule.balanced(12, 4)
/// >>> chain.information_curve(12).sampling_error(schedule) in curve.known().bounds(schedule)
/// True
#[pyclass(module = "unmaskcost", frozen, from_py_object)]
#[derive(Clone)]
pub struct Samples(d::Samples);

/// The rows of a list of sequences.
fn rows(sequences: &Bound<'_, PyAny>) -> PyResult<(Vec<Vec<usize>>, usize)> {
    let array = sequences.py().import("numpy")?.call_method1("asarray", (sequences,))?;
    let kind: String = array.getattr("dtype")?.getattr("kind")?.extract()?;
    if !["i", "u", "b"].contains(&kind.as_str()) {
        let message =
            "symbols are whole numbers below 2^63, in an array of shape (samples, tokens)";
        return Err(pyo3::exceptions::PyValueError::new_err(message));
    }
    let largest = i64::MAX as u64;
    if kind == "u" && array.call_method1("__gt__", (largest,))?.call_method0("any")?.is_truthy()? {
        let message = format!("symbols are at most {largest}");
        return Err(pyo3::exceptions::PyValueError::new_err(message));
    }
    let array = array.call_method1("astype", ("int64",))?;
    let array: PyReadonlyArray2<'_, i64> = array.extract().map_err(|_| {
        pyo3::exceptions::PyValueError::new_err("sequences of shape (samples, tokens) are needed")
    })?;
    let array = array.as_array();
    let symbol = |&symbol: &i64| {
        usize::try_from(symbol).map_err(|_| {
            let message = format!("{symbol} is negative; symbols are 0, 1, ..");
            pyo3::exceptions::PyValueError::new_err(message)
        })
    };
    let rows = array.rows().into_iter().map(|row| row.iter().map(symbol).collect());
    Ok((rows.collect::<PyResult<_>>()?, array.ncols()))
}

/// A number for each group: what is equal in Python is one group.
fn numbered(groups: &[Bound<'_, PyAny>], samples: usize) -> PyResult<Vec<usize>> {
    let (what, found, expected) = ("the list of groups", groups.len(), samples);
    if found != expected {
        return Err(exception(&Error::LengthMismatch { what, found, expected }));
    }
    let Some(first) = groups.first() else { return Ok(Vec::new()) };
    let seen = PyDict::new(first.py());
    let number = |group: &Bound<'_, PyAny>| match seen.get_item(group)? {
        Some(number) => number.extract(),
        None => {
            let number = seen.len();
            seen.set_item(group, number)?;
            Ok(number)
        }
    };
    groups.iter().map(number).collect()
}

#[pymethods]
impl Samples {
    #[new]
    #[pyo3(signature = (sequences, alphabet, *, groups = None))]
    fn new(
        sequences: &Bound<'_, PyAny>,
        alphabet: &Bound<'_, PyAny>,
        #[pyo3(from_py_with = list_if_any)] groups: Option<Vec<Bound<'_, PyAny>>>,
    ) -> PyResult<Self> {
        let (rows, tokens) = rows(sequences)?;
        // NumPy's integers are numbers too: what has no length is one.
        let alphabets = match alphabet.len() {
            Ok(_) => counts(alphabet)?,
            Err(_) => vec![alphabet.extract()?; tokens],
        };
        let made = match groups {
            None => d::Samples::independent(&alphabets, rows),
            Some(groups) => {
                let groups = numbered(&groups, rows.len())?;
                d::Samples::in_groups(&alphabets, groups.into_iter().zip(rows))
            }
        };
        made.py().map(Self)
    }

    /// All windows of one text, which depend on each other: errors come from the spread between blocks of neighbours.
    #[staticmethod]
    #[pyo3(signature = (text, alphabet, window, *, blocks = 30))]
    fn windows(
        #[pyo3(from_py_with = counts)] text: Vec<usize>,
        alphabet: usize,
        window: usize,
        blocks: usize,
    ) -> PyResult<Self> {
        d::Samples::windows(&text, alphabet, window, blocks).py().map(Self)
    }

    /// L, the number of tokens of a sample.
    #[getter]
    fn tokens(&self) -> usize {
        self.0.tokens()
    }

    /// Into how many independent groups the samples fall.
    #[getter]
    fn groups(&self) -> usize {
        self.0.groups()
    }

    /// The information curve, up to and with the first number of revealed tokens that cannot be trusted; or, trusted or
    /// not, up to ``revealed``. It looks at all sets of tokens: seconds for a hundred tokens.
    #[pyo3(signature = (revealed = None))]
    fn curve(&self, py: Python<'_>, revealed: Option<usize>) -> PyResult<SampledCurve> {
        let samples = self.0.clone();
        let curve = long::work(py, move || match revealed {
            None => samples.curve(),
            Some(revealed) => samples.curve_up_to(revealed),
        });
        curve.map(SampledCurve)
    }

    /// TC and DTC of few tokens, in nats, each with whether it can be trusted: ((TC, bool), (DTC, bool)). It can where the
    /// bias that may be left is small against the error.
    fn correlations(&self, py: Python<'_>) -> PyResult<((Estimate, bool), (Estimate, bool))> {
        let samples = self.0.clone();
        let found = long::work(py, move || samples.correlations())?;
        let verdict = |value: d::SampledValue| (Estimate(value.estimate()), value.is_trusted());
        Ok((verdict(found.total), verdict(found.dual_total)))
    }

    /// The same symbols at each position, in an order of its own at each: tokens that are independent. What this shows beyond its
    /// errors is an artefact. The same seed gives the same order.
    #[pyo3(signature = (*, seed))]
    fn shuffled(&self, seed: u64) -> Self {
        use rand::SeedableRng;
        Self(self.0.shuffled(&mut rand_chacha::ChaCha8Rng::seed_from_u64(seed)))
    }

    fn __len__(&self) -> usize {
        self.0.len()
    }

    fn __repr__(&self) -> String {
        format!(
            "<Samples: {} of {} tokens, in {} groups>",
            self.0.len(),
            self.0.tokens(),
            self.0.groups()
        )
    }
}

/// An information curve for small numbers k of revealed tokens, estimated from samples; made by ``Samples.curve``.
///
/// It does not become an ``InformationCurve``, since samples do not determine a whole curve: what they determine
/// becomes a ``Known``.
#[pyclass(module = "unmaskcost", frozen, from_py_object)]
#[derive(Clone)]
pub struct SampledCurve(d::SampledCurve);

impl SampledCurve {
    fn value(&self, revealed: usize) -> PyResult<d::SampledValue> {
        let what = "number of revealed tokens";
        let limit = (0..self.0.tokens()).find(|&k| self.0.information(k).is_none());
        let limit = limit.unwrap_or(self.0.tokens());
        self.0
            .information(revealed)
            .ok_or_else(|| exception(&Error::IndexOutOfRange { what, index: revealed, limit }))
    }
}

#[pymethods]
impl SampledCurve {
    /// L, the number of tokens.
    #[getter]
    fn tokens(&self) -> usize {
        self.0.tokens()
    }

    /// The number of samples.
    #[getter]
    fn samples(&self) -> usize {
        self.0.samples()
    }

    /// The largest number of revealed tokens up to which the curve can be trusted.
    #[getter]
    fn trusted(&self) -> usize {
        self.0.trusted()
    }

    /// I_k with its error, in nats, by Chao, Wang & Jost's entropies.
    fn information(&self, revealed: usize) -> PyResult<Estimate> {
        self.value(revealed).map(|value| Estimate(value.estimate()))
    }

    /// I_k of the distribution of the sample itself, in nats: too large.
    fn plug_in(&self, revealed: usize) -> PyResult<f64> {
        self.value(revealed).map(|value| value.plug_in().0)
    }

    /// The share of the distribution of so many tokens and one more that lies in cells that were seen (Good); 1
    /// for no token, since I_0 is known.
    fn coverage(&self, revealed: usize) -> PyResult<f64> {
        self.value(revealed).map(|value| value.coverage())
    }

    /// What is known with probability ``level``: intervals for all trusted I_k, and nothing beyond.
    #[pyo3(signature = (level = 0.95))]
    fn known(&self, level: f64) -> PyResult<Known> {
        self.0.known(level).py().map(Known)
    }

    fn __repr__(&self) -> String {
        let (tokens, trusted) = (self.0.tokens(), self.0.trusted());
        format!("<SampledCurve of {tokens} tokens: trusted up to {trusted} revealed>")
    }
}
