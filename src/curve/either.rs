use crate::curve::{InformationCurve, OrderCurve};
use crate::error::Result;
use crate::numeric::scalar::Scalar;
use crate::schedule::Schedule;
use crate::units::Nats;

/// A curve that prices schedules: an [`InformationCurve`] for random positions, or an [`OrderCurve`] for the
/// positions of an order. The functions of [`optimal`](crate::optimal) take both.
///
/// Sealed: other types cannot implement it.
///
/// ```
/// use unmaskcost::{Order, Nats, curve::Curve, optimal, distribution::MarkovChain};
/// fn least_error<C: Curve<Scalar = f64>>(curve: &C) -> unmaskcost::Result<Nats> {
///     Ok(optimal::schedule(curve, 8)?.1)
/// }
/// let chain = MarkovChain::stationary(&[[0.9, 0.1], [0.1, 0.9]])?;
/// let random = least_error(&chain.information_curve(256)?)?;
/// let spread = least_error(&chain.order_curve(&Order::spread(256)?)?)?;
/// assert_eq!(format!("{random:.2} {spread:.2}"), "7.20 nats 0.00 nats");
/// # Ok::<(), unmaskcost::Error>(())
/// ```
pub trait Curve: sealed::Either<F = <Self as Curve>::Scalar> {
    /// The scalar of its values.
    type Scalar: Scalar;

    /// L, the number of tokens.
    fn tokens(&self) -> usize;

    /// The exact sampling error of a schedule.
    ///
    /// # Errors
    /// [`TokensDiffer`](crate::Error::TokensDiffer) if the schedule reveals another number of tokens.
    fn sampling_error(&self, schedule: &Schedule) -> Result<Nats<<Self as Curve>::Scalar>>;
}

mod sealed {
    use super::{InformationCurve, OrderCurve, Scalar};

    pub enum Kind<'a, F> {
        Random(&'a InformationCurve<F>),
        Ordered(&'a OrderCurve<F>),
    }

    pub trait Either {
        type F: Scalar;

        fn kind(&self) -> Kind<'_, Self::F>;
    }
}

pub(crate) use sealed::Kind;

impl<F: Scalar> sealed::Either for InformationCurve<F> {
    type F = F;

    fn kind(&self) -> Kind<'_, F> {
        Kind::Random(self)
    }
}

impl<F: Scalar> Curve for InformationCurve<F> {
    type Scalar = F;

    fn tokens(&self) -> usize {
        self.tokens()
    }

    fn sampling_error(&self, schedule: &Schedule) -> Result<Nats<F>> {
        self.sampling_error(schedule)
    }
}

impl<F: Scalar> sealed::Either for OrderCurve<F> {
    type F = F;

    fn kind(&self) -> Kind<'_, F> {
        Kind::Ordered(self)
    }
}

impl<F: Scalar> Curve for OrderCurve<F> {
    type Scalar = F;

    fn tokens(&self) -> usize {
        self.tokens()
    }

    fn sampling_error(&self, schedule: &Schedule) -> Result<Nats<F>> {
        self.sampling_error(schedule)
    }
}
