//! What samples of an unknown distribution tell: entropies with their bias taken out and their errors, as far as they
//! can be trusted.

use std::collections::BTreeMap;

use crate::distribution::traits::check_positions;
use crate::error::{Error, Result, check_limit, no_spread};

mod curve;
mod entropies;
mod estimate;
mod partition;

pub use curve::{SampledCorrelations, SampledCurve};
pub use estimate::SampledValue;

use entropies::{Tally, Terms};
use estimate::{SecondOrder, Shares};
use partition::Partition;

/// Samples of an unknown distribution: what they tell of its information curve, and no more.
///
/// A [`JointTable`](crate::distribution::JointTable) made from samples is the distribution *of the sample*. Its entropies are too small, its total
/// correlation is too large, and with few samples most of it may be chance: letters in shuffled order then seem to
/// depend on each other. Here entropies are estimated with that bias taken out, with errors from the spread between
/// groups of samples, and with a rule that says up to which number of tokens they can be trusted. What is trusted
/// becomes a [`Known`](crate::bounds::sharp::Known), so bounds and minimax schedules follow from it.
///
/// Samples of one group may depend on each other in any way: windows of one document, or neighbouring windows of
/// one text. Groups should be independent. All computations are in `f64`.
///
/// # Formula
/// ```text
/// plug-in        H = ln N - (1/N) sum over cells of n ln n              N samples, n of them in a cell
/// Miller-Madow   H + (cells seen - 1) / (2 N)
/// Grassberger    ln N - (1/N) sum over cells of n G(n)
///                G(n) = digamma(n) + (-1)^n/2 (digamma((n+1)/2) - digamma(n/2))
/// Chao, Wang     sum over cells of (n/N) (1/n + .. + 1/(N-1)) + (f_1/N) (1-A)^(1-N) (-ln A - sum_{r<N} (1-A)^r / r)
/// and Jost       f_i the number of cells with i samples, A = 2 f_2 / ((N-1) f_1 + 2 f_2), or 2 / ((N-1) (f_1-1) + 2) if f_2 = 0
/// coverage       1 - (cells with one sample) / N
/// ```
/// Sources: Miller, in *Information Theory in Psychology* (1955); Grassberger, arXiv physics/0307138; Chao, Wang & Jost,
/// *Methods in Ecology and Evolution* 4 (2013); Good, *Biometrika* 40
/// (1953), for the coverage: the share of the distribution that lies in cells that were seen. The error is that of the
/// jackknife over groups (Efron & Stein, *Annals of Statistics* 9, 1981).
///
/// ```
/// use unmaskcost::distribution::{MarkovChain, Samples};
/// use unmaskcost::{Schedule, bounds::Knowledge};
/// use rand::SeedableRng;
///
/// let chain = MarkovChain::stationary(&[[0.9, 0.1], [0.3, 0.7]])?;
/// let mut generator = rand::rngs::ChaCha8Rng::seed_from_u64(2);
/// let words = (0..2000).map(|_| chain.sample(12, &mut generator));
/// let words = words.collect::<Result<Vec<_>, _>>()?;
///
/// let curve = Samples::independent(&[2; 12], words)?.curve()?;
/// assert!(curve.trusted() >= 3 && curve.trusted() < 11);
/// let schedule = Schedule::balanced(12, 4)?;
/// let bounds = curve.known(0.95)?.bounds(&schedule)?;
/// assert!(bounds.contains(chain.information_curve(12)?.sampling_error(&schedule)?));
/// # Ok::<(), unmaskcost::Error>(())
/// ```
#[derive(Debug, Clone, PartialEq)]
pub struct Samples {
    alphabets: Vec<usize>,
    /// For each position the symbols of all samples; those of one group stand together.
    columns: Vec<Vec<u32>>,
    /// Where each group ends.
    ends: Vec<usize>,
}

/// The most symbols that are held: half a gigabyte.
const MAX_SYMBOLS: u128 = 1 << 27;
/// The most groups: each has a number for each estimate.
const MAX_GROUPS: usize = 1 << 16;
/// Independent samples are put into this many groups. More groups would not improve the errors
/// noticeably.
const GROUPS_OF_INDEPENDENT: usize = 256;
/// The largest alphabet: a table of it is made for each splitting.
const MAX_ALPHABET: u128 = 1 << 24;

