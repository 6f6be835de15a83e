//! The error along an order, from the information of pairs: given a revealed token, those beyond it do
//! not matter.

use super::curve::MatrixPower;
use super::steps::product;
use super::{MAX_WORK, MarkovChain, cells, check_tokens};
use crate::curve::{OrderCurve, check_order_tokens};
use crate::error::{Result, check_limit};
use crate::numeric::scalar::{self, CompensatedSum, Scalar};
use crate::schedule::{Order, Schedule};
use crate::units::Nats;

/// The neighbour of a token that has none on that side.
const NONE: usize = usize::MAX;

impl<F: Scalar> MarkovChain<F> {
    /// The exact curve of the first tokens along an order of their positions.
    ///
    /// # Formula
    /// ```text
    /// H(X_i | X_l, X_r) = H(X_i) - I(X_l; X_i) - I(X_i; X_r) + I(X_l; X_r)        l < i < r
    /// ```
    /// where `l` and `r` are the nearest revealed positions; information with a neighbour that does not
    /// exist is 0. O(L^2), and the information of pairs: as [`MarkovChain::order_error`].
    ///
    /// # Errors
    /// [`TooLarge`](crate::Error::TooLarge) for more than 16,383 tokens, or for more than 2^36 operations.
    ///
    /// ```
    /// use unmaskcost::{Order, Schedule, distribution::MarkovChain};
    /// let chain = MarkovChain::stationary(&[[0.9, 0.1], [0.1, 0.9]])?;
    /// let equal = Schedule::balanced(256, 8)?;
    /// let spread = chain.order_curve(&Order::spread(256)?)?.sampling_error(&equal)?;
    /// let random = chain.information_curve(256)?.sampling_error(&equal)?;
    /// assert_eq!(format!("{spread:.2} {random:.2}"), "0.44 nats 8.56 nats");
    /// # Ok::<(), unmaskcost::Error>(())
    /// ```
    pub fn order_curve(&self, order: &Order) -> Result<OrderCurve<F>> {
        let tokens = order.tokens();
        check_order_tokens(tokens)?;
        let pairs = Pairs::of(self, tokens)?;
        let ranks = order.ranks();
        let mut entropies = Vec::with_capacity(tokens * (tokens + 1) / 2);
        // The nearest revealed position to the right of each.
        let mut right_of = vec![NONE; tokens];
        let mut row = vec![F::zero(); tokens];
        for known in 0..tokens {
            let mut right = NONE;
            for position in (0..tokens).rev() {
                right_of[position] = right;
                right = if ranks[position] < known { position } else { right };
            }
            let mut left = NONE;
            for (position, &rank) in ranks.iter().enumerate() {
                if rank < known {
                    left = position;
                } else {
                    row[rank] = pairs.entropy_between(left, position, right_of[position]);
                }
            }
            entropies.extend_from_slice(&row[known..]);
        }
        // Four terms that may cancel, each right to a few roundings.
        let noise = pairs.scale() * F::epsilon() * scalar::constant(16.0);
        OrderCurve::projected(tokens, entropies, noise)
    }

