//! `coral ask`.

use clap::Args;

use super::{ColonyArgs, LinkArgs, StatusFormat};

/// `coral ask`.
#[derive(Args, Debug)]
pub struct AskArgs {
    /// The question: what is slow, fails, changed or calls what, and why.
    #[arg(value_name = "QUESTION", required = true)]
    pub question: Vec<String>,
    /// Output format.
    #[arg(long, value_enum, default_value = "text")]
    pub format: StatusFormat,
    #[command(flatten)]
    #[allow(missing_docs)]
    pub link: LinkArgs,
    #[command(flatten)]
    #[allow(missing_docs)]
    pub colony: ColonyArgs,
}
