use core::f64::consts::{FRAC_PI_2, FRAC_PI_4};
use core::fmt;
use std::sync::Arc;

use crate::error::{Error, Result};
use crate::numeric::scalar;
use crate::schedule::{RevealTimes, check_list_fits};

/// A continuous noise schedule: `alpha(t)`, the part of the tokens that is unmasked at diffusion time
/// t, where t = 0 is clean text and t = 1 is noise. The sampler goes from 1 to 0.
///
/// Papers state a schedule as a function, and samplers run on integers. This type leads from one to the other
/// and back:
///
/// ```text
///  alpha(t)  -- times(T) ------------>  RevealTimes  -- round(L, rule) -->  integer sizes
///            <-- diffusion_times(u) --               <-- of_schedule(s) --
/// ```
///
/// [`RevealTimes`] are also the random sizes themselves, of samplers that toss a coin for each token.
///
/// ```
/// use unmaskcost::schedule::{NoiseSchedule, Rounding};
/// let cosine = NoiseSchedule::cosine();
/// let plan = cosine.times(4)?.round(100, Rounding::RevealedNearest)?;
/// assert_eq!(plan.schedule().sizes(), [8, 21, 33, 38]);
/// # Ok::<(), unmaskcost::Error>(())
/// ```
#[derive(Clone)]
pub struct NoiseSchedule {
    alpha: Function,
    /// `1 - alpha(t)`, on its own because near t = 0 it has digits that the difference loses.
    masked: Function,
    /// Whether alpha is a straight line: then equal steps in time reveal equal parts, exactly.
    line: bool,
}

type Function = Arc<dyn Fn(f64) -> f64 + Send + Sync>;

impl NoiseSchedule {
    /// `alpha(t) = 1 - t`: equal steps reveal equal parts.
    #[must_use]
    pub fn linear() -> Self {
        Self { alpha: Arc::new(|t| 1.0 - t), masked: Arc::new(|t| t), line: true }
    }

    /// `alpha(t) = 1 - cos((pi / 2) (1 - t))`: the steps grow. MaskGIT's cosine is the same function,
    /// written for the masked part over the part of the passes done.
    #[must_use]
    pub fn cosine() -> Self {
        // 1 - cos(x) = 2 sin(x/2)^2, without the cancellation near x = 0.
        Self {
            alpha: Arc::new(|t| 2.0 * (FRAC_PI_4 * (1.0 - t)).sin().powi(2)),
            masked: Arc::new(|t| (FRAC_PI_2 * t).sin()),
            line: false,
        }
    }

    /// `alpha(t) = exp(-sigma(t))` with `sigma(t) = -ln(1 - (1 - eps) t)`, as in MDLM and SEDD:
    /// alpha is a straight line down to eps.
    ///
    /// # Errors
    /// As [`NoiseSchedule::from_alpha`]; `0 <= eps < 1` is needed.
    pub fn log_linear(eps: f64) -> Result<Self> {
        let masked = move |t| (1.0 - eps) * t;
        let alpha = Self::from_alpha(move |t| 1.0 - masked(t))?;
        Ok(Self { masked: Arc::new(masked), line: true, ..alpha })
    }

    /// `alpha(t) = 1 - t^power`. The steps shrink for powers above 1 and grow below.
    ///
    /// # Errors
    /// [`OutOfRange`](Error::OutOfRange) unless the power is a positive number.
    pub fn polynomial(power: f64) -> Result<Self> {
        scalar::check_positive("the power", power)?;
        Ok(Self {
            // 1 - t^power, without the cancellation near t = 1.
            alpha: Arc::new(move |t| -(power * t.ln()).exp_m1()),
            masked: Arc::new(move |t| t.powf(power)),
            line: power == 1.0,
        })
    }

