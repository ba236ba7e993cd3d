//! Looks which services of this host listen, and which of them Beyla is told to trace.

use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use regex::Regex;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::connections::Connections;
use super::left_out;
use super::listener::{Listener, REPLACED};
use super::own_programs;
use super::service_name::ServiceName;
use coral_config::beyla::{Selector, glob};

/// The services of this host that listen on TCP ports.
#[derive(Clone, PartialEq, Eq, Debug, Default, Serialize, Deserialize, JsonSchema)]
pub struct ListeningServices {
    /// At most 200 services, by port. Programs of the system and data stores are not among them,
    /// unless Beyla is told to trace them.
    pub services: Vec<ListeningService>,
}

/// A service of this host that listens on TCP ports.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize, JsonSchema)]
pub struct ListeningService {
    /// The name of the entry that selects the service. Without one, a name that no other service is
    /// offered: its variable `OTEL_SERVICE_NAME`, its unit of systemd, its script or its program.
    pub name: String,
    /// The ports on which the service listens, in ascending order; at most 16.
    pub ports: Vec<u16>,
    /// The path of the executable file.
    pub program: String,
    /// Whether Beyla is told to trace the service; null where Kubernetes decides.
    pub traced: Option<bool>,
}

/// Surveys this host for one agent.
#[derive(Debug)]
pub struct Survey {
    /// The services of the configuration.
    configured: Vec<Selector>,
    data_dir: PathBuf,
    /// The programs of Coral, which Beyla does not instrument.
    own_programs: Vec<PathBuf>,
    last: Mutex<Option<(Instant, Arc<Vec<Listener>>)>>,
}

const MAX_SERVICES: usize = 200;
const MAX_PORTS: usize = 16;

impl Survey {
    /// The survey of an agent that instruments `configured` and the services that are connected in
    /// `data_dir`.
    pub fn new(configured: &[Selector], data_dir: &Path) -> Self {
        let (configured, data_dir) = (configured.to_vec(), data_dir.to_owned());
        Self { configured, data_dir, own_programs: own_programs(None), last: Mutex::default() }
    }

    /// The listening services as of at most `age` ago, and which of them are selected now. Blocks; one
    /// survey runs at a time.
    pub fn as_of(&self, age: Duration) -> ListeningServices {
        let connected = Connections::load(&self.data_dir).map(|known| known.selectors());
        services(&self.listeners(age), &self.configured, &connected.unwrap_or_default())
    }

    fn listeners(&self, age: Duration) -> Arc<Vec<Listener>> {
        let mut last = self.last.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some((at, found)) = &*last
            && at.elapsed() < age
        {
            return found.clone();
        }
        let mut found = Listener::all();
        found.retain(|listener| !self.own_programs.contains(&listener.program));
        let found = Arc::new(found);
        *last = Some((Instant::now(), found.clone()));
        found
    }
}

impl ListeningServices {
    /// The services that Beyla is not told to trace.
    pub fn untraced(&self) -> impl Iterator<Item = &ListeningService> {
        self.services.iter().filter(|service| service.traced == Some(false))
    }
}

fn services(
    listeners: &[Listener],
    configured: &[Selector],
    connected: &[Selector],
) -> ListeningServices {
    let ports = listeners.iter().flat_map(|listener| &listener.ports).copied();
    let is_connected = |port: &u16| connected.iter().any(|of| has_port(of, *port));
    let connected_ports: Vec<u16> = ports.filter(is_connected).collect();
    let left_out = left_out::programs(&connected_ports, listeners);
    let by_kubernetes = configured.iter().any(of_kubernetes);
    let selections: Vec<Selection> =
        configured.iter().chain(connected).map(Selection::new).collect();
    let state = |listener: &Listener| {
        let found = selections.iter().filter(|selection| selection.selects(listener));
        let found: Vec<&Selection> = found.collect();
        let traced = match &*found {
            [_, ..] => Some(true),
            [] if by_kubernetes => None,
            [] => Some(configured.is_empty() && !left_out::has(&left_out, &listener.program)),
        };
        // Of several entries, Beyla takes the name of the last one with a name.
        let named = found.iter().rev().find_map(|selection| selection.selector.name.clone());
        (traced, named)
    };
    let mut shown: Vec<_> = listeners
        .iter()
        .map(|listener| (listener, state(listener)))
        .filter(|(listener, (traced, _))| {
            *traced == Some(true) || !left_out::has(&left_out, &listener.program)
        })
        .collect();
    shown.sort_by_key(|(listener, _)| listener.ports.first().copied());
    shown.truncate(MAX_SERVICES);
    let unnamed = shown.iter().filter(|(_, (_, given))| given.is_none());
    let unnamed: Vec<(&ServiceName, u16, u32)> = unnamed
        .map(|(of, _)| (&of.name, of.ports.first().copied().unwrap_or_default(), of.pid))
        .collect();
    let mut names = ServiceName::distinct(&unnamed).into_iter();
    let services = shown.into_iter().map(|(listener, (traced, given))| {
        let name = given.or_else(|| names.next()).unwrap_or_default();
        let ports = listener.ports.iter().copied().take(MAX_PORTS).collect();
        let program = listener.program.display().to_string();
        ListeningService { name, ports, program, traced }
    });
    ListeningServices { services: services.collect() }
}

