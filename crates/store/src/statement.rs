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
    VIEWS = "schema/views";
    METRIC_VIEWS = "schema/metric_views";

    CREATE_META = "meta/create";
    META = "meta/read";

    SET_SPAN_FILES = "read/set_span_files";
    SET_METRIC_FILES = "read/set_metric_files";

    AGENTS = "colony/agents";
    DELETE_AGENT = "colony/delete_agent";
    INSERT_AGENT = "colony/insert_agent";
}
