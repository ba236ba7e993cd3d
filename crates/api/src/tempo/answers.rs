//! The messages of `tempopb` in protobuf's JSON mapping.

use std::collections::BTreeMap;

use coral_wire::tempo_rpc::proto;
use serde_json::{Value as Json, json};

use super::operation::Answer;
use super::protobuf_json::{Message, attributes};

impl Answer for proto::SearchResponse {
    fn json(&self) -> Json {
        Message::default()
            .whole_list("traces", self.traces.iter().map(trace))
            .message("metrics", self.metrics.as_ref().map(search_metrics))
            .json()
    }

    fn leave_out_bytes(&mut self) {
        leave_out_bytes(&mut self.metrics);
    }

    fn rows(&self) -> usize {
        self.traces.len()
    }
}

impl Answer for proto::SearchTagsResponse {
    fn json(&self) -> Json {
        Message::default()
            .whole_list("tagNames", self.tag_names.iter().map(|name| name.as_str().into()))
            .message("metrics", self.metrics.as_ref().map(metadata_metrics))
            .json()
    }

    fn rows(&self) -> usize {
        self.tag_names.len()
    }
}

impl Answer for proto::SearchTagsV2Response {
    fn json(&self) -> Json {
        let scope = |scope: &proto::SearchTagsV2Scope| {
            let tags = scope.tags.iter().map(|tag| tag.as_str().into());
            Message::default().text("name", &scope.name).list("tags", tags).json()
        };
        Message::default()
            .whole_list("scopes", self.scopes.iter().map(scope))
            .message("metrics", self.metrics.as_ref().map(metadata_metrics))
            .json()
    }

    fn rows(&self) -> usize {
        self.scopes.iter().map(|scope| scope.tags.len()).sum()
    }
}

impl Answer for proto::SearchTagValuesResponse {
    fn json(&self) -> Json {
        Message::default()
            .whole_list("tagValues", self.tag_values.iter().map(|value| value.as_str().into()))
            .message("metrics", self.metrics.as_ref().map(metadata_metrics))
            .json()
    }

    fn rows(&self) -> usize {
        self.tag_values.len()
    }
}

impl Answer for proto::SearchTagValuesV2Response {
    fn json(&self) -> Json {
        let value = |value: &proto::TagValue| {
            Message::default().text("type", &value.r#type).text("value", &value.value).json()
        };
        Message::default()
            .whole_list("tagValues", self.tag_values.iter().map(value))
            .message("metrics", self.metrics.as_ref().map(metadata_metrics))
            .json()
    }

    fn llm(&self) -> Option<Json> {
        let mut by_type: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
        for value in &self.tag_values {
            by_type.entry(&value.r#type).or_default().push(&value.value);
        }
        Some(json!({ "tagValues": by_type }))
    }

    fn rows(&self) -> usize {
        self.tag_values.len()
    }
}

impl Answer for proto::QueryRangeResponse {
    fn json(&self) -> Json {
        let sample = |sample: &proto::Sample| {
            let time = Message::default().signed("timestampMs", sample.timestamp_ms);
            time.float("value", sample.value).json()
        };
        let exemplar = |exemplar: &proto::Exemplar| {
            Message::default()
                .list("labels", attributes(&exemplar.labels))
                .float("value", exemplar.value)
                .signed("timestampMs", exemplar.timestamp_ms)
                .json()
        };
        let series = |series: &proto::TimeSeries| {
            Message::default()
                .list("labels", attributes(&series.labels))
                .list("samples", series.samples.iter().map(sample))
                .list("exemplars", series.exemplars.iter().map(exemplar))
                .json()
        };
        Message::default()
            .whole_list("series", self.series.iter().map(series))
            .message("metrics", self.metrics.as_ref().map(search_metrics))
            .text("status", status(self.status))
            .text("message", &self.message)
            .json()
    }

    fn leave_out_bytes(&mut self) {
        leave_out_bytes(&mut self.metrics);
    }

    fn rows(&self) -> usize {
        self.series.len()
    }
}

impl Answer for proto::QueryInstantResponse {
    fn json(&self) -> Json {
        let series = |series: &proto::InstantSeries| {
            let labels = Message::default().list("labels", attributes(&series.labels));
            labels.float("value", series.value).json()
        };
        Message::default()
            .list("series", self.series.iter().map(series))
            .message("metrics", self.metrics.as_ref().map(search_metrics))
            .text("status", status(self.status))
            .text("message", &self.message)
            .json()
    }

    fn leave_out_bytes(&mut self) {
        leave_out_bytes(&mut self.metrics);
    }

    fn rows(&self) -> usize {
        self.series.len()
    }
}

fn leave_out_bytes(metrics: &mut Option<proto::SearchMetrics>) {
    metrics.iter_mut().for_each(|metrics| metrics.inspected_bytes = 0);
}

/// The name of a `PartialStatus`; empty for the one that is left out.
fn status(number: i32) -> &'static str {
    match proto::PartialStatus::try_from(number) {
        Ok(proto::PartialStatus::Partial) => "PARTIAL",
        _ => "",
    }
}

fn trace(trace: &proto::TraceSearchMetadata) -> Json {
    let stats = trace.service_stats.iter().map(|(service, stats)| {
        let numbers = Message::default()
            .number("spanCount", stats.span_count)
            .number("errorCount", stats.error_count);
        (service.clone(), numbers.json())
    });
    let stats = (!trace.service_stats.is_empty()).then(|| Json::Object(stats.collect()));
    Message::default()
        .text("traceID", &trace.trace_id)
        .text("rootServiceName", &trace.root_service_name)
        .text("rootTraceName", &trace.root_trace_name)
        .long("startTimeUnixNano", trace.start_time_unix_nano)
        .number("durationMs", trace.duration_ms)
        .message("spanSet", trace.span_set.as_ref().map(span_set))
        .list("spanSets", trace.span_sets.iter().map(span_set))
        .message("serviceStats", stats)
        .json()
}

fn span_set(set: &proto::SpanSet) -> Json {
    let span = |span: &proto::Span| {
        Message::default()
            .text("spanID", &span.span_id)
            .text("name", &span.name)
            .long("startTimeUnixNano", span.start_time_unix_nano)
            .long("durationNanos", span.duration_nanos)
            .list("attributes", attributes(&span.attributes))
            .json()
    };
    Message::default()
        .list("spans", set.spans.iter().map(span))
        .number("matched", set.matched)
        .list("attributes", attributes(&set.attributes))
        .json()
}

/// What a search read. The spans are left out: clients with an older list of fields refuse an answer
/// that has others.
fn search_metrics(metrics: &proto::SearchMetrics) -> Json {
    Message::default()
        .number("inspectedTraces", metrics.inspected_traces)
        .long("inspectedBytes", metrics.inspected_bytes)
        .number("totalBlocks", metrics.total_blocks)
        .number("completedJobs", metrics.completed_jobs)
        .number("totalJobs", metrics.total_jobs)
        .long("totalBlockBytes", metrics.total_block_bytes)
        .json()
}

fn metadata_metrics(metrics: &proto::MetadataMetrics) -> Json {
    Message::default()
        .long("inspectedBytes", metrics.inspected_bytes)
        .number("totalJobs", metrics.total_jobs)
        .number("completedJobs", metrics.completed_jobs)
        .json()
}
