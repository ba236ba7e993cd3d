//! HTTP client of a running colony or agent.

mod access;
pub(crate) mod exporter;
mod identity;

use std::path::Path;
use std::time::Duration;

use coral_agent::status::AgentSelfStatus;
use coral_beyla::survey::ListeningServices;
use coral_query::{Ask, TracesQuestion, path_and_query};
use serde::Serialize;
use serde::de::DeserializeOwned;

use self::access::Access;
use self::identity::IdentityConnector;
use crate::terminal::Progress;
use coral_api::export;
use coral_api::mcp;
use coral_api::whoami::WhoAmI;
use coral_trace::chain;
use coral_trust::authority::Fingerprint;
use ureq::unversioned::resolver::DefaultResolver;
use ureq::unversioned::transport::{Connector as _, TcpConnector};

/// A running colony or agent, to which requests are sent.
pub struct Server {
    url: String,
    role: Role,
    access: Access,
}

/// The role of the server, for hints.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Role {
    /// A colony.
    Colony,
    /// An agent.
    Agent,
}

/// A page of whole traces.
pub struct TracePage {
    /// The spans, as OTLP in protobuf.
    pub otlp: Vec<u8>,
    /// The `after` of the next page; `None` after the last one.
    pub next: Option<String>,
    /// The number of traces.
    pub traces: u64,
    /// Spans that did not fit.
    pub left_out: u64,
}

/// Why a request failed.
#[derive(Debug, thiserror::Error)]
pub enum AskError {
    /// The server cannot be reached.
    #[error("cannot reach the {role} at {url}: {reason}")]
    Unreachable {
        /// `colony` or `agent`.
        role: &'static str,
        /// The URL of the server.
        url: String,
        /// The error of the operating system.
        reason: String,
        /// The next step.
        hint: String,
    },
    /// The server answered with an error.
    #[error("{error}")]
    Refused {
        /// The server's error message.
        error: String,
        /// The next step, if the server named one.
        hint: Option<String>,
    },
    /// The answer is not valid: the server is another program, or has another version.
    #[error("{url} does not answer like a Coral {role}: {reason}")]
    Foreign {
        /// `colony` or `agent`.
        role: &'static str,
        /// The URL of the server.
        url: String,
        /// What was invalid.
        reason: String,
    },
}

/// Longest time for an answer. A colony may let a question wait (30 s) and run (55 s); this is
/// longer, so that the colony's own error arrives.
const ANSWER_TIMEOUT: Duration = Duration::from_secs(90);
const CONNECT_TIMEOUT: Duration = Duration::from_secs(5);
/// Largest answer, in bytes. A trace of 100,000 spans is about 100 MB of JSON.
const MAX_BYTES: u64 = 512 << 20;

impl Server {
    /// The colony at `url`, or the one that runs with `data_dir`, or that of the last login, or at the
    /// default address.
    pub fn colony(url: Option<String>, data_dir: Option<&Path>) -> Self {
        let (url, access) = access::colony(url, data_dir);
        Self { url, role: Role::Colony, access }
    }

    /// The colony at `url`, to which `token` is shown.
    pub fn colony_with_token(url: &str, token: &str, pin: Option<Fingerprint>) -> Self {
        let (url, access) = (access::normal(url), Access::of_token(token, pin));
        Self { url, role: Role::Colony, access }
    }

    /// The agent at `url`, or the one that runs with `data_dir`, or at the default address.
    pub fn agent(url: Option<String>, data_dir: Option<&Path>) -> Self {
        let (url, access) = access::agent(url, data_dir);
        Self { url, role: Role::Agent, access }
    }

    /// The URL of the server.
    pub fn url(&self) -> &str {
        &self.url
    }

    /// Who the colony thinks asks.
    ///
    /// # Errors
    /// [`AskError`].
    pub fn whoami(&self) -> Result<WhoAmI, AskError> {
        self.get(coral_api::whoami::PATH)
    }

    /// The answer to `question`.
    ///
    /// # Errors
    /// [`AskError`].
    pub fn ask<Q: Ask>(&self, question: &Q) -> Result<Q::Answer, AskError> {
        self.get(&path_and_query(question))
    }

