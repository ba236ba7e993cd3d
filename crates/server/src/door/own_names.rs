//! The names of this host.

/// The host name, its first label, and the aliases of the host name in `/etc/hosts`, such as the
/// fully qualified name. DNS is not queried.
pub fn own_names() -> Vec<String> {
    let read = |path| std::fs::read_to_string(path).unwrap_or_default();
    names(read("/proc/sys/kernel/hostname").trim(), &read("/etc/hosts"))
}

fn names(hostname: &str, hosts_file: &str) -> Vec<String> {
    // The kernel reports "(none)" for a host without a name.
    if hostname.is_empty() || hostname.starts_with('(') {
        return Vec::new();
    }
    let mut names = vec![hostname.to_owned()];
    names.extend(hostname.split_once('.').map(|(label, _)| label.to_owned()));
    for line in hosts_file.lines() {
        let entry = line.split('#').next().unwrap_or_default();
        let aliases: Vec<&str> = entry.split_whitespace().skip(1).collect();
        if aliases.iter().any(|alias| alias.eq_ignore_ascii_case(hostname)) {
            names.extend(aliases.into_iter().map(str::to_owned));
        }
    }
    names
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_full_name_is_found_beside_the_host_name() {
        let file = "127.0.0.1 localhost\n127.0.1.1 web-1.example.com web-1 # ours\n10.0.0.9 db-1.example.com db-1\n";
        assert_eq!(names("web-1", file), ["web-1", "web-1.example.com", "web-1"]);
        assert_eq!(names("web-1.example.com", ""), ["web-1.example.com", "web-1"]);
        assert_eq!(names("(none)", file), [""; 0]);
    }
}
