//! Every format is recognised and read.

use coral_trace::{Span, testing};
use proptest::strategy::{Strategy as _, ValueTree as _};
use proptest::test_runner::TestRunner;

use super::*;
use crate::{otlp_out, zipkin_out};

fn spans() -> Vec<Span> {
    let mut runner = TestRunner::deterministic();
    (0..3).map(|_| testing::span().new_tree(&mut runner).unwrap().current()).collect()
}

fn framed(messages: &[Vec<u8>]) -> Vec<u8> {
    let frame = |message: &Vec<u8>| [&(message.len() as u32).to_be_bytes()[..], message].concat();
    messages.iter().flat_map(frame).collect()
}

#[test]
fn the_format_of_a_file_is_recognised() {
    let spans = spans();
    let (json, protobuf) = (otlp_out::encode_json(&spans), otlp_out::encode(&spans));
    let delimited: Vec<u8> = {
        let mut bytes = Vec::new();
        prost::encoding::encode_varint(protobuf.len() as u64, &mut bytes);
        [bytes, protobuf.clone()].concat().repeat(2)
    };
    let zipkin = zipkin_out::encode(&spans);
    let jaeger = r#"{"data":[{"traceID":"1","spans":[{"traceID":"1","spanID":"1"}]}]}"#;
    let tempo = json.replacen("resourceSpans", "batches", 1);
    let cases: Vec<(Vec<u8>, FileFormat, usize)> = vec![
        (json.clone().into(), FileFormat::OtlpJson, 3),
        (format!("{json}\n{json}\n").into(), FileFormat::OtlpJson, 6),
        (format!("\u{feff}{json}").into(), FileFormat::OtlpJson, 3),
        (format!(r#"{{"trace":{json}}}"#).into(), FileFormat::OtlpJson, 3),
        (format!(r#"{{"result":{json}}}"#).into(), FileFormat::OtlpJson, 3),
        (tempo.into(), FileFormat::OtlpJson, 3),
        (protobuf.clone(), FileFormat::OtlpProtobuf, 3),
        (framed(&[protobuf.clone(), Vec::new(), protobuf]), FileFormat::OtlpProtobuf, 6),
        (delimited, FileFormat::OtlpProtobuf, 6),
        (zipkin.clone().into(), FileFormat::Zipkin, 3),
        (format!("[{zipkin},[]]").into(), FileFormat::Zipkin, 3),
        (jaeger.into(), FileFormat::Jaeger, 1),
    ];
    for (bytes, format, count) in cases {
        let file = read(&bytes).unwrap();
        assert_eq!((file.format, file.spans.len()), (format, count));
        assert!(file.refused.is_empty(), "{}", file.refused.message());
    }
}

#[test]
fn otlp_is_read_as_it_was_written() {
    let spans = spans();
    for bytes in [otlp_out::encode(&spans), otlp_out::encode_json(&spans).into_bytes()] {
        let read = read(&bytes).unwrap().spans;
        assert_eq!(otlp_out::encode(&read), otlp_out::encode(&spans));
    }
}

#[test]
fn a_file_that_is_none_of_these_is_refused() {
    for bytes in [&b"hello"[..], b"{\"a\":1}", b"[1]", b"[]", b"[{}]", b"{", b"\x1f\x8b\x08"] {
        assert_eq!(read(bytes), Err(FileError::Unknown), "{bytes:?}");
    }
    assert_eq!(read(b" \n"), Err(FileError::Empty));
    let json = otlp_out::encode_json(&spans());
    let cut = read(&json.as_bytes()[..json.len() - 3]).unwrap_err();
    assert_eq!(cut.to_string(), "the file is not valid OTLP JSON");
    let mut protobuf = otlp_out::encode(&spans());
    protobuf.truncate(protobuf.len() - 1);
    assert_eq!(read(&protobuf).unwrap_err().to_string(), "the file is not valid OTLP protobuf");
    let mixed = format!("{json}{}", zipkin_out::encode(&spans()));
    assert_eq!(read(mixed.as_bytes()), Err(FileError::Unknown));
}

#[test]
fn a_file_of_messages_with_lengths_that_is_cut_says_so() {
    let message = otlp_out::encode(&spans());
    let four = framed(&[message.clone(), message.clone()]);
    let varint = {
        let mut bytes = Vec::new();
        prost::encoding::encode_varint(message.len() as u64, &mut bytes);
        [bytes, message.clone()].concat().repeat(2)
    };
    for mut bytes in [four, varint] {
        bytes.truncate(bytes.len() - 7);
        assert_eq!(read(&bytes), Err(FileError::Cut { messages: 1, missing: 7 }));
    }
    let mut first = framed(&[message]);
    first.truncate(20);
    assert!(matches!(read(&first), Err(FileError::Cut { messages: 0, .. })), "{:?}", read(&first));
}

#[test]
fn an_error_in_json_has_the_number_of_its_line_in_the_file() {
    let jaeger = "\n\n{\"data\":[{\"spans\":[\n{\"traceID\":7}]}]}";
    let error = read(jaeger.as_bytes()).unwrap_err();
    let FileError::Invalid { source, .. } = error else { panic!("{error}") };
    assert!(source.to_string().contains("line 4, column 12"), "{source}");
}
