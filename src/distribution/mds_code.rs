use crate::curve::{InformationCurve, OrderCurve};
use crate::distribution::LinearCode;
use crate::distribution::along_order::check_order;
use crate::distribution::field::Field;
use crate::distribution::linear_code::MAX_LISTED;
use crate::distribution::traits::{SubsetEntropy, check_positions};
use crate::error::{Error, Result, check_limit};
use crate::numeric::scalar::{self, Scalar};
use crate::schedule::Order;
use crate::units::Nats;

/// A maximum-distance-separable code over the integers modulo a prime: any `dimension` of its tokens
/// are independent and uniform, and determine all others.
///
/// These are the extreme points among all curves: the information comes in one step.
///
/// # Formula
/// ```text
/// H(X_S) = min(|S|, dimension) ln p,   so   I_k = [k >= dimension] ln p
/// ```
///
/// ```
/// use unmaskcost::{Schedule, distribution::MdsCode};
/// let code = MdsCode::new(101, 100, 40)?;
/// let curve = code.information_curve::<f64>()?;
/// let two_steps = Schedule::from_reveal_sizes([40, 60])?;
/// assert_eq!(curve.sampling_error(&two_steps)?.0, 0.0);
/// # Ok::<(), unmaskcost::Error>(())
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct MdsCode {
    field: Field,
    length: usize,
    dimension: usize,
}

impl MdsCode {
    /// A code of this length and dimension over the integers modulo the prime `field`, if there is
    /// one.
    ///
    /// Dimensions 1 (one symbol repeated), `length - 1` (zero sum) and `length` (independent tokens)
    /// exist for all lengths. All others exist exactly for `length <= field + 1`: these are Reed-Solomon
    /// codes with the point at infinity, and there are no longer codes over a prime field (Ball, *On
    /// sets of vectors of a finite vector space in which every subset of basis size is a basis*, J. Eur.
    /// Math. Soc. 14, 2012, for dimensions up to the prime; Bush, 1952, beyond).
    ///
    /// # Errors
    /// [`OutOfRange`](Error::OutOfRange), [`TooLarge`](Error::TooLarge) for a field of 2^32 or more;
    /// [`Empty`](Error::Empty) for a length or dimension of zero; [`Inconsistent`](Error::Inconsistent)
    /// if there is no such code.
    ///
    /// ```
    /// use unmaskcost::{Error, distribution::MdsCode};
    /// assert!(MdsCode::new(5, 6, 3).is_ok());
    /// assert!(matches!(MdsCode::new(5, 7, 3), Err(Error::Inconsistent { .. })));
    /// # Ok::<(), unmaskcost::Error>(())
    /// ```
    pub fn new(field: u64, length: usize, dimension: usize) -> Result<Self> {
        let field = Field::new(field)?;
        if length == 0 || dimension == 0 {
            return Err(Error::Empty { what: "the length or the dimension of the code" });
        }
        let inconsistent = |inequality, left: usize, right: f64| {
            Err(Error::Inconsistent { inequality, left: left as f64, right })
        };
        if dimension > length {
            return inconsistent("dimension <= length", dimension, length as f64);
        }
        let of_any_length = dimension == 1 || dimension >= length - 1;
        if !of_any_length && length as u64 > field.0 + 1 {
            let inequality =
                "length <= field + 1, for an MDS code with 2 <= dimension <= length - 2,";
            return inconsistent(inequality, length, field.0 as f64 + 1.0);
        }
        Ok(Self { field, length, dimension })
    }

    /// The number of tokens.
    #[must_use]
    pub fn tokens(&self) -> usize {
        self.length
    }

    /// How many tokens determine all others.
    #[must_use]
    pub fn dimension(&self) -> usize {
        self.dimension
    }

    /// The information curve, in closed form. O(L).
    ///
    /// # Errors
    /// [`TooLarge`](Error::TooLarge) for more than 2^24 tokens.
    pub fn information_curve<F: Scalar>(&self) -> Result<InformationCurve<F>> {
        check_limit("tokens of the curve of a code", self.length as u128, MAX_LISTED)?;
        let Nats(entropy) = self.field.symbol_entropy();
        let given = |k| if k < self.dimension { entropy } else { F::zero() };
        let entropies: Vec<F> = (0..self.length).map(given).collect();
        InformationCurve::from_conditional_entropies(entropies)
    }

    /// The curve along an order, which is the same for every order: that of
    /// [`information_curve`](Self::information_curve).
    ///
    /// # Errors
    /// [`LengthMismatch`](Error::LengthMismatch) if the order has another number of tokens;
    /// [`TooLarge`](Error::TooLarge) for more than 16,383.
    pub fn order_curve<F: Scalar>(&self, order: &Order) -> Result<OrderCurve<F>> {
        check_order(order, self.length)?;
        OrderCurve::of_random_positions(&self.information_curve()?)
    }

    /// A code with these parameters: independent tokens, zero sum, repetition, or extended
    /// Reed-Solomon. O(length dimension^2).
    ///
    /// # Errors
    /// [`TooLarge`](Error::TooLarge) for more than 2^24 entries of the generator matrix.
    ///
    /// ```
    /// use unmaskcost::distribution::MdsCode;
    /// let mds = MdsCode::new(7, 8, 4)?;
    /// assert_eq!(mds.code()?.check_mds()?, mds);
    /// # Ok::<(), unmaskcost::Error>(())
    /// ```
    pub fn code(&self) -> Result<LinearCode> {
        let Self { field, length, dimension } = *self;
        let entries = length as u128 * dimension as u128;
        check_limit("entries of the generator matrix", entries, MAX_LISTED)?;
        let entry = |power: usize, token: usize| -> u64 {
            if dimension >= length - 1 {
                // The identity, and for the zero sum a column of minus ones.
                if token == dimension { field.0 - 1 } else { u64::from(token == power) }
            } else if token as u64 == field.0 {
                // The point at infinity: the leading coefficient of the polynomial.
                u64::from(power + 1 == dimension)
            } else {
                // One coefficient is a constant, whatever the points are; otherwise they are distinct.
                field.power(token as u64 % field.0, power as u64)
            }
        };
        let row = |power| -> Vec<u64> { (0..length).map(|token| entry(power, token)).collect() };
        LinearCode::from_generator(field.0, (0..dimension).map(row))
    }
}

/// In closed form, for codes of any length: the tokens are independent up to the dimension.
impl<F: Scalar> SubsetEntropy<F> for MdsCode {
    fn subset_entropy(&self, positions: &[usize]) -> Result<Nats<F>> {
        let shown = check_positions(positions, Some(self.length))?.len();
        Ok(self.field.symbol_entropy() * scalar::float(shown.min(self.dimension)))
    }
}