    /// The noise schedule of any function. It is tried at 1025 equally spaced times.
    ///
    /// Values at the ends may differ from 1 and 0: sampling starts with all tokens masked and ends
    /// with none, so what is unmasked at t = 1 is divided out and what is masked at t = 0 is revealed
    /// in the last step.
    ///
    /// # Errors
    /// [`NotFinite`](Error::NotFinite), [`Negative`](Error::Negative) or
    /// [`NotMonotone`](Error::NotMonotone) with the index of the time (in 1024ths);
    /// [`Inconsistent`](Error::Inconsistent) unless `alpha(1) < alpha(0) <= 1`.
    ///
    /// ```
    /// use unmaskcost::{Error, schedule::NoiseSchedule};
    /// let square_root = NoiseSchedule::from_alpha(|t| 1.0 - t.sqrt())?;
    /// assert_eq!(square_root.alpha(0.25), 0.5);
    /// let wavy = NoiseSchedule::from_alpha(|t| 0.5 + 0.5 * (9.0 * t).cos());
    /// assert!(matches!(wavy, Err(Error::NotMonotone { .. })));
    /// # Ok::<(), unmaskcost::Error>(())
    /// ```
    pub fn from_alpha(alpha: impl Fn(f64) -> f64 + Send + Sync + 'static) -> Result<Self> {
        const TRIED: usize = 1024;
        let values: Vec<f64> = (0..=TRIED).map(|i| alpha(i as f64 / TRIED as f64)).collect();
        check_alphas(&values)?;
        let (clean, noise) = (values[0], values[TRIED]);
        if clean > 1.0 {
            let inequality = "alpha(0) <= 1";
            return Err(Error::Inconsistent { inequality, left: clean, right: 1.0 });
        }
        if noise >= clean {
            let inequality = "alpha(1) < alpha(0)";
            return Err(Error::Inconsistent { inequality, left: noise, right: clean });
        }
        let alpha = Arc::new(alpha);
        let same = Arc::clone(&alpha);
        let masked = Arc::new(move |t| 1.0 - same(t));
        Ok(Self { alpha: Arc::new(move |t| alpha(t)), masked, line: false })
    }

    /// `alpha(t)`, the part unmasked at diffusion time t.
    #[must_use]
    pub fn alpha(&self, t: f64) -> f64 {
        (self.alpha)(t)
    }

    /// The reveal times of `steps` equal steps in diffusion time, from 1 to 0. O(T).
    ///
    /// # Errors
    /// [`Empty`](Error::Empty) for no step, [`TooLarge`](Error::TooLarge) for more than 2^24, or as
    /// [`NoiseSchedule::times_at`].
    pub fn times(&self, steps: usize) -> Result<RevealTimes> {
        if steps == 0 {
            return Err(Error::Empty { what: "the list of steps between reveal times" });
        }
        check_list_fits("steps", steps)?;
        if self.line {
            return RevealTimes::equal(steps);
        }
        let time = |i: usize| (steps - i) as f64 / steps as f64;
        self.times_at(&(0..=steps).map(time).collect::<Vec<_>>())
    }

    /// The reveal times of a grid of diffusion times, from the noisiest to the cleanest.
    ///
    /// # Formula
    /// ```text
    /// u_i = 1 - (1 - alpha(t_i)) / (1 - alpha(t_0)),   u_T = 1
    /// ```
    /// Two times less than about 1e-16 apart are equal as `f64`; the step between them is then
    /// [certainly empty](RevealTimes::certainly_empty_steps).
    ///
    /// # Errors
    /// [`Empty`](Error::Empty) for fewer than two times; [`NotFinite`](Error::NotFinite),
    /// [`OutOfRange`](Error::OutOfRange) or [`NotMonotone`](Error::NotMonotone) for times that are
    /// no numbers, outside of 0..1 or not falling; [`NotFinite`](Error::NotFinite),
    /// [`Negative`](Error::Negative) or [`NotMonotone`](Error::NotMonotone) if alpha fails there (listed
    /// from clean to noise); [`OutOfRange`](Error::OutOfRange) if nothing is masked at the first time.
    ///
    /// ```
    /// use unmaskcost::schedule::NoiseSchedule;
    /// // From t = 0.01 on, where all but 1e-12 of the tokens is unmasked already.
    /// let times = NoiseSchedule::polynomial(6.0)?.times_at(&[0.01, 0.005, 0.0])?;
    /// assert!((times.times()[1] - 63.0 / 64.0).abs() < 1e-15);
    /// # Ok::<(), unmaskcost::Error>(())
    /// ```
    pub fn times_at(&self, diffusion_times: &[f64]) -> Result<RevealTimes> {
        scalar::check_finite("the diffusion times", diffusion_times)?;
        let outside = diffusion_times.iter().find(|t| !(0.0..=1.0).contains(*t));
        if let Some(&value) = outside {
            let (what, needed) = ("a diffusion time", scalar::PROBABILITY);
            return Err(Error::OutOfRange { what, value, needed });
        }
        check_falling("the diffusion times", diffusion_times)?;
        let alphas: Vec<f64> = diffusion_times.iter().map(|&t| self.alpha(t)).collect();
        check_alphas(&alphas.iter().rev().copied().collect::<Vec<_>>())?;
        let start = diffusion_times.first().copied().unwrap_or(1.0);
        let (unmasked, masked) = (self.alpha(start), (self.masked)(start));
        if masked <= 0.0 {
            return Err(scalar::not_positive("1 - alpha at the first time", masked));
        }
        let time = |(&t, &alpha): (&f64, &f64)| {
            // The smaller part has more digits.
            let part = if alpha < 0.5 { alpha - unmasked } else { masked - (self.masked)(t) };
            part / masked
        };
        let mut times: Vec<f64> = diffusion_times.iter().zip(&alphas).map(time).collect();
        if let Some(last) = times.last_mut() {
            *last = 1.0;
        }
        // Values of alpha that differ by no more than their rounding may come out in the wrong
        // order.
        let mut latest = 0.0;
        for time in &mut times {
            latest = time.max(latest).min(1.0);
            *time = latest;
        }
        RevealTimes::from_times(times)
    }

