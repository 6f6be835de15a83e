//! Decoders that were run on held-out sequences: their table and picture, for the example `compare_decoders`.

use std::fmt::Write;

use plotters::prelude::*;
use unmaskcost::measured::{
    ComparedDecoder, DecoderComparison, DecoderRuns, FrontierPlace, Verdict,
};
use unmaskcost::{Error, Estimate, Nats};

use crate::command_line::Outcome;

/// Tolerances for the fastest decoder, as parts of the least loss.
const TOLERANCES: [f64; 4] = [0.005, 0.01, 0.02, 0.05];

/// The picture ends at this multiple of the least loss.
const SHOWN: f64 = 1.3;

pub struct RunsReport {
    runs: DecoderRuns,
    compared: DecoderComparison,
    /// The decoders to compare with at equal rounds: those whose names start like this.
    against: String,
}

impl RunsReport {
    pub fn new(runs: DecoderRuns, against: &str, level: f64) -> unmaskcost::Result<Self> {
        let compared = runs.compare(level)?;
        Ok(Self { runs, compared, against: against.to_owned() })
    }

    /// One row for each decoder, and the fastest within some tolerances.
    pub fn table(&self, tokens: usize) -> Outcome<String> {
        let decoders = self.compared.decoders();
        let Some(first) = decoders.first() else { return Ok(String::new()) };
        if !self.runs.decoders().any(|name| name.starts_with(&self.against))
            && self.against != "random"
        {
            return Err(format!("--against {:?}: no decoder's name starts so", self.against).into());
        }
        let percent = 100.0 * self.compared.level();
        let mut text = format!(
            "{} decoders on the same {} sequences of {} documents; nats for a sequence of {tokens} tokens, ± for {percent} %\n\n",
            decoders.len(),
            first.means.sequences,
            first.means.documents,
        );
        if self.compared.sequences_left_out() > 0 {
            let left_out = self.compared.sequences_left_out();
            writeln!(
                text,
                "{left_out} sequences are left out: not all decoders were run on them\n"
            )?;
        }
        let heading = format!("at equal rounds, against {:?}", self.against);
        writeln!(
            text,
            "{:>6}  {:>15}  {:>11}  {heading:>33}  {:>7}  decoder",
            "rounds", "loss", "behind best", "budget"
        )?;
        for decoder in decoders {
            writeln!(text, "{}", self.row(decoder)?)?;
        }
        text += "\n* on the lower convex hull of loss against rounds, + on the frontier\n";
        writeln!(
            text,
            "behind best, beaten by: true of all decoders at once with {percent} % confidence\n"
        )?;
        text += &self.fastest()?;
        Ok(text)
    }

    fn row(&self, decoder: &ComparedDecoder) -> Outcome<String> {
        let means = &decoder.means;
        let mark = match decoder.place {
            FrontierPlace::Hull => '*',
            FrontierPlace::Frontier => '+',
            FrontierPlace::Dominated => ' ',
        };
        let budget = means.budget.map_or("-".to_owned(), |b| format!("{:.1}", b.value().0));
        let mut row = format!(
            "{:>6.1}  {:>15}  {:>11}  {:>33}  {budget:>7} {mark}{}",
            means.rounds,
            self.plus_minus(means.loss)?,
            format!("<= {:.2}", decoder.behind_best.0),
            self.at_equal_rounds(decoder)?,
            decoder.name,
        );
        if let Some(by) = &decoder.beaten_by {
            write!(row, " (beaten by {by})")?;
        }
        Ok(row)
    }

    /// What it loses more than the others do in as many rounds.
    fn at_equal_rounds(&self, decoder: &ComparedDecoder) -> Outcome<String> {
        let others: Vec<&str> =
            self.runs.decoders().filter(|name| name.starts_with(&self.against)).collect();
        if others.is_empty() || others.contains(&decoder.name.as_str()) {
            return Ok("-".to_owned());
        }
        match self.runs.difference_at_equal_rounds(&decoder.name, &others) {
            Ok(more) => Ok(format!("{} {:<12}", self.plus_minus(more)?, Verdict::of(more)?)),
            Err(Error::NotApplicable { .. }) => Ok("fewer rounds".to_owned()),
            Err(error) => Err(error.into()),
        }
    }

    fn fastest(&self) -> Outcome<String> {
        let losses = self.compared.decoders().iter().map(|d| d.means.loss.value().0);
        let least = losses.fold(f64::INFINITY, f64::min);
        let percent = 100.0 * self.compared.level();
        let mut text = format!(
            "fastest that loses, with {percent} % confidence, at most so much more than the best\n"
        );
        for tolerance in TOLERANCES {
            let nats = tolerance * least;
            let found = match self.compared.fastest_within(Nats(nats))? {
                Some(d) => format!("{} ({:.1} rounds)", d.name, d.means.rounds),
                None => "none is that certain: more sequences, or a larger tolerance".to_owned(),
            };
            writeln!(text, "{:>5} %, {nats:>5.2} nats: {found}", 100.0 * tolerance)?;
        }
        Ok(text)
    }

