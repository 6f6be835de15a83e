//! Bounds from part of a curve.

use pyo3::prelude::*;
use unmaskcost::bounds::{self, Knowledge, sharp};
use unmaskcost::{Nats, Result};

use crate::arrays::Floats;
use crate::curve::InformationCurve;
use crate::errors::Raise;
use crate::schedule::Schedule;
use crate::values::KlBounds;

/// What is known of a distribution over ``tokens`` tokens: everything in nats, everything optional.
///
/// Parameters
/// ----------
/// tokens : int
/// information : dict of int to float or (float, float), optional
///     I_k at some k, or an interval for it.
/// total_correlation, dual_total_correlation, token_information, single_token_entropy : float, optional
///
/// Examples
/// --------
/// >>> from unmaskcost import Known, Schedule
/// >>> known = Known(16, total_correlation=3.0, dual_total_correlation=2.0)
/// >>> known.bounds(Schedule.balanced(16, 4))
/// KlBounds(...)
#[pyclass(module = "unmaskcost", frozen, from_py_object)]
#[derive(Clone)]
pub struct Known(pub sharp::Known);

#[derive(FromPyObject)]
enum Information {
    Exactly(f64),
    Between(f64, f64),
}

#[pymethods]
impl Known {
    #[new]
    #[pyo3(signature = (tokens, *, information = None, total_correlation = None, dual_total_correlation = None,
        token_information = None, single_token_entropy = None))]
    fn new(
        tokens: usize,
        information: Option<std::collections::BTreeMap<usize, Information>>,
        total_correlation: Option<f64>,
        dual_total_correlation: Option<f64>,
        token_information: Option<f64>,
        single_token_entropy: Option<f64>,
    ) -> Self {
        let mut known = sharp::Known::about(tokens);
        for (k, value) in information.unwrap_or_default() {
            known = match value {
                Information::Exactly(value) => known.information(k, Nats(value)),
                Information::Between(low, high) => {
                    known.information_between(k, Nats(low), Nats(high))
                }
            };
        }
        if let Some(value) = total_correlation {
            known = known.total_correlation(Nats(value));
        }
        if let Some(value) = dual_total_correlation {
            known = known.dual_total_correlation(Nats(value));
        }
        if let Some(value) = token_information {
            known = known.token_information(Nats(value));
        }
        if let Some(value) = single_token_entropy {
            known = known.single_token_entropy(Nats(value));
        }
        Self(known)
    }

    /// The smallest interval that holds the error of every distribution of which all this is true.
    fn bounds(&self, schedule: &Schedule) -> PyResult<KlBounds> {
        self.0.bounds(&schedule.0).py().map(KlBounds)
    }

    /// The lower end alone, which is there also where the upper one is unbounded.
    fn lower(&self, schedule: &Schedule) -> PyResult<f64> {
        self.0.lower(&schedule.0).py().map(|bound| bound.0)
    }

    /// A curve that agrees with all this and attains the upper bound.
    fn upper_witness(&self, schedule: &Schedule) -> PyResult<InformationCurve> {
        self.0.upper_witness(&schedule.0).py().map(InformationCurve)
    }

    /// A curve that agrees with all this and attains the lower bound.
    fn lower_witness(&self, schedule: &Schedule) -> PyResult<InformationCurve> {
        self.0.lower_witness(&schedule.0).py().map(InformationCurve)
    }
}

fn nats(bound: Result<Nats>) -> PyResult<f64> {
    bound.py().map(|bound| bound.0)
}

/// Li & Cai, arXiv 2505.21400, Theorem 1: an upper bound for this schedule, in nats.
#[pyfunction]
pub fn li_cai_upper(token_information: f64, schedule: &Schedule) -> PyResult<f64> {
    nats(bounds::li_cai::upper(Nats(token_information), &schedule.0))
}

