//! `coral store`.

use coral_store::{Repaired, Store, StoreConfig, StoreError};

use super::{Failure, print, usual_data_dir};
use crate::args::RepairArgs;
use coral_server::clock;
use coral_trace::chain;
use coral_trace::sanitize;

/// Repairs the stores of agent and colony that exist on this host.
pub(super) fn repair(args: &RepairArgs) -> Result<(), Failure> {
    let (data_dir, _) = usual_data_dir(args.data_dir.clone());
    let stores = ["agent", "colony"].map(|role| (role, data_dir.join(role)));
    let stores: Vec<_> =
        stores.into_iter().filter(|(_, dir)| dir.join("store.json").exists()).collect();
    if stores.is_empty() {
        return Err(Failure::with_hint(
            format!("there is no store under `{}`", data_dir.display()),
            "name the directory of the agent or colony with --data-dir DIR",
        ));
    }
    for (role, dir) in stores {
        let opened = Store::open(StoreConfig { dir, segment_rows: StoreConfig::MAX_SEGMENT_ROWS });
        let repaired = opened.and_then(|store| store.repair(clock::now())).map_err(failure)?;
        print(&text(role, &repaired))?;
    }
    Ok(())
}

fn failure(error: StoreError) -> Failure {
    match error {
        StoreError::Locked { .. } => {
            Failure::with_hint(chain(&error), "stop the agent or colony first")
        }
        _ => Failure::new(chain(&error)),
    }
}

fn text(role: &str, repaired: &Repaired) -> String {
    let Repaired { spans, known, metric_files, left } = repaired;
    let mut text = format!(
        "{role}: restored {spans} spans and {metric_files} files of metrics; {known} spans were already stored\n"
    );
    for (path, reason) in left {
        let path = path.display().to_string();
        text += &format!(
            "{role}: {} stays set aside: {}\n",
            sanitize::line(&path),
            sanitize::line(reason)
        );
    }
    text
}
