//! From measured losses to a schedule: what schedules cost, which are best, and how sure that is.
//!
//! ```text
//! cargo run --release --features serde --example plan -- SELECT.csv [EVALUATE.csv] --tokens L
//!     [--steps T] [--hold-ends] [--output PREFIX]
//! ```
//!
//! Reads losses of any masked model (for the columns, see `LossCurve::from_csv_str`), chooses schedules
//! by the first file and judges them by the second. Prints costs with their standard errors, writes the
//! best schedule of T steps (default: L / 8) as `PREFIX-schedule.json` and two pictures,
//! `PREFIX-losses.svg` and `PREFIX-costs.svg`.

mod known_decoders;
mod text_input;

use std::error::Error;
use std::fmt::Write;
use std::process::ExitCode;

use demask::curve::{ConfidenceInterval, LossCurve};
use demask::optimal::Planner;
use demask::schedule::{Decoder, MaskFunction};
use demask::{Nats, Schedule};
use known_decoders::{FIXED_POSITIONS, plans};
use plotters::prelude::*;
use text_input::print;

type Outcome<T> = Result<T, Box<dyn Error>>;

struct Options {
    select: String,
    evaluate: Option<String>,
    tokens: usize,
    steps: Option<usize>,
    hold_ends: bool,
    output: String,
}

fn parse(mut arguments: impl Iterator<Item = String>) -> Result<Options, String> {
    let (mut files, mut tokens, mut steps) = (Vec::new(), None, None);
    let (mut hold_ends, mut output) = (false, "plan".to_owned());
    let number = |text: String| {
        text.parse::<usize>().map_err(|_| format!("{text:?} is no whole number")).map(Some)
    };
    while let Some(argument) = arguments.next() {
        let mut value = || arguments.next().ok_or(format!("{argument} needs a value"));
        match argument.as_str() {
            "--tokens" => tokens = number(value()?)?,
            "--steps" => steps = number(value()?)?,
            "--hold-ends" => hold_ends = true,
            "--output" => output = value()?,
            flag if flag.starts_with("--") => return Err(format!("unknown option {flag}")),
            file => files.push(file.to_owned()),
        }
    }
    let mut files = files.into_iter();
    let select = files.next().ok_or("a CSV file with losses is needed")?;
    let evaluate = files.next();
    if let Some(extra) = files.next() {
        return Err(format!("two files at most: {extra:?} is a third one"));
    }
    let tokens = tokens.ok_or("--tokens is needed: how many tokens a sequence has")?;
    Ok(Options { select, evaluate, tokens, steps, hold_ends, output })
}

fn main() -> ExitCode {
    match parse(std::env::args().skip(1)).map_err(Into::into).and_then(|options| run(&options)) {
        Ok(report) => print(&report),
        Err(error) => {
            eprintln!("plan: {error}");
            ExitCode::FAILURE
        }
    }
}

fn run(options: &Options) -> Outcome<String> {
    let read = |path: &str| -> Outcome<LossCurve> {
        let text = std::fs::read_to_string(path)
            .map_err(|error| format!("cannot read {path}: {error}"))?;
        let losses = LossCurve::from_csv_str(&text, options.tokens);
        let losses = losses.map_err(|error| format!("{path}: {error}"))?;
        Ok(if options.hold_ends { losses.holding_ends() } else { losses })
    };
    let select = read(&options.select)?;
    let evaluate = options.evaluate.as_deref().map_or_else(|| Ok(select.clone()), read)?;
    let planner = Planner::new(&select, evaluate.clone()).map_err(with_advice)?;

    let tokens = options.tokens;
    let steps = options.steps.unwrap_or((tokens / 8).max(1));
    let best = planner.schedule(steps).map_err(with_advice)?;
    let mut report = String::new();
    write_summary(&mut report, &planner, &evaluate)?;
    if options.evaluate.is_none() {
        report +=
            "No second file: costs are judged by the losses that chose, and look too small.\n";
    }
    let costs = costs(&planner, tokens)?;
    write_costs(&mut report, &costs, &evaluate)?;
    write_decoders(&mut report, &best.schedule, &evaluate)?;
    write_best(&mut report, &best.schedule, &evaluate)?;

    let schedule = format!("{}-schedule.json", options.output);
    std::fs::write(&schedule, serde_json::to_string(&best.schedule)? + "\n")
        .map_err(|error| format!("cannot write {schedule}: {error}"))?;
    let pictures = ["losses", "costs"].map(|name| format!("{}-{name}.svg", options.output));
    draw_losses(&pictures[0], &evaluate, &best.schedule)?;
    draw_costs(&pictures[1], &costs)?;
    writeln!(report, "\nwritten: {schedule}, {}", pictures.join(", "))?;
    Ok(report)
}

