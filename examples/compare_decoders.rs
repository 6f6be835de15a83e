//! Which decoder, which positions, and how many at a time: measured on a model, compared on the same sequences.
//!
//! ```text
//! cargo run --release --example compare_decoders -- [--runs RUNS.csv] [--blocks ORDERS.csv] --tokens L [OPTIONS]
//!
//! --runs RUNS.csv        decoders run on held-out sequences
//! --against NAME         of these, the ones whose names start so are what others are compared with at equal rounds (default: random)
//! --blocks ORDERS.csv    losses along orders, in blocks
//! --tokens L             tokens in a sequence
//! --steps T              of the choice that is written (default: the fewest within 1 % of one token at a time)
//! --output PREFIX        of the files that are written (default: compare)
//! ```
//!
//! With `--runs`: the loss and rounds of each decoder (for the columns, see `DecoderRuns::from_csv`), what it loses more than random positions in as many
//! rounds, which decoders are beaten by others for certain, and the fastest within a tolerance, with confidence. Draws loss against rounds as `PREFIX-decoders.svg`.
//!
//! With `--blocks`: the losses of any masked model along one or several orders (for the columns, see
//! `OrderBlocks::from_csv`). For each order and number of steps: the loss of a sequence with equal sizes, with the best sizes
//! (chosen on one half of the documents, judged on the other), and whether choosing helped. Writes the order and
//! sizes to use as `PREFIX-choice.json`, and the picture of loss against passes as `PREFIX-passes.svg`.

mod command_line;
mod passes_picture;
mod runs_report;

use std::fmt::Write;
use std::process::ExitCode;

use command_line::{Outcome, option_value};
use lexopt::prelude::*;
use passes_picture::{Line, Point, draw_passes};
use runs_report::RunsReport;
use unmaskcost::measured::{OrderBlocks, OrderChoice, Verdict};
use unmaskcost::{Error, Estimate, Nats, Schedule};

/// The level of every interval, printed or drawn.
const LEVEL: f64 = 0.95;

/// The choice that is written without `--steps` is within this part of the loss one token at a time.
const TOLERANCE: f64 = 0.01;

struct Options {
    runs: Option<String>,
    against: String,
    blocks: Option<String>,
    tokens: usize,
    steps: Option<usize>,
    output: String,
}

impl Options {
    fn read(mut parser: lexopt::Parser) -> Outcome<Self> {
        let (mut runs, mut blocks, mut tokens, mut steps) = (None, None, None, None);
        let (mut against, mut output) = ("random".to_owned(), "compare".to_owned());
        while let Some(argument) = parser.next()? {
            match argument {
                Long("runs") => runs = Some(parser.value()?.string()?),
                Long("against") => against = parser.value()?.string()?,
                Long("blocks") => blocks = Some(parser.value()?.string()?),
                Long("tokens") => tokens = Some(option_value(&mut parser, "--tokens")?),
                Long("steps") => steps = Some(option_value(&mut parser, "--steps")?),
                Long("output") => output = parser.value()?.string()?,
                _ => return Err(argument.unexpected().into()),
            }
        }
        if runs.is_none() && blocks.is_none() {
            return Err("--runs or --blocks is needed: a CSV file with runs of decoders, or with losses along orders".into());
        }
        let tokens = tokens.ok_or("--tokens is needed: how many tokens a sequence has")?;
        Ok(Self { runs, against, blocks, tokens, steps, output })
    }
}

fn main() -> ExitCode {
    command_line::run(include_str!("compare_decoders.rs"), run)
}

fn run(parser: lexopt::Parser) -> Outcome<String> {
    let options = Options::read(parser)?;
    let mut notes = String::new();
    if let Some(path) = &options.runs {
        notes += &compare_runs(path, &options)?;
    }
    if let Some(path) = &options.blocks {
        notes += &compare_orders(path, &options)?;
    }
    Ok(notes)
}

fn compare_runs(path: &str, options: &Options) -> Outcome<String> {
    let report = RunsReport::read(path, &options.against, LEVEL)?;
    command_line::print(&report.table(options.tokens)?)?;
    let picture = format!("{}-decoders.svg", options.output);
    report.draw(&picture)?;
    Ok(format!("wrote {picture}\n"))
}

fn compare_orders(path: &str, options: &Options) -> Outcome<String> {
    let text =
        std::fs::read_to_string(path).map_err(|error| format!("cannot read {path}: {error}"))?;
    let orders =
        OrderBlocks::from_csv(&text, options.tokens).map_err(|error| format!("{path}: {error}"))?;
    let steps = compared_steps(options.tokens, options.steps);
    let rows: Vec<Row> =
        orders.iter().map(|blocks| Row::new(blocks, &steps)).collect::<Result<_, _>>()?;

    let mut report = String::new();
    for row in &rows {
        report += &row.table()?;
    }
    let choice = choose(&orders, options.steps)?;
    report += &verdict(&orders, &choice)?;
    let printed = command_line::print(&report);
    let note = write_files(&options.output, &rows, &choice[0])?;
    printed.map(|()| note)
}

/// Powers of two, and what was asked for.
fn compared_steps(tokens: usize, asked: Option<usize>) -> Vec<usize> {
    let powers = std::iter::successors(Some(1), |steps| Some(steps * 2));
    let mut steps: Vec<usize> = powers.take_while(|&steps| steps < tokens).collect();
    steps.extend(asked);
    steps.sort_unstable();
    steps.dedup();
    steps
}

