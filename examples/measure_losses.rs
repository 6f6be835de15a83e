//! Measures the losses of a real, imperfect masked model, as one would for a trained network.
//!
//! ```text
//! cargo run --release --example measure_losses [-- [TEXT] [OPTIONS]]
//!
//! TEXT                   a file (default: the Apache license)
//! --tokens L             letters in a window (default: 128)
//! --counts C             numbers of revealed letters to measure at (default: 33)
//! --samples N            windows in all (default: 100000)
//! --seed S               seed of the random windows and positions (default: 1)
//! --output PREFIX        prefix of the files that are written (default: losses)
//! ```
//!
//! The model is a Markov chain over letters, fitted to the first half of a text. It predicts a masked
//! letter from the nearest revealed ones on either side. Its cross-entropies are measured on the rest: N
//! random windows of L letters, each masked once, with C numbers of revealed letters in turn, more of them
//! near 0 and near L - 1 (see `measured::measurement_counts`). Windows of the third quarter go to
//! `PREFIX-select.csv`, those of the last to `PREFIX-evaluate.csv`, for the example `plan`. Windows
//! overlap, so the errors are those of the mean over this text, not of what another text would give.

mod command_line;
mod text_input;

use std::process::ExitCode;

use command_line::{Outcome, option_value};
use lexopt::prelude::*;
use rand::rngs::ChaCha8Rng;
use rand::seq::SliceRandom;
use rand::{RngExt, SeedableRng};
use text_input::{Alphabet, read_symbols};
use unmaskcost::measured::{Collector, measurement_counts};
use unmaskcost::{Nats, distribution::MarkovChain};

/// With fewer evaluations at a count, the weights of the monotone projection mislead.
const LEAST_SAMPLES: usize = 20;

struct Options {
    text: Option<String>,
    tokens: usize,
    counts: usize,
    samples: usize,
    seed: u64,
    output: String,
}

impl Options {
    fn read(mut parser: lexopt::Parser) -> Outcome<Self> {
        let (mut text, mut output) = (None, "losses".to_owned());
        let (mut tokens, mut counts, mut samples, mut seed) = (128, 33_usize, 100_000, 1);
        while let Some(argument) = parser.next()? {
            match argument {
                Long("tokens") => tokens = option_value(&mut parser, "--tokens")?,
                Long("counts") => counts = option_value(&mut parser, "--counts")?,
                Long("samples") => samples = option_value(&mut parser, "--samples")?,
                Long("seed") => seed = option_value(&mut parser, "--seed")?,
                Long("output") => output = parser.value()?.string()?,
                Value(value) if text.is_none() => text = Some(value.string()?),
                _ => return Err(argument.unexpected().into()),
            }
        }
        if tokens < 2 || !(2..=tokens).contains(&counts) {
            return Err("2 <= counts <= tokens is needed".into());
        }
        let needed = counts.saturating_mul(2 * LEAST_SAMPLES);
        if samples < needed {
            return Err(format!(
                "{samples} samples are too few: {LEAST_SAMPLES} for each file and count, so {needed}, are needed"
            )
            .into());
        }
        Ok(Self { text, tokens, counts, samples, seed, output })
    }
}

fn main() -> ExitCode {
    command_line::run(include_str!("measure_losses.rs"), run)
}

