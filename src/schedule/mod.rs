//! What a sampler does: how many tokens it reveals in each step, and which.
//!
//! A schedule is the list of *reveal sizes* `s_1 .. s_T` in sampling order: first all tokens are
//! masked, step `t` reveals `s_t` of them, and after the last step none is left. Papers that index the
//! forward (masking) process list the same sizes from the other end. The orientation changes the
//! error, so each constructor says in its name which one it takes.
//!
//! For a curve, a schedule is a *sawtooth*: see [`Schedule::sawtooth`].
//!
//! Which positions a step reveals is random unless an [`Order`] fixes it. An order and a schedule
//! together make [`Rounds`].
//!
//! What known decoders make of a request is in [`decoders`](crate::decoders), continuous noise schedules are
//! [`NoiseSchedule`].
//! Random sizes are [`RevealTimes`]. Passes of which some reveal nothing are [`Passes`]. A schedule for each block,
//! block after block, is a [`Blockwise`]. [`Schedule::audit`] says what a schedule guarantees.

use core::fmt;
use core::ops::Range;

use crate::error::{Error, Result, check_limit};

mod blocks;
mod noise;
mod order;
mod passes;
mod reveal_times;

pub use blocks::{BlockLength, Blockwise};
pub use noise::NoiseSchedule;
pub use order::{Order, Rounds};
pub use passes::Passes;
pub use reveal_times::{RevealTimes, Rounding};

/// An unmasking schedule: reveal sizes in sampling order, each at least one.
///
/// ```
/// use unmaskcost::Schedule;
/// let schedule = Schedule::from_reveal_sizes([3, 2, 2, 1])?;
/// assert_eq!(schedule.tokens(), 8);
/// assert_eq!(schedule.steps(), 4);
/// assert_eq!(schedule.largest_step(), 3);
/// assert_eq!(schedule.revealed_before().collect::<Vec<_>>(), [0, 3, 5, 7]);
/// assert_eq!(schedule.to_string(), "(3, 2, 2, 1)");
/// # Ok::<(), unmaskcost::Error>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Schedule {
    sizes: Vec<usize>,
    tokens: usize,
    largest_step: usize,
}

impl Schedule {
    /// The schedule with these reveal sizes in sampling order: the first number is revealed first,
    /// when all is masked.
    ///
    /// To check that they reveal a known number of tokens, call [`Schedule::covering`] on the
    /// result.
    ///
    /// # Errors
    /// [`Empty`](Error::Empty) for no sizes, [`EmptyStep`](Error::EmptyStep) for a size of zero,
    /// [`Overflow`](Error::Overflow) if the sum does not fit a `usize`.
    ///
    /// ```
    /// use unmaskcost::{Error, Schedule};
    /// assert_eq!(Schedule::from_reveal_sizes([2, 0, 1]), Err(Error::EmptyStep { step: 1 }));
    /// ```
    pub fn from_reveal_sizes(sizes: impl AsRef<[usize]>) -> Result<Self> {
        Self::from_vec(sizes.as_ref().to_vec())
    }

    /// The schedule with these mask sizes in forward order, as Li & Cai (arXiv 2505.21400) index
    /// them: the first number is masked first, so it is revealed last. The list is reversed.
    ///
    /// # Errors
    /// As [`Schedule::from_reveal_sizes`]; a zero is reported at its index in the list as given.
    ///
    /// ```
    /// use unmaskcost::Schedule;
    /// assert_eq!(Schedule::from_mask_sizes([1, 2, 5])?, Schedule::from_reveal_sizes([5, 2, 1])?);
    /// # Ok::<(), unmaskcost::Error>(())
    /// ```
    pub fn from_mask_sizes(sizes: impl AsRef<[usize]>) -> Result<Self> {
        let mut schedule = Self::from_reveal_sizes(sizes)?;
        schedule.sizes.reverse();
        Ok(schedule)
    }

