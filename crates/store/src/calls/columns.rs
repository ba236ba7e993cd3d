//! Converts rows to spans of a service map.

use arrow_array::cast::AsArray;
use arrow_array::types::{Int64Type, TimestampMicrosecondType, UInt8Type, UInt32Type, UInt64Type};
use arrow_array::{Array, ArrayRef, RecordBatch, StringArray};
use arrow_schema::DataType;
use coral_record::calls::PEER_TEXTS as TEXTS;
use coral_trace::dependency::{CallSpan, Dependencies, NodeId, PeerHints, PeerHintsId};
use coral_trace::{SpanId, SpanKind, StatusCode};
use hashbrown::HashMap;

use crate::error::StoreError;
use crate::row::damaged;
use crate::segment::TRACE_ROW;

/// The columns that are read of every segment.
pub(crate) const COLUMNS: [&str; 7] =
    [TRACE_ROW, "span_id", "parent_span_id", "service_name", KIND, "duration_us", "span_status"];
pub(crate) const KIND: &str = "span_kind";
/// When a span started: read of row groups with producer or consumer spans. A message takes until its
/// consumer begins.
pub(crate) const START: &str = "start_time";
/// The columns of peer hints. In each row group, only those that have a value in some row are
/// read.
pub(crate) const PEER_COLUMNS: [&str; 9] =
    [TEXTS[0], TEXTS[1], TEXTS[2], TEXTS[3], TEXTS[4], TEXTS[5], TEXTS[6], TEXTS[7], PORT];
const PORT: &str = "server_port";

/// Reads batches into spans, and builds the service map.
#[derive(Default)]
pub(crate) struct Reader {
    pub(crate) map: Dependencies,
    spans: Vec<CallSpan>,
}

/// A text column as codes and distinct texts. Both are read from the dictionary of sealed rows,
/// and made from the texts of hot rows.
struct Coded<'a> {
    codes: Codes<'a>,
    texts: Texts<'a>,
}

enum Codes<'a> {
    Absent,
    Read(&'a arrow_array::UInt32Array),
    Made(Vec<u32>),
}

