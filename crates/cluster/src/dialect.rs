//! What differs between ClickHouse of 2018, which Debian 12 has, and ClickHouse of today.

/// What a server understands.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct Dialect {
    /// Whether the server is of version 22 or later.
    modern: bool,
}

impl Dialect {
    /// The dialect of a server that says it has this version, such as `26.7.3.1`.
    pub(crate) fn of(version: &str) -> Self {
        let major = version.split('.').next().and_then(|major| major.parse().ok());
        Self { modern: major.is_some_and(|major: u32| major >= 22) }
    }

    /// Settings of every insert: its rows are parsed in their order, and are stored before the
    /// answer. An earlier server knows none of these settings, and does so.
    pub(crate) fn insert_settings(self) -> &'static [(&'static str, &'static str)] {
        const MODERN: &[(&str, &str)] =
            &[("async_insert", "0"), ("input_format_parallel_parsing", "0")];
        if self.modern { MODERN } else { &[] }
    }

    /// Whether the server lists its disks.
    pub(crate) fn has_disks(self) -> bool {
        self.modern
    }

    /// Settings of every table of a single server: what is inserted is on the disk before the
    /// answer. An earlier server leaves that to the kernel.
    pub(crate) fn table_settings(self) -> &'static str {
        if self.modern { ", fsync_after_insert = 1, fsync_part_directory = 1" } else { "" }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_server_without_a_version_that_is_read_is_taken_for_an_early_one() {
        assert!(Dialect::of("26.7.3.1").modern && Dialect::of("22.3").modern);
        for early in ["18.16.1", "21.8.1", "", "next"] {
            assert!(!Dialect::of(early).modern, "{early}");
        }
    }
}
