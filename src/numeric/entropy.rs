//! The entropy of a list of probabilities: where the time of the subset engine goes.
//!
//! The logarithm is written so that the compiler can vectorise it: no branch, no table, no call. It
//! is compiled once per instruction set, and the widest one present is chosen when the program runs
//! (feature `simd`). The lanes are fixed, so every instruction set with fused multiply-add gives the same
//! bits; without it, as without the feature, the last digits may differ, within the accuracy below.
//!
//! # Formula
//! ```text
//! x = 2^k m, sqrt(1/2) <= m < sqrt(2)
//! ln x = k ln 2 + 2 artanh(s) = k ln 2 + s (2 + z P(z)),   s = (m - 1)/(m + 1), z = s^2
//! ```
//! where P is the polynomial with the smallest largest relative error of the logarithm (found by
//! Remez's exchange): 2^-59 for the one of degree 6, 2^-30 for the one of degree 2.
//!
//! # Accuracy
//! Each x ln x is within 3 units in the last place. At zero it is zero, by multiplication. Subnormal x
//! are not split correctly, which costs less than 64 times the smallest normal number.

use core::any::Any;

use crate::numeric::scalar::{self, CompensatedSum, Scalar};
use crate::numeric::simd::{Kernel, run_widest};

/// The function that computes `- sum_x p(x) ln p(x)` fastest in this float: vectorised for `f64` and
/// `f32`, plain for all others.
///
/// Sums are blocked and compensated between blocks, so that the result is as accurate as its terms.
pub(crate) fn entropy_function<F: Scalar>() -> fn(&[F]) -> F {
    let vectorised: [&dyn Any; 2] =
        [&(double::entropy as fn(&[f64]) -> f64), &(single::entropy as fn(&[f32]) -> f32)];
    let same_float = |function: &dyn Any| function.downcast_ref::<fn(&[F]) -> F>().copied();
    vectorised.into_iter().find_map(same_float).unwrap_or(scalar::entropy)
}

/// From a table of two bits with a row of further cells for each of their values, `cells = [2, 2, row]`: the
/// entropies of the row alone, with the first bit, with the second, and with both.
pub(crate) type EntropiesOfPair<F> = fn(&[F]) -> [F; 4];

/// The function for the entropies where the last two bits of a table are kept or summed out, without a table for
/// each: vectorised for `f64` and `f32`; `None` for other floats. The length of the row must be a multiple of the
/// number that comes with the function.
pub(crate) fn entropies_of_pair_function<F: Scalar>() -> Option<(EntropiesOfPair<F>, usize)> {
    let vectorised: [(&dyn Any, usize); 2] = [
        (&(double::entropies_of_pair as EntropiesOfPair<f64>), double::LANES),
        (&(single::entropies_of_pair as EntropiesOfPair<f32>), single::LANES),
    ];
    let same_float = |(function, lanes): (&dyn Any, usize)| {
        Some((*function.downcast_ref::<EntropiesOfPair<F>>()?, lanes))
    };
    vectorised.into_iter().find_map(same_float)
}

/// `a b + c`, fused where that is one instruction.
macro_rules! multiply_add {
    ($fused:ident, $a:expr, $b:expr, $c:expr) => {
        if $fused { $a.mul_add($b, $c) } else { $a * $b + $c }
    };
}

