//! What parallel unmasking costs on a text, at lengths no table can hold.
//!
//! ```text
//! cargo run --release --example text [-- [TEXT] [OPTIONS]]
//!
//! TEXT                   a file (default: the Apache license)
//! --alphabet classes     vowel, consonant, anything else
//! --alphabet letters     26 letters without case, and one symbol for anything else (the default)
//! --smoothing S          added to the count of each transition (default: 0.5)
//! ```
//!
//! Fits a Markov chain to a text, prints the exact information curve of the chain at 256 and 1024
//! tokens, and the exact error of the balanced, the cosine and the best schedule for each number of
//! steps.

mod command_line;
mod text_input;

use std::fmt::Write;
use std::process::ExitCode;

use command_line::{Outcome, option_value};
use lexopt::prelude::*;
use text_input::{Alphabet, read_symbols};
use unmaskcost::decoders::{Decoder, Shape};
use unmaskcost::{InformationCurve, Schedule, optimal};

fn main() -> ExitCode {
    command_line::run(include_str!("text.rs"), run)
}

fn run(mut parser: lexopt::Parser) -> Outcome<String> {
    let (mut text, mut alphabet, mut smoothing) = (None, Alphabet::Letters, 0.5);
    while let Some(argument) = parser.next()? {
        match argument {
            Long("alphabet") => alphabet = option_value(&mut parser, "--alphabet")?,
            Long("smoothing") => smoothing = option_value(&mut parser, "--smoothing")?,
            Value(value) if text.is_none() => text = Some(value.string()?),
            _ => return Err(argument.unexpected().into()),
        }
    }
    let symbols = read_symbols(text, alphabet)?;
    let chain = text_input::chain(&symbols, alphabet, smoothing)?;
    let mut report = format!(
        "a Markov chain over {} symbols, fitted to {} symbols of text; all values in nats\n",
        alphabet.size(),
        symbols.len()
    );
    for tokens in [256, 1024] {
        let curve = chain.information_curve(tokens)?;
        write_curve(&mut report, &curve)?;
        write_schedules(&mut report, &curve)?;
    }
    report += "\nsteps enough for balanced, cosine: with so many steps the best sizes have no more error than\n\
               these have with the steps of the row.\n";
    Ok(report)
}

/// The curve with no token revealed, every tenth, and all but one.
fn write_curve(out: &mut String, curve: &InformationCurve) -> Outcome<()> {
    let tokens = curve.tokens();
    writeln!(
        out,
        "\nL = {tokens} tokens: TC = {:.3}, DTC = {:.3}, sum of I(X_i; X_-i) = {:.3}",
        curve.total_correlation().0,
        curve.dual_total_correlation().0,
        curve.token_information().0
    )?;
    let revealed: Vec<usize> = (0..10).map(|i| tokens * i / 10).chain([tokens - 1]).collect();
    write!(out, "{:>8}", "revealed")?;
    revealed.iter().try_for_each(|k| write!(out, "{k:>7}"))?;
    write!(out, "\n{:>8}", "I_k")?;
    revealed.iter().try_for_each(|&k| write!(out, "{:>7.3}", curve.information(k).0))?;
    writeln!(out)?;
    Ok(())
}

/// The exact error of the usual schedules and of the best one, for growing numbers of steps; and how
/// many steps the best schedules need to be as good as the usual ones.
fn write_schedules(out: &mut String, curve: &InformationCurve) -> Outcome<()> {
    let tokens = curve.tokens();
    let cosine = Decoder::MaskGit(Shape::Cosine);
    writeln!(out, "\n{:>8}{:>34}{:>24}", "", "error", "steps enough for")?;
    write!(out, "{:>8}", "steps")?;
    for column in ["balanced", "cosine", "best", "balanced", "cosine"] {
        write!(out, "{column:>12}")?;
    }
    writeln!(out, "  best sizes")?;
    for steps in (2..).map(|i| 1 << i).take_while(|&steps| steps < tokens) {
        let balanced = curve.sampling_error(&Schedule::balanced(tokens, steps)?)?;
        let cosine = curve.sampling_error(cosine.plan(tokens, steps)?.schedule())?;
        let (best, least) = optimal::schedule(curve, steps)?;
        write!(out, "{steps:>8}{:>12.4}{:>12.4}{:>12.4}", balanced.0, cosine.0, least.0)?;
        for error in [balanced, cosine] {
            // Where the schedule is itself a best one, rounding should not cost it a step.
            let (enough, _) = optimal::fewest_steps(curve, error * (1.0 + 1e-12))?;
            write!(out, "{:>12}", enough.steps())?;
        }
        writeln!(out, "  {} .. {}", best.sizes()[0], best.sizes()[steps - 1])?;
    }
    Ok(())
}
