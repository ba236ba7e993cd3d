//! A person signs in with Keycloak, as a browser does it: pages, forms, cookies and redirects over
//! real sockets.
//!
//! `tools/fetch-keycloak DIR` prepares Keycloak and prints its directory. Without
//! `CORAL_TEST_KEYCLOAK`, the test is left out and says so, unless `CORAL_TEST_KEYCLOAK_REQUIRED` is
//! set.

mod browser;
mod keycloak;

use std::io::Write as _;
use std::path::PathBuf;
use std::time::Duration;

use coral_server::clock;
use serde_json::Value;

use self::browser::{Browser, Page};
use self::keycloak::Keycloak;
use super::path::reference_trace;
use super::process::eventually;
use super::trust_world::World;

/// Rules for two of the three groups of `sign_in/realm.json`.
const ROLES: &str = "oidc.roles=[{group: sre, role: admin}, \
                     {group: payments, role: viewer, services: \"payments-*\"}]";

/// A colony whose people sign in with `keycloak`.
fn colony(keycloak: &Keycloak, more: &[&str]) -> World {
    let issuer = format!("oidc.issuer={}", keycloak.issuer());
    let secret = format!("oidc.client_secret_file={}", keycloak.secret_file().display());
    let settings = [&issuer, "oidc.client_id=coral", &secret, ROLES];
    World::with(&[&settings, more].concat())
}

/// What `person` is, as the colony says to the browser.
fn whoami(browser: &Browser, world: &World) -> (u16, Value) {
    let page = browser.get(&format!("{}/api/v1/whoami", world.url()));
    (page.status, serde_json::from_str(&page.body).unwrap())
}

/// Begins a sign-in and answers Keycloak's form. Returns the URL of the colony to which Keycloak
/// sends the browser.
fn answered(browser: &Browser, world: &World, name: &str, next: &str) -> String {
    let begun = browser.get(&format!("{}/auth/login?next={next}", world.url()));
    assert_eq!(begun.status, 303, "{}", begun.body);
    let form = browser.get(begun.location());
    let password = format!("password of {name}");
    let sent =
        browser.post_form(&form.form_action(), &[("username", name), ("password", &password)]);
    let callback = sent.location().to_owned();
    assert!(callback.starts_with(&format!("{}/auth/callback?", world.url())), "{callback}");
    callback
}

/// Signs in from the beginning to the end.
fn signed_in(browser: &Browser, world: &World, name: &str, next: &str) -> Page {
    browser.get(&answered(browser, world, name, next))
}

#[test]
fn people_sign_in_with_a_real_provider_and_see_what_their_groups_may() {
    let Some(mut keycloak) = provider() else { return };
    let world = colony(&keycloak, &[]);
    let agent = world.agent("web-1");
    world.until_listed("web-1", true);
    let start = clock::now().earlier(Duration::from_secs(60));
    assert_eq!(agent.export(&reference_trace(start)), 200);
    world.until_stored(8);
    a_member_of_a_group_is_what_its_rule_says(&world);
    a_member_of_no_group_with_a_rule_is_refused(&world);
    a_sign_in_belongs_to_one_browser_and_works_once(&world);
    pages_of_other_sites_cannot_use_a_session(&world);
    everything_was_written_down_without_a_secret(&world);
    a_session_ends_after_its_time(&keycloak);
    without_the_provider_only_new_sign_ins_fail(&mut keycloak, &world);
}

