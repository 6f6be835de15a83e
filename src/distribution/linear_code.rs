use num_traits::ToPrimitive;

use crate::curve::{InformationCurve, OrderCurve, check_order_tokens};
use crate::distribution::along_order::check_order;
use crate::distribution::field::Field;
use crate::distribution::traits::{
    ConditionalMarginal, SubsetEntropy, check_positions, check_revealed,
};
use crate::distribution::{JointTable, MdsCode};
use crate::error::{Error, Result, check_limit};
use crate::numeric::scalar::{self, Scalar};
use crate::schedule::Order;
use crate::units::Nats;

/// The most sets of columns that are looked at: some minutes.
const MAX_SETS: u128 = 1 << 28;
/// The most numbers that are listed: cells of a table, entries of a matrix, tokens of a curve.
pub(super) const MAX_LISTED: u128 = 1 << 24;

/// A uniformly random word of a linear code over the integers modulo a prime.
///
/// Its curve is a count of ranks, exact in integers. Codes are among the hardest distributions for parallel
/// unmasking: given some tokens, each other token is either uniform or determined.
///
/// # Formula
/// ```text
/// X = M G,   M uniform on F_p^k
/// H(X_S) = rank(columns S of G) ln p
/// ```
/// because `M -> M G_S` is linear, so that its values are uniform on a space of that dimension.
///
/// ```
/// use unmaskcost::distribution::LinearCode;
/// // Two equal bits and two more with their parity: X_1 = X_2, X_5 = X_3 + X_4.
/// let code = LinearCode::from_generator(2, [[1, 1, 0, 0, 0], [0, 0, 1, 0, 1], [0, 0, 0, 1, 1]])?;
/// assert_eq!(code.rank(&[0, 1])?, 1);
/// assert_eq!(code.rank(&[2, 3, 4])?, 2);
/// let curve = code.information_curve::<f64>()?;
/// assert!((curve.total_correlation().bits().0 - 2.0).abs() < 1e-15);
/// # Ok::<(), unmaskcost::Error>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct LinearCode {
    field: Field,
    /// The columns of a generator matrix with independent rows.
    columns: Vec<Vec<u64>>,
    dimension: usize,
}

impl LinearCode {
    /// The code spanned by the rows of a matrix with entries `0 .. field`. Rows may be dependent: the
    /// dimension is the rank.
    ///
    /// # Errors
    /// [`OutOfRange`](Error::OutOfRange) for the field; [`TooLarge`](Error::TooLarge) for one of 2^32 or
    /// more; [`Empty`](Error::Empty) for no rows or no columns;
    /// [`LengthMismatch`](Error::LengthMismatch) for rows of different lengths;
    /// [`IndexOutOfRange`](Error::IndexOutOfRange) for an entry that is not in the field.
    ///
    /// ```
    /// use unmaskcost::{Error, distribution::LinearCode};
    /// let bad = LinearCode::from_generator(6, [[1, 2, 3]]);
    /// assert!(matches!(bad, Err(Error::OutOfRange { value: 6.0, .. })));
    /// ```
    pub fn from_generator<R: AsRef<[u64]>>(
        field: u64,
        rows: impl IntoIterator<Item = R>,
    ) -> Result<Self> {
        let field = Field::new(field)?;
        let mut basis = Basis::new(field);
        let mut length = None;
        for row in rows {
            let row = row.as_ref();
            let expected = *length.get_or_insert(row.len());
            if row.len() != expected {
                let (what, found) = ("a row of the generator matrix", row.len());
                return Err(Error::LengthMismatch { what, found, expected });
            }
            if let Some(&entry) = row.iter().find(|&&entry| entry >= field.0) {
                return Err(Error::IndexOutOfRange {
                    what: "an entry of the generator matrix,",
                    index: entry.to_usize().unwrap_or(usize::MAX),
                    limit: field.0.to_usize().unwrap_or(usize::MAX),
                });
            }
            basis.extend(row);
        }
        let length = length.ok_or(Error::Empty { what: "the generator matrix" })?;
        if length == 0 {
            return Err(Error::Empty { what: "a row of the generator matrix" });
        }
        let column = |i| basis.vectors.iter().map(|(_, row)| row[i]).collect();
        let columns = (0..length).map(column).collect();
        Ok(Self { field, columns, dimension: basis.vectors.len() })
    }

    /// The number of tokens.
    #[must_use]
    pub fn tokens(&self) -> usize {
        self.columns.len()
    }

