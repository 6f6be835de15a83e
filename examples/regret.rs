//! What it costs to choose a schedule by noisy losses, in many draws of the measurement.
//!
//! ```text
//! cargo run --release --example regret -- [NESTED.csv] [OPTIONS]
//!
//! NESTED.csv             losses of a real model, each sequence at all counts
//!                        (default: tests/measured/nested.csv)
//! --draws N              measurements drawn for each row (default: 100)
//! --seed N               seed of the random numbers (default: 1)
//! --sequences N,N,..     sequences per count, in each of the two files (default: 20,60,180)
//! --steps T,T,..         numbers of steps (default: 4,8,16,32)
//! ```
//!
//! The losses are those of the real model, with sequences of its own at each count, or gamma distributed around three
//! made-up curves, with the spread of the real model. A schedule is chosen by one sample, at 33 counts, and its true
//! cost is known: by the mean of all sequences, or by the curve. Prints mean true costs in nats per sequence:
//!
//! ```text
//! isotonic    the best for the isotonic fit
//! fitted      the best for the posterior mean
//! plan        what the example `plan` writes: the fitted one if a second sample shows that it is better, else balanced
//! balanced    equal steps
//! oracle      the best for the true losses
//! worse       how often the choice in the column before costs over 1% more than balanced
//! ```

mod command_line;

use std::fmt::Write;
use std::process::ExitCode;

use command_line::{Outcome, option_value};
use lexopt::prelude::*;
use rand::{Rng, RngExt, SeedableRng, rngs::ChaCha8Rng};
use unmaskcost::measured::{LossCurve, LossPoint, Planner, measurement_counts};
use unmaskcost::{InformationCurve, Nats, Schedule, optimal};

const COUNTS: usize = 33;

struct Options {
    nested: String,
    draws: usize,
    seed: u64,
    sequences: Vec<usize>,
    steps: Vec<usize>,
}

impl Options {
    fn read(mut parser: lexopt::Parser) -> Outcome<Self> {
        let mut nested = None;
        let (mut draws, mut seed) = (100, 1);
        let (mut sequences, mut steps) = (vec![20, 60, 180], vec![4, 8, 16, 32]);
        while let Some(argument) = parser.next()? {
            match argument {
                Long("draws") => draws = option_value(&mut parser, "--draws")?,
                Long("seed") => seed = option_value(&mut parser, "--seed")?,
                Long("sequences") => sequences = numbers(&mut parser, "--sequences")?,
                Long("steps") => steps = numbers(&mut parser, "--steps")?,
                Value(value) if nested.is_none() => nested = Some(value.string()?),
                _ => return Err(argument.unexpected().into()),
            }
        }
        let nested = nested.unwrap_or_else(|| "tests/measured/nested.csv".to_owned());
        if draws == 0 {
            return Err("--draws 0: at least one is needed".into());
        }
        Ok(Self { nested, draws, seed, sequences, steps })
    }
}

fn numbers(parser: &mut lexopt::Parser, option: &str) -> Outcome<Vec<usize>> {
    let list: String = option_value(parser, option)?;
    let number = |text: &str| text.parse().map_err(|error| format!("{option} {text:?}: {error}"));
    Ok(list.split(',').map(number).collect::<Result<_, _>>()?)
}

fn main() -> ExitCode {
    command_line::run(include_str!("regret.rs"), run)
}

/// Where losses come from.
struct World {
    name: &'static str,
    losses: Vec<f64>,
    source: Source,
}

enum Source {
    /// By count: the losses of all sequences.
    Sequences(Vec<Vec<f64>>),
    /// By count: the standard deviation.
    Gamma(Vec<f64>),
}

impl World {
    fn draw(&self, count: usize, random: &mut impl Rng) -> f64 {
        match &self.source {
            Source::Sequences(losses) => losses[count][random.random_range(0..losses[count].len())],
            Source::Gamma(deviations) => {
                let shape = (self.losses[count] / deviations[count]).powi(2);
                self.losses[count] / shape * gamma(shape, random)
            }
        }
    }

    /// Means with standard errors, of fresh sequences for each count.
    fn measure(&self, sequences: usize, random: &mut impl Rng) -> unmaskcost::Result<LossCurve> {
        let tokens = self.losses.len();
        let counts = measurement_counts(tokens, COUNTS)?;
        let points = counts.into_iter().map(|revealed| {
            let losses: Vec<f64> = (0..sequences).map(|_| self.draw(revealed, random)).collect();
            let (loss, deviation) = mean_and_deviation(&losses);
            let standard_error = Nats(deviation / (sequences as f64).sqrt());
            LossPoint {
                revealed,
                loss: Nats(loss),
                standard_error,
                samples: Some(sequences as u64),
            }
        });
        LossCurve::from_points(points.collect::<Vec<_>>(), tokens)
    }

    fn cost(&self, schedule: &Schedule) -> f64 {
        let step = |step: std::ops::Range<usize>| -> f64 {
            step.clone().map(|k| self.losses[step.start] - self.losses[k]).sum()
        };
        schedule.ranges().map(step).sum()
    }
}

fn mean_and_deviation(values: &[f64]) -> (f64, f64) {
    let number = values.len() as f64;
    let mean = values.iter().sum::<f64>() / number;
    let squares: f64 = values.iter().map(|value| (value - mean).powi(2)).sum();
    (mean, (squares / (number - 1.0)).sqrt())
}

