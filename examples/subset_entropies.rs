//! Times the exact information curve of random tables of binary tokens.
//!
//! ```text
//! cargo run --release --example subset_entropies [-- TOKENS ..]
//!
//! TOKENS ..              numbers of tokens, 1 to 24 each (default: 16 18)
//! ```
//!
//! Prints for each number of tokens the best of three times, the floor (the time of its 3^n logarithms
//! alone, on one core), the time of the correlations alone, and three results.
//! `benches/peers/subset_entropies.py` does the same in numpy with the same tables.

mod command_line;

use std::process::ExitCode;
use std::time::Instant;

use command_line::{Arguments, Outcome, print};
use demask::{JointTable, Nats};

/// Full support, by a linear congruential generator (Knuth's MMIX) and its upper 53 bits.
fn random_table(tokens: usize) -> demask::Result<JointTable> {
    let mut state = tokens as u64;
    let mut uniform = || {
        state = state.wrapping_mul(6364136223846793005).wrapping_add(1442695040888963407);
        ((state >> 11) + 1) as f64 / (1_u64 << 53) as f64
    };
    let weights: Vec<f64> = (0..1_usize << tokens).map(|_| -uniform().ln()).collect();
    JointTable::from_weights(&vec![2; tokens], weights)
}

/// The least time of three runs, in seconds, and what the last of them returned.
fn timed<T>(mut run: impl FnMut() -> demask::Result<T>) -> demask::Result<(f64, T)> {
    let mut time = || {
        let start = Instant::now();
        run().map(|result| (start.elapsed().as_secs_f64(), result))
    };
    let (first, second, (third, result)) = (time()?.0, time()?.0, time()?);
    Ok((first.min(second).min(third), result))
}

/// The cost of one vectorised x ln x, in seconds: of a table that stays in the cache.
fn seconds_per_logarithm() -> demask::Result<f64> {
    const REPEATS: usize = 2000;
    let (table, all) = (random_table(12)?, Vec::from_iter(0..12));
    let repeated = || (0..REPEATS).map(|_| table.entropy(&all)).sum::<demask::Result<Nats>>();
    Ok(timed(repeated)?.0 / (REPEATS * table.probabilities().len()) as f64)
}

fn times(tokens: usize, per_logarithm: f64) -> demask::Result<String> {
    let table = random_table(tokens)?;
    let (seconds, curve) = timed(|| table.information_curve())?;
    let (correlation_seconds, correlations) = timed(|| Ok(table.correlations()))?;
    let floor = 3_f64.powi(tokens as i32) * per_logarithm;
    Ok(format!(
        "{tokens:>3}{seconds:>12.6}{floor:>12.6}{:>8.2}{correlation_seconds:>12.6}{:>20.15}{:>20.15}{:>20.15}\n",
        seconds / floor,
        correlations.total.0,
        correlations.dual_total.0,
        curve.conditional_entropy(tokens / 2).unwrap_or_default().0,
    ))
}

fn main() -> ExitCode {
    command_line::run(include_str!("subset_entropies.rs"), run)
}

fn run(arguments: Arguments) -> Outcome<String> {
    let mut sizes = arguments.all_positional()?;
    if sizes.is_empty() {
        sizes = vec![16, 18];
    }
    if let Some(size) = sizes.iter().find(|size| !(1..=24).contains(*size)) {
        return Err(format!("{size} tokens; 1 to 24 are possible").into());
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
    // Each when it is done: the last may take long.
    for tokens in sizes {
        print(&times(tokens, per_logarithm)?)?;
    }
    Ok(String::new())
}
