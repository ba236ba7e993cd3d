//! See `coral_server::audit::line`: of any bytes as a line of an audit log. What is read is the same
//! line after it is written again.
#![no_main]

use coral_server::audit::line::Line;

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| {
    let Ok(line) = Line::parse(bytes) else { return };
    let written = serde_json::to_vec(&line).expect("a line has a JSON form");
    assert_eq!(Line::parse(&written).expect("what was written is a line"), line);
});
