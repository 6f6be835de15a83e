//! Decoders that were run on held-out sequences, and what they lose against each other.

use pyo3::prelude::*;
use pyo3::types::PyDict;
use unmaskcost::{Nats, measured};

use crate::errors::Raise;
use crate::html;
use crate::values::Estimate;

/// Decoders run on held-out sequences, teacher-forced: rounds and -ln q of each sequence.
///
/// Examples
/// --------
/// >>> from unmaskcost import DecoderRuns
/// >>> runs = DecoderRuns()
/// >>> for sequence, (fast, slow) in enumerate([(31.0, 30.0), (29.5, 29.0), (33.0, 31.0)]):
/// ...     runs.record("fast", sequence, rounds=8, nll_nats=fast)
/// ...     runs.record("slow", sequence, rounds=64, nll_nats=slow)
/// >>> round(runs.difference("fast", "slow").value, 3)
/// 1.167
#[pyclass(module = "unmaskcost")]
pub struct DecoderRuns(pub measured::DecoderRuns);

#[pymethods]
impl DecoderRuns {
    #[new]
    fn new() -> Self {
        Self(measured::DecoderRuns::new())
    }

    /// From the text of a CSV file: decoder, sequence, rounds, nll_nats, and perhaps document, budget_nats.
    #[staticmethod]
    fn from_csv(text: &str) -> PyResult<Self> {
        measured::DecoderRuns::from_csv(text).py().map(Self)
    }

    /// Records one run of a decoder on a sequence.
    #[pyo3(signature = (decoder, sequence, *, rounds, nll_nats, document = None, budget_nats = None, draw = 0))]
    #[allow(clippy::too_many_arguments)]
    fn record(
        &mut self,
        decoder: &str,
        sequence: &Bound<'_, PyAny>,
        rounds: u64,
        nll_nats: f64,
        document: Option<&Bound<'_, PyAny>>,
        budget_nats: Option<f64>,
        draw: u64,
    ) -> PyResult<()> {
        let mut run =
            measured::Run::new(sequence.str()?.to_string(), rounds, Nats(nll_nats)).with_draw(draw);
        if let Some(document) = document {
            run = run.of_document(document.str()?.to_string());
        }
        if let Some(budget) = budget_nats {
            run = run.with_budget(Nats(budget));
        }
        self.0.record(decoder, run).py()
    }

    /// The names of the decoders, in the order in which they came.
    #[getter]
    fn decoders(&self) -> Vec<String> {
        self.0.decoders().map(str::to_owned).collect()
    }

    /// The mean -ln q of a decoder, in nats a sequence, with its error.
    fn mean_loss(&self, decoder: &str) -> PyResult<Estimate> {
        self.0.means(decoder).py().map(|means| Estimate(means.loss))
    }

    /// The mean number of rounds of a decoder.
    fn mean_rounds(&self, decoder: &str) -> PyResult<f64> {
        self.0.means(decoder).py().map(|means| means.rounds)
    }

    /// By how much the loss of one decoder exceeds another's on the same sequences, with its error.
    fn difference(&self, decoder: &str, other: &str) -> PyResult<Estimate> {
        self.0.difference(decoder, other).py().map(Estimate)
    }

    /// All decoders side by side, on the sequences that all of them ran on.
    ///
    /// Parameters
    /// ----------
    /// level : float
    ///     The confidence of all statements together.
    #[pyo3(signature = (*, level = 0.95))]
    fn compare(&self, level: f64) -> PyResult<DecoderComparison> {
        self.0.compare(level).py().map(DecoderComparison)
    }

    /// The decoder of fewest rounds whose loss is within ``tolerance`` nats of the best, at this confidence.
    #[pyo3(signature = (tolerance, *, level = 0.95))]
    fn fastest_within(&self, tolerance: f64, level: f64) -> PyResult<Option<String>> {
        let comparison = self.0.compare(level).py()?;
        let found = comparison.fastest_within(Nats(tolerance)).py()?;
        Ok(found.map(|decoder| decoder.name.clone()))
    }

