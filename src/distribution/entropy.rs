//! The entropy of a list of probabilities: where the time of the subset engine goes.
//!
//! The logarithm is written so that the compiler can vectorise it: no branch, no table, no call. It
//! is compiled once per instruction set, and the widest one present is chosen when the program runs
//! (by `pulp`). The lanes are fixed, so every instruction set with fused multiply-add gives the same
//! bits.
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

use pulp::{Arch, Simd, WithSimd};

use crate::scalar::{self, CompensatedSum, Scalar};

/// The function that computes `- sum_x p(x) ln p(x)` fastest in this float: vectorised for `f64` and
/// `f32`, plain for all others.
///
/// Sums are blocked and compensated between blocks, so that the result is as accurate as its terms.
pub(crate) fn entropy_function<F: Scalar>() -> fn(&[F]) -> F {
    let vectorised: [&dyn Any; 2] =
        [&(double::entropy as fn(&[f64]) -> f64), &(single::entropy as fn(&[f32]) -> f32)];
    let same_float = |function: &dyn Any| function.downcast_ref::<fn(&[F]) -> F>().copied();
    vectorised.into_iter().find_map(same_float).unwrap_or(plain_entropy)
}

fn plain_entropy<F: Scalar>(probabilities: &[F]) -> F {
    scalar::sum(probabilities.iter().copied().map(scalar::neg_x_ln_x))
}

/// `a b + c`, fused where that is one instruction.
macro_rules! multiply_add {
    ($simd:ident, $a:expr, $b:expr, $c:expr) => {
        if $simd::IS_SCALAR { $a * $b + $c } else { $a.mul_add($b, $c) }
    };
}

/// One copy per float: the bits of a float cannot be reached through `Scalar`.
macro_rules! vectorised {
    ($module:ident, $float:ident, $bits:ident, lanes: $lanes:literal, degree: $degree:literal, polynomial: $polynomial:expr) => {
        mod $module {
            use super::*;

            /// Several vectors of any instruction set: with fewer lanes the compiler unrolls the loop
            /// over them before it vectorises it, and then does it badly.
            const LANES: usize = $lanes;
            /// So many probabilities per lane are added plainly; then comes a compensated sum.
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

            pub(super) fn entropy(probabilities: &[$float]) -> $float {
                Arch::new().dispatch(Entropy(probabilities))
            }

            struct Entropy<'a>(&'a [$float]);

            impl WithSimd for Entropy<'_> {
                type Output = $float;

                #[inline(always)]
                fn with_simd<S: Simd>(self, _: S) -> $float {
                    let (chunks, rest) = self.0.as_chunks::<LANES>();
                    let mut total = CompensatedSum::new();
                    for block in chunks.chunks(ROUNDS) {
                        total.add(block_entropy::<S>(block));
                    }
                    if !rest.is_empty() {
                        let mut padded = [0.0; LANES];
                        padded[..rest.len()].copy_from_slice(rest);
                        total.add(block_entropy::<S>(&[padded]));
                    }
                    total.total()
                }
            }

            #[inline(always)]
            fn block_entropy<S: Simd>(block: &[[$float; LANES]]) -> $float {
                let mut sums = [0.0; LANES];
                for chunk in block {
                    for lane in 0..LANES {
                        sums[lane] -= x_ln_x::<S>(chunk[lane]);
                    }
                }
                let mut width = LANES;
                while width > 1 {
                    width /= 2;
                    for lane in 0..width {
                        sums[lane] += sums[lane + width];
                    }
                }
                sums[0]
            }

            #[inline(always)]
            pub(super) fn x_ln_x<S: Simd>(x: $float) -> $float {
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
                    p = multiply_add!(S, p, z, coefficient);
                }
                let ln_m = s * multiply_add!(S, p, z, 2.0);
                x * multiply_add!(S, k, core::$float::consts::LN_2, ln_m)
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