impl Samples {
    /// Independent samples over alphabets of these sizes, one per position. They are put into at most 256 groups, which is
    /// enough for their errors.
    ///
    /// # Errors
    /// [`Empty`](Error::Empty) for no position or no sample, [`LengthMismatch`](Error::LengthMismatch) for a sample of another
    /// length, [`IndexOutOfRange`](Error::IndexOutOfRange) for a symbol outside its alphabet,
    /// [`TooFew`](Error::TooFew) for a single sample, [`TooLarge`](Error::TooLarge) for more than 2^27 symbols in all, or an
    /// alphabet of more than 2^24.
    ///
    /// ```
    /// use unmaskcost::distribution::Samples;
    /// let samples = Samples::independent(&[2, 2], [[0, 1], [1, 0], [1, 1]])?;
    /// assert_eq!((samples.tokens(), samples.len()), (2, 3));
    /// # Ok::<(), unmaskcost::Error>(())
    /// ```
    pub fn independent<S: AsRef<[usize]>>(
        alphabets: &[usize],
        samples: impl IntoIterator<Item = S>,
    ) -> Result<Self> {
        let columns = columns(alphabets, samples)?;
        let samples = columns[0].len();
        let groups = samples.min(GROUPS_OF_INDEPENDENT);
        Self::of_columns(alphabets, columns, equal_ends(samples, groups))
    }

    /// Samples in groups that are independent of each other: pairs of the name of a group (a document, a sequence) and a
    /// sample.
    ///
    /// # Errors
    /// As [`independent`](Self::independent); [`TooFew`](Error::TooFew) for a single group;
    /// [`TooLarge`](Error::TooLarge) for more than 2^16 groups.
    ///
    /// ```
    /// use unmaskcost::distribution::Samples;
    /// let samples = [("a", [0, 1]), ("b", [1, 0]), ("a", [1, 1])];
    /// assert_eq!(Samples::in_groups(&[2, 2], samples)?.groups(), 2);
    /// # Ok::<(), unmaskcost::Error>(())
    /// ```
    pub fn in_groups<K: Ord, S: AsRef<[usize]>>(
        alphabets: &[usize],
        samples: impl IntoIterator<Item = (K, S)>,
    ) -> Result<Self> {
        let mut by_group: BTreeMap<K, Vec<S>> = BTreeMap::new();
        for (group, sample) in samples {
            by_group.entry(group).or_default().push(sample);
        }
        let ends = by_group.values().scan(0, |end, samples| {
            *end += samples.len();
            Some(*end)
        });
        let ends = ends.collect();
        Self::of_columns(alphabets, columns(alphabets, by_group.into_values().flatten())?, ends)
    }

    /// All windows of a text, one starting at each of its symbols, in a given number of blocks of
    /// neighbouring windows.
    ///
    /// Windows that overlap depend on each other, so errors come from the spread between blocks. They are right if
    /// blocks are long compared with the windows and with the memory of the text, and if there are some twenty blocks
    /// or more. A text that hardly leaves some of its states shows too little of itself in any number of blocks: in
    /// simulations of such texts, intervals of 95 % hold in 84 to 91 % of the runs.
    ///
    /// # Errors
    /// As [`in_groups`](Self::in_groups); [`LengthMismatch`](Error::LengthMismatch) for a text shorter than
    /// a window.
    ///
    /// ```
    /// use unmaskcost::distribution::Samples;
    /// let text = [0, 1, 1, 0, 1, 0, 0, 1, 1, 1];
    /// assert_eq!(Samples::windows(&text, 2, 3, 2)?.len(), 8);
    /// # Ok::<(), unmaskcost::Error>(())
    /// ```
    pub fn windows(text: &[usize], alphabet: usize, window: usize, blocks: usize) -> Result<Self> {
        if window == 0 {
            return Err(Error::Empty { what: "a window" });
        }
        if text.len() < window {
            let what = "the text (at least one window)";
            return Err(Error::LengthMismatch { what, found: text.len(), expected: window });
        }
        let symbols = window as u128 * (text.len() - window + 1) as u128;
        check_limit("symbols of all windows", symbols, MAX_SYMBOLS)?;
        let alphabets = vec![alphabet; window];
        let columns = columns(&alphabets, text.windows(window))?;
        let samples = columns[0].len();
        let ends = equal_ends(samples, blocks.min(samples));
        Self::of_columns(&alphabets, columns, ends)
    }

    fn of_columns(alphabets: &[usize], columns: Vec<Vec<u32>>, ends: Vec<usize>) -> Result<Self> {
        if ends.len() < 2 {
            return Err(no_spread(ends.len()));
        }
        check_limit("groups of samples", ends.len() as u128, MAX_GROUPS as u128)?;
        Ok(Self { alphabets: alphabets.to_vec(), columns, ends })
    }

    /// L, the number of tokens of each sample.
    #[must_use]
    pub fn tokens(&self) -> usize {
        self.columns.len()
    }

    /// The number of samples.
    #[must_use]
    #[expect(clippy::len_without_is_empty, reason = "there are always two samples or more")]
    pub fn len(&self) -> usize {
        self.ends.last().copied().unwrap_or(0)
    }

