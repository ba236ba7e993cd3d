//! What to do about a server that does not start.

use std::error::Error;
use std::io::{self, ErrorKind};
use std::path::Path;

use coral_agent::AgentError;
use coral_cluster::ClusterError;
use coral_colony::ColonyError;
use coral_colony::export::TargetError;
use coral_server::addresses::Addresses;
use coral_server::listen::BindError;
use coral_store::StoreError;

use crate::demo::DemoError;
use crate::roles::RoleError;
use crate::roles::engine::EngineOpenError;
use crate::roles::export::ExportError;

/// The next step after `error` of a server whose data is in `data_dir`; `None` when the error needs
/// no further advice.
pub(super) fn hint(error: &(dyn Error + 'static), data_dir: &Path) -> Option<String> {
    match role(error) {
        Some(RoleError::Bind(error)) => return of_socket(error),
        Some(RoleError::NoAuth(_)) => {
            return Some(
                "either run `coral colony init`, which writes a configuration with `colony.auth: on` and a \
                 certificate authority, and make tokens with `coral colony token create`; or set `colony.listen` to a \
                 loopback address such as 127.0.0.1:9000, and reach it through an SSH tunnel"
                    .to_owned(),
            );
        }
        Some(RoleError::SignInWithoutAuth) => {
            return Some("set `colony.auth: on`, as `coral colony init` does".to_owned());
        }
        Some(RoleError::SignInPlaintext(_)) => {
            return Some(
                "run `coral colony init`, which makes a certificate authority, or set `tls.cert`; behind a proxy \
                 that has TLS, set `colony.listen` to a loopback address and `oidc.url` to the URL of the proxy"
                    .to_owned(),
            );
        }
        Some(RoleError::SignIn(_)) => {
            return Some("docs/trust.md says what each of the settings `oidc.*` is".to_owned());
        }
        Some(RoleError::ColonyEngine(EngineOpenError::Cluster(error))) => return of_cluster(error),
        Some(RoleError::Export(error)) => return of_export(error),
        // The server had started before it ended, so advice about starting does not apply.
        Some(RoleError::Agent(AgentError::Ended(_)) | RoleError::Colony(ColonyError::Ended(_))) => {
            return None;
        }
        _ => {}
    }
    let mut cause = Some(error);
    while let Some(error) = cause {
        if let Some(StoreError::Locked { path }) = error.downcast_ref() {
            return Some(of_lock(path, data_dir));
        }
        if let Some(error) = error.downcast_ref::<io::Error>() {
            return of_file(error, data_dir);
        }
        cause = error.source();
    }
    None
}

/// The error of a role, which may be inside the error of a demo.
fn role<'a>(error: &'a (dyn Error + 'static)) -> Option<&'a RoleError> {
    match error.downcast_ref() {
        Some(DemoError::Role(role)) => Some(role),
        _ => error.downcast_ref(),
    }
}

/// The next step when the ClickHouse servers cannot be used.
fn of_cluster(error: &ClusterError) -> Option<String> {
    Some(match error {
        ClusterError::Request { url, .. } => format!(
            "`curl {url}/ping` answers `Ok.` if the server runs; docs/scale.md says what its user may have to do"
        ),
        ClusterError::SchemaVersion { .. } => {
            "start the newest Coral that has used these tables, or name another database in \
             `storage.clickhouse.database`"
                .to_owned()
        }
        ClusterError::OtherShard { .. } => {
            "list the servers in `storage.clickhouse.shards` in the number and order in which they were when the tables were \
             made, or name another database in `storage.clickhouse.database`"
                .to_owned()
        }
        ClusterError::Setting { .. } | ClusterError::Tls { .. } => {
            "docs/configuration.md has an example of each setting".to_owned()
        }
        _ => return None,
    })
}

/// The next step when an export cannot begin.
fn of_export(error: &ExportError) -> Option<String> {
    let ExportError::Target(error) = error else {
        return Some(
            "docs/guide.md has the search language; `coral config check` reads it too".to_owned(),
        );
    };
    Some(match error {
        TargetError::OwnAddress { .. } => {
            "name the address of another receiver of OTLP in `export`: spans would come back for ever".to_owned()
        }
        TargetError::TraceFilter { .. } => {
            "filter by what a span has itself, such as service:payments or status:error".to_owned()
        }
        TargetError::Plaintext(_) => {
            "write https://, or set `tls: {insecure_plaintext: true}` of the target in a network that nobody else reads"
                .to_owned()
        }
        TargetError::Tls { .. } | TargetError::HeaderFile { .. } => {
            "docs/export.md says what each file of a target is".to_owned()
        }
    })
}

fn of_socket(error: &BindError) -> Option<String> {
    let key = error.what;
    let kind = error.source()?.downcast_ref::<io::Error>()?.kind();
    Some(match kind {
        ErrorKind::AddrInUse => format!(
            "another process listens there: stop it, or name another address with `--set {key}=ADDRESS`"
        ),
        ErrorKind::AddrNotAvailable => {
            format!("name an address of this host with `--set {key}=ADDRESS`")
        }
        ErrorKind::PermissionDenied => format!(
            "this user may not use that port: name one above 1023 with `--set {key}=ADDRESS`"
        ),
        _ => return None,
    })
}

/// The next step when another process has locked the file `lock`.
fn of_lock(lock: &Path, data_dir: &Path) -> String {
    let dir = data_dir.display();
    let is_of_lock = |addresses: &Addresses| {
        let is_role = lock.components().any(|part| part.as_os_str() == addresses.role.as_str());
        let is_alive = Path::new("/proc").join(addresses.pid.to_string()).exists();
        is_alive && (is_role || addresses.role == "standalone")
    };
    match Addresses::read(data_dir).filter(is_of_lock) {
        Some(Addresses { role, pid, .. }) => {
            let article = if role == "agent" { "an" } else { "a" };
            let name = if role == "standalone" { "standalone Coral" } else { role.as_str() };
            format!(
                "{article} {name} (pid {pid}) already uses `{dir}`: stop it, or give --data-dir"
            )
        }
        None => format!("stop the process that uses `{dir}`, or give --data-dir"),
    }
}

fn of_file(error: &io::Error, data_dir: &Path) -> Option<String> {
    let dir = data_dir.display();
    match error.kind() {
        ErrorKind::PermissionDenied => Some(format!(
            "this user may not write `{dir}`: give --data-dir, or start as the user that owns it"
        )),
        ErrorKind::ReadOnlyFilesystem | ErrorKind::NotADirectory => {
            Some(format!("`{dir}` cannot hold data: give --data-dir"))
        }
        ErrorKind::StorageFull => {
            Some(format!("make room on the disk of `{dir}`, or give --data-dir"))
        }
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use std::net::{SocketAddr, TcpListener};

    use super::*;

    fn directory(kind: ErrorKind) -> RoleError {
        EngineOpenError::from(StoreError::Directory { path: "/data".into(), source: kind.into() })
            .into()
    }

    #[test]
    fn what_keeps_a_server_from_its_data_has_a_next_step() {
        let of = |error: RoleError| hint(&error, Path::new("/data")).unwrap_or_default();
        assert!(of(directory(ErrorKind::PermissionDenied)).contains("the user that owns it"));
        assert!(of(directory(ErrorKind::StorageFull)).contains("make room"));
        assert_eq!(of(directory(ErrorKind::Other)), "");
        let demo = DemoError::Role(directory(ErrorKind::PermissionDenied));
        assert!(hint(&demo, Path::new("/data")).is_some());
    }

    #[test]
    fn who_holds_the_data_is_named_when_it_said_so_and_lives() {
        let dir = tempfile::tempdir().unwrap();
        let shown = dir.path().display();
        let locked = || {
            let path = dir.path().join("agent/lock");
            hint(&RoleError::Agent(AgentError::Store(StoreError::Locked { path })), dir.path())
        };
        let anybody = format!("stop the process that uses `{shown}`, or give --data-dir");
        assert_eq!(locked(), Some(anybody.clone()));
        for (role, pid, name) in [
            ("agent", std::process::id(), Some("an agent")),
            ("standalone", std::process::id(), Some("a standalone Coral")),
            ("colony", std::process::id(), None),
            ("agent", u32::MAX, None),
        ] {
            let addresses = Addresses { role: role.into(), pid, ..Addresses::default() };
            let _published = addresses.publish(dir.path()).unwrap();
            let named = name.map(|name| {
                format!("{name} (pid {pid}) already uses `{shown}`: stop it, or give --data-dir")
            });
            assert_eq!(locked(), named.or_else(|| Some(anybody.clone())), "{role} {pid}");
        }
    }

    #[tokio::test]
    async fn a_taken_port_is_hinted_at_with_its_key() {
        let taken = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = taken.local_addr().unwrap();
        let foreign = SocketAddr::from(([192, 0, 2, 1], 0));
        for (address, step) in [(address, "another process listens"), (foreign, "of this host")] {
            let error = coral_server::listen::bind(address, "otlp.grpc").await.unwrap_err();
            let hint = hint(&RoleError::Bind(error), Path::new("/data")).unwrap();
            assert!(hint.contains(step) && hint.contains("--set otlp.grpc=ADDRESS"), "{hint}");
        }
    }
}
