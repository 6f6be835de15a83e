//! Reference values to 30 digits: `tests/cases.json`, computed at 60 digits from the definitions.
//! The program that made them is `tests/cases.py`.

use approx::assert_relative_eq;
use serde::Deserialize;
use unmaskcost::{InformationCurve, Schedule, distribution::JointTable, sampler};

#[derive(Deserialize)]
struct Reference {
    cases: Vec<Case>,
}

#[derive(Deserialize)]
struct Case {
    name: String,
    tokens: usize,
    conditional_entropies: Vec<String>,
    total_correlation: String,
    dual_total_correlation: String,
    errors: Vec<ErrorRow>,
    shape: Option<Vec<usize>>,
    weights: Option<Vec<u64>>,
}

#[derive(Deserialize)]
struct ErrorRow {
    reveal_sizes: Vec<usize>,
    sampling_error: String,
    averaged_law_kl: Option<String>,
}

fn cases() -> Vec<Case> {
    let text = include_str!("cases.json");
    serde_json::from_str::<Reference>(text).expect("cases.json is valid").cases
}

fn number(digits: &str) -> f64 {
    digits.parse().expect("a number")
}

/// Relative 1e-12; values that are zero in exact arithmetic are stored as rounding noise of 60-digit
/// arithmetic, so they may be off by what is noise in `f64`.
fn assert_close(found: f64, digits: &str, context: &str) {
    let expected = number(digits);
    assert!(
        approx::relative_eq!(found, expected, max_relative = 1e-12, epsilon = 1e-14),
        "{context}: found {found}, expected {digits}"
    );
}

impl Case {
    fn given_curve(&self) -> InformationCurve {
        let entropies: Vec<f64> = self.conditional_entropies.iter().map(|x| number(x)).collect();
        InformationCurve::from_conditional_entropies(entropies).expect("a valid curve")
    }

    fn table(&self) -> Option<JointTable> {
        let (shape, weights) = (self.shape.as_ref()?, self.weights.as_ref()?);
        Some(JointTable::from_counts(shape, weights).expect("a valid table"))
    }

    fn curves(&self) -> Vec<InformationCurve> {
        let computed = self.table().map(|table| table.information_curve().expect("a small table"));
        std::iter::once(self.given_curve()).chain(computed).collect()
    }
}

#[test]
fn the_file_has_all_its_cases() {
    let cases = cases();
    assert_eq!(cases.len(), 9);
    assert_eq!(cases.iter().filter(|case| case.shape.is_some()).count(), 4);
}

#[test]
fn curves_of_tables_match() {
    for case in cases() {
        let Some(table) = case.table() else { continue };
        let curve = table.information_curve().expect("a small table");
        for (k, digits) in case.conditional_entropies.iter().enumerate() {
            let found = curve.conditional_entropy(k).expect("known from entropies").0;
            assert_close(found, digits, &format!("{} f_{k}", case.name));
        }
    }
}

#[test]
fn correlations_match() {
    for case in cases() {
        for curve in case.curves() {
            assert_eq!(curve.tokens(), case.tokens);
            let (tc, dtc) = (curve.total_correlation().0, curve.dual_total_correlation().0);
            assert_close(tc, &case.total_correlation, &case.name);
            assert_close(dtc, &case.dual_total_correlation, &case.name);
            assert_relative_eq!(tc + dtc, curve.token_information().0, max_relative = 1e-13);
        }
    }
}

#[test]
fn errors_of_schedules_match() {
    for case in cases() {
        for row in &case.errors {
            let schedule = Schedule::from_reveal_sizes(&row.reveal_sizes).expect("valid sizes");
            for curve in case.curves() {
                let error = curve.sampling_error(&schedule).expect("same length").0;
                assert_close(error, &row.sampling_error, &format!("{} {schedule}", case.name));
            }
        }
    }
}

#[test]
fn the_sampler_and_its_averaged_law_match() {
    let mut compared = 0;
    for case in cases() {
        let Some(table) = case.table() else { continue };
        for row in &case.errors {
            let schedule = Schedule::from_reveal_sizes(&row.reveal_sizes).expect("valid sizes");
            let context = format!("{} {schedule}", case.name);
            let expected = sampler::expected_kl(&table, &schedule).expect("a small table");
            assert_close(expected.0, &row.sampling_error, &context);
            let averaged = sampler::averaged_law(&table, &schedule).expect("a small table");
            let divergence = table.kl_divergence(&averaged).expect("same shape");
            let digits = row.averaged_law_kl.as_ref().expect("given for tables");
            assert_close(divergence.0, digits, &format!("averaged law, {context}"));
            compared += 1;
        }
    }
    assert_eq!(compared, 17);
}
