//! What a ledger of tokens and certificates remembers.

use std::time::Duration;

use crate::directory::TrustDir;
use crate::ledger::{
    CertificateEntry, JoinEntry, JoinRefused, Ledger, LedgerError, TokenEntry, Uses,
};
use crate::role::Role;
use crate::secret::Secret;
use crate::token::Token;
use coral_trace::UnixNanos;

const NOW: UnixNanos = UnixNanos(1_795_608_000_000_000_000);

fn later(seconds: u64) -> UnixNanos {
    NOW.later(Duration::from_secs(seconds))
}

fn entry(token: &Token, expires: Option<u64>) -> TokenEntry {
    TokenEntry {
        hash: token.hash(),
        user: "ana".into(),
        role: Role::Viewer,
        services: Vec::new(),
        sql: false,
        created: NOW.0 / 1_000_000_000,
        expires: expires.map(|after| NOW.0 / 1_000_000_000 + after),
        revoked: None,
    }
}

#[test]
fn a_token_is_valid_until_it_expires_or_is_revoked_and_its_text_is_nowhere() {
    let data = tempfile::tempdir().unwrap();
    let dir = TrustDir::of(data.path());
    let (token, endless, stranger) =
        (Token::random().unwrap(), Token::random().unwrap(), Token::random().unwrap());
    let (ledger, ()) = Ledger::change(&dir, NOW, |ledger| {
        ledger.tokens.extend([entry(&token, Some(60)), entry(&endless, None)]);
        Ok::<_, LedgerError>(())
    })
    .unwrap();
    assert_eq!(Ledger::load(&dir).unwrap(), ledger);
    let valid = |ledger: &Ledger, token: &Token, at| ledger.token(&token.hash(), at).is_some();
    assert!(valid(&ledger, &token, later(59)) && !valid(&ledger, &token, later(60)));
    assert!(valid(&ledger, &endless, later(9_999_999)) && !valid(&ledger, &stranger, NOW));
    let (ledger, ()) = Ledger::change(&dir, NOW, |ledger| {
        ledger.tokens[1].revoked = Some(1);
        Ok::<_, LedgerError>(())
    })
    .unwrap();
    assert!(!valid(&ledger, &endless, NOW));
    let file = std::fs::read_to_string(dir.path("ledger.json")).unwrap();
    assert!(!file.contains(&token.text()[6..]) && file.contains(&token.hash().id()));
}

#[test]
fn a_join_token_lets_one_agent_in_once() {
    let (one, late) = (Secret::random().unwrap(), Secret::random().unwrap());
    let join = |secret: &Secret, expires| JoinEntry {
        hash: secret.hash(),
        agent: "web-1".into(),
        created: 0,
        expires: NOW.0 / 1_000_000_000 + expires,
        used: None,
    };
    let mut ledger = Ledger { joins: vec![join(&one, 60), join(&late, 0)], ..Ledger::default() };
    let unknown = Secret::random().unwrap();
    assert_eq!(ledger.join(&unknown.hash(), NOW), Err(JoinRefused::Unknown));
    assert_eq!(ledger.join(&late.hash(), NOW), Err(JoinRefused::Expired));
    assert_eq!(ledger.join(&one.hash(), NOW), Ok("web-1".into()));
    assert_eq!(ledger.join(&one.hash(), NOW), Err(JoinRefused::Used));
}

