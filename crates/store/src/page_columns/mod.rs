//! Column pages: stored rows as one process sends them to another, without a span in between.
//!
//! An agent gathers rows and writes them as one Arrow IPC message ([`gather`], [`message`]). A colony
//! checks the message, whose bytes are hostile ([`check`]), and appends its columns to its own
//! rows ([`append`]). Both use the layout of [`layout`].

pub(crate) mod append;
mod canonical;
pub(crate) mod check;
pub(crate) mod columns;
pub(crate) mod gather;
pub(crate) mod layout;
mod message;
pub(crate) mod row;
#[cfg(test)]
mod tests;

/// The largest row that is sent as columns: the size of its texts, in bytes. A larger row is sent as
/// a span. Its OTLP has at most twice this size, and so is within the limits of a span.
pub(crate) const MAX_ROW_BYTES: u32 = 256 << 10;
/// The largest origin that is sent with columns, in bytes of JSON.
pub(crate) const MAX_ORIGIN_BYTES: usize = 256 << 10;