    /// The status of the agent.
    ///
    /// # Errors
    /// [`AskError`].
    pub fn agent_status(&self) -> Result<AgentSelfStatus, AskError> {
        self.get("/api/v1/status")
    }

    /// The services that listen on the host of the agent.
    ///
    /// # Errors
    /// [`AskError`].
    pub fn listening(&self) -> Result<ListeningServices, AskError> {
        self.get("/api/v1/beyla/listening")
    }

    /// The traces that `question` lists, whole.
    ///
    /// # Errors
    /// [`AskError`].
    pub fn trace_page(&self, question: &TracesQuestion) -> Result<TracePage, AskError> {
        let listed = path_and_query(question);
        let url = format!("{}{}", self.url, listed.replacen(TracesQuestion::PATH, export::PATH, 1));
        let answer = self.shown(self.http(Some(ANSWER_TIMEOUT)).get(url)).call();
        let mut answer = answer.map_err(|error| self.unreachable(&error))?;
        if !answer.status().is_success() {
            return Err(self.refused(&mut answer));
        }
        let text = |name| answer.headers().get(name).and_then(|value| value.to_str().ok());
        let number = |name| text(name).and_then(|text| text.parse().ok());
        let (traces, left_out) = (number(export::TRACES), number(export::LEFT_OUT));
        let next = text(export::NEXT).map(str::to_owned);
        let (Some(traces), Some(left_out)) = (traces, left_out) else {
            return Err(self.foreign("the answer has no numbers of traces and spans"));
        };
        let body = answer.body_mut().with_config().limit(MAX_BYTES);
        let otlp = body.read_to_vec().map_err(|error| self.foreign(&chain(&error)))?;
        Ok(TracePage { otlp, next, traces, left_out })
    }

    fn get<T: DeserializeOwned>(&self, path_and_query: &str) -> Result<T, AskError> {
        let _waiting = self.waiting();
        let request = self.http(Some(ANSWER_TIMEOUT)).get(format!("{}{path_and_query}", self.url));
        self.read(self.shown(request).call())
    }

    /// Sends `order` to `path` with the key of the agent's user, and returns the answer.
    ///
    /// # Errors
    /// [`AskError`].
    pub fn order<T: DeserializeOwned>(
        &self,
        path: &str,
        key: &str,
        order: &impl Serialize,
    ) -> Result<T, AskError> {
        let _waiting = self.waiting();
        let request = self.http(Some(ANSWER_TIMEOUT)).post(format!("{}{path}", self.url));
        self.read(request.header("authorization", format!("Bearer {key}")).send_json(order))
    }

    /// Makes a colony forget the agent with this id.
    ///
    /// # Errors
    /// [`AskError`].
    pub fn forget(&self, agent_id: &str) -> Result<(), AskError> {
        let id = form_urlencoded::byte_serialize(agent_id.as_bytes()).collect::<String>();
        // In a path, a space is `%20` and not `+`.
        let id = id.replace('+', "%20");
        let request =
            self.http(Some(ANSWER_TIMEOUT)).delete(format!("{}/api/v1/agents/{id}", self.url));
        let answer = self.shown(request).call();
        let mut answer = answer.map_err(|error| self.unreachable(&error))?;
        match answer.status().is_success() {
            true => Ok(()),
            false => Err(self.refused(&mut answer)),
        }
    }

    /// Posts `question` to `path`, and returns the answer. The client sets no time limit, because
    /// the server has one.
    ///
    /// # Errors
    /// [`AskError`].
    pub fn post<T: DeserializeOwned>(
        &self,
        path: &str,
        question: &impl Serialize,
    ) -> Result<T, AskError> {
        let _waiting = self.waiting();
        let request = self.http(None).post(format!("{}{path}", self.url));
        self.read(self.shown(request).send_json(question))
    }

