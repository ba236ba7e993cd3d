//! Files in JSON: one value, or several after each other.

use serde::Deserialize;
use serde::de::IgnoredAny;

use super::{FileError, FileFormat, TraceFile, recogniser};
use crate::otlp::Encoding;
use crate::otlp_json::syntax_error;
use crate::{jaeger_in, otlp_in, zipkin_in};

pub(super) fn read(bytes: &[u8]) -> Result<TraceFile, FileError> {
    let mut file: Option<TraceFile> = None;
    let mut values = serde_json::Deserializer::from_slice(bytes).into_iter::<IgnoredAny>();
    let mut start = 0;
    loop {
        let next = values.next();
        let end = values.byte_offset();
        let known = file.as_ref().map(|file| file.format);
        match next {
            None => return file.ok_or(FileError::Empty),
            Some(Err(error)) => {
                let format = known.or_else(|| format_of_beginning(bytes));
                let format = format.ok_or(FileError::Unknown)?;
                return Err(FileError::Invalid { format, source: syntax_error(&error) });
            }
            Some(Ok(IgnoredAny)) => {
                let value = &bytes[start..end];
                let shape = Shape::of(value).ok_or(FileError::Unknown)?;
                let format = shape.format().ok_or(FileError::Unknown)?;
                let file = file.get_or_insert_with(|| TraceFile::new(format));
                if file.format != format {
                    return Err(FileError::Unknown);
                }
                add(file, value, &shape)?;
                start = end;
            }
        }
    }
}

fn add(file: &mut TraceFile, value: &[u8], shape: &Shape) -> Result<(), FileError> {
    let recogniser = recogniser();
    match (file.format, shape) {
        (FileFormat::Jaeger, _) => file.add(jaeger_in::decode(value, &recogniser)),
        (FileFormat::Zipkin, Shape::Lists) => {
            file.add(zipkin_in::decode_traces(value, &recogniser))
        }
        (FileFormat::Zipkin, _) => file.add(zipkin_in::decode(value, &recogniser)),
        (_, Shape::Object(Object { inner: Some(_), .. })) => {
            file.add(otlp_in::decode(&unwrapped(value), Encoding::Json, &recogniser))
        }
        _ => file.add(otlp_in::decode(value, Encoding::Json, &recogniser)),
    }
}

/// What a value looks like, by the names of its fields.
enum Shape {
    Object(Object),
    List(Vec<Object>),
    Lists,
}

#[derive(Deserialize, Default)]
#[serde(default)]
struct Object {
    #[serde(alias = "resourceSpans", alias = "resource_spans")]
    otlp: Option<IgnoredAny>,
    /// Answers of Tempo and of Jaeger's api_v3, which have OTLP in a field.
    #[serde(alias = "batches", alias = "trace", alias = "result")]
    inner: Option<IgnoredAny>,
    #[serde(alias = "data", alias = "spans")]
    jaeger: Option<IgnoredAny>,
    #[serde(rename = "traceId")]
    zipkin: Option<IgnoredAny>,
}

impl Shape {
    fn of(value: &[u8]) -> Option<Self> {
        let value = value.trim_ascii();
        let inside = value.get(1..)?.trim_ascii_start().first()?;
        match (value.first()?, inside) {
            (b'{', _) => serde_json::from_slice(value).ok().map(Self::Object),
            (b'[', b'{') => serde_json::from_slice(value).ok().map(Self::List),
            (b'[', b'[') => Some(Self::Lists),
            _ => None,
        }
    }

    fn format(&self) -> Option<FileFormat> {
        match self {
            Self::Object(one) if one.otlp.is_some() || one.inner.is_some() => {
                Some(FileFormat::OtlpJson)
            }
            Self::Object(one) if one.jaeger.is_some() => Some(FileFormat::Jaeger),
            Self::Object(_) => None,
            Self::List(all) => match all.first()? {
                one if one.jaeger.is_some() => Some(FileFormat::Jaeger),
                one if one.zipkin.is_some() => Some(FileFormat::Zipkin),
                _ => None,
            },
            Self::Lists => Some(FileFormat::Zipkin),
        }
    }
}

/// The OTLP of an answer of Tempo (`batches`, `trace`) or of Jaeger's api_v3 (`result`).
fn unwrapped(value: &[u8]) -> Vec<u8> {
    let Ok(serde_json::Value::Object(mut object)) = serde_json::from_slice(value) else {
        return value.to_vec();
    };
    let inner = ["trace", "result"].into_iter().find_map(|key| object.remove(key));
    let inner = match (inner, object.remove("batches")) {
        (Some(inner), _) => inner,
        (None, Some(batches)) => serde_json::json!({ "resourceSpans": batches }),
        (None, None) => return value.to_vec(),
    };
    inner.to_string().into_bytes()
}

/// The format of a file that is damaged, by its beginning.
fn format_of_beginning(bytes: &[u8]) -> Option<FileFormat> {
    let beginning = String::from_utf8_lossy(&bytes[..bytes.len().min(4_096)]).into_owned();
    let has = |name: &str| beginning.contains(&format!("\"{name}\""));
    if has("resourceSpans") || has("resource_spans") {
        Some(FileFormat::OtlpJson)
    } else if has("traceID") {
        Some(FileFormat::Jaeger)
    } else if has("traceId") {
        Some(FileFormat::Zipkin)
    } else {
        None
    }
}
