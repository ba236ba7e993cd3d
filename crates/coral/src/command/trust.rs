//! `coral colony init`, `token`, `agents` and `ca`: who may come into the colony of this host.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::path::{Path, PathBuf};

use coral_config::{ColonyConfig, Sources};
use coral_server::clock;
use coral_server::door::own_names::own_names;
use coral_text::table::{Cell, Table, name, whole};
use coral_trace::sanitize::line;
use coral_trace::units::LocalTime;
use coral_trace::{UnixNanos, chain};
use coral_trust::authority::{Authority, AuthorityError};
use coral_trust::directory::TrustDir;
use coral_trust::join::JoinToken;
use coral_trust::ledger::{JoinEntry, Ledger, LedgerError, TokenEntry, Uses, seconds};
use coral_trust::role::Role;
use coral_trust::token::Token;
use jiff::tz::TimeZone;
use serde_json::json;

use super::{Failure, print, print_serialized, usual_data_dir};
use crate::args::{
    AgentRevokeArgs, AgentsCommand, CaCommand, DataDirArgs, InitArgs, ServerArgs, StatusFormat,
    TokenCommand, TokenCreateArgs, TokenListArgs, TokenRevokeArgs,
};
use crate::terminal::screen;

/// The longest name of a person.
const MAX_USER_CHARS: usize = 128;

pub(super) fn init(args: &InitArgs) -> Result<(), Failure> {
    let data_dir = data_dir(&args.place);
    let file = data_dir.join("colony.yaml");
    if file.exists() {
        return Err(Failure::with_hint(
            format!("`{}` exists already", file.display()),
            "this colony has been set up: `coral colony start` starts it, `coral colony ca show` shows its authority",
        ));
    }
    let authority =
        Authority::create(&TrustDir::of(&data_dir), clock::now()).map_err(of_authority)?;
    let names = match args.names.as_slice() {
        [] => String::new(),
        names => format!("  allowed_hosts: {}\n", json!(names)),
    };
    let text = format!(
        "# Made by `coral colony init`; docs/configuration.md has every key.\n\
         colony:\n  listen: \"{}\"\n  auth: on\n{names}",
        args.listen
    );
    write_configuration(&file, &text)?;
    let flag = flag(&args.place);
    print(&format!(
        "Made a certificate authority, and wrote {}.\n\
         Its fingerprint is {}.\n\n\
         Start the colony:\n\n  coral colony start{flag}\n\n\
         Let in the agent of another host, with the command that this prints:\n\n  \
         coral colony token create --agent NAME{flag}\n\n\
         Let in a person:\n\n  \
         coral colony token create --user NAME --role viewer{flag}\n",
        file.display(),
        authority.fingerprint()
    ))
}

pub(super) fn token(command: &TokenCommand, zone: &TimeZone) -> Result<(), Failure> {
    match command {
        TokenCommand::Create(args) => create(args),
        TokenCommand::List(args) => list(args, zone),
        TokenCommand::Revoke(args) => revoke(args),
    }
}

