//! Fast path: iterates over the fields of a message without prost. At anything unusual the caller
//! gives up, and prost decodes the message.

/// Iterates over the fields of a message. Holds the bytes that are not read yet.
pub(crate) struct FastFields<'a>(pub(crate) &'a [u8]);

/// The content of a field, by its wire type.
pub(crate) enum Content<'a> {
    Varint(u64),
    Fixed64([u8; 8]),
    Fixed32([u8; 4]),
    Bytes(&'a [u8]),
}

impl<'a> FastFields<'a> {
    /// Number and content of the next field; `None` at the end, and for an invalid field, the field
    /// number 0 or a group.
    ///
    /// Source: protobuf.dev, "Encoding".
    pub(crate) fn next(&mut self) -> Option<(u64, Content<'a>)> {
        let key = u32::try_from(self.varint()?).ok().filter(|key| *key >= 8)?;
        let content = match key & 7 {
            0 => Content::Varint(self.varint()?),
            1 => Content::Fixed64(self.bytes(8)?.try_into().ok()?),
            2 => {
                let length = self.varint()?;
                Content::Bytes(self.bytes(length)?)
            }
            5 => Content::Fixed32(self.bytes(4)?.try_into().ok()?),
            _ => return None,
        };
        Some((u64::from(key) >> 3, content))
    }

    fn varint(&mut self) -> Option<u64> {
        let mut value = 0;
        for (at, byte) in self.0.iter().enumerate().take(9) {
            value |= u64::from(byte & 0x7f) << (7 * at);
            if *byte < 0x80 {
                self.0 = &self.0[at + 1..];
                return Some(value);
            }
        }
        // A varint with the highest of its 64 bits set, such as a negative number, has a tenth
        // byte, 1.
        let (nine, rest) = self.0.split_at_checked(9)?;
        let ([1], rest) = rest.split_first_chunk()? else { return None };
        debug_assert!(nine.iter().all(|byte| *byte >= 0x80), "a shorter one ended above");
        self.0 = rest;
        Some(value | 1 << 63)
    }

    fn bytes(&mut self, length: u64) -> Option<&'a [u8]> {
        let (bytes, rest) = self.0.split_at_checked(usize::try_from(length).ok()?)?;
        self.0 = rest;
        Some(bytes)
    }
}
