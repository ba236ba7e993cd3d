//! Which commands answer in JSON: their errors are JSON too.

use super::{
    AgentCommand, AgentsCommand, AuditCommand, BeylaCommand, BeylaToolCommand, ColonyCommand,
    Command, ConfigCommand, DoctorCommand, QueryCommand, RedFormat, SqlFormat, StatusFormat,
    TokenCommand, TopologyFormat, TraceCommand, TraceFormat,
};

impl Command {
    /// Whether the command line has `--format json`.
    pub fn is_json(&self) -> bool {
        let is_json = |format| format == StatusFormat::Json;
        match self {
            Self::Agent(AgentCommand::Status(args)) => is_json(args.format),
            Self::Colony(ColonyCommand::Status(args)) => is_json(args.format),
            Self::Query(QueryCommand::Beyla(beyla)) => match beyla {
                BeylaCommand::Traces(args) => args.format == Some(TraceFormat::Json),
                BeylaCommand::Http(args) | BeylaCommand::Grpc(args) | BeylaCommand::Sql(args) => {
                    args.format == RedFormat::Json
                }
            },
            Self::Trace(TraceCommand::Compare(args)) => is_json(args.format),
            Self::Services(args) => args.format == RedFormat::Json,
            Self::Query(QueryCommand::Topology(args)) => args.format == TopologyFormat::Json,
            Self::Query(QueryCommand::Anomalies(args)) => is_json(args.format),
            Self::Query(QueryCommand::Sql(args)) | Self::Sql(args) => {
                args.format == SqlFormat::Json
            }
            Self::Audit(AuditCommand::List(args)) => is_json(args.format),
            Self::Ask(args) => is_json(args.format),
            Self::Why(args) => is_json(args.format),
            Self::Login(args) => is_json(args.format),
            Self::Colony(ColonyCommand::Token(TokenCommand::List(args)))
            | Self::Colony(ColonyCommand::Agents(AgentsCommand::List(args))) => {
                is_json(args.format)
            }
            Self::Doctor(DoctorCommand::Traces(args)) => is_json(args.format),
            Self::Beyla(BeylaToolCommand::Doctor(args)) => is_json(args.format),
            Self::Config(ConfigCommand::Show(args)) => is_json(args.config.format),
            Self::Config(ConfigCommand::Check(args)) => is_json(args.format),
            _ => false,
        }
    }
}
