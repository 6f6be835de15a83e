//! The JSON documents that other programs read and write, by serde.
//!
//! Each is one object. It says what it is, in which version and in which unit; a document with an unknown
//! field, another version or another unit is refused. What is read goes through the same checks as
//! what a constructor takes.
//!
//! | `format` | fields |
//! | --- | --- |
//! | `unmaskcost.schedule` | `version`, `order`: `"sampling"`, `reveal_sizes`: whole numbers, at least 1 |
//! | `unmaskcost.order` | `version`, `positions`: each of `0 .. L-1` once, in the order in which they are revealed |
//! | `unmaskcost.choice` | `version`, `order`: the name of an order as it was measured, `reveal_sizes`; written only: by [`OrderChoice`] |
//! | `unmaskcost.information_curve` | `version`, `unit`: `"nats"`, and either `conditional_entropies`: `f_0 .. f_{L-1}`, or `information`: `I_0 .. I_{L-1}` with, if known, `single_token_entropy`: `f_0` and `increments`: `0, d_1 .. d_{L-1}`, where these have digits that differences of `information` lose |
//! | `unmaskcost.loss_curve` | `version`, `unit`: `"nats_per_token"`, `tokens`, `points`: objects with `revealed`, `loss`, `standard_error` and, if their number is known, `samples`; `beyond_measured`: `"unknown"` or `"constant"` (may be left out: `"unknown"`) |
//! | `unmaskcost.collector` | `version`, `unit`: `"nats_per_token"`, `tokens`, `cells`: objects with `revealed`, `samples`, `mean`, `sum_of_squares` (of the deviations from the mean) |
//! | `unmaskcost.kl_bounds` | `version`, `unit`: `"nats"`, `lower`, `upper` |
//!
//! Points of a loss curve with the same `revealed` are merged, as
//! [`LossCurve::from_points`](crate::measured::LossCurve::from_points) does; cells with the same `revealed` are
//! refused, and those without samples are left out.
//!
//! Collectors are for at most 2^20 tokens, loss curves for 2^24. `version` is 1. A
//! document should begin with `format` and `version`, as those written here do: then a
//! document of another kind is named as such, before its fields are looked at.
//!
//! All other results are plain values, for types of your own: fields by their names, [`Nats`] and
//! [`Bits`](crate::Bits) as numbers, decoders and rules as their text, [`Passes`](crate::schedule::Passes) and
//! [`RevealTimes`](crate::schedule::RevealTimes) as lists. What has an invariant is checked when it is read. A number that
//! is not finite is `"inf"`, `"-inf"` or `"NaN"`. [`Comparison`](crate::bounds::Comparison) is written only.
//!
//! Every number is written so that it can be read back exactly; `serde_json` does so with its feature
//! `float_roundtrip`.
//!
//! ```
//! use unmaskcost::Schedule;
//! let schedule = Schedule::from_reveal_sizes([3, 1])?;
//! let text = serde_json::to_string(&schedule)?;
//! assert_eq!(
//!     text,
//!     r#"{"format":"unmaskcost.schedule","version":1,"order":"sampling","reveal_sizes":[3,1]}"#
//! );
//! assert_eq!(serde_json::from_str::<Schedule>(&text)?, schedule);
//!
//! let empty_step = text.replace("[3,1]", "[3,0,1]");
//! let error = serde_json::from_str::<Schedule>(&empty_step).unwrap_err();
//! assert!(error.to_string().starts_with("step 1 (counted from 0) reveals no token"));
//!
//! let newer = text.replace(r#""version":1"#, r#""version":2"#);
//! let error = serde_json::from_str::<Schedule>(&newer).unwrap_err();
//! assert!(error.to_string().starts_with("version 2 is not known"));
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

mod values;

use std::borrow::Cow;

use serde::de::{Deserialize, Deserializer, Error as _};
use serde::ser::{Serialize, Serializer};

use crate::bounds::KlBounds;
use crate::curve::InformationCurve;
use crate::error::{Error, Result};
use crate::measured::{Collector, LossCurve, LossPoint, OrderChoice};
use crate::numeric::moments::{Moments, count};
use crate::numeric::scalar::{self, Scalar};
use crate::schedule::{Order, Schedule};
use crate::units::Nats;

/// The only version there is.
struct Version;

const VERSION: u64 = 1;

impl Serialize for Version {
    fn serialize<S: Serializer>(&self, serializer: S) -> core::result::Result<S::Ok, S::Error> {
        serializer.serialize_u64(VERSION)
    }
}

