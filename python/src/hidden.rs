//! Hidden Markov chains, and chains that look further back.

use numpy::{PyArray1, PyArray2};
use pyo3::prelude::*;
use unmaskcost::distribution::{self as d, ConditionalMarginal};

use crate::arrays::{array, counts, list};
use crate::distribution::{JointTable, MarkovChain, matrix};
use crate::errors::Raise;
use crate::long;
use crate::schedule::signed;

/// A chain of states that nobody sees, each of which shows a symbol.
///
/// Parameters
/// ----------
/// states : MarkovChain
///     The chain of the Z states.
/// emission : array of shape (Z, S)
///     Row z is the distribution of the symbol that state z shows.
///
/// Examples
/// --------
/// >>> from unmaskcost import HiddenMarkovChain, MarkovChain
/// >>> states = MarkovChain([[0.95, 0.05], [0.05, 0.95]])
/// >>> hidden = HiddenMarkovChain(states, [[0.8, 0.1, 0.1], [0.1, 0.1, 0.8]])
/// >>> hidden.conditional_marginals([0, None, 0, None])[0].round(2)
/// array([0.78, 0.1 , 0.12])
#[pyclass(module = "unmaskcost", frozen, from_py_object)]
#[derive(Clone)]
pub struct HiddenMarkovChain(d::HiddenMarkovChain);

#[pymethods]
impl HiddenMarkovChain {
    #[new]
    fn new(states: &MarkovChain, emission: &Bound<'_, PyAny>) -> PyResult<Self> {
        d::HiddenMarkovChain::new(states.0.clone(), &matrix(emission)?).py().map(Self)
    }

    /// The chain in which a symbol depends on the last ``order`` ones, fitted to a text. Take the order that costs
    /// least on other text.
    ///
    /// ``smoothing`` times the number of symbols is the weight of the order below (of equal probabilities, for orders 0 and
    /// 1) in counts: (n(x, y) + S s P(y | shorter x)) / (n(x) + S s). There may be 2,048 contexts: order 2 of 27 letters,
    /// order 11 of bits.
    #[staticmethod]
    #[pyo3(signature = (symbols, alphabet, order, smoothing = 0.5))]
    fn fit_order(
        py: Python<'_>,
        #[pyo3(from_py_with = counts)] symbols: Vec<usize>,
        alphabet: usize,
        order: usize,
        smoothing: f64,
    ) -> PyResult<Self> {
        let fit = move || d::HiddenMarkovChain::fit_order(&symbols, alphabet, order, smoothing);
        long::work(py, fit).map(Self)
    }

    /// The hidden chain under which these sequences are more likely, by at most so many iterations from this one; fewer
    /// if they gain no more. ``smoothing`` is added to each expected count.
    #[pyo3(signature = (sequences, smoothing = 0.5, iterations = 100))]
    fn baum_welch(
        &self,
        py: Python<'_>,
        #[pyo3(from_py_with = list)] sequences: Vec<Bound<'_, PyAny>>,
        smoothing: f64,
        iterations: usize,
    ) -> PyResult<Self> {
        let sequences = sequences.iter().map(counts).collect::<PyResult<Vec<_>>>()?;
        let start = self.0.clone();
        long::work(py, move || start.baum_welch(&sequences, smoothing, iterations)).map(Self)
    }

    /// S, the number of symbols.
    #[getter]
    fn alphabet(&self) -> usize {
        self.0.alphabet()
    }

    /// The chain of the states.
    #[getter]
    fn states(&self) -> MarkovChain {
        MarkovChain(self.0.states().clone())
    }

    /// The distributions of what the states show, shape (Z, S).
    #[getter]
    fn emission<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyArray2<f64>>> {
        let row = |state| self.0.emission(state).unwrap_or_default().to_vec();
        let rows: Vec<Vec<f64>> = (0..self.0.states().alphabet()).map(row).collect();
        Ok(PyArray2::from_vec2(py, &rows)?)
    }

    /// The natural logarithm of the probability of a sequence. Divided by its length and negated: what a symbol costs.
    fn log_probability(
        &self,
        py: Python<'_>,
        #[pyo3(from_py_with = counts)] sequence: Vec<usize>,
    ) -> PyResult<f64> {
        let hidden = self.0.clone();
        long::work(py, move || hidden.log_probability(&sequence)).map(|value| value.0)
    }

    /// The distributions of all masked tokens, in their order, given the others: shape (masked, S).
    ///
    /// ``tokens`` has one entry per token: its symbol, or None where it is masked.
    fn conditional_marginals<'py>(
        &self,
        py: Python<'py>,
        #[pyo3(from_py_with = list)] tokens: Vec<Option<usize>>,
    ) -> PyResult<Bound<'py, PyArray2<f64>>> {
        let hidden = self.0.clone();
        let rows = long::work(py, move || hidden.conditional_marginals(&tokens))?;
        Ok(PyArray2::from_vec2(py, &rows)?)
    }

    /// The joint table of the first tokens, for few of them.
    fn joint_table(&self, py: Python<'_>, tokens: usize) -> PyResult<JointTable> {
        let hidden = self.0.clone();
        long::work(py, move || hidden.joint_table(tokens)).map(JointTable)
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
        let (states, symbols) = (self.0.states().alphabet(), self.0.alphabet());
        format!("<HiddenMarkovChain of {states} states and {symbols} symbols>")
    }
}
