//! How often the intervals of samples and of fitted chains hold, on random chains whose truth is known.
//!
//! ```text
//! cargo run --release --example coverage -- [words | windows | fit] [OPTIONS]
//!
//! words                  independent sequences: the information curve by `Samples` (the default)
//! windows                all windows of one text: the same
//! fit                    one text: information between neighbours, of the chain fitted to it
//! --samples N            sequences or windows, or symbols of the fitted text (default: 1000)
//! --symbols N            symbols of the alphabet (default: 3)
//! --tokens N             tokens of a sequence or window (default: 10)
//! --runs N               chains drawn, one data set of each (default: 100)
//! --blocks N             blocks of the text, for its errors (default: 30)
//! --power P              rows of the chain: powers of exponential variables. 1 is uniform on all rows,
//!                        3 makes chains that rarely leave some states, 0 independent uniform tokens (default: 1)
//! --seed N               seed of the random numbers (default: 1)
//! ```
//!
//! Prints rows of the tables in docs/theory.md: how often the 95% intervals hold the truth, at each trusted number `k`
//! of revealed tokens, at all of them, and at the first one that is not trusted; and how often the bounds hold the
//! exact errors of all balanced schedules. For `fit`: with each smoothing, how often the interval holds around the
//! value as fitted, and around the jackknife's; and how many texts were refused, since nothing follows one of the
//! symbols.

mod command_line;

use std::fmt::Write;
use std::process::ExitCode;
use std::str::FromStr;

use command_line::{Outcome, option_value};
use lexopt::prelude::*;
use rand::{Rng, RngExt, SeedableRng, rngs::ChaCha8Rng};
use unmaskcost::bounds::Knowledge;
use unmaskcost::distribution::{MarkovChain, Samples};
use unmaskcost::{Error, Nats, Schedule};

const LEVEL: f64 = 0.95;
const SMOOTHINGS: [f64; 3] = [0.0, 0.1, 0.5];

#[derive(Clone, Copy, PartialEq)]
enum Data {
    Words,
    Windows,
    Fit,
}

impl FromStr for Data {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        match text {
            "words" => Ok(Self::Words),
            "windows" => Ok(Self::Windows),
            "fit" => Ok(Self::Fit),
            _ => Err(format!("{text:?} is none of words, windows, fit")),
        }
    }
}

struct Options {
    data: Data,
    samples: usize,
    symbols: usize,
    tokens: usize,
    runs: u64,
    blocks: usize,
    power: f64,
    seed: u64,
}

impl Options {
    fn read(mut parser: lexopt::Parser) -> Outcome<Self> {
        let mut data = None;
        let (mut samples, mut symbols, mut tokens) = (1000, 3, 10);
        let (mut runs, mut blocks, mut power, mut seed) = (100, 30, 1.0, 1);
        while let Some(argument) = parser.next()? {
            match argument {
                Long("samples") => samples = option_value(&mut parser, "--samples")?,
                Long("symbols") => symbols = option_value(&mut parser, "--symbols")?,
                Long("tokens") => tokens = option_value(&mut parser, "--tokens")?,
                Long("runs") => runs = option_value(&mut parser, "--runs")?,
                Long("blocks") => blocks = option_value(&mut parser, "--blocks")?,
                Long("power") => power = option_value(&mut parser, "--power")?,
                Long("seed") => seed = option_value(&mut parser, "--seed")?,
                Value(value) if data.is_none() => data = Some(value.string()?.parse()?),
                _ => return Err(argument.unexpected().into()),
            }
        }
        if runs == 0 {
            return Err("--runs 0: at least one is needed".into());
        }
        let data = data.unwrap_or(Data::Words);
        Ok(Self { data, samples, symbols, tokens, runs, blocks, power, seed })
    }

    /// A generator for each run, so that a run does not depend on how many there are.
    fn runs(&self) -> impl Iterator<Item = ChaCha8Rng> {
        (0..self.runs).map(|run| {
            let mut random = ChaCha8Rng::seed_from_u64(self.seed);
            random.set_stream(run);
            random
        })
    }

    fn chain(&self, random: &mut impl Rng) -> unmaskcost::Result<MarkovChain> {
        let rows: Vec<Vec<f64>> = (0..self.symbols)
            .map(|_| {
                let exponential = |_| -(1.0 - random.random::<f64>()).ln();
                let row =
                    Vec::from_iter((0..self.symbols).map(exponential).map(|x| x.powf(self.power)));
                let sum: f64 = row.iter().sum();
                row.into_iter().map(|x| x / sum).collect()
            })
            .collect();
        MarkovChain::stationary(&rows)
    }

    fn draw(&self, chain: &MarkovChain, random: &mut impl Rng) -> unmaskcost::Result<Samples> {
        if self.data == Data::Windows {
            let text = chain.sample(self.samples + self.tokens - 1, random)?;
            return Samples::windows(&text, self.symbols, self.tokens, self.blocks);
        }
        let words = (0..self.samples).map(|_| chain.sample(self.tokens, random));
        let words = words.collect::<unmaskcost::Result<Vec<_>>>()?;
        Samples::independent(&vec![self.symbols; self.tokens], words)
    }
}

