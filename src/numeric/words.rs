//! Floats in documents: JSON has no infinity, so a float that is not finite is written as a word.

use core::result::Result;

use serde::de::{Deserialize, Deserializer, Error as _};
use serde::ser::{Serialize, Serializer};

use crate::numeric::scalar::Scalar;

const INFINITE: &str = "inf";
const NEGATIVE_INFINITE: &str = "-inf";
const NOT_A_NUMBER: &str = "NaN";

/// Writes a float. In a human-readable format, one that is not finite becomes `"inf"`, `"-inf"` or
/// `"NaN"`.
pub(crate) fn serialize<F: Scalar + Serialize, S: Serializer>(
    number: &F,
    serializer: S,
) -> Result<S::Ok, S::Error> {
    if number.is_finite() || !serializer.is_human_readable() {
        number.serialize(serializer)
    } else if number.is_nan() {
        serializer.serialize_str(NOT_A_NUMBER)
    } else if *number > F::zero() {
        serializer.serialize_str(INFINITE)
    } else {
        serializer.serialize_str(NEGATIVE_INFINITE)
    }
}

/// Reads what [`serialize`] writes.
pub(crate) fn deserialize<'de, F: Scalar + Deserialize<'de>, D: Deserializer<'de>>(
    deserializer: D,
) -> Result<F, D::Error> {
    #[derive(serde::Deserialize)]
    #[serde(untagged)]
    enum Written<F> {
        Number(F),
        Word(String),
    }

    if !deserializer.is_human_readable() {
        return F::deserialize(deserializer);
    }
    match Written::deserialize(deserializer)? {
        Written::Number(number) => Ok(number),
        Written::Word(word) => match word.as_str() {
            INFINITE => Ok(F::infinity()),
            NEGATIVE_INFINITE => Ok(F::neg_infinity()),
            NOT_A_NUMBER => Ok(F::nan()),
            _ => Err(D::Error::custom(format_args!("{word:?} is not a number"))),
        },
    }
}

/// As [`serialize`], for a number that may be missing.
pub(crate) fn serialize_optional<F: Scalar + Serialize, S: Serializer>(
    number: &Option<F>,
    serializer: S,
) -> Result<S::Ok, S::Error> {
    match number {
        Some(number) if number.is_finite() || !serializer.is_human_readable() => {
            serializer.serialize_some(number)
        }
        Some(number) => serialize(number, serializer),
        None => serializer.serialize_none(),
    }
}
