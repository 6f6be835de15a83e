//! The information curve as far as samples determine it.

use crate::bounds::sharp::Known;
use crate::distribution::samples::Samples;
use crate::distribution::samples::entropies::{Tally, Terms};
use crate::distribution::samples::estimate::{SampledValue, SecondOrder};
use crate::distribution::samples::partition::Partition;
use crate::error::{Result, check_limit};
use crate::estimate::{Estimate, outside_of_each};
use crate::numeric::scalar;
use crate::numeric::student::Quantiles;
use crate::units::Nats;

/// The most samples times sets of tokens: some tens of seconds.
const MAX_WORK: u128 = 1 << 32;

/// The information curve `I_k` of an unknown distribution, estimated from [`Samples`] for small numbers `k` of revealed tokens.
///
/// # Formula
/// ```text
/// I_k = H_1 - (H_{k+1} - H_k)        H_k the mean entropy of k tokens, over all or over random sets of k
/// ```
/// It does not become an [`InformationCurve`](crate::InformationCurve), since samples do not determine a whole curve.
/// What they determine becomes a [`Known`].
#[derive(Debug, Clone, PartialEq)]
pub struct SampledCurve {
    samples: usize,
    /// The logarithms of the alphabets, averaged: no token has more entropy.
    most_entropy: f64,
    tokens: usize,
    /// H_0, H_1, ..
    entropies: Vec<SampledValue>,
    /// I_0, I_1, ..
    information: Vec<SampledValue>,
}

/// TC and DTC of an unknown distribution over few tokens, estimated from [`Samples`].
#[derive(Debug, Clone, Copy, PartialEq)]
#[non_exhaustive]
pub struct SampledCorrelations {
    /// The total correlation.
    pub total: SampledValue,
    /// The dual total correlation.
    pub dual_total: SampledValue,
}

impl Samples {
    /// The information curve up to the first number of revealed tokens at which it cannot be trusted, from all sets of
    /// tokens.
    ///
    /// O(samples) for each set of tokens; there are `C(L, k)` sets of `k`. The curve ends earlier where the next size
    /// would take it beyond 2^32 samples times sets, some tens of seconds. How far it can be trusted beyond,
    /// [`curve_of_random_sets`](Self::curve_of_random_sets) tells, which looks at fewer sets.
    ///
    /// # Errors
    /// [`TooLarge`](crate::Error::TooLarge), at once, if already the pairs of tokens are more than 2^32 samples times sets.
    pub fn curve(&self) -> Result<SampledCurve> {
        self.check_work(1)?;
        let within = |revealed: usize| self.check_work(revealed).is_ok();
        self.curve_while(|at, value| value.is_trusted() && within(at + 1))
    }

    /// The information curve up to `revealed` tokens, trusted or not, from all sets of tokens: to see where chance
    /// takes over.
    ///
    /// # Errors
    /// [`IndexOutOfRange`](crate::Error::IndexOutOfRange) for L or more; [`TooLarge`](crate::Error::TooLarge), at once, for more
    /// than 2^32 samples times sets of up to `revealed + 1` tokens.
    pub fn curve_up_to(&self, revealed: usize) -> Result<SampledCurve> {
        let limit = self.tokens();
        if revealed >= limit {
            let what = "number of revealed tokens";
            return Err(crate::Error::IndexOutOfRange { what, index: revealed, limit });
        }
        self.check_work(revealed)?;
        self.curve_while(|at, _| at < revealed)
    }

    fn curve_while(&self, go_on: impl Fn(usize, &SampledValue) -> bool) -> Result<SampledCurve> {
        let terms = Terms::up_to(self.len());
        self.curve_by_size(&terms, go_on, |size| Ok((self.mean_entropy(size, &terms), Vec::new())))
    }

    /// Refuses a curve from all sets up to this many revealed tokens, if these are too many.
    fn check_work(&self, revealed: usize) -> Result<()> {
        let sizes = 1..=(revealed + 1).min(self.tokens());
        let sets = sizes.map(|size| binomial(self.tokens(), size));
        let work = sets.fold(0, u128::saturating_add).saturating_mul(self.len() as u128);
        let what = "samples times sets of tokens (curve_of_random_sets looks at fewer sets)";
        check_limit(what, work, MAX_WORK)
    }

