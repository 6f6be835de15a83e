//! From measured losses to a schedule: what schedules cost, which are best, and how sure that is.
//!
//! ```text
//! cargo run --release --example plan -- SELECT.csv [EVALUATE.csv] --tokens L [OPTIONS]
//!
//! SELECT.csv             losses to choose schedules by
//! EVALUATE.csv           losses to judge them by, of other sequences (default: a file with a column sequence is split,
//!                        others judge themselves)
//! --tokens L             tokens in a sequence
//! --steps T              steps of the schedule that is written (default: L / 8)
//! --tolerance NATS       instead of --steps: the fewest steps whose best sizes seem to cost at most this much
//! --schedule SIZES       your own, priced as well: 8,8,16 or a file that holds such a list
//! --vocabulary V         symbols of the vocabulary, to tell losses from sums and weighted terms
//! --hold-ends            takes the loss as constant beyond the measured counts
//! --output PREFIX        prefix of the files that are written (default: plan)
//! ```
//!
//! Reads losses of any masked model (for the columns, see `MeasuredLosses::from_csv`), chooses schedules
//! by each of the two files and judges them by the other. Says what T steps cost, which sizes to use and how sure that is:
//! balanced ones, unless others are shown to be better. Prints each cost with its error of measurement and with the
//! interval that holds whatever lies between the measured counts; writes the sizes to use as `PREFIX-schedule.json` and
//! two pictures, `PREFIX-losses.svg` and `PREFIX-costs.svg`.

mod command_line;
mod known_decoders;
mod plan_pictures;

use std::fmt::Write;
use std::process::ExitCode;

use command_line::{Outcome, option_value};
use known_decoders::{FIXED_POSITIONS, plans};
use lexopt::prelude::*;
use unmaskcost::decoders::{Decoder, Shape};
use unmaskcost::measured::{self, Advice, LossCurve, LossPoint, MeasuredLosses, Planner, Verdict};
use unmaskcost::optimal::families::{self, Family};
use unmaskcost::{ConfidenceInterval, Estimate, Nats, Schedule};

/// The level of every interval, printed or drawn.
const LEVEL: f64 = 0.95;

struct Options {
    select: String,
    evaluate: Option<String>,
    tokens: usize,
    length: Length,
    own: Option<Schedule>,
    vocabulary: Option<u64>,
    hold_ends: bool,
    output: String,
}

/// How many steps the schedule that is written has.
#[derive(Clone, Copy)]
enum Length {
    Steps(usize),
    Tolerance(f64),
}

impl Options {
    fn read(mut parser: lexopt::Parser) -> Outcome<Self> {
        let (mut select, mut evaluate, mut output) = (None, None, "plan".to_owned());
        let (mut tokens, mut own, mut hold_ends) = (None, None, false);
        let (mut steps, mut tolerance) = (None, None);
        let mut vocabulary = None;
        while let Some(argument) = parser.next()? {
            match argument {
                Long("tokens") => tokens = Some(option_value(&mut parser, "--tokens")?),
                Long("steps") => steps = Some(option_value(&mut parser, "--steps")?),
                Long("tolerance") => tolerance = Some(option_value(&mut parser, "--tolerance")?),
                Long("schedule") => own = Some(read_schedule(&parser.value()?.string()?)?),
                Long("vocabulary") => {
                    vocabulary = Some(option_value(&mut parser, "--vocabulary")?);
                }
                Long("hold-ends") => hold_ends = true,
                Long("output") => output = parser.value()?.string()?,
                Value(value) if select.is_none() => select = Some(value.string()?),
                Value(value) if evaluate.is_none() => evaluate = Some(value.string()?),
                _ => return Err(argument.unexpected().into()),
            }
        }
        let select = select.ok_or("a CSV file with losses is needed")?;
        let tokens: usize = tokens.ok_or("--tokens is needed: how many tokens a sequence has")?;
        let own_steps = own.as_ref().map(Schedule::steps);
        let length = match (steps, tolerance) {
            (Some(_), Some(_)) => return Err("--steps or --tolerance, not both".into()),
            (Some(steps), None) => Length::Steps(steps),
            (None, Some(tolerance)) => Length::Tolerance(tolerance),
            (None, None) => Length::Steps(own_steps.unwrap_or((tokens / 8).max(1))),
        };
        Ok(Self { select, evaluate, tokens, length, own, vocabulary, hold_ends, output })
    }
}