impl<'de> Deserialize<'de> for Version {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> core::result::Result<Self, D::Error> {
        match u64::deserialize(deserializer)? {
            VERSION => Ok(Self),
            other => Err(D::Error::custom(format_args!(
                "version {other} is not known; this version of the crate reads version {VERSION}"
            ))),
        }
    }
}

/// Fields whose only valid value is one word.
macro_rules! words {
    ($($name:ident is $field:literal $word:literal,)+) => {$(
        struct $name;

        impl Serialize for $name {
            fn serialize<S: Serializer>(&self, serializer: S) -> core::result::Result<S::Ok, S::Error> {
                serializer.serialize_str($word)
            }
        }

        impl<'de> Deserialize<'de> for $name {
            fn deserialize<D: Deserializer<'de>>(deserializer: D) -> core::result::Result<Self, D::Error> {
                match &*Cow::<str>::deserialize(deserializer)? {
                    $word => Ok(Self),
                    other => Err(D::Error::custom(format_args!(
                        concat!("the ", $field, " is {:?}, but ", $word, " is needed"), other
                    ))),
                }
            }
        }
    )+};
}

words! {
    ScheduleFormat is "format" "unmaskcost.schedule",
    ChoiceFormat is "format" "unmaskcost.choice",
    OrderFormat is "format" "unmaskcost.order",
    InformationCurveFormat is "format" "unmaskcost.information_curve",
    LossCurveFormat is "format" "unmaskcost.loss_curve",
    CollectorFormat is "format" "unmaskcost.collector",
    KlBoundsFormat is "format" "unmaskcost.kl_bounds",
    SamplingOrder is "order" "sampling",
    NatsUnit is "unit" "nats",
    NatsPerTokenUnit is "unit" "nats_per_token",
}

/// Serialises a type as its document, and reads it through the conversion that checks it.
macro_rules! documents {
    ($($name:ident $(<$scalar:ident>)? as $document:ident,)+) => {$(
        #[cfg_attr(docsrs, doc(cfg(feature = "serde")))]
        /// As the [`interchange`](crate::interchange) module says.
        impl $(<$scalar: Scalar + Serialize>)? Serialize for $name $(<$scalar>)? {
            fn serialize<S: Serializer>(&self, serializer: S) -> core::result::Result<S::Ok, S::Error> {
                $document::from(self).serialize(serializer)
            }
        }

        #[cfg_attr(docsrs, doc(cfg(feature = "serde")))]
        /// As the [`interchange`](crate::interchange) module says.
        impl<'de $(, $scalar: Scalar + Deserialize<'de>)?> Deserialize<'de> for $name $(<$scalar>)? {
            fn deserialize<D: Deserializer<'de>>(deserializer: D) -> core::result::Result<Self, D::Error> {
                $document::deserialize(deserializer)?.check().map_err(D::Error::custom)
            }
        }
    )+};
}

documents! {
    Schedule as ScheduleDocument,
    Order as OrderDocument,
    InformationCurve<F> as InformationCurveDocument,
    LossCurve<F> as LossCurveDocument,
    Collector<F> as CollectorDocument,
    KlBounds<F> as KlBoundsDocument,
}

#[derive(serde::Serialize, serde::Deserialize)]
#[serde(deny_unknown_fields)]
struct ScheduleDocument<'a> {
    format: ScheduleFormat,
    version: Version,
    order: SamplingOrder,
    reveal_sizes: Cow<'a, [usize]>,
}

impl<'a> From<&'a Schedule> for ScheduleDocument<'a> {
    fn from(schedule: &'a Schedule) -> Self {
        let reveal_sizes = schedule.sizes().into();
        Self { format: ScheduleFormat, version: Version, order: SamplingOrder, reveal_sizes }
    }
}

impl ScheduleDocument<'_> {
    fn check(self) -> Result<Schedule> {
        self.reveal_sizes.into_owned().try_into()
    }
}

#[derive(serde::Serialize)]
struct ChoiceDocument<'a> {
    format: ChoiceFormat,
    version: Version,
    order: &'a str,
    reveal_sizes: &'a [usize],
}

#[cfg_attr(docsrs, doc(cfg(feature = "serde")))]
/// What to use, without the figures that led to it: as the [`interchange`](crate::interchange) module says.
impl<F> Serialize for OrderChoice<F> {
    fn serialize<S: Serializer>(&self, serializer: S) -> core::result::Result<S::Ok, S::Error> {
        let (order, reveal_sizes) = (self.order.as_str(), self.schedule.sizes());
        let document =
            ChoiceDocument { format: ChoiceFormat, version: Version, order, reveal_sizes };
        document.serialize(serializer)
    }
}

#[derive(serde::Serialize, serde::Deserialize)]
#[serde(deny_unknown_fields)]
struct OrderDocument<'a> {
    format: OrderFormat,
    version: Version,
    positions: Cow<'a, [usize]>,
}

