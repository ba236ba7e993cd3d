//! Labels of series.

use coral_traceql::Static;

/// The labels as Prometheus writes them. A name that is no name of Prometheus is in quotes.
pub(super) fn prometheus(labels: &[(String, Static)]) -> String {
    let label = |(name, value): &(String, Static)| {
        let is_plain = name.chars().all(|c| c.is_ascii_alphanumeric() || c == '_' || c == ':')
            && !name.starts_with(|c: char| c.is_ascii_digit());
        let name = if is_plain { name.clone() } else { quoted(name) };
        format!("{name}={}", quoted(&value.text()))
    };
    format!("{{{}}}", labels.iter().map(label).collect::<Vec<_>>().join(", "))
}

fn quoted(text: &str) -> String {
    let escaped = text.replace('\\', "\\\\").replace('"', "\\\"").replace('\n', "\\n");
    format!("\"{escaped}\"")
}