/// One copy per float: the bits of a float cannot be reached through `Scalar`.
macro_rules! vectorised {
    ($module:ident, $float:ident, $bits:ident, lanes: $lanes:literal, degree: $degree:literal, polynomial: $polynomial:expr) => {
        mod $module {
            use super::*;

            /// Several vectors of any instruction set: with fewer lanes the compiler unrolls the loop
            /// over them before it vectorises it, and then does it badly.
            pub(crate) const LANES: usize = $lanes;
            /// This many probabilities per lane are added plainly; then comes a compensated sum.
            const ROUNDS: usize = 32;
            /// The coefficients of P, constant term first.
            const POLYNOMIAL: [$float; $degree + 1] = $polynomial;

            const FRACTION_BITS: u32 = $float::MANTISSA_DIGITS - 1;
            const FRACTION: $bits = (1 << FRACTION_BITS) - 1;
            const ONE: $bits = ($float::MAX_EXP as $bits - 1) << FRACTION_BITS;
            const SQRT_HALF: $bits = core::$float::consts::FRAC_1_SQRT_2.to_bits();
            /// 2^FRACTION_BITS: a float whose last bit is worth one, so that adding a small integer to
            /// its bits adds that integer to its value.
            const INTEGER: $bits =
                ($float::MAX_EXP as $bits - 1 + FRACTION_BITS as $bits) << FRACTION_BITS;
            const EXPONENT_BIAS: $float = ($float::MAX_EXP - 1) as $float;

            pub(crate) fn entropy(probabilities: &[$float]) -> $float {
                run_widest(Entropy(probabilities))
            }

            struct Entropy<'a>(&'a [$float]);

            impl Kernel for Entropy<'_> {
                type Output = $float;

                #[inline(always)]
                fn run<const FUSED: bool>(self) -> $float {
                    let (chunks, rest) = self.0.as_chunks::<LANES>();
                    let mut total = CompensatedSum::new();
                    for block in chunks.chunks(ROUNDS) {
                        total.add(block_entropy::<FUSED>(block));
                    }
                    if !rest.is_empty() {
                        let mut padded = [0.0; LANES];
                        padded[..rest.len()].copy_from_slice(rest);
                        total.add(block_entropy::<FUSED>(&[padded]));
                    }
                    total.total()
                }
            }

            #[inline(always)]
            fn block_entropy<const FUSED: bool>(block: &[[$float; LANES]]) -> $float {
                let mut sums = [0.0; LANES];
                for chunk in block {
                    for lane in 0..LANES {
                        sums[lane] -= x_ln_x::<FUSED>(chunk[lane]);
                    }
                }
                sum_of_lanes(sums)
            }

            #[inline(always)]
            fn sum_of_lanes(mut sums: [$float; LANES]) -> $float {
                let mut width = LANES;
                while width > 1 {
                    width /= 2;
                    for lane in 0..width {
                        sums[lane] += sums[lane + width];
                    }
                }
                sums[0]
            }

            pub(crate) fn entropies_of_pair(cells: &[$float]) -> [$float; 4] {
                run_widest(EntropiesOfPair(cells))
            }

            struct EntropiesOfPair<'a>(&'a [$float]);

            impl Kernel for EntropiesOfPair<'_> {
                type Output = [$float; 4];

                #[inline(always)]
                fn run<const FUSED: bool>(self) -> [$float; 4] {
                    let (neither, rest) = self.0.split_at(self.0.len() / 4);
                    let (second, rest) = rest.split_at(neither.len());
                    let (first, both) = rest.split_at(neither.len());
                    let mut totals = [CompensatedSum::new(); 4];
                    let rows = [neither, second, first, both].map(|row| row.as_chunks::<LANES>().0);
                    for start in (0..rows[0].len()).step_by(PAIR_ROUNDS) {
                        let end = rows[0].len().min(start + PAIR_ROUNDS);
                        let mut sums = [[0.0; LANES]; 4];
                        for chunk in start..end {
                            add_pair::<FUSED>(&mut sums, rows.map(|row| &row[chunk]));
                        }
                        for (total, sums) in totals.iter_mut().zip(sums) {
                            total.add(sum_of_lanes(sums));
                        }
                    }
                    totals.map(CompensatedSum::total)
                }
            }

            /// A quarter of `ROUNDS`, since up to four terms are added to a lane at once.
            const PAIR_ROUNDS: usize = ROUNDS / 4;

            #[inline(always)]
            fn add_pair<const FUSED: bool>(
                sums: &mut [[$float; LANES]; 4],
                rows: [&[$float; LANES]; 4],
            ) {
                for lane in 0..LANES {
                    let [a, b, c, d] = rows.map(|row| row[lane]);
                    let whole = (x_ln_x::<FUSED>(a) + x_ln_x::<FUSED>(b))
                        + (x_ln_x::<FUSED>(c) + x_ln_x::<FUSED>(d));
                    sums[3][lane] -= whole;
                    sums[1][lane] -= x_ln_x::<FUSED>(a + b) + x_ln_x::<FUSED>(c + d);
                    sums[2][lane] -= x_ln_x::<FUSED>(a + c) + x_ln_x::<FUSED>(b + d);
                    sums[0][lane] -= x_ln_x::<FUSED>((a + b) + (c + d));
                }
            }

            #[inline(always)]
            pub(crate) fn x_ln_x<const FUSED: bool>(x: $float) -> $float {
                // Adding 1/sqrt(1/2) to the exponent and fraction carries into the exponent where the
                // fraction is that of a number above sqrt(2): so k is rounded, and m lies around 1.
                let shifted = x.to_bits().wrapping_add(ONE - SQRT_HALF);
                let m = $float::from_bits((shifted & FRACTION) + SQRT_HALF);
                let k = $float::from_bits((shifted >> FRACTION_BITS) | INTEGER)
                    - ($float::from_bits(INTEGER) + EXPONENT_BIAS);
                let s = (m - 1.0) / (m + 1.0);
                let z = s * s;
                let [lower @ .., highest] = POLYNOMIAL;
                let mut p = highest;
                for coefficient in lower.into_iter().rev() {
                    p = multiply_add!(FUSED, p, z, coefficient);
                }
                let ln_m = s * multiply_add!(FUSED, p, z, 2.0);
                x * multiply_add!(FUSED, k, core::$float::consts::LN_2, ln_m)
            }
        }
    };
}