    fn __repr__(&self) -> String {
        format!(
            "<DecoderRuns: {} decoders, {} sequences>",
            self.0.decoders().len(),
            self.0.sequences().len()
        )
    }
}

/// Decoders side by side: what each loses, what it could lose against the best, and its place on the frontier.
///
/// A sequence of rows, each a dict, from the fewest rounds on: ``pandas.DataFrame(list(comparison))`` is the table.
#[pyclass(module = "unmaskcost", frozen)]
pub struct DecoderComparison(measured::DecoderComparison);

impl DecoderComparison {
    fn row<'py>(
        py: Python<'py>,
        decoder: &measured::ComparedDecoder,
    ) -> PyResult<Bound<'py, PyDict>> {
        let row = PyDict::new(py);
        row.set_item("decoder", &decoder.name)?;
        row.set_item("rounds", decoder.means.rounds)?;
        row.set_item("loss", decoder.means.loss.value().0)?;
        row.set_item("standard_error", decoder.means.loss.standard_error().0)?;
        row.set_item("lower", decoder.loss.lower().0)?;
        row.set_item("upper", decoder.loss.upper().0)?;
        row.set_item("behind_best", decoder.behind_best.0)?;
        row.set_item("beaten_by", decoder.beaten_by.as_deref())?;
        row.set_item("budget", decoder.means.budget.as_ref().map(|budget| budget.value().0))?;
        let place = match decoder.place {
            measured::FrontierPlace::Hull => "hull",
            measured::FrontierPlace::Frontier => "frontier",
            measured::FrontierPlace::Dominated => "dominated",
        };
        row.set_item("place", place)?;
        Ok(row)
    }
}

#[pymethods]
impl DecoderComparison {
    /// The confidence of all statements together.
    #[getter]
    fn level(&self) -> f64 {
        self.0.level()
    }

    /// How many sequences were left out because not every decoder ran on them.
    #[getter]
    fn sequences_left_out(&self) -> usize {
        self.0.sequences_left_out()
    }

    /// The decoder of fewest rounds that is for certain within ``tolerance`` nats of the best; None if none is.
    fn fastest_within(&self, tolerance: f64) -> PyResult<Option<String>> {
        let found = self.0.fastest_within(Nats(tolerance)).py()?;
        Ok(found.map(|decoder| decoder.name.clone()))
    }

    fn __len__(&self) -> usize {
        self.0.decoders().len()
    }

    fn __getitem__<'py>(&self, py: Python<'py>, index: isize) -> PyResult<Bound<'py, PyDict>> {
        let rows = self.0.decoders();
        let place = if index < 0 { index + rows.len() as isize } else { index };
        let row = usize::try_from(place).ok().and_then(|place| rows.get(place));
        let row = row.ok_or_else(|| {
            pyo3::exceptions::PyIndexError::new_err(format!(
                "row {index} of {} decoders",
                rows.len()
            ))
        })?;
        Self::row(py, row)
    }

    fn __repr__(&self) -> String {
        let mut text = format!("{:>10}  {:>10}  {:>8}  decoder", "rounds", "nats", "error");
        for row in self.0.decoders() {
            let loss = &row.means.loss;
            let (value, error) = (loss.value().0, loss.standard_error().0);
            text +=
                &format!("\n{:>10.2}  {value:>10.3}  {error:>8.3}  {}", row.means.rounds, row.name);
        }
        text
    }

    fn _repr_html_(&self) -> String {
        let rows = self.0.decoders().iter().map(|row| {
            vec![
                row.name.clone(),
                format!("{:.2}", row.means.rounds),
                format!("{:.3}", row.means.loss),
                format!("{:.3}", row.behind_best),
                row.beaten_by.clone().unwrap_or_default(),
            ]
        });
        html::table(&["decoder", "rounds", "-ln q", "at most behind the best", "beaten by"], rows)
    }
}
