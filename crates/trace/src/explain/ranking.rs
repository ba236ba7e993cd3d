//! The services in order of suspicion, each with its most suspicious component.

use std::cell::OnceCell;
use std::time::Duration;

use super::change::Change;
use super::names::CauseKind;
use super::score::Scores;
use super::slowest::{Excesses, slowest};
use super::suspect::{Difference, Evidence, Suspect};
use super::table::ObservationTable;

/// Why a service is suspected.
pub(super) enum SuspectReason<'a> {
    /// A component is slower.
    Slower(usize),
    /// A component behaves differently.
    Changed(&'a Change),
}

/// The largest number of suspects in a ranking.
const MAX_SUSPECTS: usize = 20;

/// The [`MAX_SUSPECTS`] services with the highest scores, highest first. Shares are relative to
/// `total`, in nanoseconds.
pub(super) fn ranking(
    table: &ObservationTable<'_>,
    in_window: &[bool],
    scores: &Scores,
    total: f64,
) -> Vec<Suspect> {
    suspects(table, in_window, scores, total).collect()
}

/// The first of the [`ranking`].
pub(super) fn first_suspect(
    table: &ObservationTable<'_>,
    in_window: &[bool],
    scores: &Scores,
    total: f64,
) -> Option<Suspect> {
    suspects(table, in_window, scores, total).next()
}

fn suspects<'a>(
    table: &'a ObservationTable<'a>,
    in_window: &'a [bool],
    scores: &'a Scores,
    total: f64,
) -> impl Iterator<Item = Suspect> + use<'a> {
    // The same for each suspect that became slower.
    let excesses = OnceCell::new();
    let suspect = move |service| {
        let slowest = || {
            let excesses = excesses.get_or_init(|| Excesses::of(table, in_window, scores));
            slowest(excesses, scores, service)
        };
        suspect(table, scores, (service, total), slowest)
    };
    order(scores).into_iter().take(MAX_SUSPECTS).filter_map(suspect)
}

/// The services with a positive score, highest first; equal scores in the order of the service
/// numbers.
pub(super) fn order(scores: &Scores) -> Vec<u32> {
    let total = |service: &u32| scores.services[*service as usize].total();
    let mut order: Vec<u32> =
        (0..scores.services.len() as u32).filter(|service| total(service) > 0.0).collect();
    order.sort_by(|one, other| total(other).total_cmp(&total(one)));
    order
}

/// The suspect `service`; `slowest` finds the evidence for one that became slower.
fn suspect(
    table: &ObservationTable<'_>,
    scores: &Scores,
    (service, total): (u32, f64),
    slowest: impl Fn() -> Vec<Evidence>,
) -> Option<Suspect> {
    let score = &scores.services[service as usize];
    let reason = suspicion(scores, service)?;
    let (component, kind, evidence) = match reason {
        SuspectReason::Slower(component) => (component, table.key(component).kind, slowest()),
        SuspectReason::Changed(change) => {
            (change.component as usize, change.kind, change.examples.clone())
        }
    };
    Some(Suspect {
        service: table.names.service(service).to_owned(),
        component: match &reason {
            SuspectReason::Changed(change) => change_text(table, change),
            SuspectReason::Slower(component) => component_text(table, *component),
        },
        or: scores
            .other_end(service, component)
            .filter(|_| matches!(reason, SuspectReason::Slower(_)))
            .map(|other| table.names.service(other).to_owned()),
        kind,
        difference: difference(scores, &reason),
        share: if total > 0.0 { score.added / total } else { 0.0 },
        score: score.total(),
        evidence,
    })
}

fn difference(scores: &Scores, reason: &SuspectReason<'_>) -> Difference {
    match reason {
        SuspectReason::Slower(component) => {
            let (before, now) =
                scores.shifts[*component].map_or((0.0, 0.0), |shift| (shift.baseline, shift.now));
            let [before, now] = [before, now].map(|nanos| Duration::from_nanos(nanos as u64));
            Difference::Time { before, now }
        }
        SuspectReason::Changed(change) => {
            let (before, now) = change.counts.rates();
            Difference::Rate { before, now }
        }
    }
}

/// The strongest reason to suspect a service.
pub(super) fn suspicion(scores: &Scores, service: u32) -> Option<SuspectReason<'_>> {
    let score = &scores.services[service as usize];
    let changes = scores.changes.iter().filter(|change| change.service == service);
    let change = changes.max_by(|one, other| one.weight.total_cmp(&other.weight));
    let weight = |component: usize| {
        let shift = scores.shifts[component].map_or(0.0, |shift| shift.log_ratio);
        scores.blame(service, component) * scores.added.components[component] * shift
    };
    let slower = (0..scores.shifts.len())
        .filter(|component| weight(*component) > 0.0)
        .max_by(|one, other| weight(*one).total_cmp(&weight(*other)));
    match (change, slower) {
        (Some(change), Some(_)) if score.changed >= score.slower => {
            Some(SuspectReason::Changed(change))
        }
        (_, Some(component)) => Some(SuspectReason::Slower(component)),
        (Some(change), None) => Some(SuspectReason::Changed(change)),
        (None, None) => None,
    }
}

/// The text form of a change's component. An operation that ends early is named with the service
/// that is suspected for it, where that is another one: `web → stock POST /order`.
fn change_text(table: &ObservationTable<'_>, change: &Change) -> String {
    let key = table.key(change.component as usize);
    let text = component_text(table, change.component as usize);
    if change.kind != CauseKind::Missing || change.service == key.service {
        return text;
    }
    let [caller, callee] = [key.service, change.service].map(|of| table.names.service(of));
    format!("{caller} → {callee} {}", table.names.operation(key.operation))
}

/// The text form of a component: `GET /cart`, or `frontend → cart GET /cart`.
pub(super) fn component_text(table: &ObservationTable<'_>, component: usize) -> String {
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
