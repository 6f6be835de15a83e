//! What known decoders really do when they are asked for `T` steps.
//!
//! The same request, "256 tokens in 100 steps", becomes different integers in every decoder, and some
//! run passes that reveal nothing. [`Decoder::plan`] gives the integers: the [`Schedule`] of the steps
//! that reveal something, the number of forward passes, and which of them were empty.
//!
//! Rules that round floats are followed in the precision of the original (`f32` or `f64`, said at each
//! variant), operation by operation, with correctly rounded elementary functions. The originals run on
//! hardware whose cosine may differ in the last place, so a size may differ by one where the
//! original's own result depends on the machine.
//!
//! These are the *sizes*. Which positions are revealed is another matter: the exact error of a
//! [`Schedule`] holds for random positions only. Decoders whose sizes are random (MDLM, SEDD, Dream's
//! `origin`) are described by [`RevealTimes`](crate::schedule::RevealTimes).

use core::f32::consts::{FRAC_PI_2, PI};
use core::fmt;
use core::str::FromStr;

use crate::error::{Error, Result, check_limit};
use crate::schedule::{Schedule, check_list_fits};

/// A decoder whose reveal sizes are fixed by a rule.
///
/// ```
/// use unmaskcost::decoders::{Decoder, MaskFunction};
/// let sizes = |decoder: Decoder| Ok::<_, unmaskcost::Error>(decoder.plan(10, 4)?.schedule().to_string());
/// assert_eq!(sizes(Decoder::Llada)?, "(3, 3, 2, 2)");
/// assert_eq!(sizes(Decoder::Dream)?, "(2, 2, 2, 4)");
/// assert_eq!(sizes(Decoder::MaskGit(MaskFunction::Cosine))?, "(1, 2, 4, 3)");
/// # Ok::<(), unmaskcost::Error>(())
/// ```
#[derive(Debug, Clone, Copy, PartialEq)]
#[non_exhaustive]
pub enum Decoder {
    /// LLaDA.
    ///
    /// # Formula
    /// ```text
    /// sizes: floor(m / T) each, the first m mod T one more
    /// ```
    /// where m is the number of masked tokens in the block. For T > m the last T - m passes are empty,
    /// and run. Integers only.
    ///
    /// In blocks: the tokens must be a multiple of the block length, the steps one of the number of
    /// blocks; each block gets the same number of steps.
    ///
    /// Source: ML-GSAI/LLaDA `generate.py` @41760b9, `get_num_transfer_tokens`.
    Llada,

    /// Fast-dLLM's LLaDA without threshold, with any of its caches: the sizes of [`Decoder::Llada`], but
    /// a block ends when no mask is left. So no pass is empty, and for T > m there are m passes. With a
    /// threshold, see [`ConfidenceThreshold`](crate::sampler::policy::ConfidenceThreshold).
    ///
    /// In blocks: as [`Decoder::Llada`].
    ///
    /// Source: NVlabs/Fast-dLLM `llada/generate.py` @f6b35ec.
    FastDllm,

    /// Dream with `maskgit_plus`, `topk_margin` or `entropy`.
    ///
    /// # Formula
    /// ```text
    /// size of step i < T-1 = trunc(m (1 - t_{i+1} / t_i)),   the last step takes all m left
    /// ```
    /// where t is `linspace(1, 1e-3, T + 1)`. In `f32`, as torch computes it. Truncation makes the
    /// first steps small and the last one large.
    ///
    /// In blocks (the cached form in Fast-dLLM, every algorithm but `confidence_threshold`): divided as
    /// by [`Decoder::Llada`], with a time grid per block. The pass that fills the cache reveals exactly
    /// the first token of the block, and the formula goes on from i = 1 with the others. One step per
    /// block would leave these masked and is refused; blocks of one token run a second, empty pass. The
    /// first token is no random one: for the exact error, make it a block of its own.
    ///
    /// Source: `dream/model/generation_utils.py` in NVlabs/Fast-dLLM @24cc59e; in blocks
    /// `dream/model/generation_utils_block.py` @4e9aeec.
    Dream,

