//! The `Host` check, against DNS rebinding: a request must be addressed to a name of this server.
//!
//! A web page may change the DNS entry of its own name to a loopback or private address. A browser
//! then lets the page read the answers from that address, because page and answers have the same
//! origin. The browser still sends the name of the page in `Host`. This check refuses the request,
//! because the name is not a name of this server. IP literals are allowed, because a page cannot
//! rebind an IP literal.
//!
//! gRPC over HTTP/2 is exempt: browsers do not use HTTP/2 without TLS, and agents may use any name
//! for a colony.
//!
//! Source: RFC 9110, 7.2 (`Host` and `:authority`) and 15.5.20 (421); RFC 9112, 3.2; RFC 6761, 6.3
//! (`localhost`).

use std::collections::BTreeSet;
use std::net::{Ipv4Addr, Ipv6Addr};
use std::sync::Arc;

use axum::extract::{Request, State};
use axum::middleware::Next;
use axum::response::Response;
use http::uri::Authority;
use http::{HeaderValue, StatusCode, Version, header};

use super::own_names;
use super::unmatched::is_grpc;
use crate::refusal::refusal;

/// Names that requests may be addressed to, besides IP literals, `localhost` and `*.localhost`. The
/// default has no other names.
#[derive(Clone, Default, PartialEq, Eq, Debug)]
pub struct AllowedHosts {
    /// In lower case, without port and without a final dot.
    names: BTreeSet<String>,
    key: &'static str,
}

/// Why a request fails the check.
enum HostError {
    /// The request has no host.
    Missing,
    /// The request has a host that is not a name of this server.
    Foreign(String),
}

impl AllowedHosts {
    /// The names of this host, and the `configured` names of the configuration key `key`.
    pub fn of_this_host(configured: &[String], key: &'static str) -> Self {
        Self::new(own_names::own_names().iter().chain(configured), key)
    }

    fn new<'a>(names: impl IntoIterator<Item = &'a String>, key: &'static str) -> Self {
        Self { names: names.into_iter().map(|name| normal(name)).collect(), key }
    }

    /// Whether a request may be addressed to `authority`: a host with an optional port, which is
    /// ignored.
    pub fn allows(&self, authority: &str) -> bool {
        let Ok(authority) = authority.parse::<Authority>() else { return false };
        let host = authority.host();
        // `Authority` also accepts other forms: `user@host`, `localhost:a.example`,
        // `[::1].example`.
        let is_port = |port: &str| port.is_empty() || port.parse::<u16>().is_ok();
        let rest = authority.as_str().strip_prefix(host).and_then(|rest| match rest {
            "" => Some(""),
            _ => rest.strip_prefix(':'),
        });
        if !rest.is_some_and(is_port) {
            return false;
        }
        if let Some(literal) = host.strip_prefix('[') {
            return literal.strip_suffix(']').is_some_and(|ip| ip.parse::<Ipv6Addr>().is_ok());
        }
        let name = normal(host);
        host.parse::<Ipv4Addr>().is_ok()
            || name == "localhost"
            || name.ends_with(".localhost")
            || self.names.contains(&name)
    }

    /// Checks every name of the request: `Host`, and the authority of the request target, which is
    /// `:authority` in HTTP/2 and the host of an absolute URL in HTTP/1.
    fn pass(&self, request: &Request) -> Result<(), HostError> {
        if request.version() == Version::HTTP_2 && is_grpc(request.headers()) {
            return Ok(());
        }
        let of_target = request.uri().authority().map(|authority| authority.as_str().as_bytes());
        let of_header = request.headers().get_all(header::HOST).iter().map(HeaderValue::as_bytes);
        let mut hosts = of_target.into_iter().chain(of_header).peekable();
        // HTTP/1.0 does not require a host, and browsers do not use HTTP/1.0.
        if hosts.peek().is_none() && request.version() != Version::HTTP_10 {
            return Err(HostError::Missing);
        }
        let is_foreign =
            |host: &&[u8]| !std::str::from_utf8(host).is_ok_and(|host| self.allows(host));
        match hosts.find(is_foreign) {
            Some(host) => Err(HostError::Foreign(
                host.escape_ascii().take(MAX_SHOWN_HOST).map(char::from).collect(),
            )),
            None => Ok(()),
        }
    }
}