    fn plus_minus(&self, estimate: Estimate) -> unmaskcost::Result<String> {
        let half = estimate.interval(self.compared.level())?.width().0 / 2.0;
        Ok(format!("{:.2} ± {half:.2}", estimate.value().0))
    }

    /// Loss against rounds, a line for each family, and the hull. What loses far more than the best is left out:
    /// the names of these decoders come back.
    pub fn draw(&self, path: &str) -> Outcome<Vec<&str>> {
        let loss = |d: &ComparedDecoder| d.means.loss.value().0;
        let point = |d: &ComparedDecoder| (d.means.rounds, loss(d));
        let all = self.compared.decoders();
        let least = all.iter().map(loss).fold(f64::INFINITY, f64::min);
        let is_shown = |d: &&ComparedDecoder| loss(d) <= SHOWN * least;
        let decoders: Vec<&ComparedDecoder> = all.iter().filter(is_shown).collect();
        let left_out = all.iter().filter(|d| !is_shown(d)).map(|d| d.name.as_str()).collect();
        let most = decoders.iter().map(|d| d.means.rounds).fold(2.0, f64::max);
        let fewest = decoders.iter().map(|d| d.means.rounds).fold(most, f64::min);
        let high = decoders.iter().map(|d| loss(d)).fold(least, f64::max);
        let pad = 0.05 * (high - least).max(1e-9);

        let root = SVGBackend::new(path, (960, 600)).into_drawing_area();
        root.fill(&WHITE)?;
        let mut chart = ChartBuilder::on(&root)
            .margin(16)
            .x_label_area_size(44)
            .y_label_area_size(60)
            .build_cartesian_2d((fewest / 1.2..1.2 * most).log_scale(), least - pad..high + pad)?;
        chart
            .configure_mesh()
            .light_line_style(TRANSPARENT)
            .bold_line_style(BLACK.mix(0.1))
            .x_desc("forward passes")
            .x_label_formatter(&|rounds| format!("{rounds:.0}"))
            .y_desc("-ln q of a sequence, nats")
            .label_style(("sans-serif", 14))
            .draw()?;
        let hull = decoders.iter().filter(|d| d.place == FrontierPlace::Hull).map(|d| point(d));
        let grey = BLACK.mix(0.25).stroke_width(6);
        chart
            .draw_series(LineSeries::new(hull, grey))?
            .label("lower convex hull")
            .legend(move |(x, y)| PathElement::new([(x, y), (x + 18, y)], grey));
        for (index, (name, members)) in families(&decoders).into_iter().enumerate() {
            let style = color(index).stroke_width(2);
            chart
                .draw_series(LineSeries::new(members.iter().map(|d| point(d)), style))?
                .label(name)
                .legend(move |(x, y)| PathElement::new([(x, y), (x + 18, y)], style));
            let dots = members.iter().map(|d| Circle::new(point(d), 4, style.filled()));
            chart.draw_series(dots)?;
        }
        chart
            .configure_series_labels()
            .position(SeriesLabelPosition::UpperRight)
            .border_style(BLACK.mix(0.2))
            .background_style(WHITE.mix(0.85))
            .label_font(("sans-serif", 14))
            .draw()?;
        root.present()?;
        Ok(left_out)
    }
}

/// Decoders whose names differ in numbers only, by their common name.
fn families<'a>(decoders: &[&'a ComparedDecoder]) -> Vec<(String, Vec<&'a ComparedDecoder>)> {
    let mut families: Vec<(String, Vec<&ComparedDecoder>)> = Vec::new();
    for &decoder in decoders {
        let name = family(&decoder.name);
        match families.iter_mut().find(|(known, _)| *known == name) {
            Some((_, members)) => members.push(decoder),
            None => families.push((name, vec![decoder])),
        }
    }
    families
}

/// A name without its numbers.
fn family(name: &str) -> String {
    let word = |word: &str| match word.trim_end_matches(',').parse::<f64>() {
        Ok(_) => word.replace(|c: char| c.is_ascii_digit() || c == '.', "").replacen("", "n", 1),
        Err(_) => word.to_owned(),
    };
    name.split_whitespace().map(word).collect::<Vec<_>>().join(" ")
}

/// Colors that are told apart, also by those who see no red.
fn color(index: usize) -> RGBColor {
    const COLORS: [RGBColor; 12] = [
        RGBColor(0x00, 0x72, 0xb2),
        RGBColor(0xd5, 0x5e, 0x00),
        RGBColor(0x00, 0x9e, 0x73),
        RGBColor(0xcc, 0x79, 0xa7),
        RGBColor(0xe6, 0x9f, 0x00),
        RGBColor(0x56, 0xb4, 0xe9),
        RGBColor(0x00, 0x00, 0x00),
        RGBColor(0x99, 0x99, 0x00),
        RGBColor(0x88, 0x22, 0x55),
        RGBColor(0x44, 0xaa, 0x99),
        RGBColor(0x99, 0x99, 0x99),
        RGBColor(0x33, 0x22, 0x88),
    ];
    COLORS[index % COLORS.len()]
}
