//! The two pictures of the example `plan`.

use plotters::prelude::*;
use unmaskcost::Schedule;
use unmaskcost::measured::LossCurve;

use crate::command_line::Outcome;
use crate::{LEVEL, Way};

const BLUE: RGBColor = RGBColor(0x2b, 0x6c, 0xb0);
const ORANGE: RGBColor = RGBColor(0xc0, 0x56, 0x21);
const GRAY: RGBColor = RGBColor(0x71, 0x80, 0x96);
const GREEN: RGBColor = RGBColor(0x2f, 0x85, 0x5a);

type Area<'a> = DrawingArea<SVGBackend<'a>, plotters::coord::Shift>;

fn picture(path: &str) -> Outcome<Area<'_>> {
    let root = SVGBackend::new(path, (860, 480)).into_drawing_area();
    root.fill(&WHITE)?;
    Ok(root)
}

/// Written below the axis of a picture, so that it is not read without.
fn held(label: &str, holds_ends: bool) -> String {
    match holds_ends {
        true => format!("{label} (loss held constant beyond the measured counts)"),
        false => label.to_owned(),
    }
}

/// The losses with their errors, and the steps of the schedule: the area between is the cost.
pub fn draw_losses(path: &str, losses: &LossCurve, best: &Schedule) -> Outcome<()> {
    let all = losses.at_all_counts()?;
    let mut points = Vec::new();
    for point in losses.points() {
        let interval = point.estimate().interval(LEVEL)?;
        points.push((point.revealed as f64, point.loss.0, interval.lower().0, interval.upper().0));
    }
    let low = points.iter().map(|p| p.2).fold(f64::INFINITY, f64::min);
    let high = points.iter().map(|p| p.3).fold(f64::NEG_INFINITY, f64::max);
    let pad = 0.05 * (high - low).max(1e-9);

    let root = picture(path)?;
    let mut chart = ChartBuilder::on(&root)
        .margin(16)
        .x_label_area_size(44)
        .y_label_area_size(60)
        .build_cartesian_2d(0.0..losses.tokens() as f64, low - pad..high + pad)?;
    chart
        .configure_mesh()
        .disable_mesh()
        .x_desc(held("revealed tokens", losses.holds_ends()))
        .x_label_formatter(&|tokens| format!("{tokens:.0}"))
        .y_desc("loss per masked token, nats")
        .label_style(("sans-serif", 14))
        .draw()?;
    // A step pays the loss at its start for all of its tokens.
    let mut steps = Vec::new();
    let mut any_gain = false;
    for step in best.ranges() {
        let paid = all[step.start];
        steps.extend([(step.start as f64, paid), (step.end as f64, paid)]);
        let line = line_through(&all[step.clone()], step.start);
        chart.draw_series([between(&line, paid, f64::min, ORANGE)])?;
        if line.iter().any(|point| point.1 > paid) {
            chart.draw_series([between(&line, paid, f64::max, GREEN)])?;
            any_gain = true;
        }
    }
    let label = format!("paid by {} steps; the area between is the cost", best.steps());
    chart
        .draw_series(LineSeries::new(steps, ORANGE.stroke_width(2)))?
        .label(label)
        .legend(|(x, y)| PathElement::new([(x, y), (x + 18, y)], ORANGE.stroke_width(2)));
    if any_gain {
        chart
            .draw_series(std::iter::empty::<Circle<(f64, f64), i32>>())?
            .label("less is paid than the losses: the area counts against the cost")
            .legend(|(x, y)| {
                Rectangle::new([(x, y - 5), (x + 18, y + 5)], GREEN.mix(0.4).filled())
            });
    }
    chart.draw_series(
        points
            .iter()
            .map(|&(k, _, lower, upper)| PathElement::new([(k, lower), (k, upper)], BLUE.mix(0.7))),
    )?;
    chart
        .draw_series(points.iter().map(|&(k, loss, ..)| Circle::new((k, loss), 2, BLUE.filled())))?
        .label(format!("measured; bars: {:.0}%", 100.0 * LEVEL))
        .legend(|(x, y)| Circle::new((x + 9, y), 3, BLUE.filled()));
    draw_legend(&mut chart)?;
    root.present()?;
    Ok(())
}

/// The losses of a step, from its start to its end.
fn line_through(losses: &[f64], start: usize) -> Vec<(f64, f64)> {
    let mut line: Vec<_> =
        losses.iter().enumerate().map(|(j, &loss)| ((start + j) as f64, loss)).collect();
    line.extend(line.last().map(|&(k, loss)| (k + 1.0, loss)));
    line
}

/// The area between the losses and what is paid, on one side of it.
fn between(
    line: &[(f64, f64)],
    paid: f64,
    side: fn(f64, f64) -> f64,
    color: RGBColor,
) -> Polygon<(f64, f64)> {
    let mut border = Vec::new();
    for pair in line.windows(2) {
        let ((k, loss), (next, other)) = (pair[0], pair[1]);
        border.push((k, side(loss, paid)));
        if (loss - paid) * (other - paid) < 0.0 {
            border.push((k + (next - k) * (paid - loss) / (other - loss), paid));
        }
    }
    border.extend(line.last().map(|&(k, loss)| (k, side(loss, paid))));
    border.extend(line.last().map(|&(k, _)| (k, paid)));
    border.extend(line.first().map(|&(k, _)| (k, paid)));
    Polygon::new(border, color.mix(if color == ORANGE { 0.2 } else { 0.4 }))
}

