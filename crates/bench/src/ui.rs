//! `coral-bench ui`: what the web page costs in a real Chromium, as `web/bench.mjs` measures it.

use std::path::PathBuf;

use clap::Args;
use tokio::process::Command;

use crate::{Failure, NotRun, program};

/// Opens the web page of a demo in Chromium, and measures it.
#[derive(Args)]
pub struct Ui {
    /// The coral program; by default the one in the directory of this program.
    #[arg(long)]
    coral: Option<PathBuf>,
    /// A Chromium; `tools/fetch-chromium DIR` prints the path of one.
    #[arg(long, default_value = "/usr/bin/chromium")]
    browser: PathBuf,
    /// Minutes of live use, after which the heap is compared.
    #[arg(long, default_value_t = 1)]
    minutes: u32,
}

/// The script that drives the browser: a browser is driven from where its protocol has a client.
const SCRIPT: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../../web/bench.mjs");

impl Ui {
    pub async fn run(&self) -> Result<(), Failure> {
        if !self.browser.is_file() {
            let browser = self.browser.display();
            return Err(Box::new(NotRun(format!("there is no browser at {browser}"))));
        }
        let mut script = Command::new("node");
        script
            .args([SCRIPT, "--minutes", &self.minutes.to_string()])
            .env("CORAL", program::path(self.coral.as_deref())?)
            .env("CHROMIUM", &self.browser)
            .kill_on_drop(true);
        let ended = script.status().await?;
        if ended.success() { Ok(()) } else { Err(format!("the script ended: {ended}").into()) }
    }
}
