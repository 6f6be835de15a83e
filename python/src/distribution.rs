//! Distributions whose curve is exact.

use numpy::{PyArray1, PyArray2, PyArrayMethods, PyReadonlyArrayDyn};
use pyo3::prelude::*;
use unmaskcost::distribution as d;

use crate::arrays::{Floats, array, counts};
use crate::curve::InformationCurve;
use crate::errors::Raise;
use crate::long;
use crate::schedule::{Order, Schedule, signed};
use crate::values::Estimate;

/// A joint table over few tokens: one axis a token.
///
/// Parameters
/// ----------
/// probabilities : array, one axis per token
///
/// Examples
/// --------
/// >>> import numpy as np
/// >>> from unmaskcost import JointTable
/// >>> table = JointTable(np.array([[0.5, 0.0], [0.0, 0.5]]))
/// >>> round(table.information_curve().total_correlation, 4)
/// 0.6931
#[pyclass(module = "unmaskcost", frozen, from_py_object)]
#[derive(Clone)]
pub struct JointTable(pub d::JointTable);

fn cells(array: &Bound<'_, PyAny>) -> PyResult<(Vec<usize>, Vec<f64>)> {
    let array = array.py().import("numpy")?.call_method1("asarray", (array, "float64"))?;
    let array: PyReadonlyArrayDyn<'_, f64> = array.extract()?;
    let view = array.as_array();
    Ok((view.shape().to_vec(), view.iter().copied().collect()))
}

/// The rows of an array with two axes.
pub fn matrix(array: &Bound<'_, PyAny>) -> PyResult<Vec<Vec<f64>>> {
    let (shape, cells) = cells(array)?;
    match shape[..] {
        [_, 0] => Ok(Vec::new()),
        [_, width] => Ok(cells.chunks(width).map(<[f64]>::to_vec).collect()),
        _ => Err(pyo3::exceptions::PyValueError::new_err(format!(
            "an array with two axes is needed, one row for each state; this one has shape {shape:?}"
        ))),
    }
}

#[pymethods]
impl JointTable {
    #[new]
    fn new(probabilities: &Bound<'_, PyAny>) -> PyResult<Self> {
        let (shape, cells) = cells(probabilities)?;
        d::JointTable::from_probabilities(&shape, cells).py().map(Self)
    }

    /// From counts or other nonnegative weights: they are divided by their sum.
    #[staticmethod]
    fn from_counts(counts: &Bound<'_, PyAny>) -> PyResult<Self> {
        let (shape, cells) = cells(counts)?;
        d::JointTable::from_weights(&shape, cells).py().map(Self)
    }

    #[getter]
    fn tokens(&self) -> usize {
        self.0.tokens()
    }

    /// The probabilities, one axis a token.
    #[getter]
    fn probabilities<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyAny>> {
        let flat = array(py, self.0.probabilities().to_vec());
        Ok(flat.reshape(self.0.shape().to_vec())?.into_any())
    }

    /// The exact curve: entropies of all subsets of the tokens.
    fn information_curve(&self, py: Python<'_>) -> PyResult<InformationCurve> {
        let table = self.0.clone();
        long::work(py, move || table.information_curve()).map(InformationCurve)
    }

    fn __reduce__(slf: &Bound<'_, Self>, py: Python<'_>) -> PyResult<(Py<PyAny>, (Py<PyAny>,))> {
        let cells = slf.get().probabilities(py)?.unbind();
        Ok((slf.get_type().into_any().unbind(), (cells,)))
    }

    fn __repr__(&self) -> String {
        format!("<JointTable of shape {:?}>", self.0.shape())
    }
}

/// A Markov chain over symbols 0 .. S-1: exact curves of any length.
///
/// Parameters
/// ----------
/// transition : array of shape (S, S)
///     Row i is the distribution of the symbol after i.
/// initial : array of shape (S,), optional
///     The distribution of the first symbol; the stationary one if not given.
///
/// Examples
/// --------
/// >>> from unmaskcost import MarkovChain, Order, Schedule
/// >>> chain = MarkovChain([[0.9, 0.1], [0.1, 0.9]])
/// >>> random = chain.information_curve(256).sampling_error(Schedule.balanced(256, 8))
/// >>> spread = chain.order_error(Order.spread(256), Schedule.balanced(256, 8))
/// >>> round(random, 2), round(spread, 2)
/// (8.56, 0.44)
#[pyclass(module = "unmaskcost", frozen, from_py_object)]
#[derive(Clone)]
pub struct MarkovChain(pub d::MarkovChain);

#[pymethods]
impl MarkovChain {
    #[new]
    #[pyo3(signature = (transition, initial = None))]
    fn new(
        py: Python<'_>,
        transition: &Bound<'_, PyAny>,
        initial: Option<&Bound<'_, PyAny>>,
    ) -> PyResult<Self> {
        let rows = matrix(transition)?;
        let initial = match initial {
            None => None,
            Some(initial) => Some(Floats::of(initial)?.doubles().into_owned()),
        };
        let chain = move || match initial {
            None => d::MarkovChain::stationary(&rows),
            Some(initial) => d::MarkovChain::from_transition(initial, &rows),
        };
        long::work(py, chain).map(Self)
    }

