//! Parses the values of `oidc.*`: URLs of the provider and of the colony, and rules for roles.

use serde_json::Value;

use super::{Kind, glob, value};
use crate::is_encrypted_or_local;

/// Roles that a rule may give. `coral-trust` knows what each is.
const ROLES: [&str; 3] = ["viewer", "analyst", "admin"];

/// What the members of one group of the provider may do.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct RoleRule {
    /// The group, as the provider writes it.
    pub group: String,
    /// The role: `viewer`, `analyst` or `admin`.
    pub role: String,
    /// Globs of the services that the members may see; empty for every service.
    pub services: Vec<String>,
    /// Whether an analyst may ask in SQL.
    pub sql: bool,
}

/// Parses an `https` URL; `http` is accepted with a loopback address. The text stays as it is.
pub fn site(value: &Value) -> Result<String, String> {
    let expected = || Kind::Site.expected();
    let text = value::text(value).map_err(|_| expected())?;
    let uri: http::Uri = text.parse().map_err(|_| expected())?;
    let is_site = matches!(uri.scheme_str(), Some("http" | "https"))
        && uri.authority().is_some_and(|authority| !authority.as_str().contains('@'))
        && uri.query().is_none()
        && is_encrypted_or_local(&text);
    if is_site { Ok(text) } else { Err(expected()) }
}

/// Parses a [`site`] without a path, and removes slashes at its end and the port that its scheme
/// has anyway: browsers leave both out of the header `Origin`.
pub fn origin(value: &Value) -> Result<String, String> {
    let text = site(value)?.to_ascii_lowercase();
    let text = text.trim_end_matches('/');
    let uri: http::Uri = text.parse().map_err(|_| Kind::Site.expected())?;
    if !uri.path().trim_end_matches('/').is_empty() {
        return Err("this URL may have no path; such as https://coral.example.com".to_owned());
    }
    let port = if text.starts_with("https:") { ":443" } else { ":80" };
    Ok(text.strip_suffix(port).unwrap_or(text).to_owned())
}

/// Parses a list of rules such as `{group: payments, role: viewer, services: "payments-*"}`.
pub fn role_rules(value: &Value) -> Result<Vec<RoleRule>, String> {
    let list = value.as_array().ok_or_else(|| Kind::RoleRules.expected())?;
    list.iter().map(role_rule).collect()
}

fn role_rule(entry: &Value) -> Result<RoleRule, String> {
    const FIELDS: [&str; 4] = ["group", "role", "services", "sql"];
    let fields = entry.as_object().ok_or_else(|| Kind::RoleRules.expected())?;
    if let Some(unknown) = fields.keys().find(|key| !FIELDS.contains(&key.as_str())) {
        return Err(format!("unknown key `{unknown}` in a rule; it has {}", FIELDS.join(", ")));
    }
    let field = |name: &str| match fields.get(name) {
        Some(value) => value::text(value).map_err(|reason| format!("{name}: {reason}")),
        None => Err(format!("a rule has no `{name}`; {}", Kind::RoleRules.expected())),
    };
    let (group, role) = (field("group")?, field("role")?);
    if !ROLES.contains(&role.as_str()) {
        return Err(format!("`{role}` is not a role: {}", ROLES.join(", ")));
    }
    let services = match fields.get("services") {
        None => Vec::new(),
        Some(Value::Array(list)) if !list.is_empty() => {
            list.iter().map(value::text).collect::<Result<_, _>>()?
        }
        Some(one) => vec![value::text(one).map_err(|reason| format!("services: {reason}"))?],
    };
    services.iter().try_for_each(|services: &String| glob::check(services))?;
    let sql = fields.get("sql").map_or(Ok(false), value::boolean)?;
    if sql && (role != "analyst" || !services.is_empty()) {
        return Err("`sql` is for an analyst who sees every service".to_owned());
    }
    Ok(RoleRule { group, role, services, sql })
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_site_is_encrypted_or_on_this_host() {
        for right in [
            "https://login.example.com/realms/team",
            "https://a.auth0.com/",
            "http://127.0.0.1:5556/dex",
            "http://localhost:8080",
        ] {
            assert_eq!(site(&json!(right)).as_deref(), Ok(right));
        }
        for wrong in [
            "http://login.example.com",
            "login.example.com",
            "https://",
            "ftp://localhost",
            "https://user@login.example.com",
            "https://login.example.com?tenant=a",
            "",
        ] {
            assert!(site(&json!(wrong)).is_err(), "{wrong}");
        }
    }

    #[test]
    fn an_origin_is_written_as_browsers_write_it() {
        for (text, written) in [
            ("https://Coral.example.com/", "https://coral.example.com"),
            ("https://coral.example.com:443", "https://coral.example.com"),
            ("https://coral.example.com:9000", "https://coral.example.com:9000"),
            ("http://127.0.0.1:80", "http://127.0.0.1"),
        ] {
            assert_eq!(origin(&json!(text)).as_deref(), Ok(written));
        }
        assert!(origin(&json!("https://example.com/coral")).is_err());
    }

    #[test]
    fn a_rule_has_a_group_a_role_and_perhaps_services() {
        let rules = role_rules(&json!([
            {"group": "sre", "role": "admin"},
            {"group": "payments", "role": "viewer", "services": "payments-*"},
            {"group": "data", "role": "analyst", "sql": true},
            {"group": "web", "role": "viewer", "services": ["cart", "shop-*"]},
        ]))
        .unwrap();
        let services: Vec<_> = rules.iter().map(|rule| rule.services.join(" ")).collect();
        assert_eq!(services, ["", "payments-*", "", "cart shop-*"]);
        assert!(rules[2].sql);
        for wrong in [
            json!("sre"),
            json!(["sre"]),
            json!([{"group": "sre"}]),
            json!([{"role": "admin"}]),
            json!([{"group": "sre", "role": "root"}]),
            json!([{"group": "sre", "role": "admin", "service": "a"}]),
            json!([{"group": "sre", "role": "viewer", "services": []}]),
            json!([{"group": "sre", "role": "viewer", "services": ""}]),
            json!([{"group": "sre", "role": "viewer", "services": "[a"}]),
            json!([{"group": "sre", "role": "viewer", "sql": true}]),
        ] {
            assert!(role_rules(&wrong).is_err(), "{wrong}");
        }
    }
}