#[test]
fn a_revoked_agent_is_out_until_it_joins_again() {
    let name = "web-1".parse().unwrap();
    let other = "web-2".parse().unwrap();
    let certificate = |serial: &str, agent: &str| CertificateEntry {
        serial: serial.into(),
        agent: agent.into(),
        issued: 0,
        expires: u64::MAX,
        revoked: false,
    };
    let secret = Secret::random().unwrap();
    let mut ledger = Ledger {
        certificates: vec![certificate("01", "web-1"), certificate("02", "web-2")],
        joins: vec![JoinEntry {
            hash: secret.hash(),
            agent: "web-1".into(),
            created: 0,
            expires: u64::MAX,
            used: None,
        }],
        ..Ledger::default()
    };
    assert!(!ledger.is_revoked(&name, "01") && !ledger.is_revoked(&name, "of another CA"));
    assert!(ledger.is_revoked(&other, "01"), "a serial number is that of one agent");
    assert_eq!(ledger.revoke_agent(&name, NOW), 2);
    assert!(ledger.is_revoked(&name, "01") && ledger.is_revoked(&name, "of another CA"));
    assert!(!ledger.is_revoked(&other, "02"));
    assert_eq!(ledger.join(&secret.hash(), NOW), Err(JoinRefused::Used));
    ledger.certificates.push(certificate("03", "web-1"));
    assert!(!ledger.is_revoked(&name, "03") && ledger.is_revoked(&name, "01"));
}

#[test]
fn an_agent_that_renews_without_pause_fills_no_ledger_and_its_forgotten_certificates_are_revoked_too()
 {
    let mut ledger = Ledger::default();
    let certificate = |agent: &str, serial: u32| CertificateEntry {
        serial: serial.to_string(),
        agent: agent.into(),
        issued: 1,
        expires: u64::MAX,
        revoked: false,
    };
    ledger.note_certificate(certificate("web-2", 0));
    (1..=1_000).for_each(|serial| ledger.note_certificate(certificate("web-1", serial)));
    assert_eq!(ledger.certificates.len(), 9);
    let (web, other) = ("web-1".parse().unwrap(), "web-2".parse().unwrap());
    assert!(!ledger.is_revoked(&web, "1") && !ledger.is_revoked(&web, "1000"));
    ledger.revoke_agent(&web, NOW);
    assert!(ledger.is_revoked(&web, "1") && ledger.is_revoked(&web, "1000"));
    assert!(!ledger.is_revoked(&other, "0"));
}

#[test]
fn changes_at_the_same_time_are_all_kept_and_a_failed_one_changes_nothing() {
    let data = tempfile::tempdir().unwrap();
    let dir = TrustDir::of(data.path());
    std::thread::scope(|scope| {
        for _ in 0..8 {
            scope.spawn(|| {
                Ledger::change(&dir, NOW, |ledger| {
                    ledger.tokens.push(entry(&Token::random().unwrap(), None));
                    Ok::<_, LedgerError>(())
                })
                .unwrap();
            });
        }
    });
    assert_eq!(Ledger::load(&dir).unwrap().tokens.len(), 8);
    let failed = Ledger::change(&dir, NOW, |ledger| {
        ledger.tokens.clear();
        Err::<(), _>(LedgerError::Full)
    });
    assert!(failed.is_err());
    assert_eq!(Ledger::load(&dir).unwrap().tokens.len(), 8);
}

#[test]
fn a_damaged_ledger_lets_nobody_in() {
    let data = tempfile::tempdir().unwrap();
    let dir = TrustDir::of(data.path());
    dir.replace("ledger.json", b"{\"tokens\": [").unwrap();
    assert!(matches!(Ledger::load(&dir), Err(LedgerError::Damaged(..))));
}

#[test]
fn the_addresses_from_which_a_token_was_used_are_shown_the_newest_first() {
    let mut uses = Uses::default();
    for (at, address) in
        ["10.0.0.1", "10.0.0.2", "10.0.0.1", "10.0.0.3", "10.0.0.4", "10.0.0.5"].iter().enumerate()
    {
        uses.note(address, later(at as u64));
    }
    let addresses: Vec<_> = uses.addresses.iter().map(|(address, _)| &**address).collect();
    assert_eq!(addresses, ["10.0.0.5", "10.0.0.4", "10.0.0.3", "10.0.0.1"]);
    assert!(!uses.note("10.0.0.4", NOW) && uses.note("10.9.9.9", NOW));
}
