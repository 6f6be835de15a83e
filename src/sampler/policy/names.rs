//! The text of rules: the one place where it is printed and read.

use core::fmt;
use core::str::FromStr;

use super::Rule;
use super::rule::Choice;
use crate::error::{Error, Result};
use crate::schedule::BlockLength;
use crate::units::{Bits, Nats};

/// The texts that are read, for an error message.
const FORMS: &str = "left to right N, N lowest entropies, confidence P, quota N confidence P, factor F, Frechet margin M, \
     entropy budget B nats, cumulative entropy B nats, dilated; each also with \"blocks of N, \" before and \" at least N apart\" after";

/// As in the table of [`Rule`].
impl fmt::Display for Rule {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut text = match self.block_length {
            Some(length) => format!("blocks of {length}, "),
            None => String::new(),
        };
        text += &match self.choice {
            Choice::LeftToRight { size } => format!("left to right {size}"),
            Choice::LowestEntropies { count: 1 } => "1 lowest entropy".to_owned(),
            Choice::LowestEntropies { count } => format!("{count} lowest entropies"),
            Choice::Confidence { threshold } => format!("confidence {threshold}"),
            Choice::Quota { count, threshold } => format!("quota {count} confidence {threshold}"),
            Choice::Factor(factor) => format!("factor {factor}"),
            Choice::Frechet { margin } => format!("Frechet margin {margin}"),
            Choice::EntropyBudget(Nats(budget)) => format!("entropy budget {budget} nats"),
            Choice::CumulativeEntropy(Nats(budget)) => format!("cumulative entropy {budget} nats"),
            Choice::Dilated => "dilated".to_owned(),
        };
        if self.distance > 1 {
            text += &format!(" at least {} apart", self.distance);
        }
        f.pad(&text)
    }
}

/// A rule by its text, in upper or lower case, with spaces, `-` or `_` between the words. Budgets may be in `bits`; without a unit
/// they are in nats.
///
/// # Errors
/// [`NotAPolicy`](Error::NotAPolicy) for decoders that choose by sampled tokens or mask tokens again;
/// [`NotAmong`](Error::NotAmong) for a text that is not a rule, with the forms that are read; as the constructors of
/// [`Rule`].
///
/// ```
/// use unmaskcost::{Error, sampler::policy::Rule};
/// let rule: Rule = "blocks-of-32, entropy budget 0.1 bits".parse()?;
/// assert_eq!(rule.to_string(), "blocks of 32, entropy budget 0.06931471805599453 nats");
/// assert!(matches!("low-confidence remasking".parse::<Rule>(), Err(Error::NotAPolicy { .. })));
/// # Ok::<(), unmaskcost::Error>(())
/// ```
impl FromStr for Rule {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self> {
        let plain = plain(text);
        let words: Vec<&str> = plain.split_whitespace().collect();
        if words.iter().any(|word| word.contains("remask") || CHANGES_TOKENS.contains(word)) {
            return Err(Error::NotAPolicy { name: text.to_owned() });
        }
        let rule = parse(&words)?;
        rule.ok_or_else(|| {
            let (what, name, known) = ("rule", text.to_owned(), FORMS.to_owned());
            Error::NotAmong { what, name, known }
        })
    }
}

/// Words of decoders that look at sampled tokens, or change revealed ones.
const CHANGES_TOKENS: &[&str] = &["sampled", "remdm", "p2", "maskgit", "maskgit_plus"];

fn parse(words: &[&str]) -> Result<Option<Rule>> {
    if let ["blocks", "of", length, rest @ ..] = words {
        let length = length.trim_end_matches(',').parse().ok();
        return match (length, parse(rest)?) {
            (Some(length), Some(rule)) if rule.block_length.is_none() => {
                rule.in_blocks(BlockLength(length)).map(Some)
            }
            _ => Ok(None),
        };
    }
    if let [rest @ .., "at", "least", distance, "apart"] = words {
        return match (distance.parse().ok(), choice(rest)?) {
            (Some(distance), Some(rule)) => rule.apart(distance).map(Some),
            _ => Ok(None),
        };
    }
    choice(words)
}

fn choice(words: &[&str]) -> Result<Option<Rule>> {
    let number = |text: &str| text.parse::<f64>().ok();
    let count = |text: &str| text.parse::<usize>().ok();
    let budget = |value: &str, unit: &[&str]| match (number(value), unit) {
        (Some(value), [] | ["nats" | "nat"]) => Some(Nats(value)),
        (Some(value), ["bits" | "bit"]) => Some(Bits(value).nats()),
        _ => None,
    };
    let rule = match words {
        ["left", "to", "right", size] => count(size).map(Rule::left_to_right),
        [size, "lowest", "entropies" | "entropy"] => count(size).map(Rule::lowest_entropies),
        ["lowest", "entropy", "one", "at", "a", "time"] => Some(Rule::lowest_entropies(1)),
        ["confidence", threshold] => number(threshold).map(Rule::confidence),
        ["quota", size, "confidence", threshold] => {
            count(size).zip(number(threshold)).map(|(size, p)| Rule::quota(size, p))
        }
        ["factor", factor] => number(factor).map(Rule::factor),
        ["frechet" | "fréchet"] => Some(Rule::frechet(0.0)),
        ["frechet" | "fréchet", "margin", margin] => number(margin).map(Rule::frechet),
        ["entropy", "budget", value, unit @ ..] => budget(value, unit).map(Rule::entropy_budget),
        ["cumulative", "entropy", value, unit @ ..] => {
            budget(value, unit).map(Rule::cumulative_entropy)
        }
        ["dilated"] => Some(Ok(Rule::dilated())),
        _ => None,
    };
    rule.transpose()
}

/// In lower case, with spaces between the words. A `-` that belongs to a number stays.
fn plain(text: &str) -> String {
    let letters: Vec<char> = text.to_lowercase().chars().collect();
    let letter = |i: usize| letters.get(i).copied().unwrap_or(' ');
    let between_words = |i: usize| {
        let exponent = i >= 2 && letter(i - 1) == 'e' && letter(i - 2).is_ascii_digit();
        i >= 1 && (letter(i - 1).is_alphanumeric() || letter(i - 1) == ',') && !exponent
    };
    let plain = (0..letters.len()).map(|i| match letter(i) {
        '_' => ' ',
        '-' if between_words(i) => ' ',
        letter => letter,
    });
    plain.collect()
}