    /// The number of groups whose spread gives the errors: those handed in, or 256 for that many independent samples
    /// or more.
    #[must_use]
    pub fn groups(&self) -> usize {
        self.ends.len()
    }

    /// The entropy of the tokens at some positions together. O(samples x positions).
    ///
    /// # Errors
    /// [`Duplicate`](Error::Duplicate) and [`IndexOutOfRange`](Error::IndexOutOfRange) for the positions.
    ///
    /// ```
    /// use unmaskcost::distribution::Samples;
    /// let words = [[0, 0], [1, 1], [0, 0], [1, 1], [0, 1], [1, 0], [1, 1], [0, 0]];
    /// let entropy = Samples::independent(&[2, 2], words)?.entropy(&[0, 1])?;
    /// assert!(entropy.plug_in() < entropy.estimate().value());
    /// # Ok::<(), unmaskcost::Error>(())
    /// ```
    pub fn entropy(&self, positions: &[usize]) -> Result<SampledValue> {
        let positions = check_positions(positions, Some(self.tokens()))?;
        let split = |partition: Partition, &position: &usize| self.split(&partition, position);
        let partition = positions.iter().fold(Partition::whole(self.len()), split);
        let tally = Tally::of(&partition, &self.ends, &Terms::up_to(self.len()));
        // Of one set of tokens, as of one token with so many symbols.
        let second_order = SecondOrder::of_means(self.len(), 1, &tally);
        SampledValue::of(&tally, &self.shares(), second_order.error(&[(1.0, 1)]))
    }

    /// The same samples, with the symbols at each position shuffled among the samples. Every position keeps its
    /// frequencies, and nothing is left of what positions tell about each other. All information estimated from them is
    /// chance. Groups are mixed, so each sample counts as independent.
    ///
    /// To control for what neighbouring windows share, shuffle the text itself and take its windows.
    ///
    /// ```
    /// use unmaskcost::distribution::Samples;
    /// use rand::SeedableRng;
    /// let words = (0..400).map(|i| [i % 2, i % 2, i / 2 % 2]);
    /// let samples = Samples::independent(&[2; 3], words)?;
    /// let mut generator = rand::rngs::ChaCha8Rng::seed_from_u64(7);
    /// let control = samples.shuffled(&mut generator).correlations()?.total;
    /// assert!(control.estimate().interval(0.99)?.contains(unmaskcost::Nats(0.0)));
    /// assert!(samples.correlations()?.total.estimate().value().0 > 0.6);
    /// # Ok::<(), unmaskcost::Error>(())
    /// ```
    #[cfg(feature = "rand")]
    #[cfg_attr(docsrs, doc(cfg(feature = "rand")))]
    #[must_use]
    pub fn shuffled<R: rand::Rng + ?Sized>(&self, generator: &mut R) -> Self {
        use rand::seq::SliceRandom;
        let mut shuffled = self.clone();
        shuffled.columns.iter_mut().for_each(|column| column.shuffle(generator));
        shuffled.ends = equal_ends(self.len(), self.len().min(GROUPS_OF_INDEPENDENT));
        shuffled
    }

    fn split(&self, partition: &Partition, position: usize) -> Partition {
        partition.split(&self.columns[position], self.alphabets[position])
    }

    fn shares(&self) -> Shares {
        Shares::of(&self.ends)
    }
}

/// The ends of groups whose sizes differ by at most one.
fn equal_ends(samples: usize, groups: usize) -> Vec<usize> {
    let end = |group: usize| (group as u128 * samples as u128 / groups as u128) as usize;
    (1..=groups).map(end).collect()
}

/// The symbols of each position, checked.
fn columns<S: AsRef<[usize]>>(
    alphabets: &[usize],
    samples: impl IntoIterator<Item = S>,
) -> Result<Vec<Vec<u32>>> {
    if alphabets.is_empty() {
        return Err(Error::Empty { what: "the list of alphabets" });
    }
    for &alphabet in alphabets {
        check_limit("symbols of an alphabet", alphabet as u128, MAX_ALPHABET)?;
    }
    let mut columns = vec![Vec::new(); alphabets.len()];
    for sample in samples {
        let sample = sample.as_ref();
        let (found, expected) = (sample.len(), alphabets.len());
        if found != expected {
            return Err(Error::LengthMismatch { what: "a sample", found, expected });
        }
        for ((column, &index), &limit) in columns.iter_mut().zip(sample).zip(alphabets) {
            if index >= limit {
                return Err(Error::IndexOutOfRange { what: "symbol", index, limit });
            }
            column.push(index as u32);
        }
        let symbols = columns[0].len() as u128 * columns.len() as u128;
        check_limit("symbols of all samples", symbols, MAX_SYMBOLS)?;
    }
    if columns[0].is_empty() {
        return Err(Error::Empty { what: "the list of samples" });
    }
    Ok(columns)
}
