//! Parses the values of `storage.engine` and `storage.clickhouse.shards`.

use serde_json::Value;

use super::{Kind, value};

/// Where a colony stores spans and metrics.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum StorageEngine {
    /// In a directory of the colony's host.
    Embedded,
    /// On ClickHouse servers.
    ClickHouse,
}

/// Parses `embedded` or `clickhouse`.
pub fn engine(value: &Value) -> Result<StorageEngine, String> {
    match value.as_str() {
        Some("embedded") => Ok(StorageEngine::Embedded),
        Some("clickhouse") => Ok(StorageEngine::ClickHouse),
        _ => Err(Kind::Engine.expected()),
    }
}

/// Parses a list of shards, each the list of the URLs of its replicas.
pub fn shards(value: &Value) -> Result<Vec<Vec<String>>, String> {
    let expected = || Kind::Shards.expected();
    let list = value.as_array().filter(|list| !list.is_empty()).ok_or_else(expected)?;
    let mut shards: Vec<Vec<String>> = Vec::with_capacity(list.len());
    for shard in list {
        let replicas = shard.as_array().filter(|urls| !urls.is_empty()).ok_or_else(expected)?;
        let mut urls = Vec::with_capacity(replicas.len());
        for url in replicas {
            let url = value::url(url).map_err(|_| expected())?;
            if url.contains('@') {
                return Err("a URL may have no user and no password, because it is shown in status and errors: they belong \
                            in `storage.clickhouse.user` and `storage.clickhouse.password_file`"
                    .to_owned());
            }
            if shards.iter().flatten().chain(&urls).any(|known| *known == url) {
                return Err(format!(
                    "`{url}` is there twice: two shards, or two replicas, are two servers"
                ));
            }
            urls.push(url);
        }
        shards.push(urls);
    }
    Ok(shards)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_shard_is_a_list_of_servers_and_no_server_is_there_twice() {
        let read = shards(&json!([["http://a:8123/"], ["https://b:8443", "https://c:8443"]]));
        let expected = [vec!["http://a:8123"], vec!["https://b:8443", "https://c:8443"]];
        assert_eq!(
            read.unwrap(),
            expected.map(|urls| urls.into_iter().map(str::to_owned).collect::<Vec<_>>())
        );
        for wrong in [
            json!("http://a:8123"),
            json!([]),
            json!(["http://a:8123"]),
            json!([[]]),
            json!([["a:8123"]]),
            json!([["http://a"]]),
            json!([["http://coral:secret@a:8123"]]),
            json!([["http://a:8123"], ["http://a:8123/"]]),
            json!([["http://a:8123", "http://a:8123"]]),
        ] {
            assert!(shards(&wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn an_engine_has_one_of_two_names() {
        assert_eq!(engine(&json!("embedded")), Ok(StorageEngine::Embedded));
        assert_eq!(engine(&json!("clickhouse")), Ok(StorageEngine::ClickHouse));
        assert!(engine(&json!("duckdb")).is_err());
    }
}
