//! The same request, every decoder: what each makes of L tokens and T steps, and what it costs.
//!
//! ```text
//! cargo run --release --example decoders [-- [TEXT] [OPTIONS]]
//!
//! TEXT                   a file (default: the Apache license)
//! --tokens L             the length, 16 to 4096 (default: 256)
//! --decoder NAME         prints what an audit says of the sizes of this decoder instead
//! ```
//!
//! Fits a Markov chain to the letters of a text and prints, for the exact information curve of L tokens,
//! the error of each known decoder at T = 16, 64, 128 and 256, next to the least error of as many steps;
//! then what blocks cost, and, on a table of eight tokens, what the choice of positions does.

mod command_line;
mod known_decoders;
mod text_input;

use std::fmt::Write;
use std::process::ExitCode;
use unmaskcost::schedule::BlockLength;

use command_line::{Outcome, option_value};
use known_decoders::{FIXED_POSITIONS, plans};
use lexopt::prelude::*;
use text_input::{Alphabet, read_symbols};
use unmaskcost::sampler::policy::{self, Policy, Rule};
use unmaskcost::{Bits, InformationCurve, Nats, Schedule, distribution::MarkovChain, optimal};
use unmaskcost::{audit, curve::block_curves};
use unmaskcost::{
    decoders::Decoder,
    schedule::{Blockwise, RevealTimes},
};

fn main() -> ExitCode {
    command_line::run(include_str!("decoders.rs"), run)
}

fn run(mut parser: lexopt::Parser) -> Outcome<String> {
    let (mut tokens, mut decoder, mut text) = (256, None, None);
    while let Some(argument) = parser.next()? {
        match argument {
            Long("tokens") => tokens = option_value(&mut parser, "--tokens")?,
            Long("decoder") => decoder = Some(option_value(&mut parser, "--decoder")?),
            Value(value) if text.is_none() => text = Some(value.string()?),
            _ => return Err(argument.unexpected().into()),
        }
    }
    if !(16..=4096).contains(&tokens) {
        return Err(format!("{tokens} tokens; 16 to 4096 are possible").into());
    }
    let symbols = read_symbols(text.clone(), Alphabet::Letters)?;
    let chain = text_input::chain(&symbols, Alphabet::Letters, 0.5)?;
    let curve = chain.information_curve(tokens)?;
    let mut report = String::new();
    writeln!(
        report,
        "L = {tokens} tokens of a Markov chain over 27 letters; all errors in nats, random positions\n\
         TC = {:.3}, DTC = {:.3}",
        curve.total_correlation().0,
        curve.dual_total_correlation().0
    )?;
    for steps in [16, 64, 128, 256] {
        match decoder {
            None => write_decoders(&mut report, &curve, steps)?,
            Some(decoder) => write_audit(&mut report, &curve, decoder, steps)?,
        }
    }
    if decoder.is_some() {
        return Ok(report);
    }
    writeln!(report, "\n{FIXED_POSITIONS}")?;
    write_blocks(&mut report, &chain, tokens, tokens / 4)?;
    let classes = read_symbols(text, Alphabet::Classes)?;
    write_policies(&mut report, &text_input::chain(&classes, Alphabet::Classes, 0.5)?)?;
    Ok(report)
}

fn write_decoders(out: &mut String, curve: &InformationCurve, steps: usize) -> Outcome<()> {
    let tokens = curve.tokens();
    let (best, least) = optimal::schedule(curve, steps.min(tokens))?;
    writeln!(
        out,
        "\nT = {steps}\n{:>7}{:>10}{:>10}{:>8}  decoder",
        "passes", "nonempty", "error", "ratio"
    )?;
    let mut row = |name: &str, passes: usize, nonempty: String, error: Nats| {
        // Rounding leaves nothing to divide by where no error is left.
        let ratio = match least.0 > 1e-9 {
            true => format!("{:.2}", error / least),
            false => "-".to_owned(),
        };
        writeln!(out, "{passes:>7}{nonempty:>10}{:>10.4}{ratio:>8}  {name}", error.0)
    };
    row("the best sizes", steps, best.steps().to_string(), least)?;
    for (names, plan) in plans(tokens, steps)? {
        let error = curve.sampling_error(plan.schedule())?;
        row(&names, plan.count(), plan.schedule().steps().to_string(), error)?;
    }
    let best_times = optimal::reveal_times(curve, steps)?.plan;
    for (name, times) in [
        ("MDLM, SEDD (random sizes)", RevealTimes::mdlm(steps)?),
        ("Dream origin (random sizes)", RevealTimes::dream_origin(steps)?),
        ("the best times (random sizes)", best_times),
    ] {
        let nonempty = format!("{:.1}", times.expected_nonempty_steps(tokens));
        row(name, times.steps(), nonempty, curve.expected_sampling_error(&times)?)?;
    }
    Ok(())
}

