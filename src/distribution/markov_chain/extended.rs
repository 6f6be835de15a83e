//! Positive numbers of any size: probabilities of long sequences do not underflow.

use crate::distribution::traits::conditional;
use crate::error::Result;
use crate::numeric::scalar::{self, Scalar};

/// A nonnegative number with an exponent of its own: `mantissa * 2^(32 exponent)`.
///
/// The mantissa lies between 2^-16 and 2^16, or is 0. So products of two are in the range of any float, and numbers
/// near 1 have exponent 0: their logarithm keeps its digits.
#[derive(Debug, Clone, Copy)]
pub(super) struct Extended<F> {
    mantissa: F,
    exponent: i64,
}

/// By this power of two the exponent counts.
const RADIX_LOG2: i64 = 32;
/// A difference of exponents beyond which nothing is left of the smaller number.
const FAR: i64 = 64;

fn radix<F: Scalar>() -> F {
    scalar::constant(4_294_967_296.0)
}

impl<F: Scalar> Extended<F> {
    pub(super) fn new(value: F) -> Self {
        Self::scaled(value, 0)
    }

    /// `value * 2^(32 exponent)`.
    pub(super) fn scaled(value: F, exponent: i64) -> Self {
        let (mut mantissa, mut exponent) = (value, exponent);
        if mantissa <= F::zero() {
            return Self { mantissa: F::zero(), exponent: 0 };
        }
        let (least, most) = (scalar::constant(1.0 / 65_536.0), scalar::constant(65_536.0));
        while mantissa < least {
            mantissa = mantissa * radix();
            exponent -= 1;
        }
        while mantissa >= most && mantissa.is_finite() {
            mantissa = mantissa / radix();
            exponent += 1;
        }
        Self { mantissa, exponent }
    }

    pub(super) fn is_zero(self) -> bool {
        self.mantissa == F::zero()
    }

    pub(super) fn times(self, other: Self) -> Self {
        Self::scaled(self.mantissa * other.mantissa, self.exponent + other.exponent)
    }

    /// Divided by a number that is not 0.
    pub(super) fn over(self, other: Self) -> Self {
        Self::scaled(self.mantissa / other.mantissa, self.exponent - other.exponent)
    }

    fn plus(self, other: Self) -> Self {
        if self.is_zero() {
            return other;
        }
        if other.is_zero() {
            return self;
        }
        let exponent = self.exponent.max(other.exponent);
        Self::scaled(self.at(exponent) + other.at(exponent), exponent)
    }

    /// The number as a multiple of `2^(32 exponent)`.
    fn at(self, exponent: i64) -> F {
        let steps = self.exponent - exponent;
        match steps {
            0 => self.mantissa,
            1.. => self.mantissa * radix::<F>().powi(steps.min(FAR) as i32),
            _ => self.mantissa * radix::<F>().recip().powi((-steps).min(FAR) as i32),
        }
    }

    /// The number as a float, which may underflow.
    pub(super) fn value(self) -> F {
        self.at(0)
    }

    pub(super) fn ln(self) -> F {
        let powers = F::from_i64(self.exponent * RADIX_LOG2).unwrap_or_else(F::nan);
        self.mantissa.ln() + powers * F::LN_2()
    }
}

pub(super) fn extended<F: Scalar>(values: &[F]) -> Vec<Extended<F>> {
    values.iter().copied().map(Extended::new).collect()
}

/// Numbers as multiples of one power, by the largest exponent among them.
struct Aligned<F> {
    /// Where the numbers that are not 0 stand.
    places: Vec<usize>,
    values: Vec<F>,
    exponent: i64,
}

fn aligned<F: Scalar>(numbers: &[Extended<F>]) -> Aligned<F> {
    let places: Vec<usize> = (0..numbers.len()).filter(|&i| !numbers[i].is_zero()).collect();
    let exponent = places.iter().map(|&i| numbers[i].exponent).max().unwrap_or(0);
    let value = |number: &Extended<F>| match number.is_zero() {
        true => F::zero(),
        false => number.at(exponent),
    };
    Aligned { places, values: numbers.iter().map(value).collect(), exponent }
}

pub(super) fn sum<F: Scalar>(numbers: &[Extended<F>]) -> Extended<F> {
    let aligned = aligned(numbers);
    Extended::scaled(scalar::sum(aligned.values), aligned.exponent)
}

/// The numbers divided by their sum.
pub(super) fn distribution<F: Scalar>(numbers: &[Extended<F>]) -> Result<Vec<F>> {
    conditional(&aligned(numbers).values)
}

/// Each number times its likelihood.
pub(super) fn times<F: Scalar>(numbers: &mut [Extended<F>], likelihoods: &[F]) {
    for (number, &likelihood) in numbers.iter_mut().zip(likelihoods) {
        *number = number.times(Extended::new(likelihood));
    }
}

/// A row of numbers times a matrix, which is row-major and square.
pub(super) fn row_times_matrix<F: Scalar>(
    numbers: &[Extended<F>],
    matrix: &[F],
) -> Vec<Extended<F>> {
    let size = numbers.len();
    let Aligned { places, values, exponent } = aligned(numbers);
    let mut sums = vec![F::zero(); size];
    for &x in &places {
        let row = &matrix[x * size..(x + 1) * size];
        sums.iter_mut().zip(row).for_each(|(sum, &step)| *sum = *sum + values[x] * step);
    }
    let all = |y: usize| each_by_itself(&places, numbers, |x| matrix[x * size + y]);
    let sums = sums.into_iter().enumerate();
    sums.map(|(y, sum)| exact_or(sum, exponent, || all(y))).collect()
}

/// A matrix, which is row-major and square, times a column of numbers.
pub(super) fn matrix_times_column<F: Scalar>(
    matrix: &[F],
    numbers: &[Extended<F>],
) -> Vec<Extended<F>> {
    let Aligned { places, values, exponent } = aligned(numbers);
    let row = |row: &[F]| {
        let sum = scalar::sum(places.iter().map(|&y| row[y] * values[y]));
        exact_or(sum, exponent, || each_by_itself(&places, numbers, |y| row[y]))
    };
    matrix.chunks_exact(numbers.len()).map(row).collect()
}

/// A sum of products of aligned numbers, if it is so large that nothing that counts has underflowed in it.
fn exact_or<F: Scalar>(sum: F, exponent: i64, slow: impl FnOnce() -> Extended<F>) -> Extended<F> {
    let sure = F::min_positive_value() / F::epsilon() / F::epsilon();
    if sum >= sure { Extended::scaled(sum, exponent) } else { slow() }
}

fn each_by_itself<F: Scalar>(
    places: &[usize],
    numbers: &[Extended<F>],
    factor: impl Fn(usize) -> F,
) -> Extended<F> {
    let terms = places.iter().map(|&x| (numbers[x], factor(x))).filter(|(_, p)| *p > F::zero());
    let terms = terms.map(|(number, p)| number.times(Extended::new(p)));
    terms.fold(Extended::new(F::zero()), Extended::plus)
}