    /// llama.cpp's diffusion example with `TIMESTEP_BASED`: the rule of [`Decoder::Dream`], with times
    /// computed as `1 - i / T (1 - eps)`, in `f32`; here with its eps = 1e-3. It has no blocks.
    ///
    /// Source: ggml-org/llama.cpp `examples/diffusion/diffusion.cpp` @10a2613.
    LlamaCpp,

    /// llama.cpp's diffusion example with `BLOCK_BASED`: the sizes of [`Decoder::Llada`], but a block
    /// ends with the first pass that finds no mask. So for T > m there are m + 1 passes, the last one
    /// empty.
    ///
    /// In blocks: as [`Decoder::Llada`]. The original counts the prompt among the tokens but starts its
    /// blocks behind it, so that the last blocks are cut short or have no token (one empty pass each);
    /// here there is no prompt.
    ///
    /// Source: ggml-org/llama.cpp `examples/diffusion/diffusion.cpp` @10a2613.
    LlamaCppBlock,

    /// dllm, without its stochastic option.
    ///
    /// # Formula
    /// ```text
    /// size = round(m (1 - (1 - alpha(s)) / (1 - alpha(t)))),   t = (T - i) / T,   s = (T - i - 1) / T
    /// ```
    /// Steps of size zero are dropped, so there are fewer passes than asked for and none is empty.
    /// alpha in `f32`, the product in `f64`, halves rounded to even. At most 2^24 steps, which `f32`
    /// can tell apart.
    ///
    /// In blocks: the last block may be shorter, and is the only one if the block length is more than the
    /// tokens; each block gets `ceil(T / blocks)` steps.
    ///
    /// Source: ZHZisZZ/dllm `dllm/core/samplers/utils.py`, `dllm/core/schedulers/alpha.py` @ca17675;
    /// blocks in `dllm/core/samplers/mdlm.py` @13ba372.
    Dllm(DllmAlpha),

    /// MaskGIT.
    ///
    /// # Formula
    /// ```text
    /// masks left after pass i < T-1 = max(1, min(m - 1, floor(L r((i + 1) / T))))
    /// ```
    /// where m is the number of masks before the pass; the last pass takes the rest. So each pass
    /// reveals one token at least, until one is left: that one waits for the last pass, through empty
    /// ones if T > L. In `f32`.
    ///
    /// Source: google-research/maskgit `libml/parallel_decode.py`, `libml/mask_schedule.py` @1db2359.
    MaskGit(MaskFunction),

    /// aMUSEd, in diffusers: the clamp of [`Decoder::MaskGit`] with its own cosine or linear function,
    /// in `f32`.
    ///
    /// Source: huggingface/diffusers `src/diffusers/schedulers/scheduling_amused.py` @06bb136.
    Amused(AmusedFunction),

    /// The Halton sampler for MaskGIT.
    ///
    /// # Formula
    /// ```text
    /// tokens revealed after pass i = max(i + 1, trunc(L (1 - acos((i + 1) / T) / (pi / 2))))
    /// ```
    /// and at most L, so for T > L the last passes are empty. In `f32`.
    ///
    /// The positions are a fixed list, a Halton sequence over the image, and each pass draws *all* tokens
    /// of the list so far again, also those that earlier passes have revealed. So these are the numbers of
    /// tokens that a pass sees and decides, and the error of random positions is a comparison of sizes:
    /// it is not this sampler's.
    ///
    /// Source: valeoai/Halton-MaskGIT `Sampler/halton_sampler.py` @f61b0a1 (sizes), @08cfdae (positions,
    /// and what is drawn again).
    Halton,

    /// The dilated schedule of DUS: strides B/2, B/4, .. 1 of a block of B tokens; a last round smaller
    /// than the one before is merged into it. The number of rounds follows from B; the steps asked for
    /// are ignored. Integers only.
    ///
    /// The code has two forms. `generate` with `inc_dilated` takes the sizes only; positions are those of
    /// highest confidence, or random. `generate_scheduled` reveals the positions at the strides: for their
    /// cost see [`FixedPartition::dilated_blocks`](crate::sampler::policy::FixedPartition::dilated_blocks).
    /// By default it also masks again what a round, other than the last, has revealed with a confidence
    /// below 0.3, and no later round takes that up; that is not covered here.
    ///
    /// In blocks: the tokens must be a multiple of the block length.
    ///
    /// Source: omerlux/DUS `generate.py` @abd7723, `dilated_unmask_levels`, `merge_last_level`.
    Dus,
}