/// One order with its choices.
struct Row<'a> {
    blocks: &'a OrderBlocks,
    one_at_a_time: Option<Estimate>,
    choices: Vec<OrderChoice>,
    /// The fewest steps within the tolerance.
    fewest: Option<OrderChoice>,
}

impl<'a> Row<'a> {
    fn new(blocks: &'a OrderBlocks, steps: &[usize]) -> unmaskcost::Result<Self> {
        let choices = steps.iter().map(|&steps| blocks.choose(steps));
        // Numbers of steps that no measured schedule has are left out.
        let choices =
            choices.filter(|choice| !matches!(choice, Err(Error::StepsNotMeasured { .. })));
        let one_at_a_time = blocks.mean_loss(&Schedule::sequential(blocks.tokens())?).ok();
        let fewest =
            one_at_a_time.map(|loss| blocks.fewest_steps(Nats(TOLERANCE * loss.value().0)));
        let fewest = fewest.transpose()?;
        Ok(Self { blocks, one_at_a_time, choices: choices.collect::<Result<_, _>>()?, fewest })
    }

    fn table(&self) -> Outcome<String> {
        let sequences = self.blocks.sequences().len();
        let mut text = format!("{}: {sequences} sequences", self.blocks.name());
        if let Some(loss) = self.one_at_a_time {
            write!(text, ", one at a time {}", plus_minus(loss)?)?;
        }
        text +=
            "\n\n steps        equal sizes   chosen, judged on others    change by choosing  \n";
        for choice in &self.choices {
            let equal = self.blocks.mean_loss(&choice.balanced)?;
            let used = match choice.schedule == choice.balanced {
                true => "equal sizes",
                false => "chosen sizes",
            };
            writeln!(
                text,
                "{:>6}  {:>17}  {:>25}  {:>20} {:<13} -> {used}",
                choice.balanced.steps(),
                plus_minus(equal)?,
                format!("{:.2}", equal.value().0 + choice.change.value().0),
                plus_minus(choice.change)?,
                choice.verdict,
            )?;
        }
        if let Some(fewest) = &self.fewest {
            let percent = 100.0 * TOLERANCE;
            let steps = fewest.schedule.steps();
            writeln!(
                text,
                "\nwithin {percent} % of one at a time: {steps} passes {}",
                fewest.schedule
            )?;
        }
        text.push('\n');
        Ok(text)
    }
}

fn choose(orders: &[OrderBlocks], steps: Option<usize>) -> unmaskcost::Result<Vec<OrderChoice>> {
    if let Some(steps) = steps {
        return OrderBlocks::choose_order(orders, steps);
    }
    // The order that needs the fewest steps.
    let mut steps = usize::MAX;
    for blocks in orders {
        let loss = blocks.mean_loss(&Schedule::sequential(blocks.tokens())?)?;
        let fewest = blocks.fewest_steps(Nats(TOLERANCE * loss.value().0))?;
        steps = steps.min(fewest.schedule.steps());
    }
    OrderBlocks::choose_order(orders, steps)
}

/// The choice in words, against each other order.
fn verdict(orders: &[OrderBlocks], choices: &[OrderChoice]) -> Outcome<String> {
    let best = &choices[0];
    let mut text = format!(
        "{} steps: order {:?}, sizes {}\nloss {}",
        best.schedule.steps(),
        best.order,
        best.schedule,
        plus_minus(best.loss)?
    );
    if let Some(cost) = best.cost {
        write!(text, ", {} above one at a time", plus_minus(cost)?)?;
    }
    text.push('\n');
    let of = |name: &str| orders.iter().find(|blocks| blocks.name() == name);
    for other in &choices[1..] {
        let (Some(ours), Some(theirs)) = (of(&best.order), of(&other.order)) else { continue };
        let difference = ours.difference_of_choices(best, theirs, other)?;
        writeln!(
            text,
            "against order {:?}: {} ({})",
            other.order,
            plus_minus(difference)?,
            Verdict::of(difference)?
        )?;
    }
    Ok(text)
}

/// A value with half the width of its interval.
fn plus_minus(estimate: Estimate) -> unmaskcost::Result<String> {
    let interval = estimate.interval(LEVEL)?;
    Ok(format!("{:.2} ± {:.2}", estimate.value().0, interval.width().0 / 2.0))
}

fn write_files(prefix: &str, rows: &[Row], choice: &OrderChoice) -> Outcome<String> {
    let path = format!("{prefix}-choice.json");
    let json = serde_json::to_string(choice)? + "\n";
    std::fs::write(&path, json).map_err(|error| format!("{path}: {error}"))?;
    let mut lines = Vec::new();
    for row in rows {
        let name = row.blocks.name();
        let point = |steps, estimate: Estimate| {
            let interval = estimate.interval(LEVEL)?;
            let (low, high) = (interval.lower().0, interval.upper().0);
            Ok::<_, Error>(Point { passes: steps, loss: estimate.value().0, low, high })
        };
        let (mut equal, mut chosen) = (Vec::new(), Vec::new());
        for choice in &row.choices {
            let steps = choice.schedule.steps();
            equal.push(point(steps, row.blocks.mean_loss(&choice.balanced)?)?);
            chosen.push(point(steps, choice.loss)?);
        }
        lines.push(Line { name: format!("{name}, equal sizes"), points: equal, faint: true });
        lines.push(Line { name: format!("{name}, sizes chosen"), points: chosen, faint: false });
    }
    let least = rows.iter().filter_map(|row| row.one_at_a_time).map(|loss| loss.value().0);
    let picture = format!("{prefix}-passes.svg");
    draw_passes(&picture, &lines, least.reduce(f64::min))?;
    Ok(format!("wrote {path} and {picture}\n"))
}