/// Longest host that an error quotes, in bytes: the longest name in DNS.
const MAX_SHOWN_HOST: usize = 253;

/// Middleware that passes a request only if it is addressed to this server.
pub(super) async fn check(
    State(allowed): State<Arc<AllowedHosts>>,
    request: Request,
    next: Next,
) -> Response {
    match allowed.pass(&request) {
        Ok(()) => next.run(request).await,
        Err(HostError::Missing) => {
            refusal(StatusCode::BAD_REQUEST, "the request has no `Host` header", None)
        }
        Err(HostError::Foreign(host)) => {
            let hint = format!(
                "if that is a name of this server, add it to `{}`; IP addresses and `localhost` always work",
                allowed.key
            );
            let error = format!("`{host}` is not a name of this server");
            refusal(StatusCode::MISDIRECTED_REQUEST, error, Some(&hint))
        }
    }
}

fn normal(name: &str) -> String {
    name.strip_suffix('.').unwrap_or(name).to_ascii_lowercase()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn hosts() -> AllowedHosts {
        AllowedHosts::new(
            &["Web-1.Example.com".to_owned(), "colony.".to_owned()],
            "colony.allowed_hosts",
        )
    }

    #[test]
    fn ip_literals_localhost_and_own_names_are_allowed_with_any_port_and_case() {
        let allowed = [
            "127.0.0.1",
            "127.0.0.1:9000",
            "10.1.2.3:1",
            "[::1]",
            "[::1]:9000",
            "localhost",
            "LOCALHOST:9000",
            "localhost.",
            "a.localhost",
            "a.b.localhost.:80",
            "web-1.example.com",
            "WEB-1.example.COM.:9000",
            "colony",
        ];
        for host in allowed {
            assert!(hosts().allows(host), "{host}");
        }
    }

    #[test]
    fn what_only_looks_like_an_allowed_name_is_refused() {
        let refused = [
            "evil.example",
            "evil.example:9000",
            "localhost.evil.example",
            "notlocalhost",
            "127.0.0.1.evil.example",
            "127.0.0.1:80@evil.example",
            "evil.example@127.0.0.1",
            "localhost@evil.example",
            "[::1].evil.example",
            "[::1",
            "::1",
            "0x7f.1",
            "127.1",
            "web-1",
            "example.com",
            "x.web-1.example.com",
            "",
            ":9000",
            "localhost..",
            "localhost evil.example",
            "localhost,evil.example",
            "localhost/evil.example",
            "localhost:evil.example",
            "localhost:99999",
            "localhost:80:80",
            "http://localhost",
        ];
        for host in refused {
            assert!(!hosts().allows(host), "{host}");
        }
    }

    /// A name that a stranger can own: it ends in a label that is no number and not `localhost`.
    fn hostile() -> impl Strategy<Value = String> {
        let dressed = prop_oneof![
            Just(""),
            Just("localhost."),
            Just("127.0.0.1."),
            Just("web-1.example.com."),
            Just("colony."),
            Just("localhost@"),
            Just("127.0.0.1:80@"),
            Just("[::1]@"),
            Just("localhost:"),
        ];
        let end = prop_oneof![
            Just(""),
            Just("."),
            Just(":9000"),
            Just(":localhost"),
            Just("@localhost"),
            Just("/localhost")
        ];
        (dressed, "[a-zA-Z0-9-]{1,12}\\.(example|com|org|local|LocalHosts)", end)
            .prop_map(|(dressed, name, end)| format!("{dressed}{name}{end}"))
    }

    proptest! {
        #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]
        #[test]
        fn a_hostile_host_never_passes(host in hostile()) {
            prop_assert!(!hosts().allows(&host));
        }

        #[test]
        fn whatever_passes_is_an_address_or_a_name_of_this_server(host in "[a-z0-9.:@\\[\\]/%_-]{0,24}") {
            if hosts().allows(&host) {
                let parsed: Authority = host.parse().unwrap();
                let name = parsed.host().trim_matches(['[', ']']).trim_end_matches('.');
                let is_address = name.parse::<std::net::IpAddr>().is_ok();
                let is_localhost = name == "localhost" || name.ends_with(".localhost");
                prop_assert!(is_address || is_localhost || name == "colony");
            }
        }
    }
}