fn main() -> ExitCode {
    command_line::run(include_str!("coverage.rs"), run)
}

fn run(parser: lexopt::Parser) -> Outcome<String> {
    let options = Options::read(parser)?;
    match options.data {
        Data::Fit => fits(&options),
        Data::Words | Data::Windows => curves(&options),
    }
}

/// How many of how many.
#[derive(Default, Clone, Copy)]
struct Share {
    held: u64,
    all: u64,
}

impl Share {
    fn count(&mut self, holds: bool) {
        self.held += u64::from(holds);
        self.all += 1;
    }

    fn print(self) -> String {
        match self.all {
            0 => "-".to_owned(),
            all => format!("{:.3}", self.held as f64 / all as f64),
        }
    }
}

fn curves(options: &Options) -> Outcome<String> {
    let tokens = options.tokens;
    let (mut at, mut bounds) = (vec![Share::default(); tokens], Share::default());
    let (mut beyond, mut trusted) = (Share::default(), vec![0_u64; tokens]);
    for mut random in options.runs() {
        let chain = options.chain(&mut random)?;
        let truth = chain.information_curve(tokens)?;
        let curve = options.draw(&chain, &mut random)?.curve()?;
        trusted[curve.trusted()] += 1;
        for (revealed, share) in at.iter_mut().enumerate().skip(1) {
            let Some(value) = curve.information(revealed) else { break };
            let interval = value.estimate().interval(LEVEL)?;
            let holds = interval.contains(truth.information(revealed));
            let trusted = revealed <= curve.trusted();
            if trusted { share } else { &mut beyond }.count(holds);
        }
        let known = curve.known(LEVEL)?;
        let holds = |steps| {
            let schedule = Schedule::balanced(tokens, steps)?;
            Ok(known.bounds(&schedule)?.contains(truth.sampling_error(&schedule)?))
        };
        let holds: Vec<bool> = (1..tokens).map(holds).collect::<unmaskcost::Result<_>>()?;
        bounds.count(holds.into_iter().all(|holds| holds));
    }
    let all = at.iter().fold(Share::default(), |sum, share| Share {
        held: sum.held + share.held,
        all: sum.all + share.all,
    });
    let mut report = format!("{} runs; trusted up to k:", options.runs);
    for (revealed, runs) in trusted.iter().enumerate().filter(|(_, runs)| **runs > 0) {
        write!(report, " {revealed} in {runs},")?;
    }
    report.pop();
    report += "\ninterval holds, at k = 1, 2, ..:";
    let seen = at.iter().skip(1).take_while(|share| share.all > 0);
    seen.for_each(|share| report += &format!(" {}", share.print()));
    let shares = [all, beyond, bounds].map(Share::print);
    writeln!(
        report,
        "\nat all trusted k: {}; at the first one that is not: {}; bounds hold: {}",
        shares[0], shares[1], shares[2]
    )?;
    Ok(report)
}

/// Information between neighbours, in nats.
fn neighbours(chain: &MarkovChain) -> unmaskcost::Result<Nats> {
    let (first, second) = (chain.marginal(0)?, chain.marginal(1)?);
    let entropy = |law: &[f64]| -law.iter().filter(|p| **p > 0.0).map(|p| p * p.ln()).sum::<f64>();
    let rows = first
        .iter()
        .enumerate()
        .map(|(symbol, p)| p * entropy(chain.row(symbol).unwrap_or_default()));
    Ok(Nats(entropy(&second) - rows.sum::<f64>()))
}

fn fits(options: &Options) -> Outcome<String> {
    let mut rows = [(0, [Share::default(); 2]); SMOOTHINGS.len()];
    for mut random in options.runs() {
        let chain = options.chain(&mut random)?;
        let truth = neighbours(&chain)?;
        let text = chain.sample(options.samples, &mut random)?;
        for (smoothing, (refused, shares)) in SMOOTHINGS.into_iter().zip(&mut rows) {
            let figure = |chain: &MarkovChain| Ok([neighbours(chain)?.0]);
            let (symbols, blocks) = (options.symbols, options.blocks);
            let found = match MarkovChain::jackknife(&text, symbols, smoothing, blocks, figure) {
                // Nothing follows one of the symbols, or all that does stands in one block.
                Err(Error::NotApplicable { .. }) => {
                    *refused += 1;
                    continue;
                }
                found => found?,
            };
            let interval = found[0].interval(LEVEL)?;
            let half = interval.upper() - found[0].value();
            let fitted = neighbours(&MarkovChain::fit(&text, options.symbols, smoothing)?)?;
            shares[0].count((fitted - truth).0.abs() <= half.0);
            shares[1].count(interval.contains(truth));
        }
    }
    let mut report = format!("{} runs\nsmoothing  as fitted  jackknife  refused\n", options.runs);
    for (smoothing, (refused, [fitted, jackknife])) in SMOOTHINGS.into_iter().zip(rows) {
        let (fitted, jackknife) = (fitted.print(), jackknife.print());
        writeln!(report, "{smoothing:>9}{fitted:>11}{jackknife:>11}{refused:>9}")?;
    }
    Ok(report)
}