    /// Sends one message of the Model Context Protocol with `headers`, and returns the answer: one JSON
    /// object, or nothing to a message that has no answer.
    ///
    /// # Errors
    /// [`AskError`], unless the answer is an error of the protocol.
    pub fn relay(&self, message: &[u8], headers: &[(&str, String)]) -> Result<String, AskError> {
        let request = self.http(Some(ANSWER_TIMEOUT)).post(format!("{}{}", self.url, mcp::PATH));
        let request = headers
            .iter()
            .fold(self.shown(request), |request, (name, value)| request.header(*name, value));
        let mut answer = request.send(message).map_err(|error| self.unreachable(&error))?;
        let body = answer.body_mut().with_config().limit(MAX_BYTES).read_to_string();
        let body = body.map_err(|error| self.foreign(&chain(&error)))?;
        match body.contains("\"jsonrpc\"") || answer.status().is_success() {
            true => Ok(body),
            false => Err(self.refusal(&body, answer.status())),
        }
    }

    /// `request` with the token, if there is one.
    fn shown<B>(&self, request: ureq::RequestBuilder<B>) -> ureq::RequestBuilder<B> {
        match &self.access.token {
            Some(token) => request.header("authorization", format!("Bearer {token}")),
            None => request,
        }
    }

    fn http(&self, limit: Option<Duration>) -> ureq::Agent {
        let config = ureq::Agent::config_builder()
            .http_status_as_error(false)
            .max_redirects(0)
            .timeout_connect(Some(CONNECT_TIMEOUT))
            .timeout_global(limit)
            .proxy(None)
            .build();
        match &self.access.tls {
            Some(tls) => {
                let connector = TcpConnector::default().chain(IdentityConnector(tls.clone()));
                ureq::Agent::with_parts(config, connector, DefaultResolver::default())
            }
            None => config.into(),
        }
    }

    fn waiting(&self) -> Progress {
        Progress::of(format!("Waiting for the {} at {}", self.role.as_str(), self.url))
    }

    fn read<T: DeserializeOwned>(
        &self,
        answer: Result<http::Response<ureq::Body>, ureq::Error>,
    ) -> Result<T, AskError> {
        let mut answer = answer.map_err(|error| self.unreachable(&error))?;
        if !answer.status().is_success() {
            return Err(self.refused(&mut answer));
        }
        let body = answer.body_mut().with_config().limit(MAX_BYTES);
        body.read_json().map_err(|error| self.foreign(&chain(&error)))
    }

    fn refused(&self, answer: &mut http::Response<ureq::Body>) -> AskError {
        let body = answer.body_mut().read_to_string().unwrap_or_default();
        self.refusal(&body, answer.status())
    }

    /// The error of an answer with `status`.
    fn refusal(&self, body: &str, status: http::StatusCode) -> AskError {
        #[derive(serde::Deserialize)]
        struct ApiError {
            error: String,
            hint: Option<String>,
        }
        match serde_json::from_str(body) {
            Ok(ApiError { error, hint }) => AskError::Refused { error, hint },
            Err(_) => self.foreign(&format!("status {status}")),
        }
    }

    fn unreachable(&self, error: &ureq::Error) -> AskError {
        let hint = match self.role {
            Role::Colony => {
                "start a colony with `coral standalone` or `coral colony start`, or name one with --colony URL"
            }
            Role::Agent => "start an agent with `coral agent start`, or name one with --agent URL",
        };
        AskError::Unreachable {
            role: self.role.as_str(),
            url: self.url.clone(),
            reason: chain(error),
            hint: hint.to_owned(),
        }
    }

    fn foreign(&self, reason: &str) -> AskError {
        let (role, url) = (self.role.as_str(), self.url.clone());
        AskError::Foreign { role, url, reason: reason.to_owned() }
    }
}

/// A client for other servers than colonies and agents, which waits at most 90 s for an answer.
pub(crate) fn http_client() -> ureq::Agent {
    let config = ureq::Agent::config_builder()
        .http_status_as_error(false)
        .timeout_connect(Some(CONNECT_TIMEOUT))
        .timeout_global(Some(ANSWER_TIMEOUT));
    config.proxy(None).build().into()
}

impl Role {
    const fn as_str(self) -> &'static str {
        match self {
            Self::Colony => "colony",
            Self::Agent => "agent",
        }
    }
}
