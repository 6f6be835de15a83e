//! Means of values that come in groups: windows of one document, counts of one sequence.
//!
//! Values of one group may depend on each other in unknown ways; different groups are independent. So the error
//! of a mean is estimated from the spread between groups, whatever happens inside them.

use std::collections::BTreeMap;

use crate::error::{Result, no_spread};
use crate::estimate::Estimate;
use crate::numeric::scalar::{self, CompensatedSum, Scalar};
use crate::units::Nats;

/// The weighted mean of values in groups, with the error from the spread between groups.
///
/// # Formula
/// ```text
/// mean = sum_i w_i x_i / W,   W = sum_i w_i
/// r_g = sum_{i in g} w_i (x_i - mean) / W,   p_g = sum_{i in g} w_i / W,   S = sum_g p_g^2
/// standard error^2 = c sum_g r_g^2,   c = S / (S - 2 sum_g p_g^3 + S^2)
/// ```
/// For n groups of equal weight, `c = n / (n - 1)`: the usual error of the mean of n group means. In general `c` makes
/// it right on average if the means of all groups have the same variance, and the degrees of freedom
/// are those of Satterthwaite in that case: `n - 1` for equal weights, fewer if a few groups carry most of the weight.
/// Source: Bell & McCaffrey, *Survey Methodology* 28 (2002).
///
/// # Errors
/// [`TooFew`](Error::TooFew) for fewer than two groups with a weight above zero;
/// [`Overflow`](Error::Overflow).
pub(crate) fn mean<F: Scalar, K: Ord>(
    values: impl IntoIterator<Item = GroupedValue<K, F>>,
) -> Result<Estimate<F>> {
    // Around the first value, so that large common parts do not cost digits.
    let mut origin = None;
    let mut groups: BTreeMap<K, (CompensatedSum<F>, CompensatedSum<F>)> = BTreeMap::new();
    for GroupedValue { group, value, weight } in values {
        let origin = *origin.get_or_insert(value);
        let sums = groups.entry(group).or_insert((CompensatedSum::new(), CompensatedSum::new()));
        sums.0.add(weight);
        sums.1.add(weight * (value - origin));
    }
    let origin = origin.unwrap_or_else(F::zero);
    let groups = groups.into_values().map(|(weight, sum)| (weight.total(), sum.total()));
    let groups: Vec<(F, F)> = groups.filter(|(weight, _)| *weight > F::zero()).collect();
    let total = scalar::sum(groups.iter().map(|(weight, _)| *weight));
    let shift = scalar::sum(groups.iter().map(|(_, sum)| *sum / total));
    let influences = groups.iter().map(|&(weight, sum)| {
        let share = weight / total;
        Influence { share, deviation: sum / total - share * shift }
    });
    from_influences(Nats(origin + shift), &influences.collect::<Vec<_>>())
}

/// One value of a weighted mean over groups.
#[derive(Debug, Clone, Copy)]
pub(crate) struct GroupedValue<K, F> {
    pub(crate) group: K,
    pub(crate) value: F,
    pub(crate) weight: F,
}

/// What one group does to an estimate that is, to first order, a sum over independent groups.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Influence<F> {
    /// The share of the group in the whole weight: the `p_g` of [`mean`]. They sum to one.
    pub(crate) share: F,
    /// By how much the group moves the estimate: the `r_g` of [`mean`]. They sum to zero.
    pub(crate) deviation: F,
}

/// An estimate with the error that follows from the spread between its groups: see [`mean`].
pub(crate) fn from_influences<F: Scalar>(
    value: Nats<F>,
    groups: &[Influence<F>],
) -> Result<Estimate<F>> {
    if groups.len() < 2 {
        return Err(no_spread(groups.len()));
    }
    let power = |exponent| scalar::sum(groups.iter().map(|group| group.share.powi(exponent)));
    let (p2, p3, p4, p5) = (power(2), power(3), power(4), power(5));
    let two = F::one() + F::one();
    let seen = p2 - two * p3 + p2 * p2;
    let norm = scalar::norm(groups.iter().map(|group| group.deviation));
    let standard_error = (p2 / seen).sqrt() * norm;
    // The square of the trace over the trace of the square, of the matrix of this quadratic form.
    let square = p4 * (F::one() + two * two * p2) - two * two * p5 + p2.powi(4)
        - two * two * p2 * p2 * p3
        + two * p3 * p3;
    let degrees_of_freedom = match scalar::evidence(seen * seen / square) {
        degrees if degrees > 0.0 && standard_error > F::zero() => degrees,
        _ => f64::INFINITY,
    };
    let mean = Estimate::of_parts(value, Nats(standard_error), degrees_of_freedom);
    mean.finite("the mean of grouped values")
}

