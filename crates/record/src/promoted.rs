//! Promoted attributes: those with a column of their own, because Beyla sends them often.
//!
//! A column holds an attribute that was sent under its current or its older key. The column
//! `spellings` records which key was sent, so that reading restores the key. Only the first
//! attribute of a span with a key of the column can go into the column, and only if its value has
//! the column's type. All other attributes stay in the JSON of `attributes`.

use std::sync::LazyLock;

use coral_trace::{KeyValue, Span, Value};
use hashbrown::HashMap;

/// A column, and the keys of the attribute that it holds.
#[derive(Debug)]
pub struct Promoted {
    /// The name of the column.
    pub column: &'static str,
    current: &'static str,
    older: Option<&'static str>,
}

/// Text columns, in the order of the schema.
pub const TEXT: [Promoted; 16] = [
    promoted("http_request_method", "http.request.method", Some("http.method")),
    promoted("http_route", "http.route", None),
    promoted("url_path", "url.path", Some("http.target")),
    promoted("url_full", "url.full", Some("http.url")),
    promoted("url_scheme", "url.scheme", Some("http.scheme")),
    promoted("client_address", "client.address", None),
    promoted("server_address", "server.address", None),
    promoted("service_peer_name", "service.peer.name", Some("peer.service")),
    promoted("rpc_method", "rpc.method", None),
    promoted("rpc_system", "rpc.system.name", Some("rpc.system")),
    promoted("db_system", "db.system.name", Some("db.system")),
    promoted("db_operation", "db.operation.name", Some("db.operation")),
    promoted("db_collection", "db.collection.name", Some("db.sql.table")),
    promoted("db_namespace", "db.namespace", Some("db.name")),
    promoted("messaging_system", "messaging.system", None),
    promoted("messaging_destination", "messaging.destination.name", None),
];

/// Integer columns, in the order of the schema.
pub const NUMBERS: [Promoted; 3] = [
    promoted("server_port", "server.port", None),
    promoted("request_body_size", "http.request.body.size", None),
    promoted("response_body_size", "http.response.body.size", None),
];

/// The attributes that the column `status_code` can hold without loss, highest priority first,
/// each with a number. The lowest three bits of `spellings` have the number of the attribute that
/// `status_code` holds. 0 there: `status_code` is a derived value, and the attribute itself, if
/// any, is in the JSON.
const STATUS: [(&str, u32); 4] = [
    ("http.response.status_code", 1),
    ("http.status_code", 2),
    ("rpc.response.status_code", 4),
    ("rpc.grpc.status_code", 3),
];
const STATUS_MASK: u32 = 0b111;
/// The position of the first text column's bit in `spellings`. The bits of the other text columns
/// follow. A set bit: the attribute was sent under its older key.
const FIRST_TEXT_BIT: u32 = 3;

/// gRPC's status names, by number. A name in exactly this spelling is stored as its number.
const GRPC_STATUS: [&str; 17] = [
    "OK",
    "CANCELLED",
    "UNKNOWN",
    "INVALID_ARGUMENT",
    "DEADLINE_EXCEEDED",
    "NOT_FOUND",
    "ALREADY_EXISTS",
    "PERMISSION_DENIED",
    "RESOURCE_EXHAUSTED",
    "FAILED_PRECONDITION",
    "ABORTED",
    "OUT_OF_RANGE",
    "UNIMPLEMENTED",
    "INTERNAL",
    "UNAVAILABLE",
    "DATA_LOSS",
    "UNAUTHENTICATED",
];

/// A span's attributes, divided into columns and the rest.
#[derive(Debug, Default)]
pub struct Sorted<'a> {
    /// The response status.
    pub status_code: Option<u16>,
    /// Which keys were sent: see [`text_key`] and [`spelling`].
    pub spellings: u32,
    /// The values of the text columns.
    pub text: [Option<&'a str>; TEXT.len()],
    /// The values of the integer columns.
    pub numbers: [Option<i64>; NUMBERS.len()],
    /// All other attributes, in their order.
    pub rest: Vec<&'a KeyValue>,
    /// Whether `rest` has an attribute with the key of a promoted column, because the key is
    /// repeated or the value does not fit in the column.
    pub is_misplaced: bool,
    /// Columns for which an attribute was seen, one bit each: text first, then integers. Only the
    /// first attribute seen for a column may be stored in the column; if it does not fit, the
    /// column stays empty. Otherwise repeated keys would change their order.
    claimed: u32,
}

