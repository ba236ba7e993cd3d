//! Recognises JSON that this version would write itself, without building values.
//!
//! A text is canonical if it is what [`coral_record`] writes for the attributes that it reads from
//! the text. The text is read and written again at once, into one buffer for all rows.

use std::fmt;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use serde::de::{DeserializeSeed, Deserializer, Error, MapAccess, SeqAccess, Visitor};

use coral_record::promoted;
use coral_record::{double_from_text, double_text};

/// Recognises canonical JSON. Reuses its memory.
#[derive(Default)]
pub(super) struct Canonical {
    written: Vec<u8>,
}

impl Canonical {
    /// Whether `json` is the canonical JSON of one or more attributes, none of which has a column,
    /// with values that are nested at most `levels` deep.
    pub(super) fn has_attributes(&mut self, json: &str, levels: usize) -> bool {
        self.written.clear();
        let mut reader = serde_json::Deserializer::from_str(json);
        let pairs = Pairs { out: &mut self.written, levels, may_be_promoted: false };
        let is_read = pairs.deserialize(&mut reader).and_then(|()| reader.end()).is_ok();
        is_read && json.len() > "{}".len() && self.written == json.as_bytes()
    }
}

/// An object of attributes.
struct Pairs<'o> {
    out: &'o mut Vec<u8>,
    /// How deep its values may be nested.
    levels: usize,
    may_be_promoted: bool,
}

/// The value of an attribute.
struct AnyValue<'o> {
    out: &'o mut Vec<u8>,
    levels: usize,
}

/// A key of an attribute.
struct Key<'o> {
    out: &'o mut Vec<u8>,
    may_be_promoted: bool,
}

/// The one key of an object that marks a value.
struct Mark;

/// The form of a marked value.
enum Marked {
    Map,
    Bytes,
    Double,
}

fn write<E: Error>(out: &mut Vec<u8>, value: &(impl serde::Serialize + ?Sized)) -> Result<(), E> {
    serde_json::to_writer(out, value).map_err(E::custom)
}

impl<'de> DeserializeSeed<'de> for Pairs<'_> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, from: D) -> Result<(), D::Error> {
        from.deserialize_map(self)
    }
}

impl<'de> Visitor<'de> for Pairs<'_> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object of attributes")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<(), A::Error> {
        let Self { out, levels, may_be_promoted } = self;
        out.push(b'{');
        let mut is_first = true;
        loop {
            if !is_first {
                out.push(b',');
            }
            if map.next_key_seed(Key { out, may_be_promoted })?.is_none() {
                if !is_first {
                    out.pop();
                }
                break;
            }
            is_first = false;
            out.push(b':');
            map.next_value_seed(AnyValue { out, levels })?;
        }
        out.push(b'}');
        Ok(())
    }
}

impl<'de> DeserializeSeed<'de> for Key<'_> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, from: D) -> Result<(), D::Error> {
        from.deserialize_str(self)
    }
}

impl Visitor<'_> for Key<'_> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a key")
    }

    fn visit_str<E: Error>(self, key: &str) -> Result<(), E> {
        if !self.may_be_promoted && promoted::is_promoted(key) {
            return Err(E::custom("an attribute with a column"));
        }
        write(self.out, key)
    }
}

