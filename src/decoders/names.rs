//! The list of decoders and their names: the one place to enter a new one.

use core::fmt;
use core::str::FromStr;

use super::{Decoder, Shape, check_eps};
use crate::error::{Error, Result};
use crate::numeric::scalar;

impl Decoder {
    /// Every decoder of this list, with each of its functions; powers 2 and 3 stand for all powers, and
    /// LaViDa's default shift for all shifts.
    pub const KNOWN: &'static [Self] = &[
        Self::Llada,
        Self::FastDllm,
        Self::Dream,
        Self::LlamaCpp,
        Self::LlamaCppBlock,
        Self::Dllm(Shape::Linear),
        Self::Dllm(Shape::Cosine),
        Self::MaskGit(Shape::Cosine),
        Self::MaskGit(Shape::Linear),
        Self::MaskGit(Shape::Power(2.0)),
        Self::MaskGit(Shape::Power(3.0)),
        Self::MaskGit(Shape::Log),
        Self::MaskGit(Shape::Exp),
        Self::Amused(Shape::Cosine),
        Self::Amused(Shape::Linear),
        Self::Halton,
        Self::Dus,
        Self::Llada2,
        Self::Sdar,
        Self::DllmBlocks(Shape::Linear),
        Self::DllmBlocks(Shape::Cosine),
        Self::Bd3Lm,
        Self::LaVida { shift: LAVIDA_SHIFT },
        Self::Ascending,
        Self::Esm3,
        Self::Dplm,
        Self::Mar,
        Self::SoundStorm,
        Self::AdapSche(Shape::Arccos),
        Self::AdapSche(Shape::Cosine),
        Self::AdapSche(Shape::Power(2.0)),
        Self::AdapSche(Shape::Linear),
        Self::AdapSche(Shape::Power(0.5)),
    ];

    /// The name of the software, and its mask function. [`Display`](fmt::Display) adds the power of
    /// [`Shape::Power`], and [`FromStr`] reads what it prints.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Llada => "LLaDA",
            Self::FastDllm => "Fast-dLLM",
            Self::Dream => "Dream",
            Self::DreamEps(_) => DREAM_EPS,
            Self::LlamaCpp => "llama.cpp timestep",
            Self::LlamaCppEps(_) => LLAMA_EPS,
            Self::LlamaCppBlock => "llama.cpp block",
            Self::Dllm(Shape::Linear) => "dllm linear",
            Self::Dllm(Shape::Cosine) => "dllm cosine",
            Self::Dllm(_) => "dllm",
            Self::MaskGit(Shape::Cosine) => "MaskGIT cosine",
            Self::MaskGit(Shape::Linear) => "MaskGIT uniform",
            Self::MaskGit(Shape::Power(2.0)) => "MaskGIT square",
            Self::MaskGit(Shape::Power(3.0)) => "MaskGIT cubic",
            Self::MaskGit(Shape::Power(_)) => POWER,
            Self::MaskGit(Shape::Log) => "MaskGIT log",
            Self::MaskGit(Shape::Exp) => "MaskGIT exp",
            Self::MaskGit(_) => "MaskGIT",
            Self::Amused(Shape::Cosine) => "aMUSEd cosine",
            Self::Amused(Shape::Linear) => "aMUSEd linear",
            Self::Amused(_) => "aMUSEd",
            Self::Halton => "Halton",
            Self::Dus => "DUS",
            Self::Llada2 => "LLaDA2",
            Self::Sdar => "SDAR",
            Self::DllmBlocks(Shape::Linear) => "dllm BD3 linear",
            Self::DllmBlocks(Shape::Cosine) => "dllm BD3 cosine",
            Self::DllmBlocks(_) => "dllm BD3",
            Self::Bd3Lm => "BD3-LM",
            Self::LaVida { shift: LAVIDA_SHIFT } => "LaViDa",
            Self::LaVida { .. } => SHIFT,
            Self::Ascending => "ascending steps",
            Self::Esm3 => "ESM3",
            Self::Dplm => "DPLM",
            Self::Mar => "MAR",
            Self::SoundStorm => "SoundStorm",
            Self::AdapSche(Shape::Arccos) => "adap_sche arccos",
            Self::AdapSche(Shape::Cosine) => "adap_sche cosine",
            Self::AdapSche(Shape::Power(2.0)) => "adap_sche square",
            Self::AdapSche(Shape::Linear) => "adap_sche linear",
            Self::AdapSche(Shape::Power(0.5)) => "adap_sche root",
            Self::AdapSche(_) => "adap_sche",
        }
    }
}

