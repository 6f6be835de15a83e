//! What starts from measured numbers.

use numpy::PyArray1;
use pyo3::basic::CompareOp;
use pyo3::prelude::*;
use unmaskcost::{Nats, measured};

use crate::arrays::{Floats, array, counts};
use crate::errors::Raise;
use crate::html;
use crate::json;
use crate::schedule::{Schedule, signed};
use crate::values::Estimate;

/// Collects evaluations (revealed count, mean loss of a masked token) and keeps their moments.
///
/// Collectors of parts are merged to the collector of the whole, and pickle: any engine can do the
/// reduction.
///
/// Examples
/// --------
/// >>> from unmaskcost import Collector
/// >>> here, there = Collector(3), Collector(3)
/// >>> here.record([0, 0], [2.0, 3.0])
/// >>> there.record([0, 2, 2], [4.0, 1.0, 2.0])
/// >>> here.merge(there)
/// >>> here.losses(least_samples=2).loss(0).value
/// 3.0
#[pyclass(module = "unmaskcost")]
pub struct Collector(measured::Collector);

#[pymethods]
impl Collector {
    #[new]
    fn new(tokens: usize) -> PyResult<Self> {
        measured::Collector::new(tokens).py().map(Self)
    }

    #[getter]
    fn tokens(&self) -> usize {
        self.0.tokens()
    }

    /// How many evaluations were recorded at this count.
    fn samples(&self, revealed: usize) -> u64 {
        self.0.samples(revealed)
    }

    /// Records evaluations: counts and losses of the same length, or one of each. All or none.
    fn record(&mut self, revealed: &Bound<'_, PyAny>, loss: &Bound<'_, PyAny>) -> PyResult<()> {
        if let (Ok(revealed), Ok(loss)) = (revealed.extract::<usize>(), loss.extract::<f64>()) {
            return self.0.record(revealed, Nats(loss)).py();
        }
        let (revealed, losses) = (counts(revealed)?, Floats::of(loss)?);
        let losses = losses.doubles();
        if revealed.len() != losses.len() {
            return Err(crate::errors::exception(&unmaskcost::Error::LengthMismatch {
                what: "the list of losses",
                found: losses.len(),
                expected: revealed.len(),
            }));
        }
        let mut whole = self.0.clone();
        for (&revealed, &loss) in revealed.iter().zip(losses.iter()) {
            whole.record(revealed, Nats(loss)).py()?;
        }
        self.0 = whole;
        Ok(())
    }

    /// Adds all evaluations of another collector.
    fn merge(&mut self, other: &Self) -> PyResult<()> {
        self.0.merge(&other.0).py()
    }

    /// The losses at all counts with at least so many evaluations.
    #[pyo3(signature = (*, least_samples = 2))]
    fn losses(&self, least_samples: u64) -> PyResult<Losses> {
        self.0.loss_curve(least_samples).py().map(Losses)
    }

    fn to_json(&self) -> PyResult<String> {
        json::text(&self.0)
    }

    #[staticmethod]
    fn from_json(text: &str) -> PyResult<Self> {
        json::read(text).map(Self)
    }

    fn __reduce__(slf: &Bound<'_, Self>) -> PyResult<(Py<PyAny>, (String,))> {
        let text = slf.borrow().to_json()?;
        Ok((slf.get_type().getattr("from_json")?.unbind(), (text,)))
    }

    fn __richcmp__(&self, other: &Self, operator: CompareOp) -> Option<bool> {
        json::equality(self.0 == other.0, operator)
    }

    fn __repr__(&self) -> String {
        let evaluations: u64 = (0..self.0.tokens()).map(|k| self.0.samples(k)).sum();
        format!("<Collector for {} tokens: {evaluations} evaluations>", self.0.tokens())
    }
}

/// Mean losses of a masked token at some numbers of revealed tokens, in nats, with their errors.
///
/// Parameters
/// ----------
/// tokens : int
///     L, the length of a sequence.
/// revealed : sequence of int, shape (n,)
/// loss : sequence of float, shape (n,)
///     Mean cross-entropy of a masked token.
/// standard_error : sequence of float, shape (n,), optional
///     Exact losses if not given.
/// samples : sequence of int, shape (n,), optional
///     How many sequences each is the mean of.
#[pyclass(module = "unmaskcost", frozen, from_py_object)]
#[derive(Clone)]
pub struct Losses(pub measured::LossCurve);

