//! SQL statements by file name.

/// One SQL statement, or for the schema a few, with the name that errors and tests call it by.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Statement {
    pub(crate) name: &'static str,
    pub(crate) sql: &'static str,
}

/// Names the statements in `src/sql/` and lists them all, so that a test prepares each.
macro_rules! statements {
    ($($constant:ident = $file:literal;)*) => {
        $(pub(crate) const $constant: Statement =
            Statement { name: $file, sql: include_str!(concat!("sql/", $file, ".sql")) };)*

        /// Every statement, for the tests.
        #[cfg(test)]
        pub(crate) const ALL: &[Statement] = &[$($constant),*];
    };
}

statements! {
    TABLES = "schema/tables";
    MACROS = "schema/macros";
    VIEWS = "schema/views";

    CREATE_META = "write/create_meta";
    META = "write/meta";
    SET_NEXT_RECEIPT = "write/set_next_receipt";
    HOT_EXTENT = "write/hot_extent";
    HOT_KEYS = "write/hot_keys";
    HOT_ORIGINS = "write/hot_origins";
    KNOWN_SPANS = "write/known_spans";

    EMPTY_SPANS = "seal/empty_spans";
    EMPTY_PARTS = "seal/empty_parts";
    SEAL_SPANS = "seal/spans";
    SEAL_PARTS = "seal/parts";
    SEAL_EXTENT = "seal/extent";
    SEAL_TRACE_IDS = "seal/trace_ids";
    SEGMENTS = "seal/segments";
    INSERT_SEGMENT = "seal/insert_segment";
    DELETE_SEGMENT = "seal/delete_segment";
    DELETE_HOT_SPANS = "seal/delete_spans";
    DELETE_HOT_PARTS = "seal/delete_parts";
    DELETE_HOT_ORIGINS = "seal/delete_origins";

    SET_SEGMENT_FILES = "read/set_segment_files";
    TRACE = "read/trace";
    TRACE_SIZE = "read/trace_size";
    TRACE_IDS_BETWEEN = "read/trace_ids_between";
    SPANS_AFTER = "read/spans_after";
    SPANS_OF_TRACES = "read/spans_of_traces";
    SEARCH_TRACES = "read/search_traces";
    SEARCH_TRACES_BY_SPAN = "read/search_traces_by_span";

    CHECKPOINTS = "colony/checkpoints";
    DELETE_CHECKPOINT = "colony/delete_checkpoint";
    INSERT_CHECKPOINT = "colony/insert_checkpoint";
    AGENTS = "colony/agents";
    DELETE_AGENT = "colony/delete_agent";
    INSERT_AGENT = "colony/insert_agent";
}
