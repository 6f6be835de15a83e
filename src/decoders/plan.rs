//! What a decoder does with a request: the schedule, and the passes it takes.

use crate::error::Result;
use crate::schedule::Schedule;

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
    /// [`Empty`](crate::Error::Empty) if no pass reveals a token, [`Overflow`](crate::Error::Overflow) if the sum
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
