use core::fmt;

use crate::error::Result;
use crate::schedule::Schedule;

/// The forward passes that a sampler runs, with those that reveal nothing: a [`Schedule`] has no empty steps,
/// but real decoders do.
///
/// ```
/// use unmaskcost::{Schedule, schedule::Passes};
/// let passes = Passes::from_sizes([0, 3, 0, 2])?;
/// assert_eq!(passes.schedule().sizes(), [3, 2]);
/// assert_eq!((passes.count(), passes.empty()), (4, [0, 2].as_slice()));
/// assert_eq!(passes.to_string(), "(0, 3, 0, 2)");
/// let schedule: Schedule = passes.into();
/// assert_eq!(Passes::from(schedule).empty(), []);
/// # Ok::<(), unmaskcost::Error>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Passes {
    schedule: Schedule,
    empty: Vec<usize>,
}

impl Passes {
    /// The passes that reveal these numbers of tokens, in sampling order, zeros allowed.
    ///
    /// # Errors
    /// [`Empty`](crate::Error::Empty) if no pass reveals a token, [`Overflow`](crate::Error::Overflow) if the sum
    /// does not fit a `usize`.
    pub fn from_sizes(sizes: impl AsRef<[usize]>) -> Result<Self> {
        Self::of(sizes.as_ref().to_vec())
    }

    /// [`from_sizes`](Self::from_sizes) of a list of its own.
    pub(crate) fn of(mut sizes: Vec<usize>) -> Result<Self> {
        let empty = sizes.iter().enumerate().filter(|(_, size)| **size == 0);
        let empty = empty.map(|(pass, _)| pass).collect();
        sizes.retain(|&size| size > 0);
        Ok(Self { schedule: Schedule::try_from(sizes)?, empty })
    }

    /// The passes that reveal something, in sampling order.
    #[must_use]
    pub fn schedule(&self) -> &Schedule {
        &self.schedule
    }

    /// L, the number of tokens revealed.
    #[must_use]
    pub fn tokens(&self) -> usize {
        self.schedule.tokens()
    }

    /// The number of forward passes of the model.
    #[must_use]
    pub fn count(&self) -> usize {
        self.schedule.steps() + self.empty.len()
    }

    /// The passes that reveal nothing, counted from 0 in sampling order.
    #[must_use]
    pub fn empty(&self) -> &[usize] {
        &self.empty
    }

    /// The tokens revealed by each pass, zeros included.
    pub fn sizes(&self) -> impl Iterator<Item = usize> + '_ {
        let mut empty = self.empty.iter().peekable();
        let mut sizes = self.schedule.sizes().iter();
        (0..self.count()).map_while(move |pass| match empty.next_if_eq(&&pass) {
            Some(_) => Some(0),
            None => sizes.next().copied(),
        })
    }
}

/// The schedule without the empty passes.
impl From<Passes> for Schedule {
    fn from(passes: Passes) -> Self {
        passes.schedule
    }
}

/// One pass for each step.
impl From<Schedule> for Passes {
    fn from(schedule: Schedule) -> Self {
        Self { schedule, empty: Vec::new() }
    }
}

/// As a schedule, with the empty passes as zeros.
impl fmt::Display for Passes {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&super::text_of_sizes(&self.sizes().collect::<Vec<_>>()))
    }
}
