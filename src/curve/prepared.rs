use crate::curve::InformationCurve;
use crate::error::{Error, Result};
use crate::numeric::{sawtooth, scalar};
use crate::schedule::Schedule;
use crate::units::Nats;

/// A curve, or losses, made ready for many schedules: the cost of each then takes O(T) instead of
/// O(L).
///
/// Made once in O(L), with 24 bytes a token. In double precision only.
///
/// # Formula
/// ```text
/// sum_t sum_{0 <= j < s_t} (I_{k_t + j} - I_{k_t}) = sum_j I_j - sum_t s_t I_{k_t}
/// ```
/// Almost everything cancels in the second form. So the sums are whole numbers of 128 bits, in units of about
/// `2^-125 L I_{L-1}`, and are exact in these units.
///
/// # Accuracy
/// For the increments given, errors are as accurate as those of [`InformationCurve::sampling_error`]. The units may be
/// too coarse for that: with increments that are no multiples of the unit, and errors below some `1e-14` of `L^2 s_max
/// I_{L-1} / 2^64`. There the error is computed as that method does, in O(L). Costs of losses are within `2^-56` of the
/// largest loss or better, and correctly rounded if all losses are above `2^-40` of it.
///
/// ```
/// use unmaskcost::{InformationCurve, Schedule, curve::PreparedCurve};
/// let entropies: Vec<f64> = (0..64).map(|k| f64::from(64 - k).ln()).collect();
/// let curve = InformationCurve::from_conditional_entropies(entropies)?;
/// let prepared = PreparedCurve::of(&curve);
/// for steps in 1..=64 {
///     let schedule = Schedule::balanced(64, steps)?;
///     let (fast, slow) = (prepared.cost(&schedule)?, curve.sampling_error(&schedule)?);
///     assert!((fast.0 - slow.0).abs() <= 1e-15 * slow.0);
/// }
/// # Ok::<(), unmaskcost::Error>(())
/// ```
#[derive(Debug, Clone, PartialEq)]
pub struct PreparedCurve {
    /// `I_k` in units of `2^exponent`, up to a constant.
    information: Vec<i128>,
    total: i128,
    exponent: i32,
    /// The increments of a curve, if they had to be rounded to units.
    increments: Option<Vec<f64>>,
}

impl PreparedCurve {
    /// Prepares a curve: the cost of a schedule is its sampling error.
    #[must_use]
    pub fn of(curve: &InformationCurve) -> Self {
        let exponent = unit(curve.tokens(), curve.information(curve.tokens()).0);
        let (mut sum, mut exact) = (0, true);
        let running = curve.increments().iter().map(|&increment| {
            let (units, rest) = in_units(increment, exponent);
            exact &= !rest;
            sum += units;
            sum
        });
        let information: Vec<i128> = running.collect();
        let increments = (!exact).then(|| curve.increments().to_vec());
        Self { total: information.iter().sum(), information, exponent, increments }
    }

    /// Prepares losses at 0, 1, .. L-1 revealed tokens, which need not fall: the cost of a schedule is its
    /// cost of parallelism, against one token a step. For measured losses,
    /// [`LossCurve::at_all_counts`](crate::measured::LossCurve::at_all_counts) gives them at all counts.
    ///
    /// # Errors
    /// [`Empty`](Error::Empty), [`NotFinite`](Error::NotFinite), [`Overflow`](Error::Overflow) if the sum of the
    /// losses is not finite.
    ///
    /// ```
    /// use unmaskcost::{Nats, Schedule, curve::PreparedCurve};
    /// let prepared = PreparedCurve::of_losses([3.0, 1.0, 1.5, 2.0])?;
    /// assert_eq!(prepared.cost(&Schedule::one_step(4)?)?, Nats(4.5));
    /// assert_eq!(prepared.cost(&Schedule::from_reveal_sizes([1, 3])?)?, Nats(-1.5));
    /// # Ok::<(), unmaskcost::Error>(())
    /// ```
    pub fn of_losses(losses: impl AsRef<[f64]>) -> Result<Self> {
        let (what, losses) = ("losses", losses.as_ref());
        if losses.is_empty() {
            return Err(Error::Empty { what: "the list of losses" });
        }
        scalar::check_finite(what, losses)?;
        let largest = losses.iter().fold(0.0, |largest: f64, loss| largest.max(loss.abs()));
        if !(largest * losses.len() as f64).is_finite() {
            return Err(Error::Overflow { what: "the losses summed over the tokens" });
        }
        let exponent = unit(losses.len(), largest);
        let information: Vec<i128> =
            losses.iter().map(|&loss| in_units(-loss, exponent).0).collect();
        Ok(Self { total: information.iter().sum(), information, exponent, increments: None })
    }

