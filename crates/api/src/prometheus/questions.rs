//! Questions that are answered from the store.

use std::time::Duration;

use axum::extract::rejection::PathRejection;
use axum::extract::{Path, State};
use axum::response::{IntoResponse as _, Response};
use coral_query::promql::{
    self, Answer, LabelQuestion, Labels, MAX_STEPS, PromqlError, SeriesExemplars, TimeSpan,
};
use coral_query::{Budget, Sources};
use coral_server::admission::Surface;
use coral_server::audit::AuditDetails;
use serde_json::Value;

use super::error::ApiError;
use super::json;
use super::parameters::{Parameters, checked, moment};
use crate::answering::{Answering, Asker};

/// The parameter with selectors of series.
const MATCH: &str = "match[]";

/// The bytes of an answer, how many rows it has, and whether there is more.
struct Body {
    data: String,
    rows: usize,
    is_cut: bool,
}

impl Body {
    /// The first `limit` of `items`, as an array.
    fn of_list<T>(mut items: Vec<T>, limit: Option<usize>, one: impl Fn(&T) -> String) -> Self {
        let is_cut = cut(&mut items, limit);
        Self { rows: items.len(), data: json::list(&items, one), is_cut }
    }
}

/// `/api/v1/query`: the value of an expression at one moment.
pub(super) async fn query(State(answering): State<Answering>, parameters: Parameters) -> Response {
    let prepared = (|| {
        let expression = parameters.get("query")?.unwrap_or_default().to_owned();
        let at = parameters.time("time")?.unwrap_or(parameters.now);
        Ok((expression, at, parameters.limit()?))
    })();
    let (expression, at, limit) = match prepared {
        Ok(prepared) => prepared,
        Err(error) => return ApiError::into_response(error),
    };
    let within = Some(TimeSpan { start: at, end: at });
    let services = promql::services_of(&expression);
    answered(&answering, &parameters, within, services, "query", move |from, budget| {
        let mut found = promql::instant(&expression, at, from, budget)?;
        let (is_cut, rows) = match &mut found {
            Answer::Scalar(_) | Answer::Text(..) => (false, 1),
            Answer::Vector(samples) => (cut(samples, limit), samples.len()),
            Answer::Matrix(series) => (cut(series, limit), series.len()),
        };
        Ok(Body { data: json::answer(&found), rows, is_cut })
    })
    .await
}

/// `/api/v1/query_range`: the values of an expression over time.
pub(super) async fn query_range(
    State(answering): State<Answering>,
    parameters: Parameters,
) -> Response {
    let prepared = (|| {
        let expression = parameters.get("query")?.unwrap_or_default().to_owned();
        let start = parameters.required_time("start")?;
        let within = checked(TimeSpan { start, end: parameters.required_time("end")? })?;
        let step = parameters.duration("step")?;
        let missing = || ApiError::invalid("step", "cannot parse \"\" to a valid duration");
        let step = step.ok_or_else(missing)?;
        if step <= 0 {
            return Err(ApiError::invalid(
                "step",
                "zero or negative query resolution step widths are not accepted. Try a positive \
                 integer",
            ));
        }
        if within.end.saturating_sub(within.start) / step > MAX_STEPS {
            return Err(ApiError::bad_data(
                "exceeded maximum resolution of 11,000 points per timeseries. Try decreasing the \
                 query resolution (?step=XX)",
            ));
        }
        Ok((expression, within, step, parameters.limit()?))
    })();
    let (expression, within, step, limit) = match prepared {
        Ok(prepared) => prepared,
        Err(error) => return ApiError::into_response(error),
    };
    let services = promql::services_of(&expression);
    answered(&answering, &parameters, Some(within), services, "query", move |from, budget| {
        let mut found = promql::range(&expression, within, step, from, budget)?;
        let is_cut = cut(&mut found, limit);
        Ok(Body { rows: found.len(), data: json::matrix(&found), is_cut })
    })
    .await
}

/// `/api/v1/query_exemplars`: traces of slow requests of the selected series.
pub(super) async fn query_exemplars(
    State(answering): State<Answering>,
    parameters: Parameters,
) -> Response {
    let prepared = (|| {
        let expression = parameters.get("query")?.unwrap_or_default().to_owned();
        Ok((expression, parameters.span()?))
    })();
    let (expression, within) = match prepared {
        Ok(prepared) => prepared,
        Err(error) => return ApiError::into_response(error),
    };
    let services = promql::services_of(&expression);
    answered(&answering, &parameters, Some(within), services, "query", move |from, budget| {
        let found: Vec<SeriesExemplars> = promql::exemplars(&expression, within, from, budget)?;
        Ok(Body { rows: found.len(), data: json::exemplars(&found), is_cut: false })
    })
    .await
}

