use core::fmt;

use crate::error::{Error, Result};
use crate::schedule::{Passes, Schedule};

/// The number of tokens of a block: not the number of blocks, and not that of steps.
///
/// ```
/// use unmaskcost::{decoders::Decoder, schedule::BlockLength};
/// let blocks = Decoder::Llada.plan_blocks(256, BlockLength(32), 64)?;
/// assert_eq!((blocks.len(), blocks[0].count()), (8, 8));
/// # Ok::<(), unmaskcost::Error>(())
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct BlockLength(pub usize);

impl BlockLength {
    /// The number. Refused if it is zero.
    pub(crate) fn nonzero(self) -> Result<usize> {
        if self.0 == 0 { Err(Error::Empty { what: "a block" }) } else { Ok(self.0) }
    }
}

/// Semi-autoregressive decoding: block after block, with a schedule of its own inside each.
///
/// Positions are random within a block; the blocks are in order. Given the earlier blocks each block
/// has its own information curve, and the errors add:
/// [`Blockwise::sampling_error`].
///
/// ```
/// use unmaskcost::{Schedule, decoders::Decoder, schedule::{BlockLength, Blockwise}};
/// let by_hand = Blockwise::new([Schedule::balanced(32, 8)?, Schedule::balanced(32, 8)?])?;
/// let llada = Blockwise::from_passes(&Decoder::Llada.plan_blocks(64, BlockLength(32), 16)?)?;
/// assert_eq!(by_hand, llada);
/// assert_eq!((llada.tokens(), llada.steps(), llada.blocks().len()), (64, 16, 2));
/// # Ok::<(), unmaskcost::Error>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Blockwise {
    blocks: Vec<Schedule>,
    tokens: usize,
}

impl Blockwise {
    /// The schedule made of one schedule for each block, first block first.
    ///
    /// # Errors
    /// [`Empty`](Error::Empty) for no block, [`Overflow`](Error::Overflow) if the tokens do not fit a
    /// `usize`.
    pub fn new(blocks: impl AsRef<[Schedule]>) -> Result<Self> {
        let blocks = blocks.as_ref().to_vec();
        if blocks.is_empty() {
            return Err(Error::Empty { what: "the list of blocks" });
        }
        let tokens = blocks
            .iter()
            .try_fold(0_usize, |sum, block| sum.checked_add(block.tokens()))
            .ok_or(Error::Overflow { what: "the number of tokens of all blocks" })?;
        Ok(Self { blocks, tokens })
    }

    /// The schedule of the passes that a [`Decoder`](crate::decoders::Decoder) makes for each
    /// block, without the empty ones.
    ///
    /// # Errors
    /// As [`Blockwise::new`].
    pub fn from_passes(blocks: &[Passes]) -> Result<Self> {
        Self::new(blocks.iter().map(|passes| passes.schedule().clone()).collect::<Vec<_>>())
    }

    /// The schedule of each block.
    #[must_use]
    pub fn blocks(&self) -> &[Schedule] {
        &self.blocks
    }

    /// L, the tokens of all blocks.
    #[must_use]
    pub fn tokens(&self) -> usize {
        self.tokens
    }

    /// T, the steps of all blocks.
    #[must_use]
    pub fn steps(&self) -> usize {
        self.blocks.iter().map(Schedule::steps).sum()
    }
}

/// The schedules of the blocks, separated by `|`.
impl fmt::Display for Blockwise {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let blocks: Vec<String> = self.blocks.iter().map(Schedule::to_string).collect();
        f.pad(&blocks.join(" | "))
    }
}