fn with_advice(error: demask::Error) -> String {
    match error {
        demask::Error::NotMeasured { .. } => format!(
            "{error}. Measure there too, or pass --hold-ends to take the loss as constant beyond the \
             measured counts, which makes costs look smaller"
        ),
        other => other.to_string(),
    }
}

fn write_summary(out: &mut String, planner: &Planner, evaluate: &LossCurve) -> Outcome<()> {
    let monotone = planner.select();
    let (points, tokens) = (monotone.measured().points(), evaluate.tokens());
    writeln!(out, "{tokens} tokens, losses measured at {} numbers of revealed ones", points.len())?;
    let test = monotone.test();
    if test.largest.is_none() {
        writeln!(out, "they never rise with that number")?;
    } else {
        let verdict = if test.rejects(0.99)? { "more than noise" } else { "within noise" };
        let moved = monotone.moves().count();
        let farthest = monotone.moves().map(|m| m.in_standard_errors()).fold(0.0, f64::max);
        writeln!(out, "they rise in places: {verdict} (p = {:.2})", test.p_value)?;
        writeln!(
            out,
            "{moved} were made monotone, moved by {farthest:.1} standard errors at most"
        )?;
    }
    if let Ok(sequential) = evaluate.negative_log_likelihood(&Schedule::sequential(tokens)?) {
        let perplexity = sequential.perplexity(tokens)?;
        writeln!(out, "one token per step: {sequential:.2}, perplexity {perplexity:.3}\n")?;
    }
    Ok(())
}

/// One way to make schedules, and what they cost for some numbers of steps.
struct Costs {
    name: &'static str,
    schedules: Vec<(Schedule, ConfidenceInterval, Nats)>,
}

const LEVEL: f64 = 0.95;

fn costs(planner: &Planner, tokens: usize) -> Outcome<Vec<Costs>> {
    let steps: Vec<usize> = (0..).map(|i| 1 << i).take_while(|&steps| steps < tokens).collect();
    let cosine = Decoder::MaskGit(MaskFunction::Cosine);
    let mut costs = Vec::new();
    type Make<'a> = Box<dyn Fn(usize) -> demask::Result<Schedule> + 'a>;
    let ways: [(&str, Make); 3] = [
        ("balanced", Box::new(|steps| Schedule::balanced(tokens, steps))),
        ("cosine", Box::new(|steps| Ok(cosine.plan(tokens, steps)?.schedule().clone()))),
        ("best", Box::new(|steps| Ok(planner.schedule(steps)?.schedule))),
    ];
    for (name, make) in ways {
        let judge = |&steps: &usize| -> Outcome<_> {
            let choice = planner.judge(make(steps)?)?;
            Ok((choice.schedule, choice.judged.interval(LEVEL)?, choice.judged.value))
        };
        costs.push(Costs { name, schedules: steps.iter().map(judge).collect::<Outcome<_>>()? });
    }
    Ok(costs)
}

fn write_costs(out: &mut String, costs: &[Costs], evaluate: &LossCurve) -> Outcome<()> {
    writeln!(
        out,
        "cost of parallelism in nats per sequence, with {:.0}% intervals",
        100.0 * LEVEL
    )?;
    write!(out, "{:>6}", "steps")?;
    for Costs { name, .. } in costs {
        write!(out, "{name:>24}")?;
    }
    let (best, others) = costs.split_last().ok_or("no schedules")?;
    for Costs { name, .. } in others {
        write!(out, "{:>24}", format!("{name} - {}", best.name))?;
    }
    writeln!(out)?;
    for (row, (schedule, ..)) in best.schedules.iter().enumerate() {
        write!(out, "{:>6}", schedule.steps())?;
        for way in costs {
            let (_, interval, value) = &way.schedules[row];
            write!(out, "{}", plus_minus(*value, *interval))?;
        }
        for way in others {
            let difference = evaluate.cost_difference(&way.schedules[row].0, schedule)?;
            write!(out, "{}", plus_minus(difference.value, difference.interval(LEVEL)?))?;
        }
        writeln!(out)?;
    }
    Ok(())
}

