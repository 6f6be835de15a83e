use core::fmt;

use crate::bounds::sharp::{self, Known};
use crate::bounds::{
    KlBounds, Knowledge, chen_cong_li, dimension_free, li_cai, universal, wainwright,
};
use crate::curve::InformationCurve;
use crate::error::{Error, Result};
use crate::numeric::scalar::Scalar;
use crate::schedule::Schedule;
use crate::units::Nats;

/// What a number says of the sampling error.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[non_exhaustive]
pub enum BoundKind {
    /// It is the error of this schedule.
    Exact,
    /// This schedule has at least this error.
    Lower,
    /// This schedule has at most this error.
    Upper,
    /// Some schedule whose steps are no larger than the largest step here has at least this error.
    /// It says nothing about this schedule.
    LowerForSome,
    /// Some schedule with the same number of steps has at most this error. It says nothing about
    /// this schedule.
    UpperForSome,
}

impl fmt::Display for BoundKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Self::Exact => "exact",
            Self::Lower => "lower",
            Self::Upper => "upper",
            Self::LowerForSome => "lower for some",
            Self::UpperForSome => "upper for some",
        })
    }
}

/// One bound in a [`Comparison`].
#[derive(Debug, Clone, Copy, PartialEq)]
#[cfg_attr(
    feature = "serde",
    derive(serde::Serialize),
    serde(bound(serialize = "F: Scalar + serde::Serialize"))
)]
#[non_exhaustive]
pub struct ComparedBound<F = f64> {
    /// What the number says.
    pub kind: BoundKind,
    /// What it is computed from.
    pub from: &'static str,
    /// Where it is stated or proved.
    pub source: &'static str,
    /// The bound.
    pub value: Nats<F>,
    /// `value / exact error`; `None` if the exact error is zero.
    #[cfg_attr(
        feature = "serde",
        serde(serialize_with = "crate::numeric::words::serialize_optional")
    )]
    pub ratio: Option<F>,
}

impl<F> ComparedBound<F> {
    /// The paper that the number rests on, as a full reference. Bounds of this crate rest on the formula of Chen, Cong
    /// & Li for the exact error.
    ///
    /// ```
    /// use unmaskcost::{InformationCurve, Schedule, bounds::compare};
    /// let curve = InformationCurve::from_information([0.0, 0.5, 0.75, 0.875])?;
    /// for row in compare(&curve, &Schedule::balanced(4, 2)?)?.rows {
    ///     println!("{}: {}", row.source, row.citation());
    ///     assert!(row.citation().contains("arXiv"));
    /// }
    /// # Ok::<(), unmaskcost::Error>(())
    /// ```
    #[must_use]
    pub fn citation(&self) -> &'static str {
        const LI_CAI: &str = "Gen Li, Changxiao Cai. Breaking AR's Sampling Bottleneck: Provable Acceleration via \
                              Diffusion Language Models. NeurIPS 2025. arXiv:2505.21400.";
        const WAINWRIGHT: &str = "Martin Wainwright. The data geometry of masking diffusion: Certified-optimal \
                                  schedules via unmasking growth complexity. 2026. arXiv:2608.13520.";
        const LAVENANT_ZANELLA: &str = "Hugo Lavenant, Giacomo Zanella. Error Bounds and Optimal Schedules for Masked \
                                        Diffusions with Factorized Approximations. 2025. arXiv:2510.25544.";
        const CHEN_CONG_LI: &str = "Sitan Chen, Kevin Cong, Jerry Li. Optimal Inference Schedules for Masked Diffusion \
                                    Models. COLT 2026. arXiv:2511.04647.";
        let papers = [
            ("Li & Cai", LI_CAI),
            ("Wainwright", WAINWRIGHT),
            ("dimension-free", LAVENANT_ZANELLA),
        ];
        let of_source = papers.into_iter().find(|(source, _)| self.source.starts_with(source));
        match self.source {
            "mean over offset schedules" => LI_CAI,
            _ => of_source.map_or(CHEN_CONG_LI, |(_, citation)| citation),
        }
    }
}

