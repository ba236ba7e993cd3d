//! Compression of request bodies: HTTP's content coding and gRPC's message encoding.

use std::fmt;
use std::io::{self, Read};

use axum::http::HeaderValue;
use flate2::read::MultiGzDecoder;

use super::body::HeldBody;
use super::rejection::Rejection;

/// The supported codings, as listed in headers.
pub(super) const ACCEPTED: HeaderValue = HeaderValue::from_static("identity,gzip,zstd");

/// The largest accepted window of zstd, as a power of two: 2^23 bytes are 8 MiB, which RFC 9659
/// requires every decoder of web content to support.
const ZSTD_WINDOW_LOG: u32 = 23;

/// How many bytes are decompressed between two checks of the limits.
const STEP: usize = 32 * 1024;

/// The compression of a body.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Coding {
    Identity,
    Gzip,
    Zstd,
}

impl Coding {
    /// Parses a `content-encoding` or `grpc-encoding` header; a missing header means
    /// [`Coding::Identity`].
    ///
    /// # Errors
    /// [`Rejection::ContentEncoding`] for anything but one supported name.
    pub fn named(header: Option<&HeaderValue>) -> Result<Self, Rejection> {
        let name = header.map_or(&b""[..], HeaderValue::as_bytes).trim_ascii();
        match name.to_ascii_lowercase().as_slice() {
            b"" | b"identity" => Ok(Self::Identity),
            b"gzip" => Ok(Self::Gzip),
            b"zstd" => Ok(Self::Zstd),
            _ => Err(Rejection::ContentEncoding { found: name.escape_ascii().to_string() }),
        }
    }

    /// Decompresses `held` into at most `at_most` bytes.
    ///
    /// # Errors
    /// [`Rejection::TooLarge`], [`Rejection::NoRoom`], and [`Rejection::Corrupt`] for bytes that
    /// are not of this coding or end early.
    pub fn decompress(self, held: HeldBody, at_most: usize) -> Result<HeldBody, Rejection> {
        match self {
            Self::Identity => Ok(held),
            Self::Gzip => self.inflate(MultiGzDecoder::new(&held.bytes[..]), &held, at_most),
            Self::Zstd => {
                let zstd = zstd(&held.bytes).map_err(|source| self.corrupt(source))?;
                self.inflate(zstd, &held, at_most)
            }
        }
    }

    fn inflate(
        self,
        mut from: impl Read,
        held: &HeldBody,
        at_most: usize,
    ) -> Result<HeldBody, Rejection> {
        let mut inflated = held.another()?;
        let mut step = vec![0; STEP];
        loop {
            match from.read(&mut step).map_err(|source| self.corrupt(source))? {
                0 => {
                    inflated.trim();
                    return Ok(inflated);
                }
                n => inflated.append(&step[..n], at_most)?,
            }
        }
    }

    fn corrupt(self, source: io::Error) -> Rejection {
        Rejection::Corrupt { coding: self, source }
    }
}

fn zstd(bytes: &[u8]) -> io::Result<zstd::Decoder<'static, &[u8]>> {
    let mut decoder = zstd::Decoder::with_buffer(bytes)?;
    decoder.window_log_max(ZSTD_WINDOW_LOG)?;
    Ok(decoder)
}

impl fmt::Display for Coding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Identity => "identity",
            Self::Gzip => "gzip",
            Self::Zstd => "zstd",
        })
    }
}