    /// L, the number of tokens.
    #[must_use]
    pub fn tokens(&self) -> usize {
        self.information.len()
    }

    /// The sampling error, or the cost of parallelism, of a schedule. O(T), or O(L) where the units
    /// are too coarse: see [Accuracy](#accuracy).
    ///
    /// # Errors
    /// [`TokensDiffer`](Error::TokensDiffer) if the schedule reveals another number of tokens.
    pub fn cost(&self, schedule: &Schedule) -> Result<Nats> {
        schedule.check_tokens("curve", self.tokens())?;
        let (mut revealed, mut at_starts) = (0, 0_i128);
        for &size in schedule.sizes() {
            // No sum exceeds 2^127: see `unit`.
            at_starts =
                at_starts.wrapping_add(self.information[revealed].wrapping_mul(size as i128));
            revealed += size;
        }
        let cost = self.total.wrapping_sub(at_starts);
        match &self.increments {
            Some(increments) if !self.is_accurate(cost, schedule) => {
                Ok(Nats(sawtooth::weighed(increments, schedule.sizes())))
            }
            _ => Ok(Nats(scaled(cost, self.exponent))),
        }
    }

    /// Whether the cost is accurate although increments were rounded: rounding each by half a unit
    /// changes it by at most a quarter of `L s_max` units.
    fn is_accurate(&self, cost: i128, schedule: &Schedule) -> bool {
        let quarter = schedule.tokens() as u128 * schedule.largest_step() as u128 / 4 + 1;
        cost > 0 && cost.unsigned_abs() >> 54 >= quarter
    }
}

/// The exponent of a unit in which `tokens` times the largest value is less than 2^126.
fn unit(tokens: usize, largest: f64) -> i32 {
    let exponent_of = |x: f64| {
        let (mantissa, exponent, _) = num_traits::Float::integer_decode(x);
        i32::from(exponent) + 64 - mantissa.leading_zeros() as i32
    };
    let bits = usize::BITS - tokens.leading_zeros();
    if largest > 0.0 { exponent_of(largest) + bits as i32 + 1 - 126 } else { 0 }
}

/// The nearest multiple of `2^exponent` in such units, and whether it differs from `x`.
fn in_units(x: f64, exponent: i32) -> (i128, bool) {
    let (mantissa, of_x, sign) = num_traits::Float::integer_decode(x);
    let shift = i32::from(of_x) - exponent;
    let mantissa = i128::from(mantissa);
    let (units, rest) = if shift >= 0 {
        (mantissa << shift.min(126), false)
    } else if shift < -64 {
        (0, mantissa != 0)
    } else {
        let half = 1_i128 << (-shift - 1);
        let units = (mantissa + half) >> -shift;
        (units, units << -shift != mantissa)
    };
    (i128::from(sign) * units, rest)
}

/// `units * 2^exponent`, in two factors where the power alone is out of range.
fn scaled(units: i128, exponent: i32) -> f64 {
    let first = exponent / 2;
    units as f64 * 2_f64.powi(first) * 2_f64.powi(exponent - first)
}
