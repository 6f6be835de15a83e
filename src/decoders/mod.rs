//! What known decoders really do when they are asked for `T` steps.
//!
//! The same request, "256 tokens in 100 steps", becomes different integers in every decoder, and some
//! run passes that reveal nothing. [`Decoder::plan`] gives the integers: the [`Schedule`](crate::Schedule) of the steps
//! that reveal something, the number of forward passes, and which of them were empty.
//!
//! Rules that round floats are followed in the precision of the original (`f32` or `f64`, said at each
//! variant), operation by operation, fused where the original's library fuses. The own code of LLaDA, Fast-dLLM,
//! Dream, llama.cpp, dllm, MaskGIT, aMUSEd, Halton and DUS was run on 2,775 requests (torch 2.15, jax 0.10.2, diffusers 0.42.1, x86
//! with AVX-512), and all integers are equal. The others are from reading their code, as each variant says.
//! Elementary functions are correctly rounded here, and those of the libraries are not always: in 22,348
//! requests of dllm's cosine, 2 differ by one token.
//!
//! These are the *sizes*. Which positions are revealed is another matter: the exact error of a
//! [`Schedule`](crate::Schedule) holds for random positions only. Decoders that fix the positions give them as
//! [`Decoder::rounds`], for the error along an order. Decoders whose sizes are random (MDLM, SEDD, Dream's
//! `origin`) are described by [`RevealTimes`](crate::schedule::RevealTimes).

mod dilated;
mod dllm;
mod floor;
mod halton;
mod maskgit;
mod names;
mod positions;
mod quota;
mod ratio;
mod shape;
mod shifted;
mod single;
mod truncated;

pub use shape::Shape;

pub(crate) use dilated::dilated_levels;

use dllm::{MAX_SINGLE, dllm};
use floor::{dplm, esm3, soundstorm};
use halton::halton;
use maskgit::{amused, mar, maskgit};
use quota::{ascending, equal, quotas};
use ratio::adap_sche;
use shifted::lavida;
use truncated::{SMALLEST_TIME, dream_block, dream_time, llama_time, truncated};

use crate::error::{Error, Result, check_limit, not_applicable};
use crate::numeric::scalar;
use crate::schedule::{BlockLength, Passes, check_list_fits};

