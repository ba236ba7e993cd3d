//! How many file handles a port may use.

/// Half of the process's handles are for connections, and six ports share them: a flood on one leaves
/// the others, and the store, theirs.
const PARTS: usize = 12;
/// Few enough handles that they may run out; the store has less than it should.
const MIN_CONNECTIONS: usize = 8;

/// `wanted` connections, or as many as a port's share of this process's file handles.
pub(super) fn connections(wanted: usize) -> usize {
    // Where that cannot be read there is no limit that we could keep to.
    let limits = std::fs::read_to_string("/proc/self/limits").unwrap_or_default();
    let share = open_files(&limits).map_or(wanted, |files| (files / PARTS).max(MIN_CONNECTIONS));
    if share < wanted {
        tracing::info!(
            connections = share,
            wanted,
            "the limit on open files leaves fewer connections to a port; raise it with `ulimit -n`"
        );
    }
    wanted.min(share)
}

/// The soft limit in the text of `/proc/self/limits`; `None` when there is none.
fn open_files(limits: &str) -> Option<usize> {
    let line = limits.lines().find_map(|line| line.strip_prefix("Max open files"))?;
    line.split_whitespace().next()?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_soft_limit_is_found() {
        let limits = "Limit                     Soft Limit           Hard Limit           Units\n\
                      Max processes             95767                95767                processes\n\
                      Max open files            1024                 524288               files\n";
        assert_eq!(open_files(limits), Some(1024));
        assert_eq!(open_files("Max open files            unlimited  unlimited  files"), None);
        assert_eq!(open_files(""), None);
    }
}
