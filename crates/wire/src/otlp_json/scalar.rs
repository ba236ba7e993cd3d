//! Scalar fields in the forms that protobuf's JSON mapping allows.

use std::fmt;
use std::marker::PhantomData;

use base64::Engine;
use base64::alphabet::STANDARD;
use base64::engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig};
use serde::de::{Deserialize, Deserializer, Error, SeqAccess, Unexpected, Visitor};

/// An integer, as a number or as decimal text.
pub(crate) struct Integer<T>(pub T);

/// A float, as a number or as text; `NaN`, `Infinity` and `-Infinity` are text.
pub(crate) struct Double(pub f64);

/// Bytes in base64 of the standard or the URL-safe alphabet, with or without padding.
pub(crate) struct Bytes(pub Vec<u8>);

/// A message that is discarded unless it has spans.
pub(crate) trait HasSpans {
    fn has_spans(&self) -> bool;
}

/// Reads a field; `null` gives the default of the field's type.
pub(crate) fn nullable<'de, D, T>(deserializer: D) -> Result<T, D::Error>
where
    D: Deserializer<'de>,
    T: Deserialize<'de> + Default,
{
    Ok(Option::deserialize(deserializer)?.unwrap_or_default())
}

/// Reads an integer, from a number or text; `null` gives 0.
pub(crate) fn integer<'de, D, T>(deserializer: D) -> Result<T, D::Error>
where
    D: Deserializer<'de>,
    T: TryFrom<i128> + Default,
{
    let number: Option<Integer<T>> = Option::deserialize(deserializer)?;
    Ok(number.map(|number| number.0).unwrap_or_default())
}

/// Reads a list, and discards members without spans, so that a list `[{},{},…]` needs no memory.
pub(crate) fn with_spans<'de, D, T>(deserializer: D) -> Result<Vec<T>, D::Error>
where
    D: Deserializer<'de>,
    T: Deserialize<'de> + HasSpans,
{
    struct WithSpans<T>(PhantomData<T>);

    impl<'de, T: Deserialize<'de> + HasSpans> Visitor<'de> for WithSpans<T> {
        type Value = Vec<T>;

        fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            f.write_str("a list")
        }

        fn visit_unit<E: Error>(self) -> Result<Vec<T>, E> {
            Ok(Vec::new())
        }

        fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<Vec<T>, A::Error> {
            let mut kept = Vec::new();
            while let Some(member) = list.next_element::<T>()? {
                kept.extend(member.has_spans().then_some(member));
            }
            Ok(kept)
        }
    }

    deserializer.deserialize_any(WithSpans(PhantomData))
}

/// Reads an enum from its number or name; 0 for `null`, for unknown names and for numbers out of
/// range.
pub(crate) fn enumeration<'de, D>(
    deserializer: D,
    number_of: fn(&str) -> Option<i32>,
) -> Result<i32, D::Error>
where
    D: Deserializer<'de>,
{
    struct Names(fn(&str) -> Option<i32>);

    impl Visitor<'_> for Names {
        type Value = i32;

        fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            f.write_str("an enum's number or name")
        }

        fn visit_unit<E: Error>(self) -> Result<i32, E> {
            Ok(0)
        }

        fn visit_u64<E: Error>(self, number: u64) -> Result<i32, E> {
            Ok(i32::try_from(number).unwrap_or(0))
        }

        fn visit_i64<E: Error>(self, number: i64) -> Result<i32, E> {
            Ok(i32::try_from(number).unwrap_or(0))
        }

        fn visit_str<E: Error>(self, text: &str) -> Result<i32, E> {
            Ok((self.0)(text).or_else(|| text.parse().ok()).unwrap_or(0))
        }
    }

    deserializer.deserialize_any(Names(number_of))
}

impl<'de, T: TryFrom<i128>> Deserialize<'de> for Integer<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(Number).and_then(|number| match number {
            NumberValue::Integer(number) => in_range(number),
            NumberValue::Float(float) if float.fract() == 0.0 => in_range(float as i128),
            NumberValue::Float(float) => {
                Err(D::Error::invalid_value(Unexpected::Float(float), &"an integer"))
            }
        })
    }
}

impl<'de> Deserialize<'de> for Double {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Ok(Self(match deserializer.deserialize_any(Number)? {
            NumberValue::Integer(number) => number as f64,
            NumberValue::Float(float) => float,
        }))
    }
}

fn in_range<T: TryFrom<i128>, E: Error>(number: i128) -> Result<Integer<T>, E> {
    let out = |_| E::custom(format_args!("integer {number} is out of the field's range"));
    T::try_from(number).map_err(out).map(Integer)
}

struct Number;

enum NumberValue {
    Integer(i128),
    Float(f64),
}

impl Visitor<'_> for Number {
    type Value = NumberValue;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a number, or one as text")
    }

    fn visit_u64<E: Error>(self, number: u64) -> Result<NumberValue, E> {
        Ok(NumberValue::Integer(number.into()))
    }

    fn visit_i64<E: Error>(self, number: i64) -> Result<NumberValue, E> {
        Ok(NumberValue::Integer(number.into()))
    }

    fn visit_f64<E: Error>(self, number: f64) -> Result<NumberValue, E> {
        Ok(NumberValue::Float(number))
    }

    fn visit_str<E: Error>(self, text: &str) -> Result<NumberValue, E> {
        let integer = text.parse().map(NumberValue::Integer);
        integer
            .or_else(|_| text.parse().map(NumberValue::Float))
            .map_err(|_| E::invalid_value(Unexpected::Str(text), &self))
    }
}

impl<'de> Deserialize<'de> for Bytes {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        const LENIENT: GeneralPurposeConfig = GeneralPurposeConfig::new()
            .with_decode_padding_mode(DecodePaddingMode::Indifferent)
            .with_decode_allow_trailing_bits(true);

        let text = String::deserialize(deserializer)?.replace('-', "+").replace('_', "/");
        let bytes = GeneralPurpose::new(&STANDARD, LENIENT).decode(text);
        bytes.map(Self).map_err(|error| D::Error::custom(format_args!("base64: {error}")))
    }
}
