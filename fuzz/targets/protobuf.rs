//! See `properties::protobuf`.
#![no_main]

#[path = "../../crates/wire/tests/wire/properties.rs"]
#[allow(dead_code, reason = "each target tries one of them")]
mod properties;

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| properties::protobuf(bytes));
