//! From measured losses to a schedule: what schedules cost, which are best, and how sure that is.
//!
//! ```text
//! cargo run --release --example plan -- SELECT.csv [EVALUATE.csv] --tokens L [OPTIONS]
//!
//! SELECT.csv             losses to choose schedules by
//! EVALUATE.csv           losses to judge them by, of other sequences (default: the same)
//! --tokens L             tokens in a sequence
//! --steps T              of the schedule that is written (default: L / 8)
//! --hold-ends            takes the loss as constant beyond the measured counts
//! --output PREFIX        of the files that are written (default: plan)
//! ```
//!
//! Reads losses of any masked model (for the columns, see `LossCurve::from_csv`), chooses schedules
//! by the first file and judges them by the second: noise can make the best lose to others there. Prints
//! each cost with its error of measurement and with the interval that holds whatever lies between the
//! measured counts; writes the best schedule of T steps as `PREFIX-schedule.json` and two pictures,
//! `PREFIX-losses.svg` and `PREFIX-costs.svg`.

mod command_line;
mod known_decoders;
mod plan_pictures;

use std::fmt::Write;
use std::process::ExitCode;

use command_line::{Outcome, option_value};
use known_decoders::{FIXED_POSITIONS, plans};
use lexopt::prelude::*;
use unmaskcost::Schedule;
use unmaskcost::measured::Planner;
use unmaskcost::{ConfidenceInterval, Estimate, measured::LossCurve};
use unmaskcost::{
    decoders::{Decoder, MaskFunction},
    measured,
};

/// The level of every interval, printed or drawn.
const LEVEL: f64 = 0.95;

/// Losses that rise by more than noise take a plan in O(T L^2); up to here that is a second or two.
const MOST_TOKENS_AS_MEASURED: usize = 1024;

struct Options {
    select: String,
    evaluate: Option<String>,
    tokens: usize,
    steps: Option<usize>,
    hold_ends: bool,
    output: String,
}

impl Options {
    fn read(mut parser: lexopt::Parser) -> Outcome<Self> {
        let (mut select, mut evaluate, mut output) = (None, None, "plan".to_owned());
        let (mut tokens, mut steps, mut hold_ends) = (None, None, false);
        while let Some(argument) = parser.next()? {
            match argument {
                Long("tokens") => tokens = Some(option_value(&mut parser, "--tokens")?),
                Long("steps") => steps = Some(option_value(&mut parser, "--steps")?),
                Long("hold-ends") => hold_ends = true,
                Long("output") => output = parser.value()?.string()?,
                Value(value) if select.is_none() => select = Some(value.string()?),
                Value(value) if evaluate.is_none() => evaluate = Some(value.string()?),
                _ => return Err(argument.unexpected().into()),
            }
        }
        let select = select.ok_or("a CSV file with losses is needed")?;
        let tokens = tokens.ok_or("--tokens is needed: how many tokens a sequence has")?;
        Ok(Self { select, evaluate, tokens, steps, hold_ends, output })
    }
}

fn main() -> ExitCode {
    command_line::run(include_str!("plan.rs"), run)
}

fn run(parser: lexopt::Parser) -> Outcome<String> {
    let options = Options::read(parser)?;
    let plan = Plan::new(&options)?;
    // The report first, and files without it: neither that cannot be written should cost the other.
    let printed = command_line::print(&plan.report);
    let note = plan.write_files(&options.output)?;
    printed.map(|()| note)
}

struct Plan {
    report: String,
    best: Schedule,
    evaluate: LossCurve,
    ways: Vec<Way>,
}

/// One way to make schedules, and what they cost for some numbers of steps.
struct Way {
    name: &'static str,
    costs: Vec<Cost>,
}

/// What a schedule costs.
struct Cost {
    schedule: Schedule,
    estimate: Estimate,
    /// By the error of measurement alone.
    measured: ConfidenceInterval,
    /// Whatever lies between the measured counts, if losses that do not rise are possible at all.
    any_fall: Option<ConfidenceInterval>,
    /// Beyond the best schedule of as many steps.
    more: Estimate,
}

impl Cost {
    fn new(schedule: &Schedule, best: &Schedule, losses: &LossCurve) -> unmaskcost::Result<Self> {
        let estimate = losses.parallelism_cost(schedule)?;
        Ok(Self {
            schedule: schedule.clone(),
            estimate,
            measured: estimate.interval(LEVEL)?,
            any_fall: measured::any_fall::cost_interval(losses, schedule, LEVEL).ok(),
            more: losses.cost_difference(schedule, best)?,
        })
    }

