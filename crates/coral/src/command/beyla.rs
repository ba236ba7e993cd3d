//! `coral beyla …`.

use std::path::Path;

use super::{Failure, print, print_serialized, sources, usual_data_dir};
use crate::args::{BeylaConfigArgs, DoctorArgs, InstallArgs, StatusFormat};
use crate::terminal::Progress;
use coral_beyla::connections::Connections;
use coral_beyla::doctor::Plan;
use coral_beyla::feature::HEALTH;
use coral_beyla::generate::{GenerateInput, SelfInfo, generate};
use coral_beyla::install::{DEFAULT_VERSION, Install, InstallError, Source};
use coral_beyla::listener::Listener;
use coral_beyla::locate::{Found, locate};
use coral_beyla::probe::probe;
use coral_beyla::release::Release;
use coral_beyla::status::{BeylaExamination, Finding, Verdict};
use coral_beyla::{doctor as examination, left_out, own_programs, places, versions_dir};
use coral_config::AgentConfig;
use coral_install::DownloadError;
use coral_server::addresses::Addresses;
use coral_trace::chain;
use coral_trace::sanitize;

use crate::show::beyla;

pub(super) fn doctor(args: &DoctorArgs) -> Result<(), Failure> {
    let config = AgentConfig::load(&sources(&args.server, "agent"))?;
    let (release, program) = program(&config);
    let plan = Plan { release, propagation: config.beyla.context_propagation };
    let mut findings = examination::examine(Path::new("/"), &plan);
    findings.push(program);
    match args.format {
        StatusFormat::Json => print_serialized(&BeylaExamination { findings }),
        StatusFormat::Text => print(&beyla::findings(&findings)),
    }
}

/// The program, Beyla or OBI, if its version is known, and a finding about it.
fn program(config: &AgentConfig) -> (Option<Release>, Finding) {
    let (release, verdict, found, costs) = match locate(&places(config)) {
        Err(missing) => (None, Verdict::Lacking, "none".to_owned(), Some(missing.to_string())),
        Ok(Found { path, by }) => match probe(&path) {
            Ok(release) => {
                let found = format!("{release}, {}, {}", path.display(), by.as_str());
                (Some(release), Verdict::Fine, found, None)
            }
            Err(error) => (None, Verdict::Lacking, path.display().to_string(), Some(chain(&error))),
        },
    };
    (release, Finding { what: "Beyla".to_owned(), verdict, found, costs })
}

pub(super) fn config(args: &BeylaConfigArgs) -> Result<(), Failure> {
    let config = AgentConfig::load(&sources(&args.server, "agent"))?;
    let found = locate(&places(&config));
    // Without a program, the configuration is for the default release.
    let release = match (args.release, &found) {
        (Some(release), _) => release,
        (None, Ok(found)) => probe(&found.path).map_err(|error| Failure::new(chain(&error)))?,
        (None, Err(_)) => Release::beyla(DEFAULT_VERSION),
    };
    let connections =
        Connections::load(&config.data_dir).map_err(|error| Failure::new(chain(&error)))?;
    let program = found.ok().map(|found| found.path);
    let self_info = self_info(&config, program.as_deref());
    let connected = connections.selectors();
    let left_out = left_out::programs(&connections.ports(), &Listener::all());
    let input = GenerateInput {
        config: &config.beyla,
        connected: &connected,
        left_out: &left_out,
        self_info: &self_info,
        // 0 stands for the free port that is chosen at every start of Beyla.
        health_port: release.has(HEALTH).then_some(0),
    };
    let generated =
        generate(release, &input).map_err(|refused| Failure::new(refused.to_string()))?;
    let variables = generated.environment.iter().map(|(key, value)| format!("# {key}={value}\n"));
    print(&format!(
        "# For {release}; the port of health_check is a free one at every start.\n{}{}",
        variables.collect::<String>(),
        generated.yaml
    ))
}

/// The ports and program of the agent that runs on this data directory, or of one that would be
/// started.
fn self_info(config: &AgentConfig, program: Option<&Path>) -> SelfInfo {
    let running = Addresses::read(&config.data_dir).unwrap_or_default();
    let at = |running: Option<std::net::SocketAddr>, configured| running.unwrap_or(configured);
    let otlp_http = at(running.beyla_http, config.beyla_http);
    let sockets = [
        at(running.otlp_grpc, config.otlp_grpc),
        at(running.otlp_http, config.otlp_http),
        at(running.beyla_grpc, config.beyla_grpc),
        otlp_http,
        at(running.agent_rpc, config.listen),
    ];
    let ports = sockets.map(|socket| socket.port()).to_vec();
    SelfInfo { otlp_http, ports, pid: running.pid, programs: own_programs(program) }
}

pub(super) fn install(args: &InstallArgs) -> Result<(), Failure> {
    let (data_dir, _) = usual_data_dir(args.data_dir.clone());
    let source = match (&args.from, &args.mirror) {
        (Some(from), _) => Source::Archive(from.clone()),
        (None, mirror) => Source::Release {
            version: args.version.unwrap_or(DEFAULT_VERSION),
            mirror: mirror.clone(),
        },
    };
    let install = Install {
        source,
        sha256: args.sha256.clone(),
        allow_unverified: args.allow_unverified,
        versions: versions_dir(&data_dir),
    };
    let _waiting = Progress::of("Installing Beyla");
    let installed = install.run().map_err(|error| match error {
        InstallError::Download(DownloadError::Unverified { .. }) => Failure::with_hint(
            chain(&error),
            "give its digest with --sha256, or install it unverified with --allow-unverified",
        ),
        error => Failure::new(chain(&error)),
    })?;
    let verified = match installed.verified_by {
        Some(by) => format!("SHA-256 {}, as {} says", installed.sha256, sanitize::line(&by)),
        None => format!(
            "SHA-256 {}; NOT VERIFIED: there is no digest to compare with",
            installed.sha256
        ),
    };
    print(&format!(
        "Installed Beyla {} as {}\n{verified}\nA running agent starts using it by itself.\n",
        installed.version,
        installed.path.display()
    ))
}
