//! Which decoder, which positions, and how many at a time: measured on a model, compared on the same sequences.
//!
//! ```text
//! cargo run --release --example compare_decoders -- [--runs RUNS.csv] [--blocks ORDERS.csv] --tokens L [OPTIONS]
//!
//! --runs RUNS.csv        decoders run on held-out sequences
//! --blocks ORDERS.csv    losses along orders, in blocks, on the same sequences
//! --tokens L             tokens in a sequence
//! --steps T              steps of the choice that is written (default: the fewest within 1 % of one token at a time)
//! --against NAME         decoders to compare the others with at equal rounds: those whose names start so (default: random)
//! --output PREFIX        prefix of the files that are written (default: compare)
//! ```
//!
//! With `--blocks` (for the columns, see `OrderBlocks::from_csv`): prints for each order and number of steps the loss
//! of a sequence with equal sizes, that with the best sizes (chosen on one half of the documents, judged on the other),
//! and whether choosing helped. Writes the order and sizes to use as `PREFIX-choice.json`.
//!
//! Then prints all of these and the decoders of `--runs` (for the columns, see `DecoderRuns::from_csv`) in one table:
//! loss and rounds, how much more each loses than random positions in as many rounds, which are beaten by others for
//! certain, and the fastest within a tolerance, with confidence. Draws loss against passes as `PREFIX-passes.svg`.

mod command_line;
mod runs_report;

use std::fmt::Write;
use std::process::ExitCode;

use command_line::{Outcome, option_value};
use lexopt::prelude::*;
use runs_report::RunsReport;
use unmaskcost::measured::{DecoderRuns, OrderBlocks, OrderChoice, Run, Verdict};
use unmaskcost::{Error, Estimate, Nats, Schedule};

/// The level of every interval, printed or drawn.
const LEVEL: f64 = 0.95;

/// The choice that is written without `--steps` is within this part of the loss one token at a time.
const TOLERANCE: f64 = 0.01;

struct Options {
    runs: Option<String>,
    blocks: Option<String>,
    tokens: usize,
    steps: Option<usize>,
    against: String,
    output: String,
}

impl Options {
    fn read(mut parser: lexopt::Parser) -> Outcome<Self> {
        let (mut runs, mut blocks, mut tokens, mut steps) = (None, None, None, None);
        let (mut against, mut output) = ("random".to_owned(), "compare".to_owned());
        while let Some(argument) = parser.next()? {
            match argument {
                Long("runs") => runs = Some(parser.value()?.string()?),
                Long("blocks") => blocks = Some(parser.value()?.string()?),
                Long("tokens") => tokens = Some(option_value(&mut parser, "--tokens")?),
                Long("steps") => steps = Some(option_value(&mut parser, "--steps")?),
                Long("against") => against = parser.value()?.string()?,
                Long("output") => output = parser.value()?.string()?,
                _ => return Err(argument.unexpected().into()),
            }
        }
        if runs.is_none() && blocks.is_none() {
            return Err(
                "--runs or --blocks is needed: a CSV file with runs of decoders, or with losses \
                        along orders"
                    .into(),
            );
        }
        let tokens: usize = tokens.ok_or("--tokens is needed: how many tokens a sequence has")?;
        if tokens == 0 {
            return Err("--tokens 0: a sequence has at least one token".into());
        }
        if let Some(steps) = steps
            && !(1..=tokens).contains(&steps)
        {
            return Err(format!("--steps {steps}: from 1 to {tokens} steps are possible").into());
        }
        Ok(Self { runs, blocks, tokens, steps, against, output })
    }
}

fn main() -> ExitCode {
    command_line::run(include_str!("compare_decoders.rs"), run)
}