    /// Cost, interval for any fall, and difference, each in its column.
    fn columns(&self) -> unmaskcost::Result<String> {
        let any_fall = self.any_fall.map_or("-".to_owned(), |interval| {
            format!("{:.3} to {:.3}", interval.lower().0, interval.upper().0)
        });
        let more = plus_minus(self.more)?;
        Ok(format!("{:>20}{any_fall:>22}{more:>18}", plus_minus(self.estimate)?))
    }
}

fn plus_minus(estimate: Estimate) -> unmaskcost::Result<String> {
    let radius = estimate.interval(LEVEL)?.width().0 / 2.0;
    Ok(format!("{:.3} ± {radius:.3}", estimate.value().0))
}

const COLUMNS: &str = "                cost              any fall         more than best";

impl Plan {
    fn new(options: &Options) -> Outcome<Self> {
        let tokens = options.tokens;
        let read = |path: &str| -> Outcome<LossCurve> {
            let text = std::fs::read_to_string(path)
                .map_err(|error| format!("cannot read {path}: {error}"))?;
            let losses = LossCurve::from_csv(&text, tokens);
            let losses = losses.map_err(|error| format!("{path}: {error}"))?;
            Ok(if options.hold_ends { losses.holding_ends() } else { losses })
        };
        let select = read(&options.select)?;
        let evaluate = options.evaluate.as_deref().map_or_else(|| Ok(select.clone()), read)?;
        let by_select = |error| with_advice(&options.select, error);
        let judge_path = options.evaluate.as_deref().unwrap_or(&options.select);
        let by_evaluate = |error| with_advice(judge_path, error);

        let planner = Planner::new(&select, evaluate.clone()).map_err(by_select)?;
        let rises = planner.select().test().rejects(0.99)?;
        let as_measured = rises && tokens <= MOST_TOKENS_AS_MEASURED;
        let choose = |steps: usize| match as_measured {
            true => planner.schedule_as_measured(steps),
            false => planner.schedule(steps),
        };
        let steps = options.steps.unwrap_or((tokens / 8).max(1));
        let best = choose(steps).map_err(by_evaluate)?.schedule;

        let mut report = String::new();
        write_summary(&mut report, &planner, as_measured)?;
        if options.hold_ends {
            report += "--hold-ends: the loss is taken as constant beyond the measured counts, which makes \
                       costs look smaller if anything was not measured\n";
        }
        if options.evaluate.is_none() {
            report +=
                "no second file: costs are judged by the losses that chose, and look too small\n";
        }
        let sequential = Schedule::sequential(tokens)?;
        let sequential = evaluate.negative_log_likelihood(&sequential).map_err(by_evaluate)?;
        let perplexity = sequential.perplexity(tokens)?;
        writeln!(report, "one token per step: {sequential:.2}, perplexity {perplexity:.3}")?;
        report += "\nin nats per sequence, all intervals of 95%:\n\
                   cost: on straight lines between the measured counts, ± the error of measurement\n\
                   any fall: within the errors, whatever lies between the counts, if losses do not rise\n\
                   more than best: the difference on the straight lines, ± its error of measurement\n";

        let ways = ways(tokens, &choose, &evaluate).map_err(by_evaluate)?;
        write_ways(&mut report, &ways)?;
        write_decoders(&mut report, &best, &evaluate)?;
        write_best(&mut report, &best, &evaluate)?;
        Ok(Self { report, best, evaluate, ways })
    }

    /// Says what was written, and what was not and why.
    fn write_files(&self, prefix: &str) -> Outcome<String> {
        let path = format!("{prefix}-schedule.json");
        std::fs::write(&path, serde_json::to_string(&self.best)? + "\n")
            .map_err(|error| format!("cannot write {path}: {error}"))?;
        let mut note = format!("\nwritten: {path}");
        let losses = format!("{prefix}-losses.svg");
        plan_pictures::draw_losses(&losses, &self.evaluate, &self.best)?;
        write!(note, ", {losses}")?;
        let costs = format!("{prefix}-costs.svg");
        if plan_pictures::draw_costs(&costs, &self.ways, self.evaluate.holds_ends())? {
            writeln!(note, ", {costs}")?;
        } else {
            writeln!(note, "\nnot drawn: {costs}, because no cost is above zero")?;
        }
        Ok(note)
    }
}

fn with_advice(path: &str, error: unmaskcost::Error) -> String {
    match error {
        unmaskcost::Error::NotMeasured { .. } => format!(
            "{path}: {error}. Measure there too, or pass --hold-ends to take the loss as constant beyond \
             the measured counts, which makes costs look smaller"
        ),
        other => format!("{path}: {other}"),
    }
}