/// Sizes, or the name of a file that holds them: as text, or as JSON that this program wrote.
fn read_schedule(text: &str) -> Outcome<Schedule> {
    let described = |error: &dyn std::fmt::Display| format!("--schedule {text:?}: {error}");
    let Ok(content) = std::fs::read_to_string(text) else {
        return Ok(text.parse().map_err(|error| described(&error))?);
    };
    let json = serde_json::from_str::<Schedule>(&content);
    let parsed = json.map_err(|error| described(&error));
    Ok(parsed.or_else(|message| content.parse().map_err(|_| message))?)
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
    /// The sizes to use.
    schedule: Schedule,
    evaluate: MeasuredLosses,
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
    fn new(
        schedule: &Schedule,
        best: &Schedule,
        losses: &MeasuredLosses,
    ) -> unmaskcost::Result<Self> {
        let estimate = losses.parallelism_cost(schedule)?;
        Ok(Self {
            schedule: schedule.clone(),
            estimate,
            measured: estimate.interval(LEVEL)?,
            any_fall: losses
                .loss_curve()
                .and_then(|losses| measured::any_fall::cost_interval(losses, schedule, LEVEL).ok()),
            more: losses.cost_difference(schedule, best)?,
        })
    }

    /// Cost, interval for any fall, and difference, each in its column.
    fn columns(&self) -> unmaskcost::Result<String> {
        let any_fall = self.any_fall.map_or("-".to_owned(), |interval| {
            format!("{} to {}", number(interval.lower().0), number(interval.upper().0))
        });
        let more = plus_minus(self.more)?;
        Ok(format!("  {:>18}  {any_fall:>20}  {more:>16}", plus_minus(self.estimate)?))
    }
}

fn plus_minus(estimate: Estimate) -> unmaskcost::Result<String> {
    let radius = estimate.interval(LEVEL)?.width().0 / 2.0;
    Ok(format!("{} ± {}", number(estimate.value().0), number(radius)))
}

/// Three digits behind the point, or an exponent where there are too many before it.
fn number(value: f64) -> String {
    if value.abs() < 1e6 { format!("{value:.3}") } else { format!("{value:.3e}") }
}

const COLUMNS: &str = "                cost              any fall    more than best";

