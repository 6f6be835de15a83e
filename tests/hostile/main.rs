//! Hostile use of the whole public API, by a seeded driver: any floats, any sizes, broken text, in `f32`
//! and `f64`.
//!
//! No call may panic, hang or take gigabytes; no result may be NaN, or infinite where that is not
//! documented; no divergence is negative; `lower <= exact <= upper`; the optimum is that of a slow
//! search; what is written is read back.
//!
//! A fixed share runs by default. `HOSTILE_SEED` and `HOSTILE_CASES` ask for others;
//! `HOSTILE_CASE` runs a single one of them and prints its calls. `HOSTILE_REPORT` prints how often each
//! function was called, and its longest time and largest memory.
//!
//! Every public function is called: `UNMASKCOST_RUSTDOC_JSON` names the file that rustdoc writes with
//! `--output-format json`, and a test compares. Without it that test is skipped, and says so.

mod data;
mod driver;
mod inputs;
mod list;
mod rooms;
mod text;

use std::str::FromStr;

use driver::Driver;

const CASES: u64 = 600;

fn variable<T: FromStr>(name: &str) -> Option<T> {
    let value = std::env::var(name).ok()?;
    Some(value.parse().unwrap_or_else(|_| panic!("{name}={value} is no number")))
}

fn run(d: &mut Driver, case: u64) {
    d.begin(case);
    match case % 27 {
        0 => rooms::units::<f64>(d),
        1 => rooms::units::<f32>(d),
        2 => rooms::schedules::<f64>(d),
        3 => text::lists(d),
        4 => rooms::curves::<f64>(d),
        5 => rooms::curves::<f32>(d),
        6 => rooms::bounds::<f64>(d),
        7 => rooms::bounds::<f32>(d),
        8 => rooms::optima::<f64>(d),
        9 => rooms::optima::<f32>(d),
        10 => rooms::samplers::<f64>(d),
        11 => rooms::samplers::<f32>(d),
        12 => data::tables::<f64>(d),
        13 => data::tables::<f32>(d),
        14 => data::exchangeable::<f64>(d),
        15 => data::exchangeable::<f32>(d),
        16 => data::chains::<f64>(d),
        17 => data::chains::<f32>(d),
        18 => data::losses::<f64>(d),
        19 => data::losses::<f32>(d),
        20 => data::collectors::<f64>(d),
        21 => data::runs::<f64>(d),
        22 => data::runs::<f32>(d),
        23 => text::json::<f64>(d),
        24 => text::json::<f32>(d),
        25 => data::samples(d),
        _ => text::csv::<f64>(d),
    }
}

// One test, so that nothing runs beside a call whose memory is measured.
#[test]
fn hostile_use_breaks_nothing() {
    let single = variable("HOSTILE_CASE");
    let mut d = Driver::new(variable("HOSTILE_SEED").unwrap_or(1), single.is_some());
    match single {
        Some(case) => run(&mut d, case),
        None => (0..variable("HOSTILE_CASES").unwrap_or(CASES)).for_each(|case| run(&mut d, case)),
    }
    let _ = std::panic::take_hook();
    if std::env::var_os("HOSTILE_REPORT").is_some() {
        for (name, tally) in d.tallies() {
            eprintln!(
                "{name}: {} calls, {:?}, {} bytes",
                tally.calls, tally.slowest, tally.largest
            );
        }
    }
    let faults = d.report();
    assert!(faults.is_empty(), "\n{faults}");
    if single.is_none() {
        list::every_public_function_is_called(d.tallies().keys().copied());
    }
}
