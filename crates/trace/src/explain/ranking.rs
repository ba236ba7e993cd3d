//! The services in order of suspicion, with what is suspicious about them.

use super::Suspect;
use super::change::Change;
use super::evidence::slowest;
use super::names::CauseKind;
use super::score::{Score, Scores};
use super::table::Table;

/// What is most suspicious about a service.
enum Reason<'a> {
    /// A component that is slower.
    Slower(usize),
    /// Something that it does otherwise.
    Otherwise(&'a Change),
}

/// Suspects that are told; nobody reads more.
const MOST: usize = 20;

/// The [`MOST`] services with the highest scores, the highest first. Shares are of `total`, nanoseconds.
pub(super) fn ranking(
    table: &Table<'_>,
    in_window: &[bool],
    scores: &Scores,
    total: f64,
) -> Vec<Suspect> {
    let suspect = |service| suspect(table, in_window, scores, (service, total));
    order(scores).into_iter().take(MOST).filter_map(suspect).collect()
}

/// Services with a score, the highest first; equal ones in the order in which they were met.
pub(super) fn order(scores: &Scores) -> Vec<u32> {
    let total = |service: &u32| scores.services[*service as usize].total();
    let mut order: Vec<u32> =
        (0..scores.services.len() as u32).filter(|service| total(service) > 0.0).collect();
    order.sort_by(|one, other| total(other).total_cmp(&total(one)));
    order
}

fn suspect(
    table: &Table<'_>,
    in_window: &[bool],
    scores: &Scores,
    (service, total): (u32, f64),
) -> Option<Suspect> {
    let score = &scores.services[service as usize];
    let (component, kind, evidence) = match reason(scores, service, score)? {
        Reason::Slower(component) => {
            let evidence = slowest(table, in_window, scores, service);
            (component, table.key(component).kind, evidence)
        }
        Reason::Otherwise(change) => {
            (change.component as usize, change.kind, change.examples.clone())
        }
    };
    Some(Suspect {
        service: table.names.service(service).to_owned(),
        component: words(table, component),
        kind,
        share: if total > 0.0 { score.added / total } else { 0.0 },
        score: score.total(),
        evidence,
    })
}

/// What says most against a service.
fn reason<'a>(scores: &'a Scores, service: u32, score: &Score) -> Option<Reason<'a>> {
    let changes = scores.changes.iter().filter(|change| change.service == service);
    let change = changes.max_by(|one, other| one.weight.total_cmp(&other.weight));
    let weight = |component: usize| {
        let shift = scores.shifts[component].map_or(0.0, |shift| shift.log_ratio);
        scores.part(service, component) * scores.added.components[component] * shift
    };
    let slower = (0..scores.shifts.len())
        .filter(|component| weight(*component) > 0.0)
        .max_by(|one, other| weight(*one).total_cmp(&weight(*other)));
    match (change, slower) {
        (Some(change), Some(_)) if score.otherwise >= score.slower => {
            Some(Reason::Otherwise(change))
        }
        (_, Some(component)) => Some(Reason::Slower(component)),
        (Some(change), None) => Some(Reason::Otherwise(change)),
        (None, None) => None,
    }
}

/// `GET /cart`, or `frontend → cart GET /cart`.
pub(super) fn words(table: &Table<'_>, component: usize) -> String {
    let key = table.key(component);
    let operation = table.names.operation(key.operation);
    match key.callee {
        Some(callee) if key.kind != CauseKind::Queue => {
            let (caller, callee) = (table.names.service(key.service), table.names.service(callee));
            format!("{caller} → {callee} {operation}")
        }
        _ => operation.to_owned(),
    }
}
