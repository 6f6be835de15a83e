//! Which sizes to use, by losses that were measured.

use numpy::PyReadonlyArray2;
use pyo3::prelude::*;
use unmaskcost::Nats;
use unmaskcost::measured::{self, MeasuredLosses, Planner, SequenceLosses};

use crate::arrays::{counts, list_if_any};
use crate::errors::{Raise, exception};
use crate::html;
use crate::measured::Losses;
use crate::order_blocks::names;
use crate::schedule::Schedule;
use crate::values::Estimate;

/// The losses of sequences that were each measured at many counts: what ``measured.measure`` gives.
///
/// A cost is then one number per sequence, so its error is smaller by far than with each sequence at one count.
///
/// Parameters
/// ----------
/// tokens : int
///     L, the length of a sequence.
/// counts : sequence of int, shape (c,)
///     Numbers of revealed tokens.
/// losses : array of float, shape (n, c)
///     Mean cross-entropy of a masked token, in nats; NaN where a sequence was not measured.
/// documents : sequence, shape (n,), optional
///     What shares a document is taken as dependent.
///
/// Examples
/// --------
/// >>> from unmaskcost import NestedLosses, Schedule
/// >>> nested = NestedLosses(4, [0, 1, 2, 3], [[5, 4.5, 4.25, 4], [2, 1.5, 1.25, .75], [3, 2.5, 2.25, 2.25]])
/// >>> print(f"{nested.parallelism_cost(Schedule.balanced(4, 2)).value:.3f}")
/// 0.750
#[pyclass(module = "unmaskcost", frozen, from_py_object)]
#[derive(Clone)]
pub struct NestedLosses(measured::NestedLosses);

#[pymethods]
impl NestedLosses {
    #[new]
    #[pyo3(signature = (tokens, counts, losses, *, documents = None))]
    fn new(
        py: Python<'_>,
        tokens: usize,
        #[pyo3(from_py_with = counts)] counts: Vec<usize>,
        losses: &Bound<'_, PyAny>,
        #[pyo3(from_py_with = list_if_any)] documents: Option<Vec<Bound<'_, PyAny>>>,
    ) -> PyResult<Self> {
        let losses = py.import("numpy")?.call_method1("asarray", (losses, "float64"))?;
        let losses: PyReadonlyArray2<'_, f64> = losses.extract().map_err(|_| {
            pyo3::exceptions::PyValueError::new_err(
                "losses of shape (sequences, counts) are needed",
            )
        })?;
        let losses = losses.as_array();
        if losses.ncols() != counts.len() {
            let (what, found) = ("the second axis of the losses", losses.ncols());
            let expected = counts.len();
            return Err(exception(&unmaskcost::Error::LengthMismatch { what, found, expected }));
        }
        let documents = documents.map(|given| names(Some(given), losses.nrows())).transpose()?;
        let sequences: Vec<SequenceLosses> = (0..losses.nrows())
            .map(|row| {
                let measured =
                    counts.iter().zip(losses.row(row)).filter(|(_, loss)| !loss.is_nan());
                let measured: Vec<_> = measured.map(|(&k, &loss)| (k, Nats(loss))).collect();
                let sequence = SequenceLosses::new(measured);
                match &documents {
                    Some(documents) => sequence.of_document(documents[row].as_str()),
                    None => sequence,
                }
            })
            .collect();
        measured::NestedLosses::from_sequences(sequences, tokens).py().map(Self)
    }

    /// L, the length of a sequence.
    #[getter]
    fn tokens(&self) -> usize {
        self.0.tokens()
    }

    /// How many sequences there are.
    #[getter]
    fn sequences(&self) -> usize {
        self.0.sequences()
    }

    /// How many documents they come from.
    #[getter]
    fn documents(&self) -> usize {
        self.0.documents()
    }

    /// The means by count.
    fn loss_curve(&self) -> Losses {
        Losses(self.0.loss_curve().clone())
    }

    /// What a schedule costs beyond one token a step, in nats a sequence, with its error over documents.
    fn parallelism_cost(&self, schedule: &Schedule) -> PyResult<Estimate> {
        self.0.parallelism_cost(&schedule.0).py().map(Estimate)
    }

    /// How much more a schedule costs than another, with the error of the paired difference.
    fn cost_difference(&self, schedule: &Schedule, baseline: &Schedule) -> PyResult<Estimate> {
        self.0.cost_difference(&schedule.0, &baseline.0).py().map(Estimate)
    }

    /// Two halves, by documents: one to choose by, the other to judge.
    fn halves(&self) -> PyResult<(Self, Self)> {
        let (first, second) = self.0.halves().py()?;
        Ok((Self(first), Self(second)))
    }

    fn __repr__(&self) -> String {
        format!(
            "<NestedLosses of {} tokens: {} sequences, {} documents>",
            self.0.tokens(),
            self.0.sequences(),
            self.0.documents()
        )
    }
}

