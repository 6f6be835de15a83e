//! Every bound side by side: where each is tight, and where it is off by orders of magnitude.
//!
//! ```text
//! cargo run --release --example bounds [-- STEPS]
//!
//! STEPS                  of the balanced schedule, 1 to 8 (default: 4)
//! ```
//!
//! Shows, for five kinds of data and a balanced and a universal schedule of STEPS steps, every bound that applies, what
//! each needs to know, and its ratio to the exact error; and where the witness curves rise, those of the
//! data that is best and worst for the schedule among all with the same correlations.

mod command_line;
mod text_input;

use std::process::ExitCode;

use command_line::Outcome;
use lexopt::prelude::*;
use text_input::{Alphabet, FittedText};
use unmaskcost::{InformationCurve, Nats, Schedule};
use unmaskcost::{
    bounds::sharp::Known,
    bounds::{Comparison, Knowledge, compare, universal},
    optimal::minimax,
};

const TOKENS: usize = 16;
const WINDOW: usize = 8;

/// What is smaller than the largest value by this factor is rounding.
const NOISE: f64 = 1e-9;

fn main() -> ExitCode {
    command_line::run(include_str!("bounds.rs"), run)
}

fn run(mut parser: lexopt::Parser) -> Outcome<String> {
    let mut steps = None;
    while let Some(argument) = parser.next()? {
        match argument {
            Value(value) if steps.is_none() => steps = Some(value.parse()?),
            _ => return Err(argument.unexpected().into()),
        }
    }
    let steps = steps.unwrap_or(4);
    if !(1..=WINDOW).contains(&steps) {
        return Err(format!("{steps} steps; 1 to {WINDOW} are possible").into());
    }
    let text = FittedText::of(None, Alphabet::Classes)?;
    Ok(report(steps, text.chain.information_curve(WINDOW)?)?)
}

fn report(steps: usize, text: InformationCurve) -> unmaskcost::Result<String> {
    let ln2 = std::f64::consts::LN_2;
    let known_after = |count: usize| {
        let entropy = move |k: usize| if k < count { ln2 } else { 0.0 };
        InformationCurve::from_conditional_entropies((0..TOKENS).map(entropy).collect::<Vec<_>>())
    };
    let left: Vec<f64> = (0..TOKENS).map(|k| ((TOKENS - k) as f64).ln()).collect();
    let data = [
        ("parity: the last token is determined by all others", known_after(TOKENS - 1)?),
        ("one fair bit repeated: any token tells all others", known_after(1)?),
        // The curve of a code of dimension 10; such codes exist over larger fields.
        ("MDS code: any 10 tokens tell all others", known_after(10)?),
        ("uniform permutation", InformationCurve::from_conditional_entropies(left)?),
        ("Markov chain of a text, as vowel / consonant / other", text),
    ];
    let mut report = String::new();
    for (name, curve) in data {
        let schedule = Schedule::balanced(curve.tokens(), steps)?;
        report += &comparison(name, &curve, &schedule)?;
        // Wainwright's bound wants single tokens at both ends.
        if steps > 2 {
            let inner = Schedule::balanced(curve.tokens() - 2, steps - 2)?;
            let mut sizes = inner.sizes().to_vec();
            sizes.insert(0, 1);
            sizes.push(1);
            let schedule = Schedule::from_reveal_sizes(sizes)?;
            report += &comparison(name, &curve, &schedule)?;
        }
        // Made without a look at the data.
        let universal = minimax::universal(curve.tokens(), steps)?;
        report += &comparison(name, &curve, &universal)?;
    }
    report += "\"for some\": holds for some schedule with no larger step, or as many steps, and\n\
               says nothing of the one shown. All others hold for the schedule shown.\n\
               witness curve: of data with the same TC and DTC, for which the bound is the exact error.\n\
               Bounds are rounded outward: what is below 1e-9 of the largest in its table is shown as 0.\n";
    Ok(report)
}

fn comparison(
    name: &str,
    curve: &InformationCurve,
    schedule: &Schedule,
) -> unmaskcost::Result<String> {
    let (tokens, error) = (curve.tokens(), curve.sampling_error(schedule)?);
    let (total, dual) = (curve.total_correlation(), curve.dual_total_correlation());
    let known = Known::about(tokens).total_correlation(total).dual_total_correlation(dual);
    Ok(format!(
        "== {name}\n\
         L = {tokens}, schedule {schedule}, TC = {:.4} nats, DTC = {:.4} nats\n\
         the error: {:.4} nats = {:.4} bits; a token {:.4} nats, perplexity x {:.4}; \
         total variation <= {:.4}\n\
         whatever the data: error <= {} min(TC, DTC)\n\
         from TC and DTC: the witness curve of the lower bound rises at k = {}, \
         that of the upper bound at k = {}\n\n{}\n",
        total.0,
        dual.0,
        error.0,
        error.bits().0,
        error.per_token(tokens)?.0,
        error.perplexity_factor(tokens)?,
        error.total_variation_limit(),
        universal::factor(schedule),
        rises(&known.lower_witness(schedule)?),
        rises(&known.upper_witness(schedule)?),
        without_margins(compare(curve, schedule)?)
    ))
}

/// With zero for what is nothing but the margin that covers rounding.
fn without_margins(mut comparison: Comparison) -> Comparison {
    let largest = comparison.rows.iter().map(|row| row.value.0).fold(0.0, f64::max);
    for row in comparison.rows.iter_mut().filter(|row| row.value.0 < NOISE * largest) {
        row.value = Nats(0.0);
        row.ratio = row.ratio.map(|_| 0.0);
    }
    comparison
}

/// Where the curve rises by more than rounding noise.
fn rises(curve: &InformationCurve) -> String {
    let noise = NOISE * curve.information(curve.tokens()).0;
    let increments = curve.increments().iter().enumerate();
    let places = increments.filter(|&(_, &d)| d > noise).map(|(m, _)| m.to_string());
    places.collect::<Vec<_>>().join(" and ")
}
