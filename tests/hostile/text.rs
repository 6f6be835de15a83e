//! Text that somebody typed, exported or broke: JSON, CSV, lists.

use std::fmt::Debug;

use serde::Serialize;
use serde::de::DeserializeOwned;
use unmaskcost::decoders::Decoder;
use unmaskcost::measured::{Collector, DecoderRuns, LossCurve, MeasuredLosses, OrderBlocks};
use unmaskcost::{KlBounds, Nats, Order, Schedule};

use crate::driver::Driver;
use crate::inputs::Float;

const NUMBERS: &[&str] = &[
    "0",
    "-0",
    "1",
    "-1",
    "0.5",
    "1e308",
    "1e999",
    "-1e-320",
    "NaN",
    "Infinity",
    "null",
    "\"1\"",
    "18446744073709551615",
    "18446744073709551616",
    "9007199254740993",
    "1e2",
    "[]",
    "{}",
    "true",
    "16777217",
    "1000000000000",
];

pub fn json<F: Float>(d: &mut Driver) {
    let tokens = 1 + d.draw.below(5);
    let (schedule, order, curve) =
        (d.draw.schedule(tokens), d.draw.order(tokens), d.draw.curve::<F>(tokens));
    round_trip(d, "json of Schedule", &schedule);
    round_trip(d, "json of Order", &order);
    round_trip(d, "json of InformationCurve", &curve);
    let losses = d.draw.losses::<F>().1;
    round_trip(d, "json of LossCurve", &losses);
    let mut collector = Collector::<F>::new(tokens).unwrap();
    for _ in 0..d.draw.below(9) {
        let _ = collector.record(d.draw.below(tokens), d.draw.nats());
    }
    round_trip(d, "json of Collector", &collector);
    let (a, b) = (d.draw.amount::<F>(), d.draw.amount::<F>());
    if let Ok(bounds) = KlBounds::new(Nats(a.min(b)), Nats(a.max(b)))
        && bounds.upper.0.is_finite()
    {
        round_trip(d, "json of KlBounds", &bounds);
    }
}

fn round_trip<T: Serialize + DeserializeOwned + PartialEq + Debug>(
    d: &mut Driver,
    name: &'static str,
    value: &T,
) {
    let Some(text) = d.result(name, || serde_json::to_string(value)) else {
        return d.fault(name, "is not written", format!("{value:?}"));
    };
    d.note(|| text.clone());
    let read = d.result(name, || serde_json::from_str::<T>(&text));
    d.require(name, read.as_ref() == Some(value), "does not come back", || text.clone());
    for _ in 0..4 {
        let broken = broken(d, &text);
        d.note(|| broken.chars().take(2_000).collect());
        let read = d.outcome(name, || serde_json::from_str::<T>(&broken));
        if let Some(read) = read {
            // What is accepted is a value like any other.
            let again =
                serde_json::to_string(&read).ok().and_then(|text| serde_json::from_str(&text).ok());
            d.require(
                name,
                again.as_ref() == Some(&read),
                "accepts what does not come back",
                || broken,
            );
        }
    }
}

/// The text with something wrong with it, or at least something else.
fn broken(d: &mut Driver, text: &str) -> String {
    let bytes = text.as_bytes();
    let place = d.draw.below(bytes.len());
    match d.draw.below(9) {
        0 => text[..place].to_owned(),
        1 => [&text[..place], &text[place + 1..]].concat(),
        2 => "[".repeat(1 << d.draw.below(18)),
        3 => text.replacen('{', &format!("{{\"x\":{}", "{\"x\":".repeat(1 << d.draw.below(14))), 1),
        4 => text.replace("\"version\":1", &format!("\"version\":{}", d.draw.pick(NUMBERS))),
        5 => {
            // A field twice.
            let field = text[1..].split(',').next().unwrap_or_default();
            text.replacen('{', &format!("{{{field},"), 1)
        }
        6 => text.replacen('[', &format!("[{},", d.draw.pick(NUMBERS)), 1),
        7 => format!("\u{feff}{text}"),
        _ => another_number(d, text),
    }
}

fn another_number(d: &mut Driver, text: &str) -> String {
    let starts: Vec<usize> = text
        .char_indices()
        .filter(|&(i, c)| {
            (c.is_ascii_digit() || c == '-')
                && !text[..i].ends_with(|c: char| c.is_ascii_digit() || "-.eE+".contains(c))
        })
        .map(|(i, _)| i)
        .collect();
    let start = d.draw.pick(&starts);
    let rest = &text[start..];
    let end =
        rest.find(|c: char| !(c.is_ascii_digit() || "-.eE+".contains(c))).unwrap_or(rest.len());
    [&text[..start], d.draw.pick(NUMBERS), &rest[end..]].concat()
}