    /// `steps` sizes that differ by at most one, the larger first.
    ///
    /// # Errors
    /// [`StepsOutOfRange`](Error::StepsOutOfRange) unless `1 <= steps <= tokens`;
    /// [`TooLarge`](Error::TooLarge) for more than 2^24 steps.
    ///
    /// ```
    /// use unmaskcost::Schedule;
    /// assert_eq!(Schedule::balanced(10, 4)?.sizes(), [3, 3, 2, 2]);
    /// # Ok::<(), unmaskcost::Error>(())
    /// ```
    pub fn balanced(tokens: usize, steps: usize) -> Result<Self> {
        if steps == 0 || steps > tokens {
            return Err(Error::StepsOutOfRange { steps, tokens });
        }
        check_list_fits("steps", steps)?;
        let (size, larger) = (tokens / steps, tokens % steps);
        // If the size is `usize::MAX`, it cannot be larger: there is only one step, and `larger` is
        // zero.
        let mut sizes = vec![size.saturating_add(1); larger];
        sizes.resize(steps, size);
        let largest_step = size + usize::from(larger > 0);
        Ok(Self { sizes, tokens, largest_step })
    }

    /// The schedule of one token per step, which has no sampling error.
    ///
    /// # Errors
    /// [`StepsOutOfRange`](Error::StepsOutOfRange) for zero tokens, [`TooLarge`](Error::TooLarge) for
    /// more than 2^24.
    pub fn sequential(tokens: usize) -> Result<Self> {
        Self::balanced(tokens, tokens)
    }

    /// The schedule that reveals all tokens at once. Its sampling error is the total correlation.
    ///
    /// # Errors
    /// [`StepsOutOfRange`](Error::StepsOutOfRange) for zero tokens.
    pub fn one_step(tokens: usize) -> Result<Self> {
        Self::balanced(tokens, 1)
    }

    /// The schedule itself, if it reveals exactly `tokens` tokens.
    ///
    /// # Errors
    /// [`TokensDiffer`](Error::TokensDiffer) with both numbers.
    ///
    /// ```
    /// use unmaskcost::{Error, Schedule};
    /// let short = Schedule::from_reveal_sizes([3, 2])?.covering(8);
    /// assert_eq!(short, Err(Error::TokensDiffer { what: "sequence", tokens: 8, schedule_tokens: 5 }));
    /// # Ok::<(), unmaskcost::Error>(())
    /// ```
    pub fn covering(self, tokens: usize) -> Result<Self> {
        if self.tokens == tokens {
            Ok(self)
        } else {
            let (what, schedule_tokens) = ("sequence", self.tokens);
            Err(Error::TokensDiffer { what, tokens, schedule_tokens })
        }
    }

    fn from_vec(sizes: Vec<usize>) -> Result<Self> {
        let mut tokens = 0_usize;
        let mut largest_step = 0;
        for (step, &size) in sizes.iter().enumerate() {
            if size == 0 {
                return Err(Error::EmptyStep { step });
            }
            tokens = tokens
                .checked_add(size)
                .ok_or(Error::Overflow { what: "the sum of the reveal sizes" })?;
            largest_step = largest_step.max(size);
        }
        if sizes.is_empty() {
            return Err(Error::Empty { what: "the list of reveal sizes" });
        }
        Ok(Self { sizes, tokens, largest_step })
    }

    /// L, the number of tokens revealed in all.
    #[must_use]
    pub fn tokens(&self) -> usize {
        self.tokens
    }

    /// T, the number of steps.
    #[must_use]
    pub fn steps(&self) -> usize {
        self.sizes.len()
    }

    /// The reveal sizes in sampling order.
    #[must_use]
    pub fn sizes(&self) -> &[usize] {
        &self.sizes
    }

    /// s_max, the size of the largest step.
    #[must_use]
    pub fn largest_step(&self) -> usize {
        self.largest_step
    }

