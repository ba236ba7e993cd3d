//! A client of the JSON routes of one process, with or without TLS.

use std::path::PathBuf;
use std::time::Duration;

use http::header::AUTHORIZATION;
use http::{Request, StatusCode};
use http_body_util::BodyExt as _;
use prost::bytes::Bytes;
use tonic::body::Body;
use tonic::client::GrpcService as _;
use tonic::transport::Channel;

use crate::Failure;
use crate::target::Target;

/// A client of JSON routes. Clones share connections.
#[derive(Clone)]
pub enum Web {
    /// A pool of HTTP/1.1 connections, and the URL before every path.
    Plain(reqwest::Client, String),
    /// An HTTP/2 connection over TLS, and the file with the key that is shown.
    Encrypted(Channel, PathBuf),
}

const ANSWER_TIMEOUT: Duration = Duration::from_secs(60);

impl Web {
    /// A client of `target`. Over TLS it shows the key in `key_file`, if there is one.
    ///
    /// # Errors
    /// The URL is not one.
    pub fn new(target: &Target, key_file: PathBuf) -> Result<Self, Failure> {
        if target.is_encrypted() {
            return Ok(Self::Encrypted(target.connect_lazy(&target.endpoint()?), key_file));
        }
        let http = reqwest::Client::builder().timeout(ANSWER_TIMEOUT).no_proxy().build()?;
        Ok(Self::Plain(http, target.url.clone()))
    }

    /// Status and body of the answer to GET `path_and_query`.
    ///
    /// # Errors
    /// There is no answer.
    pub async fn get(&self, path_and_query: &str) -> Result<(StatusCode, Bytes), Failure> {
        match self {
            Self::Plain(http, url) => {
                let response = http.get(format!("{url}{path_and_query}")).send().await?;
                Ok((response.status(), response.bytes().await?))
            }
            Self::Encrypted(channel, key_file) => {
                let key = std::fs::read_to_string(key_file).ok();
                let answer = get(channel.clone(), path_and_query, key.as_deref());
                tokio::time::timeout(ANSWER_TIMEOUT, answer).await?
            }
        }
    }
}

/// Status and body of the answer to GET `path_and_query` over `channel`.
///
/// # Errors
/// There is no answer.
pub async fn get(
    mut channel: Channel,
    path_and_query: &str,
    token: Option<&str>,
) -> Result<(StatusCode, Bytes), Failure> {
    let mut request = Request::get(path_and_query);
    if let Some(token) = token {
        request = request.header(AUTHORIZATION, format!("Bearer {token}"));
    }
    std::future::poll_fn(|context| poll_ready(&mut channel, context)).await?;
    let response = channel.call(request.body(Body::empty())?).await?;
    let status = response.status();
    Ok((status, response.into_body().collect().await?.to_bytes()))
}

fn poll_ready(
    channel: &mut Channel,
    context: &mut std::task::Context<'_>,
) -> std::task::Poll<Result<(), tonic::transport::Error>> {
    tonic::client::GrpcService::<Body>::poll_ready(channel, context)
}
