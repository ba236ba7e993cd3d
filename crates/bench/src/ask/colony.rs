//! Queries over a colony's JSON API.

use serde_json::Value;

use super::ListAnswer;
use crate::Failure;
use crate::server::Server;
use crate::traffic::question::ListQuery;
use crate::traffic::truth::Facts;
use crate::web::Web;

/// A client of a colony's JSON API.
#[derive(Clone)]
pub struct ColonyApi(Web);

impl ColonyApi {
    /// A client for `colony`.
    ///
    /// # Errors
    /// The process is no colony.
    pub fn new(colony: &Server) -> Result<Self, Failure> {
        Ok(Self(colony.web("colony")?))
    }

    /// The facts of the trace `id`; `None` if the trace is not stored.
    ///
    /// # Errors
    /// The colony does not answer, or its answer leaves spans out.
    pub async fn trace(&self, id: &str) -> Result<Option<Facts>, Failure> {
        let trace = self.get(&format!("/api/v1/traces/{id}"), &[]).await?;
        let facts = facts(&trace)?;
        let spans = trace["spans"].as_array().map_or(0, Vec::len) as u64;
        if spans != facts.spans {
            return Err(format!("trace {id} says {} spans and has {spans}", facts.spans).into());
        }
        Ok((facts.spans > 0).then_some(facts))
    }

    /// The traces that answer `query`.
    ///
    /// # Errors
    /// The colony does not answer.
    pub async fn list(&self, query: &ListQuery) -> Result<ListAnswer, Failure> {
        let list = self.get("/api/v1/traces", &parameters(query)).await?;
        let traces = list["traces"].as_array().ok_or("the list has no `traces`")?;
        let traces = traces.iter().map(facts).collect::<Result<_, _>>()?;
        Ok(ListAnswer { traces, more: list["more"].as_bool().ok_or("the list has no `more`")? })
    }

    async fn get(&self, path: &str, query: &[(&str, String)]) -> Result<Value, Failure> {
        // Only path and query of the URL are used.
        let mut url = reqwest::Url::parse(&format!("http://colony{path}"))?;
        if !query.is_empty() {
            url.query_pairs_mut().extend_pairs(query);
        }
        let path_and_query = &url.as_str()["http://colony".len()..];
        let (status, body) = self.0.get(path_and_query).await?;
        match status.is_success() {
            true => Ok(serde_json::from_slice(&body)?),
            false => Err(format!("{path}: {status}: {}", String::from_utf8_lossy(&body)).into()),
        }
    }
}

fn parameters(query: &ListQuery) -> Vec<(&'static str, String)> {
    let range = |since_us: i64, until_us: i64, limit: usize| {
        vec![
            ("since_unix_us", since_us.to_string()),
            ("until_unix_us", until_us.to_string()),
            ("limit", limit.to_string()),
        ]
    };
    let of_kind = match *query {
        ListQuery::Newest { since_us, until_us, limit } => range(since_us, until_us, limit),
        ListQuery::Slowest { since_us, until_us, min_duration_us, limit, .. } => {
            let mut parameters = range(since_us, until_us, limit);
            parameters.push(("min_duration_us", min_duration_us.to_string()));
            parameters.push(("sort", "slowest".to_owned()));
            parameters
        }
        ListQuery::Path { limit, .. } => vec![("limit", limit.to_string())],
    };
    let service = query.service().map(|service| ("service", service));
    let path = query.path().map(|path| ("attributes", format!("url.path={path}")));
    of_kind.into_iter().chain(service).chain(path).collect()
}

fn facts(trace: &Value) -> Result<Facts, Failure> {
    let number = |field: &str| {
        trace[field].as_i64().ok_or_else(|| format!("a trace has no `{field}`: {trace}"))
    };
    Ok(Facts {
        trace_id: trace["trace_id"].as_str().unwrap_or_default().to_owned(),
        start_us: number("start_time_unix_us")?,
        duration_us: number("duration_us")?,
        spans: number("span_count")? as u64,
        errors: number("error_count")? as u64,
    })
}
