//! A trace as a resource: `coral://trace/4bf92f3577b34da6a3ce929d0e0e4736`.

use coral_trace::TraceIdPrefix;
use coral_trace::sanitize::line;
use rmcp::ErrorData;
use rmcp::model::{ReadResourceResult, ResourceContents, ResourceTemplate};
use serde_json::json;

use super::Assistants;
use super::reply::{MAX_BYTES, Mark};
use super::server::Asking;
use super::tool::Tool as _;
use super::tools::TraceTool;

const PREFIX: &str = "coral://trace/";

/// What clients are told of traces as resources.
pub(super) fn template() -> ResourceTemplate {
    ResourceTemplate::new(format!("{PREFIX}{{id}}"), "trace")
        .with_title("A trace by its id")
        .with_description("The summary of a stored trace, as the tool `trace` has it.")
        .with_mime_type("text/plain")
}

/// The resource with the URI `uri`.
pub(super) async fn read(
    of: &Assistants,
    uri: &str,
    asking: &Asking<'_>,
) -> Result<ReadResourceResult, ErrorData> {
    let Some(id) = uri.strip_prefix(PREFIX).and_then(|id| id.parse::<TraceIdPrefix>().ok()) else {
        let error = format!("`{}` is not `{PREFIX}` and a trace id", line(uri));
        return Err(ErrorData::resource_not_found(error, None));
    };
    let arguments = json!({ "id": id.to_string() });
    let arguments = arguments.as_object().cloned().unwrap_or_default();
    let entry = of.tools.iter().find(|entry| entry.described.name == TraceTool::NAME);
    let Some(entry) = entry else {
        return Err(ErrorData::internal_error("there is no tool for traces", None));
    };
    let page = of.page(entry, arguments, asking).await;
    let page = page.map_err(|problem| ErrorData::invalid_params(problem.text(), None))?;
    let text = page.text(MAX_BYTES, &Mark::random());
    Ok(ReadResourceResult::new(vec![ResourceContents::text(text, uri)]))
}