#[pymethods]
impl Losses {
    #[new]
    #[pyo3(signature = (tokens, revealed, loss, standard_error = None, samples = None))]
    fn new(
        tokens: usize,
        revealed: &Bound<'_, PyAny>,
        loss: &Bound<'_, PyAny>,
        standard_error: Option<&Bound<'_, PyAny>>,
        samples: Option<&Bound<'_, PyAny>>,
    ) -> PyResult<Self> {
        let revealed = counts(revealed)?;
        let loss = Floats::of(loss)?.doubles().into_owned();
        let errors = standard_error.map(Floats::of).transpose()?;
        let errors = errors.map_or_else(|| vec![0.0; loss.len()], |e| e.doubles().into_owned());
        let samples = samples.map(counts).transpose()?;
        for (what, found) in [
            ("the list of losses", loss.len()),
            ("the list of standard errors", errors.len()),
            ("the list of samples", samples.as_ref().map_or(revealed.len(), Vec::len)),
        ] {
            if found != revealed.len() {
                let expected = revealed.len();
                return Err(crate::errors::exception(&unmaskcost::Error::LengthMismatch {
                    what,
                    found,
                    expected,
                }));
            }
        }
        let points: Vec<_> = (0..revealed.len())
            .map(|i| measured::LossPoint {
                revealed: revealed[i],
                loss: Nats(loss[i]),
                standard_error: Nats(errors[i]),
                samples: samples.as_ref().map(|samples| samples[i] as u64),
            })
            .collect();
        measured::LossCurve::from_points(points, tokens).py().map(Self)
    }

    /// From the columns of a table: a mapping or a DataFrame (pandas, polars) with ``revealed``, ``loss_nats``
    /// and, if there, ``standard_error_nats`` and ``samples``.
    ///
    /// Examples
    /// --------
    /// >>> from unmaskcost import Losses
    /// >>> Losses.from_columns({"revealed": [0, 3], "loss_nats": [2.0, 1.0]}, 4)
    /// <Losses of 4 tokens, measured at 2 counts>
    #[staticmethod]
    fn from_columns(table: &Bound<'_, PyAny>, tokens: usize) -> PyResult<Self> {
        let numpy = table.py().import("numpy")?;
        let column = |name: &str| numpy.call_method1("asarray", (table.get_item(name)?,));
        let optional = |name: &str| match table.contains(name)? {
            true => column(name).map(Some),
            false => Ok(None),
        };
        let (errors, samples) = (optional("standard_error_nats")?, optional("samples")?);
        let (revealed, losses) = (column("revealed")?, column("loss_nats")?);
        Self::new(tokens, &revealed, &losses, errors.as_ref(), samples.as_ref())
    }

    /// From the text of a CSV file with the columns of the guide.
    #[staticmethod]
    fn from_csv(text: &str, tokens: usize) -> PyResult<Self> {
        measured::LossCurve::from_csv(text, tokens).py().map(Self)
    }

    #[getter]
    fn tokens(&self) -> usize {
        self.0.tokens()
    }

    /// The counts measured, shape (n,).
    #[getter]
    fn revealed<'py>(&self, py: Python<'py>) -> Bound<'py, PyArray1<i64>> {
        array(py, signed(self.0.points().iter().map(|point| point.revealed)))
    }

    /// The loss at a count, by a straight line between measured counts.
    fn loss(&self, revealed: usize) -> PyResult<Estimate> {
        self.0.loss(revealed).py().map(Estimate)
    }

    /// What a schedule costs beyond one token a step, in nats a sequence, with its error.
    fn parallelism_cost(&self, schedule: &Schedule) -> PyResult<Estimate> {
        self.0.parallelism_cost(&schedule.0).py().map(Estimate)
    }

    /// How much more a schedule costs than another, with its error.
    fn cost_difference(&self, schedule: &Schedule, baseline: &Schedule) -> PyResult<Estimate> {
        self.0.cost_difference(&schedule.0, &baseline.0).py().map(Estimate)
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

    fn __richcmp__(&self, other: &Self, operator: CompareOp) -> Option<bool> {
        json::equality(self.0 == other.0, operator)
    }

    fn __hash__(&self) -> PyResult<u64> {
        self.to_json().map(|text| json::hash(&text))
    }

    fn _repr_html_(&self) -> String {
        let rows = self.0.points().iter().map(|point| {
            vec![
                point.revealed.to_string(),
                format!("{:.4}", point.loss.0),
                format!("{:.4}", point.standard_error.0),
                point.samples.map_or_else(String::new, |samples| samples.to_string()),
            ]
        });
        html::table(&["revealed", "loss, nats", "standard error", "samples"], rows)
    }

    fn __repr__(&self) -> String {
        format!(
            "<Losses of {} tokens, measured at {} counts>",
            self.0.tokens(),
            self.0.points().len()
        )
    }
}

/// The counts to measure at: close where losses fall fast.
#[pyfunction]
pub fn measurement_counts<'py>(
    py: Python<'py>,
    tokens: usize,
    points: usize,
) -> PyResult<Bound<'py, PyArray1<i64>>> {
    let found = measured::measurement_counts(tokens, points).py()?;
    Ok(array(py, signed(found.into_iter())))
}