/// Marsaglia & Tsang, *ACM Transactions on Mathematical Software* 26 (2000); a smaller shape by a power of a
/// uniform number.
fn gamma(shape: f64, random: &mut impl Rng) -> f64 {
    if shape < 1.0 {
        let uniform: f64 = random.random();
        return gamma(shape + 1.0, random) * uniform.powf(shape.recip());
    }
    let d = shape - 1.0 / 3.0;
    let c = 1.0 / (9.0 * d).sqrt();
    loop {
        let (one, two): (f64, f64) = (1.0 - random.random::<f64>(), random.random());
        let normal = (-2.0 * one.ln()).sqrt() * (std::f64::consts::TAU * two).cos();
        let cube = (1.0 + c * normal).powi(3);
        let uniform: f64 = 1.0 - random.random::<f64>();
        if cube > 0.0 && uniform.ln() < 0.5 * normal * normal + d - d * cube + d * cube.ln() {
            return d * cube;
        }
    }
}

fn worlds(nested: &str) -> Outcome<Vec<World>> {
    let text = std::fs::read_to_string(nested)
        .map_err(|error| format!("cannot read {nested}: {error}"))?;
    let mut lines = text.lines();
    let names = lines.next().ok_or("the file is empty")?;
    let first = names.split(',').position(|name| name == "revealed_0");
    let first = first.ok_or("no column revealed_0")?;
    let tokens = names.split(',').count() - first;
    let mut by_count = vec![Vec::new(); tokens];
    for line in lines {
        for (losses, field) in by_count.iter_mut().zip(line.split(',').skip(first)) {
            losses.push(field.parse::<f64>()?);
        }
    }
    let moments: Vec<(f64, f64)> =
        by_count.iter().map(|losses| mean_and_deviation(losses)).collect();
    let deviations: Vec<f64> = moments.iter().map(|(_, deviation)| *deviation).collect();
    // The true losses of the model do not rise; the means of some thousand sequences hardly do.
    let losses = moments.iter().map(|(mean, _)| *mean).collect();
    let made_up = |name, curve: fn(f64) -> f64| {
        let share = |k: usize| k as f64 * 64.0 / tokens as f64;
        let losses = (0..tokens).map(|k| curve(share(k))).collect();
        World { name, losses, source: Source::Gamma(deviations.clone()) }
    };
    Ok(vec![
        World { name: "real model", losses, source: Source::Sequences(by_count) },
        made_up("1 + 2.5 / (1 + k/4)", |k| 1.0 + 2.5 / (1.0 + k / 4.0)),
        made_up("1.2 + 2.2 (1 - k/64)^3", |k| 1.2 + 2.2 * (1.0 - k / 64.0).powi(3)),
        made_up("3.4 - 1.5 (k/64)^3", |k| 3.4 - 1.5 * (k / 64.0).powi(3)),
    ])
}

/// Mean true cost of a way to choose, and how often it is worse than balanced by over 1%.
#[derive(Default, Clone, Copy)]
struct Tally {
    cost: f64,
    worse: usize,
}

impl Tally {
    fn add(&mut self, cost: f64, balanced: f64) {
        self.cost += cost;
        self.worse += usize::from(cost > 1.01 * balanced);
    }

    fn columns(self, draws: usize) -> String {
        let draws = draws as f64;
        format!("{:>9.3}{:>6.0}%", self.cost / draws, 100.0 * self.worse as f64 / draws)
    }
}

fn run(parser: lexopt::Parser) -> Outcome<String> {
    let options = Options::read(parser)?;
    let mut report = String::new();
    for world in worlds(&options.nested)? {
        writeln!(report, "{}", world.name)?;
        writeln!(
            report,
            "per count  steps isotonic  worse   fitted  worse     plan  worse balanced   oracle"
        )?;
        for &sequences in &options.sequences {
            write_rows(&mut report, &world, sequences, &options)?;
        }
        writeln!(report)?;
    }
    Ok(report)
}

fn write_rows(out: &mut String, world: &World, sequences: usize, options: &Options) -> Outcome<()> {
    let tokens = world.losses.len();
    let mut random = ChaCha8Rng::seed_from_u64(options.seed);
    let mut tallies = vec![[Tally::default(); 3]; options.steps.len()];
    let balanced: Vec<Schedule> = options
        .steps
        .iter()
        .map(|&steps| Schedule::balanced(tokens, steps))
        .collect::<Result<_, _>>()?;
    for _ in 0..options.draws {
        let select = world.measure(sequences, &mut random)?;
        let isotonic = select.isotonic()?.information_curve()?;
        let planner = Planner::new(&select, world.measure(sequences, &mut random)?)?;
        for (tally, balanced) in tallies.iter_mut().zip(&balanced) {
            let (steps, balanced) = (balanced.steps(), world.cost(balanced));
            let best = |curve: &InformationCurve| optimal::schedule(curve, steps);
            tally[0].add(world.cost(&best(&isotonic)?.0), balanced);
            tally[1].add(world.cost(&best(planner.curve())?.0), balanced);
            tally[2].add(world.cost(&planner.advise(steps)?.schedule), balanced);
        }
    }
    for (tally, balanced) in tallies.iter().zip(&balanced) {
        let oracle =
            unmaskcost::measured::schedule_for_losses(&world.losses, balanced.steps())?.plan;
        let ways: String = tally.iter().map(|tally| tally.columns(options.draws)).collect();
        let (balanced_cost, oracle) = (world.cost(balanced), world.cost(&oracle));
        writeln!(
            out,
            "{sequences:>9}{:>7}{ways}{balanced_cost:>9.3}{oracle:>9.3}",
            balanced.steps()
        )?;
    }
    Ok(())
}