/// A decoder whose reveal sizes are fixed by a rule.
///
/// ```
/// use unmaskcost::decoders::{Decoder, Shape};
/// let sizes = |decoder: Decoder| Ok::<_, unmaskcost::Error>(decoder.plan(10, 4)?.schedule().to_string());
/// assert_eq!(sizes(Decoder::Llada)?, "(3, 3, 2, 2)");
/// assert_eq!(sizes(Decoder::Dream)?, "(2, 2, 2, 4)");
/// assert_eq!(sizes(Decoder::MaskGit(Shape::Cosine))?, "(1, 2, 4, 3)");
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
    /// In blocks: the tokens must be a multiple of the block length, and the steps a multiple of
    /// the number of blocks; each block gets the same number of steps.
    ///
    /// Source: ML-GSAI/LLaDA `generate.py` @b7e6c35, `get_num_transfer_tokens`.
    Llada,

    /// Fast-dLLM's LLaDA without threshold, with any of its caches: the sizes of [`Decoder::Llada`], but
    /// a block ends when no mask is left. So no pass is empty, and for T > m there are m passes. With a
    /// threshold, see [`Rule::confidence`](crate::sampler::policy::Rule::confidence).
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
    /// block would leave these masked and is refused; blocks of one token run a second, empty pass.
    /// The first token is not a random one: for the exact error, make it a block of its own.
    ///
    /// Source: `dream/model/generation_utils.py` in NVlabs/Fast-dLLM @24cc59e; in blocks
    /// `dream/model/generation_utils_block.py` @4e9aeec.
    Dream,

    /// [`Decoder::Dream`] with another `eps`, from 0 to below 1: the last time of its grid.
    DreamEps(f64),

    /// llama.cpp's diffusion example with `TIMESTEP_BASED`: the rule of [`Decoder::Dream`], with times
    /// computed as `1 - i / T (1 - eps)`, in `f32`; here with eps = 1e-3 (the example has no default: either eps or a
    /// block length must be given). It has no blocks. Each operation is rounded by itself. A build with fused
    /// arithmetic, likely on arm64, differs by a token in some requests, for instance 256 or 512 tokens in 1000 steps.
    ///
    /// Source: ggml-org/llama.cpp `examples/diffusion/diffusion.cpp` @10a2613.
    LlamaCpp,

    /// [`Decoder::LlamaCpp`] with another `eps`, from 0 to below 1.
    LlamaCppEps(f64),

    /// llama.cpp's diffusion example with `BLOCK_BASED`: the sizes of [`Decoder::Llada`], but a block
    /// ends with the first pass that finds no mask. So for T > m there are m + 1 passes, the last one
    /// empty.
    ///
    /// In blocks: as [`Decoder::Llada`]. The original counts the prompt among the tokens but starts
    /// its blocks after it, so that the last blocks are cut short or have no token (one empty pass
    /// each); here there is no prompt.
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
    /// alpha(t), the part of the tokens unmasked at time t, is `1 - t` ([`Shape::Linear`]) or `1 - cos((pi / 2) (1 - t))`
    /// ([`Shape::Cosine`]), in `f32`; the product in `f64`, halves rounded to even. At most 2^24 steps, which `f32`
    /// can tell apart.
    ///
    /// In blocks: the last block may be shorter, and is the only one if the block length is more than the
    /// tokens; each block gets `ceil(T / blocks)` steps.
    ///
    /// Source: ZHZisZZ/dllm `dllm/core/samplers/utils.py`, `dllm/core/schedulers/alpha.py` @ca17675;
    /// blocks in `dllm/core/samplers/mdlm.py` @13ba372.
    Dllm(Shape),

    /// MaskGIT.
    ///
    /// # Formula
    /// ```text
    /// masks left after pass i < T-1 = max(1, min(m - 1, floor(L r((i + 1) / T))))
    /// ```
    /// where m is the number of masks before the pass; the last pass takes the rest. So each pass
    /// reveals at least one token until one is left. That one waits for the last pass, and if T > L
    /// the passes before that are empty. In `f32`, as XLA compiles the original's loop. Evaluated
    /// op by op, some sizes differ by one, for the uniform function also those of 256 tokens in 12
    /// steps.
    ///
    /// r(x), the part of the tokens masked when a part x of the passes is done: `cos(pi x / 2)` ([`Shape::Cosine`], the
    /// default), `1 - x` ([`Shape::Linear`], which the original calls uniform), `1 - x^K` ([`Shape::Power`]),
    /// `-log2(x) / log2(L)` ([`Shape::Log`]), `1 - 2^(-log2(L) (1 - x))` ([`Shape::Exp`]).
    ///
    /// Source: google-research/maskgit `libml/parallel_decode.py`, `libml/mask_schedule.py` @1db2359.
    MaskGit(Shape),

    /// aMUSEd, in diffusers: the clamp of [`Decoder::MaskGit`] with its own [`Shape::Cosine`] (the default) or
    /// [`Shape::Linear`], in `f32`.
    ///
    /// Source: huggingface/diffusers `src/diffusers/schedulers/scheduling_amused.py` @06bb136.
    Amused(Shape),

    /// The Halton sampler for MaskGIT.
    ///
    /// # Formula
    /// ```text
    /// tokens revealed after pass i = max(i + 1, trunc(L (1 - acos((i + 1) / T) / (pi / 2))))
    /// ```
    /// and at most L, so for T > L the last passes are empty. In `f32`.
    ///
    /// The positions are a fixed list, a Halton sequence over the image:
    /// [`Order::halton_grid`](crate::Order::halton_grid). The error of random positions serves to compare sizes; it is
    /// not the error of this sampler. Until July 2025 each pass drew *all* tokens of the list so far, including again
    /// those that earlier passes had revealed.
    ///
    /// Source: valeoai/Halton-MaskGIT `Sampler/halton_sampler.py` @f61b0a1 (sizes), @08cfdae (positions), @fcdc837 (what a pass draws).
    Halton,

    /// The dilated schedule of DUS: strides B/2, B/4, .. 1 of a block of B tokens; a last round smaller
    /// than the one before is merged into it. The number of rounds follows from B; the steps asked for
    /// are ignored. Integers only.
    ///
    /// The code has two forms. `generate` with `inc_dilated` takes the sizes only; positions are those of
    /// highest confidence, or random. `generate_scheduled` reveals the positions at the strides: for their
    /// cost see [`Decoder::rounds`] and [`Rule::dilated`](crate::sampler::policy::Rule::dilated).
    /// By default, after each round but the last, it also masks again the tokens that the round revealed
    /// with a confidence below 0.3, and no later round reveals these. That is not covered here.
    ///
    /// In blocks: the tokens must be a multiple of the block length. (The original also asserts that the steps, which it then ignores, are
    /// a multiple of the number of blocks.)
    ///
    /// Source: omerlux/DUS `generate.py` @abd7723, `dilated_unmask_levels`, `merge_last_level`.
    Dus,

    /// LLaDA2.x, where no confidence exceeds its threshold: the sizes of [`Decoder::Llada`] are a quota, and a block
    /// ends when no mask is left, as in [`Decoder::FastDllm`]. If at least as many confidences as the quota exceed the
    /// threshold, all tokens with these are revealed: see [`Rule::quota`](crate::sampler::policy::Rule::quota).
    ///
    /// In blocks: they are counted from the start of the *prompt*, which fills a part of the first one, and the last block has a tail beyond the
    /// tokens asked for. Each of these two has the quotas of a whole block: see [`Decoder::plan_blocks_after_prompt`].
    ///
    /// Source: ZHZisZZ/dllm `dllm/pipelines/llada2/sampler.py` @9a2c4ee; the same in huggingface/diffusers `scheduling_block_refinement.py`.
    Llada2,

    /// SDAR with `low_confidence_static` or `sequential`: as [`Decoder::Llada2`], and after each block one more pass, which reveals nothing and fills the
    /// cache. With `low_confidence_dynamic` see [`Rule::quota`](crate::sampler::policy::Rule::quota).
    ///
    /// Source: JetAstra/SDAR `generate.py` @59549b1.
    Sdar,

    /// dllm's block diffusion: as [`Decoder::Dllm`], and before each block one more pass, which reveals nothing and fills the cache with what is there.
    ///
    /// Source: ZHZisZZ/dllm `dllm/core/samplers/bd3lm.py` @0799718.
    DllmBlocks(Shape),

    /// BD3-LM with first-hitting: one random token a pass. With fewer steps than tokens, masks would be left, which is
    /// refused. With more steps, no pass is empty. Positions are random, so the exact error holds for this decoder: it
    /// is zero. With its cache, each block runs one pass more.
    ///
    /// In blocks: they are counted from the token that begins the sequence. This token is given, so it counts as a
    /// prompt of one token. Without first-hitting the sizes are those of [`RevealTimes`](crate::schedule::RevealTimes).
    ///
    /// Source: kuleshov-group/bd3lms `diffusion.py`, read in a copy of it.
    Bd3Lm,

    /// LaViDa with its shifted schedule.
    ///
    /// # Formula
    /// ```text
    /// k_i = trunc(m sigma(i / T)),   sigma(t) = shift t / (1 + (shift - 1) t)
    /// sizes: the differences of k, raised to at least 1; the excess is taken back from the larger ones in turn; then read from the other end
    /// ```
    /// At most one pass for each token. The default shift is 3. In `f32`.
    ///
    /// In blocks: as [`Decoder::Llada`].
    ///
    /// Source: adobe-research/LaVida-O `llava/model/language_model/llada/generate.py`, `get_num_transfer_tokens_sch`.
    LaVida {
        /// A positive number; at 1 the times are not shifted.
        shift: f64,
    },

    /// Ascending steps: 1, 2, 4, .. tokens, `floor(log2 L)` passes, the last of which takes the rest. The steps asked for are ignored; the original runs
    /// for this number only. Integers only.
    ///
    /// Source: yjyddq/EOSER-ASS-RL `eval/generate.py` @0908838, `ass_generate` with one block.
    Ascending,

    /// ESM3 with its cosine schedule and *random positions*, so the exact error holds for this
    /// decoder.
    ///
    /// # Formula
    /// ```text
    /// masks left after pass i = trunc(L cos(pi/2 (i + 1) / T) + 0.1)
    /// ```
    /// In `f32`. With as many steps as tokens, many passes are empty. With `strategy = "entropy"`, positions are those
    /// of lowest entropy.
    ///
    /// Source: evolutionaryscale/esm `esm/utils/generation.py` @6e89bf7.
    Esm3,

    /// DPLM's sizes with its linear schedule.
    ///
    /// # Formula
    /// ```text
    /// masks left after pass i = floor(L (T - i - 1) / T)
    /// ```
    /// In whole numbers; the original multiplies in `f32`. It predicts *all* tokens again in each pass and keeps those
    /// of highest score, so revealed tokens change, and the error of random positions serves only to compare sizes.
    ///
    /// Source: bytedance/dplm `src/byprot/models/dplm/dplm.py` @8b3425b.
    Dplm,

    /// MAR: [`Decoder::MaskGit`] with the cosine in `f64`, and *random positions*, so the exact error holds for this
    /// order and these sizes. (Its tokens are continuous.)
    ///
    /// Source: LTH14/mar `models/mar.py` @231d76f.
    Mar,

    /// SoundStorm's sizes.
    ///
    /// # Formula
    /// ```text
    /// masks left after pass i = trunc(L cos(pi/2 (i + 1) / T))
    /// ```
    /// In `f32`. In each pass, the scores of all sampled tokens decide which of them stay.
    ///
    /// Source: lucidrains/soundstorm-pytorch `soundstorm_pytorch/soundstorm.py` @8119522.
    SoundStorm,

    /// `adap_sche`, of an open MaskGIT and its many copies: sizes in proportion to a function, not masks left.
    ///
    /// # Formula
    /// ```text
    /// size of pass i = round(L v_i / sum v),   v_i = v(1 - i / (T - 1));   at least 1, the last takes the rest
    /// ```
    /// In `f32`, halves to even; the sum in `f64`, so that sizes may differ by one. It ends when no mask is left.
    ///
    /// v(r), r falling from 1 to 0: `acos(r) / (pi / 2)` ([`Shape::Arccos`], the default), `cos(pi r / 2)`
    /// ([`Shape::Cosine`]), `1 - r^2` and `1 - sqrt(r)` ([`Shape::Power`] of 2 and 0.5), `1 - r` ([`Shape::Linear`]).
    ///
    /// Source: valeoai/Halton-MaskGIT, before its Halton sampler, and copies of it.
    AdapSche(Shape),
}

