//! What the coverage timeline records of one agent, collected between two records.

use std::collections::BTreeMap;
use std::time::Duration;

use coral_engine::{AgentMinute, Minute, PolledMinute};
use coral_trace::{TimeRange, UnixNanos};
use coral_wire::agent_rpc::proto::SpanPage;

use super::span_counts::{SampledSpans, SpanCounts};

/// How many minutes of an agent wait to be recorded, at most. The oldest are dropped first. An
/// agent keeps spans for an hour, so a page can have spans of so many minutes.
const MAX_WAITING: usize = 64;
/// How many services and counts of requests the minutes of an agent that wait to be recorded have
/// together, at most. The oldest minutes are dropped first. With names of [`MAX_NAME_BYTES`], these
/// are 1 MiB.
const MAX_WAITING_SERVICES: usize = 4_096;
/// After this many minutes with spans, none of which tells a probability, sampling has ended.
const MAX_UNSAMPLED_MINUTES: u32 = 5;
/// Services with longer names, in bytes, are not counted.
pub(super) const MAX_NAME_BYTES: usize = 256;
/// Spans and metrics of a time so long before they are received are not counted.
pub(super) const MAX_AGE_MINUTES: u32 = 24 * 60;
/// Smaller probabilities of sampling are not believed: one such span would count as ten thousand.
pub(super) const MIN_PROBABILITY: f64 = 1e-4;
/// An agent that claims to run for longer than this, or to start later than now by more than
/// [`MAX_CLOCK_AHEAD`], has a wrong clock. The agent then counts as one that does not report when
/// it started.
const MAX_UPTIME: Duration = Duration::from_secs(10 * 365 * 24 * 3_600);
const MAX_CLOCK_AHEAD: Duration = Duration::from_secs(60);

/// The minutes of one agent that are not recorded yet.
#[derive(Default)]
pub(super) struct AgentMinutes {
    waiting: BTreeMap<Minute, AgentMinute>,
    /// Since when the agent's process runs, and since when no span of the agent was lost.
    started: Option<UnixNanos>,
    lost_before: UnixNanos,
    /// Everything that the agent had received at this time is stored. `None` from the start of
    /// another process, or a loss of spans, until the next poll that fetches everything.
    caught_up_at: Option<UnixNanos>,
    /// What was complete when the agent's process was replaced or spans were lost. A record has one
    /// range, so that of the new process waits for the next minute.
    ended: Option<TimeRange>,
    /// How many minutes were dropped before they were recorded.
    dropped: u64,
    beyla: BeylaPages,
    beyla_sampling_rate: Option<f64>,
    sampled: SampledSpans,
    /// The ratio of the last minute with sampled spans, and how many minutes with other spans only
    /// followed.
    sampling: Option<(f64, u32)>,
    /// The fraction of traces that the colony keeps.
    colony_sampling_rate: Option<f64>,
}

/// Pages of one minute that report the state of Beyla.
#[derive(Default)]
struct BeylaPages {
    all: u32,
    instrumenting: u32,
}

impl AgentMinutes {
    /// Takes note of what a page says besides its spans. With `is_lossy`, older spans expired on
    /// the agent before `now`, when the page was received.
    pub(super) fn note_page(&mut self, page: &SpanPage, is_lossy: bool, now: UnixNanos) {
        let started = match page.started_unix_us {
            ..=0 => self.started,
            micros => believable_start(UnixNanos::from_micros(micros), now),
        };
        if started != self.started || is_lossy {
            self.end_range();
        }
        self.started = started;
        if is_lossy {
            self.lost_before = now;
        }
        let rate = page.beyla_sampling_rate;
        self.beyla_sampling_rate = (MIN_PROBABILITY..=1.0).contains(&rate).then_some(rate);
        if let Some(is_instrumenting) = instruments(&page.beyla) {
            self.beyla.all += 1;
            self.beyla.instrumenting += u32::from(is_instrumenting);
        }
    }

    /// Records that everything the agent had received at `now` is stored. The colony keeps the
    /// fraction `sampling_rate` of all traces.
    pub(super) fn caught_up(&mut self, now: UnixNanos, sampling_rate: f64) {
        self.caught_up_at = Some(now);
        self.colony_sampling_rate = Some(sampling_rate);
    }

    /// Adds spans that were stored.
    pub(super) fn count(&mut self, agent_id: &str, counts: SpanCounts) {
        self.sampled.add(counts.sampled);
        self.add_minutes(agent_id, counts.minutes);
    }

    /// Adds what is known of minutes beside how the agent was polled.
    pub(super) fn add_minutes(&mut self, agent_id: &str, minutes: BTreeMap<Minute, AgentMinute>) {
        for record in minutes.into_values() {
            self.put_back(AgentMinute { agent_id: agent_id.to_owned(), ..record });
        }
    }

