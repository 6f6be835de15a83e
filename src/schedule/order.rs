//! Which position is revealed when, and the rounds that an order and a schedule make together.

use core::fmt;
use core::str::FromStr;

use crate::error::{Error, Result, check_limit};
use crate::schedule::{BlockLength, Schedule, check_list_fits};

/// An order of the positions that is fixed before any token is seen: which position is revealed first,
/// second and so on.
///
/// A [`Schedule`] says how many positions a step reveals, an order says which: step `t` takes the next
/// `s_t` of the order. Without an order the positions of a schedule are random. With one, the error is
/// again a sum over steps, exactly: see [`OrderCurve`](crate::curve::OrderCurve).
///
/// | order | constructor |
/// | --- | --- |
/// | first to last | [`left_to_right`](Self::left_to_right) |
/// | each next position as far as possible from those revealed | [`spread`](Self::spread), [`shifted`](Self::shifted) |
/// | block after block | [`blocks`](Self::blocks) |
/// | spread over a grid, in two dimensions | [`halton_grid`](Self::halton_grid) |
/// | at random | `random`, with the feature `rand` |
/// | any other | [`from_positions`](Self::from_positions), [`Rounds::from_step_map`] |
///
/// ```
/// use unmaskcost::{Order, Schedule, schedule::Rounds};
/// let order = Order::spread(8)?;
/// assert_eq!(order.positions(), [0, 4, 2, 6, 1, 5, 3, 7]);
/// let rounds = Rounds::new(order, Schedule::from_reveal_sizes([2, 2, 4])?)?;
/// let sets: Vec<_> = rounds.sets().collect();
/// assert_eq!(sets, [&[0, 4][..], &[2, 6], &[1, 5, 3, 7]]);
/// # Ok::<(), unmaskcost::Error>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Order {
    positions: Vec<usize>,
}

impl Order {
    /// The order from the first position to the last.
    ///
    /// # Errors
    /// [`Empty`](Error::Empty) for no tokens, [`TooLarge`](Error::TooLarge) for more than 2^24.
    pub fn left_to_right(tokens: usize) -> Result<Self> {
        check_tokens(tokens)?;
        Ok(Self { positions: (0..tokens).collect() })
    }

    /// Bit reversal: each next position halves a gap between those revealed. O(L).
    ///
    /// # Formula
    /// ```text
    /// the numbers i = 0, 1, .. below the next power of two, each with its bits reversed,
    /// without those that are L or more
    /// ```
    /// So for every power of two `g`, the first `ceil(L/g)` positions are `0, g, 2g, ..`: evenly spaced,
    /// and each doubling of what is revealed puts one new position between any two old ones.
    ///
    /// # Why this one
    /// The other usual choice is golden-ratio spacing, rank `i` at the free position next to
    /// `L frac(i (sqrt(5) - 1)/2)`. With the best sizes for each, on Markov chains, bit reversal cost less in most cases,
    /// from six steps on by a factor of ten and more; with four steps or less and long dependence golden-ratio spacing cost up to a fifth less. With
    /// equal sizes bit reversal is better where T is a power of two, and golden-ratio spacing often where it is not. The
    /// [guide](crate::docs::guide) has the numbers.
    ///
    /// # Errors
    /// As [`Order::left_to_right`].
    ///
    /// ```
    /// use unmaskcost::Order;
    /// assert_eq!(Order::spread(6)?.positions(), [0, 4, 2, 1, 5, 3]);
    /// # Ok::<(), unmaskcost::Error>(())
    /// ```
    #[doc(alias = "bit reversal")]
    #[doc(alias = "dilated")]
    pub fn spread(tokens: usize) -> Result<Self> {
        check_tokens(tokens)?;
        let bits = tokens.next_power_of_two().trailing_zeros();
        let reversed =
            |i: usize| if bits == 0 { 0 } else { i.reverse_bits() >> (usize::BITS - bits) };
        let positions = (0..tokens.next_power_of_two()).map(reversed);
        Ok(Self { positions: positions.filter(|&position| position < tokens).collect() })
    }

    /// Every position moved to the right, around the end: position `p` becomes `(p + by) mod L`.
    ///
    /// A shift drawn anew for each sequence keeps an order from favouring the same positions every
    /// time.
    ///
    /// ```
    /// use unmaskcost::Order;
    /// assert_eq!(Order::spread(4)?.shifted(3).positions(), [3, 1, 0, 2]);
    /// # Ok::<(), unmaskcost::Error>(())
    /// ```
    #[must_use]
    pub fn shifted(mut self, by: usize) -> Self {
        let (tokens, by) = (self.tokens(), by % self.tokens());
        // Both are at most 2^24: their sum fits.
        self.positions.iter_mut().for_each(|position| *position = (*position + by) % tokens);
        self
    }