/// A selector whose glob is translated.
struct Selection<'a> {
    selector: &'a Selector,
    path: Option<Regex>,
}

impl<'a> Selection<'a> {
    fn new(selector: &'a Selector) -> Self {
        let regex = selector.exe_path.as_deref().and_then(|path| glob::to_regex(path).ok());
        Self { selector, path: regex.and_then(|regex| Regex::new(&regex).ok()) }
    }

    /// Whether the selector selects `listener`, as Beyla decides it. A selector with conditions of
    /// Kubernetes selects nothing here: what they match is known to Beyla alone.
    fn selects(&self, listener: &Listener) -> bool {
        let mark = if listener.is_replaced { REPLACED } else { "" };
        let program = format!("{}{mark}", listener.program.display());
        let by_path = self.path.as_ref().is_none_or(|path| path.is_match(&program));
        let by_port = self.selector.open_ports.is_none()
            || listener.ports.iter().any(|port| has_port(self.selector, *port));
        by_path && by_port && !of_kubernetes(self.selector)
    }
}

fn has_port(selector: &Selector, port: u16) -> bool {
    selector.open_ports.as_ref().is_some_and(|ports| ports.contain(port))
}

fn of_kubernetes(selector: &Selector) -> bool {
    let Selector { kubernetes, pod_labels, pod_annotations, .. } = selector;
    !kubernetes.is_empty() || !pod_labels.is_empty() || !pod_annotations.is_empty()
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    fn listener(program: &str, ports: &[u16]) -> Listener {
        let name = ServiceName {
            program: program.rsplit('/').next().unwrap().to_owned(),
            ..ServiceName::default()
        };
        let pid = ports.iter().copied().map(u32::from).sum();
        Listener { pid, ports: ports.to_vec(), program: program.into(), is_replaced: false, name }
    }

    /// `name:port` of each service, with `+` if it is traced, `-` if it is not, `?` if that is not
    /// known.
    fn surveyed(configured: &Value, connected: &Value) -> String {
        let host = [
            listener("/usr/sbin/sshd", &[22]),
            listener("/srv/cart", &[8080, 9090]),
            listener("/usr/bin/redis-server", &[6379]),
            listener("/usr/bin/node", &[3001]),
            listener("/usr/bin/node", &[3000]),
        ];
        let selectors = |of: &Value| coral_config::beyla::services(of).unwrap();
        let found = services(&host, &selectors(configured), &selectors(connected));
        let mark = |of: &ListeningService| match of.traced {
            Some(true) => '+',
            Some(false) => '-',
            None => '?',
        };
        let line = |of: &ListeningService| format!("{}{}:{}", mark(of), of.name, of.ports[0]);
        found.services.iter().map(line).collect::<Vec<_>>().join(" ")
    }

    #[test]
    fn without_a_selection_all_services_are_traced_and_a_connected_one_has_its_name() {
        let none = json!([]);
        assert_eq!(surveyed(&none, &none), "+node-3000:3000 +node-3001:3001 +cart:8080");
        let connected =
            json!([{"name": "web", "open_port": 3000}, {"name": "r", "open_port": 6379}]);
        assert_eq!(surveyed(&none, &connected), "+web:3000 +node:3001 +r:6379 +cart:8080");
    }

    #[test]
    fn with_a_selection_all_others_could_be_traced() {
        let cart = json!([{"open_ports": "9000-9100"}]);
        let web = json!([{"name": "web", "open_port": 3000}]);
        assert_eq!(surveyed(&cart, &web), "+web:3000 -node:3001 +cart:8080");
        let by_path = json!([{"name": "redis", "exe_path": "*/redis-*"}]);
        assert_eq!(
            surveyed(&by_path, &json!([])),
            "-node-3000:3000 -node-3001:3001 +redis:6379 -cart:8080"
        );
    }

    #[test]
    fn where_kubernetes_decides_it_is_not_known_what_is_traced() {
        let pods = json!([{"k8s_namespace": "shop"}]);
        assert_eq!(surveyed(&pods, &json!([])), "?node-3000:3000 ?node-3001:3001 ?cart:8080");
    }

    #[test]
    fn a_program_that_was_replaced_is_selected_as_beyla_sees_its_path() {
        let selects = |glob: &str, is_replaced| {
            let selectors = coral_config::beyla::services(&json!([{"exe_path": glob}])).unwrap();
            let listener = Listener { is_replaced, ..listener("/srv/cart", &[80]) };
            Selection::new(&selectors[0]).selects(&listener)
        };
        assert!(selects("*/cart", false) && !selects("*/cart", true) && selects("*/cart*", true));
    }

    #[test]
    fn a_survey_of_this_host_is_repeated_when_it_is_too_old() {
        let dir = tempfile::tempdir().unwrap();
        let survey = Survey::new(&[], dir.path());
        let first = survey.listeners(Duration::from_secs(60));
        assert!(Arc::ptr_eq(&first, &survey.listeners(Duration::from_secs(60))));
        assert!(!Arc::ptr_eq(&first, &survey.listeners(Duration::ZERO)));
    }
}