/// alpha(t) of [`Decoder::Dllm`]: the part of the tokens unmasked at time t.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum DllmAlpha {
    /// `1 - t`.
    Linear,
    /// `1 - cos((pi / 2) (1 - t))`.
    Cosine,
}

/// r(x) of [`Decoder::MaskGit`]: the part of the tokens masked when a part x of the passes is done.
#[derive(Debug, Clone, Copy, PartialEq)]
#[non_exhaustive]
pub enum MaskFunction {
    /// `cos(pi x / 2)`, the default.
    Cosine,
    /// `1 - x`.
    Uniform,
    /// `1 - x^K`; K must be positive.
    Power(f64),
    /// `-log2(x) / log2(L)`.
    Log,
    /// `1 - 2^(-log2(L) (1 - x))`.
    Exp,
}

/// The mask functions of [`Decoder::Amused`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum AmusedFunction {
    /// `cos(pi x / 2)`, the default.
    Cosine,
    /// `1 - x`.
    Linear,
}

/// The largest count that `f32` tells apart from its neighbours.
const MAX_SINGLE: u128 = 1 << 24;
/// The most tokens whose dilated positions are listed: half a GiB.
pub(crate) const MAX_DILATED: u128 = 1 << 26;

impl Decoder {
    /// Every decoder of this list, with each of its functions; powers 2 and 3 stand for all powers.
    pub const KNOWN: [Self; 17] = [
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

    /// What the decoder does with this many masked tokens and steps, as one block. O(tokens + steps).
    ///
    /// # Errors
    /// [`Empty`](Error::Empty) for no token or no step; [`TooLarge`](Error::TooLarge) for more than
    /// 2^28 steps, 2^24 steps of [`Decoder::Dllm`] or 2^26 tokens of [`Decoder::Dus`], which ignores the
    /// steps; [`NotPositive`](Error::NotPositive) for a power that is not a positive number.
    ///
    /// ```
    /// use unmaskcost::decoders::Decoder;
    /// let plan = Decoder::Dream.plan(256, 256)?;
    /// assert_eq!(plan.passes(), 256);
    /// assert_eq!(plan.empty_passes(), [0]);
    /// assert_eq!(plan.schedule().sizes().last(), Some(&2));
    /// # Ok::<(), unmaskcost::Error>(())
    /// ```
    pub fn plan(self, tokens: usize, steps: usize) -> Result<DecoderPlan> {
        check_request(tokens, steps)?;
        DecoderPlan::from_pass_sizes(self.pass_sizes(tokens, steps)?)
    }

    /// What the decoder does block after block, `steps` passes in all: one plan per block.
    ///
    /// Each decoder divides in its own way, said at its variant.
    ///
    /// # Errors
    /// As [`Decoder::plan`]; [`Empty`](Error::Empty) for blocks of no token;
    /// [`NotDivisible`](Error::NotDivisible) where the original asserts divisibility;
    /// [`LeavesMasks`](Error::LeavesMasks) where the original ends with masks in every block;
    /// [`NotBlockwise`](Error::NotBlockwise) for the image decoders and [`Decoder::LlamaCpp`], which
    /// have no such form.
    ///
    /// ```
    /// use unmaskcost::decoders::Decoder;
    /// let plans = Decoder::Llada.plan_blocks(256, 32, 64)?;
    /// assert_eq!(plans.len(), 8);
    /// assert_eq!(plans[0].schedule().to_string(), "(4 x 8)");
    /// assert!(Decoder::Llada.plan_blocks(256, 48, 64).is_err());
    /// // The first pass of a block of Dream reveals one token.
    /// let plans = Decoder::Dream.plan_blocks(256, 32, 64)?;
    /// assert_eq!(plans[0].schedule().to_string(), "(1, 4 x 5, 5, 6)");
    /// # Ok::<(), unmaskcost::Error>(())
    /// ```
    pub fn plan_blocks(
        self,
        tokens: usize,
        block_length: usize,
        steps: usize,
    ) -> Result<Vec<DecoderPlan>> {
        check_request(tokens, steps)?;
        if block_length == 0 {
            return Err(Error::Empty { what: "a block" });
        }
        match self {
            Self::MaskGit(_) | Self::Amused(_) | Self::Halton | Self::LlamaCpp => {
                return Err(Error::NotBlockwise { decoder: self.name() });
            }
            Self::Dllm(_) => {}
            _ => check_divisible("the number of tokens", tokens, block_length)?,
        }
        let block_length = block_length.min(tokens);
        let blocks = tokens.div_ceil(block_length);
        let steps = match self {
            Self::Dus => steps,
            Self::Dllm(_) => steps.div_ceil(blocks),
            _ => {
                check_divisible("the number of steps", steps, blocks)?;
                steps / blocks
            }
        };
        let block_plan = |tokens| match self {
            Self::Dream => dream_block(tokens, steps),
            _ => self.plan(tokens, steps),
        };
        let block = block_plan(block_length)?;
        check_list_fits("forward passes", block.passes().saturating_mul(blocks))?;
        let last = tokens - (blocks - 1) * block_length;
        let mut plans = vec![block; blocks - 1];
        plans.push(block_plan(last)?);
        Ok(plans)
    }

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

    /// The sizes of all passes, empty ones included.
    fn pass_sizes(self, tokens: usize, steps: usize) -> Result<Vec<usize>> {
        if self != Self::Dus {
            check_list_fits("forward passes", steps)?;
        }
        let equal = |passes: usize| -> Vec<usize> {
            (0..passes).map(|i| tokens / steps + usize::from(i < tokens % steps)).collect()
        };
        Ok(match self {
            Self::Llada => equal(steps),
            Self::FastDllm => equal(steps.min(tokens)),
            Self::LlamaCppBlock => equal(steps.min(tokens.saturating_add(1))),
            Self::Dream => truncated(tokens, steps, |i| dream_time(i, steps)),
            Self::LlamaCpp => {
                truncated(tokens, steps, |i| 1.0 - i as f32 / steps as f32 * (1.0 - SMALLEST_TIME))
            }
            Self::Dllm(alpha) => {
                let what = "steps that single precision tells apart";
                check_limit(what, steps as u128, MAX_SINGLE)?;
                dllm(tokens, steps, alpha)
            }
            Self::MaskGit(function) => {
                if let MaskFunction::Power(power) = function {
                    check_power(power)?;
                }
                clamped(tokens, steps, |part| function.masked(part, tokens).clamp(1e-6, 1.0))
            }
            Self::Amused(function) => clamped(tokens, steps, |part| function.masked(part)),
            Self::Halton => halton(tokens, steps),
            Self::Dus => dilated_levels(tokens)?.iter().map(Vec::len).collect(),
        })
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
            check_power(power)?;
            return Ok(Self::MaskGit(MaskFunction::Power(power)));
        }
        let known = Self::KNOWN.into_iter().find(|decoder| plain(decoder.name()) == wanted);
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

/// What a decoder does with a number of tokens and steps: the schedule, and the passes it takes.
///
/// ```
/// use unmaskcost::decoders::DecoderPlan;
/// let plan = DecoderPlan::from_pass_sizes([0, 3, 0, 2])?;
/// assert_eq!(plan.schedule().sizes(), [3, 2]);
/// assert_eq!((plan.passes(), plan.empty_passes()), (4, [0, 2].as_slice()));
/// # Ok::<(), unmaskcost::Error>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DecoderPlan {
    schedule: Schedule,
    empty_passes: Vec<usize>,
}

impl DecoderPlan {
    /// From the number of tokens each forward pass reveals, in sampling order, zeros allowed.
    ///
    /// # Errors
    /// [`Empty`](Error::Empty) if no pass reveals a token, [`Overflow`](Error::Overflow) if the sum
    /// does not fit a `usize`.
    pub fn from_pass_sizes(sizes: impl Into<Vec<usize>>) -> Result<Self> {
        let mut sizes = sizes.into();
        let empty = sizes.iter().enumerate().filter(|(_, size)| **size == 0);
        let empty_passes = empty.map(|(pass, _)| pass).collect();
        sizes.retain(|&size| size > 0);
        Ok(Self { schedule: Schedule::try_from(sizes)?, empty_passes })
    }