fn run(parser: lexopt::Parser) -> Outcome<String> {
    let options = Options::read(parser)?;
    let orders = match &options.blocks {
        Some(path) => read(path, |text| OrderBlocks::from_csv(text, options.tokens))?,
        None => Vec::new(),
    };
    let mut runs = match &options.runs {
        Some(path) => read(path, DecoderRuns::from_csv)?,
        None => DecoderRuns::new(),
    };
    let steps = compared_steps(options.tokens, options.steps);
    let rows: Vec<Row> =
        orders.iter().map(|blocks| Row::new(blocks, &steps)).collect::<Result<_, _>>()?;
    let (mut report, mut notes) = (String::new(), String::new());
    for row in &rows {
        report += &row.table()?;
        row.record(&mut runs)?;
    }
    if !orders.is_empty() {
        let choice = choose(&orders, options.steps)?;
        report += &verdict(&orders, &choice)?;
        report.push('\n');
        notes += &write_choice(&options.output, &choice[0])?;
    }
    let table = RunsReport::new(runs, &options.against, LEVEL).map_err(|error| {
        format!("{error}: runs and blocks need the same sequences, by the same names")
    })?;
    report += &table.table(options.tokens)?;
    let printed = command_line::print(&report);
    let picture = format!("{}-passes.svg", options.output);
    let left_out = table.draw(&picture)?;
    writeln!(notes, "wrote {picture}")?;
    if !left_out.is_empty() {
        writeln!(notes, "not drawn, far above: {}", left_out.join("; "))?;
    }
    printed.map(|()| notes)
}

fn read<T>(path: &str, parse: impl Fn(&str) -> unmaskcost::Result<T>) -> Outcome<T> {
    let text =
        std::fs::read_to_string(path).map_err(|error| format!("cannot read {path}: {error}"))?;
    Ok(parse(&text).map_err(|error| format!("{path}: {error}"))?)
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
        let choices = choices.filter(|choice| !matches!(choice, Err(Error::NotApplicable { .. })));
        let one_at_a_time = blocks.mean_loss(&Schedule::sequential(blocks.tokens())?).ok();
        let fewest =
            one_at_a_time.map(|loss| blocks.fewest_steps(Nats(TOLERANCE * loss.value().0)));
        let fewest = fewest.transpose()?;
        Ok(Self { blocks, one_at_a_time, choices: choices.collect::<Result<_, _>>()?, fewest })
    }

    /// Each schedule as a decoder.
    fn record(&self, runs: &mut DecoderRuns) -> unmaskcost::Result<()> {
        let (name, tokens) = (self.blocks.name(), self.blocks.tokens());
        let mut add = |what: String, found: Vec<Run>| {
            found.into_iter().try_for_each(|run| runs.record(&what, run))
        };
        for choice in &self.choices {
            let steps = choice.balanced.steps();
            // The measured counts may not allow equal ones.
            let is_equal = choice.balanced == Schedule::balanced(tokens, steps)?;
            let what = if is_equal { "equal" } else { "nearly equal" };
            add(format!("{name}, {steps} {what} steps"), self.blocks.runs(&choice.balanced)?)?;
            if choice.schedule != choice.balanced {
                add(format!("{name}, {steps} chosen steps"), self.blocks.runs_of_choice(choice)?)?;
            }
        }
        if self.one_at_a_time.is_some() {
            let alone = Schedule::sequential(tokens)?;
            add(format!("{name}, {tokens} equal steps"), self.blocks.runs(&alone)?)?;
        }
        Ok(())
    }

    fn table(&self) -> Outcome<String> {
        let sequences = self.blocks.sequences().len();
        let mut text = format!("{}: {sequences} sequences", self.blocks.name());
        if let Some(loss) = self.one_at_a_time {
            write!(text, ", one at a time {}", plus_minus(loss)?)?;
        }
        text += "\n\n steps        equal sizes   chosen, judged on others    change by choosing\n";
        let tokens = self.blocks.tokens();
        let mut all_equal = true;
        for choice in &self.choices {
            all_equal &= choice.balanced == Schedule::balanced(tokens, choice.balanced.steps())?;
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
        if !all_equal {
            text += "\nequal sizes: as equal as the measured counts allow, which is not very equal for many steps\n";
        }
        if let Some(fewest) = &self.fewest {
            let percent = 100.0 * TOLERANCE;
            let steps = fewest.schedule.steps();
            writeln!(
                text,
                "\nwithin {percent} % of one at a time along this order, by the means: {steps} passes {}",
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

fn write_choice(prefix: &str, choice: &OrderChoice) -> Outcome<String> {
    let path = format!("{prefix}-choice.json");
    let json = serde_json::to_string(choice)? + "\n";
    std::fs::write(&path, json).map_err(|error| format!("{path}: {error}"))?;
    Ok(format!("wrote {path}\n"))
}
