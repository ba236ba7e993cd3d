//! From the groups of a person to what the person may do here.

use coral_config::RoleRule;
use coral_server::identity::SignedIn;
use coral_trust::role::Role;

use crate::provider::Person;

/// The rules of a colony. Whoever fits none may do nothing.
pub struct Rules(Vec<(RoleRule, Role)>);

impl Rules {
    /// The rules of a configuration.
    ///
    /// # Errors
    /// A role that does not exist.
    pub fn new(rules: &[RoleRule]) -> Result<Self, String> {
        rules
            .iter()
            .map(|rule| Ok((rule.clone(), rule.role.parse()?)))
            .collect::<Result<_, _>>()
            .map(Self)
    }

    /// What `person` may do: as the first rule says whose group the person has.
    pub fn apply(&self, person: Person) -> Option<SignedIn> {
        let (rule, role) = self.0.iter().find(|(rule, _)| person.groups.contains(&rule.group))?;
        Some(SignedIn {
            subject: person.subject,
            name: person.name,
            role: *role,
            services: rule.services.clone(),
            sql: rule.sql,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rule(group: &str, role: &str) -> RoleRule {
        RoleRule { group: group.into(), role: role.into(), services: Vec::new(), sql: false }
    }

    fn role_of(groups: &[&str]) -> Option<Role> {
        let rules = Rules::new(&[rule("payments", "viewer"), rule("sre", "admin")]).unwrap();
        let groups = groups.iter().map(|group| (*group).to_owned()).collect();
        let person = Person { subject: "7f3a".into(), name: "ana".into(), groups };
        rules.apply(person).map(|signed_in| signed_in.role)
    }

    #[test]
    fn the_first_rule_that_fits_decides_and_nobody_else_has_a_role() {
        assert_eq!(role_of(&["sre"]), Some(Role::Admin));
        assert_eq!(role_of(&["sre", "payments"]), Some(Role::Viewer));
        for none in [&[][..], &["guests"], &["SRE"], &["sre "], &["/sre"], &["*"]] {
            assert_eq!(role_of(none), None, "{none:?}");
        }
    }

    #[test]
    fn every_role_of_a_colony_can_be_given() {
        for role in Role::ALL {
            assert!(Rules::new(&[rule("sre", role.as_str())]).is_ok());
            let value = serde_json::json!([{"group": "sre", "role": role.as_str()}]);
            assert!(coral_config::role_rules(&value).is_ok());
        }
        assert!(Rules::new(&[rule("sre", "root")]).is_err());
    }
}
