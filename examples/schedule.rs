//! The best schedules for a text, next to balanced and cosine ones.
//!
//! ```text
//! cargo run --release --example schedule [-- [TEXT] [OPTIONS]]
//!
//! TEXT                   a file (default: the Apache license)
//! --alphabet classes     vowel, consonant, anything else (the default)
//! --alphabet letters     26 letters without case, and one symbol for anything else
//! --tokens L             symbols in a sequence, 1 to 1024 (default: 16)
//! --tolerance NATS       prints the fewest steps for an error of at most this (default: a tenth of TC)
//! --plot FILE.svg        draws error against steps
//! ```
//!
//! Fits a Markov chain to a text, takes the exact information curve of L of its tokens, and prints the least error for every
//! number of steps, the schedule that attains it, and what each further step buys.

mod command_line;
mod text_input;

use std::fmt::Write;
use std::process::ExitCode;

use command_line::{Outcome, option_value};
use lexopt::prelude::*;
use plotters::prelude::*;
use text_input::{Alphabet, FittedText};
use unmaskcost::optimal::Optimum;
use unmaskcost::optimal::families::{self, Family};
use unmaskcost::{InformationCurve, Nats, optimal};

fn main() -> ExitCode {
    command_line::run(include_str!("schedule.rs"), run)
}

fn run(mut parser: lexopt::Parser) -> Outcome<String> {
    let (mut text, mut alphabet, mut tokens) = (None, Alphabet::Classes, 16);
    let (mut tolerance, mut picture) = (None, None);
    while let Some(argument) = parser.next()? {
        match argument {
            Long("alphabet") => alphabet = option_value(&mut parser, "--alphabet")?,
            Long("tokens") => tokens = option_value(&mut parser, "--tokens")?,
            Long("tolerance") => tolerance = Some(Nats(option_value(&mut parser, "--tolerance")?)),
            Long("plot") => picture = Some(parser.value()?.string()?),
            Value(value) if text.is_none() => text = Some(value.string()?),
            _ => return Err(argument.unexpected().into()),
        }
    }
    if !(1..=1024).contains(&tokens) {
        return Err(format!("{tokens} tokens; 1 to 1024 are possible").into());
    }
    let text = FittedText::of(text, alphabet)?;
    let curve = text.chain.information_curve(tokens)?;
    let rows = rows(&curve)?;
    if let Some(path) = picture {
        plot(&path, &rows).map_err(|error| format!("cannot draw {path}: {error}"))?;
    }
    let tolerance = tolerance.unwrap_or(curve.total_correlation() * 0.1);
    Ok(report(text.headline(tokens)?, &curve, &rows, tolerance)?)
}

/// For one number of steps: the best schedule, and the errors of all to be compared.
struct Row {
    best: unmaskcost::Schedule,
    least: Nats,
    balanced: Nats,
    cosine: Nats,
}

fn rows(curve: &InformationCurve) -> unmaskcost::Result<Vec<Row>> {
    let row = |Optimum { plan: best, error: least, .. }: Optimum| {
        let fitted = families::fit(curve, best.steps())?;
        let error = |family| {
            let member = fitted.iter().find(|member| member.family == family);
            member.map_or(least, |member| member.error)
        };
        let (balanced, cosine) = (error(Family::Balanced), error(Family::Cosine));
        Ok(Row { best, least, balanced, cosine })
    };
    optimal::schedules(curve, curve.tokens())?.into_iter().map(row).collect()
}

fn report(
    headline: String,
    curve: &InformationCurve,
    rows: &[Row],
    tolerance: Nats,
) -> unmaskcost::Result<String> {
    let mut report = String::new();
    let mut line = |text: String| {
        let _ = writeln!(report, "{text}"); // writing to a string does not fail
    };
    line(headline);
    line(format!(
        "{:>3}  {:<28}{:>9}{:>9}{:>10}{:>9}",
        "T", "best reveal sizes", "error", "gain", "balanced", "cosine"
    ));
    let mut before = None;
    for (index, row) in rows.iter().enumerate() {
        let gain =
            before.map_or(String::new(), |before: Nats| format!("{:.4}", (before - row.least).0));
        before = Some(row.least);
        line(format!(
            "{:>3}  {:<28}{:>9.4}{gain:>9}{:>10.4}{:>9.4}",
            index + 1,
            row.best.to_string(),
            row.least.0,
            row.balanced.0,
            row.cosine.0
        ));
    }
    let (schedule, error) = optimal::fewest_steps(curve, tolerance)?;
    line(format!(
        "\nAt most {:.4} nats: {} steps, {schedule}, {:.4} nats.",
        tolerance.0,
        schedule.steps(),
        error.0
    ));
    Ok(report)
}

/// A line of the plot: its name, its errors, its colour.
type Line = (&'static str, fn(&Row) -> Nats, RGBColor);

fn plot(path: &str, rows: &[Row]) -> Outcome<()> {
    let most = rows.iter().map(|row| row.least.0.max(row.balanced.0).max(row.cosine.0));
    let most = most.fold(f64::MIN_POSITIVE, f64::max) * 1.05;
    let area = SVGBackend::new(path, (720, 440)).into_drawing_area();
    area.fill(&WHITE)?;
    let mut chart = ChartBuilder::on(&area)
        .margin(16)
        .x_label_area_size(44)
        .y_label_area_size(60)
        .build_cartesian_2d(1.0..rows.len().max(2) as f64, 0.0..most)?;
    chart
        .configure_mesh()
        .x_desc("steps")
        .y_desc("sampling error (nats)")
        .x_labels(rows.len().min(16))
        .x_label_formatter(&|steps| format!("{steps:.0}"))
        .light_line_style(TRANSPARENT)
        .label_style(("sans-serif", 14))
        .draw()?;
    let series: [Line; 3] = [
        ("cosine", |row| row.cosine, RGBColor(213, 94, 0)),
        ("balanced", |row| row.balanced, RGBColor(0, 114, 178)),
        ("best", |row| row.least, RGBColor(0, 0, 0)),
    ];
    for (name, error, color) in series {
        let points: Vec<(f64, f64)> =
            rows.iter().zip(1_u32..).map(|(row, steps)| (steps.into(), error(row).0)).collect();
        chart.draw_series(points.iter().map(|&point| Circle::new(point, 3, color.filled())))?;
        chart
            .draw_series(LineSeries::new(points, color.stroke_width(2)))?
            .label(name)
            .legend(move |(x, y)| PathElement::new([(x, y), (x + 18, y)], color.stroke_width(2)));
    }
    chart
        .configure_series_labels()
        .position(SeriesLabelPosition::UpperRight)
        .background_style(WHITE)
        .border_style(BLACK)
        .label_font(("sans-serif", 14))
        .draw()?;
    area.present()?;
    Ok(())
}