vectorised!(double, f64, u64, lanes: 32, degree: 6, polynomial: [
    0.666_666_666_666_673_4,
    0.399_999_999_994_146_8,
    0.285_714_287_423_875_2,
    0.222_221_985_731_932_44,
    0.181_835_643_257_283_9,
    0.153_140_505_609_005_7,
    0.147_959_496_225_57,
]);

vectorised!(single, f32, u32, lanes: 64, degree: 2, polynomial: [0.666_667_7, 0.399_775_4, 0.298_717_3]);

#[cfg(test)]
mod tests {
    use super::*;

    /// `x ln x` to 30 digits, rounded: the same series as above, summed to its end in pairs of floats.
    fn reference(x: f64) -> f64 {
        let (mut m, mut k) = (x, 0.0);
        while m < core::f64::consts::FRAC_1_SQRT_2 {
            (m, k) = (m * 2.0, k - 1.0);
        }
        let s = divided((m - 1.0, 0.0), sum_of(m, 1.0));
        let square = product(s, s);
        let mut series = (0.0, 0.0);
        for odd in (1..=45).rev().step_by(2) {
            series = added(product(series, square), divided((2.0, 0.0), (f64::from(odd), 0.0)));
        }
        // ln 2 and what its float lacks.
        let ln_2 = (core::f64::consts::LN_2, 2.319_046_813_846_299_6e-17);
        let ln_x = added(product((k, 0.0), ln_2), product(series, s));
        product(ln_x, (x, 0.0)).0
    }

    type Pair = (f64, f64);

    fn sum_of(a: f64, b: f64) -> Pair {
        let sum = a + b;
        let part = sum - a;
        (sum, (a - (sum - part)) + (b - part))
    }

    fn added(a: Pair, b: Pair) -> Pair {
        let (sum, rest) = sum_of(a.0, b.0);
        sum_of(sum, rest + a.1 + b.1)
    }

    fn product(a: Pair, b: Pair) -> Pair {
        let product = a.0 * b.0;
        sum_of(product, a.0.mul_add(b.0, -product) + a.0 * b.1 + a.1 * b.0)
    }

    fn divided(a: Pair, b: Pair) -> Pair {
        let first = a.0 / b.0;
        let (high, low) = product((first, 0.0), b);
        sum_of(first, ((a.0 - high) - low + a.1) / b.0)
    }

    /// Fixed pseudorandom numbers in [0, 1).
    fn uniform() -> impl Iterator<Item = f64> {
        let next = |state: &u64| {
            Some(
                state
                    .wrapping_mul(6_364_136_223_846_793_005)
                    .wrapping_add(1_442_695_040_888_963_407),
            )
        };
        core::iter::successors(Some(1), next).map(|state| (state >> 11) as f64 / 2_f64.powi(53))
    }