/// Every bound that applies to a curve and a schedule, side by side. Made by [`compare`].
///
/// Its `Display` is a table, one bound per line.
#[derive(Debug, Clone, PartialEq)]
#[cfg_attr(
    feature = "serde",
    derive(serde::Serialize),
    serde(bound(serialize = "F: Scalar + serde::Serialize"))
)]
#[non_exhaustive]
pub struct Comparison<F = f64> {
    /// The exact error of the schedule.
    pub exact: Nats<F>,
    /// The bounds, the exact error among them, from the smallest value to the largest.
    pub rows: Vec<ComparedBound<F>>,
}

/// Every bound of this crate that applies to this schedule on this data, sorted by value. O(L).
///
/// Bounds for this schedule and bounds for some other schedule stand in one table, told apart by their
/// [`BoundKind`]. Bounds that do not apply are left out: those that need `f_0` if the curve does not
/// know it, those for schedules of a certain form, and those that are too large for the float.
///
/// # Errors
/// [`TokensDiffer`](Error::TokensDiffer) if the schedule reveals another number of tokens.
///
/// ```
/// use unmaskcost::bounds::{BoundKind, compare};
/// use unmaskcost::{InformationCurve, Schedule};
///
/// // Eight fair bits with even parity.
/// let mut entropies = [2.0_f64.ln(); 8];
/// entropies[7] = 0.0;
/// let parity = InformationCurve::from_conditional_entropies(entropies)?;
/// let comparison = compare(&parity, &Schedule::balanced(8, 2)?)?;
/// assert_eq!(comparison.exact, parity.information(7));
/// // Rows are sorted by value: the first upper bound is the tightest.
/// let upper = comparison.rows.iter().find(|row| row.kind == BoundKind::Upper);
/// let tightest = upper.ok_or("no upper bound")?;
/// assert!((tightest.value / comparison.exact - 1.0).abs() < 1e-12);
/// println!("{comparison}");
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub fn compare<F: Scalar>(
    curve: &InformationCurve<F>,
    schedule: &Schedule,
) -> Result<Comparison<F>> {
    let exact = curve.sampling_error(schedule)?;
    let (tokens, steps) = (curve.tokens(), schedule.steps());
    let largest_step = schedule.largest_step();
    let (total, dual) = (curve.total_correlation(), curve.dual_total_correlation());
    let information = curve.token_information();
    let starts = schedule.revealed_before().skip(1).chain([tokens - 1]);
    let at_starts =
        starts.fold(Known::about(tokens), |known, k| known.information(k, curve.information(k)));

    let mut table = Table { exact, rows: Vec::new() };
    let sharp = "sharp bound of this crate";
    let from_information = sharp::from_token_information(information, schedule);
    table.interval("token information", sharp, from_information)?;
    table.interval("TC", sharp, sharp::from_total_correlation(total, schedule))?;
    table.interval("DTC", sharp, sharp::from_dual_total_correlation(dual, schedule))?;
    table.interval("TC and DTC", sharp, sharp::from_correlations(total, dual, schedule))?;
    table.interval("curve at the starts of steps", sharp, at_starts.bounds(schedule))?;
    table.bound(BoundKind::Exact, "whole curve", "Chen, Cong & Li, Theorem 3.3", Ok(exact))?;
    let upper = BoundKind::Upper;
    let theorem_1 = li_cai::upper(information, schedule);
    table.bound(upper, "token information", "Li & Cai, Theorem 1", theorem_1)?;
    if largest_step == tokens.div_ceil(steps) {
        let rate = li_cai::balanced_upper(information, tokens, steps);
        table.bound(upper, "token information", "Li & Cai, Corollary 1", rate)?;
    }
    let refined = li_cai::refined_upper(curve, schedule);
    table.bound(upper, "curve at L - 2^r", "Li & Cai, form of Theorem 2", refined)?;
    if let Some(entropy) = curve.single_token_entropy() {
        let bound = dimension_free::upper(entropy, schedule);
        table.bound(upper, "single-token entropy", "dimension-free", bound)?;
    }
    let odds = wainwright::upper(curve, schedule);
    table.bound(upper, "whole curve", "Wainwright, Theorem 1", odds)?;

    let for_all_data = universal::upper(curve, schedule);
    table.bound(upper, "sum of min(m, L-m) d_m", "universal factor of this crate", for_all_data)?;

    let lower = BoundKind::LowerForSome;
    let dyadic = li_cai::worst_schedule_lower(curve, largest_step);
    table.bound(lower, "curve at L - s_max 2^-j", "Li & Cai, Theorem 2", dyadic)?;
    let sharpened = li_cai::worst_schedule_lower_sharpened(curve, largest_step);
    table.bound(lower, "curve at L - s_max 2^-j", "Li & Cai, Theorem 2 with 1/8", sharpened)?;
    let mean = li_cai::offset_mean(curve, largest_step);
    table.bound(lower, "whole curve", "mean over offset schedules", mean)?;
    for (from, correlation) in [("TC", total), ("DTC", dual)] {
        let bound = chen_cong_li::best_schedule_upper(correlation, tokens, steps);
        table.bound(BoundKind::UpperForSome, from, "Chen, Cong & Li, Theorem 1.9", bound)?;
    }
    Ok(table.sorted())
}

