//! Times the exact information curve of random tables of binary tokens.
//!
//! Usage: cargo run --release --example subset_entropies -- [TOKENS ..]     (default: 16 18)
//!
//! Prints for each number of tokens the best of three times, the floor (the time of its 3^n logarithms
//! alone, on one core), the time of the correlations alone, and three results.
//! `benches/peers/subset_entropies.py` does the same in numpy with the same tables.

use std::process::ExitCode;
use std::time::Instant;

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

fn print_times(tokens: usize, per_logarithm: f64) -> demask::Result<()> {
    let table = random_table(tokens)?;
    let (seconds, curve) = timed(|| table.information_curve())?;
    let (correlation_seconds, correlations) = timed(|| Ok(table.correlations()))?;
    let floor = 3_f64.powi(tokens as i32) * per_logarithm;
    println!(
        "{tokens:>3}{seconds:>12.6}{floor:>12.6}{:>8.2}{correlation_seconds:>12.6}{:>20.15}{:>20.15}{:>20.15}",
        seconds / floor,
        correlations.total.0,
        correlations.dual_total.0,
        curve.conditional_entropy(tokens / 2).unwrap_or_default().0,
    );
    Ok(())
}

fn run(arguments: impl Iterator<Item = String>) -> Result<(), String> {
    let parse = |text: String| {
        text.parse().map_err(|_| format!("{text} is not a number of tokens (1 to 24)"))
    };
    let mut sizes = arguments.map(parse).collect::<Result<Vec<usize>, _>>()?;
    if sizes.is_empty() {
        sizes = vec![16, 18];
    }
    if let Some(size) = sizes.iter().find(|size| !(1..=24).contains(*size)) {
        return Err(format!("{size} tokens: 1 to 24 are supported here"));
    }
    let per_logarithm = seconds_per_logarithm().map_err(|error| error.to_string())?;
    println!("one logarithm: {:.3} ns", per_logarithm * 1e9);
    println!(
        "{:>3}{:>12}{:>12}{:>8}{:>12}{:>20}{:>20}{:>20}",
        "n", "curve, s", "floor, s", "ratio", "TC, DTC, s", "TC", "DTC", "f at n/2"
    );
    sizes.into_iter().try_for_each(|tokens| {
        print_times(tokens, per_logarithm).map_err(|error| error.to_string())
    })
}

fn main() -> ExitCode {
    match run(std::env::args().skip(1)) {
        Ok(()) => ExitCode::SUCCESS,
        Err(message) => {
            eprintln!("{message}");
            ExitCode::FAILURE
        }
    }
}