impl Decoder {
    /// What the decoder does with this many masked tokens and steps, as one block. O(tokens + steps).
    ///
    /// # Errors
    /// [`Empty`](Error::Empty) for no token or no step; [`TooLarge`](Error::TooLarge) for more than
    /// 2^28 steps, 2^24 steps of [`Decoder::Dllm`] or 2^26 tokens of [`Decoder::Dus`], which ignores the
    /// steps; [`OutOfRange`](Error::OutOfRange) for a power or shift that is not a positive number;
    /// [`OutOfRange`](Error::OutOfRange) for an `eps` that is not from 0 to below 1; [`NotApplicable`](Error::NotApplicable) where the original ends with masks.
    ///
    /// ```
    /// use unmaskcost::decoders::Decoder;
    /// let plan = Decoder::Dream.plan(256, 256)?;
    /// assert_eq!(plan.count(), 256);
    /// assert_eq!(plan.empty(), [0]);
    /// assert_eq!(plan.schedule().sizes().last(), Some(&2));
    /// # Ok::<(), unmaskcost::Error>(())
    /// ```
    pub fn plan(self, tokens: usize, steps: usize) -> Result<Passes> {
        check_request(tokens, steps)?;
        Passes::of(self.pass_sizes(tokens, steps)?)
    }

