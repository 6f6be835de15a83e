//! Curves in another precision: to `f64` always, to `f32` if it holds them.

use crate::curve::{InformationCurve, OrderCurve};
use crate::error::{Error, Result};

/// The increments as they are, the information summed up anew.
impl From<InformationCurve<f32>> for InformationCurve<f64> {
    fn from(curve: InformationCurve<f32>) -> Self {
        curve.in_precision()
    }
}

/// The increments rounded to nearest, the information summed up anew. [`Overflow`](Error::Overflow) where `f32` does
/// not hold the sums.
///
/// ```
/// use unmaskcost::InformationCurve;
/// let double = InformationCurve::from_conditional_entropies([1.5_f64, 1.0, 0.75])?;
/// let single = InformationCurve::<f32>::try_from(double.clone())?;
/// assert_eq!(InformationCurve::<f64>::from(single), double); // these values have few digits
/// # Ok::<(), unmaskcost::Error>(())
/// ```
impl TryFrom<InformationCurve<f64>> for InformationCurve<f32> {
    type Error = Error;

    fn try_from(curve: InformationCurve<f64>) -> Result<Self> {
        curve.in_precision().finite()
    }
}

/// The values as they are.
impl From<OrderCurve<f32>> for OrderCurve<f64> {
    fn from(curve: OrderCurve<f32>) -> Self {
        curve.map(f64::from)
    }
}

/// The values rounded to nearest; [`NotFinite`](Error::NotFinite) for one that `f32` does not hold.
impl TryFrom<OrderCurve<f64>> for OrderCurve<f32> {
    type Error = Error;

    fn try_from(curve: OrderCurve<f64>) -> Result<Self> {
        curve.map(|entropy| entropy as f32).finite()
    }
}