    /// The number of independent rows: the entropy is `dimension ln p`.
    #[must_use]
    pub fn dimension(&self) -> usize {
        self.dimension
    }

    /// The rank of some columns, listed in any order; repeated ones add nothing.
    ///
    /// # Errors
    /// [`IndexOutOfRange`](Error::IndexOutOfRange) for a column that does not exist.
    pub fn rank(&self, positions: &[usize]) -> Result<usize> {
        let mut basis = Basis::new(self.field);
        for &index in positions {
            let limit = self.tokens();
            let column = self.columns.get(index);
            let what = "position";
            basis.extend(column.ok_or(Error::IndexOutOfRange { what, index, limit })?);
        }
        Ok(basis.vectors.len())
    }

    /// H(X_S) for the tokens listed.
    ///
    /// # Errors
    /// As [`LinearCode::rank`].
    pub fn entropy<F: Scalar>(&self, positions: &[usize]) -> Result<Nats<F>> {
        self.rank(positions).map(|rank| self.field.symbol_entropy() * scalar::float(rank))
    }

    /// The exact information curve: the ranks of all sets of columns are counted in integers and
    /// rounded once.
    ///
    /// Columns are decided in order, each taken or left out. As soon as the rank is full, the
    /// remaining sets are counted by binomial coefficients. O(2^L k^2) at most.
    ///
    /// # Errors
    /// [`TooLarge`](Error::TooLarge) for more than 28 columns. Long MDS codes have a closed form:
    /// [`MdsCode`].
    ///
    /// ```
    /// use unmaskcost::distribution::LinearCode;
    /// // Even parity of four bits.
    /// let parity = LinearCode::from_generator(2, [[1, 0, 0, 1], [0, 1, 0, 1], [0, 0, 1, 1]])?;
    /// let curve = parity.information_curve::<f64>()?;
    /// assert_eq!(curve.information_values(), [0.0, 0.0, 0.0, std::f64::consts::LN_2]);
    /// # Ok::<(), unmaskcost::Error>(())
    /// ```
    pub fn information_curve<F: Scalar>(&self) -> Result<InformationCurve<F>> {
        let length = self.tokens();
        let sets = 1_u128.checked_shl(length.min(128) as u32).unwrap_or(u128::MAX);
        check_limit("sets of columns", sets, MAX_SETS)?;
        let mut ranks = vec![0_u128; length + 1];
        self.add_ranks(0, 0, &mut Basis::new(self.field), &mut ranks);
        // Mean rank of k + 1 columns less that of k, over a common denominator: below 2^90.
        let conditional_entropy = |k: usize| {
            let (fewer, more) = (binomial(length, k), binomial(length, k + 1));
            let numerator = (ranks[k + 1] * fewer).saturating_sub(ranks[k] * more);
            let mean = F::from_u128(numerator).unwrap_or_else(F::nan)
                / F::from_u128(fewer * more).unwrap_or_else(F::nan);
            mean * self.field.symbol_entropy::<F>().0
        };
        let entropies: Vec<F> = (0..length).map(conditional_entropy).collect();
        InformationCurve::from_conditional_entropies(entropies)
    }

    /// The exact curve along an order of the positions: a token is determined by the first `a` if its
    /// column is in their span, and uniform otherwise. O(L^2 + L k^2 + k^3).
    ///
    /// # Errors
    /// [`LengthMismatch`](Error::LengthMismatch) if the order has another number of tokens;
    /// [`TooLarge`](Error::TooLarge) for more than 16,383.
    ///
    /// ```
    /// use unmaskcost::{Nats, Order, Schedule, distribution::LinearCode};
    /// // X_0 = X_1 and X_2 = X_3: one of each pair first.
    /// let code = LinearCode::from_generator(2, [[1, 1, 0, 0], [0, 0, 1, 1]])?;
    /// let curve = code.order_curve::<f64>(&Order::from_positions([0, 3, 2, 1])?)?;
    /// assert_eq!(curve.sampling_error(&Schedule::balanced(4, 2)?)?, Nats(0.0));
    /// # Ok::<(), unmaskcost::Error>(())
    /// ```
    pub fn order_curve<F: Scalar>(&self, order: &Order) -> Result<OrderCurve<F>> {
        check_order(order, self.tokens())?;
        check_order_tokens(self.tokens())?;
        // What each token's column has beyond the span of the columns known so far.
        let mut rests: Vec<Vec<u64>> =
            order.positions().iter().map(|&position| self.columns[position].clone()).collect();
        let Nats(entropy) = self.field.symbol_entropy::<F>();
        let mut rows = Vec::with_capacity(self.tokens());
        for known in 0..self.tokens() {
            let unknown = rests[known..].iter().map(|rest| rest.iter().any(|&entry| entry > 0));
            rows.push(
                unknown.map(|free| if free { entropy } else { F::zero() }).collect::<Vec<_>>(),
            );
            let mut basis = Basis::new(self.field);
            if basis.extend(&rests[known]) {
                rests[known + 1..].iter_mut().for_each(|rest| *rest = basis.rest(rest));
            }
        }
        OrderCurve::from_conditional_entropies(&rows)
    }

