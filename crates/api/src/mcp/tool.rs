//! A tool: one question of `coral-query`, with arguments that a model can write, and a page that it
//! can read.

use std::borrow::Cow;
use std::future::Future;
use std::pin::Pin;

use coral_query::answer::Window;
use coral_query::{Ask, Budget, Sources};
use coral_server::audit::AuditDetails;
use coral_server::clock;
use coral_server::door::Permission;
use coral_sql::runner::SqlError;
use coral_trace::UnixNanos;
use coral_trace::sanitize::ends;
use rmcp::model::{JsonObject, Tool as Described, ToolAnnotations};
use schemars::JsonSchema;
use serde::de::DeserializeOwned;
use serde_json::Value;

use super::Assistants;
use super::noted::Noted;
use super::reply::Page;
use super::schema;
use crate::answering::{Asker, NotAnswered};
use crate::json;

/// A tool that asks one question. Its fields are the arguments.
pub(super) trait Tool: DeserializeOwned + JsonSchema + Send + 'static {
    /// The question.
    type Question: Ask<Answer: Send> + Clone;
    /// The name of the tool.
    const NAME: &'static str;
    /// The name for people.
    const TITLE: &'static str;
    /// When to call the tool, for models.
    const DESCRIPTION: &'static str;

    /// The question, and its window.
    ///
    /// # Errors
    /// [`InvalidArgument`].
    fn asked(&self, now: UnixNanos) -> Result<Asked<Self::Question>, InvalidArgument>;

    /// The page of `answer`.
    fn page(&self, asked: &Asked<Self::Question>, answer: &AnswerOf<Self>) -> Page;
}

/// The answer to the question of a tool.
pub(super) type AnswerOf<T> = <<T as Tool>::Question as Ask>::Answer;

/// A question, and the window that it is about.
pub(super) struct Asked<Q> {
    /// The question.
    pub question: Q,
    /// The window of the question. A trace has its own times, and the window is unused.
    pub window: Window,
}

/// A tool in the list of tools.
pub(super) struct Entry {
    /// What clients are told.
    pub described: Described,
    /// The permission of the tool's question.
    pub permission: Permission,
    /// Calls the tool.
    pub call: Call,
}

/// Calls a tool with arguments, on behalf of an asker.
pub(super) type Call =
    for<'a> fn(
        &'a Assistants,
        Asker,
        JsonObject,
        &'a Noted,
    ) -> Pin<Box<dyn Future<Output = Result<Page, Problem>> + Send + 'a>>;

/// Why a call has no answer.
#[derive(Debug, thiserror::Error)]
pub(super) enum Problem {
    /// An argument is wrong.
    #[error(transparent)]
    Argument(#[from] InvalidArgument),
    /// The caller may not ask this.
    #[error("this needs the permission {0}, which you do not have")]
    Denied(Permission),
    /// The question failed.
    #[error(transparent)]
    NotAnswered(#[from] NotAnswered),
    /// The statement in SQL failed.
    #[error(transparent)]
    Sql(#[from] SqlError),
}

/// A wrong argument.
#[derive(Debug, thiserror::Error)]
#[error("{argument}: {reason}")]
pub(super) struct InvalidArgument {
    argument: Cow<'static, str>,
    reason: String,
}

impl InvalidArgument {
    pub fn new(argument: impl Into<Cow<'static, str>>, reason: impl AsRef<str>) -> Self {
        Self { argument: argument.into(), reason: ends(reason.as_ref()) }
    }
}

impl Entry {
    /// The entry of the tool `T`.
    pub fn of<T: Tool>() -> Self {
        Self {
            described: described::<T>(T::NAME, T::TITLE, T::DESCRIPTION),
            permission: const { Permission::named(T::Question::PERMISSION) },
            call: |of, asker, arguments, noted| Box::pin(call::<T>(of, asker, arguments, noted)),
        }
    }
}

/// What clients are told of a tool with the arguments `T`: it reads, and nothing else.
pub(super) fn described<T: JsonSchema>(
    name: &'static str,
    title: &'static str,
    description: &'static str,
) -> Described {
    let hints = ToolAnnotations::with_title(title)
        .read_only(true)
        .destructive(false)
        .idempotent(true)
        .open_world(false);
    Described::new(name, description, schema::of_arguments::<T>())
        .with_title(title)
        .with_annotations(hints)
}

/// The arguments as `T`. An argument that is null counts as absent.
///
/// # Errors
/// [`InvalidArgument`] for an unknown, missing or malformed one.
pub(super) fn parsed<T: DeserializeOwned>(mut arguments: JsonObject) -> Result<T, InvalidArgument> {
    arguments.retain(|_, value| !value.is_null());
    serde_path_to_error::deserialize(Value::Object(arguments)).map_err(|error| {
        let argument = match error.path().to_string().as_str() {
            "." => "arguments".to_owned(),
            path => path.to_owned(),
        };
        InvalidArgument::new(argument, error.inner().to_string())
    })
}

async fn call<T: Tool>(
    of: &Assistants,
    asker: Asker,
    arguments: JsonObject,
    noted: &Noted,
) -> Result<Page, Problem> {
    let tool: T = parsed(arguments)?;
    let asked = tool.asked(clock::now())?;
    let details =
        AuditDetails { question: noted.question(), ..json::audit_details(&asked.question) };
    let rows = details.rows.clone();
    noted.note(details);
    let work = move |sources: &Sources<'_>, budget: &Budget| {
        let answer = asked.question.answer(sources, budget)?;
        rows.add(T::Question::rows(&answer) as u64);
        Ok(tool.page(&asked, &answer))
    };
    Ok(of.answering.answer(asker, work).await?)
}