fn write_audit(
    out: &mut String,
    curve: &InformationCurve,
    decoder: Decoder,
    steps: usize,
) -> Outcome<()> {
    let plan = decoder.plan(curve.tokens(), steps)?;
    let audit = audit::with_curve(curve, plan.schedule())?;
    writeln!(out, "\n{decoder}, T = {steps}: {} passes, sizes {}", plan.count(), plan.schedule())?;
    writeln!(out, "{audit}")?;
    Ok(())
}

fn write_blocks(out: &mut String, chain: &MarkovChain, tokens: usize, steps: usize) -> Outcome<()> {
    writeln!(
        out,
        "\nblock after block, {steps} steps in all\n{:>12}{:>8}{:>12}{:>12}",
        "block length", "blocks", "LLaDA", "best split"
    )?;
    let curve_given_prefix = |prefix, block| chain.information_curve_given_prefix(prefix, block);
    for length in (0..).map(|halvings| tokens >> halvings).take_while(|&length| length >= 4) {
        let curves = block_curves(tokens, BlockLength(length), curve_given_prefix)?;
        let best = optimal::blockwise(&curves, steps)?.error;
        let llada = match Decoder::Llada.plan_blocks(tokens, BlockLength(length), steps) {
            Ok(plans) => {
                let error = Blockwise::from_passes(&plans)?.sampling_error(&curves)?;
                format!("{:.4}", error.0)
            }
            Err(unmaskcost::Error::NotDivisible { .. }) => "refused".to_owned(),
            Err(error) => return Err(error.into()),
        };
        writeln!(out, "{length:>12}{:>8}{llada:>12}{:>12.4}", curves.len(), best.0)?;
    }
    Ok(())
}

/// Policies that choose positions, on the table of eight tokens of a chain.
fn write_policies(out: &mut String, chain: &MarkovChain) -> Outcome<()> {
    const WINDOW: usize = 8;
    let table = chain.joint_table(WINDOW)?;
    let curve = table.information_curve()?;
    writeln!(
        out,
        "\nwho chooses the positions matters: {WINDOW} tokens of a Markov chain (vowel, consonant, other)\n{:<36}{:>8}{:>10}{:>14}",
        "", "rounds", "error", "entropy bound"
    )?;
    for steps in [2, 4, 6] {
        let random = curve.sampling_error(&Schedule::balanced(WINDOW, steps)?)?;
        writeln!(
            out,
            "{:<36}{:>8.2}{:>10.4}",
            format!("random positions, {steps} steps"),
            steps as f64,
            random.0
        )?;
    }
    let policies: [(&str, &dyn Policy); 8] = [
        ("left to right, 2 at a time", &Rule::left_to_right(2)?),
        ("left to right, 4 at a time", &Rule::left_to_right(4)?),
        ("dilated (DUS)", &Rule::dilated()),
        ("2 lowest entropies", &Rule::lowest_entropies(2)?),
        ("confidence >= 0.7", &Rule::confidence(0.7)?),
        ("confidence >= 0.5", &Rule::confidence(0.5)?),
        ("entropy budget 1 nat", &Rule::entropy_budget(Nats(1.0))?),
        ("entropy budget 1 bit", &Rule::entropy_budget(Bits(1.0).nats())?),
    ];
    for (name, policy) in policies {
        let cost = policy::cost(&table, policy)?;
        writeln!(
            out,
            "{name:<36}{:>8.2}{:>10.4}{:>14.4}",
            cost.rounds_of_data, cost.sampling_error.0, cost.entropy_bound.0
        )?;
    }
    Ok(())
}