    /// Adds a record that waits to be stored.
    pub(super) fn put_back(&mut self, record: AgentMinute) {
        // A record that was put back is older than one that waits.
        let later = self.waiting.remove(&record.minute);
        let waiting = self.waiting.entry(record.minute).or_insert(record);
        later.into_iter().for_each(|later| waiting.absorb(later));
        let services = |waiting: &BTreeMap<Minute, AgentMinute>| {
            let all = waiting.values().map(|record| record.services.len() + record.requests.len());
            all.sum::<usize>()
        };
        while self.waiting.len() > MAX_WAITING || services(&self.waiting) > MAX_WAITING_SERVICES {
            self.waiting.pop_first();
            self.dropped += 1;
        }
    }

    /// How many minutes were dropped before they were recorded, since the colony started.
    pub(super) const fn dropped(&self) -> u64 {
        self.dropped
    }

    /// Ends `minute`, and returns all records that wait. `reachable` as in [`PolledMinute`]; `None`
    /// for an agent that was not polled yet.
    pub(super) fn end(
        &mut self,
        agent_id: &str,
        minute: Minute,
        reachable: Option<bool>,
    ) -> impl Iterator<Item = AgentMinute> + use<> {
        let BeylaPages { all, instrumenting } = std::mem::take(&mut self.beyla);
        let sampling = self.sampling_ratio();
        if let Some(reachable) = reachable {
            let agent = sampling.or(self.beyla_sampling_rate).unwrap_or(1.0);
            let current = self
                .caught_up_at
                .map(|end| TimeRange { start: self.complete_since(minute, end), end });
            let complete = self.ended.or(current);
            if current.is_some() {
                self.ended = None;
            }
            let polled = PolledMinute {
                reachable,
                complete,
                instrumenting: (all > 0).then_some(2 * instrumenting > all),
                sampling_ratio: (reachable && self.caught_up_at.is_some())
                    .then(|| agent * self.colony_sampling_rate.unwrap_or(1.0)),
            };
            let polled = Some(polled);
            let agent_id = agent_id.to_owned();
            self.put_back(AgentMinute { agent_id, minute, polled, ..AgentMinute::default() });
        }
        std::mem::take(&mut self.waiting).into_values()
    }

    /// The ratio that the trace states of this minute tell, or of the last minute with any.
    fn sampling_ratio(&mut self) -> Option<f64> {
        let has_spans = self.waiting.values().any(|record| !record.services.is_empty());
        self.sampling = match (std::mem::take(&mut self.sampled).ratio(), self.sampling) {
            (Some(ratio), _) => Some((ratio, 0)),
            (None, Some((ratio, minutes))) if has_spans => Some((ratio, minutes + 1)),
            (None, known) => known,
        };
        self.sampling = self.sampling.filter(|(_, minutes)| *minutes < MAX_UNSAMPLED_MINUTES);
        self.sampling.map(|(ratio, _)| ratio)
    }

    /// Ends the range that is complete. Of several that end in one minute, the first is recorded.
    pub(super) fn end_range(&mut self) {
        if let Some(end) = self.caught_up_at.take() {
            let start = self.complete_since(Minute::at(end), end);
            self.ended.get_or_insert(TimeRange { start, end });
        }
    }

    /// Since when everything is stored, if everything is until `end`. An agent that does not say
    /// since when it runs is believed for the current minute.
    fn complete_since(&self, minute: Minute, end: UnixNanos) -> UnixNanos {
        let started = self.started.unwrap_or(minute.start());
        started.max(self.lost_before).min(end)
    }
}

/// When an agent's process started, as the agent reports; `None` if that cannot be true at `now`.
fn believable_start(started: UnixNanos, now: UnixNanos) -> Option<UnixNanos> {
    let is_wrong = started > now.later(MAX_CLOCK_AHEAD) || now.since(started) > MAX_UPTIME;
    (!is_wrong).then_some(started)
}

/// Whether Beyla instruments processes, from an agent's line about Beyla; `None` when the agent runs
/// no Beyla, does not report its state, or runs a Beyla that works and has no request to report yet
/// (`running`).
fn instruments(line: &str) -> Option<bool> {
    match line.split(' ').next().unwrap_or_default() {
        "" | "off" | "unavailable" | "running" => None,
        state => Some(state == "instrumenting"),
    }
}

#[cfg(test)]
mod tests {
    use coral_trace::Collector;

    use super::*;

    #[test]
    fn only_a_beyla_that_the_agent_runs_can_stop_instrumenting() {
        for (line, expected) in [
            ("", None),
            ("off (`beyla.enabled` is false)", None),
            ("unavailable (no Beyla is installed)", None),
            ("instrumenting", Some(true)),
            ("instrumenting (3 processes)", Some(true)),
            ("instrumenting (error since 02:41 UTC: no probes)", Some(true)),
            ("running (no data yet)", None),
            ("starting", Some(false)),
            ("restarting (its settings have changed)", Some(false)),
            ("degraded (no probes)", Some(false)),
        ] {
            assert_eq!(instruments(line), expected, "{line}");
        }
    }

