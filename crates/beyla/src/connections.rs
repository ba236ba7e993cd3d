//! Services added by `coral connect`: a JSON file in the data directory, which survives restarts.

use coral_server::private_file;
use std::io;
use std::path::{Path, PathBuf};

use serde_json::{Value, json};

use coral_config::beyla::{Ports, Selector, services};

/// Connected services by name, in the order in which they were added.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Connections {
    file: PathBuf,
    connected: Vec<(String, u16)>,
}

/// Why connected services cannot be read or changed.
#[derive(Debug, thiserror::Error)]
pub enum ConnectionsError {
    /// The file cannot be read.
    #[error("cannot read `{file}`")]
    Read {
        /// The file.
        file: String,
        /// The operating system's error.
        source: io::Error,
    },
    /// The content of the file is invalid.
    #[error("`{file}` is damaged: {reason}; remove it and connect again")]
    Damaged {
        /// The file.
        file: String,
        /// The reason.
        reason: String,
    },
    /// The file cannot be written.
    #[error("cannot write `{file}`")]
    Write {
        /// The file.
        file: String,
        /// The operating system's error.
        source: io::Error,
    },
    /// The service cannot be connected.
    #[error("cannot connect `{name}`: {reason}")]
    Invalid {
        /// The name of the service.
        name: String,
        /// The reason.
        reason: String,
    },
    /// No such service is connected.
    #[error("`{name}` is not connected{}", known(.connected))]
    Unknown {
        /// The given name.
        name: String,
        /// The connected services.
        connected: Vec<String>,
    },
}

/// The most services that can be connected, besides those of the configuration.
const MAX_CONNECTIONS: usize = 256;
/// The largest size of the file, in bytes: more than [`MAX_CONNECTIONS`] entries with names of 256
/// characters need.
const MAX_BYTES: u64 = 1 << 20;

impl Connections {
    /// Reads `beyla/connections.json` in `data_dir`. If there is no such file, no service is
    /// connected.
    ///
    /// # Errors
    /// [`ConnectionsError::Read`], [`ConnectionsError::Damaged`].
    pub fn load(data_dir: &Path) -> Result<Self, ConnectionsError> {
        let file = data_dir.join("beyla/connections.json");
        let shown = || file.display().to_string();
        let damaged =
            |reason: &str| ConnectionsError::Damaged { file: shown(), reason: reason.to_owned() };
        let json = match private_file::read(&file, MAX_BYTES) {
            Ok(json) => json,
            Err(error) if error.kind() == io::ErrorKind::NotFound => "[]".to_owned(),
            Err(source) => return Err(ConnectionsError::Read { file: shown(), source }),
        };
        let list: Value = serde_json::from_str(&json).map_err(|_| damaged("not JSON"))?;
        services(&list).map_err(|reason| damaged(&reason))?;
        let entries = list.as_array().map(Vec::as_slice).unwrap_or_default();
        let connected: Option<Vec<_>> = entries.iter().map(entry).collect();
        let connected = connected.ok_or_else(|| damaged("a service without name and open_port"))?;
        Ok(Self { file, connected })
    }

    /// The connected services, in the form of Beyla's selectors.
    pub fn selectors(&self) -> Vec<Selector> {
        let selector = |(name, port): &(String, u16)| Selector {
            name: Some(name.clone()),
            open_ports: Ports::one(*port),
            ..Selector::default()
        };
        self.connected.iter().map(selector).collect()
    }

    /// The ports of the connected services.
    pub fn ports(&self) -> Vec<u16> {
        self.connected.iter().map(|(_, port)| *port).collect()
    }

    /// Adds a service, or changes its port. Returns whether anything changed.
    ///
    /// # Errors
    /// [`ConnectionsError::Invalid`], [`ConnectionsError::Write`]: nothing changed.
    pub fn connect(&mut self, name: &str, port: u16) -> Result<bool, ConnectionsError> {
        let invalid = |reason| ConnectionsError::Invalid { name: name.to_owned(), reason };
        services(&json!([{"name": name, "open_port": port}])).map_err(invalid)?;
        let mut connected = self.connected.clone();
        let full = connected.len() >= MAX_CONNECTIONS;
        match connected.iter_mut().find(|(known, _)| known == name) {
            Some((_, known)) if *known == port => return Ok(false),
            Some((_, known)) => *known = port,
            None if full => {
                return Err(invalid(format!("{MAX_CONNECTIONS} services are connected already")));
            }
            None => connected.push((name.to_owned(), port)),
        }
        self.store(connected)?;
        Ok(true)
    }