/// What each known decoder costs, asked for as many steps as the best schedule has.
fn write_decoders(out: &mut String, best: &Schedule, evaluate: &LossCurve) -> Outcome<()> {
    let steps = best.steps();
    writeln!(out, "\n{steps} steps, as each decoder makes them of {} tokens", best.tokens())?;
    writeln!(
        out,
        "{:>6}{:>10}{:>24}{:>24}  decoder",
        "passes", "nonempty", "cost", "more than best"
    )?;
    let mut row = |name: &str, passes: usize, schedule: &Schedule| -> Outcome<()> {
        let cost = evaluate.parallelism_cost(schedule)?;
        let more = evaluate.cost_difference(schedule, best)?;
        write!(out, "{passes:>6}{:>10}", schedule.steps())?;
        write!(out, "{}", plus_minus(cost.value, cost.interval(LEVEL)?))?;
        write!(out, "{}", plus_minus(more.value, more.interval(LEVEL)?))?;
        writeln!(out, "  {name}")?;
        Ok(())
    };
    row("the best sizes", steps, best)?;
    for (names, plan) in plans(best.tokens(), steps)? {
        row(&names, plan.passes(), plan.schedule())?;
    }
    writeln!(out, "{FIXED_POSITIONS}")?;
    Ok(())
}

fn plus_minus(value: Nats, interval: ConfidenceInterval) -> String {
    format!("{:>24}", format!("{:.3} ± {:.3}", value.0, interval.width().0 / 2.0))
}

fn write_best(out: &mut String, best: &Schedule, evaluate: &LossCurve) -> Outcome<()> {
    let likelihood = evaluate.negative_log_likelihood(best)?;
    let (low, high) = likelihood.interval(LEVEL)?.perplexity(best.tokens())?;
    writeln!(out, "\nbest {} steps: {best}", best.steps())?;
    writeln!(
        out,
        "perplexity {:.3} ({low:.3} to {high:.3})",
        likelihood.perplexity(best.tokens())?
    )?;
    match demask::bounds::measured::cost_interval(evaluate, best, LEVEL) {
        Ok(interval) => writeln!(
            out,
            "within the errors, with any fall between measured counts, it costs {:.3} to {:.3} nats",
            interval.lower.0, interval.upper.0
        )?,
        Err(error) => writeln!(out, "no interval for monotone losses: {error}")?,
    }
    Ok(())
}

const BLUE: RGBColor = RGBColor(0x2b, 0x6c, 0xb0);
const ORANGE: RGBColor = RGBColor(0xc0, 0x56, 0x21);
const GRAY: RGBColor = RGBColor(0x71, 0x80, 0x96);

