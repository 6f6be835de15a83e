//! Lower bound <= exact error <= upper bounds, on a real text.
//!
//! ```text
//! cargo run --release --example sandwich [-- [TEXT] [--alphabet classes|letters] [--window N]]
//! ```
//!
//! Counts the windows of a text (default: this crate's README, as vowel / consonant / other in windows
//! of 8) into a joint table, and prints for each schedule the exact sampling error, computed from the
//! information curve and by running the sampler over all reveal orders, between its bounds.

mod text_input;

use std::error::Error;
use std::fmt::Write;
use std::process::ExitCode;

use demask::bounds::{li_cai, sharp};
use demask::{InformationCurve, JointTable, Nats, Schedule, sampler};
use text_input::{Alphabet, print, read_symbols, window_table};

struct Options {
    path: Option<String>,
    alphabet: Alphabet,
    window: Option<usize>,
}

fn parse(mut arguments: impl Iterator<Item = String>) -> Result<Options, String> {
    let mut options = Options { path: None, alphabet: Alphabet::Classes, window: None };
    while let Some(argument) = arguments.next() {
        let mut value = || arguments.next().ok_or(format!("{argument} needs a value"));
        match argument.as_str() {
            "--alphabet" => options.alphabet = Alphabet::parse(&value()?)?,
            "--window" => {
                let text = value()?;
                options.window = Some(text.parse().map_err(|_| format!("{text:?} is no number"))?);
            }
            flag if flag.starts_with("--") => return Err(format!("unknown option {flag}")),
            path if options.path.is_none() => options.path = Some(path.to_owned()),
            extra => return Err(format!("one text at a time: {extra:?} is a second one")),
        }
    }
    Ok(options)
}

fn main() -> ExitCode {
    match parse(std::env::args().skip(1)).map_err(Into::into).and_then(|options| run(&options)) {
        Ok(report) => print(&report),
        Err(error) => {
            eprintln!("sandwich: {error}");
            ExitCode::FAILURE
        }
    }
}

fn run(options: &Options) -> Result<String, Box<dyn Error>> {
    let symbols = read_symbols(options.path.as_deref(), options.alphabet)?;
    let window = options.window.unwrap_or(match options.alphabet {
        Alphabet::Classes => 8,
        Alphabet::Letters => 4,
    });
    let table = window_table(&symbols, options.alphabet, window)?;
    let mut report = String::new();
    write_schedules(&mut report, &table, symbols.len() - window + 1)?;
    write_worst_schedules(&mut report, &table.information_curve()?)?;
    Ok(report)
}

fn write_schedules(
    out: &mut String,
    table: &JointTable,
    windows: usize,
) -> Result<(), Box<dyn Error>> {
    let curve = table.information_curve()?;
    let (tokens, alphabet) = (table.tokens(), table.shape()[0]);
    writeln!(
        out,
        "{windows} windows of L = {tokens} tokens, {alphabet} symbols each; all values in nats\n\
         TC = {:.4}, DTC = {:.4}, sum of I(X_i; X_-i) = {:.4}\n",
        curve.total_correlation().0,
        curve.dual_total_correlation().0,
        curve.token_information().0
    )?;
    write!(out, "{:<16}{:>4}", "reveal sizes", "T")?;
    for column in ["lower", "curve", "sampler", "averaged", "sharp", "refined", "Thm 1"] {
        write!(out, "{column:>9}")?;
    }
    writeln!(out)?;
    let balanced = (1..=tokens).map(|steps| Schedule::balanced(tokens, steps));
    for schedule in balanced.chain(custom_schedules(tokens)) {
        write_row(out, table, &curve, &schedule?)?;
    }
    writeln!(
        out,
        "\nlower, sharp: from sum of I(X_i; X_-i) alone. curve, sampler: the exact error, twice.\n\
         averaged: KL of the output with the reveal order forgotten. refined, Thm 1: Li & Cai."
    )?;
    Ok(())
}

/// Growing and shrinking steps: half of the tokens in one step, at either end.
fn custom_schedules(tokens: usize) -> Vec<demask::Result<Schedule>> {
    let half = tokens / 2;
    if half < 2 {
        return Vec::new();
    }
    let mut growing = vec![1; tokens - half];
    growing.push(half);
    vec![Schedule::from_reveal_sizes(&growing), Schedule::from_mask_sizes(&growing)]
}

fn write_row(
    out: &mut String,
    table: &JointTable,
    curve: &InformationCurve,
    schedule: &Schedule,
) -> Result<(), Box<dyn Error>> {
    let information = curve.token_information();
    let sharp = sharp::from_token_information(information, schedule)?;
    let averaged = sampler::averaged_law(table, schedule)?;
    let values = [
        sharp.lower,
        curve.sampling_error(schedule)?,
        sampler::expected_kl(table, schedule)?,
        table.kl_divergence(&averaged)?,
        sharp.upper,
        li_cai::refined_upper(curve, schedule)?,
        li_cai::upper(information, schedule)?,
    ];
    write!(out, "{schedule:<16}{:>4}", schedule.steps())?;
    for value in values {
        // Rounding noise below zero prints as zero, without a sign.
        write!(out, "{:>9.4}", value.0.max(0.0))?;
    }
    writeln!(out)?;
    Ok(())
}

/// Li & Cai's lower bound speaks of some schedule with a given largest step: show which.
fn write_worst_schedules(out: &mut String, curve: &InformationCurve) -> Result<(), Box<dyn Error>> {
    writeln!(out, "\nSome schedule with no larger step is at least as bad as:")?;
    writeln!(
        out,
        "{:>12}{:>9}{:>9}{:>9}{:>9}  which",
        "largest step", "1/16", "1/8", "mean", "worst"
    )?;
    for largest_step in (1..).map(|k| 1 << k).take_while(|&step| step <= curve.tokens()) {
        let mut worst = (Nats(0.0), String::new());
        for schedule in li_cai::offset_schedules(curve.tokens(), largest_step)? {
            let error = curve.sampling_error(&schedule)?;
            if error >= worst.0 {
                worst = (error, schedule.to_string());
            }
        }
        writeln!(
            out,
            "{largest_step:>12}{:>9.4}{:>9.4}{:>9.4}{:>9.4}  {}",
            li_cai::worst_schedule_lower(curve, largest_step)?.0,
            li_cai::worst_schedule_lower_sharpened(curve, largest_step)?.0,
            li_cai::offset_mean(curve, largest_step)?.0,
            worst.0.0,
            worst.1
        )?;
    }
    writeln!(
        out,
        "1/16: Li & Cai, Theorem 2. 1/8: the same with twice the constant. mean, worst: over the\n\
         schedules whose first step is 1 .. largest step and whose other steps are the largest."
    )?;
    Ok(())
}