    /// What the decoder does block after block, `steps` passes in all: one plan per block.
    ///
    /// Each decoder divides in its own way, described at its variant.
    ///
    /// # Errors
    /// As [`Decoder::plan`]; [`Empty`](Error::Empty) for blocks of no token;
    /// [`NotDivisible`](Error::NotDivisible) where the original asserts divisibility;
    /// [`NotApplicable`](Error::NotApplicable) where the original ends with masks in every block;
    /// [`NotApplicable`](Error::NotApplicable) for the image decoders and [`Decoder::LlamaCpp`], which
    /// have no such form.
    ///
    /// ```
    /// use unmaskcost::{decoders::Decoder, schedule::BlockLength};
    /// let plans = Decoder::Llada.plan_blocks(256, BlockLength(32), 64)?;
    /// assert_eq!(plans.len(), 8);
    /// assert_eq!(plans[0].schedule().to_string(), "(4 x 8)");
    /// assert!(Decoder::Llada.plan_blocks(256, BlockLength(48), 64).is_err());
    /// // The first pass of a block of Dream reveals one token.
    /// let plans = Decoder::Dream.plan_blocks(256, BlockLength(32), 64)?;
    /// assert_eq!(plans[0].schedule().to_string(), "(1, 4 x 5, 5, 6)");
    /// # Ok::<(), unmaskcost::Error>(())
    /// ```
    pub fn plan_blocks(
        self,
        tokens: usize,
        block_length: BlockLength,
        steps: usize,
    ) -> Result<Vec<Passes>> {
        self.plan_blocks_after_prompt(0, tokens, block_length, steps)
    }

