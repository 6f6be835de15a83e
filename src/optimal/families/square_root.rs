//! The square-root law: steps with density proportional to `sqrt(d_m)`, best in the limit of many small steps.
//! Source: Lavenant & Zanella, arXiv 2510.25544.

use super::member;
use crate::curve::InformationCurve;
use crate::error::Result;
use crate::numeric::scalar::{self, CompensatedSum, Scalar};
use crate::schedule::Schedule;

/// Ends of steps at equal parts of the sum of `sqrt(d_m)`, between tokens by interpolation.
pub(super) fn square_root<F: Scalar>(
    curve: &InformationCurve<F>,
    steps: usize,
) -> Result<Schedule> {
    let mut sum = CompensatedSum::new();
    let add = |d: &F| {
        sum.add(d.sqrt());
        sum.total()
    };
    let sums: Vec<F> = curve.increments().iter().map(add).collect();
    let tokens = curve.tokens();
    let all = sums[tokens - 1];
    if all <= F::zero() {
        return Schedule::balanced(tokens, steps);
    }
    member(tokens, steps, |u| {
        let part = u * all;
        let after = sums.partition_point(|&sum| sum < part).clamp(1, tokens.max(2) - 1);
        let (low, high) = (sums[after - 1], sums[after]);
        let share = if high > low { (part - low) / (high - low) } else { F::one() };
        (scalar::float::<F>(after - 1) + share) / scalar::float(tokens)
    })
}
