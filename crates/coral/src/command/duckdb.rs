//! `coral duckdb install`.

use super::{Failure, print, usual_data_dir};
use crate::args::InstallDuckdbArgs;
use crate::terminal::Progress;
use coral_install::DownloadError;
use coral_sql::install::{Install, InstallError, Source, TRIED};
use coral_trace::chain;
use coral_trace::sanitize;

pub(super) fn install(args: &InstallDuckdbArgs) -> Result<(), Failure> {
    let (data_dir, _) = usual_data_dir(args.data_dir.clone());
    let source = match &args.from {
        Some(from) => Source::File(from.clone()),
        None => Source::Release {
            version: args.version.clone().unwrap_or_else(|| TRIED.to_owned()),
            mirror: args.mirror.clone(),
        },
    };
    let install = Install {
        source,
        sha256: args.sha256.clone(),
        allow_unverified: args.allow_unverified,
        dir: data_dir.join("lib"),
    };
    let _waiting = Progress::of("Installing DuckDB");
    let installed = install.run().map_err(|error| match error {
        InstallError::Download(DownloadError::Unverified { .. }) => Failure::with_hint(
            chain(&error),
            "give its digest with --sha256, or install it unverified with --allow-unverified",
        ),
        InstallError::Download(DownloadError::Fetch(_)) => Failure::with_hint(
            chain(&error),
            "download DuckDB's library on another host, and install it with --from FILE --sha256 HEX",
        ),
        error => Failure::new(chain(&error)),
    })?;
    let verified = match installed.verified.by {
        Some(by) => {
            format!("SHA-256 {}, as {} says", installed.verified.sha256, sanitize::line(&by))
        }
        None => format!(
            "SHA-256 {}; NOT VERIFIED: there is no digest to compare with",
            installed.verified.sha256
        ),
    };
    print(&format!(
        "Installed DuckDB {} as {}\n{verified}\nA running colony uses it for SQL from now on.\n",
        sanitize::line(&installed.version),
        installed.path.display()
    ))
}