    /// Size after size: the mean tally of the sets, and the values of the single sets if not all sets were
    /// looked at.
    fn curve_by_size(
        &self,
        terms: &Terms,
        go_on: impl Fn(usize, &SampledValue) -> bool,
        mut of_size: impl FnMut(usize) -> Result<(Tally, Vec<f64>)>,
    ) -> Result<SampledCurve> {
        let shares = self.shares();
        // There are few single tokens, so all of them are used even where larger sets are chosen at
        // random.
        let singles = self.mean_entropy(1, terms);
        // The entropy of no token is known.
        let nothing = Tally { coverage: 1.0, ..Tally::nothing(shares.groups()) };
        let mut sizes = vec![(nothing, Vec::new()), of_size(1)?];
        let second_order = SecondOrder::of_means(self.len(), self.tokens(), &singles);
        let nothing = SampledValue::of(&sizes[0].0, &shares, 0.0)?;
        let single = SampledValue::of(&singles, &shares, second_order.error(&[(1.0, 1)]))?;
        let (mut entropies, mut information) = (vec![nothing, single], vec![nothing]);
        for revealed in 1..self.tokens() {
            if !go_on(revealed - 1, &information[revealed - 1]) {
                break;
            }
            sizes.push(of_size(revealed + 1)?);
            let [before, after] = [revealed, revealed + 1].map(|size| &sizes[size]);
            let mut tally = Tally::nothing(shares.groups());
            tally.add(1.0, &singles);
            tally.add(1.0, &before.0);
            tally.add(-1.0, &after.0);
            tally.coverage = after.0.coverage;
            let least = second_order.error(&[(1.0, revealed + 1)]);
            let entropy =
                SampledValue::with_other_error(&after.0, &shares, least, spread(&after.1))?;
            entropies.push(entropy);
            let rises: Vec<f64> = before.1.iter().zip(&after.1).map(|(h, next)| next - h).collect();
            let least = second_order.error(&[(1.0, 1), (1.0, revealed), (-1.0, revealed + 1)]);
            information.push(SampledValue::with_other_error(
                &tally,
                &shares,
                least,
                spread(&rises),
            )?);
        }
        let logarithms = self.alphabets.iter().map(|&alphabet| (alphabet as f64).ln());
        Ok(SampledCurve {
            samples: self.len(),
            most_entropy: scalar::sum(logarithms) / self.tokens() as f64,
            tokens: self.tokens(),
            entropies,
            information,
        })
    }

    /// The mean over all sets of this size.
    fn mean_entropy(&self, size: usize, terms: &Terms) -> Tally {
        let mut sum = Tally::nothing(self.groups());
        let weight = 1.0 / binomial(self.tokens(), size) as f64;
        self.for_each_set(Partition::whole(self.len()), 0, size, &mut |partition| {
            sum.add(weight, &Tally::of(partition, &self.ends, terms));
        });
        sum
    }

    /// Calls `visit` with a partition split by each set of `size` positions from `first` on.
    fn for_each_set(
        &self,
        partition: Partition,
        first: usize,
        size: usize,
        visit: &mut impl FnMut(&Partition),
    ) {
        if size == 0 {
            return visit(&partition);
        }
        for position in first..=self.tokens() - size {
            let split = self.split(&partition, position);
            self.for_each_set(split, position + 1, size - 1, visit);
        }
    }

