//! Limit of the file handles that a port may use.

/// Part of the file handles of the process that one port may use: half of the handles are for
/// connections, and six ports share that half. A flood on one port therefore leaves handles for the
/// other ports and for the store.
const PARTS: usize = 12;
/// Smallest limit of connections. It applies even if the handles are so few that the store may lack
/// some.
const MIN_CONNECTIONS: usize = 8;

/// `wanted` connections, but at most the share of a port in the file handles of this process.
pub(super) fn connections(wanted: usize) -> usize {
    // Without a readable limit, the port may have all `wanted` connections.
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
