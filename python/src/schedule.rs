//! Schedules, orders and rounds.

use numpy::PyArray1;
use pyo3::basic::CompareOp;
use pyo3::prelude::*;
use rand::SeedableRng;

use crate::arrays::{array, counts};
use crate::errors::Raise;
use crate::json;

/// An unmasking schedule: reveal sizes in sampling order, each at least one.
///
/// Parameters
/// ----------
/// sizes : sequence of int, or str
///     Sizes in sampling order, or text such as ``"3, 2 x 4, 1"``.
///
/// Raises
/// ------
/// Error
///     For an empty list, a size of zero, or text that is no list of sizes.
///
/// Examples
/// --------
/// >>> from unmaskcost import Schedule
/// >>> schedule = Schedule([3, 2, 2, 1])
/// >>> schedule.tokens, schedule.steps, schedule.largest_step
/// (8, 4, 3)
/// >>> Schedule.balanced(10, 4)
/// Schedule([3, 3, 2, 2])
#[pyclass(module = "unmaskcost", frozen, from_py_object)]
#[derive(Clone)]
pub struct Schedule(pub unmaskcost::Schedule);

#[pymethods]
impl Schedule {
    #[new]
    fn new(sizes: &Bound<'_, PyAny>) -> PyResult<Self> {
        if let Ok(text) = sizes.extract::<String>() {
            return text.parse().py().map(Self);
        }
        unmaskcost::Schedule::from_reveal_sizes(counts(sizes)?).py().map(Self)
    }

    /// Sizes in sampling order: the first number is revealed first.
    #[staticmethod]
    fn from_reveal_sizes(sizes: &Bound<'_, PyAny>) -> PyResult<Self> {
        unmaskcost::Schedule::from_reveal_sizes(counts(sizes)?).py().map(Self)
    }

    /// Sizes in forward (masking) order, as Li & Cai (arXiv 2505.21400) index them; reversed here.
    #[staticmethod]
    fn from_mask_sizes(sizes: &Bound<'_, PyAny>) -> PyResult<Self> {
        unmaskcost::Schedule::from_mask_sizes(counts(sizes)?).py().map(Self)
    }

    /// Sizes that differ by at most one, the larger first.
    #[staticmethod]
    fn balanced(tokens: usize, steps: usize) -> PyResult<Self> {
        unmaskcost::Schedule::balanced(tokens, steps).py().map(Self)
    }

    /// One token a step: no sampling error.
    #[staticmethod]
    fn sequential(tokens: usize) -> PyResult<Self> {
        unmaskcost::Schedule::sequential(tokens).py().map(Self)
    }

    /// All tokens at once: the sampling error is the total correlation.
    #[staticmethod]
    fn one_step(tokens: usize) -> PyResult<Self> {
        unmaskcost::Schedule::one_step(tokens).py().map(Self)
    }

    /// The schedule itself, if it reveals exactly so many tokens; otherwise an error.
    fn covering(&self, tokens: usize) -> PyResult<Self> {
        self.0.clone().covering(tokens).py().map(Self)
    }

    /// L, the number of tokens revealed in all.
    #[getter]
    fn tokens(&self) -> usize {
        self.0.tokens()
    }

    /// T, the number of steps.
    #[getter]
    fn steps(&self) -> usize {
        self.0.steps()
    }

    /// The largest reveal size.
    #[getter]
    fn largest_step(&self) -> usize {
        self.0.largest_step()
    }

    /// The reveal sizes in sampling order, shape (T,).
    #[getter]
    fn sizes<'py>(&self, py: Python<'py>) -> Bound<'py, PyArray1<i64>> {
        array(py, signed(self.0.sizes().iter().copied()))
    }

    /// How many tokens are revealed before each step, shape (T,); the first is 0.
    fn revealed_before<'py>(&self, py: Python<'py>) -> Bound<'py, PyArray1<i64>> {
        array(py, signed(self.0.revealed_before()))
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
        self.0.steps()
    }

    fn __getitem__(&self, index: isize) -> PyResult<usize> {
        let length = self.0.steps() as isize;
        let place = if index < 0 { index + length } else { index };
        usize::try_from(place)
            .ok()
            .and_then(|place| self.0.sizes().get(place).copied())
            .ok_or_else(|| pyo3::exceptions::PyIndexError::new_err("step out of range"))
    }

    fn __hash__(&self) -> u64 {
        json::hash(&self.0)
    }

    fn __richcmp__(&self, other: &Self, operator: CompareOp) -> Option<bool> {
        json::equality(self.0 == other.0, operator)
    }

    fn __str__(&self) -> String {
        self.0.to_string()
    }

    fn __repr__(&self) -> String {
        let sizes = self.0.sizes();
        if sizes.len() <= 16 {
            format!("Schedule({sizes:?})")
        } else {
            format!("Schedule(\"{}\")", self.0)
        }
    }
}