    /// The exact sampling error of a schedule along an order, for the first tokens of the chain: that of
    /// [`MarkovChain::order_curve`] without the curve, for any length.
    ///
    /// # Formula
    /// ```text
    /// cost of a step = sum over new tokens x whose nearest token to the left, y, is new too, with l and r
    ///                  the nearest revealed positions before the step:
    ///                  I(X_y; X_x | X_l, X_r) = I(y; x) - I(y; r) - I(l; x) + I(l; r)
    /// ```
    /// by the chain rule from left to right: given `y`, nothing further to the left matters.
    ///
    /// # Running time
    /// O(L), and for a stationary chain (a fitted one is) with `q` symbols that has mixed at distance `D`,
    /// `O(min(D, L) q^3)`; for another chain `O(L^2 q^2)`. Absolute accuracy: some roundings of the pair
    /// information of neighbours, per token.
    ///
    /// # Errors
    /// [`TokensDiffer`](crate::Error::TokensDiffer) unless order and schedule have the same tokens;
    /// [`TooLarge`](crate::Error::TooLarge) for more than 2^24 tokens, or for more than 2^36 operations.
    ///
    /// ```
    /// use unmaskcost::{Order, Schedule, distribution::MarkovChain};
    /// let chain = MarkovChain::stationary(&[[0.9, 0.1], [0.1, 0.9]])?;
    /// let tokens = 100_000;
    /// let error = chain.order_error(&Order::spread(tokens)?, &Schedule::balanced(tokens, 16)?)?;
    /// assert_eq!(format!("{error:.3}"), "2.476 nats");
    /// # Ok::<(), unmaskcost::Error>(())
    /// ```
    pub fn order_error(&self, order: &Order, schedule: &Schedule) -> Result<Nats<F>> {
        let tokens = order.tokens();
        check_tokens(tokens)?;
        schedule.check_tokens("order", tokens)?;
        let pairs = Pairs::of(self, tokens)?;
        let mut revealed = Revealed::all(tokens);
        let mut error = CompensatedSum::new();
        // Backwards: when tokens are taken away from a linked list, the neighbours of the others
        // are at hand.
        let steps: Vec<_> = schedule.ranges().collect();
        for step in steps.into_iter().rev() {
            let new = &order.positions()[step];
            new.iter().for_each(|&position| revealed.new[position] = true);
            for &position in new {
                if !revealed.is_new(revealed.left[position]) {
                    error.add(revealed.cost_of_group(position, &pairs));
                }
            }
            new.iter().for_each(|&position| revealed.take_away(position));
        }
        Ok(Nats(error.total()))
    }
}

/// The positions revealed so far, each with its neighbours among them.
struct Revealed {
    left: Vec<usize>,
    right: Vec<usize>,
    /// Those that the step at hand reveals.
    new: Vec<bool>,
}

impl Revealed {
    fn all(tokens: usize) -> Self {
        Self {
            left: (0..tokens).map(|position| position.checked_sub(1).unwrap_or(NONE)).collect(),
            right: (1..tokens).chain([NONE]).collect(),
            new: vec![false; tokens],
        }
    }

    fn is_new(&self, position: usize) -> bool {
        self.new.get(position).copied().unwrap_or(false)
    }

    fn take_away(&mut self, position: usize) {
        let (left, right) = (self.left[position], self.right[position]);
        self.new[position] = false;
        if let Some(right_of_left) = self.right.get_mut(left) {
            *right_of_left = right;
        }
        if let Some(left_of_right) = self.left.get_mut(right) {
            *left_of_right = left;
        }
    }

    /// What a run of new tokens without a revealed one between them costs, from its first token.
    fn cost_of_group<F: Scalar>(&self, first: usize, pairs: &Pairs<F>) -> F {
        let mut last = first;
        while self.is_new(self.right[last]) {
            last = self.right[last];
        }
        let (left, right) = (self.left[first], self.right[last]);
        let mut cost = CompensatedSum::new();
        let mut before = first;
        while before != last {
            let token = self.right[before];
            let nearer = pairs.information(before, token) - pairs.information(before, right);
            let farther = pairs.information(left, token) - pairs.information(left, right);
            cost.add((nearer - farther).max(F::zero()));
            before = token;
        }
        cost.total()
    }
}

/// The information of pairs of tokens, and the entropy of each.
enum Pairs<F> {
    /// By distance, from 1 on; beyond the list it is zero.
    Stationary { entropy: F, information: Vec<F> },
    /// Row after row: `I(X_l; X_{l+1}), I(X_l; X_{l+2}), ..` to the last token.
    General { tokens: usize, entropies: Vec<F>, information: Vec<F> },
}

impl<F: Scalar> Pairs<F> {
    fn of(chain: &MarkovChain<F>, tokens: usize) -> Result<Self> {
        match chain.stationary {
            true => Self::stationary(chain, tokens),
            false => Self::general(chain, tokens),
        }
    }

