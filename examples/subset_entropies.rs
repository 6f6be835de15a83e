//! Times the exact information curve of random tables of binary tokens.
//!
//! ```text
//! cargo run --release --example subset_entropies [-- TOKENS .. --line --repeats N --table FILE]
//!
//! TOKENS ..              numbers of tokens, 1 to 24 each (default: 16 18)
//! --line                 one line for each, in the form of benches/peers/all_subsets_numpy.py:
//!                        seconds, TC, DTC and the mean entropy of n/2 tokens
//! --repeats N            runs, of which the best time is printed (default: 3)
//! --table FILE           write the table, for one number of tokens, as little-endian f64, row-major:
//!                        that program reads it
//! ```
//!
//! Prints for each number of tokens the best time, the floor (the time of its 3^n logarithms alone, on
//! one core), the time of the correlations alone, and three results. `benches/peers/subset_entropies.sh`
//! runs it side by side with the numpy program.

mod command_line;

use std::process::ExitCode;
use std::time::Instant;

use command_line::{Outcome, option_value, print};
use lexopt::prelude::*;
use unmaskcost::{Nats, distribution::JointTable};

/// Full support, by a linear congruential generator (Knuth's MMIX) and its upper 53 bits.
fn random_table(tokens: usize) -> unmaskcost::Result<JointTable> {
    let mut state = tokens as u64;
    let mut uniform = || {
        state = state.wrapping_mul(6364136223846793005).wrapping_add(1442695040888963407);
        ((state >> 11) + 1) as f64 / (1_u64 << 53) as f64
    };
    let weights: Vec<f64> = (0..1_usize << tokens).map(|_| -uniform().ln()).collect();
    JointTable::from_weights(&vec![2; tokens], weights)
}

/// The least time of some runs, in seconds, and what the last of them returned.
fn timed<T>(
    repeats: usize,
    mut run: impl FnMut() -> unmaskcost::Result<T>,
) -> unmaskcost::Result<(f64, T)> {
    let mut time = || {
        let start = Instant::now();
        run().map(|result| (start.elapsed().as_secs_f64(), result))
    };
    let (mut least, mut result) = time()?;
    for _ in 1..repeats {
        let (seconds, again) = time()?;
        (least, result) = (least.min(seconds), again);
    }
    Ok((least, result))
}

/// The cost of one vectorised x ln x, in seconds: of a table that stays in the cache.
fn seconds_per_logarithm() -> unmaskcost::Result<f64> {
    const REPEATS: usize = 2000;
    let (table, all) = (random_table(12)?, Vec::from_iter(0..12));
    let repeated = || (0..REPEATS).map(|_| table.entropy(&all)).sum::<unmaskcost::Result<Nats>>();
    Ok(timed(3, repeated)?.0 / (REPEATS * table.probabilities().len()) as f64)
}

fn times(tokens: usize, repeats: usize, per_logarithm: f64) -> unmaskcost::Result<String> {
    let table = random_table(tokens)?;
    let (seconds, curve) = timed(repeats, || table.information_curve())?;
    let (correlation_seconds, correlations) = timed(repeats, || Ok(table.correlations()))?;
    let floor = 3_f64.powi(tokens as i32) * per_logarithm;
    Ok(format!(
        "{tokens:>3}{seconds:>12.6}{floor:>12.6}{:>8.2}{correlation_seconds:>12.6}{:>20.15}{:>20.15}{:>20.15}\n",
        seconds / floor,
        correlations.total.0,
        correlations.dual_total.0,
        curve.conditional_entropy(tokens / 2).unwrap_or_default().0,
    ))
}

fn line(tokens: usize, repeats: usize) -> unmaskcost::Result<String> {
    let table = random_table(tokens)?;
    let (seconds, curve) = timed(repeats, || table.information_curve())?;
    let middle: Nats = (0..tokens / 2).filter_map(|k| curve.conditional_entropy(k)).sum();
    Ok(format!(
        "n {tokens} seconds {seconds:.6} tc {:.15} dtc {:.15} middle {:.15}\n",
        curve.total_correlation().0,
        curve.dual_total_correlation().0,
        middle.0
    ))
}

fn main() -> ExitCode {
    command_line::run(include_str!("subset_entropies.rs"), run)
}

fn run(mut parser: lexopt::Parser) -> Outcome<String> {
    let (mut sizes, mut as_lines, mut repeats, mut file) = (Vec::new(), false, 3, None);
    while let Some(argument) = parser.next()? {
        match argument {
            Long("line") => as_lines = true,
            Long("repeats") => repeats = option_value(&mut parser, "--repeats")?,
            Long("table") => file = Some(parser.value()?.string()?),
            Value(value) => sizes.push(value.parse()?),
            _ => return Err(argument.unexpected().into()),
        }
    }
    if sizes.is_empty() {
        sizes = vec![16, 18];
    }
    if let Some(size) = sizes.iter().find(|size| !(1..=24).contains(*size)) {
        return Err(format!("{size} tokens; 1 to 24 are possible").into());
    }
    if let Some(path) = file {
        let [tokens] = sizes[..] else {
            return Err("--table is for one number of tokens".into());
        };
        let table = random_table(tokens)?;
        let bytes = table.probabilities().iter().flat_map(|p| p.to_le_bytes());
        std::fs::write(&path, bytes.collect::<Vec<_>>())
            .map_err(|error| format!("cannot write {path}: {error}"))?;
    }
    // Each when it is done: the last may take long.
    if as_lines {
        for tokens in sizes {
            print(&line(tokens, repeats)?)?;
        }
        return Ok(String::new());
    }
    let per_logarithm = seconds_per_logarithm()?;
    print(&format!(
        "one logarithm: {:.3} ns\n{:>3}{:>12}{:>12}{:>8}{:>12}{:>20}{:>20}{:>20}\n",
        per_logarithm * 1e9,
        "n",
        "curve, s",
        "floor, s",
        "ratio",
        "TC, DTC, s",
        "TC",
        "DTC",
        "f at n/2"
    ))?;
    for tokens in sizes {
        print(&times(tokens, repeats, per_logarithm)?)?;
    }
    Ok(String::new())
}