impl Plan {
    fn new(options: &Options) -> Outcome<Self> {
        let tokens = options.tokens;
        let mut notes = String::new();
        let select = read(&options.select, options, &mut notes)?;
        let evaluate = options.evaluate.as_deref();
        let evaluate = evaluate.map(|path| read(path, options, &mut notes)).transpose()?;
        let (select, evaluate) = match (select, evaluate) {
            (select, Some(evaluate)) => (select, evaluate),
            (MeasuredLosses::Nested(nested), None) => {
                notes += "no second file: half of the documents choose, the other half judge, and the other way round\n";
                let (first, second) = nested.halves()?;
                (MeasuredLosses::Nested(first), MeasuredLosses::Nested(second))
            }
            (select, None) => {
                notes += "no second file: costs are judged by the losses that chose, and look too small\n";
                (select.clone(), select)
            }
        };
        let by_select = |error| with_advice(&options.select, error);
        let judge_path = options.evaluate.as_deref().unwrap_or(&options.select);
        let by_evaluate = |error| with_advice(judge_path, error);

        let planner = Planner::new(select.clone(), evaluate.clone()).map_err(by_select)?;
        let steps = match options.length {
            Length::Steps(steps) => steps,
            Length::Tolerance(nats) => planner.fewest_steps(Nats(nats))?.schedule.steps(),
        };
        let advice = planner.advise(steps).map_err(by_evaluate)?;

        let mut report = String::new();
        write_advice(&mut report, &advice)?;
        if let Length::Tolerance(nats) = options.length {
            write_tolerance(&mut report, nats, &advice)?;
        }
        report.push('\n');
        write_summary(&mut report, &select, &planner)?;
        if options.hold_ends {
            report += "--hold-ends: the loss is taken as constant beyond the measured counts, which makes \
                       costs look smaller if anything was not measured\n";
        }
        report += &notes;
        let sequential = Schedule::sequential(tokens)?;
        let sequential = evaluate.negative_log_likelihood(&sequential).map_err(by_evaluate)?;
        let perplexity = number(sequential.perplexity(tokens)?);
        writeln!(report, "one token per step: {sequential:.2}, perplexity {perplexity}")?;
        report += "\nin nats per sequence, all intervals of 95%:\n";
        report += match &evaluate {
            MeasuredLosses::Posterior(_) => {
                "cost: of the fitted curve, ± the error of measurement and fit\n"
            }
            MeasuredLosses::Nested(_) => {
                "cost: on straight lines between the measured counts, ± the error by the spread over documents\n"
            }
            _ => {
                "cost: on straight lines between the measured counts, ± the error of measurement\n"
            }
        };
        report += "any fall: within the errors, whatever lies between the counts, if losses do not rise\n\
                   more than best: the difference, ± its error\n";

        let ways = ways(tokens, &planner, &evaluate).map_err(by_evaluate)?;
        write_ways(&mut report, &ways)?;
        write_sizes(&mut report, &advice, &planner, &evaluate, options.own.as_ref())?;
        write_decoders(&mut report, &advice.best, &evaluate)?;
        write_likelihood(&mut report, &advice.schedule, &evaluate)?;
        Ok(Self { report, schedule: advice.schedule, evaluate, ways })
    }

    /// Says what was written, and what was not and why.
    fn write_files(&self, prefix: &str) -> Outcome<String> {
        let path = format!("{prefix}-schedule.json");
        std::fs::write(&path, serde_json::to_string(&self.schedule)? + "\n")
            .map_err(|error| format!("cannot write {path}: {error}"))?;
        let mut note = format!("\nwritten: {path}");
        let losses = format!("{prefix}-losses.svg");
        plan_pictures::draw_losses(&losses, &drawn(&self.evaluate)?, &self.schedule)?;
        write!(note, ", {losses}")?;
        let costs = format!("{prefix}-costs.svg");
        if plan_pictures::draw_costs(
            &costs,
            &self.ways,
            self.evaluate.loss_curve().is_some_and(LossCurve::holds_ends),
        )? {
            writeln!(note, ", {costs}")?;
        } else {
            writeln!(note, "\nnot drawn: {costs}, because no cost is above zero")?;
        }
        Ok(note)
    }
}

/// Reads one of the files. What cannot be losses is refused.
fn read(path: &str, options: &Options, notes: &mut String) -> Outcome<MeasuredLosses> {
    let text =
        std::fs::read_to_string(path).map_err(|error| format!("cannot read {path}: {error}"))?;
    let file = MeasuredLosses::from_csv(&text, options.tokens);
    let file = file.map_err(|error| format!("{path}: {error}{}", remedy(&error)))?;
    for note in &file.notes {
        writeln!(notes, "{path}: {note}")?;
    }
    for suspicion in file.losses.suspicions(options.vocabulary) {
        if suspicion.is_certain() {
            return Err(format!("{path}: {suspicion}").into());
        }
        writeln!(notes, "{path}: {suspicion}")?;
    }
    Ok(if options.hold_ends { file.losses.holding_ends() } else { file.losses })
}

/// What helps where ratios are no counts. (The error stands inside the one of its line.)
fn remedy(error: &unmaskcost::Error) -> &'static str {
    if error.to_string().contains("mask ratio") {
        ". Write how many tokens were masked, as masked; if each token was masked by its own coin, the ratio is a \
         probability, see SmoothedLosses"
    } else {
        ""
    }
}

