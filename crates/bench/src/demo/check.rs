//! Whether the output of a command shows the fault. Each check returns what the output lacks.

use super::page::{hops, millis, minute_since, rows};
use super::story::Story;
use crate::text::has_word;

/// By how many minutes a beginning may be off.
const MAX_BEGINNING_ERROR: i64 = 2;
/// By what factor a span of a culprit exceeds the service's usual P50 when the span is evidence.
const SLOW: f64 = 1.3;
const MINUTES_A_DAY: i64 = 1_440;

/// `coral services`: a service with the fault, or one that waits for it, is not well, or the verdict
/// names a culprit. Without a fault: all services are well.
pub fn services(page: &str, story: &Story) -> Result<(), String> {
    let verdict = page.lines().next().unwrap_or_default();
    let is_all_well = verdict.starts_with("All ") && verdict.contains(" are well.");
    if story.is_calm() {
        return must(is_all_well, || format!("the verdict is `{verdict}`"));
    }
    must(!is_all_well, || format!("the verdict is `{verdict}`"))?;
    let (sick, rows) = (story.sick(), rows(page, "Service "));
    let is_found =
        |row: &Vec<&str>| matches!(row[..], [name, "slow" | "failing", ..] if sick.contains(name));
    let (_, change) = verdict.split_once("something changed: ").unwrap_or_default();
    let is_named = story.is_culprit(change.split(' ').next().unwrap_or_default());
    must(is_named || rows.iter().any(is_found), || {
        format!("none of {sick:?} is slow or failing, and `{verdict}` names no culprit")
    })?;
    let silent = rows.iter().find(|row| row.get(1) == Some(&"not seen"));
    must(silent.is_none(), || format!("a service is not seen: {}", silent.map_or("", |row| row[0])))
}

/// `coral why`: names a culprit, its value and the beginning in the first paragraph. Without a fault:
/// names no cause.
pub fn why(page: &str, story: &Story) -> Result<(), String> {
    let paragraph = page.split("\n\n").nth(1).unwrap_or_default();
    let verdict = paragraph.lines().next().unwrap_or_default();
    let Some(cause) = verdict.strip_prefix("Cause: ") else {
        return must(story.is_calm(), || format!("no cause is named: `{verdict}`"));
    };
    must(!story.is_calm(), || format!("a cause is named: `{verdict}`"))?;
    let named = cause.split(", ").next().unwrap_or_default();
    let mut names = named.strip_prefix("between ").unwrap_or(named).split(" and ");
    must(names.any(|name| story.is_culprit(name)), || format!("the named cause is {named}"))?;
    if let Some(value) = &story.culprit_value {
        must(has_word(paragraph, value), || format!("`{value}` is not in the first paragraph"))?;
    }
    let told = minute_since(verdict).ok_or("no beginning is told")?;
    let began = story.began_unix_us.div_euclid(60_000_000).rem_euclid(MINUTES_A_DAY);
    let off = (told - began).rem_euclid(MINUTES_A_DAY);
    let off = off.min(MINUTES_A_DAY - off);
    must(story.comes_and_goes() || off <= MAX_BEGINNING_ERROR, || {
        format!("the beginning is off by {off} minutes")
    })
}

/// A trace: a hop of a culprit fails or takes longer than usual, and the host of a culprit is told.
/// `services` is the page of all services, whose column `Before` tells what is usual. Without a
/// fault: a tree without errors.
pub fn trace(page: &str, story: &Story, services: &str) -> Result<(), String> {
    let hops = hops(page);
    must(!hops.is_empty(), || "there is no tree".to_owned())?;
    if story.is_calm() {
        return must(!page.contains("ERROR"), || "a span fails".to_owned());
    }
    let lines = page.lines().skip_while(|line| !line.starts_with("Services: ")).skip(1);
    let mut hosts = lines.take_while(|line| line.starts_with("  "));
    let is_host = |line: &str| {
        let (names, values) = line.split_once(": ").unwrap_or_default();
        let of_culprit = names.split(", ").any(|name| story.is_culprit(name.trim()));
        of_culprit && has_word(values, "host")
    };
    must(hosts.any(is_host), || "the host of no culprit is told".to_owned())?;
    let usual = |name: &str| {
        let (_, before) = medians(services).into_iter().find(|(service, _)| *service == name)?;
        Some(before)
    };
    let mut evidence = hops.iter().filter(|hop| {
        let mut ends = hop.name.split(" → ");
        ends.any(|end| story.is_culprit(end))
            && (hop.rest.contains("ERROR")
                || hop.rest.contains("(waited ")
                || usual(hop.name).is_some_and(|usual| hop.millis > usual * SLOW))
    });
    must(evidence.next().is_some(), || "no span of a culprit fails or is slow".to_owned())
}

/// The P50 of each service before the window, in milliseconds.
fn medians(services: &str) -> Vec<(&str, f64)> {
    let rows = rows(services, "Service ");
    let Some((head, rows)) = rows.split_first() else { return Vec::new() };
    let Some(p50) = head.iter().position(|heading| *heading == "P50") else { return Vec::new() };
    rows.iter().filter_map(|row| Some((*row.first()?, millis(row.get(p50 + 1)?)?))).collect()
}

/// `coral query topology --diff`: an edge of a culprit changed. Without a fault: no edge did.
pub fn map(page: &str, story: &Story) -> Result<(), String> {
    let (_, changes) = page.split_once("\nChanges since ").ok_or("the map has no changes")?;
    let rows = rows(changes, "Change ");
    let mut edges = rows.iter().skip(1).filter_map(|row| Some([*row.get(1)?, *row.get(2)?]));
    if story.is_calm() {
        let first = edges.next();
        let is_compared =
            changes.contains("\nNone (no edge is new, gone, failing or slower), compared with ");
        return must(is_compared && first.is_none(), || format!("changed: {first:?}"));
    }
    must(edges.any(|ends| ends.iter().any(|end| story.is_culprit(end))), || {
        "no edge of a culprit is among the changes".to_owned()
    })
}

fn must(is_true: bool, lacks: impl FnOnce() -> String) -> Result<(), String> {
    if is_true { Ok(()) } else { Err(lacks()) }
}

#[cfg(test)]
mod tests;