    /// The information curve up to the first number of revealed tokens at which it cannot be trusted, from the sets
    /// along this many random orders of the tokens. For sequences that have too many sets to look at all. The spread
    /// between orders is part of the errors.
    ///
    /// O(samples) for each order and number of tokens.
    ///
    /// # Errors
    /// [`OutOfRange`](crate::Error::OutOfRange) for fewer than 2 orders, [`TooLarge`](crate::Error::TooLarge) for more than 2^27 samples times
    /// orders, which are held at a time, or for more than 2^32 samples times sets.
    ///
    /// ```
    /// use unmaskcost::distribution::{MarkovChain, Samples};
    /// use rand::SeedableRng;
    /// let chain = MarkovChain::stationary(&[[0.9, 0.1], [0.3, 0.7]])?;
    /// let mut generator = rand::rngs::ChaCha8Rng::seed_from_u64(3);
    /// let words = (0..1000).map(|_| chain.sample(200, &mut generator));
    /// let samples = Samples::independent(&[2; 200], words.collect::<Result<Vec<_>, _>>()?)?;
    /// let found = samples.curve_of_random_sets(50, &mut generator)?.information(2).unwrap();
    /// let truth = chain.information_curve(200)?.information(2);
    /// assert!(found.estimate().interval(0.99)?.contains(truth));
    /// # Ok::<(), unmaskcost::Error>(())
    /// ```
    #[cfg(feature = "rand")]
    #[cfg_attr(docsrs, doc(cfg(feature = "rand")))]
    pub fn curve_of_random_sets<R: rand::Rng + ?Sized>(
        &self,
        orders: usize,
        generator: &mut R,
    ) -> Result<SampledCurve> {
        const MAX_HELD: u128 = 1 << 27;
        use rand::seq::SliceRandom;
        if orders < 2 {
            let (what, value) = ("the number of orders", orders as f64);
            return Err(crate::Error::OutOfRange { what, value, needed: "at least 2" });
        }
        let each = orders as u128 * self.len() as u128;
        check_limit("samples times orders", each, MAX_HELD)?;
        let singles = self.tokens() as u128 * self.len() as u128;
        check_limit("samples times tokens", singles, MAX_WORK)?;
        let terms = Terms::up_to(self.len());
        let mut positions: Vec<usize> = (0..self.tokens()).collect();
        let mut paths: Vec<(Vec<usize>, Partition)> = (0..orders)
            .map(|_| {
                positions.shuffle(generator);
                (positions.clone(), Partition::whole(self.len()))
            })
            .collect();
        let mut work = singles;
        self.curve_by_size(
            &terms,
            |_, value| value.is_trusted(),
            |size| {
                work = work.saturating_add(each);
                check_limit("samples times sets of tokens", work, MAX_WORK)?;
                let mut mean = Tally::nothing(self.groups());
                let mut values = Vec::with_capacity(orders);
                for (order, partition) in &mut paths {
                    *partition = self.split(partition, order[size - 1]);
                    let tally = Tally::of(partition, &self.ends, &terms);
                    values.push(tally.chao_wang_jost);
                    mean.add(1.0 / orders as f64, &tally);
                }
                Ok((mean, values))
            },
        )
    }

    /// The total and the dual total correlation of few tokens.
    ///
    /// # Formula
    /// ```text
    /// TC = L H_1 - H_L        DTC = L H_{L-1} - (L - 1) H_L
    /// ```
    /// with the mean entropies `H_k` of `k` tokens. O(samples x L^2).
    ///
    /// # Errors
    /// [`TooLarge`](crate::Error::TooLarge) for more than 2^32 samples times sets of tokens.
    ///
    /// ```
    /// use unmaskcost::distribution::Samples;
    /// // 300 samples of three independent dice: what the sample itself shows is chance.
    /// let dice = (0..300_usize).map(|i| [i * 7 % 6, i * i % 11 % 6, i * i % 17 % 6]);
    /// let total = Samples::independent(&[6; 3], dice)?.correlations()?.total;
    /// assert!(total.plug_in().0 > 0.2 && !total.is_trusted());
    /// # Ok::<(), unmaskcost::Error>(())
    /// ```
    pub fn correlations(&self) -> Result<SampledCorrelations> {
        let tokens = self.tokens();
        let work = (2 * tokens as u128 + 1) * self.len() as u128 * tokens as u128;
        check_limit("samples times sets of tokens", work, MAX_WORK)?;
        let terms = Terms::up_to(self.len());
        let [singles, others, all] =
            [1, tokens - 1, tokens].map(|size| self.mean_entropy(size, &terms));
        let second_order = SecondOrder::of_means(self.len(), tokens, &singles);
        let value = |positive: &Tally, size: usize, negative: f64| {
            let mut tally = Tally::nothing(self.groups());
            tally.add(tokens as f64, positive);
            tally.add(-negative, &all);
            tally.coverage = all.coverage;
            let least = second_order.error(&[(tokens as f64, size), (-negative, tokens)]);
            SampledValue::of(&tally, &self.shares(), least)
        };
        Ok(SampledCorrelations {
            total: value(&singles, 1, 1.0)?,
            dual_total: value(&others, tokens - 1, (tokens - 1) as f64)?,
        })
    }
}

impl SampledCurve {
    /// L, the number of tokens.
    #[must_use]
    pub fn tokens(&self) -> usize {
        self.tokens
    }

    /// The number of samples it was estimated from.
    #[must_use]
    pub fn samples(&self) -> usize {
        self.samples
    }

    /// The largest number of revealed tokens up to which all of the curve that was looked at can be trusted; 0 if nothing
    /// can. See [`SampledValue::is_trusted`].
    #[must_use]
    pub fn trusted(&self) -> usize {
        if !self.entropies[1].is_trusted() {
            return 0;
        }
        self.information.iter().take_while(|value| value.is_trusted()).count() - 1
    }

