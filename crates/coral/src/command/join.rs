//! `coral agent join`: gets a certificate from a colony, and writes the agent's configuration.

use std::sync::Arc;
use std::time::Duration;

use coral_server::connect::{Connector, over_connector};
use coral_trace::chain as chain_of;
use coral_trace::sanitize::line;
use coral_trust::directory::TrustDir;
use coral_trust::join::{InvalidJoinToken, JoinToken};
use coral_trust::material;
use coral_trust::tls::{self, Anchor};
use coral_trust::workload::{AgentName, InvalidAgentName, Workload};
use rustls::pki_types::CertificateDer;

use super::secret_argument::from_input;
use super::trust::{data_dir, flag, of_io, write_configuration};
use super::{Failure, print};
use crate::args::JoinArgs;
use crate::terminal::Progress;
use coral_agent::join::{JoinError, Joined, join as ask_for_certificate};

/// Longest time that the colony may take.
const ANSWER_TIMEOUT: Duration = Duration::from_secs(20);

pub(super) fn join(args: &JoinArgs) -> Result<(), Failure> {
    let url = args.url.trim_end_matches('/');
    if !url.starts_with("https://") {
        return Err(Failure::with_hint(
            format!("`{url}` is not the URL of a colony with TLS"),
            "write https://HOST:PORT, as `coral colony token create --agent NAME` printed it",
        ));
    }
    let given = from_input(&args.token).map_err(of_io)?;
    let token: JoinToken = given.trim().parse().map_err(|error: InvalidJoinToken| {
        Failure::with_hint(error.to_string(), "copy the whole line that it printed")
    })?;
    let data_dir = data_dir(&args.place);
    let dir = TrustDir::of(&data_dir);
    std::fs::create_dir_all(&data_dir).map_err(of_io)?;
    let (key, request) = material::new_request().map_err(of_io)?;
    let config = tls::client(None, Anchor::Pinned(token.authority), Workload::Colony)
        .map_err(|error| Failure::new(error.to_string()))?;
    let connector = Connector::configured(Arc::new(config));
    let runtime =
        tokio::runtime::Builder::new_current_thread().enable_all().build().map_err(of_io)?;
    let endpoint = over_connector(url);
    let joined = {
        let _progress = Progress::of(format!("Waiting for the colony at {url}"));
        let asked = ask_for_certificate(&endpoint, connector, token.secret(), request);
        runtime.block_on(async { tokio::time::timeout(ANSWER_TIMEOUT, asked).await })
    };
    let Joined { agent, chain, authorities } = match joined {
        Err(_) => return Err(unreachable(url, &format!("no answer within {ANSWER_TIMEOUT:?}"))),
        Ok(Err(JoinError::Unreachable(reason))) => return Err(unreachable(url, &reason)),
        Ok(Err(JoinError::Refused(reason))) => {
            return Err(Failure::with_hint(
                format!("the colony refused: {}", line(&reason)),
                "`coral colony token create --agent NAME` on the colony's host makes another join token",
            ));
        }
        Ok(Ok(joined)) => joined,
    };
    let chain: Vec<CertificateDer<'static>> = chain.into_iter().map(CertificateDer::from).collect();
    let nonsense = |reason: String| {
        Failure::with_hint(
            format!("the colony at {url} sent no certificate for an agent: {}", line(&reason)),
            "nothing was written; check that the colony has the same version of Coral",
        )
    };
    let agent: AgentName =
        agent.parse().map_err(|error: InvalidAgentName| nonsense(error.to_string()))?;
    material::check_agent(&agent, &key, &chain, &authorities)
        .map_err(|error| nonsense(chain_of(&error)))?;
    material::store_agent(&dir, &key, &chain, &authorities).map_err(of_io)?;
    let file = data_dir.join("agent.yaml");
    let text = format!(
        "# Made by `coral agent join`; docs/configuration.md has every key.\n\
         agent:\n  id: {agent}\n  listen: \"{}\"\n  colony: {url}\n",
        args.listen
    );
    let written = match file.exists() {
        true => format!("{} exists and stays as it is", file.display()),
        false => {
            write_configuration(&file, &text)?;
            format!("wrote {}", file.display())
        }
    };
    print(&format!(
        "This host is agent {agent} of the colony at {url}; {written}.\n\n\
         Start the agent (as root, or with what Beyla needs):\n\n  coral agent start{}\n",
        flag(&args.place)
    ))
}

fn unreachable(url: &str, reason: &str) -> Failure {
    let hint = if reason.contains("UnknownIssuer") {
        "another colony answers there, or somebody in between: the join token is for a colony with another \
         certificate authority"
    } else {
        "check the URL, and that this host reaches the colony's port; `coral colony start` starts the colony"
    };
    Failure::with_hint(format!("cannot reach the colony at {url}: {}", line(reason)), hint)
}