fn run(parser: lexopt::Parser) -> Outcome<String> {
    let options = Options::read(parser)?;
    let tokens = options.tokens;
    let symbols = read_symbols(options.text, Alphabet::Letters)?;
    let (training, held_out) = symbols.split_at(symbols.len() / 2);
    let (to_select, to_evaluate) = held_out.split_at(held_out.len() / 2);
    if to_select.len() < tokens || training.len() < 2 {
        let length = symbols.len();
        return Err(format!("{length} letters are too few for windows of {tokens}").into());
    }
    let model = ChainModel::fit(training, Alphabet::Letters.size(), tokens)?;

    let mut rng = ChaCha8Rng::seed_from_u64(options.seed);
    let counts = measurement_counts(tokens, options.counts)?;
    let mut samples = [
        ("select", to_select, Collector::new(tokens)?),
        ("evaluate", to_evaluate, Collector::new(tokens)?),
    ];
    let mut positions: Vec<usize> = (0..tokens).collect();
    for i in 0..options.samples {
        let (_, text, losses) = &mut samples[i % 2];
        let start = rng.random_range(0..=text.len() - tokens);
        let window = &text[start..start + tokens];
        let revealed = counts[i / 2 % counts.len()];
        positions.shuffle(&mut rng);
        let mut is_revealed = vec![false; tokens];
        positions[..revealed].iter().for_each(|&position| is_revealed[position] = true);
        losses.record(revealed, Nats(model.mean_loss(window, &is_revealed)))?;
    }

    let mut report = format!("a Markov chain fitted to {} letters\n", training.len());
    for (name, text, losses) in samples {
        let losses = losses.loss_curve(LEAST_SAMPLES as u64)?;
        let path = format!("{}-{name}.csv", options.output);
        std::fs::write(&path, losses.to_csv())
            .map_err(|error| format!("cannot write {path}: {error}"))?;
        report += &format!(
            "{path}: windows of {tokens} letters of {} others, {} numbers of revealed letters\n",
            text.len(),
            losses.points().len()
        );
    }
    report += &format!(
        "\nnext: cargo run --release --example plan -- {0}-select.csv {0}-evaluate.csv --tokens {tokens}\n",
        options.output
    );
    Ok(report)
}

/// A Markov chain as a masked model: the distribution of a letter given the nearest revealed ones.
struct ChainModel {
    alphabet: usize,
    marginal: Vec<f64>,
    /// `powers[n][x * alphabet + y]`: the probability of `y`, `n + 1` letters after `x`.
    powers: Vec<Vec<f64>>,
}

impl ChainModel {
    /// Counts, with a tenth of a letter added to each so that nothing is impossible.
    fn fit(text: &[usize], alphabet: usize, distances: usize) -> unmaskcost::Result<Self> {
        let chain = MarkovChain::fit(text, alphabet, 0.1)?;
        let rows = (0..alphabet).filter_map(|letter| chain.row(letter));
        let mut powers = vec![rows.flatten().copied().collect::<Vec<f64>>()];
        while powers.len() < distances {
            let next = product(&powers[powers.len() - 1], &powers[0], alphabet);
            powers.push(next);
        }
        Ok(Self { alphabet, marginal: chain.initial().to_vec(), powers })
    }

    /// The mean of `-ln p(letter | revealed letters)` over the masked letters of a window.
    fn mean_loss(&self, window: &[usize], is_revealed: &[bool]) -> f64 {
        // The nearest revealed position to the right of each one, the last first.
        let mut right = vec![None; window.len()];
        let mut nearest = None;
        for i in (0..window.len()).rev() {
            right[i] = nearest;
            nearest = if is_revealed[i] { Some(i) } else { nearest };
        }
        let (mut sum, mut masked) = (0.0, 0.0);
        let mut left = None;
        for (i, &letter) in window.iter().enumerate() {
            if is_revealed[i] {
                left = Some(i);
                continue;
            }
            let weight = |x: usize| {
                let from_left = left.map_or(self.marginal[x], |l| {
                    self.powers[i - l - 1][window[l] * self.alphabet + x]
                });
                let to_right =
                    right[i].map_or(1.0, |r| self.powers[r - i - 1][x * self.alphabet + window[r]]);
                from_left * to_right
            };
            let total: f64 = (0..self.alphabet).map(weight).sum();
            sum -= (weight(letter) / total).ln();
            masked += 1.0;
        }
        sum / masked
    }
}

fn product(a: &[f64], b: &[f64], size: usize) -> Vec<f64> {
    let entry = |x: usize, y: usize| (0..size).map(|z| a[x * size + z] * b[z * size + y]).sum();
    (0..size * size).map(|cell| entry(cell / size, cell % size)).collect()
}