    /// Adds the rank of every set that consists of the `chosen` columns, which span the basis, and any
    /// of the columns from `next` on, to the sum for its size.
    fn add_ranks(&self, next: usize, chosen: usize, basis: &mut Basis, ranks: &mut [u128]) {
        let rank = basis.vectors.len();
        let left = self.tokens() - next;
        if rank == self.dimension {
            for more in 0..=left {
                ranks[chosen + more] += binomial(left, more) * rank as u128;
            }
        } else if left == 0 {
            ranks[chosen] += rank as u128;
        } else {
            self.add_ranks(next + 1, chosen, basis, ranks);
            basis.extend(&self.columns[next]);
            self.add_ranks(next + 1, chosen + 1, basis, ranks);
            basis.vectors.truncate(rank);
        }
    }

    /// Checks that any `dimension` columns are independent, which makes the code maximum distance
    /// separable. O(C(L, k) k^2).
    ///
    /// # Errors
    /// [`DependentColumns`](Error::DependentColumns) with at most `dimension` columns that are
    /// dependent; [`TooLarge`](Error::TooLarge) for more than 2^28 sets of columns;
    /// [`Empty`](Error::Empty) for the code of dimension zero, whose only word is zero.
    ///
    /// ```
    /// use unmaskcost::{Error, distribution::LinearCode};
    /// let code = LinearCode::from_generator(3, [[1, 0, 1, 2], [0, 1, 1, 2]])?;
    /// let columns = vec![2, 3]; // the last column is twice the one before it
    /// assert_eq!(code.check_mds(), Err(Error::DependentColumns { columns, dimension: 2 }));
    /// # Ok::<(), unmaskcost::Error>(())
    /// ```
    pub fn check_mds(&self) -> Result<MdsCode> {
        let (length, dimension) = (self.tokens(), self.dimension);
        let sets = checked_binomial(length, dimension).unwrap_or(u128::MAX);
        check_limit("sets of columns", sets, MAX_SETS)?;
        let (mut chosen, mut basis, mut next) = (Vec::new(), Basis::new(self.field), 0);
        // All sets of `dimension` columns in lexicographic order; `next` is the column to try.
        loop {
            let missing = dimension - chosen.len();
            if missing > 0 && next + missing <= length {
                chosen.push(next);
                if !basis.extend(&self.columns[next]) {
                    return Err(Error::DependentColumns { columns: chosen, dimension });
                }
                next += 1;
            } else if let Some(last) = chosen.pop() {
                basis.vectors.pop();
                next = last + 1;
            } else {
                return MdsCode::new(self.field.0, length, dimension);
            }
        }
    }

    /// The distribution of a random word as a table.
    ///
    /// # Errors
    /// [`TooLarge`](Error::TooLarge) for more than 2^24 cells.
    ///
    /// ```
    /// use unmaskcost::distribution::LinearCode;
    /// let parity = LinearCode::from_generator(2, [[1, 0, 1], [0, 1, 1]])?.joint_table::<f64>()?;
    /// assert_eq!(parity.probabilities(), [0.25, 0.0, 0.0, 0.25, 0.0, 0.25, 0.25, 0.0]);
    /// # Ok::<(), unmaskcost::Error>(())
    /// ```
    pub fn joint_table<F: Scalar>(&self) -> Result<JointTable<F>> {
        let power = |exponent: usize| {
            let exponent = u32::try_from(exponent).ok();
            exponent.and_then(|exponent| u128::from(self.field.0).checked_pow(exponent))
        };
        let cells = power(self.tokens()).unwrap_or(u128::MAX);
        check_limit("cells of the table of a code", cells, MAX_LISTED)?;
        let alphabet = self.field.0.to_usize().unwrap_or(usize::MAX);
        let mut counts = vec![0_u8; cells.to_usize().unwrap_or(0)];
        let words = power(self.dimension).and_then(|words| words.to_u64()).unwrap_or(0);
        for message in 0..words {
            let symbol = |column: &Vec<u64>| {
                let (mut rest, mut symbol) = (message, 0);
                for &entry in column {
                    symbol = self.field.add_product(symbol, rest % self.field.0, entry);
                    rest /= self.field.0;
                }
                symbol.to_usize().unwrap_or(usize::MAX)
            };
            let cell = self.columns.iter().fold(0, |cell, column| cell * alphabet + symbol(column));
            if let Some(count) = counts.get_mut(cell) {
                *count = 1;
            }
        }
        JointTable::from_counts(&vec![alphabet; self.tokens()], counts)
    }
}