    /// How many tokens are revealed before each step: `k_1 = 0, k_2 = s_1, ..`, one per step.
    pub fn revealed_before(&self) -> impl Iterator<Item = usize> + '_ {
        self.ranges().map(|range| range.start)
    }

    /// The steps as ranges of revealed counts: step `t` goes from `k_t` to `k_t + s_t`.
    ///
    /// ```
    /// use unmaskcost::Schedule;
    /// let schedule = Schedule::from_reveal_sizes([2, 1])?;
    /// assert_eq!(schedule.ranges().collect::<Vec<_>>(), [0..2, 2..3]);
    /// # Ok::<(), unmaskcost::Error>(())
    /// ```
    pub fn ranges(&self) -> impl Iterator<Item = Range<usize>> + '_ {
        self.sizes.iter().scan(0, |revealed, &size| {
            let start = *revealed;
            *revealed += size;
            Some(start..*revealed)
        })
    }

    /// The weights `c_m`, m = 0 .. L-1, by which the increments of an information curve enter the
    /// error of this schedule.
    ///
    /// # Formula
    /// ```text
    /// c_m = (end of the step that contains m) - m,   and c_m = 0 where m is the start of a step
    /// ```
    /// Source: Chen, Cong & Li, arXiv 2511.04647, Theorem 3.3, summed by parts.
    ///
    /// ```
    /// use unmaskcost::Schedule;
    /// let schedule = Schedule::from_reveal_sizes([4, 2, 1])?;
    /// assert_eq!(schedule.sawtooth().collect::<Vec<_>>(), [0, 3, 2, 1, 0, 1, 0]);
    /// # Ok::<(), unmaskcost::Error>(())
    /// ```
    pub fn sawtooth(&self) -> impl Iterator<Item = usize> + '_ {
        self.sizes.iter().flat_map(|&size| core::iter::once(0).chain((1..size).rev()))
    }

    /// The [sawtooth](Schedule::sawtooth) summed over the windows `(cuts[i], cuts[i+1]]`, for increasing
    /// cuts below L. O(T + cuts).
    pub(crate) fn teeth_between(&self, cuts: &[usize]) -> Vec<u64> {
        let mut steps = self.ranges().peekable();
        let mut sums = Vec::with_capacity(cuts.len().saturating_sub(1));
        for window in cuts.windows(2) {
            let (before, last) = (window[0], window[1]);
            let mut sum = 0;
            while let Some(step) = steps.peek() {
                let (first, end) = (step.start.max(before) + 1, step.end.min(last + 1));
                if first < end {
                    let (high, low) = (step.end - first, step.end - end + 1);
                    sum += (high as u64 + low as u64) * (end - first) as u64 / 2;
                }
                if step.end > last {
                    break;
                }
                steps.next();
            }
            sums.push(sum);
        }
        sums
    }

    /// The teeth at `1 ..= last`: of each step, where it starts and ends.
    pub(crate) fn teeth_up_to(&self, last: usize) -> impl Iterator<Item = Range<usize>> + '_ {
        self.ranges().filter(move |step| step.len() > 1 && step.start < last)
    }

    /// The teeth beyond `before`: of each step, from where they count to where it ends.
    pub(crate) fn teeth_after(&self, before: usize) -> impl Iterator<Item = Range<usize>> + '_ {
        let rest = self.ranges().map(move |step| step.start.max(before)..step.end);
        rest.filter(|step| step.len() > 1)
    }

    /// Refuses a schedule for another number of tokens than `what` has.
    pub(crate) fn check_tokens(&self, what: &'static str, tokens: usize) -> Result<()> {
        if self.tokens == tokens {
            Ok(())
        } else {
            Err(Error::TokensDiffer { what, tokens, schedule_tokens: self.tokens })
        }
    }
}

/// Refuses a list of more than 2^24 elements (128 MiB) that the crate would make from a few numbers.
pub(crate) fn check_list_fits(what: &'static str, elements: usize) -> Result<()> {
    const MAX_ELEMENTS: u128 = 1 << 24;
    check_limit(what, elements as u128, MAX_ELEMENTS)
}

impl TryFrom<Vec<usize>> for Schedule {
    type Error = Error;

