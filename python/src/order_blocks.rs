//! Losses along an order.

use numpy::{PyArray1, PyReadonlyArray3};
use pyo3::prelude::*;
use unmaskcost::measured::{self, OrderPass};
use unmaskcost::{Error, Nats};

use crate::arrays::{array, counts, list, list_if_any};
use crate::errors::{Raise, exception};
use crate::html;
use crate::schedule::Schedule;
use crate::values::Estimate;

/// The losses of a model along an order, in blocks, for each of some sequences: they price every schedule whose
/// steps begin at measured counts, exactly and paired by sequence.
///
/// Parameters
/// ----------
/// name : str
///     Name of the order.
/// counts : sequence of int, shape (c,)
///     Numbers of known tokens, 0 among them.
/// losses : array of float, shape (n, c, L)
///     ``losses[i, j, r]`` is -ln p of the token of rank r of sequence i when its first ``counts[j]`` tokens in the
///     order are known, in nats. Entries with r < counts[j] are not looked at.
/// sequences, documents : sequence of str, shape (n,), optional
///     Names; what shares a document is taken as dependent.
///
/// Examples
/// --------
/// >>> import numpy as np
/// >>> from unmaskcost import OrderBlocks, Schedule
/// >>> losses = np.array([[[2.0, 2.5, 1.5], [0, 2.0, 1.0], [0, 0, 0.75]],
/// ...                    [[3.0, 2.0, 1.0], [0, 1.5, 0.5], [0, 0, 0.5]]])
/// >>> blocks = OrderBlocks("spread", [0, 1, 2], losses)
/// >>> blocks.losses(Schedule([1, 2]))
/// array([5., 5.])
/// >>> blocks.cost(Schedule([1, 2])).value       # beyond one at a time, along this order
/// 0.125
#[pyclass(module = "unmaskcost", frozen)]
pub struct OrderBlocks(measured::OrderBlocks);

/// Names as they came, or "0", "1", ...
pub fn names(given: Option<Vec<Bound<'_, PyAny>>>, number: usize) -> PyResult<Vec<String>> {
    match given {
        Some(given) if given.len() != number => Err(exception(&Error::LengthMismatch {
            what: "the list of names",
            found: given.len(),
            expected: number,
        })),
        Some(given) => given.iter().map(|name| Ok(name.str()?.to_string())).collect(),
        None => Ok((0..number).map(|i| i.to_string()).collect()),
    }
}

#[pymethods]
impl OrderBlocks {
    #[new]
    #[pyo3(signature = (name, counts, losses, *, sequences = None, documents = None))]
    fn new(
        py: Python<'_>,
        name: &str,
        #[pyo3(from_py_with = counts)] counts: Vec<usize>,
        losses: &Bound<'_, PyAny>,
        #[pyo3(from_py_with = list_if_any)] sequences: Option<Vec<Bound<'_, PyAny>>>,
        #[pyo3(from_py_with = list_if_any)] documents: Option<Vec<Bound<'_, PyAny>>>,
    ) -> PyResult<Self> {
        let numpy = py.import("numpy")?;
        let losses: PyReadonlyArray3<'_, f64> =
            numpy.call_method1("asarray", (losses, "float64"))?.extract().map_err(|_| {
                pyo3::exceptions::PyValueError::new_err(
                    "losses of shape (sequences, counts, tokens) are needed",
                )
            })?;
        let losses = losses.as_array();
        let (number, passes, tokens) = losses.dim();
        if passes != counts.len() {
            let (what, found) = ("the second axis of the losses", passes);
            return Err(exception(&Error::LengthMismatch { what, found, expected: counts.len() }));
        }
        let sequences = names(sequences, number)?;
        let documents = documents.map(|given| names(Some(given), number)).transpose()?;
        let mut made = Vec::with_capacity(number * passes);
        for (i, sequence) in sequences.iter().enumerate() {
            for (j, &known) in counts.iter().enumerate() {
                let of_unknown: Vec<f64> =
                    (known.min(tokens)..tokens).map(|rank| losses[[i, j, rank]]).collect();
                let pass = OrderPass::new(sequence.as_str(), known, of_unknown);
                made.push(match &documents {
                    Some(documents) => pass.of_document(documents[i].as_str()),
                    None => pass,
                });
            }
        }
        measured::OrderBlocks::from_passes(name, made, tokens).py().map(Self)
    }

    /// All orders of the text of a CSV file: order, sequence, revealed, until, nll_nats, and perhaps document.
    #[staticmethod]
    fn from_csv(text: &str, tokens: usize) -> PyResult<Vec<Self>> {
        let orders = measured::OrderBlocks::from_csv(text, tokens).py()?;
        Ok(orders.into_iter().map(Self).collect())
    }

    /// Name of the order.
    #[getter]
    fn name(&self) -> &str {
        self.0.name()
    }

    /// L, the tokens of a sequence.
    #[getter]
    fn tokens(&self) -> usize {
        self.0.tokens()
    }

    /// The names of the sequences.
    #[getter]
    fn sequences(&self) -> Vec<&str> {
        self.0.sequences().collect()
    }

