use core::ops::Range;

use crate::curve::{InformationCurve, StepCost};
use crate::error::{Error, Result, check_limit};
use crate::numeric::scalar::{self, CompensatedSum, Scalar};
use crate::schedule::{Order, Schedule};
use crate::units::Nats;

/// The most entropies of a curve along an order: 1 GiB in `f64`.
const MAX_ENTROPIES: u128 = 1 << 27;

/// What the tokens of a distribution tell about each other along an [`Order`] of the positions: the
/// information curve of a sampler whose positions are fixed beforehand.
///
/// # Formula
/// ```text
/// l(a, m) = H(X_p(m) | X_p(0), .., X_p(a-1))                    0 <= a <= m < L,  p(m) the position of rank m
/// w(a, b) = sum_{a<=m<b} (l(a, m) - l(m, m))                    what a step from a to b revealed tokens costs
///         = TC(X_p(a), .., X_p(b-1) | X_p(0), .., X_p(a-1))
/// sampling error = sum over steps of w(start, end)
/// ```
/// That is the divergence of the sampler's output from the data itself: there is no average over
/// orders. `l(a, m)` does not increase with `a`, and so `w` is Monge, for every order: see
/// [`optimal`](crate::optimal) for the best sizes, by the same functions as for an [`InformationCurve`].
/// For random positions, `l(a, m) = f_a` on average: [`OrderCurve::of_random_positions`].
///
/// # Memory
/// `L (L + 1) / 2` entropies: 67 MB for 4,096 tokens in `f64`. At most 2^27 of them, 16,383 tokens. A
/// [`MarkovChain`](crate::distribution::MarkovChain) computes the error of one schedule without them, at any
/// length. For distributions without exact entropies, such as a hidden Markov chain, the curve is estimated:
/// [`OrderBlocks::from_predictor`](crate::measured::OrderBlocks::from_predictor).
///
/// ```
/// use unmaskcost::{Nats, Order, Schedule, distribution::JointTable};
/// // Two pairs of twins: X_0 = X_1 and X_2 = X_3.
/// let twins = (0..16_u8).map(|x| u8::from((x >> 3 & 1) == (x >> 2 & 1) && (x >> 1 & 1) == (x & 1)));
/// let table: JointTable = JointTable::from_counts(&[2; 4], twins.collect::<Vec<_>>())?;
/// let two_steps = Schedule::balanced(4, 2)?;
/// let left_to_right = table.order_curve(&Order::left_to_right(4)?)?;
/// let spread = table.order_curve(&Order::spread(4)?)?; // 0, 2, 1, 3
/// assert!((left_to_right.sampling_error(&two_steps)?.bits().0 - 2.0).abs() < 1e-14);
/// assert_eq!(spread.sampling_error(&two_steps)?, Nats(0.0));
/// # Ok::<(), unmaskcost::Error>(())
/// ```
#[derive(Debug, Clone, PartialEq)]
pub struct OrderCurve<F = f64> {
    tokens: usize,
    /// Row after row: `l(a, a), .., l(a, L-1)`.
    entropies: Vec<F>,
}

impl<F: Scalar> OrderCurve<F> {
    /// The curve of these conditional entropies in nats: row `a` holds `l(a, a), .., l(a, L-1)`, those of
    /// the tokens of rank `a` and later given the first `a`.
    ///
    /// Rounding noise is accepted as by an [`InformationCurve`]: a value above the one for fewer known
    /// tokens is lowered to it.
    ///
    /// # Errors
    /// [`Empty`](Error::Empty); [`LengthMismatch`](Error::LengthMismatch) unless row `a` has `L - a` values;
    /// [`NotFinite`](Error::NotFinite), [`Negative`](Error::Negative), [`NotMonotone`](Error::NotMonotone) for a
    /// token whose entropy rises as more is known; [`TooLarge`](Error::TooLarge) for more than 2^27 values.
    ///
    /// ```
    /// use unmaskcost::{Nats, Schedule, curve::OrderCurve};
    /// let curve = OrderCurve::from_conditional_entropies(&[vec![1.0, 1.0, 1.0], vec![0.5, 0.75], vec![0.0]])?;
    /// assert_eq!(curve.step_cost(0..3), Some(Nats(1.5)));
    /// assert_eq!(curve.sampling_error(&Schedule::from_reveal_sizes([1, 2])?)?, Nats(0.75));
    /// # Ok::<(), unmaskcost::Error>(())
    /// ```
    pub fn from_conditional_entropies(rows: &[impl AsRef<[F]>]) -> Result<Self> {
        let tokens = rows.len();
        check_tokens(tokens)?;
        let mut entropies = Vec::with_capacity(tokens * (tokens + 1) / 2);
        for (known, row) in rows.iter().enumerate() {
            let (what, expected) = ("a row of conditional entropies", tokens - known);
            let found = row.as_ref().len();
            if found != expected {
                return Err(Error::LengthMismatch { what, found, expected });
            }
            entropies.extend_from_slice(row.as_ref());
        }
        Self::projected(tokens, entropies, F::zero())
    }