    /// Block after block of `block_length` positions (the last may be shorter), each in the order that
    /// `inner` gives for its number of tokens.
    ///
    /// # Errors
    /// [`Empty`](Error::Empty) for no tokens or blocks of none; [`LengthMismatch`](Error::LengthMismatch)
    /// if an inner order has another number of tokens than its block; those of `inner`.
    ///
    /// ```
    /// use unmaskcost::{Order, schedule::BlockLength};
    /// let order = Order::blocks(6, BlockLength(4), Order::spread)?;
    /// assert_eq!(order.positions(), [0, 2, 1, 3, 4, 5]);
    /// # Ok::<(), unmaskcost::Error>(())
    /// ```
    pub fn blocks(
        tokens: usize,
        block_length: BlockLength,
        mut inner: impl FnMut(usize) -> Result<Self>,
    ) -> Result<Self> {
        check_tokens(tokens)?;
        let block_length = block_length.nonzero()?;
        let mut positions = Vec::with_capacity(tokens);
        for start in (0..tokens).step_by(block_length) {
            let expected = block_length.min(tokens - start);
            let order = inner(expected)?;
            if order.tokens() != expected {
                let what = "the inner order of a block";
                return Err(Error::LengthMismatch { what, found: order.tokens(), expected });
            }
            positions.extend(order.positions.iter().map(|position| start + position));
        }
        Ok(Self { positions })
    }

    /// Halton's order of a grid, position `row * width + column`, as Halton-MaskGIT draws it.
    ///
    /// # Formula
    /// ```text
    /// i = 1, 2, ..:  row = floor(height phi_2(i)),  column = floor(width phi_3(i)),  cells seen before left out
    /// ```
    /// where `phi_b(i)` has the digits of `i` in base `b` mirrored at the point. In `f32`, as the original.
    /// The original draws 10,000 points whatever the grid; here as many are drawn as fill it, at most 24 per
    /// cell.
    ///
    /// Source: valeoai/Halton-MaskGIT `Sampler/halton_sampler.py` @08cfdae, `build_halton_mask`.
    ///
    /// # Errors
    /// [`Empty`](Error::Empty) for no row or column; [`TooLarge`](Error::TooLarge) for more than 4,096 of
    /// either.
    ///
    /// ```
    /// use unmaskcost::Order;
    /// assert_eq!(Order::halton_grid(2, 3)?.positions(), [4, 2, 3, 1, 5, 0]);
    /// # Ok::<(), unmaskcost::Error>(())
    /// ```
    pub fn halton_grid(height: usize, width: usize) -> Result<Self> {
        const MAX_SIDE: u128 = 1 << 12;
        check_limit("rows of a grid", height as u128, MAX_SIDE)?;
        check_limit("columns of a grid", width as u128, MAX_SIDE)?;
        let tokens = height * width;
        check_tokens(tokens)?;
        let place = |side: usize, base: usize, index: usize| {
            (side as f32 * van_der_corput(base, index) as f32) as usize
        };
        let mut seen = vec![false; tokens];
        let mut positions = Vec::with_capacity(tokens);
        for index in 1..=24 * tokens {
            let position = place(height, 2, index) * width + place(width, 3, index);
            if !core::mem::replace(&mut seen[position], true) {
                positions.push(position);
            }
            if positions.len() == tokens {
                break;
            }
        }
        Self::from_positions(positions)
    }

    /// A uniformly random order. On average over such orders the error is that of the information
    /// curve.
    ///
    /// # Errors
    /// As [`Order::left_to_right`].
    ///
    /// ```
    /// use rand::SeedableRng;
    /// use unmaskcost::Order;
    /// let mut generator = rand::rngs::ChaCha8Rng::seed_from_u64(5);
    /// let order = Order::random(100, &mut generator)?;
    /// assert_ne!(order, Order::random(100, &mut generator)?);
    /// # Ok::<(), unmaskcost::Error>(())
    /// ```
    #[cfg(feature = "rand")]
    #[cfg_attr(docsrs, doc(cfg(feature = "rand")))]
    pub fn random<R: rand::Rng + ?Sized>(tokens: usize, generator: &mut R) -> Result<Self> {
        use rand::seq::SliceRandom;
        let mut order = Self::left_to_right(tokens)?;
        order.positions.shuffle(generator);
        Ok(order)
    }