    /// -ln q of each sequence decoded by this schedule, in nats, shape (n,).
    fn losses<'py>(
        &self,
        py: Python<'py>,
        schedule: &Schedule,
    ) -> PyResult<Bound<'py, PyArray1<f64>>> {
        let losses = self.0.losses(&schedule.0).py()?;
        Ok(array(py, losses.into_iter().map(|loss| loss.0).collect()))
    }

    /// The mean of ``losses``, with its error from the spread over documents.
    fn mean_loss(&self, schedule: &Schedule) -> PyResult<Estimate> {
        self.0.mean_loss(&schedule.0).py().map(Estimate)
    }

    /// What a schedule costs beyond one token at a time along the same order, in nats a sequence.
    fn cost(&self, schedule: &Schedule) -> PyResult<Estimate> {
        self.0.cost(&schedule.0).py().map(Estimate)
    }

    /// By how much a schedule loses more than another one, perhaps of another order, on the same sequences.
    fn difference(
        &self,
        schedule: &Schedule,
        other: &Self,
        other_schedule: &Schedule,
    ) -> PyResult<Estimate> {
        self.0.difference(&schedule.0, &other.0, &other_schedule.0).py().map(Estimate)
    }

    /// The sizes of least mean loss by all sequences. What to expect elsewhere, ``choose`` says.
    fn best_schedule(&self, steps: usize) -> PyResult<Schedule> {
        self.0.best_schedule(steps).py().map(Schedule)
    }

    /// Sizes as equal as the measured counts allow.
    fn balanced_schedule(&self, steps: usize) -> PyResult<Schedule> {
        self.0.balanced_schedule(steps).py().map(Schedule)
    }

    /// The sizes to use: chosen on half of the documents, judged on the other, balanced unless others are better.
    fn choose(&self, steps: usize) -> PyResult<OrderChoice> {
        self.0.choose(steps).py().map(OrderChoice)
    }

    /// The choice of fewest steps that costs at most ``tolerance`` nats beyond one token at a time.
    fn fewest_steps(&self, tolerance: f64) -> PyResult<OrderChoice> {
        self.0.fewest_steps(Nats(tolerance)).py().map(OrderChoice)
    }

    fn __repr__(&self) -> String {
        format!(
            "<OrderBlocks of {:?}: {} tokens, {} sequences, {} blocks>",
            self.0.name(),
            self.0.tokens(),
            self.0.sequences().len(),
            self.0.blocks().len()
        )
    }
}

/// An order and the sizes to use with it.
#[pyclass(module = "unmaskcost", frozen)]
pub struct OrderChoice(measured::OrderChoice);

#[pymethods]
impl OrderChoice {
    /// Name of the order.
    #[getter]
    fn order(&self) -> &str {
        &self.0.order
    }

    /// The sizes to use.
    #[getter]
    fn schedule(&self) -> Schedule {
        Schedule(self.0.schedule.clone())
    }

    /// The best sizes by all sequences.
    #[getter]
    fn best(&self) -> Schedule {
        Schedule(self.0.best.clone())
    }

    /// Equal sizes, as far as the measured counts allow.
    #[getter]
    fn balanced(&self) -> Schedule {
        Schedule(self.0.balanced.clone())
    }

    /// By how much chosen sizes lose more than balanced ones on documents that had no part in the choice.
    #[getter]
    fn change(&self) -> Estimate {
        Estimate(self.0.change)
    }

    /// "certain", "likely" or "within noise": what ``change`` shows.
    #[getter]
    fn verdict(&self) -> String {
        self.0.verdict.to_string()
    }

    /// The mean loss of a sequence, in nats.
    #[getter]
    fn loss(&self) -> Estimate {
        Estimate(self.0.loss)
    }

    /// The same beyond one token at a time, if single tokens were measured.
    #[getter]
    fn cost(&self) -> Option<Estimate> {
        self.0.cost.map(Estimate)
    }

    fn __repr__(&self) -> String {
        let cost = self.0.cost.map_or_else(String::new, |cost| format!(", cost {cost:.3}"));
        format!("<OrderChoice: {} by {}{cost}>", self.0.order, self.0.schedule)
    }

    fn _repr_html_(&self) -> String {
        let row = |name: &str, text: String| vec![name.to_owned(), text];
        let rows = [
            row("order", self.0.order.clone()),
            row("sizes", self.0.schedule.to_string()),
            row("loss", format!("{:.3}", self.0.loss)),
            row("chosen against balanced", format!("{:.3}, {}", self.0.change, self.0.verdict)),
        ];
        html::table(&["", ""], rows.into_iter())
    }
}

/// The choices for several orders, the one of least loss first.
#[pyfunction]
pub fn choose_order(
    #[pyo3(from_py_with = list)] orders: Vec<PyRef<'_, OrderBlocks>>,
    steps: usize,
) -> PyResult<Vec<OrderChoice>> {
    let orders: Vec<_> = orders.iter().map(|blocks| blocks.0.clone()).collect();
    let choices = measured::OrderBlocks::choose_order(&orders, steps).py()?;
    Ok(choices.into_iter().map(OrderChoice).collect())
}