    /// The pairs of a stationary chain, up to the distance at which what is left cannot change a
    /// sum over all tokens.
    fn stationary(chain: &MarkovChain<F>, tokens: usize) -> Result<Self> {
        let what = "operations for the information of pairs (at least)";
        let alphabet = chain.alphabet();
        let each = cells(alphabet, alphabet).saturating_mul(2 * alphabet as u128 + 8);
        let negligible = F::epsilon() / scalar::float(tokens);
        let mut power = chain.lone_power();
        let mut information = Vec::new();
        while information.len() + 1 < tokens {
            let next = power.first_tokens();
            if next <= negligible * information.first().copied().unwrap_or(F::zero()) {
                break;
            }
            information.push(next);
            check_limit(what, each.saturating_mul(information.len() as u128), MAX_WORK)?;
            power = power.next();
        }
        Ok(Self::Stationary { entropy: scalar::entropy(&chain.initial), information })
    }

    fn general(chain: &MarkovChain<F>, tokens: usize) -> Result<Self> {
        const LOGARITHM: u128 = 8;
        let alphabet = chain.alphabet();
        let pairs = cells(tokens, tokens) / 2;
        let work = pairs.saturating_mul(cells(alphabet, alphabet)).saturating_mul(LOGARITHM);
        check_limit("operations for the information of all pairs", work, MAX_WORK)?;
        let mut laws = vec![chain.initial.clone()];
        for position in 1..tokens {
            laws.push(chain.step(&laws[position - 1]));
        }
        let mut rows: Vec<Vec<F>> =
            (0..tokens).map(|left| vec![F::zero(); tokens - 1 - left]).collect();
        let mut power = chain.transition.clone();
        for distance in 1..tokens {
            for left in 0..tokens - distance {
                let right = &laws[left + distance];
                let rows_of_power = laws[left].iter().zip(power.chunks_exact(alphabet));
                let terms = rows_of_power.filter(|(p, _)| **p > F::zero()).flat_map(|(&p, row)| {
                    let possible = row.iter().zip(right).filter(|(_, q)| **q > F::zero());
                    possible.map(move |(&r, &q)| p * scalar::divergence_term(r, q, r - q))
                });
                rows[left][distance - 1] = scalar::sum(terms);
            }
            power = product(&power, &chain.transition, alphabet);
        }
        let entropies = laws.iter().map(|law| scalar::entropy(law)).collect();
        Ok(Self::General { tokens, entropies, information: rows.concat() })
    }

    /// I(X_l; X_r) for `l < r`; 0 if one of them does not exist.
    fn information(&self, left: usize, right: usize) -> F {
        if left == NONE || right == NONE {
            return F::zero();
        }
        match self {
            Self::Stationary { information, .. } => {
                information.get(right - left - 1).copied().unwrap_or(F::zero())
            }
            Self::General { tokens, information, .. } => {
                information[left * (2 * tokens - 1 - left) / 2 + right - left - 1]
            }
        }
    }

    fn entropy_between(&self, left: usize, position: usize, right: usize) -> F {
        let entropy = match self {
            Self::Stationary { entropy, .. } => *entropy,
            Self::General { entropies, .. } => entropies[position],
        };
        let told = self.information(left, position)
            + (self.information(position, right) - self.information(left, right));
        entropy - told
    }

    /// The largest entropy of a token.
    fn scale(&self) -> F {
        match self {
            Self::Stationary { entropy, .. } => *entropy,
            Self::General { entropies, .. } => {
                entropies.iter().fold(F::zero(), |scale, &entropy| scale.max(entropy))
            }
        }
    }
}

impl<F: Scalar> MarkovChain<F> {
    /// The first power of the transition matrix, without a token before the first.
    fn lone_power(&self) -> MatrixPower<'_, F> {
        // Any two symbols of the first token are compared: all have one centre, the likeliest.
        let likeliest = (0..self.alphabet()).fold(0, |best, symbol| {
            if self.initial[symbol] > self.initial[best] { symbol } else { best }
        });
        MatrixPower::first(self, 0, &vec![likeliest; self.alphabet()])
    }
}