fn create(args: &TokenCreateArgs) -> Result<(), Failure> {
    let data_dir = data_dir(&args.place);
    let dir = TrustDir::of(&data_dir);
    let now = clock::now();
    let fingerprint = match Authority::load(&dir) {
        Ok(authority) => Some(authority.fingerprint()),
        Err(AuthorityError::None(_)) => None,
        Err(error) => return Err(of_authority(error)),
    };
    let url = colony_url(args, fingerprint.is_some())?;
    if let Some(agent) = &args.agent {
        let fingerprint = fingerprint.ok_or_else(|| {
            Failure::with_hint(
                format!("`{}` has no certificate authority", data_dir.display()),
                "`coral colony init` makes one; or name the colony's data directory with --data-dir",
            )
        })?;
        let token = JoinToken::random(fingerprint).map_err(of_io)?;
        let entry = JoinEntry {
            hash: token.hash(),
            agent: agent.to_string(),
            created: seconds(now),
            expires: seconds(now.later(args.ttl)),
            used: None,
        };
        change(&dir, |ledger| ledger.joins.push(entry))?;
        eprintln!(
            "Run this on the host of {agent}, within {}. It works once:",
            coral_text::duration::duration(i64::try_from(args.ttl.as_micros()).unwrap_or(i64::MAX))
        );
        return print(&format!("coral agent join {url} --token {}\n", token.text()));
    }
    let user = args.user.clone().unwrap_or_default();
    if user.chars().count() > MAX_USER_CHARS || user.chars().any(char::is_control) {
        return Err(Failure::new(format!(
            "a name has at most {MAX_USER_CHARS} characters, none of them a control character"
        )));
    }
    if args.sql && args.role != Role::Analyst {
        return Err(Failure::with_hint(
            "--sql is for an analyst",
            "an admin may ask in SQL anyway, and a viewer may not",
        ));
    }
    if args.sql && args.services.is_some() {
        return Err(Failure::with_hint(
            "SQL reads every service, so a token with --services cannot have it",
            "leave out --sql or --services",
        ));
    }
    let token = Token::random().map_err(of_io)?;
    let entry = TokenEntry {
        hash: token.hash(),
        user: user.clone(),
        role: args.role,
        services: args.services.as_ref().map(|scope| scope.patterns().to_vec()).unwrap_or_default(),
        sql: args.sql,
        created: seconds(now),
        expires: Some(seconds(now.later(args.expires))),
        revoked: None,
    };
    change(&dir, |ledger| ledger.tokens.push(entry))?;
    let pin = fingerprint.map(|fingerprint| format!(" --pin {fingerprint}")).unwrap_or_default();
    eprintln!("Give this to {}. The token is shown once:", line(&user));
    print(&format!("coral login {url} --token {}{pin}\n", token.text()))
}

fn list(args: &TokenListArgs, zone: &TimeZone) -> Result<(), Failure> {
    let dir = TrustDir::of(&data_dir(&args.place));
    let ledger = Ledger::load(&dir).map_err(of_ledger)?;
    let uses = Uses::load(&dir);
    let now = clock::now();
    if args.format == StatusFormat::Json {
        let tokens: Vec<_> = ledger
            .tokens
            .iter()
            .map(|token| {
                let used = uses.get(&token.hash.id());
                let addresses = used.map(|used| {
                    used.addresses.iter().map(|(address, at)| json!({"address": address, "last_used_unix_s": at})).collect::<Vec<_>>()
                });
                json!({
                    "id": token.hash.id(), "user": token.user, "role": token.role, "services": token.services,
                    "sql": token.sql, "created_unix_s": token.created, "expires_unix_s": token.expires,
                    "revoked_unix_s": token.revoked, "valid": token.is_valid(now),
                    "last_used_unix_s": used.map(|used| used.last), "addresses": addresses.unwrap_or_default(),
                })
            })
            .collect();
        return print_serialized(&json!({ "tokens": tokens }));
    }
    if ledger.tokens.is_empty() {
        return print(
            "No token was made. `coral colony token create --user NAME --role viewer` makes one.\n",
        );
    }
    let columns = [
        whole("Id"),
        name("User"),
        whole("Role"),
        name("Services"),
        whole("State"),
        whole("Expires").optional(1),
        whole("Last used").optional(2),
        name("From").optional(0),
    ];
    let rows = ledger.tokens.iter().map(|token| {
        let used = uses.get(&token.hash.id());
        let from = used.map(|used| {
            used.addresses
                .iter()
                .map(|(address, _)| address.as_str())
                .collect::<Vec<_>>()
                .join(", ")
        });
        let role = if token.sql { format!("{}, SQL", token.role) } else { token.role.to_string() };
        let services = match token.services.join(", ") {
            none if none.is_empty() => "all".to_owned(),
            some => some,
        };
        vec![
            token.hash.id().into(),
            line(&token.user).into(),
            role.into(),
            line(&services).into(),
            state(token, now).into(),
            token.expires.map_or_else(|| "never".to_owned(), |at| date(at, zone)).into(),
            used.map_or_else(|| "never".to_owned(), |used| date(used.last, zone)).into(),
            line(&from.unwrap_or_default()).into(),
        ]
    });
    print(&Table::new(columns, rows.collect()).text(screen()))
}