/// Cost against the number of steps, both logarithmic, with the intervals. Draws nothing, and says so,
/// if no cost is above zero.
pub fn draw_costs(path: &str, ways: &[Way], holds_ends: bool) -> Outcome<bool> {
    let costs = || ways.iter().flat_map(|way| &way.costs);
    // Bars that reach zero end at the axis, which is below every cost that has a place on it.
    let low = costs().filter(|cost| cost.estimate.value().0 > 0.0).map(|cost| {
        let value = cost.estimate.value().0;
        if cost.measured.lower().0 > 0.0 {
            cost.measured.lower().0.max(0.1 * value)
        } else {
            0.5 * value
        }
    });
    let low = 0.8 * low.fold(f64::INFINITY, f64::min);
    if low.is_infinite() {
        return Ok(false);
    }
    let steps = costs().map(|cost| cost.schedule.steps() as f64).fold(2.0, f64::max);
    let band_of = |way: &Way| way.costs.iter().filter_map(|cost| cost.any_fall).collect::<Vec<_>>();
    let best_band = ways.last().map_or(Vec::new(), band_of);
    let uppers =
        costs().map(|cost| cost.measured).chain(best_band).map(|interval| interval.upper().0);
    let high = 1.2 * uppers.fold(low, f64::max);

    let root = picture(path)?;
    let mut chart = ChartBuilder::on(&root)
        .margin(16)
        .x_label_area_size(44)
        .y_label_area_size(60)
        .build_cartesian_2d((0.9..1.2 * steps).log_scale(), (low..high).log_scale())?;
    chart
        .configure_mesh()
        .light_line_style(TRANSPARENT)
        .bold_line_style(GRAY.mix(0.2))
        .x_desc(held("steps", holds_ends))
        .x_label_formatter(&|steps| format!("{steps:.0}"))
        .y_desc("cost of parallelism, nats per sequence")
        .label_style(("sans-serif", 14))
        .draw()?;
    let percent = 100.0 * LEVEL;
    if let Some(best) = ways.last() {
        let of = |cost: &crate::Cost| {
            let interval = cost.any_fall.filter(|interval| interval.upper().0 > low)?;
            Some((cost.schedule.steps() as f64, interval.lower().0.max(low), interval.upper().0))
        };
        let band: Vec<_> = best.costs.iter().filter_map(of).collect();
        let there = band.iter().map(|&(steps, _, upper)| (steps, upper));
        let back = band.iter().rev().map(|&(steps, lower, _)| (steps, lower));
        chart
            .draw_series([Polygon::new(there.chain(back).collect::<Vec<_>>(), ORANGE.mix(0.15))])?
            .label(format!("best, whatever lies between the measured counts ({percent:.0}%)"))
            .legend(|(x, y)| {
                Rectangle::new([(x, y - 5), (x + 18, y + 5)], ORANGE.mix(0.15).filled())
            });
    }
    // Side by side, so that no interval hides another.
    for (way, (color, aside)) in ways.iter().zip([(GRAY, 0.98), (BLUE, 1.02), (ORANGE, 1.0)]) {
        let style = color.stroke_width(2);
        let place = |cost: &crate::Cost| cost.schedule.steps() as f64 * aside;
        let value = |cost: &crate::Cost| (place(cost), cost.estimate.value().0);
        // A cost that is not above zero has no place on a logarithmic axis, only its bar.
        let drawn = |cost: &&crate::Cost| cost.estimate.value().0 > 0.0;
        for run in way.costs.chunk_by(|a, b| drawn(&a) == drawn(&b)) {
            let line = run.iter().filter(drawn).map(value);
            chart.draw_series(LineSeries::new(line, style))?;
        }
        let bars = way.costs.iter().filter(|cost| cost.measured.upper().0 > low);
        chart.draw_series(bars.map(|cost| {
            let (lower, upper) = (cost.measured.lower().0.max(low), cost.measured.upper().0);
            PathElement::new([(place(cost), lower), (place(cost), upper)], style)
        }))?;
        let values = way.costs.iter().filter(drawn).map(value);
        chart
            .draw_series(values.map(|point| Circle::new(point, 3, color.filled())))?
            .label(way.name)
            .legend(move |(x, y)| PathElement::new([(x, y), (x + 18, y)], style));
    }
    let clipped = costs().any(|cost| cost.measured.lower().0 <= 0.0);
    let beyond = if clipped { "; down to the axis: zero or less" } else { "" };
    chart
        .draw_series(std::iter::empty::<Circle<(f64, f64), i32>>())?
        .label(format!("bars: error of measurement ({percent:.0}%){beyond}"))
        .legend(|(x, y)| PathElement::new([(x + 9, y - 7), (x + 9, y + 7)], BLACK.stroke_width(2)));
    draw_legend(&mut chart)?;
    root.present()?;
    Ok(true)
}

fn draw_legend<'a, X, Y>(
    chart: &mut ChartContext<'a, SVGBackend<'a>, Cartesian2d<X, Y>>,
) -> Outcome<()>
where
    X: Ranged<ValueType = f64>,
    Y: Ranged<ValueType = f64>,
{
    chart
        .configure_series_labels()
        .position(SeriesLabelPosition::UpperRight)
        .border_style(GRAY.mix(0.4))
        .background_style(WHITE.mix(0.85))
        .label_font(("sans-serif", 14))
        .draw()?;
    Ok(())
}
