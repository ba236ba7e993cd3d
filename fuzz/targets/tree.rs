//! See `coral_trace::tree::soundness`.
#![no_main]

use coral_trace::tree::soundness;

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| {
    soundness::check(&soundness::hops(bytes));
});