impl<'a> From<&'a Order> for OrderDocument<'a> {
    fn from(order: &'a Order) -> Self {
        let positions = order.positions().into();
        Self { format: OrderFormat, version: Version, positions }
    }
}

impl OrderDocument<'_> {
    fn check(self) -> Result<Order> {
        Order::from_positions(self.positions)
    }
}

#[derive(serde::Serialize, serde::Deserialize)]
#[serde(deny_unknown_fields)]
struct InformationCurveDocument<F> {
    format: InformationCurveFormat,
    version: Version,
    unit: NatsUnit,
    #[serde(default = "none", skip_serializing_if = "Option::is_none")]
    information: Option<Vec<F>>,
    #[serde(default = "none", skip_serializing_if = "Option::is_none")]
    increments: Option<Vec<F>>,
    #[serde(default = "none", skip_serializing_if = "Option::is_none")]
    single_token_entropy: Option<F>,
    #[serde(default = "none", skip_serializing_if = "Option::is_none")]
    conditional_entropies: Option<Vec<F>>,
}

/// The derived default would require `F: Default`.
fn none<T>() -> Option<T> {
    None
}

impl<F: Scalar> From<&InformationCurve<F>> for InformationCurveDocument<F> {
    fn from(curve: &InformationCurve<F>) -> Self {
        Self {
            format: InformationCurveFormat,
            version: Version,
            unit: NatsUnit,
            information: Some(curve.information_values().to_vec()),
            increments: Some(curve.increments().to_vec()),
            single_token_entropy: curve.single_token_entropy().map(|Nats(entropy)| entropy),
            conditional_entropies: None,
        }
    }
}

impl<F: Scalar> InformationCurveDocument<F> {
    fn check(self) -> Result<InformationCurve<F>> {
        let others = self.increments.is_some() || self.single_token_entropy.is_some();
        match (self.information, self.conditional_entropies) {
            (Some(information), None) => InformationCurve::from_information(information)?
                .refined(self.increments, self.single_token_entropy),
            (None, Some(entropies)) if !others => {
                InformationCurve::from_conditional_entropies(entropies)
            }
            (None, None) => Err(Error::Empty { what: "information or conditional_entropies" }),
            (_, Some(entropies)) => Err(Error::LengthMismatch {
                what: "conditional_entropies, beside other fields that say the same,",
                found: entropies.len(),
                expected: 0,
            }),
        }
    }
}

/// What a loss curve says of the counts beyond the measured ones.
#[derive(Default, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "snake_case")]
enum BeyondMeasured {
    #[default]
    Unknown,
    Constant,
}

#[derive(serde::Serialize, serde::Deserialize)]
#[serde(deny_unknown_fields)]
struct PointDocument<F> {
    revealed: usize,
    loss: F,
    standard_error: F,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    samples: Option<u64>,
}

#[derive(serde::Serialize, serde::Deserialize)]
#[serde(deny_unknown_fields)]
struct LossCurveDocument<F> {
    format: LossCurveFormat,
    version: Version,
    unit: NatsPerTokenUnit,
    tokens: usize,
    points: Vec<PointDocument<F>>,
    #[serde(default)]
    beyond_measured: BeyondMeasured,
}

impl<F: Scalar> From<&LossCurve<F>> for LossCurveDocument<F> {
    fn from(losses: &LossCurve<F>) -> Self {
        let document = |&LossPoint { revealed, loss, standard_error, samples }: &LossPoint<F>| {
            PointDocument { revealed, loss: loss.0, standard_error: standard_error.0, samples }
        };
        Self {
            format: LossCurveFormat,
            version: Version,
            unit: NatsPerTokenUnit,
            tokens: losses.tokens(),
            points: losses.points().iter().map(document).collect(),
            beyond_measured: match losses.holds_ends() {
                true => BeyondMeasured::Constant,
                false => BeyondMeasured::Unknown,
            },
        }
    }
}

impl<F: Scalar> LossCurveDocument<F> {
    fn check(self) -> Result<LossCurve<F>> {
        let points = self.points.into_iter().map(|point| {
            let PointDocument { revealed, loss, standard_error, samples } = point;
            LossPoint { revealed, loss: Nats(loss), standard_error: Nats(standard_error), samples }
        });
        let losses = LossCurve::from_points(points.collect::<Vec<_>>(), self.tokens)?;
        Ok(match self.beyond_measured {
            BeyondMeasured::Unknown => losses,
            BeyondMeasured::Constant => losses.holding_ends(),
        })
    }
}