/// Losses of either kind.
#[derive(FromPyObject)]
pub enum Measured {
    Nested(NestedLosses),
    Curve(Losses),
}

impl From<Measured> for MeasuredLosses {
    fn from(measured: Measured) -> Self {
        match measured {
            Measured::Nested(nested) => Self::Nested(nested.0),
            Measured::Curve(curve) => Self::Curve(curve.0),
        }
    }
}

/// Which sizes to use for so many steps: the best ones if choosing is shown to help, else the balanced ones.
///
/// Sizes are chosen by each of the two samples and judged by the other.
///
/// Parameters
/// ----------
/// select, evaluate : Losses or NestedLosses
///     Of different sequences, as ``NestedLosses.halves`` gives them.
/// steps : int
#[pyfunction]
pub fn advise(select: Measured, evaluate: Measured, steps: usize) -> PyResult<Advice> {
    let planner = Planner::new(select, evaluate).py()?;
    planner.advise(steps).py().map(Advice)
}

/// Which sizes to use, and how sure it is that they are better than equal ones.
#[pyclass(module = "unmaskcost", frozen)]
pub struct Advice(measured::Advice);

#[pymethods]
impl Advice {
    /// The sizes to use.
    #[getter]
    fn schedule(&self) -> Schedule {
        Schedule(self.0.schedule.clone())
    }

    /// The best sizes by both samples together.
    #[getter]
    fn best(&self) -> Schedule {
        Schedule(self.0.best.clone())
    }

    /// Equal sizes.
    #[getter]
    fn balanced(&self) -> Schedule {
        Schedule(self.0.balanced.clone())
    }

    /// What the sizes to use cost against one token a step, in nats a sequence.
    #[getter]
    fn cost(&self) -> Estimate {
        Estimate(self.0.cost)
    }

    /// What chosen sizes save against balanced ones; below zero if they cost more.
    #[getter]
    fn saved(&self) -> Estimate {
        Estimate(self.0.saved)
    }

    /// "certain", "likely" or "within noise": what ``saved`` shows.
    #[getter]
    fn verdict(&self) -> String {
        self.0.verdict.to_string()
    }

    /// How many times as many evaluations would make it certain.
    #[getter]
    fn evaluations_needed(&self) -> f64 {
        self.0.evaluations_needed
    }

    /// Whether the sizes to use are the best ones found, and not the balanced ones.
    #[getter]
    fn adapts(&self) -> bool {
        self.0.adapts()
    }

    fn __repr__(&self) -> String {
        let Advice(advice) = self;
        let kind = if advice.adapts() { "best" } else { "balanced" };
        format!(
            "<Advice: {kind} sizes {}; chosen ones save {:.3}, {}>",
            advice.schedule, advice.saved, advice.verdict
        )
    }

    fn _repr_html_(&self) -> String {
        let row = |name: &str, text: String| vec![name.to_owned(), text];
        let rows = [
            row("sizes to use", self.0.schedule.to_string()),
            row("cost", format!("{:.3}", self.0.cost)),
            row("saved by choosing", format!("{:.3}, {}", self.0.saved, self.0.verdict)),
        ];
        html::table(&["", ""], rows.into_iter())
    }
}
