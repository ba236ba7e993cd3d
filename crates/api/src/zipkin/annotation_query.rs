//! `annotationQuery`: `http.method=GET and error`.

use coral_query::service_search::Annotation;

/// The conditions of `text`. Of conditions with one key, the last one with a value counts.
pub(super) fn parse(text: &str) -> Vec<Annotation> {
    let mut all: Vec<Annotation> = Vec::new();
    for part in text.split(" and ") {
        let (key, value) = match part.split_once('=') {
            Some((key, value)) => (key.trim(), Some(value.trim())),
            None => (part.trim(), None),
        };
        if key.is_empty() {
            continue;
        }
        let known = all.iter_mut().find(|one| one.key == key);
        let has_value = value.is_some();
        let value = value.filter(|value| !value.is_empty()).map(str::to_owned);
        match known {
            Some(known) if has_value => known.value = value,
            Some(_) => {}
            None => all.push(Annotation { key: key.to_owned(), value }),
        }
    }
    all
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn conditions_are_joined_by_and() {
        for (text, expected) in [
            ("error", "error"),
            ("http.method=GET and error", "http.method=GET, error"),
            (" a = b=c and  d ", "a=b=c, d"),
            ("a=1 and a=2 and a", "a=2"),
            ("a and a=1", "a=1"),
            ("a= and =b", "a"),
            ("==", ""),
            ("a==b and == and =", "a==b"),
            ("brand and android", "brand, android"),
            ("", ""),
        ] {
            let all = parse(text).into_iter().map(|one| match one.value {
                Some(value) => format!("{}={value}", one.key),
                None => one.key,
            });
            assert_eq!(all.collect::<Vec<_>>().join(", "), expected, "{text}");
        }
    }
}