    /// The order that reveals these positions: each of `0 .. L` once.
    ///
    /// # Errors
    /// [`Empty`](Error::Empty), [`IndexOutOfRange`](Error::IndexOutOfRange) for a position that is not
    /// below the number of positions given, [`Duplicate`](Error::Duplicate).
    ///
    /// ```
    /// use unmaskcost::{Error, Order};
    /// assert_eq!(Order::from_positions([2, 0, 1])?.tokens(), 3);
    /// let twice = Order::from_positions([2, 0, 2]);
    /// assert_eq!(twice, Err(Error::Duplicate { what: "position", index: 2 }));
    /// # Ok::<(), unmaskcost::Error>(())
    /// ```
    pub fn from_positions(positions: impl AsRef<[usize]>) -> Result<Self> {
        let positions = positions.as_ref().to_vec();
        let tokens = positions.len();
        check_tokens(tokens)?;
        let what = "position";
        let mut seen = vec![false; tokens];
        for &index in &positions {
            match seen.get_mut(index) {
                None => return Err(Error::IndexOutOfRange { what, index, limit: tokens }),
                Some(true) => return Err(Error::Duplicate { what, index }),
                Some(seen) => *seen = true,
            }
        }
        Ok(Self { positions })
    }

    /// The positions in the order in which they are revealed.
    #[must_use]
    pub fn positions(&self) -> &[usize] {
        &self.positions
    }

    /// L, the number of positions.
    #[must_use]
    pub fn tokens(&self) -> usize {
        self.positions.len()
    }

    /// The rank of each position: how many are revealed before it. The inverse of
    /// [`positions`](Self::positions).
    ///
    /// ```
    /// use unmaskcost::Order;
    /// assert_eq!(Order::from_positions([2, 0, 1])?.ranks(), [1, 2, 0]);
    /// # Ok::<(), unmaskcost::Error>(())
    /// ```
    #[must_use]
    pub fn ranks(&self) -> Vec<usize> {
        let mut ranks = vec![0; self.tokens()];
        self.positions.iter().enumerate().for_each(|(rank, &position)| ranks[position] = rank);
        ranks
    }
}

fn check_tokens(tokens: usize) -> Result<()> {
    if tokens == 0 {
        return Err(Error::Empty { what: "the list of positions" });
    }
    check_list_fits("positions", tokens)
}

/// The digits of an index in a base, mirrored at the point.
fn van_der_corput(base: usize, mut index: usize) -> f64 {
    let (mut numerator, mut denominator) = (0, 1);
    while index > 0 {
        numerator = numerator * base + index % base;
        denominator *= base;
        index /= base;
    }
    numerator as f64 / denominator as f64
}

impl AsRef<[usize]> for Order {
    fn as_ref(&self) -> &[usize] {
        &self.positions
    }
}

/// The positions in order; three or more in a row that rise by one are written `first-last`.
impl fmt::Display for Order {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut parts = Vec::new();
        for run in self.positions.chunk_by(|a, b| a + 1 == *b) {
            match run {
                [first, _, .., last] => parts.push(format!("{first}-{last}")),
                few => parts.extend(few.iter().map(usize::to_string)),
            }
        }
        f.pad(&format!("({})", parts.join(", ")))
    }
}

/// Reads what `Display` prints, and plain lists: positions separated by commas, in parentheses or
/// brackets or without; `first-last` stands for all positions between, both included.
///
/// # Errors
/// [`Unreadable`](Error::Unreadable); [`TooLarge`](Error::TooLarge) for more than 2^24
/// positions; as [`Order::from_positions`].
///
/// ```
/// use unmaskcost::Order;
/// let order: Order = "(3, 0-2)".parse()?;
/// assert_eq!(order.positions(), [3, 0, 1, 2]);
/// assert_eq!(order.to_string(), "(3, 0-2)");
/// assert!("3, two".parse::<Order>().is_err());
/// # Ok::<(), unmaskcost::Error>(())
/// ```
impl FromStr for Order {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self> {
        let trimmed = text.trim();
        let inner = [('(', ')'), ('[', ']')].into_iter().find_map(|(open, close)| {
            trimmed.strip_prefix(open).and_then(|rest| rest.strip_suffix(close))
        });
        let mut positions = Vec::new();
        for (index, part) in inner.unwrap_or(trimmed).split(',').enumerate() {
            let unreadable = || Error::Unreadable {
                what: "position",
                index,
                text: part.trim().to_owned(),
                needed: "a whole number, or `first-last`,",
            };
            let number = |text: &str| text.trim().parse::<usize>().map_err(|_| unreadable());
            let (first, last) = match part.split_once('-') {
                Some((first, last)) => (number(first)?, number(last)?),
                None => (number(part)?, number(part)?),
            };
            let further = last.checked_sub(first).ok_or_else(unreadable)?;
            check_list_fits(
                "positions",
                positions.len().saturating_add(further).saturating_add(1),
            )?;
            positions.extend(first..=last);
        }
        Self::from_positions(positions)
    }
}