    /// Every binade, both sides of 1 and of each switch of k, the ends of the range.
    fn arguments() -> Vec<f64> {
        let near = |x: f64, n: u64| {
            let bits = x.to_bits();
            (bits - n..bits + n).map(f64::from_bits)
        };
        let over_binades =
            uniform().zip(0..200_000).map(|(u, i)| (1.0 + u) * 0.5_f64.powi(1 + i % 1021));
        let under_one = uniform().zip(0..50_000).map(|(u, i)| 1.0 - u * 0.5_f64.powi(i % 52));
        over_binades
            .chain(under_one)
            .chain(near(1.0, 100))
            .chain(near(core::f64::consts::FRAC_1_SQRT_2, 100))
            .chain(near(0.5, 100))
            .chain([f64::MIN_POSITIVE, 0.25])
            .collect()
    }

    /// The error in units in the last place of the result: 0 if both are equal.
    fn units(found: f64, expected: f64) -> f64 {
        (found - expected).abs() / (expected.abs() * f64::EPSILON).max(f64::from_bits(1))
    }

    #[test]
    fn the_reference_is_the_logarithm() {
        // 0.75 ln 0.75 = -0.2157615543388356955794142544955..
        assert_eq!(reference(0.75), -0.215_761_554_338_835_7);
        for x in arguments() {
            assert!(units(reference(x), x * x.ln()) <= 2.0, "{x:e}");
        }
    }

    #[test]
    fn x_ln_x_is_right_to_three_units_in_the_last_place() {
        let vectorised = entropy_function::<f64>();
        for x in arguments() {
            let expected = reference(x);
            // With the widest instructions at hand, and with none.
            for found in [-vectorised(&[x]), double::x_ln_x::<false>(x)] {
                assert!(units(found, expected) <= 3.0, "{x:e}: {found:e} {expected:e}");
            }
        }
    }

    #[test]
    fn single_x_ln_x_is_right_to_three_units_in_the_last_place() {
        let vectorised = entropy_function::<f32>();
        let near_one = 0.999_f32.to_bits()..1.001_f32.to_bits();
        for bits in (f32::MIN_POSITIVE.to_bits()..1_f32.to_bits()).step_by(1777).chain(near_one) {
            let x = f32::from_bits(bits);
            let wide = f64::from(x) * f64::from(x).ln();
            for found in [-vectorised(&[x]), single::x_ln_x::<false>(x)] {
                let units = units(found.into(), wide) * f64::EPSILON / f64::from(f32::EPSILON);
                // Below the normal range a unit in the last place is worth more.
                let subnormal = (f64::from(found) - wide).abs() <= f64::from(f32::from_bits(1));
                assert!(units <= 3.0 || subnormal, "{x:e}: {found:e} {wide:e}");
            }
        }
    }

    #[test]
    fn zero_and_subnormal_probabilities_give_nothing() {
        let (double, single) = (entropy_function::<f64>(), entropy_function::<f32>());
        assert_eq!((double(&[0.0; 40]), single(&[0.0; 70])), (0.0, 0.0));
        assert_eq!((double(&[1.0]), single(&[1.0])), (0.0, 0.0));
        for bits in [1, 1000, (1 << 52) - 1] {
            assert!(double(&[f64::from_bits(bits)]).abs() <= 800.0 * f64::MIN_POSITIVE);
        }
        for bits in [1, 1000, (1 << 23) - 1] {
            assert!(single(&[f32::from_bits(bits)]).abs() <= 100.0 * f32::MIN_POSITIVE);
        }
    }

    #[test]
    fn every_length_is_summed_to_its_end() {
        let probabilities: Vec<f64> = uniform().skip(1).take(2500).collect();
        for length in (0..200).chain([1023, 1024, 1025, 2047, 2499, 2500]) {
            let probabilities = &probabilities[..length];
            let expected = scalar::entropy(probabilities);
            let found = entropy_function()(probabilities);
            assert!((found - expected).abs() <= 4.0 * f64::EPSILON * expected, "{length}");
        }
    }
}
