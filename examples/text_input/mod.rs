//! Texts as sequences of symbols, for the examples.
#![allow(dead_code)] // each example uses its part

use std::fs;
use std::str::FromStr;

use unmaskcost::distribution::{JointTable, MarkovChain};

/// The crate's own README, whatever the working directory.
const README: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../README.md");

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

/// Reads a text (the crate's README if no path is given) as symbols. Runs of white space count as one
/// character. Blocks fenced by ``` are left out: they are not prose, and the README shows what the
/// examples print in such blocks, which must not feed back into what they print.
pub fn read_symbols(path: Option<String>, alphabet: Alphabet) -> Result<Vec<usize>, String> {
    let path = path.unwrap_or(README.to_owned());
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

/// The empirical law of all windows of this many symbols.
pub fn window_table(
    symbols: &[usize],
    alphabet: Alphabet,
    window: usize,
) -> Result<JointTable, String> {
    if window == 0 {
        return Err("a window needs at least one symbol".to_owned());
    }
    if symbols.len() < window {
        return Err(format!(
            "the text has {} symbols, too few for one window of {window}",
            symbols.len()
        ));
    }
    JointTable::from_samples(&vec![alphabet.size(); window], symbols.windows(window))
        .map_err(|error| error.to_string())
}

/// The Markov chain of this text.
pub fn chain(symbols: &[usize], alphabet: Alphabet, smoothing: f64) -> Result<MarkovChain, String> {
    if symbols.len() < 2 {
        return Err(format!("the text has {} symbols, too few for a chain", symbols.len()));
    }
    MarkovChain::fit(symbols, alphabet.size(), smoothing).map_err(|error| error.to_string())
}
