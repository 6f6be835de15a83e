use super::{Policy, View};
use crate::decoders::{MAX_DILATED, check_divisible, dilated_levels};
use crate::error::{Error, Result, check_limit};
use crate::numeric::scalar::Scalar;
use crate::schedule::BlockLength;

/// Sets of positions fixed in advance, revealed one after the other.
///
/// ```
/// use unmaskcost::sampler::policy::FixedPartition;
/// let dilated = FixedPartition::dilated(8)?;
/// assert_eq!(dilated.sets, [vec![0, 4], vec![2, 6], vec![1, 3, 5, 7]]);
/// # Ok::<(), unmaskcost::Error>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct FixedPartition {
    /// The sets in the order in which they are revealed.
    pub sets: Vec<Vec<usize>>,
}

impl FixedPartition {
    /// The dilated sets of [`Decoder::Dus`](crate::decoders::Decoder::Dus) for one block of all
    /// tokens: neighbours are revealed in different rounds.
    ///
    /// # Errors
    /// [`Empty`](Error::Empty) for no token; [`TooLarge`](Error::TooLarge) for more than 2^26.
    pub fn dilated(tokens: usize) -> Result<Self> {
        Self::dilated_blocks(tokens, BlockLength(tokens))
    }

    /// The dilated sets of [`Decoder::Dus`](crate::decoders::Decoder::Dus) as it is used: block after
    /// block.
    ///
    /// # Errors
    /// [`Empty`](Error::Empty) for no token, or blocks of none;
    /// [`NotDivisible`](Error::NotDivisible) unless the blocks fill the sequence;
    /// [`TooLarge`](Error::TooLarge) for more than 2^26 tokens.
    ///
    /// ```
    /// use unmaskcost::{sampler::policy::FixedPartition, schedule::BlockLength};
    /// let two_blocks = FixedPartition::dilated_blocks(8, BlockLength(4))?;
    /// assert_eq!(two_blocks.sets, [[0, 2], [1, 3], [4, 6], [5, 7]]);
    /// assert!(FixedPartition::dilated_blocks(8, BlockLength(3)).is_err());
    /// # Ok::<(), unmaskcost::Error>(())
    /// ```
    pub fn dilated_blocks(tokens: usize, block_length: BlockLength) -> Result<Self> {
        if tokens == 0 {
            return Err(Error::Empty { what: "the sequence of masked tokens" });
        }
        let block_length = block_length.nonzero()?;
        check_divisible("the number of tokens", tokens, block_length)?;
        check_limit("tokens of dilated blocks", tokens as u128, MAX_DILATED)?;
        let levels = dilated_levels(block_length)?;
        let starts = (0..tokens).step_by(block_length);
        let shifted = |start, level: &[usize]| level.iter().map(|i| start + i).collect();
        let sets = starts.flat_map(|start| levels.iter().map(move |level| shifted(start, level)));
        Ok(Self { sets: sets.collect() })
    }
}

impl<F: Scalar> Policy<F> for FixedPartition {
    /// The masked positions of the first set that has some. If no set has any, there are none,
    /// which is an error.
    fn next(&self, view: &View<F>) -> Vec<usize> {
        // A position that does not exist is left in, so that it is named and refused.
        let revealed = |&position: &usize| matches!(view.revealed.get(position), Some(Some(_)));
        let masked = |set: &Vec<usize>| -> Vec<usize> {
            set.iter().copied().filter(|position| !revealed(position)).collect()
        };
        self.sets.iter().map(masked).find(|set| !set.is_empty()).unwrap_or_default()
    }
}