/// Which position is revealed when, whatever the tokens are.
///
/// Parameters
/// ----------
/// positions : sequence of int
///     The positions in the order in which they are revealed: a permutation of ``range(L)``.
///
/// Examples
/// --------
/// >>> from unmaskcost import Order
/// >>> Order.left_to_right(4).positions.tolist()
/// [0, 1, 2, 3]
/// >>> Order.spread(8).positions.tolist()
/// [0, 4, 2, 6, 1, 5, 3, 7]
#[pyclass(module = "unmaskcost", frozen, from_py_object)]
#[derive(Clone)]
pub struct Order(pub unmaskcost::Order);

#[pymethods]
impl Order {
    #[new]
    fn new(positions: &Bound<'_, PyAny>) -> PyResult<Self> {
        unmaskcost::Order::from_positions(counts(positions)?).py().map(Self)
    }

    /// First to last.
    #[staticmethod]
    fn left_to_right(tokens: usize) -> PyResult<Self> {
        unmaskcost::Order::left_to_right(tokens).py().map(Self)
    }

    /// Far from each other first: bit reversal, for any number of tokens.
    #[staticmethod]
    fn spread(tokens: usize) -> PyResult<Self> {
        unmaskcost::Order::spread(tokens).py().map(Self)
    }

    /// Halton's order of a grid in two dimensions, row by row.
    #[staticmethod]
    fn halton_grid(height: usize, width: usize) -> PyResult<Self> {
        unmaskcost::Order::halton_grid(height, width).py().map(Self)
    }

    /// A uniformly random order; the same seed gives the same order.
    #[staticmethod]
    #[pyo3(signature = (tokens, *, seed))]
    fn random(tokens: usize, seed: u64) -> PyResult<Self> {
        let mut generator = rand_chacha::ChaCha8Rng::seed_from_u64(seed);
        unmaskcost::Order::random(tokens, &mut generator).py().map(Self)
    }

    /// The positions in the order in which they are revealed; also ``Order(positions)``.
    #[staticmethod]
    fn from_positions(positions: &Bound<'_, PyAny>) -> PyResult<Self> {
        Self::new(positions)
    }

    /// Every position moved to the right, around the end.
    fn shifted(&self, by: usize) -> Self {
        Self(self.0.clone().shifted(by))
    }

    /// L, the number of positions.
    #[getter]
    fn tokens(&self) -> usize {
        self.0.tokens()
    }

    /// The positions in the order in which they are revealed, shape (L,).
    #[getter]
    fn positions<'py>(&self, py: Python<'py>) -> Bound<'py, PyArray1<i64>> {
        array(py, signed(self.0.positions().iter().copied()))
    }

    /// For each position its place in the order, shape (L,).
    fn ranks<'py>(&self, py: Python<'py>) -> Bound<'py, PyArray1<i64>> {
        array(py, signed(self.0.ranks().into_iter()))
    }

    /// The positions of each step of a schedule: a list of T arrays.
    ///
    /// Examples
    /// --------
    /// >>> from unmaskcost import Order, Schedule
    /// >>> [r.tolist() for r in Order.spread(4).rounds(Schedule([1, 3]))]
    /// [[0], [2, 1, 3]]
    fn rounds<'py>(
        &self,
        py: Python<'py>,
        schedule: &Schedule,
    ) -> PyResult<Vec<Bound<'py, PyArray1<i64>>>> {
        let rounds = unmaskcost::schedule::Rounds::new(self.0.clone(), schedule.0.clone()).py()?;
        Ok(rounds.sets().map(|set| array(py, signed(set.iter().copied()))).collect())
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

    fn __hash__(&self) -> u64 {
        json::hash(&self.0)
    }

    fn __richcmp__(&self, other: &Self, operator: CompareOp) -> Option<bool> {
        json::equality(self.0 == other.0, operator)
    }

    fn __str__(&self) -> String {
        self.0.to_string()
    }

    fn __repr__(&self) -> String {
        let positions = self.0.positions();
        match positions.len() {
            0..=16 => format!("Order({positions:?})"),
            many => format!(
                "<Order of {many} positions: {}, {}, {}, ..>",
                positions[0], positions[1], positions[2]
            ),
        }
    }
}

/// From a ``step_map`` (for each token the pass that revealed it) to the order and the schedule.
///
/// Returns
/// -------
/// (Order, Schedule)
///
/// Examples
/// --------
/// >>> import unmaskcost
/// >>> order, schedule = unmaskcost.from_step_map([1, 1, 3, 2, 2, 1, 3, 3])
/// >>> schedule
/// Schedule([3, 2, 3])
#[pyfunction]
pub fn from_step_map(step_map: &Bound<'_, PyAny>) -> PyResult<(Order, Schedule)> {
    let rounds = unmaskcost::schedule::Rounds::from_step_map(counts(step_map)?).py()?;
    Ok((Order(rounds.order().clone()), Schedule(rounds.schedule().clone())))
}

pub fn signed(sizes: impl Iterator<Item = usize>) -> Vec<i64> {
    sizes.map(|size| i64::try_from(size).unwrap_or(i64::MAX)).collect()
}
