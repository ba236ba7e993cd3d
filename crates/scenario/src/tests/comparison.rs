use coral_trace::{Attributes, Span, Value};

use crate::{DataQuality, Scenario, faults, mix, without_fault};

/// A hash of everything that distinguishes the spans of `scenarios`.
fn fingerprint(scenarios: impl Iterator<Item = Scenario>) -> u64 {
    let mut hash = 0;
    for scenario in scenarios {
        for span in scenario.baseline.iter().chain(&scenario.window).flatten() {
            words(span, &mut |word| hash = mix(hash ^ word));
        }
        scenario.culprits.iter().for_each(|name| text(name, &mut |word| hash = mix(hash ^ word)));
    }
    hash
}

fn words(span: &Span, add: &mut impl FnMut(u64)) {
    let id = span.trace_id.as_u128();
    [id as u64, (id >> 64) as u64, span.span_id.as_u64()].into_iter().for_each(&mut *add);
    add(span.parent_span_id.map_or(0, |parent| parent.as_u64()));
    [span.start.0, span.end.0, span.status.code as u64, span.kind as u64]
        .into_iter()
        .for_each(&mut *add);
    text(&span.name, add);
    attributes(&span.attributes, add);
    attributes(&span.origin.resource.attributes, add);
}

fn attributes(attributes: &Attributes, add: &mut impl FnMut(u64)) {
    for attribute in attributes {
        text(&attribute.key, add);
        match &attribute.value {
            Value::String(value) => text(value, add),
            value => text(&format!("{value:?}"), add),
        }
    }
}

fn text(text: &str, add: &mut impl FnMut(u64)) {
    text.bytes().for_each(|byte| add(byte.into()));
    add(256);
}

/// The scenarios that docs/measurements.md has figures of are these.
#[test]
fn the_scenarios_of_the_comparison_stay_the_same() {
    for (expected, found) in [
        (0x5b09_51d1_c632_176a, fingerprint(faults(1, DataQuality::Degraded))),
        (0x86f6_fda5_3bef_21c0, fingerprint(without_fault(1, DataQuality::Degraded))),
    ] {
        assert_eq!(found, expected, "{found:#x}");
    }
}
