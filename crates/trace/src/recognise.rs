//! Decides which collector made a span, by exact strings in its resource and scope.

use std::borrow::Cow;
use std::fmt;
use std::str::FromStr;

use crate::origin::{Collector, Resource, Scope};

/// One exact string that identifies an eBPF collector.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Rule {
    /// The field that the string is in.
    pub field: RuleField,
    /// The whole value of the field. A part of a value never matches, because a user's service may
    /// be called `beyla-cart`.
    pub equals: Cow<'static, str>,
}

/// The field that a rule compares.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum RuleField {
    /// The value of this resource attribute.
    ResourceAttribute(Cow<'static, str>),
    /// The name of the instrumentation scope.
    ScopeName,
}

/// Decides which collector made a span, without allocating memory.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Recogniser(Mode);

#[derive(Clone, PartialEq, Eq, Debug)]
enum Mode {
    /// The built-in rules, followed by the user's rules.
    Rules(Vec<Rule>),
    /// The collector is known in advance, from the port or the stream.
    Always(Collector),
}

/// The strings that identify Beyla 1.0 to 3.33 and plain OBI (OpenTelemetry's own build), as their
/// releases send them.
pub const BUILT_IN_RULES: &[Rule] = &[
    // Beyla 1.2-2.2, 2.7.7-3.33; OBI of May 2025.
    resource("telemetry.sdk.name", "beyla"),
    // Beyla 2.5.1-2.7.6; plain OBI after May 2025.
    resource("telemetry.sdk.name", "opentelemetry-ebpf-instrumentation"),
    // Beyla 3.3.1-3.33; plain OBI since its `telemetry.sdk.name` became `opentelemetry`.
    resource("telemetry.distro.name", "opentelemetry-ebpf-instrumentation"),
    // Beyla 1.6-3.8.
    resource("otel.library.name", "github.com/grafana/beyla"),
    // Beyla 3.0-3.33, also when `attributes.select.resource` drops `telemetry.*`.
    resource("otel.scope.name", "github.com/grafana/beyla"),
    // Plain OBI.
    resource("otel.library.name", "go.opentelemetry.io/obi"),
    resource("otel.scope.name", "go.opentelemetry.io/obi"),
    // OBI of May 2025.
    resource("otel.library.name", "github.com/open-telemetry/opentelemetry-ebpf-instrumentation"),
    resource("otel.scope.name", "github.com/open-telemetry/opentelemetry-ebpf-instrumentation"),
    // Beyla 1.0-1.5; metrics up to 2.2.
    scope("github.com/grafana/beyla"),
    // Metrics of Beyla 2.6-3.33.
    scope("go.opentelemetry.io/obi"),
    // Metrics of Beyla 2.5.
    scope("github.com/open-telemetry/opentelemetry-ebpf-instrumentation"),
];

impl Recogniser {
    /// The built-in rules, and `extra` rules.
    pub fn with_rules(extra: Vec<Rule>) -> Self {
        Self(Mode::Rules(BUILT_IN_RULES.iter().cloned().chain(extra).collect()))
    }

    /// A recogniser for a port that only Beyla sends to.
    pub const fn everything_ebpf() -> Self {
        Self(Mode::Always(Collector::Ebpf))
    }

    /// A recogniser for spans that are known to come from SDKs.
    pub const fn everything_sdk() -> Self {
        Self(Mode::Always(Collector::Sdk))
    }

    /// The collector of spans with this `resource` and `scope`: eBPF if any rule matches, else SDK.
    pub fn collector(&self, resource: &Resource, scope: &Scope) -> Collector {
        match &self.0 {
            Mode::Always(collector) => *collector,
            Mode::Rules(rules) if rules.iter().any(|rule| rule.matches(resource, scope)) => {
                Collector::Ebpf
            }
            Mode::Rules(_) => Collector::Sdk,
        }
    }
}

impl Default for Recogniser {
    fn default() -> Self {
        Self::with_rules(Vec::new())
    }
}

impl Rule {
    fn matches(&self, resource: &Resource, scope: &Scope) -> bool {
        match &self.field {
            RuleField::ResourceAttribute(key) => {
                resource.attributes.text(key) == Some(&*self.equals)
            }
            RuleField::ScopeName => scope.name == *self.equals,
        }
    }
}

const fn resource(key: &'static str, equals: &'static str) -> Rule {
    Rule { field: RuleField::ResourceAttribute(Cow::Borrowed(key)), equals: Cow::Borrowed(equals) }
}

const fn scope(equals: &'static str) -> Rule {
    Rule { field: RuleField::ScopeName, equals: Cow::Borrowed(equals) }
}

/// The error of a text that is not a [`Rule`].
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct InvalidRule;

impl fmt::Display for InvalidRule {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("expected RESOURCE_ATTRIBUTE=TEXT or scope.name=TEXT, neither side empty")
    }
}

impl std::error::Error for InvalidRule {}

/// Parses `telemetry.sdk.name=my-ebpf` or `scope.name=my/scope`.
impl FromStr for Rule {
    type Err = InvalidRule;

