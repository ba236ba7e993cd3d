//! Writes protobuf directly to a buffer, as far as OTLP needs it. Generated messages would make the
//! generator more expensive than the programs that it measures.

/// Writes a length-delimited field; `write` writes its body.
pub fn nested(out: &mut Vec<u8>, field: u32, write: impl FnOnce(&mut Vec<u8>)) {
    key(out, field, 2);
    let begin = out.len();
    write(out);
    // The length precedes the body, but is known only after the body is written.
    let body = out.len() - begin;
    varint(out, body as u64);
    let prefix = out.len() - begin - body;
    out[begin..].rotate_right(prefix);
}

/// Writes a field of bytes or text.
pub fn bytes(out: &mut Vec<u8>, field: u32, value: &[u8]) {
    key(out, field, 2);
    varint(out, value.len() as u64);
    out.extend_from_slice(value);
}

/// Writes a `fixed64` field.
pub fn fixed64(out: &mut Vec<u8>, field: u32, value: u64) {
    key(out, field, 1);
    out.extend_from_slice(&value.to_le_bytes());
}

/// Writes a varint field.
pub fn number(out: &mut Vec<u8>, field: u32, value: u64) {
    key(out, field, 0);
    varint(out, value);
}

fn key(out: &mut Vec<u8>, field: u32, wire_type: u32) {
    varint(out, u64::from(field << 3 | wire_type));
}

fn varint(out: &mut Vec<u8>, mut value: u64) {
    while value >= 0x80 {
        out.push(value as u8 | 0x80);
        value >>= 7;
    }
    out.push(value as u8);
}
