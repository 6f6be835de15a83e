//! Values and results as parts of a user's own types: fields by their names, amounts as plain numbers.

use core::result::Result;

use serde::de::{Deserialize, Deserializer, Error as _};
use serde::ser::{Serialize, Serializer};

use crate::bounds::universal::Factor;
use crate::decoders::Decoder;
use crate::error::Error;
use crate::estimate::{ConfidenceInterval, Estimate};
use crate::numeric::scalar::Scalar;
use crate::numeric::words;
use crate::sampler::policy::Rule;
use crate::schedule::{Blockwise, Order, Passes, RevealTimes, Rounds, Schedule};
use crate::units::{Bits, Nats, TrainingError};

/// An amount is written as its number.
macro_rules! amounts {
    ($($unit:ident)+) => {$(
        #[cfg_attr(docsrs, doc(cfg(feature = "serde")))]
        /// The number; in human-readable formats, one that is not finite is a word such as `"inf"`.
        impl<F: Scalar + Serialize> Serialize for $unit<F> {
            fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                words::serialize(&self.0, serializer)
            }
        }

        #[cfg_attr(docsrs, doc(cfg(feature = "serde")))]
        /// The number, or a word for one that is not finite.
        impl<'de, F: Scalar + Deserialize<'de>> Deserialize<'de> for $unit<F> {
            fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                words::deserialize(deserializer).map(Self)
            }
        }
    )+};
}

amounts!(Nats Bits);

/// A type with a text form is written as that text.
macro_rules! texts {
    ($($name:ident)+) => {$(
        #[cfg_attr(docsrs, doc(cfg(feature = "serde")))]
        /// As `Display` prints it.
        impl Serialize for $name {
            fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                serializer.collect_str(self)
            }
        }

        #[cfg_attr(docsrs, doc(cfg(feature = "serde")))]
        /// As `FromStr` reads it.
        impl<'de> Deserialize<'de> for $name {
            fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                let text = std::borrow::Cow::<str>::deserialize(deserializer)?;
                text.parse().map_err(D::Error::custom)
            }
        }
    )+};
}

texts!(Decoder Rule);

/// Types with an invariant: `write` gives what stands in the document, `read` checks it.
macro_rules! checked {
    ($($name:ident $(<$scalar:ident>)? as $document:ty: $write:expr, $read:expr;)+) => {$(
        #[cfg_attr(docsrs, doc(cfg(feature = "serde")))]
        impl $(<$scalar: Scalar + Serialize>)? Serialize for $name $(<$scalar>)? {
            fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                let write: fn(&Self) -> $document = $write;
                write(self).serialize(serializer)
            }
        }

        #[cfg_attr(docsrs, doc(cfg(feature = "serde")))]
        /// Checked as by its constructor.
        impl<'de $(, $scalar: Scalar + Deserialize<'de>)?> Deserialize<'de> for $name $(<$scalar>)? {
            fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                let read: fn($document) -> Result<Self, Error> = $read;
                read(<$document>::deserialize(deserializer)?).map_err(D::Error::custom)
            }
        }
    )+};
}

checked! {
    Passes as Vec<usize>: |passes| passes.sizes().collect(), Passes::from_sizes;
    Blockwise as Vec<Schedule>: |blockwise| blockwise.blocks().to_vec(), Blockwise::new;
    RevealTimes as Vec<f64>: |times| times.times().to_vec(), RevealTimes::from_times;
    Rounds as RoundsDocument: RoundsDocument::of, |read| Rounds::new(read.order, read.schedule);
    Factor as FactorDocument: FactorDocument::of, FactorDocument::check;
    TrainingError<F> as Nats<F>: |error| error.value(), TrainingError::new;
    Estimate<F> as EstimateDocument<F>: EstimateDocument::of, EstimateDocument::check;
    ConfidenceInterval<F> as IntervalDocument<F>: IntervalDocument::of, |read| ConfidenceInterval::new(read.lower, read.upper, read.level);
}

#[derive(serde::Serialize, serde::Deserialize)]
#[serde(deny_unknown_fields)]
struct RoundsDocument {
    order: Order,
    schedule: Schedule,
}

impl RoundsDocument {
    fn of(rounds: &Rounds) -> Self {
        Self { order: rounds.order().clone(), schedule: rounds.schedule().clone() }
    }
}

#[derive(serde::Serialize, serde::Deserialize)]
#[serde(deny_unknown_fields)]
struct FactorDocument {
    numerator: usize,
    denominator: usize,
}

impl FactorDocument {
    fn of(factor: &Factor) -> Self {
        Self { numerator: factor.numerator(), denominator: factor.denominator() }
    }

    fn check(self) -> Result<Factor, Error> {
        Factor::in_lowest_terms(self.numerator, self.denominator)
    }
}

#[derive(serde::Serialize, serde::Deserialize)]
#[serde(
    deny_unknown_fields,
    bound(serialize = "F: Scalar + Serialize", deserialize = "F: Scalar + Deserialize<'de>")
)]
struct EstimateDocument<F> {
    value: Nats<F>,
    standard_error: Nats<F>,
    #[serde(with = "words")]
    degrees_of_freedom: f64,
}

impl<F: Scalar> EstimateDocument<F> {
    fn of(estimate: &Estimate<F>) -> Self {
        Self {
            value: estimate.value(),
            standard_error: estimate.standard_error(),
            degrees_of_freedom: estimate.degrees_of_freedom(),
        }
    }

    fn check(self) -> Result<Estimate<F>, Error> {
        Estimate::from_samples(self.value, self.standard_error, self.degrees_of_freedom)
    }
}

#[derive(serde::Serialize, serde::Deserialize)]
#[serde(
    deny_unknown_fields,
    bound(serialize = "F: Scalar + Serialize", deserialize = "F: Scalar + Deserialize<'de>")
)]
struct IntervalDocument<F> {
    lower: Nats<F>,
    upper: Nats<F>,
    level: f64,
}

impl<F: Scalar> IntervalDocument<F> {
    fn of(interval: &ConfidenceInterval<F>) -> Self {
        Self { lower: interval.lower(), upper: interval.upper(), level: interval.level() }
    }
}