/// Where an attribute goes, by its key.
#[derive(Clone, Copy)]
enum Slot {
    Text { column: usize, older: bool },
    Number { column: usize },
    Status,
}

static SLOTS: LazyLock<HashMap<&'static str, Slot>> = LazyLock::new(|| {
    let text = TEXT.iter().enumerate().flat_map(|(column, promoted)| {
        let older = promoted.older.map(|key| (key, Slot::Text { column, older: true }));
        [Some((promoted.current, Slot::Text { column, older: false })), older].into_iter().flatten()
    });
    let numbers =
        NUMBERS.iter().enumerate().map(|(column, p)| (p.current, Slot::Number { column }));
    let status = STATUS.iter().map(|(key, _)| (*key, Slot::Status));
    text.chain(numbers).chain(status).collect()
});

/// The column to search for an attribute.
pub enum Column {
    /// This text column.
    Text(&'static str),
    /// This integer column.
    Number(&'static str),
    /// `status_code`, in rows whose [`spelling`] is one of these.
    Status([u32; 2]),
}

/// The column of attribute `key`, in either spelling.
pub fn column(key: &str) -> Option<Column> {
    Some(match SLOTS.get(key)? {
        Slot::Text { column, .. } => Column::Text(TEXT[*column].column),
        Slot::Number { column } => Column::Number(NUMBERS[*column].column),
        Slot::Status if key.starts_with("http.") => Column::Status([1, 2]),
        Slot::Status => Column::Status([3, 4]),
    })
}

/// The number in [`STATUS`] of the attribute that `status_code` holds in a row with these
/// `spellings`; 0 if none.
pub fn spelling(spellings: u32) -> u32 {
    spellings & STATUS_MASK
}

/// The number in the column `status_code` that stands for attribute `key` with the text `value`.
/// The text is a gRPC status name for `rpc.response.status_code`, else a decimal number.
pub fn status_code(key: &str, value: &str) -> Option<i16> {
    if key == "rpc.response.status_code" {
        return GRPC_STATUS.iter().position(|name| *name == value).map(|code| code as i16);
    }
    value.parse().ok().filter(|code: &i16| code.to_string() == value)
}

/// Divides the attributes of `span` into columns and the rest. The rest keeps its order.
pub fn sort(span: &Span) -> Sorted<'_> {
    let mut sorted = Sorted { status_code: span.response_status(), ..Sorted::default() };
    let mut deciding = deciding_status(span);
    for attribute in &span.attributes {
        let slot = SLOTS.get(attribute.key.as_str());
        let taken = match (slot, &attribute.value) {
            (Some(&Slot::Text { column, older }), value) => {
                sorted.claim(column) && sorted.take_text(column, older, value)
            }
            (Some(&Slot::Number { column }), value) => {
                sorted.claim(TEXT.len() + column) && sorted.take_number(column, value)
            }
            (Some(Slot::Status), value) => {
                // Only the first attribute with the deciding key counts.
                let decides = deciding.take_if(|(key, _)| *key == attribute.key);
                decides.is_some_and(|(_, spelling)| sorted.take_status(spelling, value))
            }
            _ => false,
        };
        if !taken {
            sorted.is_misplaced |= slot.is_some();
            sorted.rest.push(attribute);
        }
    }
    sorted
}

/// The key of the attribute that [`Span::response_status`] reads, and the key's number in
/// [`STATUS`].
fn deciding_status(span: &Span) -> Option<(&'static str, u32)> {
    STATUS.into_iter().find(|(key, _)| span.attributes.get(key).is_some())
}

impl<'a> Sorted<'a> {
    /// Marks `column` as claimed. Returns `true` if it was not claimed before.
    fn claim(&mut self, column: usize) -> bool {
        let bit = 1 << column;
        let first = self.claimed & bit == 0;
        self.claimed |= bit;
        first
    }

    fn take_text(&mut self, column: usize, older: bool, value: &'a Value) -> bool {
        self.text[column] = value.as_str();
        let fits = self.text[column].is_some();
        self.spellings |= u32::from(fits && older) << (FIRST_TEXT_BIT + column as u32);
        fits
    }

