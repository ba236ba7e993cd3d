//! How typed values are written in JSON.

mod mirror;

pub(crate) use self::mirror::{
    CauseKindJson, NodeKindJson, ReasonJson, TraceProblemCauseJson, TraceProblemKindJson,
    VerdictJson,
};

/// A value in its text form, such as an id in hex digits.
pub(crate) mod text {
    use std::fmt::Display;
    use std::str::FromStr;

    use serde::{Deserialize, Deserializer, Serializer};

    pub(crate) fn serialize<T: Display, S: Serializer>(
        value: &T,
        to: S,
    ) -> Result<S::Ok, S::Error> {
        to.collect_str(value)
    }

    pub(crate) fn deserialize<'de, T, D>(from: D) -> Result<T, D::Error>
    where
        T: FromStr<Err: Display>,
        D: Deserializer<'de>,
    {
        String::deserialize(from)?.parse().map_err(serde::de::Error::custom)
    }
}

/// A value in its text form; null for `None`.
pub(crate) mod text_or_null {
    use std::fmt::Display;
    use std::str::FromStr;

    use serde::{Deserialize, Deserializer, Serializer};

    pub(crate) fn serialize<T: Display, S: Serializer>(
        value: &Option<T>,
        to: S,
    ) -> Result<S::Ok, S::Error> {
        match value {
            Some(value) => to.collect_str(value),
            None => to.serialize_none(),
        }
    }

    pub(crate) fn deserialize<'de, T, D>(from: D) -> Result<Option<T>, D::Error>
    where
        T: FromStr<Err: Display>,
        D: Deserializer<'de>,
    {
        let text = Option::<String>::deserialize(from)?;
        text.map(|text| text.parse().map_err(serde::de::Error::custom)).transpose()
    }
}

/// A time, as an integer number of microseconds since the Unix epoch.
pub(crate) mod micros {
    use coral_trace::UnixNanos;
    use serde::{Deserialize, Deserializer, Serializer};

    #[expect(clippy::trivially_copy_pass_by_ref, reason = "serde's signature")]
    pub(crate) fn serialize<S: Serializer>(time: &UnixNanos, to: S) -> Result<S::Ok, S::Error> {
        to.serialize_i64(time.as_micros())
    }

    pub(crate) fn deserialize<'de, D: Deserializer<'de>>(from: D) -> Result<UnixNanos, D::Error> {
        i64::deserialize(from).map(UnixNanos::from_micros)
    }
}

/// A time, as an integer number of microseconds since the Unix epoch; null when there is none.
pub(crate) mod micros_or_null {
    use coral_trace::UnixNanos;
    use serde::{Deserialize, Deserializer, Serialize, Serializer};

    #[expect(clippy::ref_option, reason = "serde's signature")]
    pub(crate) fn serialize<S: Serializer>(
        time: &Option<UnixNanos>,
        to: S,
    ) -> Result<S::Ok, S::Error> {
        time.map(UnixNanos::as_micros).serialize(to)
    }

    pub(crate) fn deserialize<'de, D: Deserializer<'de>>(
        from: D,
    ) -> Result<Option<UnixNanos>, D::Error> {
        Ok(Option::<i64>::deserialize(from)?.map(UnixNanos::from_micros))
    }
}

/// A time as nanoseconds since the Unix epoch, in decimal text, because JSON numbers are exact only
/// up to 2^53. Null when there is none.
pub(crate) mod nanos {
    use coral_trace::UnixNanos;
    use serde::{Deserialize, Deserializer, Serializer};

    #[expect(clippy::ref_option, reason = "serde's signature")]
    pub(crate) fn serialize<S: Serializer>(
        time: &Option<UnixNanos>,
        to: S,
    ) -> Result<S::Ok, S::Error> {
        match time {
            Some(time) => to.serialize_str(itoa::Buffer::new().format(time.0)),
            None => to.serialize_none(),
        }
    }

    pub(crate) fn deserialize<'de, D: Deserializer<'de>>(
        from: D,
    ) -> Result<Option<UnixNanos>, D::Error> {
        let text = Option::<String>::deserialize(from)?;
        let parsed = text.map(|text| text.parse().map_err(serde::de::Error::custom)).transpose()?;
        Ok(parsed.map(UnixNanos))
    }
}
