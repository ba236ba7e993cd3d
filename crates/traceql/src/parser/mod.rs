//! The grammar of TraceQL, by recursive descent with precedences.

mod cursor;
mod field;
mod metrics;
mod operand;

use cursor::Cursor;

use crate::attribute::Attribute;
use crate::error::SyntaxError;
use crate::query::{Element, Pipeline, Query, Root, Spanset};
use crate::value::Static;
use operand::Operand;

/// The largest size of a query in bytes. Tempo's default is the same.
pub const MAX_BYTES: usize = 128 << 10;
/// The deepest nesting of parentheses and operators. A chain of one `&&` or `||` is one level.
pub const MAX_DEPTH: usize = 64;

/// Parses a query without checking its types.
///
/// # Errors
/// [`SyntaxError`] of the kind [`Syntax`](crate::SyntaxErrorKind::Syntax).
pub fn parse_syntax(text: &str) -> Result<Query, SyntaxError> {
    let mut cursor = Cursor::new(text)?;
    let root = root(&mut cursor)?;
    let mut hints = None;
    while cursor.take_word("with") {
        hints = Some(hint_list(&mut cursor)?);
    }
    cursor.end()?;
    Ok(Query { root, hints })
}

/// Parses one attribute or intrinsic, such as `span.http.method` or `name`.
///
/// # Errors
/// [`SyntaxError`].
pub fn parse_attribute(text: &str) -> Result<Attribute, SyntaxError> {
    let mut cursor = Cursor::new(text)?;
    let attribute = field::attribute(&mut cursor)?;
    cursor.end()?;
    Ok(attribute)
}

fn root(cursor: &mut Cursor<'_>) -> Result<Root, SyntaxError> {
    match operand::chain(cursor)? {
        Operand::Spanset { spanset, .. } => {
            Ok(Root::Search(Pipeline { elements: vec![Element::Spanset(spanset)] }))
        }
        Operand::ScalarFilter(filter) | Operand::PipelineFilter(filter) => {
            Ok(Root::Search(Pipeline { elements: vec![Element::ScalarFilter(filter)] }))
        }
        Operand::Pipelines(Spanset::Pipeline(pipeline)) => Ok(Root::Search(pipeline)),
        Operand::Pipelines(spanset) => {
            Ok(Root::Search(Pipeline { elements: vec![Element::Spanset(spanset)] }))
        }
        Operand::Elements(elements) => Ok(Root::Search(Pipeline { elements })),
        Operand::Metrics { mut metrics, .. } => {
            metrics.stages.extend(metrics::stages(cursor)?);
            Ok(Root::Metrics(metrics))
        }
        Operand::Scalar(_) | Operand::ScalarElements(_) | Operand::ScalarPipeline(_) => {
            Err(cursor.unexpected())
        }
    }
}

fn hint_list(cursor: &mut Cursor<'_>) -> Result<Vec<(String, Static)>, SyntaxError> {
    cursor.expect("(")?;
    let mut hints = Vec::new();
    loop {
        let name = cursor.hint_name()?;
        cursor.expect("=")?;
        let value = field::literal(cursor)?.ok_or_else(|| cursor.unexpected())?;
        hints.push((name, value));
        if !cursor.take(",") {
            cursor.expect(")")?;
            return Ok(hints);
        }
    }
}