    /// Removes a service.
    ///
    /// # Errors
    /// [`ConnectionsError::Unknown`], [`ConnectionsError::Write`]: nothing changed.
    pub fn disconnect(&mut self, name: &str) -> Result<(), ConnectionsError> {
        let mut connected = self.connected.clone();
        connected.retain(|(known, _)| known != name);
        if connected.len() == self.connected.len() {
            let names = connected.into_iter().map(|(name, _)| name).collect();
            return Err(ConnectionsError::Unknown { name: name.to_owned(), connected: names });
        }
        self.store(connected)
    }

    fn store(&mut self, connected: Vec<(String, u16)>) -> Result<(), ConnectionsError> {
        let entries = connected.iter().map(|(name, port)| json!({"name": name, "open_port": port}));
        let json = Value::from_iter(entries).to_string() + "\n";
        private_file::replace(&self.file, json.as_bytes()).map_err(|source| {
            ConnectionsError::Write { file: self.file.display().to_string(), source }
        })?;
        self.connected = connected;
        Ok(())
    }
}

fn entry(value: &Value) -> Option<(String, u16)> {
    let port = u16::try_from(value["open_port"].as_u64()?).ok()?;
    Some((value["name"].as_str()?.to_owned(), port))
}

fn known(connected: &[String]) -> String {
    match connected {
        [] => "; no service is connected".to_owned(),
        names => format!("; connected services: {}", names.join(", ")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names(connections: &Connections) -> Vec<String> {
        connections.selectors().into_iter().filter_map(|selector| selector.name).collect()
    }

    #[test]
    fn connected_services_survive_a_restart() {
        let dir = tempfile::tempdir().unwrap();
        let mut connections = Connections::load(dir.path()).unwrap();
        assert!(connections.connect("cart", 8080).unwrap());
        assert!(connections.connect("a: b\"c", 81).unwrap());
        assert!(!connections.connect("cart", 8080).unwrap(), "nothing new");
        assert!(connections.connect("cart", 8081).unwrap());
        let again = Connections::load(dir.path()).unwrap();
        assert_eq!(again, connections);
        assert_eq!(again.selectors()[0].open_ports, Ports::one(8081));
        connections.disconnect("cart").unwrap();
        assert_eq!(names(&Connections::load(dir.path()).unwrap()), ["a: b\"c"]);
    }

    #[test]
    fn errors_name_the_service_that_is_invalid_or_unknown() {
        let dir = tempfile::tempdir().unwrap();
        let mut connections = Connections::load(dir.path()).unwrap();
        for (name, port) in [("", 1), ("a\nb", 1), ("a", 0), (&*"x".repeat(257), 1)] {
            assert!(connections.connect(name, port).is_err(), "{name}:{port}");
        }
        let unknown = connections.disconnect("cart").unwrap_err().to_string();
        assert_eq!(unknown, "`cart` is not connected; no service is connected");
        connections.connect("a", 1).unwrap();
        let unknown = connections.disconnect("cart").unwrap_err().to_string();
        assert_eq!(unknown, "`cart` is not connected; connected services: a");
        for number in 2..=MAX_CONNECTIONS as u16 {
            connections.connect(&number.to_string(), number).unwrap();
        }
        let full = connections.connect("one more", 1).unwrap_err().to_string();
        assert_eq!(full, "cannot connect `one more`: 256 services are connected already");
    }

    #[test]
    fn a_damaged_file_is_named_and_not_overwritten() {
        let dir = tempfile::tempdir().unwrap();
        std::fs::create_dir_all(dir.path().join("beyla")).unwrap();
        for text in
            ["", "{", "{}", "[{}]", "[{\"name\": \"a\"}]", "[{\"exe_path\": \"/a\"}]", "[1]"]
        {
            std::fs::write(dir.path().join("beyla/connections.json"), text).unwrap();
            let error = Connections::load(dir.path()).unwrap_err();
            assert!(matches!(error, ConnectionsError::Damaged { .. }), "{text}: {error}");
        }
    }
}
