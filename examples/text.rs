//! What parallel unmasking costs on a text, at lengths no table can hold.
//!
//! ```text
//! cargo run --release --example text [-- [TEXT] [--alphabet classes|letters] [--smoothing S]]
//! ```
//!
//! Fits a Markov chain to the letters of a text (default: this crate's README, as 26 letters and one
//! symbol for anything else), prints the exact information curve of the chain at 256 and 1024 tokens,
//! and the exact error of the balanced, the cosine and the best schedule for each number of steps.

mod text_input;

use std::error::Error;
use std::fmt::Write;
use std::process::ExitCode;

use demask::schedule::{Decoder, MaskFunction};
use demask::{InformationCurve, MarkovChain, Schedule, optimal};
use text_input::{Alphabet, print, read_symbols};

struct Options {
    path: Option<String>,
    alphabet: Alphabet,
    smoothing: f64,
}

fn parse(mut arguments: impl Iterator<Item = String>) -> Result<Options, String> {
    let mut options = Options { path: None, alphabet: Alphabet::Letters, smoothing: 0.5 };
    while let Some(argument) = arguments.next() {
        let mut value = || arguments.next().ok_or(format!("{argument} needs a value"));
        match argument.as_str() {
            "--alphabet" => options.alphabet = Alphabet::parse(&value()?)?,
            "--smoothing" => {
                let text = value()?;
                options.smoothing = text.parse().map_err(|_| format!("{text:?} is no number"))?;
            }
            flag if flag.starts_with("--") => return Err(format!("unknown option {flag}")),
            path if options.path.is_none() => options.path = Some(path.to_owned()),
            extra => return Err(format!("one text at a time: {extra:?} is a second one")),
        }
    }
    Ok(options)
}

fn main() -> ExitCode {
    match parse(std::env::args().skip(1)).map_err(Into::into).and_then(|options| run(&options)) {
        Ok(report) => print(&report),
        Err(error) => {
            eprintln!("text: {error}");
            ExitCode::FAILURE
        }
    }
}

fn run(options: &Options) -> Result<String, Box<dyn Error>> {
    let symbols = read_symbols(options.path.as_deref(), options.alphabet)?;
    if symbols.len() < 2 {
        return Err(format!("the text has {} symbols, too few for a chain", symbols.len()).into());
    }
    let alphabet = options.alphabet.size();
    let chain = MarkovChain::fit(&symbols, alphabet, options.smoothing)?;
    let mut report = format!(
        "a Markov chain over {alphabet} symbols, fitted to {} symbols of text; all values in nats\n",
        symbols.len()
    );
    for tokens in [256, 1024] {
        let curve = chain.information_curve(tokens)?;
        write_curve(&mut report, &curve)?;
        write_schedules(&mut report, &curve)?;
    }
    Ok(report)
}

/// The curve with no token revealed, every tenth, and all but one.
fn write_curve(out: &mut String, curve: &InformationCurve) -> Result<(), Box<dyn Error>> {
    let tokens = curve.tokens();
    writeln!(
        out,
        "\nL = {tokens} tokens: TC = {:.3}, DTC = {:.3}, sum of I(X_i; X_-i) = {:.3}",
        curve.total_correlation().0,
        curve.dual_total_correlation().0,
        curve.token_information().0
    )?;
    let revealed: Vec<usize> = (0..10).map(|i| tokens * i / 10).chain([tokens - 1]).collect();
    write!(out, "{:>8}", "revealed")?;
    revealed.iter().try_for_each(|k| write!(out, "{k:>7}"))?;
    write!(out, "\n{:>8}", "I_k")?;
    revealed.iter().try_for_each(|&k| write!(out, "{:>7.3}", curve.information(k).0))?;
    writeln!(out)?;
    Ok(())
}

/// The exact error of the usual schedules and of the best one, for growing numbers of steps; and how
/// many steps the best schedules need to be as good as the usual ones.
fn write_schedules(out: &mut String, curve: &InformationCurve) -> Result<(), Box<dyn Error>> {
    let tokens = curve.tokens();
    let cosine = Decoder::MaskGit(MaskFunction::Cosine);
    writeln!(out, "\n{:>8}{:>34}{:>24}", "", "error", "steps enough for")?;
    write!(out, "{:>8}", "steps")?;
    for column in ["balanced", "cosine", "best", "balanced", "cosine"] {
        write!(out, "{column:>12}")?;
    }
    writeln!(out, "  best sizes")?;
    for steps in (2..).map(|i| 1 << i).take_while(|&steps| steps < tokens) {
        let balanced = curve.sampling_error(&Schedule::balanced(tokens, steps)?)?;
        let cosine = curve.sampling_error(cosine.plan(tokens, steps)?.schedule())?;
        let (best, least) = optimal::schedule(curve, steps)?;
        write!(out, "{steps:>8}{:>12.4}{:>12.4}{:>12.4}", balanced.0, cosine.0, least.0)?;
        for error in [balanced, cosine] {
            // Where the schedule is itself a best one, rounding should not cost it a step.
            let (enough, _) = optimal::fewest_steps(curve, error * (1.0 + 1e-12))?;
            write!(out, "{:>12}", enough.steps())?;
        }
        writeln!(out, "  {} .. {}", best.sizes()[0], best.sizes()[steps - 1])?;
    }
    Ok(())
}