    /// The passes that reveal something, in sampling order.
    #[must_use]
    pub fn schedule(&self) -> &Schedule {
        &self.schedule
    }

    /// The number of forward passes of the model.
    #[must_use]
    pub fn passes(&self) -> usize {
        self.schedule.steps() + self.empty_passes.len()
    }

    /// The passes that reveal nothing, counted from 0 in sampling order.
    #[must_use]
    pub fn empty_passes(&self) -> &[usize] {
        &self.empty_passes
    }

    /// The tokens revealed by each pass, zeros included.
    pub fn pass_sizes(&self) -> impl Iterator<Item = usize> + '_ {
        let mut empty = self.empty_passes.iter().peekable();
        let mut sizes = self.schedule.sizes().iter();
        (0..self.passes()).map_while(move |pass| match empty.next_if_eq(&&pass) {
            Some(_) => Some(0),
            None => sizes.next().copied(),
        })
    }
}

fn check_request(tokens: usize, steps: usize) -> Result<()> {
    if tokens == 0 {
        return Err(Error::Empty { what: "the sequence of masked tokens" });
    }
    if steps == 0 {
        return Err(Error::Empty { what: "the list of forward passes" });
    }
    Ok(())
}

pub(crate) fn check_divisible(what: &'static str, value: usize, divisor: usize) -> Result<()> {
    if value.is_multiple_of(divisor) {
        Ok(())
    } else {
        Err(Error::NotDivisible { what, value, divisor })
    }
}

