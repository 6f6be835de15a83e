use crate::bounds::KlBounds;
use crate::curve::InformationCurve;
use crate::error::Result;
use crate::numeric::scalar::Scalar;
use crate::schedule::Schedule;
use crate::units::Nats;

/// Something that is known of a distribution, and what it says of the error of a schedule.
///
/// Two types implement it: [`sharp::Known`](crate::bounds::sharp::Known), for any set of partial
/// statements, and the whole [`InformationCurve`], for which both ends are the exact error.
///
/// ```
/// use unmaskcost::{bounds::Knowledge, bounds::sharp::Known};
/// use unmaskcost::{InformationCurve, Nats, Schedule};
///
/// fn report(knowledge: &impl Knowledge, schedule: &Schedule) -> unmaskcost::Result<String> {
///     let bounds = knowledge.bounds(schedule)?;
///     Ok(format!("{:.2} .. {:.2}", bounds.lower, bounds.upper))
/// }
///
/// let schedule = Schedule::from_reveal_sizes([1, 3])?;
/// let curve = InformationCurve::from_information([0.0, 0.5, 0.75, 0.875])?;
/// let dtc = Known::about(4).dual_total_correlation(curve.dual_total_correlation());
/// assert_eq!(report(&curve, &schedule)?, "0.62 nats .. 0.62 nats");
/// assert_eq!(report(&dtc, &schedule)?, "0.00 nats .. 1.38 nats");
/// # Ok::<(), unmaskcost::Error>(())
/// ```
pub trait Knowledge<F: Scalar = f64> {
    /// L, the number of tokens.
    fn tokens(&self) -> usize;

    /// The least error that agrees with what is known.
    ///
    /// # Errors
    /// [`TokensDiffer`](crate::Error::TokensDiffer) if the schedule reveals another number of
    /// tokens, or an error that says which statements contradict each other.
    fn lower(&self, schedule: &Schedule) -> Result<Nats<F>>;

    /// The largest error that agrees with what is known.
    ///
    /// # Errors
    /// As [`Knowledge::lower`], and [`Unbounded`](crate::Error::Unbounded) if there is no largest.
    fn upper(&self, schedule: &Schedule) -> Result<Nats<F>>;

    /// A curve that agrees with what is known and has the least error. O(L).
    ///
    /// # Errors
    /// As [`Knowledge::lower`].
    fn lower_witness(&self, schedule: &Schedule) -> Result<InformationCurve<F>>;

    /// A curve that agrees with what is known and has the largest error. O(L).
    ///
    /// # Errors
    /// As [`Knowledge::upper`].
    fn upper_witness(&self, schedule: &Schedule) -> Result<InformationCurve<F>>;

    /// The interval from the least to the largest error.
    ///
    /// # Errors
    /// As [`Knowledge::upper`]. Where only the upper end is missing, [`Knowledge::lower`] still
    /// answers.
    fn bounds(&self, schedule: &Schedule) -> Result<KlBounds<F>> {
        Ok(KlBounds { lower: self.lower(schedule)?, upper: self.upper(schedule)? })
    }
}

/// The whole curve leaves nothing open: both ends are the exact error, and the witness is the curve
/// itself.
impl<F: Scalar> Knowledge<F> for InformationCurve<F> {
    fn tokens(&self) -> usize {
        self.tokens()
    }

    fn lower(&self, schedule: &Schedule) -> Result<Nats<F>> {
        self.sampling_error(schedule)
    }

    fn upper(&self, schedule: &Schedule) -> Result<Nats<F>> {
        self.sampling_error(schedule)
    }

    fn lower_witness(&self, schedule: &Schedule) -> Result<InformationCurve<F>> {
        schedule.check_tokens("curve", self.tokens())?;
        Ok(self.clone())
    }

    fn upper_witness(&self, schedule: &Schedule) -> Result<InformationCurve<F>> {
        self.lower_witness(schedule)
    }

    fn bounds(&self, schedule: &Schedule) -> Result<KlBounds<F>> {
        self.sampling_error(schedule).map(KlBounds::exactly)
    }
}
