//! Texts as sequences of symbols, for the examples.
#![allow(dead_code)] // each example uses its part

use std::fs;
use std::str::FromStr;

use rand::SeedableRng;
use rand::rngs::ChaCha8Rng;
use rand::seq::SliceRandom;
use unmaskcost::Result as CrateResult;
use unmaskcost::distribution::{ConditionalMarginal, HiddenMarkovChain, MarkovChain};

/// A text that does not change, whatever the working directory.
const DEFAULT: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../LICENSE-APACHE");

/// How characters become symbols.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Alphabet {
    /// Vowel, consonant, anything else.
    Classes,
    /// 26 letters without case, and one symbol for anything else.
    Letters,
}

impl FromStr for Alphabet {
    type Err = &'static str;

    fn from_str(name: &str) -> Result<Self, Self::Err> {
        match name {
            "classes" => Ok(Self::Classes),
            "letters" => Ok(Self::Letters),
            _ => Err("use classes or letters"),
        }
    }
}

impl Alphabet {
    pub fn size(self) -> usize {
        match self {
            Self::Classes => 3,
            Self::Letters => 27,
        }
    }

    fn symbol(self, character: char) -> usize {
        let letter = character.to_ascii_lowercase();
        match self {
            Self::Classes if "aeiou".contains(letter) => 0,
            Self::Classes if letter.is_alphabetic() => 1,
            Self::Classes => 2,
            Self::Letters if letter.is_ascii_lowercase() => letter as usize - 'a' as usize,
            Self::Letters => 26,
        }
    }
}

/// Reads a text (the Apache license if no path is given) as symbols. Runs of white space count as one
/// character. Blocks fenced by ``` are left out: they are not prose.
pub fn read_symbols(path: Option<String>, alphabet: Alphabet) -> Result<Vec<usize>, String> {
    let path = path.unwrap_or(DEFAULT.to_owned());
    let bytes = fs::read(&path).map_err(|error| format!("cannot read {path}: {error}"))?;
    let text = String::from_utf8_lossy(&bytes);
    let mut fenced = false;
    let mut prose = String::new();
    for line in text.lines() {
        if line.trim_start().starts_with("```") {
            fenced = !fenced;
        } else if !fenced {
            prose.extend([line, "\n"]);
        }
    }
    let words = prose.split_whitespace().collect::<Vec<_>>().join(" ");
    Ok(words.chars().map(|character| alphabet.symbol(character)).collect())
}

/// The Markov chain of this text.
pub fn chain(symbols: &[usize], alphabet: Alphabet, smoothing: f64) -> Result<MarkovChain, String> {
    // Two halves, each with three symbols in a row.
    if symbols.len() < 6 {
        return Err(format!("the text has {} symbols, too few for a chain", symbols.len()));
    }
    MarkovChain::fit(symbols, alphabet.size(), smoothing).map_err(|error| error.to_string())
}

/// A distribution that is really known, made from a text: its Markov chain, and the chain of the same symbols in
/// shuffled order, in which a symbol tells nothing about the next.
pub struct FittedText {
    pub symbols: Vec<usize>,
    pub alphabet: Alphabet,
    pub chain: MarkovChain,
    pub shuffled: MarkovChain,
}

impl FittedText {
    pub fn of(path: Option<String>, alphabet: Alphabet) -> Result<Self, String> {
        let symbols = read_symbols(path, alphabet)?;
        let chain = chain(&symbols, alphabet, SMOOTHING)?;
        let mut mixed = symbols.clone();
        mixed.shuffle(&mut ChaCha8Rng::seed_from_u64(1));
        let shuffled = self::chain(&mixed, alphabet, SMOOTHING)?;
        Ok(Self { symbols, alphabet, chain, shuffled })
    }

    /// What is computed on, how much of it is chance, and what the chain leaves out: to be said before any figure.
    pub fn headline(&self, tokens: usize) -> CrateResult<String> {
        let total = |chain: &MarkovChain| {
            chain.information_curve(tokens).map(|curve| [curve.total_correlation().0])
        };
        Ok(format!(
            "L = {tokens} tokens of a Markov chain over {} symbols, fitted to {} symbols of text; all values in nats\n\
             TC = {:.4} ({:.3} by the jackknife over blocks of the text); same symbols in shuffled order: {:.4}\n{}",
            self.alphabet.size(),
            self.symbols.len(),
            total(&self.chain)?[0],
            MarkovChain::jackknife(&self.symbols, self.alphabet.size(), SMOOTHING, 30, total)?[0],
            total(&self.shuffled)?[0],
            self.held_out()?
        ))
    }

    /// What a symbol of one half of the text costs by chains of several orders, fitted to the other half.
    fn held_out(&self) -> CrateResult<String> {
        let (fitted, other) = self.symbols.split_at(self.symbols.len() / 2);
        let alphabet = self.alphabet.size();
        let cost = |order| {
            let chain = HiddenMarkovChain::fit_order(fitted, alphabet, order, SMOOTHING)?;
            Ok(-chain.log_probability(other)?.0 / other.len() as f64)
        };
        let rate = MarkovChain::fit(fitted, alphabet, SMOOTHING)?.entropy_rate()?.0;
        Ok(format!(
            "held-out half: {:.3} a symbol (entropy rate {rate:.3}); by a chain of order 0: {:.3}, of order 2: {:.3}",
            cost(1)?,
            cost(0)?,
            cost(2)?
        ))
    }
}

/// Added to the count of each transition.
const SMOOTHING: f64 = 0.5;