impl<'de> DeserializeSeed<'de> for AnyValue<'_> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, from: D) -> Result<(), D::Error> {
        from.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for AnyValue<'_> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an attribute's value")
    }

    fn visit_unit<E: Error>(self) -> Result<(), E> {
        write(self.out, &())
    }

    fn visit_bool<E: Error>(self, truth: bool) -> Result<(), E> {
        write(self.out, &truth)
    }

    fn visit_i64<E: Error>(self, number: i64) -> Result<(), E> {
        write(self.out, &number)
    }

    fn visit_u64<E: Error>(self, number: u64) -> Result<(), E> {
        write(self.out, &i64::try_from(number).map_err(E::custom)?)
    }

    fn visit_f64<E: Error>(self, number: f64) -> Result<(), E> {
        write(self.out, &number)
    }

    fn visit_str<E: Error>(self, text: &str) -> Result<(), E> {
        write(self.out, text)
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut values: A) -> Result<(), A::Error> {
        let levels = deeper(self.levels)?;
        self.out.push(b'[');
        let mut is_first = true;
        loop {
            if !is_first {
                self.out.push(b',');
            }
            if values.next_element_seed(AnyValue { out: self.out, levels })?.is_none() {
                if !is_first {
                    self.out.pop();
                }
                break;
            }
            is_first = false;
        }
        self.out.push(b']');
        Ok(())
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<(), A::Error> {
        let mark = map.next_key_seed(Mark)?.ok_or_else(|| A::Error::custom("an empty mark"))?;
        match mark {
            Marked::Map => {
                let levels = deeper(self.levels)?;
                self.out.extend_from_slice(br#"{"$map":"#);
                map.next_value_seed(Pairs { out: self.out, levels, may_be_promoted: true })?;
            }
            Marked::Bytes => {
                let bytes = BASE64.decode(map.next_value::<String>()?);
                let text = BASE64.encode(bytes.map_err(A::Error::custom)?);
                self.out.extend_from_slice(br#"{"$bytes":"#);
                write(self.out, &text)?;
            }
            Marked::Double => {
                let number = double_from_text(&map.next_value::<String>()?);
                let number = number.filter(|number| !number.is_finite());
                let number = number.ok_or_else(|| A::Error::custom("a finite double"))?;
                self.out.extend_from_slice(br#"{"$double":"#);
                write(self.out, &double_text(number))?;
            }
        }
        self.out.push(b'}');
        Ok(())
    }
}

/// One level less; an error if there is none left.
fn deeper<E: Error>(levels: usize) -> Result<usize, E> {
    levels.checked_sub(1).ok_or_else(|| E::custom("nested too deep"))
}

impl<'de> DeserializeSeed<'de> for Mark {
    type Value = Marked;

    fn deserialize<D: Deserializer<'de>>(self, from: D) -> Result<Marked, D::Error> {
        from.deserialize_str(self)
    }
}

impl Visitor<'_> for Mark {
    type Value = Marked;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a mark")
    }

    fn visit_str<E: Error>(self, mark: &str) -> Result<Marked, E> {
        match mark {
            "$map" => Ok(Marked::Map),
            "$bytes" => Ok(Marked::Bytes),
            "$double" => Ok(Marked::Double),
            other => Err(E::unknown_variant(other, &["$map", "$bytes", "$double"])),
        }
    }
}

#[cfg(test)]
mod tests {
    use coral_trace::testing;
    use proptest::prelude::*;

    use super::*;
    use coral_record::{read_attributes, write_attributes};

    const LEVELS: usize = 24;

    fn is_canonical(json: &str) -> bool {
        Canonical::default().has_attributes(json, LEVELS)
    }

    #[test]
    fn other_spellings_of_the_same_attributes_are_not_canonical() {
        assert!(is_canonical(r#"{"a":"b"}"#));
        for json in [
            "",
            "{}",
            r#"{"a": "b"}"#,
            r#"{"a":"\u0062"}"#,
            r#"{"a":1e2}"#,
            r#"{"a":{"$double":"5"}}"#,
            r#"{"a":{"$map":{},"$map":{}}}"#,
            r#"{"a":{}}"#,
            r#"{"a":"b"}{}"#,
            r#"{"a":9223372036854775808}"#,
            r#"{"http.route":"/pay"}"#,
        ] {
            assert!(!is_canonical(json), "{json}");
        }
        let nested =
            |levels: usize| format!(r#"{{"a":{}1{}}}"#, "[".repeat(levels), "]".repeat(levels));
        assert!(is_canonical(&nested(LEVELS)) && !is_canonical(&nested(LEVELS + 1)));
    }

    proptest! {
        #[test]
        fn what_a_row_has_is_canonical(attributes in testing::attributes()) {
            let rest: Vec<_> = attributes.iter().filter(|pair| !promoted::is_promoted(&pair.key)).collect();
            if let Some(json) = write_attributes(&rest) {
                prop_assert!(is_canonical(&json), "{}", json);
                let changed = json.replacen('1', "2", 1);
                if is_canonical(&changed) {
                    let read = read_attributes(&changed).unwrap();
                    let all: Vec<_> = read.iter().collect();
                    prop_assert_eq!(write_attributes(&all), Some(changed));
                }
            }
        }
    }
}