    /// Fitted to a sequence of symbols; ``smoothing`` is added to each count of a transition.
    #[staticmethod]
    #[pyo3(signature = (symbols, alphabet, smoothing = 0.5))]
    fn fit(
        py: Python<'_>,
        symbols: &Bound<'_, PyAny>,
        alphabet: usize,
        smoothing: f64,
    ) -> PyResult<Self> {
        let symbols = counts(symbols)?;
        long::work(py, move || d::MarkovChain::fit(&symbols, alphabet, smoothing)).map(Self)
    }

    /// Figures of the chain fitted to a text, with errors: from leaving out one block of it after another, which also
    /// takes out the bias of few counts and of smoothing.
    ///
    /// Parameters
    /// ----------
    /// symbols : sequence of int
    /// alphabet : int
    /// statistic : callable
    ///     Takes a MarkovChain; returns a float, or always as many floats.
    /// smoothing : float
    /// blocks : int
    ///
    /// Returns
    /// -------
    /// list of Estimate
    ///
    /// Examples
    /// --------
    /// >>> from unmaskcost import MarkovChain, Schedule
    /// >>> text = MarkovChain([[0.9, 0.1], [0.3, 0.7]]).sample(2000, seed=1)
    /// >>> schedule = Schedule.balanced(16, 4)
    /// >>> error = lambda chain: chain.information_curve(16).sampling_error(schedule)
    /// >>> [found] = MarkovChain.jackknife(text, 2, error)
    /// >>> found.value > 3 * found.standard_error
    /// True
    #[staticmethod]
    #[pyo3(signature = (symbols, alphabet, statistic, *, smoothing = 0.5, blocks = 30))]
    fn jackknife(
        symbols: &Bound<'_, PyAny>,
        alphabet: usize,
        statistic: &Bound<'_, PyAny>,
        smoothing: f64,
        blocks: usize,
    ) -> PyResult<Vec<Estimate>> {
        let figures = |chain: &d::MarkovChain| -> PyResult<Vec<f64>> {
            let given = statistic.call1((Self(chain.clone()),))?;
            match given.extract() {
                Ok(figure) => Ok(vec![figure]),
                Err(_) => Ok(Floats::of(&given)?.doubles().into_owned()),
            }
        };
        // What the function raises is raised here; the library only has to stop.
        let raised = std::cell::RefCell::new(None);
        let found =
            d::MarkovChain::jackknife(&counts(symbols)?, alphabet, smoothing, blocks, |chain| {
                figures(chain).map_err(|error| {
                    *raised.borrow_mut() = Some(error);
                    unmaskcost::Error::Empty { what: "the list of values of the statistic" }
                })
            });
        match raised.into_inner() {
            Some(error) => Err(error),
            None => found.py().map(|found| found.into_iter().map(Estimate).collect()),
        }
    }

    /// S, the number of symbols.
    #[getter]
    fn alphabet(&self) -> usize {
        self.0.alphabet()
    }

    /// Row i is the distribution of the symbol after i: shape (S, S).
    #[getter]
    fn transition<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyArray2<f64>>> {
        let row = |symbol| self.0.row(symbol).unwrap_or_default().to_vec();
        Ok(PyArray2::from_vec2(py, &(0..self.0.alphabet()).map(row).collect::<Vec<_>>())?)
    }

    /// The distribution of the first symbol: shape (S,).
    #[getter]
    fn initial<'py>(&self, py: Python<'py>) -> Bound<'py, PyArray1<f64>> {
        array(py, self.0.initial().to_vec())
    }

    /// The entropy of a token given all before it, in the long run, in nats.
    fn entropy_rate(&self) -> PyResult<f64> {
        self.0.entropy_rate().py().map(|rate| rate.0)
    }

    /// The natural logarithm of the probability of a sequence. Divided by its length and negated: what a symbol costs.
    fn log_probability(&self, sequence: &Bound<'_, PyAny>) -> PyResult<f64> {
        use d::ConditionalMarginal;
        self.0.log_probability(&counts(sequence)?).py().map(|value| value.0)
    }

    /// The exact curve of so many tokens.
    fn information_curve(&self, py: Python<'_>, tokens: usize) -> PyResult<InformationCurve> {
        let chain = self.0.clone();
        long::work(py, move || chain.information_curve(tokens)).map(InformationCurve)
    }

    /// The exact error of a schedule along an order, in nats.
    fn order_error(&self, py: Python<'_>, order: &Order, schedule: &Schedule) -> PyResult<f64> {
        let (chain, order, schedule) = (self.0.clone(), order.0.clone(), schedule.0.clone());
        long::work(py, move || chain.order_error(&order, &schedule)).map(|error| error.0)
    }

    /// One sequence of so many tokens; the same seed gives the same sequence.
    #[pyo3(signature = (tokens, *, seed))]
    fn sample<'py>(
        &self,
        py: Python<'py>,
        tokens: usize,
        seed: u64,
    ) -> PyResult<Bound<'py, PyArray1<i64>>> {
        use rand::SeedableRng;
        let mut generator = rand_chacha::ChaCha8Rng::seed_from_u64(seed);
        let sequence = self.0.sample(tokens, &mut generator).py()?;
        Ok(array(py, signed(sequence.into_iter())))
    }

    fn __repr__(&self) -> String {
        format!("<MarkovChain of {} symbols>", self.0.alphabet())
    }
}
