//! Of any text as a search for traces: it is read, or refused with a place in the text.
#![no_main]

use coral_query::Search;

libfuzzer_sys::fuzz_target!(|text: &str| {
    match Search::parse(text) {
        Ok(_) => assert!(text.len() <= Search::MAX_BYTES),
        Err(error) => assert!(error.offset <= text.chars().count(), "{error}"),
    }
});
