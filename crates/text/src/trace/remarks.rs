//! Remarks below a trace: what is incomplete, and which times disagree.

use super::hop::SKEW_US;
use super::picture::Picture;
use crate::duration::duration;
use crate::trace_health;
use coral_trace::units::counted;

impl Picture<'_> {
    /// The remarks for the end of the page, one sentence each. A complete trace with agreeing
    /// clocks has none.
    pub fn remarks(&self) -> Vec<String> {
        let lacks = self.lacks();
        let incomplete = (!lacks.is_empty()).then(|| format!("Incomplete: {}.", lacks.join("; ")));
        let skewed: Vec<usize> =
            (0..self.tree.nodes.len()).filter(|node| self.skew(*node).is_some()).collect();
        let times = (!skewed.is_empty()).then(|| {
            let reason = match skewed.iter().all(|node| self.has_the_clock_above(*node)) {
                true => "work continued after its caller, or a parent is wrong",
                false => "host clocks differ, or work continued after its caller",
            };
            format!(
                "Times: {} start or end more than {} outside the hop above: {reason}.",
                counted(skewed.len() as u64, "hop"),
                duration(SKEW_US)
            )
        });
        let pairs = (0..self.tree.nodes.len()).filter(|node| self.clock(*node).is_some()).count();
        let clocks = (pairs > 0).then(|| {
            format!(
                "Clocks: {} outside the call that it answers; --adjust-clocks moves server spans into their \
                 calls.",
                counted(pairs as u64, "server span")
            )
        });
        let problems = trace_health::remarks(&self.trace.problems);
        let callers = trace_health::callers(self.trace);
        let redacted = (self.trace.redacted > 0).then(|| {
            let hops = counted(self.trace.redacted, "hop");
            format!(
                "Redacted: {hops} of services that you may not see; only their times are shown."
            )
        });
        let redacted = redacted.into_iter();
        redacted
            .chain(incomplete)
            .chain(problems)
            .chain(callers)
            .chain(clocks)
            .chain(times)
            .collect()
    }

    fn lacks(&self) -> Vec<String> {
        let found = self.tree.completeness();
        let of = |number: usize, noun: &str, what: &str| {
            (number > 0).then(|| format!("{} {what}", counted(number as u64, noun)))
        };
        let lacks = [
            (found.roots == 0).then(|| "no root was received".to_owned()),
            (found.roots > 1).then(|| counted(found.roots as u64, "root")),
            of(
                found.orphans,
                "hop",
                "with a parent that was not received (not instrumented, not sampled, or not exported \
                 yet)",
            ),
            of(found.cycles, "cycle", "of parents"),
            of(self.tree.duplicates.len(), "span", "with a duplicate span id"),
            of(self.trace.spans_left_out as usize, "span", "beyond the limit of one answer"),
        ];
        let lacks: Vec<String> = lacks.into_iter().flatten().collect();
        match lacks.is_empty() && !self.trace.complete && self.trace.redacted == 0 {
            true => vec!["the colony reports missing spans".to_owned()],
            false => lacks,
        }
    }
}
