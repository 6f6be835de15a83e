use core::ops::Range;

use crate::curve::InformationCurve;
use crate::error::Result;
use crate::numeric::scalar::{self, RampSum, Scalar};
use crate::schedule::Schedule;
use crate::units::Nats;

/// What one step of a schedule costs on a curve, and what cutting or joining it would change.
#[derive(Debug, Clone, PartialEq)]
#[cfg_attr(
    feature = "serde",
    derive(serde::Serialize, serde::Deserialize),
    serde(bound(
        serialize = "F: Scalar + serde::Serialize",
        deserialize = "F: Scalar + serde::Deserialize<'de>"
    ))
)]
#[non_exhaustive]
pub struct StepCost<F = f64> {
    /// The revealed counts that the step covers.
    pub range: Range<usize>,
    /// Its part of the sampling error.
    pub error: Nats<F>,
    /// What the error falls by if the step is cut in two at the best place.
    pub saved_by_cut: Nats<F>,
    /// That place, as a revealed count inside the range, the first of several; the end of the range where no
    /// cut saves anything.
    pub cut: usize,
    /// What the error rises by if the step is joined with the next one; `None` for the last.
    pub lost_by_joining: Option<Nats<F>>,
}

impl<F: Scalar> InformationCurve<F> {
    /// The sampling error step by step. If cutting one step saves more than joining two others loses,
    /// the same number of steps can do better. O(L).
    ///
    /// # Formula
    /// ```text
    /// error of [a, b)              = sum_{a < m < b} (b - m) d_m
    /// saved by cutting it at c     = (b - c) (I_c - I_a)
    /// lost by joining it at b with [b, e) = (e - b) (I_b - I_a)
    /// ```
    ///
    /// # Errors
    /// [`TokensDiffer`](crate::Error::TokensDiffer) if the schedule reveals another number of tokens.
    ///
    /// ```
    /// use unmaskcost::{InformationCurve, Nats, Schedule};
    /// let copy = InformationCurve::from_information([0.0, 1.0, 1.0, 1.0])?;
    /// let costs = copy.step_costs(&Schedule::from_reveal_sizes([2, 2])?)?;
    /// assert_eq!((costs[0].error, costs[0].saved_by_cut, costs[0].cut), (Nats(1.0), Nats(1.0), 1));
    /// assert_eq!((costs[1].error, costs[1].saved_by_cut), (Nats(0.0), Nats(0.0)));
    /// assert_eq!(costs[0].lost_by_joining, Some(Nats(2.0)));
    /// # Ok::<(), unmaskcost::Error>(())
    /// ```
    pub fn step_costs(&self, schedule: &Schedule) -> Result<Vec<StepCost<F>>> {
        schedule.check_tokens("curve", self.tokens())?;
        let ranges: Vec<Range<usize>> = schedule.ranges().collect();
        let cost = |(step, range): (usize, &Range<usize>)| {
            let mut error = RampSum::new();
            error.add_ramp(&self.increments()[range.start + 1..range.end]);
            let (saved_by_cut, cut, known) = self.best_cut(range.clone());
            let next = ranges.get(step + 1);
            let joined = next.map(|next| {
                let known = known + self.increments()[range.end];
                Nats(known * scalar::float(next.len()))
            });
            StepCost {
                range: range.clone(),
                error: Nats(error.total()),
                saved_by_cut,
                cut,
                lost_by_joining: joined,
            }
        };
        Ok(ranges.iter().enumerate().map(cost).collect())
    }

    /// What cutting a step in two saves at best, where, and `I_{end-1} - I_start`.
    pub(crate) fn best_cut(&self, step: Range<usize>) -> (Nats<F>, usize, F) {
        // (I_m - I_start) summed up from increments: differences of large values would lose digits.
        let (mut known, mut best) = (F::zero(), (F::zero(), step.end));
        for m in step.start + 1..step.end {
            known = known + self.increments()[m];
            let saved = known * scalar::float(step.end - m);
            if saved > best.0 {
                best = (saved, m);
            }
        }
        (Nats(best.0), best.1, known)
    }
}