enum Texts<'a> {
    Read(&'a StringArray),
    Made(Vec<&'a str>),
}

/// The code of a null.
const NONE: u32 = u32::MAX;

impl Reader {
    pub(crate) fn into_map(self) -> Dependencies {
        self.map
    }

    /// Converts the rows of `batch` to spans, in order.
    pub(crate) fn read(&mut self, batch: &RecordBatch) -> Result<&[CallSpan], StoreError> {
        let ids = column(batch, "span_id")?.as_primitive::<UInt64Type>().values();
        let parents = column(batch, "parent_span_id")?.as_primitive::<UInt64Type>();
        let durations = column(batch, "duration_us")?.as_primitive::<Int64Type>().values();
        let kinds = column(batch, KIND)?.as_primitive::<UInt8Type>().values();
        let statuses = column(batch, "span_status")?.as_primitive::<UInt8Type>().values();
        let starts = batch.column_by_name(START);
        let starts =
            starts.map(|starts| starts.as_primitive::<TimestampMicrosecondType>().values());
        let services = Coded::of(Some(column(batch, "service_name")?))?;
        let nodes = self.services(&services);
        let hints = self.hints(batch, kinds)?;
        self.spans.clear();
        self.spans.reserve(batch.num_rows());
        for row in 0..batch.num_rows() {
            let parent = parents.is_valid(row).then(|| parents.value(row));
            let id = |column, id| SpanId::try_from(id).map_err(|error| damaged(column, &error));
            let service = services.code(row);
            let service =
                nodes.get(service as usize).ok_or_else(|| damaged("service_name", &service))?;
            self.spans.push(CallSpan {
                span_id: id("span_id", ids[row])?,
                parent: parent.map(|parent| id("parent_span_id", parent)).transpose()?,
                service: *service,
                peer_hints: hints[row],
                start_us: starts.map(|starts| starts[row]),
                duration_us: durations[row].max(0) as u64,
                kind: SpanKind::from(i32::from(kinds[row])),
                failed: StatusCode::from(i32::from(statuses[row])) == StatusCode::Error,
            });
        }
        Ok(&self.spans)
    }

    /// The service node of each code.
    fn services(&mut self, services: &Coded<'_>) -> Vec<NodeId> {
        (0..services.len()).map(|code| self.map.service(services.text(code))).collect()
    }

    /// The peer hints of each row.
    fn hints(
        &mut self,
        batch: &RecordBatch,
        kinds: &[u8],
    ) -> Result<Vec<Option<PeerHintsId>>, StoreError> {
        let mut columns = Vec::with_capacity(TEXTS.len());
        for name in TEXTS {
            columns.push(Coded::of(batch.column_by_name(name))?);
        }
        let ports = batch.column_by_name(PORT).map(|ports| ports.as_primitive::<Int64Type>());
        let port =
            |row: usize| ports.filter(|ports| ports.is_valid(row)).map(|ports| ports.value(row));
        // Most rows have the same hints as other rows.
        let mut known: HashMap<([u32; TEXTS.len()], Option<i64>), Option<PeerHintsId>> =
            HashMap::new();
        let mut hints = Vec::with_capacity(kinds.len());
        for (row, kind) in kinds.iter().enumerate() {
            if matches!(
                SpanKind::from(i32::from(*kind)),
                SpanKind::Internal | SpanKind::Unspecified
            ) {
                hints.push(None);
                continue;
            }
            let codes: [u32; TEXTS.len()] = std::array::from_fn(|at| columns[at].code(row));
            let map = &mut self.map;
            let id = known.entry((codes, port(row))).or_insert_with(|| {
                let text =
                    |at: usize| (codes[at] != NONE).then(|| columns[at].text(codes[at] as usize));
                let hints = PeerHints {
                    http_request_method: text(0),
                    rpc_system: text(1),
                    db_system: text(2),
                    db_namespace: text(3),
                    messaging_system: text(4),
                    messaging_destination: text(5),
                    server_address: text(6),
                    service_peer_name: text(7),
                    server_port: port(row),
                };
                (hints != PeerHints::default()).then(|| map.intern_peer_hints(&hints))
            });
            hints.push(*id);
        }
        Ok(hints)
    }
}

impl<'a> Coded<'a> {
    fn of(column: Option<&'a ArrayRef>) -> Result<Self, StoreError> {
        let Some(column) = column else {
            return Ok(Self { codes: Codes::Absent, texts: Texts::Made(Vec::new()) });
        };
        match column.data_type() {
            DataType::Utf8 => Ok(Self::made(column.as_string())),
            DataType::Dictionary(_, _) => {
                let coded = column.as_dictionary::<UInt32Type>();
                let texts = Texts::Read(coded.values().as_string());
                Ok(Self { codes: Codes::Read(coded.keys()), texts })
            }
            other => Err(damaged("type", other)),
        }
    }

    fn made(column: &'a StringArray) -> Self {
        let mut numbers: HashMap<&str, u32> = HashMap::new();
        let mut texts = Vec::new();
        let codes = column.iter().map(|text| {
            let Some(text) = text else { return NONE };
            *numbers.entry(text).or_insert_with(|| {
                texts.push(text);
                texts.len() as u32 - 1
            })
        });
        let codes = Codes::Made(codes.collect());
        Self { codes, texts: Texts::Made(texts) }
    }

    fn len(&self) -> usize {
        match &self.texts {
            Texts::Read(texts) => texts.len(),
            Texts::Made(texts) => texts.len(),
        }
    }

    fn text(&self, code: usize) -> &'a str {
        match &self.texts {
            Texts::Read(texts) => texts.value(code),
            Texts::Made(texts) => texts[code],
        }
    }

    fn code(&self, row: usize) -> u32 {
        match &self.codes {
            Codes::Absent => NONE,
            Codes::Read(codes) if codes.is_valid(row) => codes.value(row),
            Codes::Read(_) => NONE,
            Codes::Made(codes) => codes[row],
        }
    }
}

pub(crate) fn column<'a>(
    batch: &'a RecordBatch,
    name: &'static str,
) -> Result<&'a ArrayRef, StoreError> {
    batch.column_by_name(name).ok_or_else(|| damaged(name, &"a missing column"))
}
