//! Times the exact information curve of random tables of binary tokens.
//!
//! ```text
//! cargo run --release --example subset_entropies [-- [TOKENS ..] [--line] [--repeats N] [--table FILE]]
//! ```
//!
//! Prints for each number of tokens (default: 16 18) the best of three times, the floor (the time of its
//! 3^n logarithms alone, on one core), the time of the correlations alone, and three results.
//!
//! `--line` prints one line for each instead, in the form of `benches/peers/all_subsets_numpy.py`:
//! seconds, TC, DTC and the mean entropy of n/2 tokens. `--table` writes the table, for one number of
//! tokens, as little-endian `f64`, row-major: that program reads it. `benches/peers/subset_entropies.sh`
//! runs both.

use std::error::Error;
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

/// The least time of some runs, in seconds, and what the last of them returned.
fn timed<T>(
    repeats: usize,
    mut run: impl FnMut() -> demask::Result<T>,
) -> demask::Result<(f64, T)> {
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
fn seconds_per_logarithm() -> demask::Result<f64> {
    const REPEATS: usize = 2000;
    let (table, all) = (random_table(12)?, Vec::from_iter(0..12));
    let repeated = || (0..REPEATS).map(|_| table.entropy(&all)).sum::<demask::Result<Nats>>();
    Ok(timed(3, repeated)?.0 / (REPEATS * table.probabilities().len()) as f64)
}

fn print_times(tokens: usize, repeats: usize, per_logarithm: f64) -> demask::Result<()> {
    let table = random_table(tokens)?;
    let (seconds, curve) = timed(repeats, || table.information_curve())?;
    let (correlation_seconds, correlations) = timed(repeats, || Ok(table.correlations()))?;
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

fn print_line(tokens: usize, repeats: usize) -> demask::Result<()> {
    let table = random_table(tokens)?;
    let (seconds, curve) = timed(repeats, || table.information_curve())?;
    let middle: Nats = (0..tokens / 2).filter_map(|k| curve.conditional_entropy(k)).sum();
    println!(
        "n {tokens} seconds {seconds:.6} tc {:.15} dtc {:.15} middle {:.15}",
        curve.total_correlation().0,
        curve.dual_total_correlation().0,
        middle.0
    );
    Ok(())
}

struct Options {
    sizes: Vec<usize>,
    line: bool,
    repeats: usize,
    table: Option<String>,
}

fn parse(mut arguments: impl Iterator<Item = String>) -> Result<Options, String> {
    let mut options = Options { sizes: Vec::new(), line: false, repeats: 3, table: None };
    while let Some(argument) = arguments.next() {
        let mut value = || arguments.next().ok_or(format!("{argument} needs a value"));
        match argument.as_str() {
            "--line" => options.line = true,
            "--repeats" => {
                let text = value()?;
                options.repeats = text.parse().map_err(|_| format!("{text} is no number"))?;
            }
            "--table" => options.table = Some(value()?),
            flag if flag.starts_with("--") => return Err(format!("unknown option {flag}")),
            size => match size.parse() {
                Ok(size @ 1..=24) => options.sizes.push(size),
                _ => return Err(format!("{size} is not a number of tokens (1 to 24)")),
            },
        }
    }
    if options.sizes.is_empty() {
        options.sizes = vec![16, 18];
    }
    if options.table.is_some() && options.sizes.len() > 1 {
        return Err("--table is for one number of tokens".to_owned());
    }
    Ok(options)
}

fn run(options: &Options) -> Result<(), Box<dyn Error>> {
    if let (Some(path), &[tokens]) = (&options.table, &options.sizes[..]) {
        let table = random_table(tokens)?;
        let bytes = table.probabilities().iter().flat_map(|p| p.to_le_bytes());
        std::fs::write(path, bytes.collect::<Vec<_>>())?;
    }
    if options.line {
        for &tokens in &options.sizes {
            print_line(tokens, options.repeats)?;
        }
        return Ok(());
    }
    let per_logarithm = seconds_per_logarithm()?;
    println!("one logarithm: {:.3} ns", per_logarithm * 1e9);
    println!(
        "{:>3}{:>12}{:>12}{:>8}{:>12}{:>20}{:>20}{:>20}",
        "n", "curve, s", "floor, s", "ratio", "TC, DTC, s", "TC", "DTC", "f at n/2"
    );
    for &tokens in &options.sizes {
        print_times(tokens, options.repeats, per_logarithm)?;
    }
    Ok(())
}

fn main() -> ExitCode {
    match parse(std::env::args().skip(1)).map_err(Into::into).and_then(|options| run(&options)) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("subset_entropies: {error}");
            ExitCode::FAILURE
        }
    }
}