fn write_summary(out: &mut String, planner: &Planner, as_measured: bool) -> Outcome<()> {
    let monotone = planner.select();
    let (losses, test) = (monotone.measured(), monotone.test());
    let (points, tokens) = (losses.points(), losses.tokens());
    writeln!(out, "{tokens} tokens, losses measured at {} numbers of revealed ones", points.len())?;
    if points.iter().any(|point| point.samples.is_some_and(|samples| samples < 20)) {
        writeln!(out, "fewer than 20 samples at some of them: the choice may lean on chance")?;
    }
    if test.largest.is_none() {
        writeln!(out, "they never rise with that number")?;
        return Ok(());
    }
    let moved = monotone.moves().count();
    let farthest = monotone.moves().map(|m| (m.fitted - m.measured.value()).0.abs());
    let farthest = farthest.fold(0.0, f64::max);
    let p = test.p_value;
    if test.rejects(0.99)? {
        writeln!(out, "they rise in places, by more than noise explains (p = {p:.1e})")?;
        writeln!(
            out,
            "to make them monotone moves {moved} of them, by up to {farthest:.3} nats: more than noise explains"
        )?;
        out.push_str(match as_measured {
            true => "so schedules are chosen by the losses as measured\n",
            false => {
                "too many tokens to choose by the losses as measured: schedules are chosen by the monotone ones\n"
            }
        });
    } else {
        writeln!(out, "they rise in places, within noise (p = {p:.2})")?;
        writeln!(out, "{moved} were made monotone, moved by up to {farthest:.3} nats")?;
    }
    Ok(())
}

fn ways(
    tokens: usize,
    choose: &dyn Fn(usize) -> unmaskcost::Result<unmaskcost::measured::Choice>,
    evaluate: &LossCurve,
) -> unmaskcost::Result<Vec<Way>> {
    let cosine = Decoder::MaskGit(MaskFunction::Cosine);
    let mut ways = ["balanced", "cosine", "best"].map(|name| Way { name, costs: Vec::new() });
    for steps in (0..usize::BITS).map(|i| 1 << i).take_while(|&steps| steps < tokens) {
        let best = choose(steps)?.schedule;
        let balanced = Schedule::balanced(tokens, steps)?;
        let cosine = cosine.plan(tokens, steps)?.schedule().clone();
        for (way, schedule) in ways.iter_mut().zip([&balanced, &cosine, &best]) {
            way.costs.push(Cost::new(schedule, &best, evaluate)?);
        }
    }
    Ok(ways.into())
}

fn write_ways(out: &mut String, ways: &[Way]) -> Outcome<()> {
    writeln!(out, "\n steps{COLUMNS}  sizes")?;
    let rows = ways.first().map_or(0, |way| way.costs.len());
    for row in 0..rows {
        for Way { name, costs } in ways {
            let cost = &costs[row];
            writeln!(out, "{:>6}{}  {name}", cost.schedule.steps(), cost.columns()?)?;
        }
    }
    Ok(())
}

/// What each known decoder costs, asked for as many steps as the best schedule has.
fn write_decoders(out: &mut String, best: &Schedule, evaluate: &LossCurve) -> Outcome<()> {
    let steps = best.steps();
    writeln!(out, "\n{steps} steps, as each decoder makes them of {} tokens", best.tokens())?;
    writeln!(out, "passes  nonempty{COLUMNS}  decoder")?;
    let mut row = |name: &str, passes: usize, schedule: &Schedule| -> Outcome<()> {
        let columns = Cost::new(schedule, best, evaluate)?.columns()?;
        writeln!(out, "{passes:>6}{:>10}{columns}  {name}", schedule.steps())?;
        Ok(())
    };
    row("the best sizes", steps, best)?;
    for (names, plan) in plans(best.tokens(), steps)? {
        row(&names, plan.count(), plan.schedule())?;
    }
    writeln!(out, "{FIXED_POSITIONS}")?;
    Ok(())
}

fn write_best(out: &mut String, best: &Schedule, evaluate: &LossCurve) -> Outcome<()> {
    let likelihood = evaluate.negative_log_likelihood(best)?;
    let (low, high) = likelihood.interval(LEVEL)?.perplexity(best.tokens())?.into_inner();
    writeln!(out, "\nbest {} steps: {best}", best.steps())?;
    writeln!(
        out,
        "perplexity {:.3} ({low:.3} to {high:.3} by the error of measurement)",
        likelihood.perplexity(best.tokens())?
    )?;
    if let Err(error) = measured::any_fall::cost_interval(evaluate, best, LEVEL) {
        writeln!(out, "no interval for any fall: {error}")?;
    }
    Ok(())
}