/// The losses with their errors, and the steps of the schedule: the area between is the cost.
fn draw_losses(path: &str, losses: &LossCurve, best: &Schedule) -> Outcome<()> {
    let root = SVGBackend::new(path, (860, 480)).into_drawing_area();
    root.fill(&WHITE)?;
    let points: Vec<_> = losses
        .points()
        .iter()
        .map(|p| (p.revealed as f64, p.loss.0, 2.0 * p.standard_error.0))
        .collect();
    let low = points.iter().map(|p| p.1 - p.2).fold(f64::INFINITY, f64::min);
    let high = points.iter().map(|p| p.1 + p.2).fold(f64::NEG_INFINITY, f64::max);
    let pad = 0.05 * (high - low).max(1e-9);
    let mut chart = ChartBuilder::on(&root)
        .margin(16)
        .x_label_area_size(44)
        .y_label_area_size(60)
        .build_cartesian_2d(0.0..losses.tokens() as f64, low - pad..high + pad)?;
    chart
        .configure_mesh()
        .disable_mesh()
        .x_desc("revealed tokens")
        .x_label_formatter(&|tokens| format!("{tokens:.0}"))
        .y_desc("loss per masked token, nats")
        .label_style(("sans-serif", 14))
        .draw()?;
    // A step pays the loss at its start for all of its tokens.
    let mut steps = Vec::new();
    for step in best.ranges() {
        let paid = losses.loss(step.start)?.value.0;
        steps.extend([(step.start as f64, paid), (step.end as f64, paid)]);
        let inside = step.clone().map(|k| Ok((k as f64, losses.loss(k)?.value.0)));
        let mut area = inside.collect::<Outcome<Vec<_>>>()?;
        let last = area.last().map_or(paid, |p| p.1);
        area.extend([(step.end as f64, last), (step.end as f64, paid)]);
        chart.draw_series([Polygon::new(area, ORANGE.mix(0.2))])?;
    }
    let label = format!("paid by the best {} steps; the area between is the cost", best.steps());
    chart
        .draw_series(LineSeries::new(steps, ORANGE.stroke_width(2)))?
        .label(label)
        .legend(|(x, y)| PathElement::new([(x, y), (x + 18, y)], ORANGE.stroke_width(2)));
    chart.draw_series(points.iter().map(|&(k, loss, error)| {
        PathElement::new([(k, loss - error), (k, loss + error)], BLUE.mix(0.7))
    }))?;
    chart
        .draw_series(points.iter().map(|&(k, loss, _)| Circle::new((k, loss), 2, BLUE.filled())))?
        .label("measured, with two standard errors")
        .legend(|(x, y)| Circle::new((x + 9, y), 3, BLUE.filled()));
    chart
        .configure_series_labels()
        .position(SeriesLabelPosition::UpperRight)
        .border_style(GRAY.mix(0.4))
        .background_style(WHITE)
        .label_font(("sans-serif", 14))
        .draw()?;
    root.present()?;
    Ok(())
}

/// Cost against the number of steps, both logarithmic, with the intervals.
fn draw_costs(path: &str, costs: &[Costs]) -> Outcome<()> {
    let root = SVGBackend::new(path, (860, 480)).into_drawing_area();
    root.fill(&WHITE)?;
    let lines: Vec<Vec<(f64, f64, f64, f64)>> = costs
        .iter()
        .map(|way| {
            let of = way.schedules.iter().map(|(schedule, interval, value)| {
                (schedule.steps() as f64, interval.lower.0, value.0, interval.upper.0)
            });
            // A logarithmic axis has no place for what is zero within its error.
            of.filter(|point| point.1 > 0.0).collect()
        })
        .collect();
    let all = || lines.iter().flatten();
    let steps = all().map(|p| p.0).fold(2.0, f64::max);
    let low = all().map(|p| p.1).fold(f64::INFINITY, f64::min);
    let high = all().map(|p| p.3).fold(0.0, f64::max);
    if high == 0.0 {
        return Err("no cost is above zero: nothing to draw".into());
    }
    let mut chart = ChartBuilder::on(&root)
        .margin(16)
        .x_label_area_size(44)
        .y_label_area_size(60)
        .build_cartesian_2d((0.9..1.2 * steps).log_scale(), (0.8 * low..1.2 * high).log_scale())?;
    chart
        .configure_mesh()
        .light_line_style(TRANSPARENT)
        .bold_line_style(GRAY.mix(0.2))
        .x_desc("steps")
        .x_label_formatter(&|steps| format!("{steps:.0}"))
        .y_desc("cost of parallelism, nats per sequence")
        .label_style(("sans-serif", 14))
        .draw()?;
    // Side by side, so that no interval hides another.
    let ways = costs.iter().zip(&lines).zip([(GRAY, 0.98), (BLUE, 1.02), (ORANGE, 1.0)]);
    for ((way, line), (color, aside)) in ways {
        let line: Vec<_> = line.iter().map(|p| (p.0 * aside, p.1, p.2, p.3)).collect();
        let style = color.stroke_width(2);
        chart
            .draw_series(LineSeries::new(line.iter().map(|p| (p.0, p.2)), style))?
            .label(way.name)
            .legend(move |(x, y)| PathElement::new([(x, y), (x + 18, y)], style));
        chart
            .draw_series(line.iter().map(|p| PathElement::new([(p.0, p.1), (p.0, p.3)], style)))?;
        chart.draw_series(line.iter().map(|p| Circle::new((p.0, p.2), 3, color.filled())))?;
    }
    chart
        .configure_series_labels()
        .position(SeriesLabelPosition::UpperRight)
        .border_style(GRAY.mix(0.4))
        .background_style(WHITE)
        .label_font(("sans-serif", 14))
        .draw()?;
    root.present()?;
    Ok(())
}