fn a_member_of_a_group_is_what_its_rule_says(world: &World) {
    let (ana, ben) = (Browser::new(world), Browser::new(world));
    assert_eq!(whoami(&ana, world).0, 401);
    let welcome = signed_in(&ana, world, "ana", "/api/v1/status%3Fa=b");
    assert_eq!((welcome.status, welcome.location()), (303, "/api/v1/status?a=b"));
    let cookie = welcome.cookie("__Host-coral").unwrap();
    for attribute in ["; HttpOnly", "; Secure", "; SameSite=Lax", "; Path=/", "; Max-Age=28800"] {
        assert!(cookie.contains(attribute), "{cookie}");
    }
    let (status, who) = whoami(&ana, world);
    assert_eq!((status, &who["name"], &who["kind"]), (200, &"ana".into(), &"admin".into()));
    assert!(who["expires_unix_s"].as_u64() > Some(coral_trust::ledger::seconds(clock::now())));
    assert_eq!(ana.get(&format!("{}/api/v1/status", world.url())).status, 200);
    // The scope of a rule is that of a limited token.
    assert_eq!(signed_in(&ben, world, "ben", "/").status, 303);
    let (_, who) = whoami(&ben, world);
    assert_eq!((&who["name"], &who["kind"]), (&"ben".into(), &"limited token".into()));
    let now = clock::now().0 / 1_000;
    let hour = format!("baseline_us=1&since_unix_us={}&until_unix_us={now}", now - 3_600_000_000);
    let services = ben.get(&format!("{}/api/v1/services?{hour}", world.url())).body;
    assert!(services.contains("payments-api") && !services.contains("frontend"), "{services}");
    assert_eq!(ben.get(&format!("{}/api/v1/status", world.url())).status, 403);
}

fn a_member_of_no_group_with_a_rule_is_refused(world: &World) {
    let eve = Browser::new(world);
    let refused = signed_in(&eve, world, "eve", "/");
    assert_eq!(refused.status, 403);
    assert!(
        refused.body.contains("eve has no group that may see anything here"),
        "{}",
        refused.body
    );
    assert!(refused.cookie("__Host-coral").is_none());
    assert_eq!(whoami(&eve, world).0, 401);
}

fn a_sign_in_belongs_to_one_browser_and_works_once(world: &World) {
    let (ana, eve) = (Browser::new(world), Browser::new(world));
    let callback = answered(&ana, world, "ana", "/");
    // Another browser has the code, and not the cookie; then it has a cookie of its own sign-in.
    let stolen = eve.get(&callback);
    assert!(stolen.status == 403 && stolen.body.contains("did not begin"), "{}", stolen.body);
    eve.get(&format!("{}/auth/login", world.url()));
    assert_eq!(eve.get(&callback).status, 403);
    // A state that the colony did not make, and none.
    let (head, state) = callback.split_once("state=").unwrap();
    let rest = state.split_once('&').map(|(_, rest)| format!("&{rest}")).unwrap_or_default();
    let forged = "A".repeat(43);
    assert_eq!(ana.get(&format!("{head}state={forged}{rest}")).status, 403);
    assert_eq!(ana.get(&format!("{head}{}", rest.trim_start_matches('&'))).status, 403);
    // A code of another sign-in: its PKCE challenge is another one.
    let other = answered(&eve, world, "eve", "/");
    let (code, own) = (parameter(&other, "code"), parameter(&callback, "code"));
    let injected = ana.clone().get(&callback.replace(&own, &code));
    assert_eq!(injected.status, 403, "{}", injected.body);
    assert!(injected.body.contains("does not accept this sign-in"), "{}", injected.body);
    // The right browser with the right code, once: the provider accepts no code twice, even if the
    // browser kept its cookie.
    let kept = ana.clone();
    assert_eq!(ana.get(&callback).status, 303);
    assert_eq!(whoami(&ana, world).0, 200);
    let replayed = kept.get(&callback);
    assert_eq!(replayed.status, 403, "{}", replayed.body);
    assert_eq!(ana.get(&callback).status, 403);
    // No page of another site comes next.
    for next in ["//evil.example", "https://evil.example/", "/%5Cevil.example", "/%09/evil.example"]
    {
        let page = ana.get(&format!("{}/auth/login?next={next}", world.url()));
        assert!(page.status == 400 && page.body.contains("not a path"), "{next}: {}", page.body);
    }
}

fn pages_of_other_sites_cannot_use_a_session(world: &World) {
    let ana = Browser::new(world);
    assert_eq!(signed_in(&ana, world, "ana", "/").status, 303);
    let (own, logout) = (world.url(), format!("{}/auth/logout", world.url()));
    let sql = format!("{own}/api/v1/sql");
    for url in [&logout, &sql] {
        for headers in [&[("origin", "https://evil.example")][..], &[("origin", "null")], &[]] {
            let page = ana.post(url, headers);
            assert_eq!(page.status, 403, "{url} {headers:?}: {}", page.body);
            assert!(page.body.contains("another site"), "{}", page.body);
        }
    }
    assert_eq!(whoami(&ana, world).0, 200);
    // The session ends for every copy of the cookie.
    let copy = ana.clone();
    assert_eq!(ana.post(&logout, &[("origin", &own)]).status, 204);
    assert_eq!((whoami(&ana, world).0, whoami(&copy, world).0), (401, 401));
}