    /// The diffusion times of given reveal times, so that equal steps of another schedule can be read
    /// on this one's clock: the inverse of [`NoiseSchedule::times_at`], by bisection to full
    /// precision.
    ///
    /// ```
    /// use unmaskcost::{Schedule, schedule::{NoiseSchedule, RevealTimes}};
    /// let schedule = Schedule::from_reveal_sizes([2, 6])?;
    /// let clock = NoiseSchedule::polynomial(2.0)?;
    /// let times = clock.diffusion_times(&RevealTimes::of_schedule(&schedule));
    /// assert!((times[1] - 0.75_f64.sqrt()).abs() < 1e-15);
    /// # Ok::<(), unmaskcost::Error>(())
    /// ```
    #[must_use]
    pub fn diffusion_times(&self, reveal_times: &RevealTimes) -> Vec<f64> {
        let (unmasked, masked) = (self.alpha(1.0), (self.masked)(1.0));
        let time_of = |&revealed: &f64| {
            let alpha = unmasked + revealed * masked;
            let left = (1.0 - revealed) * masked;
            let is_cleaner = |t: f64| match revealed < 0.5 {
                true => self.alpha(t) > alpha,
                false => (self.masked)(t) < left,
            };
            let (mut clean, mut noisy) = (0.0, 1.0);
            while clean < noisy {
                let middle = 0.5 * (clean + noisy);
                if middle <= clean || middle >= noisy {
                    break;
                }
                if is_cleaner(middle) { clean = middle } else { noisy = middle }
            }
            noisy
        };
        let mut times: Vec<f64> = reveal_times.times().iter().map(time_of).collect();
        if let [first, .., last] = times.as_mut_slice() {
            (*first, *last) = (1.0, 0.0);
        }
        times
    }
}

impl fmt::Debug for NoiseSchedule {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let values = [0.0, 0.25, 0.5, 0.75, 1.0].map(|t| self.alpha(t));
        f.debug_struct("NoiseSchedule").field("alpha at quarters", &values).finish()
    }
}

/// Refuses times that go back to noise.
fn check_falling(what: &'static str, times: &[f64]) -> Result<()> {
    match times.windows(2).position(|pair| pair[1] > pair[0]) {
        Some(i) => Err(Error::NotMonotone {
            what,
            index: i + 1,
            previous: times[i],
            value: times[i + 1],
            tolerance: 0.0,
        }),
        None => Ok(()),
    }
}

/// Refuses values that cannot be those of an alpha, listed from clean to noise.
fn check_alphas(values: &[f64]) -> Result<()> {
    let what = "alpha";
    scalar::check_finite(what, values)?;
    if let Some(index) = values.iter().position(|&a| a < 0.0) {
        return Err(Error::Negative { what, index: Some(index), value: values[index] });
    }
    // The function computes with rounding of its own: a few units in the last place do not count as
    // a rise.
    let tolerance = 8.0 * f64::EPSILON;
    match values.windows(2).position(|pair| pair[1] > pair[0] + tolerance) {
        Some(i) => Err(Error::NotMonotone {
            what,
            index: i + 1,
            previous: values[i],
            value: values[i + 1],
            tolerance,
        }),
        None => Ok(()),
    }
}
