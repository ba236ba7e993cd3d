//! `coral login`.

use coral_api::whoami::{NOT_ASKED, WhoAmI};
use coral_config::is_encrypted_or_local;
use coral_server::clock;
use coral_text::duration::duration;
use coral_trace::sanitize::line;
use coral_trust::authority::Fingerprint;
use coral_trust::ledger::seconds;
use coral_trust::token::{InvalidToken, Token};

use super::query::colony;
use super::secret_argument::from_input;
use super::{Failure, print, print_serialized};
use crate::args::{LoginArgs, StatusFormat};
use crate::client::{AskError, Server};
use crate::credentials::{Credentials, Login};

pub(super) fn login(args: &LoginArgs) -> Result<(), Failure> {
    match (&args.url, args.forget) {
        (None, _) => show(args),
        (Some(url), true) => forget(url),
        (Some(url), false) => store(url, args),
    }
}

fn store(url: &str, args: &LoginArgs) -> Result<(), Failure> {
    let variable = || std::env::var("CORAL_TOKEN").ok().filter(|token| !token.is_empty());
    let Some(token) = args.token.clone().or_else(variable) else {
        return Err(Failure::with_hint(
            "there is no token",
            "give the one that an admin made with --token TOKEN, or in the variable CORAL_TOKEN",
        ));
    };
    let token = from_input(&token).map_err(of_file)?;
    let token: Token = token.trim().parse().map_err(|error: InvalidToken| {
        Failure::with_hint(
            error.to_string(),
            "an admin makes one with `coral colony token create --user NAME --role viewer`",
        )
    })?;
    let pin: Option<Fingerprint> =
        args.pin.as_deref().map(str::parse).transpose().map_err(Failure::new)?;
    let server = Server::colony_with_token(url, &token.text(), pin);
    let url = server.url().to_owned();
    if !is_encrypted_or_local(&url) {
        return Err(Failure::with_hint(
            format!("`{url}` has no TLS: everybody on the way could read the token"),
            "write https://; `coral colony init` on the colony's host gives it a certificate",
        ));
    }
    let who = server.whoami().map_err(|error| match &error {
        AskError::Unreachable { reason, .. } if pin.is_none() && reason.contains("UnknownIssuer") => {
            Failure::with_hint(
                error.to_string(),
                "the colony has a certificate authority of its own: give its fingerprint with --pin, as `coral \
                 colony token create` printed it; `coral colony ca show` on the colony's host shows it again",
            )
        }
        AskError::Unreachable { reason, .. } if reason.contains("UnknownIssuer") => Failure::with_hint(
            error.to_string(),
            "the colony has another certificate authority than --pin says, or somebody in between answers",
        ),
        _ => error.into(),
    })?;
    let mut credentials = Credentials::load().map_err(of_file)?;
    let pin = pin.map(|pin| pin.to_string());
    credentials.add(Login { url: url.clone(), token: token.text(), pin });
    let path = credentials.store().map_err(of_file)?;
    print(&format!(
        "Logged in to {url} as {}\nThe token is in {}.\n",
        sentence(&who),
        path.display()
    ))
}

fn forget(url: &str) -> Result<(), Failure> {
    let url = url.trim_end_matches('/');
    let mut credentials = Credentials::load().map_err(of_file)?;
    if !credentials.remove(url) {
        return Err(Failure::with_hint(
            format!("there is no token for {url}"),
            "`coral login` shows at which colony you are logged in",
        ));
    }
    credentials.store().map_err(of_file)?;
    print(&format!(
        "Forgot the token for {url}. It is still valid: `coral colony token revoke ID` ends it.\n"
    ))
}

fn show(args: &LoginArgs) -> Result<(), Failure> {
    let server = colony(&args.colony);
    let who = server.whoami()?;
    match args.format {
        StatusFormat::Json => print_serialized(&who),
        StatusFormat::Text if who.name == NOT_ASKED => {
            print(&format!("The colony at {} asks nobody who they are.\n", server.url()))
        }
        StatusFormat::Text => print(&format!("At {} you are {}\n", server.url(), sentence(&who))),
    }
}

/// `ana (viewer), who sees services payments-*, for 89 more days.`
fn sentence(who: &WhoAmI) -> String {
    let services = match who.services.as_slice() {
        [] => "who sees every service".to_owned(),
        globs => format!("who sees the services {}", line(&globs.join(", "))),
    };
    let left = who.expires_unix_s.map(|at| {
        let left = at.saturating_sub(seconds(clock::now()));
        let left = i64::try_from(left).unwrap_or(i64::MAX).saturating_mul(1_000_000);
        format!(", for {} more", duration(left))
    });
    format!("{} ({}), {services}{}.", line(&who.name), line(&who.kind), left.unwrap_or_default())
}

fn of_file(error: std::io::Error) -> Failure {
    Failure::with_hint(
        format!("cannot use the file of logins: {error}"),
        "it is ~/.config/coral/credentials.json, or in the directory of XDG_CONFIG_HOME",
    )
}
