//! Lower bound <= exact error <= upper bounds, on the Markov chain of a text.
//!
//! ```text
//! cargo run --release --example sandwich [-- [TEXT] [OPTIONS]]
//!
//! TEXT                   a file (default: the Apache license)
//! --alphabet classes     vowel, consonant, anything else (the default)
//! --alphabet letters     26 letters without case, and one symbol for anything else
//! --tokens L             symbols in a sequence (default: 8 classes, 4 letters)
//! ```
//!
//! Fits a Markov chain to a text, takes the joint table of its first L tokens, and prints for each schedule the exact sampling
//! error, computed from the information curve and by running the sampler over all reveal orders, between
//! its bounds.

mod command_line;
mod text_input;

use std::fmt::Write;
use std::process::ExitCode;

use command_line::{Outcome, option_value};
use lexopt::prelude::*;
use text_input::{Alphabet, FittedText};
use unmaskcost::bounds::{li_cai, sharp};
use unmaskcost::{InformationCurve, Nats, Schedule, distribution::JointTable, sampler};

/// Words times reveal orders, one token at a time, that take longer than a second or two.
const SLOW_WORK: f64 = 1e9;

/// Words times reveal orders that take longer than a minute; the library has a limit near.
const MOST_WORK: f64 = 8e9;

fn main() -> ExitCode {
    command_line::run(include_str!("sandwich.rs"), run)
}

fn run(mut parser: lexopt::Parser) -> Outcome<String> {
    let (mut text, mut alphabet, mut tokens) = (None, Alphabet::Classes, None);
    while let Some(argument) = parser.next()? {
        match argument {
            Long("alphabet") => alphabet = option_value(&mut parser, "--alphabet")?,
            Long("tokens") => tokens = Some(option_value(&mut parser, "--tokens")?),
            Value(value) if text.is_none() => text = Some(value.string()?),
            _ => return Err(argument.unexpected().into()),
        }
    }
    let tokens = tokens.unwrap_or(match alphabet {
        Alphabet::Classes => 8,
        Alphabet::Letters => 4,
    });
    let text = FittedText::of(text, alphabet)?;
    check_work(tokens, alphabet)?;
    let table = text.chain.joint_table(tokens)?;
    let mut report = text.headline(tokens)? + "\n";
    write_schedules(&mut report, &table)?;
    write_worst_schedules(&mut report, &table.information_curve()?)?;
    Ok(report)
}

/// Refuses sequences that the sampler cannot be run on in reasonable time, and warns of slow ones.
fn check_work(length: usize, alphabet: Alphabet) -> Result<(), String> {
    let mut work = 1.0;
    for tokens in 1..=length {
        work *= (tokens * alphabet.size()) as f64;
        if work > MOST_WORK {
            return Err(format!(
                "--tokens {length}: more words and reveal orders than the sampler can be run through; \
                 fewer are needed"
            ));
        }
    }
    if work > SLOW_WORK {
        command_line::note(format!(
            "running the sampler through {work:.1e} words and reveal orders may take a minute"
        ));
    }
    Ok(())
}

fn write_schedules(out: &mut String, table: &JointTable) -> Outcome<()> {
    let curve = table.information_curve()?;
    let tokens = table.tokens();
    writeln!(
        out,
        "DTC = {:.4}, sum of I(X_i; X_-i) = {:.4}\n",
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
fn custom_schedules(tokens: usize) -> Vec<unmaskcost::Result<Schedule>> {
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
) -> Outcome<()> {
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
fn write_worst_schedules(out: &mut String, curve: &InformationCurve) -> Outcome<()> {
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