    /// Reveal sizes in sampling order, as [`Schedule::from_reveal_sizes`].
    fn try_from(sizes: Vec<usize>) -> Result<Self> {
        Self::from_vec(sizes)
    }
}

/// Reads what `Display` prints, and plain lists: sizes in sampling order, separated by commas or white
/// space, in parentheses or brackets or without; `size x count` (or `size × count`) stands for equal
/// sizes.
///
/// # Errors
/// [`Unreadable`](Error::Unreadable) for a part that is not a size, [`TooLarge`](Error::TooLarge) for
/// more than 2^24 steps, otherwise as [`Schedule::from_reveal_sizes`]; also a count of zero is an
/// [`EmptyStep`](Error::EmptyStep).
///
/// ```
/// use unmaskcost::Schedule;
/// let schedule: Schedule = "(3, 2 x 4, 1)".parse()?;
/// assert_eq!(schedule.sizes(), [3, 2, 2, 2, 2, 1]);
/// assert_eq!(schedule.to_string().parse::<Schedule>()?, schedule);
/// assert_eq!("[3,2,2,1]".parse::<Schedule>()?.tokens(), 8);
/// assert_eq!("3 2×4\n1".parse::<Schedule>()?, schedule);
/// assert!("3, two".parse::<Schedule>().is_err());
/// # Ok::<(), unmaskcost::Error>(())
/// ```
impl core::str::FromStr for Schedule {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self> {
        let trimmed = text.trim();
        let inner = [('(', ')'), ('[', ']')].into_iter().find_map(|(open, close)| {
            trimmed.strip_prefix(open).and_then(|rest| rest.strip_suffix(close))
        });
        // White space around `x` belongs to the part; all other white space is between parts.
        let spaced = inner.unwrap_or(trimmed).replace(['x', 'X', '×'], " x ");
        let unreadable = |index, text| {
            let (what, needed) = ("reveal size", "a whole number, or `size x count`,");
            Error::Unreadable { what, index, text, needed }
        };
        let mut sizes = Vec::new();
        for part in spaced.split(',') {
            let mut words = part.split_whitespace().peekable();
            if words.peek().is_none() {
                return Err(unreadable(sizes.len(), String::new()));
            }
            while let Some(word) = words.next() {
                let step = sizes.len();
                let number = |text: &str, whole: String| {
                    text.parse::<usize>().map_err(|_| unreadable(step, whole))
                };
                let size = number(word, word.to_owned())?;
                let count = match words.next_if_eq(&"x") {
                    Some(_) => {
                        let count = words.next().unwrap_or_default();
                        number(count, format!("{word} x {count}").trim_end().to_owned())?
                    }
                    None => 1,
                };
                if count == 0 {
                    return Err(Error::EmptyStep { step });
                }
                check_list_fits("steps", step.saturating_add(count))?;
                sizes.resize(step + count, size);
            }
        }
        Self::from_vec(sizes)
    }
}

/// The reveal sizes in sampling order.
impl AsRef<[usize]> for Schedule {
    fn as_ref(&self) -> &[usize] {
        &self.sizes
    }
}

/// The reveal sizes in sampling order.
impl<'a> IntoIterator for &'a Schedule {
    type Item = &'a usize;
    type IntoIter = core::slice::Iter<'a, usize>;

    fn into_iter(self) -> Self::IntoIter {
        self.sizes.iter()
    }
}

/// The sizes in sampling order; four or more equal ones in a row are written `size x count`.
impl fmt::Display for Schedule {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&text_of_sizes(&self.sizes))
    }
}

/// Sizes in sampling order, runs of four and more equal ones as `size x count`.
fn text_of_sizes(sizes: &[usize]) -> String {
    let mut parts = Vec::new();
    for run in sizes.chunk_by(|a, b| a == b) {
        match run {
            [size, _, _, _, ..] => parts.push(format!("{size} x {}", run.len())),
            few => parts.extend(few.iter().map(usize::to_string)),
        }
    }
    format!("({})", parts.join(", "))
}
