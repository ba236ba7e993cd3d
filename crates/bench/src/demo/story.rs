//! What a demo says about itself: the line of `coral demo --format json`.

use std::collections::BTreeSet;

use coral_scenario::Topology;
use serde::Deserialize;

/// The line that `coral demo --format json` prints when its history is loaded.
#[derive(Clone, Debug, Deserialize)]
pub struct Story {
    /// The names that a right answer may give to the cause; empty without a fault. The first is the
    /// service with the fault.
    pub culprits: Vec<String>,
    /// The host, version, route or statement that an answer has to name, if there is one.
    pub culprit_value: Option<String>,
    /// When the fault began, in microseconds since the Unix epoch.
    pub began_unix_us: i64,
    /// The name of the fault.
    pub fault: String,
    /// The commands to try: services, cause, trace, map.
    pub commands: Vec<Command>,
}

/// A command to try.
#[derive(Clone, Debug, Deserialize)]
pub struct Command {
    /// The command line.
    pub command: String,
}

impl Story {
    /// Whether nothing is at fault.
    pub fn is_calm(&self) -> bool {
        self.culprits.is_empty()
    }

    /// Whether the fault is there in some minutes only, so that it has several beginnings.
    pub fn comes_and_goes(&self) -> bool {
        self.fault.ends_with("comes-and-goes")
    }

    /// Whether `name`, as an output names a node, is a culprit: `card-validator`,
    /// `postgresql pg-cards`, `postgresql://pg-cards:5432 [database]`.
    pub fn is_culprit(&self, name: &str) -> bool {
        let words: Vec<&str> =
            name.split([' ', ':', '/']).filter(|word| !word.is_empty()).collect();
        let is_named = self.culprits.iter().any(|culprit| words.contains(&culprit.as_str()));
        let Some(database) = words.first().filter(|_| is_named && words.len() > 1) else {
            return is_named;
        };
        // Of several databases of one system, the one that the service with the fault uses.
        let other = databases(|service| !self.culprits.iter().any(|culprit| culprit == service));
        !(self.culprits.iter().any(|culprit| culprit == database)
            && words.iter().any(|word| other.contains(word)))
    }

    /// The services with the fault, and those that wait for them: their callers, the callers of these
    /// and so on.
    pub fn sick(&self) -> BTreeSet<String> {
        let topology = Topology::checkout();
        let position = |name: &String| topology.services.iter().position(|of| of.name == *name);
        let mut left: Vec<usize> = self.culprits.iter().filter_map(position).collect();
        let mut found = BTreeSet::new();
        while let Some(at) = left.pop() {
            if found.insert(topology.services[at].name.clone()) {
                left.extend(topology.callers(at));
            }
        }
        found
    }
}

/// The addresses of the databases of services whose name `is` true of.
fn databases(is: impl Fn(&str) -> bool) -> BTreeSet<&'static str> {
    let services = Topology::checkout().services.into_iter().filter(|service| is(&service.name));
    let operations = services.flat_map(|service| service.operations);
    operations.filter_map(|operation| operation.database).map(|of| of.address).collect()
}

#[cfg(test)]
pub mod tests {
    use super::*;

    /// The story of a slow statement of `card-validator` that began at 23:12:46 UTC.
    pub fn slow_statement() -> Story {
        Story {
            culprits: vec!["card-validator".to_owned(), "postgresql".to_owned()],
            culprit_value: Some("UPDATE cards".to_owned()),
            began_unix_us: 1_795_734_766_015_336,
            fault: "slow-query".to_owned(),
            commands: Vec::new(),
        }
    }

    /// The story of a demo in which nothing goes wrong.
    pub fn calm() -> Story {
        Story { culprits: Vec::new(), culprit_value: None, ..slow_statement() }
    }

    #[test]
    fn a_database_is_a_culprit_under_its_own_address_only() {
        let story = slow_statement();
        for (name, expected) in [
            ("card-validator", true),
            ("postgresql", true),
            ("postgresql pg-cards", true),
            ("postgresql://pg-cards:5432 [database]", true),
            ("postgresql pg-shop", false),
            ("postgresql://pg-shop:5432 [database]", false),
            ("card-validator-svc", false),
            ("payments-api", false),
        ] {
            assert_eq!(story.is_culprit(name), expected, "{name}");
        }
    }

    #[test]
    fn services_that_wait_for_a_sick_service_are_sick_too() {
        let sick: Vec<String> = slow_statement().sick().into_iter().collect();
        assert_eq!(sick, ["card-validator", "frontend-api", "payments-api"]);
        assert!(calm().sick().is_empty());
    }
}