/// The losses with their errors, to draw: those measured, or those of the fit at all counts.
fn drawn(losses: &MeasuredLosses) -> Outcome<LossCurve> {
    let MeasuredLosses::Posterior(posterior) = losses else {
        return losses.loss_curve().cloned().ok_or_else(|| "no losses to draw".into());
    };
    let point = |revealed| -> unmaskcost::Result<LossPoint> {
        let loss = posterior.loss(revealed)?;
        let (value, standard_error) = (Nats(loss.value().0.max(0.0)), loss.standard_error());
        Ok(LossPoint { revealed, loss: value, standard_error, samples: None })
    };
    let points = (0..posterior.tokens()).map(point).collect::<unmaskcost::Result<Vec<_>>>()?;
    Ok(LossCurve::from_points(points, posterior.tokens())?)
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

/// What T steps cost, which sizes, and how sure that is.
fn write_advice(out: &mut String, advice: &Advice) -> Outcome<()> {
    let (schedule, cost) = (&advice.schedule, advice.cost);
    let (steps, tokens) = (schedule.steps(), schedule.tokens());
    let per_token = cost.value().per_token(tokens)?.0;
    writeln!(
        out,
        "{steps} steps cost {} nats per sequence beyond one token per step: {per_token:.4} nats per token, perplexity x {}.",
        plus_minus(cost)?,
        number(cost.perplexity(tokens)?),
    )?;
    let saved = plus_minus(advice.saved)?;
    if advice.best == advice.balanced {
        writeln!(out, "Use balanced sizes: {schedule}.")?;
        writeln!(out, "They are the best sizes found.")?;
    } else if advice.adapts() {
        let per_token = advice.saved.value().per_token(tokens)?.0;
        writeln!(out, "Use the best sizes found: {schedule}.")?;
        writeln!(
            out,
            "It is {} that they cost less than balanced ones: chosen by one half of the evaluations, sizes save {saved} nats by the other, {per_token:.4} nats per token, perplexity x {}.",
            advice.verdict,
            number((-per_token).exp()),
        )?;
    } else {
        writeln!(out, "Use balanced sizes: {schedule}.")?;
        let what = match advice.verdict {
            _ if advice.saved.value().0 == 0.0 => {
                "Neither half of the evaluations finds better ones.".to_owned()
            }
            Verdict::Noise => {
                format!(
                    "Sizes chosen by one half of the evaluations save {saved} nats by the other: within noise."
                )
            }
            other => format!(
                "It is {other} that sizes chosen by one half of the evaluations cost more by the other: they save {saved} nats."
            ),
        };
        writeln!(out, "{what}")?;
    }
    let differs = advice.best != advice.balanced && advice.evaluations_needed.is_finite();
    if differs && advice.verdict != Verdict::Certain {
        writeln!(
            out,
            "If the difference is what it seems to be, {} times as many evaluations would make it certain.",
            number_of_times(advice.evaluations_needed)
        )?;
    }
    Ok(())
}

fn number_of_times(factor: f64) -> String {
    if factor < 10.0 { format!("{factor:.1}") } else { number(factor.round()).replace(".000", "") }
}

fn write_tolerance(out: &mut String, nats: f64, advice: &Advice) -> Outcome<()> {
    let highest = advice.cost.interval(LEVEL)?.upper().0;
    let judged = match highest <= nats {
        true => "and cost no more by the second file, its error allowed for".to_owned(),
        false => format!(
            "but by the second file they may cost up to {}: for certainty take more",
            number(highest)
        ),
    };
    let steps = advice.schedule.steps();
    writeln!(out, "{steps} steps are the fewest that seem to cost at most {nats} nats, {judged}.")?;
    Ok(())
}

fn write_summary(out: &mut String, losses: &MeasuredLosses, planner: &Planner) -> Outcome<()> {
    let Some(losses) = losses.loss_curve() else {
        writeln!(out, "{} tokens, single evaluations: a curve is fitted to them", losses.tokens())?;
        return Ok(());
    };
    let test = losses.monotonicity();
    let (points, tokens) = (losses.points(), losses.tokens());
    writeln!(out, "{tokens} tokens, losses measured at {} numbers of revealed ones", points.len())?;
    if points.iter().any(|point| point.samples.is_some_and(|samples| samples < 20)) {
        writeln!(out, "fewer than 20 samples at some of them: the choice may lean on chance")?;
    }
    if test.largest.is_none() {
        writeln!(out, "they never rise with that number")?;
        return Ok(());
    }
    if !test.rejects(0.99)? {
        writeln!(out, "they rise in places, within noise (p = {:.2})", test.p_value)?;
        return Ok(());
    }
    writeln!(out, "they rise in places, by more than noise explains (p = {:.1e})", test.p_value)?;
    out.push_str(match planner.chooses_as_measured() {
        true => "so schedules are chosen by the losses as measured\n",
        false => {
            "too many tokens to choose by the losses as measured: schedules are chosen by monotone ones\n"
        }
    });
    Ok(())
}

fn ways(
    tokens: usize,
    planner: &Planner,
    evaluate: &MeasuredLosses,
) -> unmaskcost::Result<Vec<Way>> {
    let cosine = Decoder::MaskGit(Shape::Cosine);
    let mut ways = ["balanced", "cosine", "best"].map(|name| Way { name, costs: Vec::new() });
    for steps in (0..usize::BITS).map(|i| 1 << i).take_while(|&steps| steps < tokens) {
        let best = planner.advise(steps)?.best;
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

/// The sizes of the simple schedules of as many steps, with what they cost.
fn write_sizes(
    out: &mut String,
    advice: &Advice,
    planner: &Planner,
    evaluate: &MeasuredLosses,
    own: Option<&Schedule>,
) -> Outcome<()> {
    let best = &advice.best;
    let fitted = families::fit(planner.curve(), best.steps())?;
    let named = |family: Family| match family {
        Family::Balanced => "balanced",
        Family::Cosine => "cosine",
        Family::Geometric => "geometric",
        Family::PowerLaw => "power law",
        Family::SquareRoot => "square root of the falls",
        _ => "another family",
    };
    let mut rows = vec![("best", best)];
    rows.extend(own.map(|own| ("yours", own)));
    rows.extend(fitted.iter().map(|member| (named(member.family), &member.schedule)));
    writeln!(out, "\n{} steps, as families make them, fitted to the first file", best.steps())?;
    writeln!(out, "{COLUMNS}  sizes")?;
    for (name, schedule) in rows {
        let columns = Cost::new(schedule, best, evaluate)?.columns()?;
        writeln!(out, "{columns}  {name}: {schedule}")?;
    }
    Ok(())
}

/// What each known decoder costs, asked for as many steps as the best schedule has.
fn write_decoders(out: &mut String, best: &Schedule, evaluate: &MeasuredLosses) -> Outcome<()> {
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

fn write_likelihood(
    out: &mut String,
    schedule: &Schedule,
    evaluate: &MeasuredLosses,
) -> Outcome<()> {
    let likelihood = evaluate.negative_log_likelihood(schedule)?;
    let tokens = schedule.tokens();
    let (low, high) = likelihood.interval(LEVEL)?.perplexity(tokens)?.into_inner();
    writeln!(
        out,
        "\nperplexity with the sizes to use: {} ({} to {} by the error of measurement)",
        number(likelihood.perplexity(tokens)?),
        number(low),
        number(high)
    )?;
    let any_fall = evaluate.loss_curve();
    let any_fall =
        any_fall.map(|losses| measured::any_fall::cost_interval(losses, schedule, LEVEL));
    if let Some(Err(error)) = any_fall {
        writeln!(out, "no interval for any fall: {error}")?;
    }
    Ok(())
}