    /// The curve from the entropies of sets of tokens: `entropy(positions)` is that of the tokens
    /// there together. Calls this function `L (L + 1) / 2` times, with the first positions of the
    /// order and one more.
    ///
    /// # Errors
    /// As [`OrderCurve::from_conditional_entropies`], and those of the function.
    ///
    /// ```
    /// use unmaskcost::{Order, curve::OrderCurve, distribution::JointTable};
    /// let table: JointTable = JointTable::from_counts(&[2, 2, 2], [4, 1, 1, 2, 1, 2, 2, 7])?;
    /// let order = Order::from_positions([2, 0, 1])?;
    /// let curve = OrderCurve::from_subset_entropies(&order, |positions| table.entropy(positions))?;
    /// assert_eq!(curve, table.order_curve(&order)?);
    /// # Ok::<(), unmaskcost::Error>(())
    /// ```
    pub fn from_subset_entropies(
        order: &Order,
        mut entropy: impl FnMut(&[usize]) -> Result<Nats<F>>,
    ) -> Result<Self> {
        let tokens = order.tokens();
        check_tokens(tokens)?;
        let mut entropies = Vec::with_capacity(tokens * (tokens + 1) / 2);
        let mut positions = Vec::with_capacity(tokens);
        let mut known = entropy(&positions)?.0;
        let mut largest = known;
        for start in 0..tokens {
            let mut next = F::zero();
            for rank in start..tokens {
                positions.push(order.positions()[rank]);
                let joint = entropy(&positions)?.0;
                positions.pop();
                if rank == start {
                    next = joint;
                }
                largest = largest.max(joint.abs());
                entropies.push(joint - known);
            }
            positions.push(order.positions()[start]);
            known = next;
        }
        let digits_of_differences = largest * F::epsilon() * scalar::constant(8.0);
        Self::projected(tokens, entropies, digits_of_differences)
    }

    /// The curve of random positions as one along an order: `l(a, m) = f_a`, on average over orders.
    ///
    /// If the curve does not know the single-token entropy, `f_{L-1}` counts as zero; errors do not
    /// depend on it.
    ///
    /// # Errors
    /// [`TooLarge`](Error::TooLarge) for more than 2^27 values.
    ///
    /// ```
    /// use unmaskcost::{InformationCurve, Schedule, curve::OrderCurve};
    /// let curve = InformationCurve::from_information([0.0, 0.5, 0.75, 0.875])?;
    /// let schedule = Schedule::from_reveal_sizes([1, 3])?;
    /// let same = OrderCurve::of_random_positions(&curve)?.sampling_error(&schedule)?;
    /// assert_eq!(same, curve.sampling_error(&schedule)?);
    /// # Ok::<(), unmaskcost::Error>(())
    /// ```
    pub fn of_random_positions(curve: &InformationCurve<F>) -> Result<Self> {
        let tokens = curve.tokens();
        check_tokens(tokens)?;
        let first = curve.single_token_entropy().unwrap_or_else(|| curve.information(tokens - 1));
        let row = |known: usize| {
            let entropy = (first - curve.information(known)).0.max(F::zero());
            core::iter::repeat_n(entropy, tokens - known)
        };
        Self::projected(tokens, (0..tokens).flat_map(row).collect(), F::zero())
    }

    /// The mean of curves: for every schedule, its error is the mean of their errors. One use is an
    /// order that is shifted at random for each sequence: take the curves of all shifts.
    ///
    /// # Errors
    /// [`Empty`](Error::Empty) for no curves, [`LengthMismatch`](Error::LengthMismatch) unless they have the
    /// same number of tokens.
    pub fn mean(curves: &[Self]) -> Result<Self> {
        let first = curves.first().ok_or(Error::Empty { what: "the list of curves" })?;
        let mut entropies = vec![F::zero(); first.entropies.len()];
        for curve in curves {
            if curve.tokens != first.tokens {
                let (found, expected) = (curve.tokens, first.tokens);
                return Err(Error::LengthMismatch { what: "a curve of the mean", found, expected });
            }
            entropies.iter_mut().zip(&curve.entropies).for_each(|(sum, &h)| *sum = *sum + h);
        }
        let number = scalar::float::<F>(curves.len());
        entropies.iter_mut().for_each(|entropy| *entropy = *entropy / number);
        Self::projected(first.tokens, entropies, F::zero())
    }