pub(super) fn check_power(power: f64) -> Result<()> {
    if power > 0.0 && power.is_finite() {
        Ok(())
    } else {
        Err(Error::NotPositive { what: "the power", value: power })
    }
}

/// The last time of Dream's grid.
const SMALLEST_TIME: f32 = 1e-3;

/// `torch.linspace(1, 1e-3, steps + 1)[i]`: from the nearer end, each operation in single precision.
fn dream_time(i: usize, steps: usize) -> f32 {
    let increment = (SMALLEST_TIME - 1.0) / steps as f32;
    if i < steps.div_ceil(2) {
        1.0 + increment * i as f32
    } else {
        SMALLEST_TIME - increment * (steps - i) as f32
    }
}

fn truncated(tokens: usize, steps: usize, time: impl Fn(usize) -> f32) -> Vec<usize> {
    each_pass(tokens, steps, |pass, masked| truncated_size(masked, pass, &time))
}

fn truncated_size(masked: usize, pass: usize, time: impl Fn(usize) -> f32) -> usize {
    (masked as f32 * (1.0 - time(pass + 1) / time(pass))) as usize
}

/// A block of Dream in Fast-dLLM: its first token, then the rule from the second time on.
fn dream_block(tokens: usize, steps: usize) -> Result<DecoderPlan> {
    check_list_fits("forward passes", steps)?;
    let others = tokens - 1;
    let mut sizes = vec![1];
    if others == 0 {
        // The loop looks for masks only after its first pass.
        sizes.push(0);
    } else if steps == 1 {
        let decoder = Decoder::Dream.name();
        return Err(Error::LeavesMasks { decoder, tokens, masked: others });
    } else {
        let size = |pass: usize, masked| truncated_size(masked, pass + 1, |i| dream_time(i, steps));
        sizes.extend(each_pass(others, steps - 1, size));
    }
    DecoderPlan::from_pass_sizes(sizes)
}