    /// What [`Decoder::plan_blocks`] gives, after a prompt of this many tokens.
    ///
    /// For most decoders the first block begins after the prompt, which then makes no difference. [`Decoder::Llada2`],
    /// [`Decoder::Sdar`] and [`Decoder::Bd3Lm`] count blocks from the start of the sequence: the prompt fills a part of
    /// the first block that has masks, and the last block is a whole one, with a tail beyond the tokens asked for that
    /// is revealed too (BD3-LM refuses that).
    ///
    /// # Errors
    /// As [`Decoder::plan_blocks`]; [`Overflow`](Error::Overflow) if the sequence is longer than a `usize` counts.
    ///
    /// ```
    /// use unmaskcost::{decoders::Decoder, schedule::BlockLength};
    /// let plans = Decoder::Llada2.plan_blocks_after_prompt(10, 50, BlockLength(32), 16)?;
    /// let masks: Vec<usize> = plans.iter().map(|plan| plan.tokens()).collect();
    /// assert_eq!(masks, [22, 32]); // four of them beyond
    /// assert_eq!(plans[0].to_string(), "(4 x 5, 2)");
    /// # Ok::<(), unmaskcost::Error>(())
    /// ```
    pub fn plan_blocks_after_prompt(
        self,
        prompt: usize,
        tokens: usize,
        block_length: BlockLength,
        steps: usize,
    ) -> Result<Vec<Passes>> {
        check_request(tokens, steps)?;
        let block_length = block_length.nonzero()?;
        match self {
            Self::Llada2 | Self::Sdar | Self::Bd3Lm => {
                self.aligned_blocks(prompt, tokens, block_length, steps)
            }
            _ => self.blocks_behind_prompt(tokens, block_length, steps),
        }
    }

    /// Blocks that begin where the prompt ends.
    fn blocks_behind_prompt(
        self,
        tokens: usize,
        block_length: usize,
        steps: usize,
    ) -> Result<Vec<Passes>> {
        let cuts_last = matches!(self, Self::Dllm(_) | Self::DllmBlocks(_));
        let blockwise = matches!(
            self,
            Self::Llada
                | Self::FastDllm
                | Self::Dream
                | Self::DreamEps(_)
                | Self::LlamaCppBlock
                | Self::Dus
                | Self::LaVida { .. }
        );
        if !blockwise && !cuts_last {
            return Err(not_applicable(self.name(), "all tokens in one block"));
        }
        if !cuts_last {
            check_divisible("the number of tokens", tokens, block_length)?;
        }
        let block_length = block_length.min(tokens);
        let blocks = tokens.div_ceil(block_length);
        let steps = match self {
            Self::Dus => steps,
            _ if cuts_last => steps.div_ceil(blocks),
            _ => {
                check_divisible("the number of steps", steps, blocks)?;
                steps / blocks
            }
        };
        let block_plan = |tokens| match self {
            Self::Dream => dream_block(tokens, steps, SMALLEST_TIME),
            Self::DreamEps(eps) => dream_block(tokens, steps, check_eps(eps)?),
            _ => self.plan(tokens, steps),
        };
        let block = block_plan(block_length)?;
        check_list_fits("forward passes", block.count().saturating_mul(blocks))?;
        let last = tokens - (blocks - 1) * block_length;
        let mut plans = vec![block; blocks - 1];
        plans.push(block_plan(last)?);
        Ok(plans)
    }

    /// Blocks that are counted from the start of the sequence.
    fn aligned_blocks(
        self,
        prompt: usize,
        tokens: usize,
        block_length: usize,
        steps: usize,
    ) -> Result<Vec<Passes>> {
        let what = "the number of tokens with the prompt";
        let end = prompt.checked_add(tokens).ok_or(Error::Overflow { what })?;
        if self == Self::Bd3Lm {
            check_divisible(what, end, block_length)?;
        }
        let blocks = end.div_ceil(block_length) - prompt / block_length;
        check_divisible("the number of steps", steps, blocks)?;
        let steps = steps / blocks;
        let block_plan = |masked: usize| {
            let passes = self.block_sizes(block_length, masked, steps)?;
            check_list_fits("forward passes", passes.len().saturating_mul(blocks))?;
            Passes::of(passes)
        };
        let mut plans = vec![block_plan(block_length - prompt % block_length)?];
        if blocks > 1 {
            plans.resize(blocks, block_plan(block_length)?);
        }
        Ok(plans)
    }

