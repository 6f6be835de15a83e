use crate::curve::InformationCurve;
use crate::error::{Error, Result};
use crate::numeric::scalar::Scalar;
use crate::optimal::Optimum;
use crate::optimal::monge::measure::Measure;
use crate::optimal::monge::{Search, Target};
use crate::schedule::Schedule;

/// Splits a total number of steps over several curves (blocks of a sequence, or prompts) so that the sum
/// of their errors is least. Returns the best schedule and the error for each curve, in order.
///
/// Every curve gets at least one step. Each frontier is convex, so the best split buys, again and
/// again, the step that saves most: at the optimum all curves have the same price per step. The search
/// is that of [`schedule`](crate::optimal::schedule), with the curves one after another: about five
/// passes over all tokens.
///
/// # Errors
/// [`Empty`](Error::Empty) for no curves; [`StepsOutOfRange`](Error::StepsOutOfRange) for more steps
/// than tokens in all; [`TooFew`](Error::TooFew) for fewer steps than curves;
/// [`Overflow`](Error::Overflow) if the sum of the errors may not be finite.
///
/// ```
/// use unmaskcost::{InformationCurve, optimal};
/// let plain = InformationCurve::from_information([0.0, 0.0, 0.0, 0.2])?;
/// let tangled = InformationCurve::from_information([0.0, 0.5, 0.75, 0.875])?;
/// let split = optimal::split(&[plain, tangled], 5)?;
/// assert_eq!(split[0].plan.sizes(), [3, 1]);
/// assert_eq!(split[1].plan.sizes(), [1, 1, 2]);
/// # Ok::<(), unmaskcost::Error>(())
/// ```
pub fn split<F: Scalar>(
    curves: &[InformationCurve<F>],
    steps: usize,
) -> Result<Vec<Optimum<Schedule, F>>> {
    if curves.is_empty() {
        return Err(Error::Empty { what: "the list of curves" });
    }
    let measure = Measure::of_all(curves)?;
    if steps > measure.tokens() {
        return Err(Error::StepsOutOfRange { steps, tokens: measure.tokens() });
    }
    if steps < curves.len() {
        let what = "steps for curves that need one each";
        return Err(Error::TooFew { what, found: steps, needed: curves.len() });
    }
    let vertex = Search::new(&measure).find(Target::Steps(steps));
    let schedules = measure.schedules(&vertex.path, steps)?;
    let with_error = |(curve, schedule): (&InformationCurve<F>, Schedule)| {
        let error = curve.sampling_error(&schedule)?;
        Ok(Optimum { plan: schedule, error })
    };
    curves.iter().zip(schedules).map(with_error).collect()
}