#[derive(serde::Serialize, serde::Deserialize)]
#[serde(deny_unknown_fields)]
struct CellDocument<F> {
    revealed: usize,
    samples: u64,
    mean: F,
    sum_of_squares: F,
}

#[derive(serde::Serialize, serde::Deserialize)]
#[serde(deny_unknown_fields)]
struct CollectorDocument<F> {
    format: CollectorFormat,
    version: Version,
    unit: NatsPerTokenUnit,
    tokens: usize,
    cells: Vec<CellDocument<F>>,
}

impl<F: Scalar> From<&Collector<F>> for CollectorDocument<F> {
    fn from(collector: &Collector<F>) -> Self {
        Self {
            format: CollectorFormat,
            version: Version,
            unit: NatsPerTokenUnit,
            tokens: collector.tokens(),
            cells: cell_documents(collector.cells()),
        }
    }
}

impl<F: Scalar> CollectorDocument<F> {
    fn check(self) -> Result<Collector<F>> {
        for cell in &self.cells {
            check_spread_of_losses(cell)?;
        }
        Ok(Collector::from_cells(checked_cells(self.tokens, self.cells)?))
    }
}

/// The counts with observations.
fn cell_documents<F: Scalar>(cells: &[Moments<F>]) -> Vec<CellDocument<F>> {
    let cells = cells.iter().enumerate().filter(|(_, cell)| cell.observations > 0);
    let document = |(revealed, cell): (usize, &Moments<F>)| {
        let (samples, mean, sum_of_squares) = (cell.observations, cell.mean, cell.squares);
        CellDocument { revealed, samples, mean, sum_of_squares }
    };
    cells.map(document).collect()
}

fn checked_cells<F: Scalar>(
    tokens: usize,
    documents: Vec<CellDocument<F>>,
) -> Result<Vec<Moments<F>>> {
    let mut cells = Moments::for_counts(tokens)?;
    for document in documents {
        let CellDocument { revealed, samples, mean, sum_of_squares } = document;
        if samples == 0 {
            return Err(Error::TooFewSamples { revealed, samples, needed: 1 });
        }
        scalar::check_single("mean", mean)?;
        let squares = scalar::check_nonnegative("sum of squares", sum_of_squares)?;
        if samples == 1 && squares > F::zero() {
            return Err(Error::Inconsistent {
                inequality: "sum of squares <= 0 for a single sample",
                left: scalar::evidence(squares),
                right: 0.0,
            });
        }
        let what = "revealed count";
        let out_of_range = Error::IndexOutOfRange { what, index: revealed, limit: tokens };
        let cell = cells.get_mut(revealed).ok_or(out_of_range)?;
        if cell.observations > 0 {
            return Err(Error::Duplicate { what, index: revealed });
        }
        *cell = Moments { observations: samples, mean, squares };
    }
    Ok(cells)
}

/// Of n losses with a given mean, none negative, the spread is largest if one is `n mean` and all others
/// are zero.
fn check_spread_of_losses<F: Scalar>(cell: &CellDocument<F>) -> Result<()> {
    let mean = scalar::check_nonnegative("mean", cell.mean)?;
    let samples = count::<F>(cell.samples);
    let others = (samples - F::one()).max(F::zero());
    // As roots, so that no square overflows. A running sum of n squares is right to n roundings.
    let (left, right) = (cell.sum_of_squares.sqrt(), samples.sqrt() * others.sqrt() * mean);
    let rounding = F::tolerance().max(samples * F::epsilon());
    if cell.samples > 1 && left > right * (F::one() + rounding) {
        return Err(Error::Inconsistent {
            inequality: "sqrt(sum of squares) <= sqrt(n (n - 1)) * mean, for n losses that are not negative",
            left: scalar::evidence(left),
            right: scalar::evidence(right),
        });
    }
    Ok(())
}

#[derive(serde::Serialize, serde::Deserialize)]
#[serde(deny_unknown_fields)]
struct KlBoundsDocument<F> {
    format: KlBoundsFormat,
    version: Version,
    unit: NatsUnit,
    lower: F,
    upper: F,
}

impl<F: Scalar> From<&KlBounds<F>> for KlBoundsDocument<F> {
    fn from(bounds: &KlBounds<F>) -> Self {
        let (lower, upper) = (bounds.lower.0, bounds.upper.0);
        Self { format: KlBoundsFormat, version: Version, unit: NatsUnit, lower, upper }
    }
}

impl<F: Scalar> KlBoundsDocument<F> {
    fn check(self) -> Result<KlBounds<F>> {
        let lower = scalar::check_nonnegative("lower", self.lower)?;
        let upper = scalar::check_nonnegative("upper", self.upper)?;
        KlBounds::new(Nats(lower), Nats(upper))
    }
}
