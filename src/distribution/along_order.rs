use crate::curve::OrderCurve;
use crate::distribution::{JointTable, SubsetEntropies};
use crate::error::{Error, Result};
use crate::numeric::scalar::Scalar;
use crate::schedule::Order;

impl<F: Scalar> JointTable<F> {
    /// The exact curve along an order of the positions: the error of every schedule that reveals them in
    /// this order. O(L^2) sums over all cells.
    ///
    /// # Errors
    /// [`LengthMismatch`](Error::LengthMismatch) if the order has another number of tokens.
    pub fn order_curve(&self, order: &Order) -> Result<OrderCurve<F>> {
        check_order(order, self.tokens())?;
        OrderCurve::from_subset_entropies(order, |positions| self.entropy(positions))
    }
}

impl<F: Scalar> SubsetEntropies<F> {
    /// The exact curve along an order of the positions, by look-ups. O(L^3).
    ///
    /// # Errors
    /// [`LengthMismatch`](Error::LengthMismatch) if the order has another number of tokens.
    pub fn order_curve(&self, order: &Order) -> Result<OrderCurve<F>> {
        check_order(order, self.tokens())?;
        OrderCurve::from_subset_entropies(order, |positions| self.entropy(positions))
    }
}

/// Refuses an order of another number of tokens.
pub(super) fn check_order(order: &Order, expected: usize) -> Result<()> {
    match order.tokens() {
        found if found == expected => Ok(()),
        found => Err(Error::LengthMismatch { what: "the order", found, expected }),
    }
}
