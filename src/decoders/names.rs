//! The list of decoders and their names: the one place to enter a new one.

use core::fmt;
use core::str::FromStr;

use super::{AmusedFunction, Decoder, DllmAlpha, MaskFunction};
use crate::error::{Error, Result};
use crate::numeric::scalar;

impl Decoder {
    /// Every decoder of this list, with each of its functions; powers 2 and 3 stand for all powers.
    pub const KNOWN: &'static [Self] = &[
        Self::Llada,
        Self::FastDllm,
        Self::Dream,
        Self::LlamaCpp,
        Self::LlamaCppBlock,
        Self::Dllm(DllmAlpha::Linear),
        Self::Dllm(DllmAlpha::Cosine),
        Self::MaskGit(MaskFunction::Cosine),
        Self::MaskGit(MaskFunction::Uniform),
        Self::MaskGit(MaskFunction::Power(2.0)),
        Self::MaskGit(MaskFunction::Power(3.0)),
        Self::MaskGit(MaskFunction::Log),
        Self::MaskGit(MaskFunction::Exp),
        Self::Amused(AmusedFunction::Cosine),
        Self::Amused(AmusedFunction::Linear),
        Self::Halton,
        Self::Dus,
    ];

    /// The name of the software, and its mask function. [`Display`](fmt::Display) adds the power of
    /// [`MaskFunction::Power`], and [`FromStr`] reads what it prints.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Llada => "LLaDA",
            Self::FastDllm => "Fast-dLLM",
            Self::Dream => "Dream",
            Self::LlamaCpp => "llama.cpp timestep",
            Self::LlamaCppBlock => "llama.cpp block",
            Self::Dllm(DllmAlpha::Linear) => "dllm linear",
            Self::Dllm(DllmAlpha::Cosine) => "dllm cosine",
            Self::MaskGit(MaskFunction::Cosine) => "MaskGIT cosine",
            Self::MaskGit(MaskFunction::Uniform) => "MaskGIT uniform",
            Self::MaskGit(MaskFunction::Power(2.0)) => "MaskGIT square",
            Self::MaskGit(MaskFunction::Power(3.0)) => "MaskGIT cubic",
            Self::MaskGit(MaskFunction::Power(_)) => POWER,
            Self::MaskGit(MaskFunction::Log) => "MaskGIT log",
            Self::MaskGit(MaskFunction::Exp) => "MaskGIT exp",
            Self::Amused(AmusedFunction::Cosine) => "aMUSEd cosine",
            Self::Amused(AmusedFunction::Linear) => "aMUSEd linear",
            Self::Halton => "Halton",
            Self::Dus => "DUS",
        }
    }
}

/// The [name](Decoder::name), with the power if that does not say it.
impl fmt::Display for Decoder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match (self.name(), self) {
            (POWER, Self::MaskGit(MaskFunction::Power(power))) => {
                f.pad(&format!("{POWER} {power}"))
            }
            (name, _) => f.pad(name),
        }
    }
}

/// A decoder by its name, in upper or lower case, with spaces, `-` or `_` between the words.
///
/// # Errors
/// [`UnknownDecoder`](Error::UnknownDecoder), which lists the known names;
/// [`NotPositive`](Error::NotPositive) for a power that is not a positive number.
///
/// ```
/// use unmaskcost::decoders::{Decoder, MaskFunction};
/// assert_eq!("maskgit-cosine".parse(), Ok(Decoder::MaskGit(MaskFunction::Cosine)));
/// let power: Decoder = "MaskGIT power 2.5".parse()?;
/// assert_eq!(power, Decoder::MaskGit(MaskFunction::Power(2.5)));
/// assert_eq!(power.to_string(), "MaskGIT power 2.5");
/// assert!("LLaMA".parse::<Decoder>().is_err());
/// # Ok::<(), unmaskcost::Error>(())
/// ```
impl FromStr for Decoder {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self> {
        let wanted = plain(text);
        // The number is read from the text itself, for its sign.
        let number =
            wanted.starts_with(&plain(POWER)).then(|| text.get(POWER.len() + 1..)).flatten();
        if let Some(power) = number.and_then(|number| number.parse().ok()) {
            scalar::check_positive("the power", power)?;
            return Ok(Self::MaskGit(MaskFunction::Power(power)));
        }
        let known = Self::KNOWN.iter().copied().find(|decoder| plain(decoder.name()) == wanted);
        known.ok_or_else(|| Error::UnknownDecoder { name: text.to_owned(), known: known_names() })
    }
}

/// The name of a power that has no name of its own.
const POWER: &str = "MaskGIT power";

/// As names are compared: each byte that may stand between words is a space.
fn plain(name: &str) -> String {
    name.to_ascii_lowercase().replace(['-', '_'], " ")
}

/// The names of all decoders, for an error message.
fn known_names() -> String {
    let names: Vec<String> = Decoder::KNOWN.iter().map(Decoder::to_string).collect();
    format!("{}, {POWER} K", names.join(", "))
}