    fn from_str(text: &str) -> Result<Self, InvalidRule> {
        let (key, equals) = text.split_once('=').ok_or(InvalidRule)?;
        if key.is_empty() || equals.is_empty() {
            return Err(InvalidRule);
        }
        let field = match key {
            "scope.name" => RuleField::ScopeName,
            _ => RuleField::ResourceAttribute(Cow::Owned(key.to_owned())),
        };
        Ok(Self { field, equals: Cow::Owned(equals.to_owned()) })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(resource: &[(&str, &str)], scope: &str, expected: Collector) {
        let attributes = resource.iter().copied().collect();
        let resource = Resource { attributes, ..Resource::default() };
        let scope = Scope { name: scope.to_owned(), ..Scope::default() };
        assert_eq!(Recogniser::default().collector(&resource, &scope), expected, "{resource:?}");
    }

    const BEYLA: &str = "github.com/grafana/beyla";
    const OBI: &str = "opentelemetry-ebpf-instrumentation";
    const SDK_NAME: &str = "telemetry.sdk.name";
    const DISTRO: (&str, &str) = ("telemetry.distro.name", OBI);
    const LIBRARY: (&str, &str) = ("otel.library.name", BEYLA);
    const SCOPE: (&str, &str) = ("otel.scope.name", BEYLA);

    #[test]
    fn every_version_of_beyla_is_recognised() {
        let obi_library = ("otel.library.name", "go.opentelemetry.io/obi");
        let early_obi = format!("github.com/open-telemetry/{OBI}");
        for (versions, resource, scope) in [
            ("1.0-1.1", vec![], BEYLA),
            ("1.2-1.5", vec![(SDK_NAME, "beyla")], BEYLA),
            ("1.6-2.2", vec![(SDK_NAME, "beyla"), LIBRARY], ""),
            ("2.5.1-2.7.6", vec![(SDK_NAME, OBI), LIBRARY], ""),
            ("2.7.7-2.8.5", vec![(SDK_NAME, "beyla"), LIBRARY], ""),
            ("3.0-3.3.0", vec![(SDK_NAME, "beyla"), LIBRARY, SCOPE], ""),
            ("3.3.1-3.8", vec![(SDK_NAME, "beyla"), DISTRO, LIBRARY, SCOPE], ""),
            ("3.9-3.33", vec![(SDK_NAME, "beyla"), DISTRO, SCOPE], ""),
            ("3.9-3.33 without telemetry.*", vec![SCOPE], ""),
            ("OBI of May 2025", vec![("otel.library.name", early_obi.as_str())], ""),
            ("OBI", vec![(SDK_NAME, "opentelemetry"), DISTRO, obi_library], ""),
            ("metrics of 2.5", vec![], early_obi.as_str()),
            ("metrics of 2.6-3.33", vec![], "go.opentelemetry.io/obi"),
        ] {
            println!("{versions}");
            check(&resource, scope, Collector::Ebpf);
        }
    }

    #[test]
    fn each_built_in_rule_suffices_alone() {
        for rule in BUILT_IN_RULES {
            match &rule.field {
                RuleField::ResourceAttribute(key) => {
                    check(&[(&**key, &*rule.equals)], "", Collector::Ebpf);
                }
                RuleField::ScopeName => check(&[], &rule.equals, Collector::Ebpf),
            }
        }
    }

    #[test]
    fn a_collector_that_is_known_in_advance_is_not_looked_up() {
        let beyla = Resource { attributes: [SCOPE].into_iter().collect(), ..Resource::default() };
        for (recogniser, resource, expected) in [
            (Recogniser::everything_ebpf(), Resource::default(), Collector::Ebpf),
            (Recogniser::everything_sdk(), beyla, Collector::Sdk),
        ] {
            assert_eq!(recogniser.collector(&resource, &Scope::default()), expected);
        }
    }

    #[test]
    fn the_service_name_never_makes_an_sdk_a_beyla() {
        check(
            &[("service.name", "beyla-cart"), ("telemetry.sdk.name", "opentelemetry")],
            "",
            Collector::Sdk,
        );
        check(&[("telemetry.sdk.name", "beyla2")], "github.com/grafana/beyla/x", Collector::Sdk);
        check(&[("telemetry.sdk.language", "go")], "beyla", Collector::Sdk);
        check(&[], "", Collector::Sdk);
    }

    #[test]
    fn the_rules_of_a_user_are_added_to_the_built_in_rules() {
        let rules = ["telemetry.sdk.name=my-ebpf", "scope.name=my/scope"];
        let rules = rules.map(|rule| rule.parse().unwrap()).to_vec();
        let recogniser = Recogniser::with_rules(rules);
        let mine = Scope { name: "my/scope".to_owned(), ..Scope::default() };
        assert_eq!(recogniser.collector(&Resource::default(), &mine), Collector::Ebpf);
        let beyla = Scope { name: BEYLA.to_owned(), ..Scope::default() };
        assert_eq!(recogniser.collector(&Resource::default(), &beyla), Collector::Ebpf);
        for invalid in ["", "=", "a=", "=b", "no-sign"] {
            assert!(invalid.parse::<Rule>().is_err(), "{invalid}");
        }
    }
}
