//! Settings of a cluster.

use crate::error::ClusterError;

/// Where the servers of a cluster are, and who Coral is there.
#[derive(Clone, PartialEq, Eq)]
pub struct ClusterConfig {
    /// The shards, each with the URLs of its replicas, `http://host:8123` or `https://host:8443`.
    /// This version knows one replica per shard.
    pub shards: Vec<Vec<String>>,
    /// The database, which Coral creates.
    pub database: String,
    /// The user; ClickHouse's `default` if `None`.
    pub user: Option<String>,
    /// The password of the user.
    pub password: Option<String>,
    /// The user for statements of users, and the password; [`Cluster::select`](crate::Cluster::select)
    /// fails if `None`.
    pub reader: Option<(String, Option<String>)>,
    /// The certificate authorities of the servers, in PEM; those of the web if `None`.
    pub authorities: Option<String>,
}

/// The largest number of shards.
const MAX_SHARDS: usize = 1_024;

impl ClusterConfig {
    /// Checks what can be checked without a server.
    pub(crate) fn check(&self) -> Result<(), ClusterError> {
        let wrong =
            |key, reason: &str| Err(ClusterError::Setting { key, reason: reason.to_owned() });
        if self.shards.is_empty() || self.shards.iter().any(Vec::is_empty) {
            return wrong("shards", "there must be a shard, and each must have a URL");
        }
        if self.shards.iter().any(|urls| urls.len() > 1) {
            return wrong("shards", "this version of Coral writes to one replica of each shard");
        }
        if self.shards.len() > MAX_SHARDS {
            return wrong("shards", "there may be 1,024 of them");
        }
        let is_url = |url: &String| url.starts_with("http://") || url.starts_with("https://");
        if !self.shards.iter().flatten().all(is_url) {
            return wrong("shards", "each URL must begin with `http://` or `https://`");
        }
        let is_plain = |c: char| c.is_ascii_alphanumeric() || c == '_';
        let starts = |c: char| c.is_ascii_alphabetic() || c == '_';
        if !self.database.starts_with(starts) || !self.database.chars().all(is_plain) {
            return wrong(
                "database",
                "a name has letters, digits and `_`, and begins with no digit",
            );
        }
        Ok(())
    }
}

/// Without the password.
impl std::fmt::Debug for ClusterConfig {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("ClusterConfig")
            .field("shards", &self.shards)
            .field("database", &self.database)
            .field("user", &self.user)
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn settings_that_cannot_be_used_are_refused_and_a_password_is_not_shown() {
        let of = |shards: &[&[&str]], database: &str| ClusterConfig {
            shards: shards
                .iter()
                .map(|urls| urls.iter().map(|&url| url.to_owned()).collect())
                .collect(),
            database: database.to_owned(),
            user: None,
            password: Some("secret".to_owned()),
            reader: None,
            authorities: None,
        };
        let good = of(&[&["http://a:8123"], &["https://b"]], "coral_1");
        assert!(good.check().is_ok());
        assert!(!format!("{good:?}").contains("secret"));
        let urls: &[&[&str]] = &[&["http://a"]];
        for wrong in [
            of(&[], "c"),
            of(&[&[]], "c"),
            of(&[&["a:8123"]], "c"),
            of(&[&["http://a", "http://b"]], "c"),
            of(urls, ""),
            of(urls, "a`b"),
            of(urls, "1a"),
        ] {
            assert!(wrong.check().is_err(), "{wrong:?}");
        }
    }
}