fn state(token: &TokenEntry, now: UnixNanos) -> &'static str {
    match (token.revoked, token.is_valid(now)) {
        (Some(_), _) => "revoked",
        (None, true) => "valid",
        (None, false) => "expired",
    }
}

fn revoke(args: &TokenRevokeArgs) -> Result<(), Failure> {
    let dir = TrustDir::of(&data_dir(&args.place));
    let now = seconds(clock::now());
    let revoked = change(&dir, |ledger| {
        let token = ledger.tokens.iter_mut().find(|token| token.hash.id() == args.id)?;
        token.revoked.get_or_insert(now);
        Some(token.user.clone())
    })?;
    match revoked {
        Some(user) => print(&format!("Revoked the token {} of {}.\n", line(&args.id), line(&user))),
        None => Err(Failure::with_hint(
            format!("no token has the id `{}`", line(&args.id)),
            "`coral colony token list` shows ids",
        )),
    }
}

pub(super) fn agents(command: &AgentsCommand, zone: &TimeZone) -> Result<(), Failure> {
    match command {
        AgentsCommand::List(args) => list_agents(args, zone),
        AgentsCommand::Revoke(args) => revoke_agent(args),
    }
}

fn list_agents(args: &TokenListArgs, zone: &TimeZone) -> Result<(), Failure> {
    let ledger = Ledger::load(&TrustDir::of(&data_dir(&args.place))).map_err(of_ledger)?;
    let now = seconds(clock::now());
    let mut rows: Vec<(String, &'static str, u64)> = Vec::new();
    // Certificates are listed in the order in which they were issued: the last is the newest.
    let newest: BTreeMap<_, _> =
        ledger.certificates.iter().map(|entry| (entry.agent.as_str(), entry)).collect();
    rows.extend(newest.values().map(|entry| {
        (entry.agent.clone(), if entry.revoked { "revoked" } else { "joined" }, entry.expires)
    }));
    let waiting = ledger.joins.iter().filter(|join| join.used.is_none() && now < join.expires);
    rows.extend(waiting.map(|join| (join.agent.clone(), "may join", join.expires)));
    rows.sort();
    if args.format == StatusFormat::Json {
        let rows: Vec<_> = rows
            .iter()
            .map(|(agent, state, until)| json!({"agent_id": agent, "state": state, "until_unix_s": until}))
            .collect();
        return print_serialized(&json!({ "agents": rows }));
    }
    if rows.is_empty() {
        return print(
            "No agent has joined. `coral colony token create --agent NAME` prints the command for one.\n",
        );
    }
    let columns = [name("Agent"), whole("State"), whole("Until")];
    let rows = rows.iter().map(|(agent, state, until)| -> Vec<Cell> {
        vec![line(agent).into(), (*state).into(), date(*until, zone).into()]
    });
    print(&Table::new(columns, rows.collect()).text(screen()))
}

fn revoke_agent(args: &AgentRevokeArgs) -> Result<(), Failure> {
    let dir = TrustDir::of(&data_dir(&args.place));
    let revoked = change(&dir, |ledger| ledger.revoke_agent(&args.agent, clock::now()))?;
    let mut text = format!(
        "Revoked {}: the colony refuses its certificates, and does not poll it any more. Its stored spans stay.\n",
        args.agent
    );
    if revoked == 0 {
        let _ = writeln!(text, "This colony had issued nothing to it that is still valid.");
    }
    print(&text)
}

pub(super) fn ca(command: &CaCommand) -> Result<(), Failure> {
    match command {
        CaCommand::Show(place) => {
            let authority =
                Authority::load(&TrustDir::of(&data_dir(place))).map_err(of_authority)?;
            print(&format!("{}\n", authority.fingerprint()))
        }
        CaCommand::Rotate(place) => {
            let dir = TrustDir::of(&data_dir(place));
            let authority = Authority::rotate(&dir, clock::now()).map_err(of_authority)?;
            print(&format!(
                "The certificate authority is now {}.\nThe one before it is still believed; agents get the new one at \
                 their next heartbeat, within 30 seconds.\n",
                authority.fingerprint()
            ))
        }
    }
}

/// Changes the ledger in `dir`.
fn change<T>(dir: &TrustDir, change: impl FnOnce(&mut Ledger) -> T) -> Result<T, Failure> {
    Ledger::change(dir, clock::now(), |ledger| Ok::<_, LedgerError>(change(ledger)))
        .map(|(_, answer)| answer)
        .map_err(of_ledger)
}

/// The URL at which other hosts reach the colony.
fn colony_url(args: &TokenCreateArgs, is_encrypted: bool) -> Result<String, Failure> {
    if let Some(url) = &args.url {
        return Ok(url.trim_end_matches('/').to_owned());
    }
    let server = ServerArgs { data_dir: args.place.data_dir.clone(), ..ServerArgs::default() };
    let sources: Sources = super::sources(&server, "colony");
    let config = ColonyConfig::load(&sources)?;
    let ip = config.listen.ip();
    let host = match (config.allowed_hosts.first(), ip.is_unspecified()) {
        (Some(name), _) => name.clone(),
        (None, true) => own_names().into_iter().next().unwrap_or_else(|| "localhost".to_owned()),
        (None, false) if ip.is_ipv6() => format!("[{ip}]"),
        (None, false) => ip.to_string(),
    };
    let scheme = if is_encrypted { "https" } else { "http" };
    Ok(format!("{scheme}://{host}:{}", config.listen.port()))
}

pub(super) fn data_dir(place: &DataDirArgs) -> PathBuf {
    usual_data_dir(place.data_dir.clone()).0
}

/// ` --data-dir DIR` if the user gave it, for commands that are printed.
pub(super) fn flag(place: &DataDirArgs) -> String {
    place.data_dir.as_ref().map(|dir| format!(" --data-dir {}", dir.display())).unwrap_or_default()
}

/// Writes a new configuration file.
pub(super) fn write_configuration(file: &Path, text: &str) -> Result<(), Failure> {
    use std::io::Write as _;
    let mut opened =
        std::fs::OpenOptions::new().write(true).create_new(true).open(file).map_err(of_io)?;
    opened.write_all(text.as_bytes()).and_then(|()| opened.sync_all()).map_err(of_io)
}

fn date(unix_s: u64, zone: &TimeZone) -> String {
    let at = UnixNanos::from_secs(i64::try_from(unix_s).unwrap_or(i64::MAX));
    let time = LocalTime::of(at.as_micros(), zone);
    time.map(|time| format!("{} {}", time.date, time.time.get(..5).unwrap_or_default()))
        .unwrap_or_default()
}

pub(super) fn of_authority(error: AuthorityError) -> Failure {
    match &error {
        AuthorityError::None(_) => Failure::with_hint(
            chain(&error),
            "`coral colony init` makes one; or name the colony's data directory with --data-dir",
        ),
        AuthorityError::Exists(_) => Failure::with_hint(
            chain(&error),
            "`coral colony ca show` shows it; agents trust it, so it is not replaced: `coral colony ca rotate` makes a new one",
        ),
        AuthorityError::Io(_) => of_io(error),
        _ => Failure::new(chain(&error)),
    }
}

fn of_ledger(error: LedgerError) -> Failure {
    of_io(error)
}

pub(super) fn of_io(error: impl std::error::Error + 'static) -> Failure {
    Failure::with_hint(
        chain(&error),
        "run the command as the user of the colony or agent (or as root), with its --data-dir",
    )
}
