//! The picture of the example `compare_decoders`: loss against passes.

use plotters::prelude::*;

use crate::command_line::Outcome;

/// What a decoder loses with some numbers of passes.
pub struct Line {
    pub name: String,
    pub points: Vec<Point>,
    /// Drawn thin: shown for comparison.
    pub faint: bool,
}

pub struct Point {
    pub passes: usize,
    pub loss: f64,
    pub low: f64,
    pub high: f64,
}

const COLORS: [RGBColor; 4] = [
    RGBColor(0xc0, 0x56, 0x21),
    RGBColor(0x2b, 0x6c, 0xb0),
    RGBColor(0x2f, 0x85, 0x5a),
    RGBColor(0x71, 0x80, 0x96),
];

/// Draws the lines, two to a color, and the least loss there is.
pub fn draw_passes(path: &str, lines: &[Line], least: Option<f64>) -> Outcome<()> {
    let points = || lines.iter().flat_map(|line| &line.points);
    let most = points().map(|point| point.passes).max().unwrap_or(1).max(2) as f64;
    let losses = points().map(|point| point.loss).chain(least);
    let (low, high) =
        losses.fold((f64::INFINITY, 0.0_f64), |(low, high), loss| (low.min(loss), high.max(loss)));
    let pad = 0.04 * (high - low).max(1e-9);

    let root = SVGBackend::new(path, (860, 480)).into_drawing_area();
    root.fill(&WHITE)?;
    let mut chart = ChartBuilder::on(&root)
        .margin(16)
        .x_label_area_size(44)
        .y_label_area_size(60)
        .build_cartesian_2d((0.9..1.2 * most).log_scale(), low - pad..high + pad)?;
    chart
        .configure_mesh()
        .light_line_style(TRANSPARENT)
        .bold_line_style(COLORS[3].mix(0.2))
        .x_desc("forward passes")
        .x_label_formatter(&|passes| format!("{passes:.0}"))
        .y_desc("-ln q of a sequence, nats")
        .label_style(("sans-serif", 14))
        .draw()?;
    if let Some(least) = least {
        let style = BLACK.mix(0.5).stroke_width(1);
        chart
            .draw_series(LineSeries::new([(0.9, least), (1.2 * most, least)], style))?
            .label("one token at a time")
            .legend(move |(x, y)| PathElement::new([(x, y), (x + 18, y)], style));
    }
    for (index, line) in lines.iter().enumerate() {
        let color = COLORS[index / 2 % COLORS.len()];
        let style = match line.faint {
            true => color.mix(0.45).stroke_width(1),
            false => color.mix(1.0).stroke_width(2),
        };
        let place = |point: &Point| (point.passes as f64, point.loss);
        chart
            .draw_series(LineSeries::new(line.points.iter().map(place), style))?
            .label(&line.name)
            .legend(move |(x, y)| PathElement::new([(x, y), (x + 18, y)], style));
        let dots = line.points.iter().map(|point| Circle::new(place(point), 3, style.filled()));
        chart.draw_series(dots)?;
        let bars = line.points.iter().map(|point| {
            let at = |loss: f64| (point.passes as f64, loss.clamp(low - pad, high + pad));
            PathElement::new([at(point.low), at(point.high)], style)
        });
        chart.draw_series(bars)?;
    }
    chart
        .configure_series_labels()
        .position(SeriesLabelPosition::UpperRight)
        .border_style(COLORS[3].mix(0.4))
        .background_style(WHITE.mix(0.85))
        .label_font(("sans-serif", 14))
        .draw()?;
    root.present()?;
    Ok(())
}