/// From the rank of the columns, `O(|S| k^2)`: for codes too long to count all sets.
impl<F: Scalar> SubsetEntropy<F> for LinearCode {
    fn subset_entropy(&self, positions: &[usize]) -> Result<Nats<F>> {
        check_positions(positions, Some(self.tokens()))?;
        self.entropy(positions)
    }
}

/// By elimination, `O(|S| k^2 + p)`: what is revealed determines the token if its column is in the span
/// of the revealed ones, and tells nothing otherwise. [`TooLarge`](Error::TooLarge) for more than 2^24
/// symbols.
impl<F: Scalar> ConditionalMarginal<F> for LinearCode {
    fn conditional_marginal(&self, revealed: &[(usize, usize)], position: usize) -> Result<Vec<F>> {
        check_limit("symbols of a token", self.field.0.into(), MAX_LISTED)?;
        let alphabet = self.field.0.to_usize().unwrap_or(usize::MAX);
        check_revealed(revealed, position, Some(self.tokens()), alphabet)?;
        // Each column with its symbol appended: a vector in the span then ends with the symbol that
        // its column determines.
        let with_symbol = |position: usize, symbol: usize| -> Vec<u64> {
            let column = self.columns.get(position).into_iter().flatten().copied();
            column.chain([symbol as u64]).collect()
        };
        let mut basis = Basis::new(self.field);
        for &(position, symbol) in revealed {
            basis.extend(&with_symbol(position, symbol));
        }
        if basis.vectors.iter().any(|(pivot, _)| *pivot == self.dimension) {
            return Err(Error::ImpossibleContext { what: "what is revealed" });
        }
        let mut rest = basis.rest(&with_symbol(position, 0));
        let symbol = rest.pop().map_or(0, |negative| (self.field.0 - negative) % self.field.0);
        let determined = rest.iter().all(|&entry| entry == 0);
        let uniform = scalar::float::<F>(alphabet).recip();
        let probability = |other: u64| match determined {
            true if other == symbol => F::one(),
            true => F::zero(),
            false => uniform,
        };
        Ok((0..self.field.0).map(probability).collect())
    }
}

/// Independent vectors. Each is 1 in its first nonzero place, where all later ones are 0.
struct Basis {
    field: Field,
    vectors: Vec<(usize, Vec<u64>)>,
}

impl Basis {
    fn new(field: Field) -> Self {
        Self { field, vectors: Vec::new() }
    }

    /// What the vector has beyond the span.
    fn rest(&self, vector: &[u64]) -> Vec<u64> {
        let field = self.field;
        let mut rest = vector.to_vec();
        for (pivot, known) in &self.vectors {
            let factor = rest[*pivot];
            if factor > 0 {
                let entries = rest.iter_mut().zip(known);
                entries.for_each(|(x, &y)| *x = field.add_product(*x, field.0 - factor, y));
            }
        }
        rest
    }

    /// Appends what the vector has beyond the span. Returns whether there was anything.
    fn extend(&mut self, vector: &[u64]) -> bool {
        let field = self.field;
        let mut rest = self.rest(vector);
        let Some(pivot) = rest.iter().position(|&x| x > 0) else { return false };
        let scale = field.inverse(rest[pivot]);
        rest.iter_mut().for_each(|x| *x = *x * scale % field.0);
        self.vectors.push((pivot, rest));
        true
    }
}

/// `C(n, k)`, or `None` beyond `u128`.
fn checked_binomial(n: usize, k: usize) -> Option<u128> {
    // Each partial product is a binomial coefficient, so the division is exact at every turn.
    (1..=k.min(n - k) as u128)
        .try_fold(1_u128, |product, i| Some(product.checked_mul(n as u128 + 1 - i)? / i))
}

/// `C(n, k)` for `n` up to 28.
fn binomial(n: usize, k: usize) -> u128 {
    checked_binomial(n, k).unwrap_or(u128::MAX)
}