fn everything_was_written_down_without_a_secret(world: &World) {
    let log = world.here("audit list --last 1000 --format json");
    let log: Value = serde_json::from_str(&log).unwrap();
    let questions = log["questions"].as_array().unwrap();
    let find = |name: &str, path: &str, decision: &str| {
        let fits = |one: &&Value| {
            one["path"] == path
                && one["decision"] == decision
                && (one["requester"]["name"] == name
                    || one["question"].as_str().unwrap_or_default().contains(name))
        };
        questions.iter().find(fits).unwrap_or_else(|| panic!("{name} {path} {decision}: {log}"))
    };
    let status = find("ana", "/api/v1/status", "allowed");
    let proof = status["requester"]["proof"].as_str().unwrap();
    assert!(proof.strip_prefix("oidc ").is_some_and(|subject| subject.len() == 36), "{status}");
    assert_eq!(status["requester"]["role"], "admin", "{status}");
    assert!(find("ana signs in by oidc ", "/auth/callback", "allowed")["status"] == 303);
    assert!(find("ben", "/api/v1/status", "denied")["status"] == 403);
    let refused = find("eve tries to sign in by oidc ", "/auth/callback", "denied");
    assert!(refused["status"] == 403, "{refused}");
    // Strangers cannot fill the log: neither what they begin nor what they forge is in it.
    let of_sign_in = questions.iter().filter(|one| {
        one["path"].as_str().unwrap_or_default().starts_with("/auth/")
            && !one["question"].as_str().unwrap_or_default().contains(" by oidc ")
            && one["requester"]["name"] == "anybody"
    });
    assert_eq!(of_sign_in.count(), 0, "{log}");
    let all = log.to_string();
    assert!(!all.contains("code=") && !all.contains("state="), "{all}");
    assert!(world.here("audit verify").contains("No line was changed"));
}

fn a_session_ends_after_its_time(keycloak: &Keycloak) {
    let world = colony(keycloak, &["oidc.session=1ms"]);
    let ana = Browser::new(&world);
    assert_eq!(signed_in(&ana, &world, "ana", "/").status, 303);
    eventually(|| match whoami(&ana, &world).0 {
        401 => Ok(()),
        status => Err(format!("{status}")),
    });
}

fn without_the_provider_only_new_sign_ins_fail(keycloak: &mut Keycloak, world: &World) {
    let (ana, eve) = (Browser::new(world), Browser::new(world));
    assert_eq!(signed_in(&ana, world, "ana", "/").status, 303);
    let callback = answered(&eve, world, "eve", "/");
    keycloak.stop();
    let failed = eve.get(&callback);
    assert!(
        failed.status == 502 && failed.body.contains("cannot use the provider"),
        "{}",
        failed.body
    );
    assert_eq!(whoami(&ana, world).0, 200);
}

/// The value of the parameter `name` of a URL.
fn parameter(url: &str, name: &str) -> String {
    let (_, rest) = url.split_once(&format!("{name}=")).unwrap();
    rest.split('&').next().unwrap().to_owned()
}

/// A Keycloak that runs; `None` if the tests have none.
fn provider() -> Option<Keycloak> {
    let required = std::env::var_os("CORAL_TEST_KEYCLOAK_REQUIRED").is_some();
    let dir = std::env::var_os("CORAL_TEST_KEYCLOAK").filter(|dir| !dir.is_empty());
    assert!(!required || dir.is_some(), "the test of sign-in needs Keycloak: tools/fetch-keycloak");
    if dir.is_none() {
        // Straight to standard error: the test harness hides what a test prints.
        let _ = std::io::stderr().write_all(
            b"test of sign-in left out: no Keycloak. `tools/fetch-keycloak DIR` prepares it and prints its \
              directory; then CORAL_TEST_KEYCLOAK=DIRECTORY\n",
        );
    }
    dir.map(|dir| Keycloak::start(&PathBuf::from(dir)))
}
