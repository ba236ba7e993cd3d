//! One file of the page, as it is sent.

use std::io::Write as _;

use bytes::Bytes;
use flate2::Compression;
use flate2::write::GzEncoder;
use http::{HeaderMap, HeaderValue, Response, StatusCode, header};
use sha2::{Digest as _, Sha256};

use crate::headers;

/// Hex digits of a hash that name a content: 64 bits.
const VERSION_DIGITS: usize = 16;

/// The bytes of a file, plain and compressed.
pub struct Asset {
    content_type: &'static str,
    plain: Bytes,
    /// `None` if the compressed bytes are not fewer.
    gzip: Option<Bytes>,
    version: String,
}

impl Asset {
    /// Compresses and hashes `bytes`.
    pub fn new(bytes: &[u8], content_type: &'static str) -> Self {
        let digest = Sha256::digest(bytes);
        let mut version: String = digest.iter().map(|byte| format!("{byte:02x}")).collect();
        version.truncate(VERSION_DIGITS);
        let gzip = gzip(bytes).filter(|packed| packed.len() < bytes.len());
        Self { content_type, plain: Bytes::copy_from_slice(bytes), gzip, version }
    }

    /// The hash of the content, as text.
    pub fn version(&self) -> &str {
        &self.version
    }

    /// The file, or status 304 if the browser has it already.
    pub fn answer(
        &self,
        status: StatusCode,
        caching: &'static str,
        request: &HeaderMap,
    ) -> Response<Bytes> {
        // Weak, because the plain and the compressed bytes have the same one.
        let tag = format!("W/\"{}\"", self.version);
        let is_known = status == StatusCode::OK && has(request, header::IF_NONE_MATCH, &tag);
        let packed = self.gzip.as_ref().filter(|_| accepts_gzip(request));
        let mut response = match is_known {
            true => Response::new(Bytes::new()),
            false => Response::new(packed.unwrap_or(&self.plain).clone()),
        };
        *response.status_mut() = if is_known { StatusCode::NOT_MODIFIED } else { status };
        let headers = response.headers_mut();
        headers::add(headers);
        headers.insert(header::CACHE_CONTROL, HeaderValue::from_static(caching));
        headers.insert(header::VARY, HeaderValue::from_static("accept-encoding"));
        if let Ok(tag) = HeaderValue::from_str(&tag) {
            headers.insert(header::ETAG, tag);
        }
        if !is_known {
            headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(self.content_type));
            if packed.is_some() {
                headers.insert(header::CONTENT_ENCODING, HeaderValue::from_static("gzip"));
            }
        }
        response
    }
}

/// The value of the parameter `v` of a query.
pub fn version(query: &str) -> Option<&str> {
    query.split('&').find_map(|pair| pair.strip_prefix("v="))
}

fn gzip(bytes: &[u8]) -> Option<Bytes> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::best());
    encoder.write_all(bytes).ok()?;
    encoder.finish().ok().map(Bytes::from)
}

/// Items of the lists in all headers of this name.
fn items(request: &HeaderMap, name: header::HeaderName) -> impl Iterator<Item = &str> {
    let values = request.get_all(name).into_iter().filter_map(|value| value.to_str().ok());
    values.flat_map(|value| value.split(',')).map(str::trim)
}

fn has(request: &HeaderMap, name: header::HeaderName, item: &str) -> bool {
    items(request, name).any(|found| found == item || found == "*")
}

/// Whether the request accepts gzip. A weight of zero refuses it.
fn accepts_gzip(request: &HeaderMap) -> bool {
    items(request, header::ACCEPT_ENCODING).any(|item| {
        let (coding, weight) = item.split_once(';').unwrap_or((item, ""));
        let weight = weight.trim().strip_prefix("q=").map_or(Ok(1.0), str::parse::<f64>);
        matches!(coding.trim(), "gzip" | "*") && weight.is_ok_and(|weight| weight > 0.0)
    })
}
