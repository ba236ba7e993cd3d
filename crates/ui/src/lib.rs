//! The web page of a colony: five files that are compiled into the program, and how a browser gets
//! them.
//!
//! Every page is the same HTML, one level below `/ui/`; the script shows what the URL says. All URLs
//! in the page are relative, so the page works behind a proxy with any prefix. The HTML names each
//! other file with the hash of its content: a browser keeps such a file for ever, and asks for the
//! HTML each time.
//!
//! Source: Content Security Policy Level 3; Trusted Types; RFC 9111 (caching); RFC 8246 (`immutable`).
#![warn(missing_docs)]

mod asset;
mod headers;

use std::io;
use std::path::Path;

use bytes::Bytes;
use http::{HeaderMap, Response, StatusCode, header};

use self::asset::{Asset, version};

/// Names of the pages below `/ui/`. The empty name is the first page.
pub const PAGES: [&str; 10] =
    ["", "traces", "trace", "service", "why", "map", "compare", "ask", "sql", "status"];

/// The file that is every page.
const HTML: &str = "index.html";

/// Names and content types of the files that the HTML refers to.
const ASSETS: [(&str, &str); 4] = [
    ("theme.js", "text/javascript; charset=utf-8"),
    ("app.js", "text/javascript; charset=utf-8"),
    ("app.css", "text/css; charset=utf-8"),
    ("icon.svg", "image/svg+xml"),
];

/// The files of the web page, compressed and with their hashes.
pub struct WebPage {
    html: Asset,
    assets: Vec<(&'static str, Asset)>,
}

impl WebPage {
    /// The page that is compiled into the program.
    pub fn embedded() -> Self {
        Self::new(
            include_bytes!("../dist/index.html"),
            [
                include_bytes!("../dist/theme.js"),
                include_bytes!("../dist/app.js"),
                include_bytes!("../dist/app.css"),
                include_bytes!("../dist/icon.svg"),
            ],
        )
    }

    /// The page in the directory `dir`, for its authors. Blocks.
    ///
    /// # Errors
    /// A file cannot be read.
    pub fn read(dir: &Path) -> io::Result<Self> {
        let html = std::fs::read(dir.join(HTML))?;
        let mut files = [const { Vec::new() }; ASSETS.len()];
        for (file, (name, _)) in files.iter_mut().zip(ASSETS) {
            *file = std::fs::read(dir.join(name))?;
        }
        Ok(Self::new(&html, files.each_ref().map(Vec::as_slice)))
    }

    fn new(html: &[u8], files: [&[u8]; ASSETS.len()]) -> Self {
        let assets = ASSETS.iter().zip(files);
        let assets: Vec<_> =
            assets.map(|((name, kind), bytes)| (*name, Asset::new(bytes, kind))).collect();
        let mut text = String::from_utf8_lossy(html).into_owned();
        for (name, asset) in &assets {
            let versioned = format!("\"./{name}?v={}\"", asset.version());
            text = text.replace(&format!("\"./{name}\""), &versioned);
        }
        Self { html: Asset::new(text.as_bytes(), "text/html; charset=utf-8"), assets }
    }

    /// The answer to a GET of `/ui/NAME?QUERY` with these request headers. An unknown name is answered
    /// with the page too, and with status 404: the script says so and shows the search box.
    pub fn answer(&self, name: &str, query: &str, request: &HeaderMap) -> Response<Bytes> {
        let asset = self.assets.iter().find(|(known, _)| *known == name);
        match asset {
            Some((_, asset)) if version(query) == Some(asset.version()) => {
                asset.answer(StatusCode::OK, headers::FOR_EVER, request)
            }
            Some((_, asset)) => asset.answer(StatusCode::OK, headers::ASK_AGAIN, request),
            None if PAGES.contains(&name) => {
                self.html.answer(StatusCode::OK, headers::ASK_AGAIN, request)
            }
            None => self.html.answer(StatusCode::NOT_FOUND, headers::ASK_AGAIN, request),
        }
    }
}

/// An answer that sends the browser to `location`, a relative URL: it works behind any prefix.
///
/// # Errors
/// `location` is not the value of a header.
pub fn redirect(location: &str) -> Result<Response<Bytes>, http::Error> {
    let mut response = Response::builder()
        .status(StatusCode::TEMPORARY_REDIRECT)
        .header(header::LOCATION, location)
        .header(header::CACHE_CONTROL, headers::ASK_AGAIN)
        .body(Bytes::new())?;
    headers::add(response.headers_mut());
    Ok(response)
}

#[cfg(test)]
mod tests;