/// `None` for a bound that does not speak of this schedule, or is too large for the float.
fn applicable<T>(bound: Result<T>) -> Result<Option<T>> {
    match bound {
        Err(Error::NotApplicable { .. } | Error::Overflow { .. }) => Ok(None),
        bound => bound.map(Some),
    }
}

struct Table<F> {
    exact: Nats<F>,
    rows: Vec<ComparedBound<F>>,
}

impl<F: Scalar> Table<F> {
    fn bound(
        &mut self,
        kind: BoundKind,
        from: &'static str,
        source: &'static str,
        bound: Result<Nats<F>>,
    ) -> Result<()> {
        if let Some(value) = applicable(bound)? {
            let ratio = (self.exact.0 > F::zero()).then(|| value / self.exact);
            self.rows.push(ComparedBound { kind, from, source, value, ratio });
        }
        Ok(())
    }

    fn interval(
        &mut self,
        from: &'static str,
        source: &'static str,
        bounds: Result<KlBounds<F>>,
    ) -> Result<()> {
        if let Some(bounds) = applicable(bounds)? {
            self.bound(BoundKind::Lower, from, source, Ok(bounds.lower))?;
            self.bound(BoundKind::Upper, from, source, Ok(bounds.upper))?;
        }
        Ok(())
    }

    fn sorted(mut self) -> Comparison<F> {
        // Equal values: lower bounds first, then the exact error.
        let rank = |row: &ComparedBound<F>| match row.kind {
            BoundKind::LowerForSome => 0,
            BoundKind::Lower => 1,
            BoundKind::Exact => 2,
            BoundKind::Upper => 3,
            BoundKind::UpperForSome => 4,
        };
        self.rows.sort_by_key(rank);
        self.rows.sort_by(|a, b| {
            a.value.0.partial_cmp(&b.value.0).unwrap_or(core::cmp::Ordering::Equal)
        });
        Comparison { exact: self.exact, rows: self.rows }
    }
}

impl<F: Scalar> fmt::Display for Comparison<F> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "{:>12}  {:>9}  {:<14}  {:<28}  source", "nats", "x exact", "kind", "from")?;
        for row in &self.rows {
            let ratio = row.ratio.map_or("-".to_owned(), |ratio| significant(ratio, 3));
            writeln!(
                f,
                "{:>12}  {ratio:>9}  {:<14}  {:<28}  {}",
                significant(row.value.0, 6),
                row.kind,
                row.from,
                row.source
            )?;
        }
        Ok(())
    }
}

/// Fixed-point notation for zero and for ordinary sizes, an exponent otherwise.
fn significant<F: Scalar>(value: F, decimals: usize) -> String {
    let size = crate::numeric::scalar::evidence(value.abs());
    if size == 0.0 || (1e-3..1e5).contains(&size) {
        format!("{value:.decimals$}")
    } else {
        format!("{value:.2e}")
    }
}