pub fn csv<F: Float>(d: &mut Driver) {
    let losses: &[&str] = &[
        "revealed",
        "masked",
        "mask_ratio",
        "loss_nats",
        "loss_bits",
        "standard_error_nats",
        "standard_error_bits",
        "samples",
        "loss",
        "step",
    ];
    let runs: &[&str] = &[
        "decoder",
        "sequence",
        "document",
        "draw",
        "rounds",
        "nll_nats",
        "nll_bits",
        "budget_nats",
        "nfe",
        "ppl",
    ];
    let blocks: &[&str] =
        &["order", "sequence", "document", "revealed", "until", "nll_nats", "nll_bits", "to"];
    let tokens = if d.draw.chance(0.9) { 1 + d.draw.below(8) } else { d.draw.size() };
    let text = table(d, losses, &[0, 3]);
    if let Some(losses) =
        d.unbounded("LossCurve::from_csv", || LossCurve::<F>::from_csv(&text, tokens))
    {
        let written = d.call("LossCurve::to_csv", || losses.to_csv()).unwrap();
        let read = d.outcome("LossCurve::from_csv", || LossCurve::<F>::from_csv(&written, tokens));
        let same = read.as_ref().is_some_and(|read| read.points() == losses.points());
        d.require("LossCurve::to_csv", same, "does not come back", || {
            format!("{text:?} {written:?}")
        });
    }
    if let Some(file) =
        d.unbounded("MeasuredLosses::from_csv", || MeasuredLosses::<F>::from_csv(&text, tokens))
    {
        d.note(|| format!("{:?}", file.notes));
    }
    let drawn = d.draw.losses::<F>();
    let written = d.call("LossCurve::to_csv", || drawn.1.to_csv()).unwrap();
    let read = d.outcome("LossCurve::from_csv", || LossCurve::<F>::from_csv(&written, drawn.0));
    let same = read.as_ref().is_some_and(|read| read.points() == drawn.1.points());
    d.require("LossCurve::to_csv", same, "does not come back", || format!("{drawn:?} {written}"));
    let text = table(d, runs, &[0, 1, 4, 5]);
    d.outcome("DecoderRuns::from_csv", || DecoderRuns::<F>::from_csv(&text));
    let text = table(d, blocks, &[0, 1, 3, 4, 5]);
    d.outcome("OrderBlocks::from_csv", || OrderBlocks::<F>::from_csv(&text, tokens));
}

/// Rows under some of the columns, in any order, in one of the ways in which programs write such files.
fn table(d: &mut Driver, columns: &[&str], needed: &[usize]) -> String {
    let mut chosen: Vec<&str> = needed.iter().map(|&column| columns[column]).collect();
    while d.draw.chance(0.5) {
        chosen.push(d.draw.pick(columns));
    }
    for i in 1..chosen.len() {
        chosen.swap(i, d.draw.below(i + 1));
    }
    let separator = d.draw.pick(&[",", ",", ",", ";", "\t", " , "]);
    let end = d.draw.pick(&["\n", "\n", "\r\n", "\r", "\n\n"]);
    let mut text = d.draw.pick(&["", "", "\u{feff}", "# a remark\n", "\n\n"]).to_owned();
    text += &chosen.join(separator);
    text += end;
    for row in 0..d.draw.below(12) {
        let cells: Vec<String> = chosen.iter().map(|column| cell(d, column, row)).collect();
        text += &cells.join(separator);
        if d.draw.chance(0.02) {
            text += separator;
        }
        text += end;
    }
    text
}

fn cell(d: &mut Driver, column: &str, row: usize) -> String {
    if d.draw.chance(0.02) {
        return d
            .draw
            .pick(&[
                "",
                "NaN",
                "-1",
                "1e999",
                "0,5",
                "\"0.5\"",
                "\"",
                "1.5",
                "inf",
                "x",
                "99999999999999999999",
            ])
            .to_owned();
    }
    match column {
        "decoder" | "order" => d.draw.pick(&["a", "b", "\"c, d\""]).to_owned(),
        "sequence" => format!("s{}", row / 2),
        "document" => format!("d{}", row / 4),
        "revealed" => (row % 3).to_string(),
        "until" | "to" => (row % 3 + 1).to_string(),
        "masked" => (row + 1).to_string(),
        "mask_ratio" => d.draw.pick(&["1", "0.5", "0.25", "1e-3"]).to_owned(),
        "draw" | "rounds" | "samples" | "step" | "nfe" => (1 + d.draw.below(9)).to_string(),
        _ => format!("{}", d.draw.numbers::<f64>(1)[0]),
    }
}

pub fn lists(d: &mut Driver) {
    let pieces = [
        "3",
        "2",
        "1",
        "0",
        "x",
        "×",
        ",",
        ", ",
        " ",
        "\n",
        "(",
        ")",
        "[",
        "]",
        "-",
        "..",
        "18446744073709551615",
        "16777216",
        "99999999999999999999999",
        "1e3",
        "é",
        "\t",
        ";",
        "a",
        "llada",
        "maskgit",
        "-cosine",
        ":",
        "power",
        "2.5",
        "NaN",
    ];
    let text: String = (0..d.draw.below(9)).map(|_| d.draw.pick(&pieces)).collect();
    d.note(|| text.clone());
    if let Some(schedule) = d.result("Schedule::from_str", || text.parse::<Schedule>()) {
        let again = schedule.to_string().parse::<Schedule>();
        d.require("Schedule::from_str", again.as_ref() == Ok(&schedule), "reads another", || {
            text.clone()
        });
    }
    if let Some(order) = d.result("Order::from_str", || text.parse::<Order>())
        && order.tokens() < 10_000
    {
        let again = order.to_string().parse::<Order>();
        d.require("Order::from_str", again.as_ref() == Ok(&order), "reads another", || {
            text.clone()
        });
    }
    if let Some(decoder) = d.result("Decoder::from_str", || text.parse::<Decoder>()) {
        let again = decoder.to_string().parse::<Decoder>();
        d.require("Decoder::from_str", again.as_ref() == Ok(&decoder), "reads another", || {
            text.clone()
        });
    }
}