    /// The passes of a block of which only some tokens are masked.
    fn block_sizes(self, block_length: usize, masked: usize, steps: usize) -> Result<Vec<usize>> {
        check_list_fits("forward passes", steps.min(block_length))?;
        if self == Self::Bd3Lm {
            let left = masked.saturating_sub(steps);
            if left > 0 {
                return Err(leaves_masks(self.name(), masked, left));
            }
            return Ok(vec![1; masked]);
        }
        let mut sizes = quotas(block_length, masked, steps);
        if self == Self::Sdar {
            sizes.push(0);
        }
        Ok(sizes)
    }

    /// Whether the number of steps asked for makes a difference.
    pub(crate) fn listens(self) -> bool {
        !matches!(self, Self::Dus | Self::Ascending)
    }

    /// The sizes of all passes, empty ones included.
    fn pass_sizes(self, tokens: usize, steps: usize) -> Result<Vec<usize>> {
        if self.listens() {
            check_list_fits("forward passes", steps)?;
        }
        let equal = |passes| equal(tokens, steps, passes);
        Ok(match self {
            Self::Llada => equal(steps),
            Self::FastDllm => equal(steps.min(tokens)),
            Self::LlamaCppBlock => equal(steps.min(tokens.saturating_add(1))),
            Self::Dream => Self::DreamEps(SMALLEST_TIME).pass_sizes(tokens, steps)?,
            Self::DreamEps(eps) => {
                let eps = check_eps(eps)?;
                truncated(tokens, steps, |i| dream_time(i, steps, eps))
            }
            Self::LlamaCpp => Self::LlamaCppEps(SMALLEST_TIME).pass_sizes(tokens, steps)?,
            Self::LlamaCppEps(eps) => {
                let eps = check_eps(eps)?;
                truncated(tokens, steps, |i| llama_time(i, steps, eps))
            }
            Self::Dllm(alpha) => {
                let what = "steps that single precision tells apart";
                check_limit(what, steps as u128, MAX_SINGLE)?;
                dllm(tokens, steps, alpha)
                    .ok_or_else(|| shape::unknown(self, "linear or cosine"))?
            }
            Self::MaskGit(function) => {
                if let Shape::Power(power) = function {
                    scalar::check_positive("the power", power)?;
                }
                maskgit(tokens, steps, function)
                    .ok_or_else(|| shape::unknown(self, "cosine, linear, a power, log or exp"))?
            }
            Self::Amused(function) => amused(tokens, steps, function)
                .ok_or_else(|| shape::unknown(self, "cosine or linear"))?,
            Self::Halton => halton(tokens, steps),
            Self::Dus => dilated_levels(tokens)?.iter().map(Vec::len).collect(),
            Self::Llada2 | Self::Sdar | Self::Bd3Lm => self.block_sizes(tokens, tokens, steps)?,
            Self::DllmBlocks(alpha) => {
                let mut sizes = Self::Dllm(alpha).pass_sizes(tokens, steps)?;
                sizes.insert(0, 0);
                sizes
            }
            Self::LaVida { shift } => {
                scalar::check_positive("the shift", shift)?;
                lavida(tokens, steps, shift)
            }
            Self::Ascending => ascending(tokens),
            Self::Esm3 => esm3(tokens, steps),
            Self::Dplm => dplm(tokens, steps),
            Self::Mar => mar(tokens, steps),
            Self::SoundStorm => soundstorm(tokens, steps),
            Self::AdapSche(function) => {
                let needs = "arccos, cosine, linear, or a power of 2 or 0.5";
                adap_sche(tokens, steps, function).ok_or_else(|| shape::unknown(self, needs))?
            }
        })
    }
}

/// The last time of a grid, if it is from 0 to below 1.
fn check_eps(eps: f64) -> Result<f64> {
    match (0.0..1.0).contains(&eps) {
        true => Ok(eps),
        false => {
            Err(Error::OutOfRange { what: "eps", value: eps, needed: "a number from 0 to below 1" })
        }
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

/// Each pass reveals `size(pass, masked)` tokens, but no more than are masked; the last takes the
/// rest.
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

/// The original ends before all tokens are revealed.
fn leaves_masks(decoder: &str, tokens: usize, masked: usize) -> Error {
    not_applicable(
        decoder,
        format!("more steps: it leaves {masked} of the {tokens} tokens of a block masked"),
    )
}