    /// A page of an agent that started at this second.
    fn page(started_secs: u64) -> SpanPage {
        let started_unix_us = started_secs as i64 * 1_000_000;
        SpanPage { started_unix_us, ..SpanPage::default() }
    }

    #[test]
    fn a_restart_within_a_minute_leaves_both_ranges_of_the_timeline() {
        let at = |secs| UnixNanos::from_secs(secs);
        let mut minutes = AgentMinutes::default();
        let complete = |minutes: &mut AgentMinutes, number| {
            let mut records = minutes.end("web-1", Minute(number), Some(true));
            let range = records.find_map(|record| record.polled?.complete).unwrap();
            (range.start.0 / 1_000_000_000, range.end.0 / 1_000_000_000)
        };
        minutes.note_page(&page(100), false, at(600));
        minutes.caught_up(at(610), 1.0);
        minutes.note_page(&page(620), false, at(622));
        minutes.caught_up(at(622), 1.0);
        minutes.caught_up(at(658), 1.0);
        assert_eq!(complete(&mut minutes, 10), (100, 610));
        minutes.caught_up(at(715), 1.0);
        assert_eq!(complete(&mut minutes, 11), (620, 715));
        // Another restart, after which the agent does not answer for a minute.
        minutes.note_page(&page(730), false, at(731));
        assert_eq!(complete(&mut minutes, 12), (620, 715));
        assert_eq!(complete(&mut minutes, 13), (620, 715));
        minutes.caught_up(at(850), 1.0);
        assert_eq!(complete(&mut minutes, 14), (620, 715));
        assert_eq!(complete(&mut minutes, 15), (730, 850));
    }

    #[test]
    fn an_agent_whose_clock_is_wrong_by_years_is_believed_for_the_minute() {
        let now = UnixNanos::from_secs(1_800_000_000);
        let minute = Minute::at(now);
        for started in [1, 3_000_000_000, 9_214_646_400] {
            let mut minutes = AgentMinutes::default();
            minutes.note_page(&page(started), false, now);
            minutes.caught_up(now, 1.0);
            let complete =
                minutes.end("web-1", minute, Some(true)).find_map(|record| record.polled?.complete);
            assert_eq!(complete, Some(TimeRange { start: minute.start(), end: now }), "{started}");
        }
    }

    #[test]
    fn an_agent_that_makes_up_services_and_minutes_fills_no_memory_and_its_minutes_are_counted() {
        let mut minutes = AgentMinutes::default();
        let record = |number, service: u32| AgentMinute {
            minute: Minute(number),
            services: [((format!("s{service}"), Collector::Sdk), 1)].into(),
            ..AgentMinute::default()
        };
        for service in 0..50_000 {
            minutes.put_back(record(0, service));
        }
        assert!(minutes.waiting[&Minute(0)].services_cut && minutes.dropped() == 0);
        for number in 1..100_000 {
            minutes.put_back(record(number, number));
        }
        assert_eq!((minutes.waiting.len(), minutes.dropped()), (MAX_WAITING, 99_936));
        for number in 100_000..100_064 {
            (0..300).for_each(|service| minutes.put_back(record(number, service)));
        }
        let services: usize = minutes.waiting.values().map(|record| record.services.len()).sum();
        assert!(services <= MAX_WAITING_SERVICES, "{services}");
    }

    #[test]
    fn minutes_without_sampled_spans_keep_the_ratio_for_a_while() {
        let mut minutes = AgentMinutes::default();
        minutes.caught_up(UnixNanos(0), 0.5);
        let mut ratio = |sampled: bool| {
            let record = AgentMinute {
                services: [(("cart".to_owned(), Collector::Sdk), 1)].into(),
                ..AgentMinute::default()
            };
            let spans = if sampled { 1.0 } else { 0.0 };
            let sampled = SampledSpans { spans, before_sampling: 10.0 * spans };
            minutes.count("web-1", SpanCounts { minutes: [(Minute(0), record)].into(), sampled });
            let records = minutes.end("web-1", Minute(1), Some(true));
            records.filter_map(|record| record.polled?.sampling_ratio).last()
        };
        let ratios = [true, false, false, false, false, false, true].map(&mut ratio);
        assert_eq!(ratios, [0.05, 0.05, 0.05, 0.05, 0.05, 0.5, 0.05].map(Some));
    }

    #[test]
    fn records_that_could_not_be_stored_wait_for_the_next_minute_up_to_a_limit() {
        let mut minutes = AgentMinutes::default();
        for number in 0..100 {
            let records: Vec<AgentMinute> =
                minutes.end("web-1", Minute(number), Some(false)).collect();
            assert!(records.len() <= MAX_WAITING);
            records.into_iter().for_each(|record| minutes.put_back(record));
        }
        let left: Vec<AgentMinute> = minutes.end("web-1", Minute(100), None).collect();
        assert_eq!((left.len(), left[0].minute), (MAX_WAITING, Minute(36)));
    }
}