/// Li & Cai, Theorem 2's form: an upper bound for this schedule from the whole curve, in nats.
#[pyfunction]
pub fn li_cai_refined_upper(curve: &InformationCurve, schedule: &Schedule) -> PyResult<f64> {
    nats(bounds::li_cai::refined_upper(&curve.0, &schedule.0))
}

/// Li & Cai, Theorem 2: *some* schedule with no step larger than ``largest_step`` has at least this error, in nats.
#[pyfunction]
pub fn li_cai_worst_schedule_lower(curve: &InformationCurve, largest_step: usize) -> PyResult<f64> {
    nats(bounds::li_cai::worst_schedule_lower(&curve.0, largest_step))
}

/// The sharp interval from the sum of I(X_i; X_{-i}) alone.
#[pyfunction]
pub fn from_token_information(token_information: f64, schedule: &Schedule) -> PyResult<KlBounds> {
    sharp::from_token_information(Nats(token_information), &schedule.0).py().map(KlBounds)
}

/// The sharp interval from the mean entropy of a single token alone.
#[pyfunction]
pub fn from_single_token_entropy(
    single_token_entropy: f64,
    schedule: &Schedule,
) -> PyResult<KlBounds> {
    sharp::from_single_token_entropy(Nats(single_token_entropy), &schedule.0).py().map(KlBounds)
}

/// The sharp interval from the total correlation alone.
#[pyfunction]
pub fn from_total_correlation(total_correlation: f64, schedule: &Schedule) -> PyResult<KlBounds> {
    sharp::from_total_correlation(Nats(total_correlation), &schedule.0).py().map(KlBounds)
}

/// The sharp interval from the dual total correlation alone.
#[pyfunction]
pub fn from_dual_total_correlation(
    dual_total_correlation: f64,
    schedule: &Schedule,
) -> PyResult<KlBounds> {
    sharp::from_dual_total_correlation(Nats(dual_total_correlation), &schedule.0).py().map(KlBounds)
}

/// The sharp interval from both correlations.
#[pyfunction]
pub fn from_correlations(
    total_correlation: f64,
    dual_total_correlation: f64,
    schedule: &Schedule,
) -> PyResult<KlBounds> {
    sharp::from_correlations(Nats(total_correlation), Nats(dual_total_correlation), &schedule.0)
        .py()
        .map(KlBounds)
}

/// Every bound of the library for one curve and schedule, as a table to read.
#[pyfunction]
pub fn compare(curve: &InformationCurve, schedule: &Schedule) -> PyResult<String> {
    bounds::compare(&curve.0, &schedule.0).py().map(|comparison| comparison.to_string())
}

/// An upper bound for the KL of one round by its confidences (probabilities of the likeliest symbols), in nats.
///
/// Source: the sum of h(1 - c) without the largest, h(e) = H_b(e) + e ln(V - 1); for equal confidences Fast-dLLM's
/// Theorem 1, arXiv 2505.22618.
///
/// Examples
/// --------
/// >>> from unmaskcost import bounds
/// >>> round(bounds.confidence_kl_upper([0.9, 0.9], vocabulary=126_000), 2)
/// 1.5
#[pyfunction]
pub fn confidence_kl_upper(confidences: &Bound<'_, PyAny>, vocabulary: usize) -> PyResult<f64> {
    nats(bounds::confidence::kl_upper(&Floats::of(confidences)?.doubles(), vocabulary))
}

/// An upper bound for the total variation of one round by its confidences: the sum of 1 - c, at most 1.
#[pyfunction]
pub fn confidence_total_variation_upper(confidences: &Bound<'_, PyAny>) -> PyResult<f64> {
    bounds::confidence::total_variation_upper(&Floats::of(confidences)?.doubles()).py()
}

/// An upper bound for every distribution whose TC or DTC, whichever is smaller, is given: rho min(TC, DTC), in nats.
#[pyfunction]
pub fn universal_upper(smaller_correlation: f64, schedule: &Schedule) -> PyResult<f64> {
    nats(bounds::universal::from_smaller_correlation(Nats(smaller_correlation), &schedule.0))
}