/// What each group does to an estimate, from the estimates without it, and the bias of the estimate that these
/// reveal.
///
/// # Formula
/// ```text
/// d_g = (1 - p_g) (x - x_without_g)        r_g = d_g - p_g sum_h d_h        bias = -sum_g d_g
/// ```
/// For groups of equal size it is the jackknife's bias, and the spread of the `r_g` gives its error (Efron & Stein, *Annals of
/// Statistics* 9, 1981).
pub(crate) fn jackknife<F: Scalar>(
    shares: &[F],
    value: F,
    without_group: &[F],
) -> (Vec<Influence<F>>, F) {
    let deviations = shares.iter().zip(without_group);
    let deviations: Vec<F> =
        deviations.map(|(&share, &without)| (F::one() - share) * (value - without)).collect();
    let sum = scalar::sum(deviations.iter().copied());
    let influence =
        |(&share, deviation): (&F, F)| Influence { share, deviation: deviation - share * sum };
    (shares.iter().zip(deviations).map(influence).collect(), -sum)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::error::Error;

    fn of(values: &[(usize, f64, f64)]) -> Result<Estimate> {
        let grouped = |&(group, value, weight)| GroupedValue { group, value, weight };
        mean(values.iter().map(grouped))
    }

    #[test]
    fn groups_of_one_value_each_give_the_usual_error_of_a_mean() {
        let values = [1.0, 4.0, 2.0, 7.0, 3.5];
        let found =
            of(&values.iter().enumerate().map(|(i, &x)| (i, x, 2.0)).collect::<Vec<_>>()).unwrap();
        let average = values.iter().sum::<f64>() / 5.0;
        let variance = values.iter().map(|x| (x - average).powi(2)).sum::<f64>() / 4.0;
        assert!((found.value().0 - average).abs() < 1e-14);
        assert!((found.standard_error().0 - (variance / 5.0).sqrt()).abs() < 1e-14);
        assert!((found.degrees_of_freedom() - 4.0).abs() < 1e-10);
    }

    #[test]
    fn a_group_counts_once_however_often_it_repeats_itself() {
        let once = of(&[(0, 1.0, 1.0), (1, 4.0, 1.0), (2, 2.0, 1.0)]).unwrap();
        let repeated: Vec<_> =
            [(0, 1.0, 0.1), (1, 4.0, 0.1), (2, 2.0, 0.1)].repeat(10).into_iter().collect();
        let repeated = of(&repeated).unwrap();
        assert!((once.standard_error().0 - repeated.standard_error().0).abs() < 1e-13);
        assert!((once.degrees_of_freedom() - repeated.degrees_of_freedom()).abs() < 1e-10);
    }

    /// The quadratic form written out as matrices: its mean and variance for normal group means.
    #[test]
    fn unequal_groups_have_the_moments_of_the_quadratic_form() {
        let weights = [5.0, 1.0, 2.0, 1.0, 0.5];
        let total: f64 = weights.iter().sum();
        let p: Vec<f64> = weights.iter().map(|w| w / total).collect();
        let n = p.len();
        let s: f64 = p.iter().map(|p| p * p).sum();
        // r = M x with M = diag(p) (I - 1 p'), and then M M'.
        let m = |i: usize, j: usize| p[i] * (f64::from(u8::from(i == j)) - p[j]);
        let mm = |i: usize, j: usize| (0..n).map(|k| m(i, k) * m(j, k)).sum::<f64>();
        let trace: f64 = (0..n).map(|i| mm(i, i)).sum();
        let square: f64 =
            (0..n).flat_map(|i| (0..n).map(move |j| (i, j))).map(|(i, j)| mm(i, j).powi(2)).sum();
        let values = [1.0, -2.0, 0.5, 3.0, 2.0];
        let rows: Vec<_> = (0..n).map(|i| (i, values[i], weights[i])).collect();
        let found = of(&rows).unwrap();
        assert!((found.degrees_of_freedom() - trace * trace / square).abs() < 1e-10);
        let average: f64 = (0..n).map(|i| p[i] * values[i]).sum();
        let squares: f64 = (0..n).map(|i| (p[i] * (values[i] - average)).powi(2)).sum();
        assert!((found.standard_error().0 - (s / trace * squares).sqrt()).abs() < 1e-12);
    }

    #[test]
    fn one_group_has_no_spread() {
        assert!(matches!(of(&[(3, 1.0, 1.0), (3, 2.0, 1.0)]), Err(Error::TooFew { found: 1, .. })));
        assert!(matches!(of(&[]), Err(Error::TooFew { found: 0, .. })));
    }
}