    /// I_k, the mean information of `revealed` tokens about another one, if it was looked at.
    #[must_use]
    pub fn information(&self, revealed: usize) -> Option<SampledValue> {
        self.information.get(revealed).copied()
    }

    /// H_k, the mean entropy of `tokens` tokens together, if it was looked at.
    #[must_use]
    pub fn subset_entropy(&self, tokens: usize) -> Option<SampledValue> {
        self.entropies.get(tokens).copied()
    }

    /// What is known of the distribution with probability `level`: an interval for each trusted `I_k`, and that no
    /// token tells more than its own entropy. All of this holds together with that probability.
    ///
    /// Intervals through which no monotone curve passes are widened until one does.
    ///
    /// # Errors
    /// [`OutOfRange`](crate::Error::OutOfRange) unless `0 < level < 1`.
    ///
    /// ```
    /// use unmaskcost::{Nats, Schedule, bounds::Knowledge, distribution::Samples};
    /// // Two tokens that agree in five sevenths of the samples.
    /// let words = (0..1000).map(|i| {
    ///     let first = usize::from(i % 10 < 3);
    ///     [first, if i % 7 < 5 { first } else { 1 - first }]
    /// });
    /// let known = Samples::independent(&[2, 2], words)?.curve()?.known(0.95)?;
    /// let bounds = known.bounds(&Schedule::one_step(2)?)?;
    /// assert!(bounds.contains(Nats(0.0795)) && bounds.width() < Nats(0.1));
    /// # Ok::<(), unmaskcost::Error>(())
    /// ```
    pub fn known(&self, level: f64) -> Result<Known> {
        let trusted = self.trusted();
        let mut quantiles = Quantiles::new(outside_of_each(level, trusted + 1)?);
        let mut ends = Vec::with_capacity(trusted);
        for value in &self.information[1..=trusted] {
            let (lower, upper) = value.estimate().ends(&mut quantiles)?;
            ends.push((lower.0.max(0.0), upper.0.max(0.0)));
        }
        let mut least_upper = f64::INFINITY;
        for (lower, upper) in ends.iter_mut().rev() {
            least_upper = least_upper.min(*upper);
            *lower = lower.min(least_upper);
        }
        let mut entropy = self.most_entropy;
        if self.entropies[1].is_trusted() {
            entropy = entropy.min(self.entropies[1].estimate().ends(&mut quantiles)?.1.0);
        }
        // What is known of the information is not more than what is known of the entropy.
        let entropy = ends.iter().fold(entropy, |entropy, (lower, _)| entropy.max(*lower));
        let known = Known::about(self.tokens).single_token_entropy(Nats(entropy));
        let with = |known: Known, (revealed, (lower, upper)): (usize, (f64, f64))| {
            known.information_between(revealed + 1, Nats(lower), Nats(upper))
        };
        Ok(ends.into_iter().enumerate().fold(known, with))
    }
}

/// The mean of the values of random sets, with its error; `None` if all sets were looked at.
fn spread(values: &[f64]) -> Option<Estimate> {
    let sets = values.len() as f64;
    if values.len() < 2 {
        return None;
    }
    let mean = scalar::sum(values.iter().copied()) / sets;
    let norm = scalar::norm(values.iter().map(|value| value - mean));
    let error = norm / (sets * (sets - 1.0)).sqrt();
    Some(Estimate::of_parts(Nats(mean), Nats(error), sets - 1.0))
}

/// The number of sets, saturating.
fn binomial(tokens: usize, size: usize) -> u128 {
    let size = size.min(tokens - size);
    let mut sets = 1_u128;
    for chosen in 0..size {
        match sets.checked_mul((tokens - chosen) as u128) {
            Some(product) => sets = product / (chosen + 1) as u128,
            None => return u128::MAX >> 64,
        }
    }
    sets
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_error_of_a_mean_over_sets_is_that_of_a_sample() {
        // Deviations -1, 1: variance 2 with one degree of freedom, divided by two.
        let two = spread(&[1.0, 3.0]).unwrap();
        assert_eq!(
            (two.value().0, two.standard_error().0, two.degrees_of_freedom()),
            (2.0, 1.0, 1.0)
        );
        let three = spread(&[1.0, 2.0, 3.0]).unwrap();
        assert!((three.standard_error().0 - (1.0_f64 / 3.0).sqrt()).abs() < 1e-15);
        assert!(spread(&[1.0]).is_none());
    }
}