    /// Independent parts, put side by side into one sequence: `part_of_rank[m]` is the part that the token
    /// of rank `m` belongs to, and each part has the curve of its own tokens, in the order in which they
    /// come. O(L^2).
    ///
    /// # Errors
    /// [`Empty`](Error::Empty); [`IndexOutOfRange`](Error::IndexOutOfRange) for a part that does not exist;
    /// [`LengthMismatch`](Error::LengthMismatch) if a part has another number of tokens than its curve.
    ///
    /// ```
    /// use unmaskcost::{Nats, Schedule, curve::OrderCurve};
    /// let twins = OrderCurve::from_conditional_entropies(&[vec![1.0, 1.0], vec![0.0]])?;
    /// let in_turn = OrderCurve::side_by_side(&[0, 1, 0, 1], &[twins.clone(), twins])?;
    /// assert_eq!(in_turn.sampling_error(&Schedule::balanced(4, 2)?)?, Nats(0.0));
    /// # Ok::<(), unmaskcost::Error>(())
    /// ```
    pub fn side_by_side(part_of_rank: &[usize], parts: &[Self]) -> Result<Self> {
        let tokens = part_of_rank.len();
        check_tokens(tokens)?;
        let mut found = vec![0; parts.len()];
        let mut rank_in_part = Vec::with_capacity(tokens);
        for &index in part_of_rank {
            let limit = parts.len();
            let seen = found.get_mut(index).ok_or(Error::IndexOutOfRange {
                what: "part",
                index,
                limit,
            })?;
            rank_in_part.push(*seen);
            *seen += 1;
        }
        for (part, &found) in parts.iter().zip(&found) {
            if part.tokens != found {
                let what = "the list of ranks of a part";
                return Err(Error::LengthMismatch { what, found, expected: part.tokens });
            }
        }
        let mut entropies = Vec::with_capacity(tokens * (tokens + 1) / 2);
        let mut known = vec![0; parts.len()];
        for start in 0..tokens {
            entropies.extend((start..tokens).map(|rank| {
                let part = part_of_rank[rank];
                parts[part].row(known[part])[rank_in_part[rank] - known[part]]
            }));
            known[part_of_rank[start]] += 1;
        }
        Ok(Self { tokens, entropies })
    }

    pub(super) fn map<G: Scalar>(&self, cast: impl Fn(F) -> G) -> OrderCurve<G> {
        let entropies = self.entropies.iter().map(|&entropy| cast(entropy)).collect();
        OrderCurve { tokens: self.tokens, entropies }
    }

    pub(super) fn finite(self) -> Result<Self> {
        scalar::check_finite("conditional entropies along the order", &self.entropies)?;
        Ok(self)
    }

    /// Checks the entropies and lowers each to the least one of the same token with less known.
    pub(crate) fn projected(tokens: usize, mut entropies: Vec<F>, noise: F) -> Result<Self> {
        let what = "conditional entropies along the order";
        scalar::check_finite(what, &entropies)?;
        let scale = entropies.iter().fold(F::zero(), |scale, x| scale.max(x.abs()));
        let tolerance = scale * F::tolerance() + F::cancellation_noise() + noise;
        let mut least = vec![F::infinity(); tokens];
        let mut index = 0;
        for known in 0..tokens {
            for previous in &mut least[known..] {
                let value = entropies[index];
                if value < -tolerance {
                    let (index, value) = (Some(index), scalar::evidence(value));
                    return Err(Error::Negative { what, index, value });
                }
                if value > *previous + tolerance {
                    let (previous, value) = (scalar::evidence(*previous), scalar::evidence(value));
                    let tolerance = scalar::evidence(tolerance);
                    return Err(Error::NotMonotone { what, index, previous, value, tolerance });
                }
                *previous = previous.min(value.max(F::zero()));
                entropies[index] = *previous;
                index += 1;
            }
        }
        Ok(Self { tokens, entropies })
    }

    /// L, the number of tokens.
    #[must_use]
    pub fn tokens(&self) -> usize {
        self.tokens
    }