    fn take_number(&mut self, column: usize, value: &Value) -> bool {
        if let Value::Int(number) = value {
            self.numbers[column] = Some(*number);
        }
        self.numbers[column].is_some()
    }

    /// Returns whether `status_code` holds `value` without loss. If so, records `spelling`.
    fn take_status(&mut self, spelling: u32, value: &Value) -> bool {
        let held = self.status_code.and_then(|code| status_value(spelling, code));
        let exact = held.as_ref() == Some(value);
        if exact {
            self.spellings |= spelling;
        }
        exact
    }
}

/// The value that the attribute with number `spelling` in [`STATUS`] has for status `code`.
fn status_value(spelling: u32, code: u16) -> Option<Value> {
    match spelling {
        4 => GRPC_STATUS.get(usize::from(code)).map(|name| Value::from(*name)),
        _ => Some(Value::Int(i64::from(code))),
    }
}

/// The attribute that `status_code` holds, if any.
pub fn status_attribute(spellings: u32, code: Option<u16>) -> Option<KeyValue> {
    let spelling = spellings & STATUS_MASK;
    let (key, _) = STATUS.into_iter().find(|(_, number)| *number == spelling)?;
    Some(KeyValue { key: key.to_owned(), value: status_value(spelling, code?)? })
}

/// The key under which text column `column` was sent.
pub fn text_key(spellings: u32, column: usize) -> &'static str {
    let promoted = &TEXT[column];
    match promoted.older {
        Some(older) if is_older(spellings, column) => older,
        _ => promoted.current,
    }
}

/// The key under which the text column named `column` was sent.
pub fn text_key_of(column: &str, spellings: u32) -> Option<&'static str> {
    let at = TEXT.iter().position(|promoted| promoted.column == column)?;
    Some(text_key(spellings, at))
}

/// The key under which integer column `column` was sent.
pub fn number_key(column: usize) -> &'static str {
    NUMBERS[column].current
}

/// Whether attributes with the key `key` have a column.
pub fn is_promoted(key: &str) -> bool {
    SLOTS.contains_key(key)
}

/// The integer column of attributes with the key `key`.
pub fn number_place(key: &str) -> Option<usize> {
    match SLOTS.get(key)? {
        Slot::Number { column } => Some(*column),
        _ => None,
    }
}

/// The text column of attributes with the key `key`, and whether `key` is the older key of the column.
pub fn text_place(key: &str) -> Option<(usize, bool)> {
    match SLOTS.get(key)? {
        Slot::Text { column, older } => Some((*column, *older)),
        _ => None,
    }
}

/// Whether the attribute in text column `column` was sent under its older key.
pub fn is_older(spellings: u32, column: usize) -> bool {
    spellings & older_bit(column) != 0
}

/// The bit of `spellings` that is set if the attribute in text column `column` was sent under its
/// older key.
pub fn older_bit(column: usize) -> u32 {
    1 << (FIRST_TEXT_BIT + column as u32)
}

/// Whether `spellings` and the number in `status_code` are those of a span that has exactly the
/// attributes of a row's columns, and no attribute of the response status in its JSON. `has_text`
/// says whether a text column has a value.
pub fn is_consistent(
    spellings: u32,
    status_code: Option<i16>,
    has_text: impl Fn(usize) -> bool,
) -> bool {
    let is_status_of = match (spellings & STATUS_MASK, status_code) {
        (0, code) => code.is_none(),
        (4, Some(code)) => usize::try_from(code).is_ok_and(|code| code < GRPC_STATUS.len()),
        (1..=3, Some(code)) => code >= 0,
        _ => false,
    };
    let mut older = spellings >> FIRST_TEXT_BIT;
    let mut is_text_of = true;
    while older != 0 {
        let column = older.trailing_zeros() as usize;
        is_text_of &= TEXT.get(column).is_some_and(|text| text.older.is_some()) && has_text(column);
        older &= older - 1;
    }
    is_status_of && is_text_of
}

/// What the columns of promoted attributes mean, for comparison with another version.
pub fn meaning() -> String {
    format!("{TEXT:?}\n{NUMBERS:?}\n{STATUS:?}\n{GRPC_STATUS:?}\n{FIRST_TEXT_BIT}\n")
}

const fn promoted(
    column: &'static str,
    current: &'static str,
    older: Option<&'static str>,
) -> Promoted {
    Promoted { column, current, older }
}