/// `/api/v1/labels`: names of labels.
pub(super) async fn labels(State(answering): State<Answering>, parameters: Parameters) -> Response {
    let (question, limit) = match label_question(&parameters) {
        Ok(prepared) => prepared,
        Err(error) => return error.into_response(),
    };
    let (within, services) = (Some(question.within), services_of(&question));
    answered(&answering, &parameters, within, services, MATCH, move |from, budget| {
        let names = promql::label_names(&question, from, budget)?;
        Ok(Body::of_list(names.into_iter().collect(), limit, |name| quoted(name)))
    })
    .await
}

/// `/api/v1/label/{name}/values`: values of one label.
pub(super) async fn label_values(
    State(answering): State<Answering>,
    name: Result<Path<String>, PathRejection>,
    parameters: Parameters,
) -> Response {
    let name = name.map(|Path(name)| name).unwrap_or_default();
    let is_name = |c: char| c.is_ascii_alphanumeric() || c == '_';
    if name.is_empty() || name.len() > 256 || !name.chars().all(is_name) {
        return ApiError::bad_data(format!("invalid label name: {name:?}")).into_response();
    }
    let (question, limit) = match label_question(&parameters) {
        Ok(prepared) => prepared,
        Err(error) => return error.into_response(),
    };
    let (within, services) = (Some(question.within), services_of(&question));
    answered(&answering, &parameters, within, services, MATCH, move |from, budget| {
        let values: Vec<String> = match question.is_about_metrics(&name) {
            true => promql::metric_names().map(str::to_owned).collect(),
            false => promql::label_values(&name, &question, from, budget)?.into_iter().collect(),
        };
        Ok(Body::of_list(values, limit, |value| quoted(value)))
    })
    .await
}

/// `/api/v1/series`: the labels of the selected series.
pub(super) async fn series(State(answering): State<Answering>, parameters: Parameters) -> Response {
    let prepared = label_question(&parameters).and_then(|(question, limit)| {
        match question.selectors.is_empty() {
            true => Err(ApiError::bad_data("no match[] parameter provided")),
            false => Ok((question, limit)),
        }
    });
    let (question, limit) = match prepared {
        Ok(prepared) => prepared,
        Err(error) => return error.into_response(),
    };
    let (within, services) = (Some(question.within), services_of(&question));
    answered(&answering, &parameters, within, services, MATCH, move |from, budget| {
        let found: Vec<Labels> = promql::series(&question, from, budget)?.into_iter().collect();
        Ok(Body::of_list(found, limit, json::labels))
    })
    .await
}

fn label_question(parameters: &Parameters) -> Result<(LabelQuestion, Option<usize>), ApiError> {
    let selectors = parameters.all(MATCH).map(str::to_owned).collect();
    let question = LabelQuestion { within: parameters.span()?, selectors };
    Ok((question, parameters.limit()?))
}

fn services_of(question: &LabelQuestion) -> Vec<String> {
    question.selectors.iter().flat_map(|selector| promql::services_of(selector)).collect()
}

/// Removes what is beyond `limit`; whether there was more.
fn cut<T>(items: &mut Vec<T>, limit: Option<usize>) -> bool {
    let is_cut = limit.is_some_and(|limit| items.len() > limit);
    items.truncate(limit.unwrap_or(usize::MAX));
    is_cut
}

fn quoted(text: &str) -> String {
    Value::from(text).to_string()
}

/// The answer that `work` computes, with what the audit log records of the question. `parameter` is
/// the one with the expressions.
async fn answered(
    answering: &Answering,
    parameters: &Parameters,
    within: Option<TimeSpan>,
    services: Vec<String>,
    parameter: &'static str,
    work: impl FnOnce(&Sources<'_>, &Budget) -> Result<Body, PromqlError> + Send + 'static,
) -> Response {
    let timeout = match parameters.timeout() {
        Ok(timeout) => timeout.unwrap_or(Duration::MAX),
        Err(error) => return error.into_response(),
    };
    let mut details = AuditDetails::of_parameters(parameters.pairs());
    details.services.extend(services);
    details.since = within.map(|span| moment(span.start));
    details.until = within.map(|span| moment(span.end));
    let rows = details.rows.clone();
    let work = move |from: &Sources<'_>, budget: &Budget| match work(from, budget) {
        Err(PromqlError::Query(error)) => Err(error),
        other => Ok(other.inspect(|body| rows.add(body.rows as u64))),
    };
    let answered = match Asker::of_request(Surface::Prometheus, &parameters.extensions) {
        Ok(asker) => answering.answer(asker.within(timeout), work).await,
        Err(error) => Err(error),
    };
    let mut response = match answered {
        Ok(Ok(body)) => json::success(&body.data, body.is_cut),
        Ok(Err(error)) => ApiError::of_expression(parameter, &error).into_response(),
        Err(error) => ApiError::from(error).into_response(),
    };
    response.extensions_mut().insert(details);
    response
}