    /// `l(a, m)`: the entropy of the token of rank `m` given the first `a` of the order; `None` unless
    /// `a <= m < L`.
    #[must_use]
    pub fn conditional_entropy(&self, known: usize, rank: usize) -> Option<Nats<F>> {
        let in_range = known <= rank && rank < self.tokens;
        in_range.then(|| Nats(self.row(known)[rank - known]))
    }

    /// H(X), the entropy of all tokens: `sum_m l(m, m)`.
    #[must_use]
    pub fn joint_entropy(&self) -> Nats<F> {
        Nats(scalar::sum((0..self.tokens).map(|rank| self.own(rank))))
    }

    /// What one step costs that reveals the tokens of these ranks when all before them are known; `None`
    /// for ranks that do not exist, 0 for an empty range.
    #[must_use]
    pub fn step_cost(&self, ranks: Range<usize>) -> Option<Nats<F>> {
        let in_range = ranks.start <= ranks.end && ranks.end <= self.tokens;
        in_range.then(|| Nats(self.cost(ranks)))
    }

    /// The exact sampling error of a schedule along the order. O(L).
    ///
    /// # Errors
    /// [`TokensDiffer`](Error::TokensDiffer) if the schedule reveals another number of tokens.
    pub fn sampling_error(&self, schedule: &Schedule) -> Result<Nats<F>> {
        schedule.check_tokens("curve along the order", self.tokens)?;
        Ok(Nats(scalar::sum(schedule.ranges().map(|step| self.cost(step)))))
    }

    /// The sampling error step by step, with what cutting a step in two would save and what joining two
    /// would cost: as [`InformationCurve::step_costs`]. O(sum of the squares of the sizes).
    ///
    /// # Formula
    /// ```text
    /// saved by cutting [a, b) at c             = w(a, b) - w(a, c) - w(c, b)
    /// lost by joining it with the next [b, e)  = w(a, e) - w(a, b) - w(b, e)
    /// ```
    ///
    /// # Errors
    /// As [`OrderCurve::sampling_error`].
    pub fn step_costs(&self, schedule: &Schedule) -> Result<Vec<StepCost<F>>> {
        schedule.check_tokens("curve along the order", self.tokens)?;
        let ranges: Vec<Range<usize>> = schedule.ranges().collect();
        let cost = |(step, range): (usize, &Range<usize>)| {
            let cuts = range.start + 1..range.end;
            let saved = cuts.map(|cut| (self.saved(range.start, cut, range.end), cut));
            let (saved_by_cut, cut) =
                saved.fold(
                    (F::zero(), range.end),
                    |best, next| {
                        if next.0 > best.0 { next } else { best }
                    },
                );
            let next = ranges.get(step + 1);
            StepCost {
                range: range.clone(),
                error: Nats(self.cost(range.clone())),
                saved_by_cut: Nats(saved_by_cut),
                cut,
                lost_by_joining: next
                    .map(|next| Nats(self.saved(range.start, range.end, next.end))),
            }
        };
        Ok(ranges.iter().enumerate().map(cost).collect())
    }

    /// `w(a, b) - w(a, c) - w(c, b)`, from terms that are not negative.
    fn saved(&self, start: usize, cut: usize, end: usize) -> F {
        let (far, near) = (&self.row(start)[cut - start..], self.row(cut));
        scalar::sum(far.iter().zip(near).take(end - cut).map(|(&far, &near)| far - near))
    }

    /// `l(a, a), .., l(a, L-1)`.
    pub(crate) fn row(&self, known: usize) -> &[F] {
        // known L - (0 + 1 + .. + known - 1), in a form that never goes below zero.
        let start = known * (2 * self.tokens + 1 - known) / 2;
        &self.entropies[start..start + self.tokens - known]
    }

    fn own(&self, rank: usize) -> F {
        self.row(rank).first().copied().unwrap_or(F::zero())
    }

    fn cost(&self, ranks: Range<usize>) -> F {
        if ranks.is_empty() {
            return F::zero();
        }
        let given = self.row(ranks.start);
        let terms = ranks.clone().map(|rank| given[rank - ranks.start] - self.own(rank));
        terms.collect::<CompensatedSum<F>>().total()
    }
}

/// Refuses sequences whose curve would take too much memory, before anything is computed.
pub(crate) fn check_tokens(tokens: usize) -> Result<()> {
    if tokens == 0 {
        return Err(Error::Empty { what: "the sequence" });
    }
    let needed = (tokens as u128).saturating_mul(tokens as u128 + 1) / 2;
    check_limit("conditional entropies along an order", needed, MAX_ENTROPIES)
}