/// The [name](Decoder::name), with the power, `eps` or shift if the name does not include it.
impl fmt::Display for Decoder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match (self.name(), self) {
            (POWER, Self::MaskGit(Shape::Power(power))) => f.pad(&format!("{POWER} {power}")),
            (name, Self::DreamEps(eps) | Self::LlamaCppEps(eps)) => f.pad(&format!("{name} {eps}")),
            (SHIFT, Self::LaVida { shift }) => f.pad(&format!("{SHIFT} {shift}")),
            (name, _) => f.pad(name),
        }
    }
}

/// A decoder by its name, in upper or lower case, with spaces, `-` or `_` between the words.
///
/// # Errors
/// [`NotAmong`](Error::NotAmong), which lists the known names;
/// [`OutOfRange`](Error::OutOfRange) for a power or shift that is not a positive number;
/// [`OutOfRange`](Error::OutOfRange) for an `eps` that is not from 0 to below 1.
///
/// ```
/// use unmaskcost::decoders::{Decoder, Shape};
/// assert_eq!("maskgit-cosine".parse(), Ok(Decoder::MaskGit(Shape::Cosine)));
/// let power: Decoder = "MaskGIT power 2.5".parse()?;
/// assert_eq!(power, Decoder::MaskGit(Shape::Power(2.5)));
/// assert_eq!(power.to_string(), "MaskGIT power 2.5");
/// assert!("LLaMA".parse::<Decoder>().is_err());
/// # Ok::<(), unmaskcost::Error>(())
/// ```
impl FromStr for Decoder {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self> {
        let wanted = plain(text);
        // The number is read from the text itself, since `plain` would lose its sign.
        let number_behind = |name: &str| {
            let number = wanted.starts_with(&plain(name)).then(|| text.get(name.len() + 1..));
            number.flatten().and_then(|number| number.parse().ok())
        };
        if let Some(power) = number_behind(POWER) {
            scalar::check_positive("the power", power)?;
            return Ok(Self::MaskGit(Shape::Power(power)));
        }
        if let Some(shift) = number_behind(SHIFT) {
            scalar::check_positive("the shift", shift)?;
            return Ok(Self::LaVida { shift });
        }
        if let Some(eps) = number_behind(DREAM_EPS) {
            return check_eps(eps).map(Self::DreamEps);
        }
        if let Some(eps) = number_behind(LLAMA_EPS) {
            return check_eps(eps).map(Self::LlamaCppEps);
        }
        let known = Self::KNOWN.iter().copied().find(|decoder| plain(decoder.name()) == wanted);
        known.ok_or_else(|| {
            let (what, name) = ("decoder", text.to_owned());
            Error::NotAmong { what, name, known: known_names() }
        })
    }
}

/// The name of a power that has no name of its own.
const POWER: &str = "MaskGIT power";
/// The names of decoders whose time grid has another `eps`.
const DREAM_EPS: &str = "Dream eps";
const LLAMA_EPS: &str = "llama.cpp timestep eps";
/// The name of a shift that is not the default.
const SHIFT: &str = "LaViDa shift";
const LAVIDA_SHIFT: f64 = 3.0;

/// As names are compared: each byte that may stand between words is a space.
fn plain(name: &str) -> String {
    name.to_ascii_lowercase().replace(['-', '_'], " ")
}

/// The names of all decoders, for an error message.
fn known_names() -> String {
    let names: Vec<String> = Decoder::KNOWN.iter().map(Decoder::to_string).collect();
    format!("{}, {DREAM_EPS} E, {LLAMA_EPS} E, {POWER} K, {SHIFT} S", names.join(", "))
}