/// An order with a schedule: the positions that each step reveals.
///
/// Inside a round the order of the positions has no meaning to a sampler. It is kept, so that the order
/// and the schedule that made the rounds come back unchanged.
///
/// ```
/// use unmaskcost::schedule::Rounds;
/// // What servers log: the pass that revealed each token.
/// let rounds = Rounds::from_step_map([1, 1, 3, 2, 2, 1, 3, 3])?;
/// assert_eq!(rounds.schedule().sizes(), [3, 2, 3]);
/// assert_eq!(rounds.order().positions(), [0, 1, 5, 3, 4, 2, 6, 7]);
/// assert_eq!(rounds.step_map(), [0, 0, 2, 1, 1, 0, 2, 2]);
/// # Ok::<(), unmaskcost::Error>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Rounds {
    order: Order,
    schedule: Schedule,
}

impl Rounds {
    /// The rounds that reveal the next positions of the order in each step of the schedule.
    ///
    /// # Errors
    /// [`TokensDiffer`](Error::TokensDiffer) unless both have the same number of tokens.
    pub fn new(order: Order, schedule: Schedule) -> Result<Self> {
        schedule.check_tokens("order", order.tokens())?;
        Ok(Self { order, schedule })
    }

    /// The rounds that reveal these positions.
    ///
    /// # Errors
    /// [`EmptyStep`](Error::EmptyStep) for a round without positions; as [`Order::from_positions`] for all
    /// of them together.
    ///
    /// ```
    /// use unmaskcost::schedule::Rounds;
    /// let rounds = Rounds::from_sets([vec![0, 2], vec![1, 3]])?;
    /// assert_eq!(rounds.order().positions(), [0, 2, 1, 3]);
    /// assert_eq!(rounds.schedule().sizes(), [2, 2]);
    /// # Ok::<(), unmaskcost::Error>(())
    /// ```
    pub fn from_sets(sets: impl AsRef<[Vec<usize>]>) -> Result<Self> {
        let sets = sets.as_ref();
        let sizes: Vec<usize> = sets.iter().map(Vec::len).collect();
        Ok(Self {
            schedule: Schedule::try_from(sizes)?,
            order: Order::from_positions(sets.concat())?,
        })
    }

    /// The rounds from the number of the pass that revealed each token, as servers log it. Numbers may start
    /// anywhere, and those that no token has are passes that revealed nothing: they are left out. O(L log L).
    ///
    /// # Errors
    /// [`Empty`](Error::Empty) for no tokens, [`TooLarge`](Error::TooLarge) for more than 2^24.
    pub fn from_step_map(passes: impl AsRef<[usize]>) -> Result<Self> {
        let passes = passes.as_ref();
        let mut order = Order::left_to_right(passes.len())?;
        order.positions.sort_by_key(|&position| passes[position]);
        let same = |a: &usize, b: &usize| passes[*a] == passes[*b];
        let sizes: Vec<usize> = order.positions.chunk_by(same).map(<[usize]>::len).collect();
        Ok(Self { schedule: Schedule::try_from(sizes)?, order })
    }

    /// L, the number of tokens.
    #[must_use]
    pub fn tokens(&self) -> usize {
        self.order.tokens()
    }

    /// The order in which positions are revealed.
    #[must_use]
    pub fn order(&self) -> &Order {
        &self.order
    }

    /// The schedule: how many positions each round reveals.
    #[must_use]
    pub fn schedule(&self) -> &Schedule {
        &self.schedule
    }

    /// The positions of each round.
    pub fn sets(&self) -> impl Iterator<Item = &[usize]> + '_ {
        self.schedule.ranges().map(|range| &self.order.positions[range])
    }

    /// The round that reveals each position, counted from 0.
    #[must_use]
    pub fn step_map(&self) -> Vec<usize> {
        let mut steps = vec![0; self.order.tokens()];
        for (step, set) in self.sets().enumerate() {
            set.iter().for_each(|&position| steps[position] = step);
        }
        steps
    }
}

/// The positions of each round, separated by `|`.
impl fmt::Display for Rounds {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let set = |positions: &[usize]| {
            positions.iter().map(usize::to_string).collect::<Vec<_>>().join(", ")
        };
        f.pad(&self.sets().map(set).collect::<Vec<_>>().join(" | "))
    }
}
