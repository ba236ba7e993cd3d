//! The tool `sql`: one SELECT, for those who may read everything.

use std::fmt::Write as _;
use std::future::poll_fn;

use coral_server::audit::AuditDetails;
use coral_server::clock;
use coral_server::door::Permission;
use coral_sql::SqlQuestion;
use coral_sql::runner::{Piece, SqlError, SqlStream};
use coral_text::english::{command::quoted, window::flags};
use coral_trace::sanitize::line;
use coral_trace::units::count;
use rmcp::model::JsonObject;
use schemars::JsonSchema;
use serde::Deserialize;

use crate::mcp::Assistants;
use crate::mcp::noted::Noted;
use crate::mcp::reply::Page;
use crate::mcp::tool::{Entry, InvalidArgument, Problem, described, parsed};
use crate::mcp::window::{self, LONG_WINDOW};

/// The number of rows of an answer whose call names no limit.
const DEFAULT_ROWS: u32 = 50;
/// The largest number of rows of an answer.
const MAX_ROWS: u32 = 1_000;

/// The arguments of the tool `sql`.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct SqlTool {
    /// One SELECT statement of DuckDB over the views `beyla_traces` (eBPF), `telemetry_spans` (SDK), and
    /// `beyla_http_metrics`, `beyla_grpc_metrics`, `beyla_sql_metrics`. `DESCRIBE beyla_traces` lists columns.
    sql: String,
    /// Leave out spans that started before this: `1h` (the default), `02:40` (UTC), or RFC 3339.
    since: Option<String>,
    /// The largest number of rows, 1 to 1000. Default: 50.
    #[schemars(range(min = 1, max = 1_000))]
    limit: Option<u32>,
}

/// The tool in the list of tools.
pub(super) fn entry() -> Entry {
    const DESCRIPTION: &str = "Runs one SELECT over all stored spans and RED metrics in DuckDB's dialect, for \
        what no other tool answers. Group and limit in the statement.";
    Entry {
        described: described::<SqlTool>("sql", "Query in SQL", DESCRIPTION),
        permission: Permission::SqlRead,
        call: |of, _, arguments, noted| Box::pin(call(of, arguments, noted)),
    }
}

async fn call(of: &Assistants, arguments: JsonObject, noted: &Noted) -> Result<Page, Problem> {
    let tool: SqlTool = parsed(arguments)?;
    let limit = tool.limit.unwrap_or(DEFAULT_ROWS);
    if !(1..=MAX_ROWS).contains(&limit) {
        let reason = format!("{limit} is not a number from 1 to {MAX_ROWS}");
        return Err(InvalidArgument::new("limit", reason).into());
    }
    let window = window::window(clock::now(), tool.since.as_deref(), None, LONG_WINDOW)?;
    let details = AuditDetails { question: noted.question(), ..AuditDetails::default() };
    let rows = details.rows.clone();
    noted.note(details);
    let question = SqlQuestion { sql: tool.sql.clone(), since_unix_us: Some(window.since_unix_us) };
    let stream = of.sql.ask(question).await?;
    let found = Rows::of(stream, limit).await?;
    rows.add(u64::from(found.count));
    Ok(Page {
        data: found.text,
        left_out: found.is_cut.then(|| cut(limit)).into_iter().collect(),
        narrower: "fewer columns, a GROUP BY or a smaller \"limit\"",
        command: format!("coral sql {} {}", quoted(&tool.sql), flags(&window)),
        ..Page::default()
    })
}

fn cut(limit: u32) -> String {
    let limit = count(u64::from(limit));
    format!(
        "rows after the first {limit}. Ask for more with \"limit\" up to {MAX_ROWS}, or aggregate."
    )
}

/// The first rows of an answer, as lines of JSON.
struct Rows {
    text: String,
    count: u32,
    is_cut: bool,
}

impl Rows {
    async fn of(mut stream: SqlStream, limit: u32) -> Result<Self, SqlError> {
        let names: Vec<String> = stream.columns.iter().map(|column| line(&column.name)).collect();
        let mut rows = Self { text: String::new(), count: 0, is_cut: false };
        let _ = writeln!(rows.text, "Columns: {}", names.join(", "));
        loop {
            match poll_fn(|context| stream.poll_next(context)).await {
                Piece::Row(_) if rows.count == limit => {
                    rows.is_cut = true;
                    return Ok(rows);
                }
                Piece::Row(row) => {
                    rows.count += 1;
                    let _ = writeln!(rows.text, "{row}");
                }
                Piece::End(more) => {
                    rows.is_cut = more;
                    if rows.count == 0 {
                        rows.text.push_str("No rows.\n");
                    }
                    return Ok(rows);
                }
                Piece::Failed(error) => return Err(error),
                Piece::Columns(_) => {}
            }
        }
    }
}