/// Passes that each reveal what `size(pass, masked)` says, at most all; the last takes the rest.
fn each_pass(
    tokens: usize,
    steps: usize,
    mut size: impl FnMut(usize, usize) -> usize,
) -> Vec<usize> {
    let mut masked = tokens;
    let mut reveal = |pass| {
        let size = if pass + 1 == steps { masked } else { size(pass, masked).min(masked) };
        masked -= size;
        size
    };
    (0..steps).map(&mut reveal).collect()
}

fn dllm(tokens: usize, steps: usize, alpha: DllmAlpha) -> Vec<usize> {
    let masked_part = |i: usize| {
        let time = (i as f64 / steps as f64) as f32;
        let alpha = match alpha {
            DllmAlpha::Linear => 1.0 - time,
            DllmAlpha::Cosine => 1.0 - cos(FRAC_PI_2 * (1.0 - time)),
        };
        1.0 - alpha
    };
    let mut sizes = each_pass(tokens, steps, |pass, masked| {
        let stays = masked_part(steps - pass - 1) / masked_part(steps - pass);
        (masked as f64 * (1.0 - f64::from(stays))).round_ties_even() as usize
    });
    sizes.retain(|&size| size > 0);
    sizes
}

fn clamped(tokens: usize, steps: usize, masked_part: impl Fn(f32) -> f32) -> Vec<usize> {
    each_pass(tokens, steps, |pass, masked| {
        let part = (pass + 1) as f32 / steps as f32;
        let left = (tokens as f32 * masked_part(part)).floor() as usize;
        masked.saturating_sub(left.min(masked.saturating_sub(1)).max(1))
    })
}

fn halton(tokens: usize, steps: usize) -> Vec<usize> {
    each_pass(tokens, steps, |pass, masked| {
        let done = ((pass + 1) as f64 / steps as f64) as f32;
        let part = 1.0 - acos(done) / FRAC_PI_2;
        let revealed = ((part * tokens as f32) as usize).max(pass + 1);
        revealed.saturating_sub(tokens - masked)
    })
}

/// The positions of each round of [`Decoder::Dus`] in a block: `dilated_unmask_levels` with base 2. A
/// stride reveals its multiples that no larger stride has revealed; strides are halved with truncation,
/// so they need not divide each other. O(B log B).
pub(crate) fn dilated_levels(block_length: usize) -> Result<Vec<Vec<usize>>> {
    check_limit("tokens of a dilated block", block_length as u128, MAX_DILATED)?;
    let mut revealed = vec![false; block_length];
    let mut levels: Vec<Vec<usize>> = Vec::new();
    let mut stride = (block_length / 2).max(1);
    while stride >= 1 {
        let mut level = Vec::new();
        for position in (0..block_length).step_by(stride) {
            if !core::mem::replace(&mut revealed[position], true) {
                level.push(position);
            }
        }
        if !level.is_empty() {
            levels.push(level);
        }
        stride /= 2;
    }
    if let [.., before, last] = levels.as_mut_slice()
        && last.len() < before.len()
    {
        before.append(last);
        levels.pop();
    }
    Ok(levels)
}

impl MaskFunction {
    fn masked(self, part: f32, tokens: usize) -> f32 {
        let doublings = || log2(tokens as f32);
        match self {
            Self::Cosine => cos(FRAC_PI_2 * part),
            Self::Uniform => 1.0 - part,
            Self::Power(power) => 1.0 - f64::from(part).powf(f64::from(power as f32)) as f32,
            Self::Log => -log2(part) / doublings(),
            Self::Exp => 1.0 - f64::from(-doublings() * (1.0 - part)).exp2() as f32,
        }
    }
}

impl AmusedFunction {
    fn masked(self, part: f32) -> f32 {
        match self {
            Self::Cosine => cos(part * PI / 2.0),
            Self::Linear => 1.0 - part,
        }
    }
}

// Elementary functions in single precision, rounded from double: the same on every platform.

fn cos(x: f32) -> f32 {
    f64::from(x).cos() as f32
}

fn acos(x: f32) -> f32 {
    f64::from(x).acos() as f32
}

fn log2(x: f32) -> f32 {
    f64::from(x).log2() as f32
}
