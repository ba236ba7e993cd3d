// Generated from the OpenAPI document. Do not edit; regenerate with
// UPDATE_EXPECT=1 cargo test -p coral --bin coral roles::tests::api

/** A problem in words. */
export interface Advice {
  /** The probable cause: a sentence. */
  cause: string;
  /** What to do about it: a sentence. */
  remedy: string;
  /** What is wrong: a sentence. */
  what: string;
}

/** The polling state of one agent. */
export interface AgentStatus {
  /** The URL at which the agent is polled. */
  address: string;
  /** The agent's id. */
  agent_id: string;
  /**
   * When the agent last replied to a poll: microseconds since the Unix epoch; null when the
   * agent has not replied since the colony started.
   */
  answered_at_unix_us: number | null;
  /**
   * State and reason of the Beyla that the agent runs, as of `answered_at_unix_us`; null before
   * the first poll, and for agents that do not report the state.
   */
  beyla: string | null;
  /** How the colony knows of the agent: `configured` or `registered`. */
  known_by: string;
  /**
   * How many receipts the agent has issued that this colony has not stored yet; null before the
   * first poll.
   */
  lag_receipts: number | null;
  /**
   * Seconds since this colony last held everything that the agent had stored; null if it never
   * did.
   */
  lag_seconds: number | null;
  /** The error of the last poll; null when the last poll succeeded. */
  last_error: string | null;
  /** Why the most recent span or metric was refused; null when none was. */
  last_refusal: string | null;
  /** Whether anything replied to the last poll, even with an error. */
  reachable: boolean;
  /**
   * When spans of the agent were last stored: microseconds since the Unix epoch; null when none
   * were stored since the colony started.
   */
  spans_at_unix_us: number | null;
  /** Spans that expired on the agent before this colony had polled them. */
  spans_missed: number;
  /**
   * Spans of the agent that were stored per second, averaged over the last minute; null when the
   * agent was not polled in the last minute.
   */
  spans_per_second: number | null;
  /** Spans received from this agent that can never be stored, since the colony started. */
  spans_refused: number;
  /** Spans of this agent that this colony has stored since its store was created. */
  spans_stored: number;
  /**
   * `ok`, `not_polled` (before the first poll), or how the last poll failed: `unreachable`,
   * `refuses`, `too_old`, `nonsense` (the reply is not one that an agent sends), `cannot_store`
   * (this colony could not store the data); or `polled_elsewhere` (another colony of the same
   * store polls the agent).
   */
  state: string;
  /**
   * Services that listen on the agent's host and that its Beyla, which runs, is not told to
   * trace: at most 64, by port.
   */
  untraced?: UntracedService[];
  /** The version of Coral that the agent runs; null until the agent registers with this process. */
  version: string | null;
}

/**
 * Asks what changed between a baseline and the window after it. Times are microseconds since the
 * Unix epoch; time ranges are half-open.
 */
export interface AnomaliesQuestion {
  /**
   * How long the baseline is, in microseconds. The baseline ends where the window begins. If
   * `find_beginning` found when a change began, the baseline ends at least a minute before the
   * change.
   */
  baseline_us: number;
  /**
   * Whether to find when the change began, in the eight hours before `until_unix_us`, and to
   * compare the traces after it with those before it. When no beginning is found, the window
   * begins at `since_unix_us`.
   */
  find_beginning?: boolean;
  /**
   * The window's start: traces that started at or after this time, microseconds since the Unix
   * epoch.
   */
  since_unix_us: number;
  /** The window's end: traces that started before this time, microseconds since the Unix epoch. */
  until_unix_us: number;
}

/** One change between the baseline and the window. */
export interface Anomaly {
  /**
   * The value in the baseline: for `slower` microseconds, for edges calls, and for the other
   * kinds the part of requests, from 0 to 1.
   */
  before: number;
  /** The operation that changed, or the caller, the callee and the operation. */
  component: string;
  /** Spans that show the change: of the window, or for `vanished_edge` of the baseline. */
  evidence: WhyEvidence[];
  /** The kind of change. */
  kind: AnomalyKind;
  /** The value in the window, in the unit of `before`. */
  now: number;
  /** How significant the change is, from 0; larger is more significant. */
  score: number;
  /** The service that changed; for an edge, the caller. */
  service: string;
  /** The change as a sentence without a full stop, from the value before to the value now: `stock is slower in GET /stock/{id}: 23ms → 305ms`. Absent in answers in plain English. */
  title?: string;
}

/** The kinds of changes. */
export type AnomalyKind = "slower" | "errors" | "missing_child" | "retry_storm" | "n_plus_one" | "more_often" | "new_call" | "new_edge" | "vanished_edge";

/** An error as JSON. */
export interface ApiError {
  /** The error, in one line of lower case without a full stop. */
  error: string;
  /** The next step for the person who asked; absent when there is no advice. */
  hint?: string | null;
}

/** A key or a value. */
export interface AttributeItem {
  /** How many of the spans have it. */
  spans: number;
  /** The key, or the value as text, cut to 500 bytes. */
  text: string;
}

/** Keys that spans have, or values of a key, most frequent first. */
export interface AttributeList {
  /**
   * Whether there may be further keys, values or spans: more traces match than were read, or
   * more items begin with `prefix` than `limit`.
   */
  cut: boolean;
  /**
   * The keys or values, those of most spans first, then in the order of their text. Keys that every
   * span has, such as `service` and `status`, come first.
   */
  items: AttributeItem[];
  /** The key whose values are listed; null for a list of keys. */
  key: string | null;
  /** How many spans were looked at: those of the newest traces that meet the search. */
  of: number;
}

/** What a question asks to group by. */
export type By = "service" | "call" | "endpoint" | "host" | "version";

/** Calls between services. */
export interface CallFindings {
  /** The gaps in what was seen of agents in the window. */
  coverage: Coverage[];
  /** The edges of the service map, in the order that was asked for; at most ten. */
  edges: TopologyEdge[];
  /** The question that was answered. */
  query: TopologyQuestion;
}

/** [`Cause`] in snake case, such as `no_propagation`. */
export type Cause = "no_propagation" | "old_connection" | "tls" | "proxy" | "thread_hand_over" | "foreign_context" | "sdk_excluded" | "not_instrumented" | "caller_not_observed" | "sampling" | "lag" | "clock" | "context_reuse" | "not_exported";

/** How a component lost time, or what changed. */
export type CauseKind = "own" | "edge" | "leaf" | "queue" | "missing" | "error" | "repeated" | "more_often" | "new";

/** What changed since the baseline. */
export interface ChangeFindings {
  /**
   * Changes of the service or route that was asked about, or of all services; highest score
   * first, at most five.
   */
  anomalies: Anomaly[];
  /** How many traces of the baseline were compared; with none, there is nothing to compare with. */
  baseline_traces: number;
  /**
   * When the change began that the window and the baseline are divided by: microseconds since
   * the Unix epoch; null when no beginning was found, or none was asked for.
   */
  began_unix_us: number | null;
  /**
   * The gaps in what was seen of agents in the window and in the baseline, and what was not
   * compared because of them.
   */
  coverage: Coverage[];
  /** How many further changes there are, with lower scores. */
  more: number;
  /** The question that was answered. */
  query: AnomaliesQuestion;
  /**
   * The start of the stored span that was received first; null unless the baseline is empty and
   * began before that time. Microseconds since the Unix epoch.
   */
  stored_since_unix_us: number | null;
  /** How many traces of the window were compared. */
  traces: number;
}

/** The spans of one service, host and agent, whose times were moved. */
export interface ClockMove {
  /** The id of the agent that received the spans. */
  agent_id: string;
  /** The `host.name` of the resource; null if it has none. */
  host: string | null;
  /** By how many microseconds the spans were moved: the median. */
  moved_us: number;
  /** The service. */
  service: string;
  /** How many spans were moved. */
  spans: number;
}

/** The state of a colony: one entry per agent, and the colony's own counters. */
export interface ColonyStatus {
  /** The agents, sorted by id. */
  agents: AgentStatus[];
  /** Counters and gauges, by the names that they have on `/metrics`. */
  counters: Record<string, number>;
  /**
   * How what the colony sends is encrypted: `tls`; `loopback`, where it does not leave the host;
   * or `insecure_plaintext`, where everybody on the network can read it. Empty from an older colony.
   */
  encryption: string;
  /** The targets to which the colony exports spans, in the order of the setting `export`. */
  exports?: ExportStatus[];
  /** What a person has to look at; empty when nothing is wrong. */
  problems: Problem[];
  /** The DuckDB library that SQL queries would be answered with. */
  sql_library: SqlLibrary;
  /** What the colony stores. */
  store: StoreStatus;
  /** The version of Coral that the colony runs. */
  version: string;
}

/** A value of an attribute on both sides. */
export interface ComparedAttribute {
  /** How many traces of `a` have a span of the service with this value. */
  a: number;
  /** How many traces of `a` have a span of the service. */
  a_of: number;
  /** How many traces of `b` have a span of the service with this value. */
  b: number;
  /** How many traces of `b` have a span of the service. */
  b_of: number;
  /** The key. */
  key: string;
  /** The service whose spans, or whose resource, have the attribute. */
  service: string;
  /** The value, as text. */
  value: string;
}

/** What a side of a comparison is. */
export type ComparedKind = "trace" | "traces";

/** An operation on both sides. */
export interface ComparedRow {
  /** How long it takes in `a`; null if no trace of `a` has it. */
  a: ComparedTimes | null;
  /** How long it takes in `b`; null if no trace of `b` has it. */
  b: ComparedTimes | null;
  /** `p50_us` of `a` minus that of `b`; null unless both have it. */
  delta_us: number | null;
  /** How many operations are above it; 0 if not aligned. */
  depth: number;
  /** The kind of its span: `internal`, `server`, `client`, `producer` or `consumer`. */
  kind: string;
  /** The name of the operation. */
  name: string;
  /** The service. */
  service: string;
  /**
   * The part of the answer's `delta_us` that its own time accounts for: the difference of the P50s
   * of its own time in all traces, where a trace without it counts as 0. Null without a
   * difference.
   */
  share: number | null;
}

/** One side of a comparison. */
export interface ComparedSide {
  /** Whether there are more traces, or spans of a trace, than are compared. */
  cut: boolean;
  /** P50 of the durations of the traces, in microseconds. */
  duration_p50_us: number;
  /** P95 of these durations, in microseconds. */
  duration_p95_us: number;
  /** Ids of at most five of the traces. */
  example_trace_ids: string[];
  /**
   * Whether the traces are healthy ones of the operation of `a`: the faster half of those without
   * a failed span, if there are any.
   */
  healthy: boolean;
  /** Whether the side is one trace or a set of traces. */
  kind: ComparedKind;
  /** The name of that span; null without traces. */
  operation: string | null;
  /** The search of the set; null for a trace and for healthy traces. */
  q: string | null;
  /** The service of the topmost span of most traces; null without traces. */
  service: string | null;
  /** The id of the trace; null for a set. */
  trace_id: string | null;
  /** How many traces are compared. */
  traces: number;
}

/** How long an operation takes on one side. */
export interface ComparedTimes {
  /** How often such a trace has it, on average. */
  calls: number;
  /** How many of its spans failed. */
  errors: number;
  /** The span that took longest. */
  example: WhyEvidence;
  /** P50 of its durations, in microseconds. */
  p50_us: number;
  /** P95 of its durations, in microseconds. */
  p95_us: number;
  /** P50 of its own times, without the operations below, in microseconds. */
  self_p50_us: number;
  /** How many traces have the operation. */
  traces: number;
}

/** A gap in what was seen of an agent. */
export interface Coverage {
  /** The agent's id. */
  agent_id: string;
  /** Why spans of the agent are missing. */
  gap: CoverageGap;
  /** What was not compared because of the gap. */
  left_out: LeftOut;
  /** How sampling changed; null unless `gap` is `sampling_changed`. */
  sampling: SamplingChange | null;
  /** The services of the agent whose spans are missing, sorted by name. */
  services: string[];
  /**
   * Whether the agent had more services in one minute than are recorded, so that some are missing
   * in `services`.
   */
  services_cut: boolean;
  /**
   * When the gap began, when the agent joined, or when sampling changed: microseconds since the
   * Unix epoch; null when that is not known.
   */
  since_unix_us: number | null;
  /**
   * How many traces of the window may lack spans because of the gap: they started during the gap,
   * and other traces of the same operation have spans of this agent. 0 unless `left_out` is
   * `spans`.
   */
  traces_affected: number;
  /**
   * When the gap ended: microseconds since the Unix epoch; null when the gap had not ended at the
   * end of the window, and for `joined` and `sampling_changed`.
   */
  until_unix_us: number | null;
}

/** Why spans of an agent are missing. */
export type CoverageGap = "unreachable" | "returned" | "joined" | "beyla_stopped" | "sampling_changed";

/** The calls from one service to another over one protocol. */
export interface EdgeHealth {
  /** The called service, or a loopback address at which no service is known. */
  callee: string;
  /** The calling service. */
  caller: string;
  /**
   * By how many microseconds the callee's clock is ahead of the caller's; negative when it is
   * behind. Null when the clocks agree within 5 ms, or no call is linked.
   */
  clock_ahead_us: number | null;
  /** How many calls were made, and should have a server span: `linked + unlinked + missing`. */
  expected: number;
  /** How many calls have a server span below their client span. */
  linked: number;
  /** How many calls have no server span. */
  missing: number;
  /** The protocol: `http`, `grpc` or another RPC system. */
  protocol: string;
  /** How many calls have both sides stored, but not linked. */
  unlinked: number;
}

/** What a count of spans stands for, where agents record only a share of the traces. */
export interface Estimate {
  /**
   * Estimate of how many requests or calls there were: each recorded one counts as one divided by
   * the share of its agent and minute.
   */
  count: number | null;
  /** Estimate of how many failed. */
  errors: number | null;
  /**
   * The share of the requests or calls that is recorded: above 0 and at most 1. A rate divided by
   * it estimates the rate of all. Null when the share is not known; `count` and `errors` are null
   * too then.
   */
  sampling_ratio: number | null;
}

export interface EventJson {
  /** The attributes of the event. */
  attributes: TypedAttributes;
  /** The name of the event. */
  name: string;
  /** When the event happened: nanoseconds since the Unix epoch, as decimal text. */
  time_unix_nano: string | null;
  /** When the event happened: microseconds since the Unix epoch. */
  time_unix_us: number;
}

/** How the export to one target goes. */
export interface ExportStatus {
  /** Spans that the target took since the export began. */
  exported: number;
  /** Requests that failed since the colony started. */
  failures: number;
  /** Spans that the filter left out since the colony started. */
  filtered: number;
  /**
   * How many receipts the colony has issued that the target has not acknowledged; null before
   * the export began.
   */
  lag_receipts: number | null;
  /** Seconds since the oldest of them was received; null if that is not known. */
  lag_seconds: number | null;
  /** Why the last request failed; null when it succeeded. */
  last_error: string | null;
  /** Why the target rejected spans at last; null when it rejected none. */
  last_rejection: string | null;
  /** Spans that expired before the target took them, since the export began. */
  missed: number;
  /** The name of the target in the setting `export`. */
  name: string;
  /** `grpc` or `http` (OTLP), or `zipkin`. */
  protocol: string;
  /** Spans that the target rejected for good since the export began. */
  rejected: number;
  /** Spans that came back and were not exported again, since the colony started. */
  returned: number;
  /**
   * `waiting` (nothing was sent yet), `ok`, `retrying` (the last request failed and is repeated
   * soon), `refused` (somebody has to change the target or its settings; the request is repeated
   * slowly) or `cannot_read` (the colony's store or the export's cursor cannot be used).
   */
  state: string;
  /** The URL to which spans are sent. */
  url: string;
}

/** An edge on which a larger share of calls fails than before. */
export interface FailingEdge {
  /** How many calls there were. The client span and the server span of one call count once. */
  calls: number;
  /** How many calls there were in the earlier time range. */
  calls_before: number;
  /** How many of the calls failed. */
  errors: number;
  /** How many of the calls in the earlier time range failed. */
  errors_before: number;
  /**
   * What the counts stand for, where they come from spans and only a share of these is recorded.
   * Absent where everything is recorded. Shares and percentiles are those of the recorded ones.
   */
  estimate?: Estimate | null;
  /**
   * Whether the percentiles are exact. With more than 131,072 distinct durations the percentiles
   * are at most 0.05% off. If all edges together have more than 4 million distinct durations, the
   * percentiles of edges with more than 1,024 of them are up to 3.2% off.
   */
  exact: boolean;
  /** The name of the caller. */
  from: string;
  /**
   * The median duration of the calls in microseconds, as measured by the caller; of a message, the
   * time from the start of sending it to the start of processing it. A percentile is the duration
   * of a call (nearest rank).
   */
  p50_us: number;
  /** The 95th percentile of the durations in microseconds. */
  p95_us: number;
  /** The 99th percentile of the durations in microseconds. */
  p99_us: number;
  /**
   * `http`, `grpc`, `sql`, `redis`, `kafka` and so on; `unknown` when no attribute names the
   * protocol.
   */
  protocol: string;
  /** The name of the callee. */
  to: string;
}

/** What was found, by kind of question. */
export type Findings = NotUnderstood & { kind: "not_understood" } | NoSuchService & { kind: "no_such_service" } | WhyFindings & { kind: "why" } | ChangeFindings & { kind: "changes" } | ServiceCallFindings & { kind: "service_calls" } | CallFindings & { kind: "calls" } | TraceFindings & { kind: "traces" } | RequestFindings & { kind: "requests" } | ServiceFindings & { kind: "services" } | GroupFindings & { kind: "groups" };

/** How a slow trace was found. */
export type FoundBy = "exemplar" | "span";

/** Rows of a waterfall. */
export interface FoundRows {
  /**
   * The numbers of the rows that the search selects, from 0 on and ascending: places in the
   * columns of the waterfall with equal `source` and `adjust_clocks`.
   */
  rows: number[];
  /** How many spans were searched: those with a row. Redacted hops are not searched. */
  spans: number;
}

/** The spans with one value of a key. */
export interface Group {
  /** How many of the spans have the status `error`. */
  errors: number;
  /** The median of the spans' durations in microseconds: exact, by nearest rank. */
  p50_us: number;
  /** The 95th percentile of the spans' durations in microseconds: exact, by nearest rank. */
  p95_us: number;
  /** How many spans meet the conditions. */
  spans: number;
  /** In how many traces the spans are. */
  traces: number;
  /** The value as text, cut to 500 bytes; null for spans without the key. */
  value: string | null;
}

/** Spans by service, endpoint, host, version or statement. */
export interface GroupFindings {
  /** The tables: one, or one for each service whose versions are compared; at most five. */
  tables: GroupTable[];
}

/** Spans by one key. */
export interface GroupTable {
  /** The gaps in what was seen of agents in the window. */
  coverage: Coverage[];
  /** How many of these spans have the status `error`. */
  errors: number;
  /**
   * The groups, in the order that was asked for: the slowest or those with the most errors
   * first; at most ten. Groups without errors are left out if the question is about errors.
   */
  groups: Groups;
  /** How many further groups there are. */
  more: number;
  /** The question that was answered. */
  query: TracesQuestion;
  /** How many spans meet the conditions, those of all groups together. */
  spans: number;
  /** Keys and values of the question that no span has, when no trace matches. */
  unmatched: Unmatched[];
}

/** Spans by the value of a key. */
export interface Groups {
  /** The key. */
  by: string;
  /** One group for each value, those with the most errors first, then those with the most spans. */
  groups: Group[];
  /** How many further groups there are, beyond the question's `limit`. */
  left_out: number;
  /** Whether further traces, spans or values match that were not counted. */
  more: boolean;
  /** In how many traces spans were counted: all that match, or the first 10,000 of the list. */
  traces: number;
}

/** How well a service is. The rules are those of `crates/query/src/services/health.rs`. */
export type Health = "failing" | "slow" | "not_seen" | "fewer_requests" | "unknown" | "well";

/** How many traces started in each part of a window and took how long. */
export interface Heatmap {
  /**
   * The durations between which the rows are, in microseconds: one more than there are rows,
   * ascending, and each about the same multiple of the one before. A row includes its lower bound
   * and not its upper one. The first row also has all shorter traces, and the last row all longer
   * ones.
   */
  bounds_us: number[];
  /** The number of columns: parts of the window of equal length, the earliest first. */
  columns: number;
  /**
   * If the heatmap is cut, the start of the earliest trace that was counted, in microseconds
   * since the Unix epoch: all traces that match and started later are counted. Null otherwise.
   */
  counted_since_unix_us: number | null;
  /**
   * The number of traces in each cell. The cell of a column and a row, both counted from 0, is at
   * `column * rows + row`.
   */
  counts: number[];
  /** The gaps in what was seen of agents in the window, in at most its last 24 hours. */
  coverage: Coverage[];
  /** Whether more traces match than were counted. The newest ones are counted. */
  cut: boolean;
  /** The number of traces in each cell that have a failed span, in the same order. */
  errors: number[];
  /** The number of rows: ranges of durations, the shortest first. */
  rows: number;
  /** Start of the window, microseconds since the Unix epoch. */
  since_unix_us: number;
  /** The sum of `counts`. */
  traces: number;
  /** End of the window, exclusive, microseconds since the Unix epoch. */
  until_unix_us: number;
}

/**
 * A client span and a server span of two traces that are the two sides of one call: protocol,
 * operation, address and time leave no other possibility. Inferred links are for display: they are
 * never stored, and no count uses them.
 */
export interface InferredLink {
  /** The calling service. */
  client_service: string;
  /** The span id of the client span. */
  client_span_id: string;
  /** The trace id of the client span. */
  client_trace_id: string;
  /** How long the server span took, in microseconds. */
  server_duration_us: number;
  /** The name of the server span: the operation. */
  server_operation: string;
  /** The called service. */
  server_service: string;
  /** The span id of the server span. */
  server_span_id: string;
  /** The trace id of the server span. */
  server_trace_id: string;
}

/** What a question asks for. */
export type Intent = { kind: "why" } | { kind: "changes" } | { kind: "calls" } | { failed: boolean; kind: "traces"; slow: boolean } | { kind: "slowest" } | { kind: "errors" } | { kind: "health" } | { kind: "latency" } | { kind: "statements" };

/** The requests of one kind that a service served. */
export interface KindOfRequests {
  /** The numbers in the baseline; null without requests in the baseline. */
  before: ServiceNumbers | null;
  /** The kind of requests. */
  kind: RequestKind;
  /** The numbers in the window. */
  now: ServiceNumbers;
  /** What the requests were counted from: `metrics` or `spans`. */
  source: RedSource;
}

/** The direction of calls in the picture of a service map. */
export type LayoutDirection = "lr";

/** What is not compared because of a gap. */
export type LeftOut = "spans" | "traces" | "nothing";

export interface LinkJson {
  /** The attributes of the link. */
  attributes: TypedAttributes;
  /** The span id of the linked span: 16 lower-case hex digits. */
  span_id: string;
  /** The trace id of the linked span: 32 lower-case hex digits. */
  trace_id: string;
  /** The W3C `tracestate` of the linked span. */
  trace_state: string;
}

/** Why none of the slow traces of a row is stored. */
export type NoSlowTrace = "no_traces" | "traces_expired" | "not_sampled" | "window_expired" | "nothing_found";

/** An unknown service name, and names of known services. */
export interface NoSuchService {
  /** Names of known services, sorted; at most five. */
  known: string[];
  /** How many known services are not in `known`. */
  more_known: number;
  /** The name that was asked about. */
  service: string;
  /** Services with similar names, most similar first. */
  similar: string[];
}

/** The kind of a node. */
export type NodeKind = "service" | "database" | "queue" | "external";

/** Why the sides of a comparison are not aligned. */
export type NotAligned = "no_traces_in_a" | "no_traces_in_b" | "different_operations";

/** The words of a question that were not understood, and names that a question can have. */
export interface NotUnderstood {
  /** How many known services are not in `services`. */
  more_services: number;
  /** Names of known services, sorted; at most five. */
  services: string[];
  /**
   * The words and phrases that were not understood, in the order of the question. Empty if the
   * question has no words, or if no word says what is asked for.
   */
  words: string[];
}

/** One finding or remark. */
export interface PageLine {
  /**
   * Which of the page's `queries` the finding is from; null for a remark, which says nothing of
   * the data.
   */
  query: number | null;
  /** The finding or remark, in words. */
  text: string;
}

/** A heading and what stands below it. */
export interface PageSection {
  /** The findings and remarks below the heading. */
  lines: PageLine[];
  /** The heading, such as `RED Metrics (last 1h)`. */
  title: string;
}

/** How a question expressed a time range. Days begin at midnight in the time zone of the question. */
export type Period = { kind: "last"; length_us: number } | { kind: "today" } | { kind: "yesterday" } | { kind: "since_yesterday" } | { kind: "since" } | { kind: "between" } | { kind: "since_change" };

/** An edge in the picture of a service map. */
export interface PlacedEdge {
  /** The name of the caller in `nodes` of the layout. */
  from: string;
  /** The corners of the line, x and y, from the border of the caller to the border of the callee. */
  points: number[][];
  /** The protocol of the calls. */
  protocol: string;
  /** Whether the edge is one of `diff.removed`. */
  removed: boolean;
  /** The name of the callee in `nodes` of the layout. */
  to: string;
}

/** A node in the picture of a service map. */
export interface PlacedNode {
  /**
   * How many nodes this node stands for, because the picture has no space for them; 0 for a node
   * of the map.
   */
  folded: number;
  /** The height of the node. */
  height: number;
  /** The kind of node: `service`, `database`, `queue` or `external`; `service` with `folded`. */
  kind: NodeKind;
  /**
   * The name of the node: a node of the map or of `diff.removed_nodes`. With `folded`, how many
   * nodes it stands for: `23 more`.
   */
  name: string;
  /** The width of the node. */
  width: number;
  /** The left edge of the node. */
  x: number;
  /** The upper edge of the node. */
  y: number;
}

/** Something about a colony that a person has to look at. */
export type Problem = { kind: "no_agents" } | { agent_id: string; kind: "agent_not_polled" } | { agent_id: string; answered_at_unix_us: number | null; kind: "agent_unreachable" } | { agent_id: string; kind: "agent_unusable"; state: string } | { agent_id: string; kind: "cannot_store" } | { agent_id: string; kind: "agent_behind"; seconds: number } | { agent_id: string; beyla: string; kind: "beyla_not_working" } | { error: string; kind: "shard_unavailable"; url: string } | { kind: "spans_damaged"; spans: number };

/** [`ProblemKind`] in snake case, such as `cut_root`. */
export type ProblemKind = "cut_root" | "missing_server" | "orphan" | "detached_call" | "cross_stitched" | "endless" | "outside_call";

/** The reason for a verdict, with the numbers that decided it. */
export type Reason = { kind: "no_traces" } | { kind: "no_baseline_traces" } | { kind: "too_few_baseline_traces"; least: number; traces: number } | { completeness: number; kind: "torn_traces" } | { calls: number; kind: "few_calls"; least: number } | { kind: "low_score"; least: number; score: number } | { kind: "not_slower" } | { kind: "reached_by_chance"; p_value: number; score: number } | { kind: "beyond_chance"; p_value: number; score: number };

/** The requests, errors and durations of a row. */
export interface RedNumbers {
  /**
   * The upper bound, in microseconds, of the last histogram bucket that has one: percentiles
   * that are null are above this. Null when all percentiles are known, or when there were no
   * requests.
   */
  beyond_us: number | null;
  /** The part of the requests that failed: `errors / requests`, from 0 to 1; 0 without requests. */
  error_rate: number;
  /**
   * How many requests failed: by the status of the span if counted from spans; by HTTP status,
   * gRPC status or `error.type` if counted from metrics.
   */
  errors: number;
  /**
   * What the counts stand for, where they come from spans and only a share of these is recorded.
   * Absent where everything is recorded. Shares and percentiles are those of the recorded ones.
   */
  estimate?: Estimate | null;
  /**
   * Whether the percentiles are exact. Percentiles of metrics are not. Percentiles of spans are
   * not if there are more than 131,072 distinct durations, and are then at most 0.05% off. If all
   * rows together have more than 4 million of them, the percentiles of rows with more than 1,024
   * are up to 3.2% off.
   */
  exact: boolean;
  /**
   * The median duration in microseconds; null when not known: see `beyond_us`. A percentile of
   * spans is the duration of a request (nearest rank); a percentile of metrics is interpolated
   * within a bucket of a histogram.
   */
  p50_us: number | null;
  /** The 95th percentile of the durations in microseconds; null when not known. */
  p95_us: number | null;
  /** The 99th percentile of the durations in microseconds; null when not known. */
  p99_us: number | null;
  /** How many requests there were. */
  requests: number;
  /**
   * How many requests had each response status: `200` for HTTP, `OK` for gRPC; `ok` and `error`
   * for SQL.
   */
  statuses: Record<string, number>;
}

/** The protocol of the requests. */
export type RedProtocol = "http" | "grpc" | "sql";

/**
 * Asks for the requests, errors and durations of one service. Times are microseconds since the
 * Unix epoch.
 */
export interface RedQuestion {
  /** Also return the same numbers for a window of equal length this many microseconds earlier. */
  compare_us?: number | null;
  /** With `slow`: the latency threshold in microseconds. Null: the P95 of each row. */
  over_us?: number | null;
  /** The protocol of the requests: `http`, `grpc` or `sql`. */
  protocol: RedProtocol;
  /** The service, by its `service.name`. */
  service: string;
  /**
   * Whether the service served the requests (`server`) or made them (`client`); for SQL always
   * `client`.
   */
  side: RedSide;
  /**
   * The window's start, in microseconds since the Unix epoch: requests that metrics counted at
   * or after this time, or spans of traces that started then.
   */
  since_unix_us: number;
  /** Whether to return traces of slow requests too. */
  slow: boolean;
  /**
   * Whether requests are counted from metrics or from stored spans. Null: from metrics, or from
   * spans if the window has no such metrics of the service.
   */
  source?: RedSource | null;
  /** The window's end, exclusive, in microseconds since the Unix epoch. */
  until_unix_us: number;
}

/** The numbers of one HTTP route, gRPC method or SQL statement. */
export interface RedRow {
  /**
   * The numbers of the row in the earlier window; null when none was asked for, or when that
   * window had no such row.
   */
  before: RedNumbers | null;
  /**
   * The upper bound, in microseconds, of the last histogram bucket that has one: percentiles
   * that are null are above this. Null when all percentiles are known, or when there were no
   * requests.
   */
  beyond_us: number | null;
  /** The part of the requests that failed: `errors / requests`, from 0 to 1; 0 without requests. */
  error_rate: number;
  /**
   * How many requests failed: by the status of the span if counted from spans; by HTTP status,
   * gRPC status or `error.type` if counted from metrics.
   */
  errors: number;
  /**
   * What the counts stand for, where they come from spans and only a share of these is recorded.
   * Absent where everything is recorded. Shares and percentiles are those of the recorded ones.
   */
  estimate?: Estimate | null;
  /**
   * Whether the percentiles are exact. Percentiles of metrics are not. Percentiles of spans are
   * not if there are more than 131,072 distinct durations, and are then at most 0.05% off. If all
   * rows together have more than 4 million of them, the percentiles of rows with more than 1,024
   * are up to 3.2% off.
   */
  exact: boolean;
  /** HTTP: the method, such as `GET`. gRPC: the full method, such as `/shop.v1.Cart/Add`. */
  method?: string | null;
  /** SQL: the operation, such as `SELECT`. */
  operation?: string | null;
  /**
   * The median duration in microseconds; null when not known: see `beyond_us`. A percentile of
   * spans is the duration of a request (nearest rank); a percentile of metrics is interpolated
   * within a bucket of a histogram.
   */
  p50_us: number | null;
  /** The 95th percentile of the durations in microseconds; null when not known. */
  p95_us: number | null;
  /** The 99th percentile of the durations in microseconds; null when not known. */
  p99_us: number | null;
  /** How many requests there were. */
  requests: number;
  /** HTTP: the route, such as `/users/{id}`; empty when the exporter did not know the route. */
  route?: string | null;
  /**
   * How many requests had each response status: `200` for HTTP, `OK` for gRPC; `ok` and `error`
   * for SQL.
   */
  statuses: Record<string, number>;
  /** SQL: the table; empty when the exporter did not report the table. */
  table?: string | null;
}

/** Which side of a call was measured. */
export type RedSide = "server" | "client";

/** What requests are counted from. */
export type RedSource = "metrics" | "spans";

/** The requests, errors and durations of one service and protocol in one window. */
export interface RedTable {
  /**
   * Where the stored data begins, in microseconds since the Unix epoch: the start of the window,
   * or later if all data is younger. A rate is `requests` divided by the time from here to
   * `until_unix_us`.
   */
  covered_since_unix_us: number;
  /**
   * Services of a similar name, when no span in the window is of this one: at most three, the
   * most alike first.
   */
  did_you_mean: string[];
  /**
   * Whether the question names no source, and the window has no such metrics of the service. The
   * requests are then counted from spans, if there are any.
   */
  metrics_missing: boolean;
  /** The numbers of all requests together. */
  overall: RedNumbers;
  /**
   * The numbers of all requests together in the earlier window (`compare_us`); null when none
   * was asked for.
   */
  overall_before: RedNumbers | null;
  /** The protocol of the requests: `http`, `grpc` or `sql`. */
  protocol: RedProtocol;
  /**
   * How many requests the metrics counted in the same window, when `source` is `spans`; else
   * null.
   */
  requests_by_metrics: number | null;
  /** How many requests are in `overall` but in no row, because the table has 4,000 rows. */
  requests_left_out: number;
  /**
   * One row for each route, method or statement; most requests first. At most 4,000: those that
   * were read first.
   */
  rows: RedRow[];
  /** The service, by its `service.name`. */
  service: string;
  /**
   * `server` for requests that the service served, `client` for requests that it made; always
   * `client` for SQL.
   */
  side: RedSide;
  /** Start of the window, microseconds since the Unix epoch. */
  since_unix_us: number;
  /** The rows with slow requests, with traces of them; null unless `slow` was asked for. */
  slow: SlowRow[] | null;
  /** What the requests were counted from: `metrics` or `spans`. */
  source: RedSource;
  /** End of the window, exclusive, microseconds since the Unix epoch. */
  until_unix_us: number;
}

/**
 * A span of a service that the caller may not see: its times, and its place in the tree of the
 * trace. Its id means nothing outside of this answer.
 */
export interface RedactedHop {
  /** The ids of those of `spans` that have this parent. */
  children: string[];
  /** How long the span took, in microseconds. */
  duration_us: number;
  /** The name of the hop in this answer: `redacted-1`, `redacted-2` and so on, by start time. */
  id: string;
  /**
   * The parent: the id of another redacted hop, or the span id of one of `spans`; null when the
   * parent is not stored, or there is none.
   */
  parent: string | null;
  /** When the span started: microseconds since the Unix epoch. */
  start_time_unix_us: number;
}

/** Requests of one protocol that a service served. */
export interface RequestFindings {
  /**
   * Where the stored data begins, in microseconds since the Unix epoch: the start of the window,
   * or later if all data is younger.
   */
  covered_since_unix_us: number;
  /** The numbers of all requests together. */
  overall: RedNumbers;
  /** The numbers of all rows together in the baseline; null when the question has no baseline. */
  overall_before: RedNumbers | null;
  /**
   * The question that was answered. Its source is `spans` if the window has no RED metrics of
   * the service.
   */
  query: RedQuestion;
  /**
   * Rows of the route that was asked about, or of all routes. As a part of the findings about
   * why something is slow, empty unless a route was asked about; elsewhere at most five rows, in
   * the order that was asked for.
   */
  rows: RedRow[];
}

/** What kind of requests a service serves. */
export type RequestKind = "http" | "grpc" | "messages" | "other";

/**
 * The requests of one service over time. Each list has one number for each step of the window, the
 * earliest first.
 */
export interface RequestSeries {
  /**
   * Percentiles of steps with requests that are null are above this many microseconds; null if
   * all are known.
   */
  beyond_us: number | null;
  /**
   * Where the stored data begins, in microseconds since the Unix epoch: the start of the window,
   * or later if all data is younger. Steps before have no requests because nothing is stored.
   */
  covered_since_unix_us: number;
  /**
   * Services of a similar name, when no span in the window is of this one: at most three, the
   * most alike first.
   */
  did_you_mean: string[];
  /** How many of them failed. */
  errors: number[];
  /**
   * The slowest requests of each step that are known one by one, at most three a step, in the
   * order of the steps: of metrics their exemplars, and else spans.
   */
  exemplars: SeriesExemplar[];
  /** The median duration in microseconds; null without requests, or above `beyond_us`. */
  p50_us: (number | null)[];
  /** The 95th percentile of the durations in microseconds; null likewise. */
  p95_us: (number | null)[];
  /** The 99th percentile of the durations in microseconds; null likewise. */
  p99_us: (number | null)[];
  /** The protocol of the requests: `http`, `grpc` or `sql`. */
  protocol: RedProtocol;
  /** How many requests there were in each step. */
  requests: number[];
  /** The service, by its `service.name`. */
  service: string;
  /** `server` for requests that the service served, `client` for requests that it made. */
  side: RedSide;
  /** Start of the window and of the first step, microseconds since the Unix epoch. */
  since_unix_us: number;
  /**
   * What the requests were counted from: `metrics` or `spans`. Requests of metrics count in the
   * step of the export that counted them, and those of spans in the step in which they began.
   */
  source: RedSource;
  /** How long a step is, in microseconds. */
  step_us: number;
  /** End of the window, exclusive, microseconds since the Unix epoch. */
  until_unix_us: number;
}

/** Spans of an agent of which only a share is recorded. */
export interface SampledSpans {
  /** The agent's id. */
  agent_id: string;
  /**
   * The share of traces that is recorded, above 0 and at most 1; the smallest of all minutes. Null
   * when it is not known.
   */
  least_ratio: number | null;
  /** The largest share of all minutes; null when it is not known. */
  most_ratio: number | null;
  /** The services whose spans are recorded with this share, sorted by name. */
  services: string[];
}

/**
 * A change of the fraction of traces that are recorded. It is known from samplers that report it:
 * the agent's Beyla, those that write their threshold into the trace state, and the colony. Where
 * these do not change, it is the ratio of server spans to the requests that metrics count, whatever
 * sets the ratio.
 */
export interface SamplingChange {
  /** The fraction before the change: at most 1; 0 if metrics count requests and there is no span. */
  before: number;
  /** The fraction since the change, likewise. */
  now: number;
}

export interface ScopeJson {
  /** Further attributes of the library. */
  attributes: TypedAttributes;
  /** The name of the library; empty when the exporter sent none. */
  name: string;
  /** The version of the library; empty when the exporter sent none. */
  version: string;
}

/** One request of a series. */
export interface SeriesExemplar {
  /** How long the request took, in microseconds. */
  duration_us: number;
  /** Whether the request failed. */
  error: boolean;
  /**
   * The span id of the request's span, or of the span that was active when the request was
   * measured.
   */
  span_id: string;
  /** Whether the trace is stored. A trace that is not stored was not sampled, or has expired. */
  stored: boolean;
  /** When the request was measured; of a span, when it began: microseconds since the Unix epoch. */
  time_unix_us: number;
  /** The trace id of the request. */
  trace_id: string;
}

/** Calls from one node of the service map to another. */
export interface ServiceCall {
  /** The calls in the baseline; null without any. */
  before: TopologyEdge | null;
  /** The calls in the window; 0 calls if only the baseline has any. */
  edge: TopologyEdge;
  /** The kind of the other node: `service`, `database`, `queue` or `external`. */
  kind: NodeKind;
}

/** Which services call a service, and what that service calls. */
export interface ServiceCallFindings {
  /** Calls by the service, most calls first; at most ten. */
  callees: TopologyEdge[];
  /** Calls to the service, most calls first; at most ten. */
  callers: TopologyEdge[];
  /** The gaps in what was seen of agents in the window. */
  coverage: Coverage[];
  /**
   * How many spans of the window, of any service, have a parent that is not stored: calls that
   * led there are not among the edges.
   */
  orphan_spans: number;
  /** The question that was answered. */
  query: TopologyQuestion;
}

/** More about one service. */
export interface ServiceDetail {
  /** Calls by the service, also to databases, most calls first. */
  callees: ServiceCall[];
  /** Calls to the service, most calls first. */
  callers: ServiceCall[];
  /** Server and consumer spans of the service in the window by `host.name`. */
  hosts: Groups | null;
  /** What the service serves, most requests first; at most 100. */
  operations: ServiceOperation[];
  /** How many operations are not in `operations`. */
  operations_left_out: number;
  /** The SQL statements of the service, most time first; at most 100. */
  statements: ServiceStatement[];
  /** What the statements were counted from: `metrics` or `spans`. */
  statements_source: RedSource | null;
  /** Server and consumer spans of the service in the window by `service.version`. */
  versions: Groups | null;
}

/** How well all services are, or one. */
export interface ServiceFindings {
  /** The question that was answered. */
  query: ServicesQuestion;
  /** The answer. */
  services: Services;
}

/** The spans of one service. */
export interface ServiceHealth {
  /** How many server spans begin a trace of their own, although a client span called them. */
  cut_roots: number;
  /** How many spans the service should have: `seen + missing`. */
  expected: number;
  /** How many spans are known to be missing. */
  missing: number;
  /** How many spans name a parent that is not stored. */
  orphans: number;
  /** How many spans are stored. */
  seen: number;
  /** The name of the service. */
  service: string;
  /** What made its spans: `ebpf`, `sdk` or both. */
  sources: string[];
}

/** Spans of one trace that belong to one service and ran at one place. */
export interface ServiceInstance {
  /** How many of these spans have the status `error`. */
  errors: number;
  /** The resource attribute `host.name`; null when there is none. */
  host: string | null;
  /** The resource attribute `k8s.pod.name`; null when there is none. */
  pod: string | null;
  /** The service. */
  service: string;
  /** How many of the spans in the answer ran there. */
  spans: number;
  /** The resource attribute `service.version`; null when there is none. */
  version: string | null;
}

/** The requests that a service served in a time range. */
export interface ServiceNumbers {
  /** Percentiles that are null are above this many microseconds; null when all are known. */
  beyond_us: number | null;
  /** The part of the requests that failed: `errors / requests`, from 0 to 1; 0 without requests. */
  error_rate: number;
  /**
   * How many requests failed: by the status of the span if counted from spans; by HTTP status,
   * gRPC status or `error.type` if counted from metrics.
   */
  errors: number;
  /**
   * What the counts stand for, where they come from spans and only a share of these is recorded.
   * Absent where everything is recorded. Shares and percentiles are those of the recorded ones.
   */
  estimate?: Estimate | null;
  /** Whether the percentiles are exact; those of metrics are not. */
  exact: boolean;
  /** The median duration in microseconds; null when not known. */
  p50_us: number | null;
  /** The 95th percentile of the durations in microseconds; null when not known. */
  p95_us: number | null;
  /** How many requests there were. */
  requests: number;
  /** Requests per second, in the part of the time range that the stored data covers. */
  requests_per_second: number;
}

/** One HTTP route, gRPC method, message or other operation that a service serves. */
export interface ServiceOperation {
  /** The numbers in the baseline; null without requests in the baseline. */
  before: RedNumbers | null;
  /** The kind of requests. */
  kind: RequestKind;
  /** The name: `POST /charge`. */
  name: string;
  /** The numbers in the window. */
  now: RedNumbers;
}

/**
 * The requests that a service served, over time. Each list has one number for each step of the
 * window, the earliest first.
 */
export interface ServiceSeries {
  /** How many of them failed. */
  errors: number[];
  /**
   * The 95th percentile of the durations in microseconds, of the kind with the most requests in
   * the window; null without requests, or above all buckets of metrics.
   */
  p95_us: (number | null)[];
  /** How many requests there were in each step. */
  requests: number[];
  /** How long a step is, in microseconds. */
  step_us: number;
}

/** One service: how well it is, and the numbers of the requests that it serves. */
export interface ServiceState {
  /** The same numbers in the baseline; null without requests in the baseline. */
  before: ServiceNumbers | null;
  /**
   * When a change of the traces or metrics of the service began: microseconds since the Unix
   * epoch. Null when no beginning was found, for services that neither fail nor are slow, and
   * for those after the first four.
   */
  began_unix_us: number | null;
  /**
   * The part of the newest traces with a span of the service in which no parent is missing but
   * that of the topmost span: 0 to 1. The traces are those of the window, or of the baseline if
   * the service has none in the window. Null without such traces.
   */
  complete_ratio: number | null;
  /** How well the service is. */
  health: Health;
  /** Values of the resource attribute `host.name` in spans of the service. */
  hosts: ValueList;
  /** Values of `service.instance.id`, or of `k8s.pod.name` where the resource has none. */
  instances: ValueList;
  /** Whether the requests of a failing service are slow too. */
  is_slow_too: boolean;
  /** The kind of requests that decided the health; null for `well` and `unknown`. */
  kind: RequestKind | null;
  /**
   * When the last request or one of the newest spans of the service ended, or the last metric of
   * its requests was exported, in the window or else in the baseline: microseconds since the Unix
   * epoch. Null for a service that is only known from the coverage timeline.
   */
  last_seen_unix_us: number | null;
  /** The service, by its `service.name`. */
  name: string;
  /**
   * The requests that the service served in the window, of all kinds together. Percentiles are
   * those of the kind with the most requests, the first of `requests`.
   */
  now: ServiceNumbers;
  /**
   * The operation that fails, such as `POST /charge`, when one operation does and the share of
   * all requests that fail is small; else null.
   */
  operation: ServiceOperation | null;
  /** The requests that the service served, by kind; the kind with the most requests first. */
  requests: KindOfRequests[];
  /** The requests of the window over time, of all kinds together; null unless `points` was given. */
  series: ServiceSeries | null;
  /** Why the health is unknown; null unless it is. */
  unknown_because: UnknownHealth | null;
  /** Values of `service.version`. */
  versions: ValueList;
}

/** One SQL statement. */
export interface ServiceStatement {
  /** The numbers of the statement; `before` are those of the baseline. */
  row: RedRow;
  /**
   * How long all its calls in the window took together, in microseconds; 0 if metrics have no
   * sums.
   */
  total_us: number;
}

/** How much of a trace's time is a service's. */
export interface ServiceTime {
  /** The time on the critical path, in microseconds. The network counts as in `self_us`. */
  critical_us: number;
  /** How many of them have the status `error`. */
  errors: number;
  /**
   * The sum of self times, in microseconds. The network to a server span counts for the service
   * of the server span.
   */
  self_us: number;
  /** The service. Redacted hops together are `hidden service`. */
  service: string;
  /** How many rows have this service. */
  spans: number;
}

/** How well services are in a window, compared with a baseline. */
export interface Services {
  /** Start of the baseline, microseconds since the Unix epoch. */
  baseline_since_unix_us: number;
  /** End of the baseline, exclusive, microseconds since the Unix epoch. */
  baseline_until_unix_us: number;
  /**
   * When the clearest change of all services began; null when none was found, or none was asked
   * for. Microseconds since the Unix epoch.
   */
  began_unix_us: number | null;
  /**
   * The cause that the question `why` names, when no service is failing or slow although a change
   * began: messages may wait in a queue, or calls be made more often. Else null.
   */
  cause: WhySuspect | null;
  /** The gaps in what was seen of agents, in the window and in the baseline. */
  coverage: Coverage[];
  /**
   * More about the service that was asked about; null when all services were, or when the
   * service was not seen.
   */
  detail: ServiceDetail | null;
  /**
   * Services of a similar name, when the service that was asked about was not seen: at most
   * three, the most alike first.
   */
  did_you_mean: string[];
  /**
   * The spans that are counted in `services` or `detail`, in the window or in the baseline, and of
   * which only a share is recorded. Absent where everything is recorded.
   */
  sampled?: SampledSpans[];
  /**
   * The services with spans or metrics in the window, those that had requests in the baseline,
   * and those of agents that could not be read. Failing services come first, then slow ones,
   * then those without requests that the baseline has, then those with fewer requests than in
   * the baseline, then unknown ones, then well ones; within each, most requests first. At most
   * 1,000.
   */
  services: ServiceState[];
  /** How many services are not in `services`. */
  services_left_out: number;
  /** Start of the window, microseconds since the Unix epoch. */
  since_unix_us: number;
  /**
   * The start of the stored span that was received first; null if that is before the baseline.
   * Microseconds since the Unix epoch.
   */
  stored_since_unix_us: number | null;
  /** End of the window, exclusive, microseconds since the Unix epoch. */
  until_unix_us: number;
  /**
   * The services that Beyla could trace and is not told to, by agent. Absent when there are none,
   * and for a question about one service.
   */
  untraced?: UntracedServices[];
}

/**
 * Asks how well services are: in a window, compared with a baseline. Times are microseconds since
 * the Unix epoch; time ranges are half-open.
 */
export interface ServicesQuestion {
  /**
   * How long the baseline is, in microseconds. The baseline ends where the window begins. If
   * `find_beginning` found when a change began that is older, the baseline ends at least a
   * minute before the change.
   */
  baseline_us: number;
  /**
   * Whether to find when a change began, in the eight hours before `until_unix_us`, so that the
   * baseline is before the change. The window stays as it is.
   */
  find_beginning?: boolean;
  /**
   * Also return the requests of each service over time, in at most so many steps of the window: up
   * to 200; 0 for none.
   */
  points?: number;
  /**
   * Only this service, by its `service.name`, with its operations, callers, callees, statements,
   * hosts and versions. Null: all services.
   */
  service?: string | null;
  /**
   * The window's start, in microseconds since the Unix epoch: requests that metrics counted at
   * or after this time, or spans of traces that started then.
   */
  since_unix_us: number;
  /** The window's end, exclusive, in microseconds since the Unix epoch. */
  until_unix_us: number;
}

/** A ClickHouse server that stores the spans of some traces. */
export interface ShardStatus {
  /** Bytes on disk; null if the server did not answer. */
  bytes: number | null;
  /** Bytes that are free on the disk; null if the server does not say. */
  free_bytes: number | null;
  /** Why the server did not answer; null if it did. */
  last_error: string | null;
  /** Stored rows of spans, repeats included; null if the server did not answer. */
  spans: number | null;
  /** The server. */
  url: string;
  /** The version that the server states; null if it did not answer. */
  version: string | null;
}

/** A method of sign-in. */
export type SignInMethod = "token" | "oidc";

/** How a browser can sign in. */
export interface SignInMethods {
  /**
   * Where the sign-in with the provider begins, relative to a page. The parameter `next` is the
   * path of the page to which the provider sends the browser back.
   */
  login: string;
  /** The methods; empty where a colony asks nobody who they are. */
  methods: SignInMethod[];
  /** The host of the OpenID provider; null if there is none. */
  provider: string | null;
  /** Whether the caller need not sign in: it has a session or a token, or nobody is asked. */
  signed_in: boolean;
}

/** A row with requests above the latency threshold, and traces of these requests. */
export interface SlowRow {
  /** The name of the row, as shown in tables: `POST /validate`. */
  name: string;
  /** Why none of the slow traces is stored; null when at least one is. */
  none_because: NoSlowTrace | null;
  /** The latency threshold in microseconds. */
  over_us: number;
  /** The row's P95 in microseconds; null when the P95 is above the last bucket bound. */
  p95_us: number | null;
  /**
   * Traces of requests above the threshold, slowest first; at most five. Where the threshold is
   * an exact P95, a request that took exactly as long is included.
   */
  traces: SlowTrace[];
  /** Why no trace behind the row is stored, in words; null when one is. */
  why_none?: string | null;
}

/** A request above the latency threshold. */
export interface SlowTrace {
  /**
   * The deepest failing span of the trace. Null if no span fails, or if the answer has so many
   * slow traces that the spans were not read.
   */
  failure: TraceFailure | null;
  /** How the trace was found. */
  found_by: FoundBy;
  /** How long the request took, in microseconds. */
  latency_us: number;
  /**
   * The span id of the request's span, or of the span that was active when the request was
   * measured.
   */
  span_id: string;
  /** Whether the trace is stored. A trace that is not stored was not sampled, or has expired. */
  stored: boolean;
  /** When the request ended: microseconds since the Unix epoch. */
  time_unix_us: number;
  /** The trace id of the request. */
  trace_id: string;
}

/** An edge that became slower. */
export interface SlowerEdge {
  /** How many calls there were. The client span and the server span of one call count once. */
  calls: number;
  /** How many of the calls failed. */
  errors: number;
  /**
   * What the counts stand for, where they come from spans and only a share of these is recorded.
   * Absent where everything is recorded. Shares and percentiles are those of the recorded ones.
   */
  estimate?: Estimate | null;
  /**
   * Whether the percentiles are exact. With more than 131,072 distinct durations the percentiles
   * are at most 0.05% off. If all edges together have more than 4 million distinct durations, the
   * percentiles of edges with more than 1,024 of them are up to 3.2% off.
   */
  exact: boolean;
  /** The name of the caller. */
  from: string;
  /**
   * The median duration of the calls in microseconds, as measured by the caller; of a message, the
   * time from the start of sending it to the start of processing it. A percentile is the duration
   * of a call (nearest rank).
   */
  p50_us: number;
  /** The edge's P50 in the earlier time range, in microseconds. */
  p50_us_before: number;
  /** The 95th percentile of the durations in microseconds. */
  p95_us: number;
  /** The edge's P95 in the earlier time range, in microseconds. */
  p95_us_before: number;
  /** The 99th percentile of the durations in microseconds. */
  p99_us: number;
  /**
   * `http`, `grpc`, `sql`, `redis`, `kafka` and so on; `unknown` when no attribute names the
   * protocol.
   */
  protocol: string;
  /** The name of the callee. */
  to: string;
}

/** The order of a list, which also decides which traces a limit keeps. */
export type Sort = "newest" | "slowest";

/** Which spans count, by the instrumentation that made them. */
export type Source = "all" | "ebpf" | "sdk";

/** The JSON of a span. Older colonies send only the first fourteen fields, up to `virtual_hop`. */
export interface Span {
  /** The id of the agent that received the span. */
  agent_id: string;
  /** The span's attributes as text; arrays and maps are written as JSON text. */
  attributes: TextAttributes;
  /** How long the span took, in microseconds; 0 when it ended before it started. */
  duration_us: number;
  /** When the span ended: nanoseconds since the Unix epoch, as decimal text. */
  end_time_unix_nano: string | null;
  /** The span's events, in the order in which they were reported. */
  events: EventJson[];
  /** The W3C trace flags in bits 0 to 7, and the OTLP flags about remote parents above. */
  flags: number;
  /** Links to other spans, of this or of other traces. */
  links: LinkJson[];
  /** The span id of the parent span: 16 lower-case hex digits; null for a root. */
  parent_span_id: string | null;
  /** The resource attributes: the process, host or workload that was observed. */
  resource: TypedAttributes;
  /** The instrumentation scope: the library that reported the span. */
  scope: ScopeJson;
  /** The `service.name` of the resource, or `unknown_service` when the resource has none. */
  service_name: string;
  /** The kind of instrumentation that made the span: `ebpf` or `sdk`. */
  source: string;
  /** The span id: 16 lower-case hex digits. */
  span_id: string;
  /** `internal`, `server`, `client`, `producer` or `consumer`. */
  span_kind: string;
  /** The span name: the operation, such as `GET /checkout`. */
  span_name: string;
  /** The OpenTelemetry span status: `unset`, `ok` or `error`. */
  span_status: string;
  /** When the span started: nanoseconds since the Unix epoch, as decimal text. */
  start_time_unix_nano: string | null;
  /** When the span started: microseconds since the Unix epoch. */
  start_time_unix_us: number;
  /** The HTTP or gRPC response status code; null when the span has none. */
  status_code: number | null;
  /** The status message that the exporter sent; empty when there was none. */
  status_message: string;
  /** The id of the trace that the span belongs to: 32 lower-case hex digits. */
  trace_id: string;
  /** The W3C `tracestate`, unchanged. */
  trace_state: string;
  /** The span's attributes with their JSON types. */
  typed_attributes: TypedAttributes | null;
  /**
   * Whether the span is one of the `in queue` and `processing` child spans that Beyla makes of
   * one request. Trees leave such spans out.
   */
  virtual_hop: boolean;
}

/** Whether a trace failed. */
export type SpanStatus = "error" | "ok";

/** The DuckDB library that a colony answers SQL queries with. */
export interface SqlLibrary {
  /** Which setting or search location the library was found by; null when none was found. */
  found_by: string | null;
  /** The path of the library; null when none was found. */
  path: string | null;
  /** Why no library could be used; null when one was found. */
  reason: string | null;
}

/** One SELECT over the views of spans and RED metrics: the body of `POST /api/v1/sql`. */
export interface SqlQuestion {
  /**
   * Time in microseconds since the Unix epoch. The views leave out spans that started, and
   * requests that were counted, before this time. Without it, the views contain everything that
   * is stored.
   */
  since_unix_us?: number | null;
  /** The SELECT statement. */
  sql: string;
}

/** What a colony stores, and for how long. */
export interface StoreStatus {
  /** Bytes on disk. */
  bytes: number;
  /** Seconds for which a span is kept: `storage.beyla.retention.traces`. */
  keep_seconds: number;
  /** The number of bytes at which the oldest data is deleted early: `storage.max_size`. */
  max_bytes: number;
  /**
   * When the oldest stored span was received: microseconds since the Unix epoch; null when no
   * span is stored.
   */
  oldest_received_unix_us: number | null;
  /** The ClickHouse servers that store everything; absent if the colony's own host does. */
  shards?: ShardStatus[];
  /** Stored spans. */
  spans: number;
  /** Spans that were stored and cannot be read any more. */
  spans_damaged: number;
}

/** Attributes as text, by key; arrays and maps are written as JSON text. */
export type TextAttributes = Record<string, string>;

/**
 * The service map of a window, from all traces that started in the window. Spans of these traces
 * that are outside of the window count too.
 */
export interface Topology {
  /** How many calls are not in `edges` because the map has reached its largest number of edges. */
  calls_left_out: number;
  /**
   * The gaps in what was seen of agents, in the window and in the time that it is compared with.
   * Edges of their services are not in `diff`.
   */
  coverage: Coverage[];
  /**
   * Cycles: each is a list of names of nodes that call each other in a circle. A node that calls
   * itself is a cycle of one.
   */
  cycles: string[][];
  /** What changed since the time before the window; null unless `diff_us` was given. */
  diff: TopologyDiff | null;
  /** The edges, sorted by caller, callee and protocol. */
  edges: TopologyEdge[];
  /** Where nodes and edges are in a picture; absent unless `layout` was given. */
  layout?: TopologyLayout | null;
  /**
   * Services with spans, and what they call, sorted by name. Names are unique. A callee without a
   * span is named by its address, or by the one service that is known at the address: from other
   * calls to the address, or from server spans that name the address as their own. For a loopback
   * address such as `127.0.0.1`, which is another one on each host, only calls of the same caller
   * tell the service.
   */
  nodes: TopologyNode[];
  /**
   * How many spans have a parent that is not stored. The call that led to such a span is not
   * known and adds no edge.
   */
  orphan_spans: number;
  /**
   * The spans of services of the map of which only a share is recorded, in the window. Absent
   * where everything is recorded.
   */
  sampled?: SampledSpans[];
  /** Start of the window, microseconds since the Unix epoch. */
  since_unix_us: number;
  /** How many spans these traces have. */
  spans: number;
  /** How many traces started in the window. */
  traces: number;
  /**
   * How many calls have no known callee: the calling span does not name it, and the called
   * service's span is not stored.
   */
  unnamed_calls: number;
  /** End of the window, exclusive, microseconds since the Unix epoch. */
  until_unix_us: number;
}

/** What changed in the service map, compared with the time before the window. */
export interface TopologyDiff {
  /** Edges of the window that did not exist in the earlier time range. */
  added: TopologyEdge[];
  /**
   * Edges on which a larger share of calls fails than before: `errors / calls` grew by one
   * percentage point or more, by half of its earlier value or by five percentage points, and by
   * three standard errors or more; both time ranges have 20 calls or more.
   */
  failing: FailingEdge[];
  /** Edges of the earlier time range that no longer exist, with their earlier numbers. */
  removed: TopologyEdge[];
  /** Nodes of `removed` that no longer exist. */
  removed_nodes: TopologyNode[];
  /** Start of the earlier time range, microseconds since the Unix epoch. */
  since_unix_us: number;
  /**
   * Edges whose P50 or P95 grew by at least half and by at least a millisecond, with at least 20
   * calls in both time ranges.
   */
  slower: SlowerEdge[];
  /** How many traces started in the earlier time range. */
  traces: number;
  /**
   * End of the earlier time range, exclusive, where the window begins: microseconds since the
   * Unix epoch.
   */
  until_unix_us: number;
}

/** All calls from one node to another over one protocol. */
export interface TopologyEdge {
  /** How many calls there were. The client span and the server span of one call count once. */
  calls: number;
  /** How many of the calls failed. */
  errors: number;
  /**
   * What the counts stand for, where they come from spans and only a share of these is recorded.
   * Absent where everything is recorded. Shares and percentiles are those of the recorded ones.
   */
  estimate?: Estimate | null;
  /**
   * Whether the percentiles are exact. With more than 131,072 distinct durations the percentiles
   * are at most 0.05% off. If all edges together have more than 4 million distinct durations, the
   * percentiles of edges with more than 1,024 of them are up to 3.2% off.
   */
  exact: boolean;
  /** The name of the caller. */
  from: string;
  /**
   * The median duration of the calls in microseconds, as measured by the caller; of a message, the
   * time from the start of sending it to the start of processing it. A percentile is the duration
   * of a call (nearest rank).
   */
  p50_us: number;
  /** The 95th percentile of the durations in microseconds. */
  p95_us: number;
  /** The 99th percentile of the durations in microseconds. */
  p99_us: number;
  /**
   * `http`, `grpc`, `sql`, `redis`, `kafka` and so on; `unknown` when no attribute names the
   * protocol.
   */
  protocol: string;
  /** The name of the callee. */
  to: string;
}

/**
 * Where the nodes and the edges of a service map are in a picture, in pixels. Callers are left of
 * what they call, except in cycles. No two nodes overlap, and no line of an edge passes through a
 * node.
 */
export interface TopologyLayout {
  /**
   * The edges of the map and the removed edges of the diff. Edges of nodes that one node stands
   * for are one edge for each other end and protocol.
   */
  edges: PlacedEdge[];
  /** The height of the picture. */
  height: number;
  /** The nodes of the map and of the removed edges of the diff. */
  nodes: PlacedNode[];
  /** The width of the picture. */
  width: number;
}

/** A node of the service map: a service, or a database, queue or external host. */
export interface TopologyNode {
  /** The kind of node: `service`, `database`, `queue` or `external`. */
  kind: NodeKind;
  /** The name of the node, unique in the map. */
  name: string;
}

/**
 * Asks which service calls which, in the traces that started in a window. Times are microseconds
 * since the Unix epoch.
 */
export interface TopologyQuestion {
  /**
   * How many calls away from the node `focus` a node may be, against or along the direction of
   * calls: 1 by default, at most 20.
   */
  depth?: number | null;
  /**
   * Also report what changed since the time range of this many microseconds that ends where the
   * window begins. Null: no comparison.
   */
  diff_us?: number | null;
  /**
   * Only the nodes within `depth` calls of the node with this name, and the edges between them.
   * Null: the whole map.
   */
  focus?: string | null;
  /** Also report where nodes and edges are in a picture. Null: no layout. */
  layout?: LayoutDirection | null;
  /**
   * The window's start: traces that started at or after this time, microseconds since the Unix
   * epoch.
   */
  since_unix_us: number;
  /** Which spans count: `all`, `ebpf` or `sdk`. */
  source: Source;
  /**
   * How many nodes the layout places at most, from 1 to 300. One more node stands for those that
   * are left over. By default 40 if the map has more than 60 nodes, and else all nodes.
   */
  top?: number | null;
  /** The window's end: traces that started before this time, microseconds since the Unix epoch. */
  until_unix_us: number;
}

/** Why one trace was slow. */
export interface TraceCause {
  /** How the time was lost. */
  loss: TraceLoss;
  /** The operation of the service, or the operation that its caller asked for. */
  operation: string;
  /**
   * The service in which the time was lost. A database or an external host has the name that its
   * caller uses.
   */
  service: string;
  /** How much time of the critical path was lost, in microseconds. */
  took_us: number;
}

/**
 * The deepest failing span of a trace: a failing span none of whose descendants fails. Of several,
 * one whose failure every span above shares (except internal spans) comes first, then one on the
 * critical path, then the one that ended first. Texts are cut to 500 bytes.
 */
export interface TraceFailure {
  /**
   * The callee, if the span is a call that failed only at the caller, or whose callee has no
   * span; else null.
   */
  callee: string | null;
  /** The error code of a database, or else `error.type`; null when there is none. */
  error_type: string | null;
  /** The `exception.message` of the same event; null when there is none. */
  exception_message: string | null;
  /** The `exception.type` of the last exception event of the span; null when there is none. */
  exception_type: string | null;
  /** The resource attribute `host.name` of the span; null when there is none. */
  host: string | null;
  /** The status message of the span; null when there is none. */
  message: string | null;
  /** The name of the span. */
  operation: string;
  /** The resource attribute `k8s.pod.name` of the span; null when there is none. */
  pod: string | null;
  /** The service of the span. */
  service: string;
  /** The span id: 16 lower-case hex digits. */
  span_id: string;
  /**
   * The HTTP or gRPC response status code; null when there is none. HTTP status 0 means no
   * response.
   */
  status_code: number | null;
  /** The resource attribute `service.version` of the span; null when there is none. */
  version: string | null;
}

/** A list of traces. */
export interface TraceFindings {
  /** The traces, in the order that was asked for; at most five. */
  list: TraceList;
  /** The question that was answered. */
  query: TracesQuestion;
}

/** Traces that match a question. */
export interface TraceList {
  /**
   * The gaps in what was seen of agents, from the earliest listed trace on, or in the time range
   * of the question if no trace is listed; in at most 24 hours.
   */
  coverage: Coverage[];
  /**
   * Services of a similar name, when no trace matches because no span in the window is of the
   * service that was asked for: at most three, the most alike first.
   */
  did_you_mean: string[];
  /** The spans that meet the conditions, by the key `by` of the question; null without `by`. */
  groups: Groups | null;
  /** Whether more traces match than `limit`, or the size limit of an answer, allowed. */
  more: boolean;
  /**
   * The question's `after` for the next page, an opaque text; null if no more traces match. Pages
   * together are the list without limit, unless spans arrive or expire meanwhile.
   */
  next: string | null;
  /** The traces, newest or slowest first, as the question's `sort` says. */
  traces: TraceSummary[];
  /**
   * Keys and values of the question that no span has, when no trace matches; or the key `by` if no
   * span that was counted has it.
   */
  unmatched: Unmatched[];
}

/** How a trace lost its time. */
export type TraceLoss = { kind: "timeout" } | { code: string | null; kind: "failure" } | { calls: number; kind: "retries" } | { calls: number; kind: "repeated" } | { kind: "own" } | { kind: "edge" } | { kind: "leaf" } | { kind: "queue" };

/** One problem of one service or edge, with its probable cause. */
export interface TraceProblem {
  /** The calling service; null when the problem is not about a call, or the caller is not known. */
  caller: string | null;
  /**
   * The probable cause: `no_propagation`, `old_connection`, `tls`, `proxy`, `thread_hand_over`,
   * `foreign_context`, `sdk_excluded`, `not_instrumented`, `caller_not_observed`, `sampling`,
   * `lag`, `clock`, `context_reuse` or `not_exported`.
   */
  cause: Cause;
  /** How many calls, spans or traces have the problem. */
  count: number;
  /** Up to three spans that show the problem, the latest first. */
  examples: TraceProblemExample[];
  /**
   * What is wrong: `cut_root`, `missing_server`, `orphan`, `detached_call`, `cross_stitched`,
   * `endless` or `outside_call`.
   */
  kind: ProblemKind;
  /** Of how many: the calls of the edge, the spans of the service, or the traces. */
  of: number;
  /** The protocol of the call; null when the problem is not about a call. */
  protocol: string | null;
  /** The service: for a call, the callee, or the loopback address of the callee. */
  service: string;
}

/** A span that shows a problem. */
export interface TraceProblemExample {
  /**
   * Whether no other span can be the server span. Without a link, the two sides of a call are
   * joined by operation and time, and calls at the same time may have exchanged sides.
   */
  peer_is_certain: boolean;
  /** The span id of the server span of a call; null when there is none. */
  peer_span_id: string | null;
  /** The trace id of the server span of a call, which may be another; null when there is none. */
  peer_trace_id: string | null;
  /** The span id: of a call, that of the client span. */
  span_id: string;
  /** The trace id of the span. */
  trace_id: string;
}

/** One trace of a list. */
export interface TraceSummary {
  /**
   * The root cause of the trace being slow. Null when `causes` was not asked for, when the trace
   * is no slower than usual (see `usual_us`), or when no cause was found.
   */
  cause: TraceCause | null;
  /** From the start of the first span to the end of the last, in microseconds. */
  duration_us: number;
  /** How many spans have the status `error`. */
  error_count: number;
  /**
   * The deepest failing span. Null if no span fails, or if the list has so many failing traces,
   * or the trace so many spans, that the spans were not read.
   */
  failure: TraceFailure | null;
  /** Why it was slow, in a few words: `card-validator-svc timeout (4.8s)`. Null when that was not asked, when the trace is no slower than usual (`usual_us`), or when no cause was found. */
  root_cause?: string | null;
  /**
   * The resource attribute `host.name` of the root span; of the earliest span when no root was
   * received. Null if there is none, or if the list has so many spans that they were not read.
   */
  root_host: string | null;
  /** The name of the root span; when no root was received, the name of the earliest span. */
  root_operation: string;
  /** The resource attribute `k8s.pod.name` of the same span; null as `root_host`. */
  root_pod: string | null;
  /** The service of the root span; null when no root was received. */
  root_service: string | null;
  /** The resource attribute `service.version` of the same span; null as `root_host`. */
  root_version: string | null;
  /** Every service that has a span in the trace, sorted by name. */
  services: string[];
  /** How many spans of the trace are stored. */
  span_count: number;
  /** When the first span started. JSON: microseconds since the Unix epoch. */
  start_time_unix_us: number;
  /** The HTTP or gRPC response status code of the root span; null when there is none. */
  status_code: number | null;
  /** The trace id: 32 lower-case hex digits. */
  trace_id: string;
  /**
   * The longest duration that is usual for traces of the same root operation, in microseconds. A
   * trace up to this duration has no cause, unless a call failed, timed out or was repeated. Null
   * when `causes` was not asked for, no root was received, or fewer than ten such traces are known.
   */
  usual_us: number | null;
}

/**
 * Which traces to list. Times are microseconds since the Unix epoch, so that the same URL means
 * the same whenever it is used.
 */
export interface TracesQuestion {
  /** The page after the one whose `next` this is, in a list with the same conditions and order. */
  after?: string;
  /** Only traces with a span that has all of these attributes: `key=value`, one per line. */
  attributes?: string;
  /**
   * Also count the spans that meet `q`, `service`, `name` and `attributes`, by this key: a key of
   * `q` that is a field of a span, or an attribute such as `host.name`.
   */
  by?: string;
  /**
   * Whether to determine the root cause of each slow trace. This reads the listed traces and
   * others of the same operations, which takes longer.
   */
  causes?: boolean;
  /** The largest number of traces, and of groups with `by`, to return: 1 to 1,000; 0 means 20. */
  limit: number;
  /** Only traces that took at most this long, in microseconds. */
  max_duration_us?: number | null;
  /** Only traces that took at least this long from first start to last end, in microseconds. */
  min_duration_us?: number | null;
  /** Only traces with a span of this name. */
  name?: string | null;
  /**
   * Only traces that match this search, such as `service:payments status:error duration>500ms
   * http.response.status_code>=500 host.name=pay-* name~charge -service:health`. One span meets
   * all of its conditions, and `service`, `name` and `attributes` too.
   */
  q?: string;
  /** Only traces with a span of this service; null for all services. */
  service?: string | null;
  /**
   * Only traces that started at or after this time: microseconds since the Unix epoch. Null: no
   * lower limit.
   */
  since_unix_us?: number | null;
  /** The order of the list. */
  sort: Sort;
  /** Which spans count: `all`, `ebpf` or `sdk`. */
  source: Source;
  /** Only traces with a failed span (`error`), or only traces without one (`ok`). */
  status?: SpanStatus | null;
  /**
   * Only traces that started before this time: microseconds since the Unix epoch. Null: no upper
   * limit.
   */
  until_unix_us?: number | null;
}

/** Attributes with their JSON types, by key; bytes are base64 text. */
export type TypedAttributes = Record<string, unknown>;

/** How a question in plain English was understood. */
export interface Understanding {
  /** What the question asks to group by; null for no groups. */
  by: By | null;
  /** The host that the question is about, by its `host.name`; null for all hosts. */
  host: string | null;
  /** What the question asks for. */
  intent: Intent;
  /** The HTTP method before the route, in upper case; null when the question has none. */
  method: string | null;
  /**
   * The shortest duration of the traces that the question is about, in microseconds; null
   * without a limit.
   */
  min_duration_us: number | null;
  /**
   * Databases, queues and external hosts that the question is about, by the names that they have
   * in the service map; empty when the question names none.
   */
  peers: string[];
  /** The percentile that the question asks for: 50, 95 or 99; null when the question names none. */
  quantile: number | null;
  /** The route that the question is about; null for all routes. */
  route: string | null;
  /** The service that the question is about; null for all services. */
  service: string | null;
  /**
   * The response status code that the question is about: `503`, or `4xx` or `5xx` for a class of
   * codes; null for all.
   */
  status: string | null;
  /**
   * The trace that the question is about, if the question has a whole trace id. The time range of
   * the question does not matter then.
   */
  trace_id: string | null;
  /**
   * The beginning of the id of the trace that the question is about: 8 to 31 lower-case hex
   * digits; null when there is none.
   */
  trace_id_prefix: string | null;
  /** A word in the place of a service's name that no service has; null when there is none. */
  unknown_service: string | null;
  /** The version that the question is about, by `service.version`; null for all versions. */
  version: string | null;
  /** The time range that the question is about. */
  window: Window;
}

/** Why the health of a service is unknown. */
export type UnknownHealth = "coverage" | "no_requests" | "few_requests" | "no_baseline";

/** A key of a search that no span has, or a value that no span has under its key. */
export interface Unmatched {
  /**
   * Whether the search compares numbers, and all values of the key are text. Then `similar` has
   * examples.
   */
  is_text: boolean;
  /** The key: `service`, `name`, or the key of an attribute. */
  key: string;
  /** Keys, or values of the key, that spans have: the most alike first, at most three. */
  similar: string[];
  /** How many spans were looked at: those of the newest traces in the time range. */
  spans: number;
  /** The value that no span has; null when no span has the key. */
  value: string | null;
}

/** A service that listens on the host of an agent, and that Beyla could trace. */
export interface UntracedService {
  /** A name for the service: that of its unit of systemd, its script or its program. */
  name: string;
  /** The lowest port on which the service listens. */
  port: number;
  /** The path of the executable file. */
  program: string;
}

/** The services of an agent's host that Beyla could trace. */
export interface UntracedServices {
  /** The agent's id. */
  agent_id: string;
  /** The services, by port. */
  services: UntracedService[];
}

/** How long an operation usually takes. */
export interface UsualDuration {
  /** The median of their durations, in microseconds. */
  p50_us: number;
  /** The 95th percentile of their durations, in microseconds. */
  p95_us: number;
  /** The time from which on traces were looked for. JSON: microseconds since the Unix epoch. */
  since_unix_us: number;
  /** How many spans were compared: those of at most 200 traces, the newest ones. */
  spans: number;
}

/** Values of a resource attribute, as far as they are known from the newest spans of the service. */
export interface ValueList {
  /** How many values there are. */
  count: number;
  /** The values, sorted; at most eight. */
  values: string[];
}

/** Whether a cause was found. */
export type Verdict = "cause" | "no_cause" | "not_enough_evidence";

/**
 * The rows of one trace, as columns.
 *
 * The columns `depth` to `flags` have one number for each row. Rows are in depth-first order of the
 * trace's tree: below roots first, then below spans whose parent was not received. The client span
 * and the server span of one call are two rows. Spans `in queue` and `processing`, which Beyla makes
 * of one request, have no row.
 */
export interface Waterfall {
  /** Which clocks `adjust_clocks` moved, most spans first; at most 1,000. */
  clock_moves: ClockMove[];
  /**
   * True when the trace has exactly one root, every named parent is stored, and no span is left
   * out of this answer.
   */
  complete: boolean;
  /** By segment: from the start of the trace to its end, in microseconds. */
  critical_end_us: number[];
  /**
   * The critical path of the longest root, in order of time: the row of each segment. Segments
   * follow each other without gaps.
   */
  critical_row: number[];
  /** By segment: from the start of the trace to its start, in microseconds. */
  critical_start_us: number[];
  /** By row: how many rows are above it in the tree. */
  depth: number[];
  /** By row: how long the span took, in microseconds; 0 if it ended before it started. */
  duration_us: number[];
  /** How many spans have the status `error`. */
  error_count: number;
  /**
   * By row, the sum of: 1 the status is `error`; 2 the parent was not received; 8 moved by
   * `adjust_clocks`; 16 on the critical path; 32 a redacted hop, of a service that the caller may
   * not see; 64 ends after its parent; 128 repeats the id of an earlier row; 256 the top of a
   * cycle of parents; 512 a client span whose server span is the next row.
   */
  flags: number[];
  /** By row: 0 for an internal span, 1 server, 2 client, 3 producer, 4 consumer. */
  kind: number[];
  /** By row: the place of the span name in `names`. */
  name: number[];
  /** The span names of the rows. The column `name` has places in this list. */
  names: string[];
  /**
   * How many further spans the trace has, of services that the caller may not see. The rows of
   * the first 100,000 of them have times and a depth only, and the flag 32.
   */
  redacted: number;
  /** By row: the time in microseconds that no child covers. */
  self_us: number[];
  /** By row: the place of the service in `services`. */
  service: number[];
  /** The time of each service, most on the critical path first. */
  service_times: ServiceTime[];
  /** The services of the rows. The column `service` has places in this list. */
  services: string[];
  /**
   * How many spans of the trace are stored; 0 if the trace is not stored. There may be fewer rows;
   * see `virtual_hops` and `spans_left_out`.
   */
  span_count: number;
  /**
   * The span ids of all rows in one text: 16 lower-case hex digits each. A redacted hop has
   * sixteen zeros.
   */
  span_ids: string;
  /**
   * How many stored spans have no row because of the size limit of an answer. The spans with the
   * latest start times are left out.
   */
  spans_left_out: number;
  /** When the first row started. JSON: microseconds since the Unix epoch. */
  start_time_unix_us: number;
  /** By row: from the start of the trace to the start of the span, in microseconds. */
  start_us: number[];
  /** From the start of the first row to the end of the last, in microseconds. */
  trace_duration_us: number;
  /**
   * The trace id: 32 lower-case hex digits. For a trace that is not stored, the digits that were
   * asked for.
   */
  trace_id: string;
  /**
   * How many spans have no row because trees leave them out: those that Beyla makes of one
   * request beside its server span.
   */
  virtual_hops: number;
}

/** Who asks, as the colony sees it. */
export interface WhoAmI {
  /** When the token or the session expires, in seconds since the Unix epoch; null if it does not. */
  expires_unix_s: number | null;
  /** Whether the caller is a browser with a session, which `POST /auth/logout` ends. */
  has_session: boolean;
  /** The kind of caller, as in the table of docs/trust.md, such as `viewer`. */
  kind: string;
  /**
   * The name of the person or tool; `this host` for a process that shows the key of the colony's
   * host; `not asked` where a colony asks nobody who they are.
   */
  name: string;
  /** Names of the permissions that the caller has. */
  permissions: string[];
  /** The role of a person, or `admin` for a process of this host; null for an agent and a colony. */
  role: string | null;
  /** Globs of the services that the caller sees; empty for every service. */
  services: string[];
}

/** Why a service, or one trace, is slower than its baseline or changed since. */
export interface Why {
  /** How many traces of the baseline were compared. */
  baseline_traces: number;
  /** The reason for the verdict, with the numbers that decided it. */
  because: Reason;
  /**
   * When the change began that the window and the baseline are divided by: microseconds since
   * the Unix epoch; null when no beginning was found, or none was asked for.
   */
  began_unix_us: number | null;
  /**
   * How many traces had clocks that disagreed by a millisecond or more. Their span times were
   * adjusted for this answer.
   */
  clocks_adjusted: number;
  /**
   * The part of the window's traces of which no parent span is missing, except that of the
   * topmost span: 0 to 1. A trace from the time of a gap that leaves spans of its operation out
   * is not complete. Below 0.5 there is not enough evidence.
   */
  completeness: number;
  /**
   * What `p95_us` would be if the first suspect were as fast as in the baseline, in
   * microseconds.
   */
  counterfactual_p95_us: number;
  /**
   * The gaps in what was seen of agents in the window and in the baseline, and what was not
   * compared because of them.
   */
  coverage: Coverage[];
  /**
   * Whether the window or the baseline has more traces than the 2,000 that are compared of each,
   * spread over the time range.
   */
  cut: boolean;
  /** Services with similar names, when the service that was asked about has no traces. */
  did_you_mean: string[];
  /**
   * Further causes: suspects that remain after everything that the first suspect explains is
   * subtracted. Each is a cause by the same rules as the first. Empty without a cause.
   */
  further_causes: WhySuspect[];
  /**
   * Other routes of the service, most similar first, when the service has traces but none of the
   * route that was asked about.
   */
  other_routes: string[];
  /** The 95th percentile of the durations of the window's traces, in microseconds. */
  p95_us: number;
  /**
   * Suspects, most suspicious first. Suspects may be listed even when the verdict names no
   * cause. Their shares and `unattributed` add up to 1 when any time was added.
   */
  ranking: WhySuspect[];
  /** The route or operation that was asked about; null when none was. */
  route: string | null;
  /**
   * The spans of services in the compared traces of which only a share is recorded, in the window
   * or in the baseline. Numbers of traces, and rates of `ranking`, are those of recorded traces.
   * Absent where everything is recorded.
   */
  sampled?: SampledSpans[];
  /** The service that was asked about; empty when all services were. */
  service: string;
  /**
   * How much longer the window's traces took than those of the baseline, in microseconds: the
   * means of P50, P75 and P90 are compared. Negative when they were faster.
   */
  slowdown_us: number;
  /**
   * Attribute values that the slow or failing spans of the first suspect have in common, and its
   * other spans do not have.
   */
  standouts: WhyStandout[];
  /**
   * The start of the stored span that was received first; null unless the baseline is empty and
   * began before that time. Microseconds since the Unix epoch.
   */
  stored_since_unix_us: number | null;
  /** The id of the trace that was asked about; null when none was. */
  trace_id: string | null;
  /** How many traces of the window were compared. */
  traces: number;
  /** The part of the added time that no suspect in `ranking` accounts for: 0 to 1. */
  unattributed: number;
  /** Whether a cause was found: `cause`, `no_cause` or `not_enough_evidence`. */
  verdict: Verdict;
}

/** A span that shows a problem. */
export interface WhyEvidence {
  /** The id of the span in which the time was lost, or which ended early. */
  span_id: string;
  /** The trace id of the span. */
  trace_id: string;
}

/** Why a service is slow. */
export interface WhyFindings {
  /**
   * Requests of the service that is the cause; null when there is no cause, when `requests` is
   * about the same service, or when no requests were counted.
   */
  cause_requests: RequestFindings | null;
  /** The question that `why` answers. */
  query: WhyQuestion;
  /**
   * Requests of the service that was asked about, counted from metrics, or from spans if the
   * window has no RED metrics of the service; null when no service was asked about, or no
   * requests were counted.
   */
  requests: RequestFindings | null;
  /** The answer about the cause. */
  why: Why;
  /**
   * The time range of `requests` and `cause_requests`: since the change began, if a beginning was
   * found; else the range of the question, or null.
   */
  window: Window | null;
}

/**
 * Asks why a service, or one trace, is slower than its baseline or behaves differently. Times are
 * microseconds since the Unix epoch; time ranges are half-open.
 */
export interface WhyQuestion {
  /**
   * How long the baseline is, in microseconds. The baseline ends where the window, or the trace,
   * begins. If `find_beginning` found when a change began, the baseline ends at least a minute
   * before the change.
   */
  baseline_us: number;
  /**
   * Whether to find when the change began, in the eight hours before `until_unix_us`, and to
   * compare the traces after it with those before it. When no beginning is found, the window
   * begins at `since_unix_us`. Ignored with `trace_id`.
   */
  find_beginning?: boolean;
  /** Only requests of this HTTP route, or whose span has this name. Null: all requests. */
  route?: string | null;
  /**
   * The service to explain. Null: all services; with `trace_id`, the service of the trace's
   * root.
   */
  service?: string | null;
  /**
   * The window's start: traces that started at or after this time, microseconds since the Unix
   * epoch. Ignored with `trace_id`.
   */
  since_unix_us: number;
  /**
   * Explain one trace: its id, or a prefix of the id that only one stored trace has. Null:
   * explain the window.
   */
  trace_id?: string | null;
  /**
   * The window's end: traces that started before this time, microseconds since the Unix epoch.
   * Ignored with `trace_id`.
   */
  until_unix_us: number;
}

/** How often something happened, and how often it could have. */
export interface WhyRate {
  /** How often it happened. */
  count: number;
  /** How often it could have happened. */
  of: number;
}

/** How often a component does something, in the baseline and in the window. */
export interface WhyRates {
  /** The rate in the baseline. */
  before: WhyRate;
  /** The rate in the window. */
  now: WhyRate;
}

/**
 * An attribute value, of spans or of their resource, that slow or failing spans have in common.
 * Only spans of the first suspect's component are compared.
 */
export interface WhyStandout {
  /** The part of the slow or failing spans that have the value: 0 to 1. */
  affected: number;
  /** The numbers of slow or failing spans: those with the value, and all. */
  affected_spans: WhyRate;
  /** Further values of the same spans, such as the only host of a version. */
  also: WhyValue[];
  /**
   * Whether the value accounts for the fault: at least 80% of the slow or failing spans have the
   * value, and it says where the fault is, such as a host, not how it looks, such as a status
   * code.
   */
  explains: boolean;
  /** The attribute key, such as `service.version`. */
  key: string;
  /** The numbers of the component's other spans: those with the value, and all. */
  other_spans: WhyRate;
  /**
   * The part of the component's other spans, of window and baseline, that have the value: 0 to
   * 1.
   */
  others: number;
  /**
   * How long the component takes at spans with the value, and at spans without. Null for a
   * component that does not take longer, and if fewer than 5 spans have the value or lack it.
   */
  times: WhyStandoutTimes | null;
  /** The attribute value, as text. */
  value: string;
}

/** How long a component takes at spans with an attribute value and at those without. */
export interface WhyStandoutTimes {
  /**
   * The value of the same attribute at the spans without the value, if all have the same; null
   * otherwise.
   */
  other_value: string | null;
  /** P50 of the window's spans with the value, in microseconds. */
  with_us: number;
  /** P50 of the spans of window and baseline without the value, in microseconds. */
  without_us: number;
}

/** A service that may be the cause. */
export interface WhySuspect {
  /**
   * The component of the service that is most suspicious: an operation, or caller, service and
   * operation.
   */
  component: string;
  /** Spans that show the problem, worst first. */
  evidence: WhyEvidence[];
  /**
   * How the component changed: `own`, `edge`, `leaf`, `queue`, `missing`, `error`, `repeated`,
   * `more_often` or `new`.
   */
  kind: CauseKind;
  /**
   * For a call between two services, the other end, if nothing tells which of the two is to
   * blame; null otherwise.
   */
  or_service: string | null;
  /**
   * How often the component does what its kind says, such as failing; null for a component that
   * takes longer.
   */
  rates: WhyRates | null;
  /**
   * How suspicious the service is: the natural logarithm of the factor by which its time grew,
   * reduced where the evidence is weak and weighted by its share of the added time, plus the
   * weight of its strongest change among failing, missing, new and repeated calls. A cause has a score of at least 0.405.
   */
  score: number;
  /** The name of the service. A database or an external host has the name that its callers use. */
  service: string;
  /** The part of the added time that this service accounts for: 0 to 1. */
  share: number;
  /**
   * How long the component takes, before and now; null for a component that does not take
   * longer.
   */
  times: WhyTimes | null;
}

/** The time of a component in one trace, in microseconds: the mean of P50, P75 and P90. */
export interface WhyTimes {
  /** The time in the baseline, in microseconds. */
  before_us: number;
  /** The time in the window, in microseconds. */
  now_us: number;
}

/** An attribute with its value as text. */
export interface WhyValue {
  /** The attribute key. */
  key: string;
  /** The attribute value, as text. */
  value: string;
}

/** The time range that a question is about. */
export interface Window {
  /**
   * Whether the question named no time range that was understood. Then the answer to `why` or
   * `changes` is about the time since the change began, where that is found.
   */
  is_default: boolean;
  /** How the question expressed the time range. */
  period: Period;
  /** The start: microseconds since the Unix epoch. */
  since_unix_us: number;
  /**
   * Always empty: a question with a time that is not understood, such as `last night`, is not
   * answered.
   */
  unread: string[];
  /** The end, exclusive: microseconds since the Unix epoch. */
  until_unix_us: number;
}

/** What changed, and the changes in words. */
export interface WordedAnomalies {
  /**
   * The changes, highest score first; at most 50. Scores of different kinds are roughly
   * comparable; a score of 1 is typical of a cause.
   */
  anomalies: Anomaly[];
  /** How many traces of the baseline were compared. */
  baseline_traces: number;
  /**
   * When the change began that the window and the baseline are divided by: microseconds since
   * the Unix epoch; null when no beginning was found, or none was asked for.
   */
  began_unix_us: number | null;
  /**
   * The gaps in what was seen of agents in the window and in the baseline, and what was not
   * compared because of them.
   */
  coverage: Coverage[];
  /** Whether the window or the baseline has more traces than were compared. */
  cut: boolean;
  /** How many further changes were found, all with lower scores. */
  left_out: number;
  /**
   * The start of the stored span that was received first; null unless the baseline is empty and
   * began before that time. Microseconds since the Unix epoch.
   */
  stored_since_unix_us: number | null;
  /** How many changes there are, or why none is known: a sentence without a full stop. */
  summary: string;
  /**
   * How many traces of the window were compared. New and vanished edges are determined from all
   * traces.
   */
  traces: number;
}

/** A comparison, and why it is not aligned in words. */
export interface WordedComparison {
  /** What was asked about. */
  a: ComparedSide;
  /** Whether `rows` are a tree: both sides have the same topmost operation. */
  aligned: boolean;
  /**
   * Values of attributes of spans and resources that differ most between the sides, at most 20.
   * A key with a value of its own for most traces, such as a request id, is left out.
   */
  attributes: ComparedAttribute[];
  /** What it is compared with. */
  b: ComparedSide;
  /** The gaps in what was seen of agents in the time of the traces. */
  coverage: Coverage[];
  /** The P50 of the durations of `a` minus that of `b`, in microseconds. */
  delta_us: number;
  /** Why the sides are not aligned; null if they are. */
  not_aligned: NotAligned | null;
  /** Why the sides are not aligned: a sentence without a full stop; null if they are. */
  not_aligned_because: string | null;
  /**
   * The operations, aligned by service, name, kind and the path of operations above, depth first.
   * If not aligned, without paths, those whose own time differs most first. At most 2,000.
   */
  rows: ComparedRow[];
  /** How many further operations there are; their own times differ least. */
  rows_left_out: number;
}

/** An answer to a question in plain English, and its page in words. */
export interface WordedEnglish {
  /** What was found, by kind of question. */
  findings: Findings;
  /** The commands that the lines cite, from 1 on. */
  queries: string[];
  /** The answer's parts. */
  sections: PageSection[];
  /** How the question was understood; null when a word was not understood. */
  understanding: Understanding | null;
  /**
   * What was understood: `Analyzing payments-api, last 1h`. Null when nothing was; `sections`
   * then says what can be asked.
   */
  understood: string | null;
}

/** The health of services, and the verdict in words. */
export interface WordedServices {
  /** Start of the baseline, microseconds since the Unix epoch. */
  baseline_since_unix_us: number;
  /** End of the baseline, exclusive, microseconds since the Unix epoch. */
  baseline_until_unix_us: number;
  /**
   * When the clearest change of all services began; null when none was found, or none was asked
   * for. Microseconds since the Unix epoch.
   */
  began_unix_us: number | null;
  /**
   * The cause that the question `why` names, when no service is failing or slow although a change
   * began: messages may wait in a queue, or calls be made more often. Else null.
   */
  cause: WhySuspect | null;
  /** The gaps in what was seen of agents, in the window and in the baseline. */
  coverage: Coverage[];
  /**
   * More about the service that was asked about; null when all services were, or when the
   * service was not seen.
   */
  detail: ServiceDetail | null;
  /**
   * Services of a similar name, when the service that was asked about was not seen: at most
   * three, the most alike first.
   */
  did_you_mean: string[];
  /**
   * The spans that are counted in `services` or `detail`, in the window or in the baseline, and of
   * which only a share is recorded. Absent where everything is recorded.
   */
  sampled?: SampledSpans[];
  /**
   * The services with spans or metrics in the window, those that had requests in the baseline,
   * and those of agents that could not be read. Failing services come first, then slow ones,
   * then those without requests that the baseline has, then those with fewer requests than in
   * the baseline, then unknown ones, then well ones; within each, most requests first. At most
   * 1,000.
   */
  services: ServiceState[];
  /** How many services are not in `services`. */
  services_left_out: number;
  /** Start of the window, microseconds since the Unix epoch. */
  since_unix_us: number;
  /**
   * The start of the stored span that was received first; null if that is before the baseline.
   * Microseconds since the Unix epoch.
   */
  stored_since_unix_us: number | null;
  /** End of the window, exclusive, microseconds since the Unix epoch. */
  until_unix_us: number;
  /**
   * The services that Beyla could trace and is not told to, by agent. Absent when there are none,
   * and for a question about one service.
   */
  untraced?: UntracedServices[];
  /** The answer in sentences: which services are not well, and what was not seen. */
  verdict: string;
}

/** A span, and its failure in words. */
export interface WordedSpanDetails {
  /**
   * The failure of the span in words: `payments-api on pay-2: POST /charge 503: no answer`. Null
   * when it did not fail.
   */
  cause: string | null;
  /** The failure of this span; null when it did not fail. */
  failure: TraceFailure | null;
  /**
   * The time in microseconds that no child covers, as in a waterfall without `adjust_clocks`. Null
   * when the trace has more than 20,000 spans, for a span that has no row in a waterfall, and when
   * the span is not stored.
   */
  self_us: number | null;
  /** Everything that is stored of the span; null when it is not stored. */
  span: Span | null;
  /**
   * How long spans of the same service, name and kind took in the hour before this span; null
   * when there were none.
   */
  usual: UsualDuration | null;
}

/** A trace, and its problems in words. */
export interface WordedTrace {
  /** One object for each of `problems`, in the same order: the problem in words. */
  advice: Advice[];
  /**
   * True when the trace has exactly one root, every named parent is stored, and no span is left
   * out of this answer.
   */
  complete: boolean;
  /** From the start of the first span to the end of the last, in microseconds. */
  duration_us: number;
  /** How many spans have the status `error`. */
  error_count: number;
  /**
   * Whether problems and inferred links were looked for (`examine`). If not, both lists are empty,
   * and the trace is not known to be whole.
   */
  examined: boolean;
  /** Calls between this trace and others whose context was lost. */
  inferred_links: InferredLink[];
  /**
   * Where each service ran: one object for each combination of service, host, version and pod of
   * `spans`, by start time; at most 1,000.
   */
  instances: ServiceInstance[];
  /**
   * What is wrong with the trace: spans that are missing or not linked, with the probable cause.
   * The counts are of this trace. Empty for a whole trace.
   */
  problems: TraceProblem[];
  /**
   * How many further spans the trace has, of services that the caller may not see. All other
   * numbers are of the spans that the caller may see. Absent when there are none.
   */
  redacted?: number;
  /**
   * The first of the further spans by start, without anything but times and places; at most
   * 100,000. Absent when there are none.
   */
  redacted_hops?: RedactedHop[];
  /** Every service that has a span in the trace, in depth-first order of the trace's tree. */
  services: string[];
  /** How many spans of the trace are stored. `spans` may have fewer; see `spans_left_out`. */
  span_count: number;
  /** The spans, sorted by start time, then by span id. */
  spans: Span[];
  /**
   * How many stored spans are not in `spans` because of the size limit of an answer. The spans
   * with the latest start times are left out.
   */
  spans_left_out: number;
  /** When the first span started. JSON: microseconds since the Unix epoch. */
  start_time_unix_us: number;
  /**
   * The trace id: 32 lower-case hex digits. For a trace that is not stored, the digits that were
   * asked for.
   */
  trace_id: string;
}

/** Whether traces are whole, and their problems in words. */
export interface WordedTraceHealth {
  /** One object for each of `problems`, in the same order: the problem in words. */
  advice: Advice[];
  /** The gaps in what was seen of agents in the window: their spans are missing here. */
  coverage: Coverage[];
  /**
   * Whether the window has more traces than were examined. Those that were are spread over the
   * window.
   */
  cut: boolean;
  /** Services with similar names, when the service that was asked about has no spans. */
  did_you_mean: string[];
  /** The calls of each edge, sorted by caller, callee and protocol. */
  edges: EdgeHealth[];
  /** How many spans the traces should have: `seen_spans + missing_spans`. */
  expected_spans: number;
  /** How many spans are known to be missing: parents that spans name, and server spans of calls. */
  missing_spans: number;
  /**
   * How many traces were not examined because they have too many spans: all examined traces
   * together have at most 100,000 spans, and at most 5,000 in each twentieth of a busy window.
   */
  oversized_traces: number;
  /** What is wrong, the most frequent first. */
  problems: TraceProblem[];
  /**
   * The part of all traces that a sampler keeps, if the trace ids show one: 0 to 1. Null: none is
   * seen.
   */
  sampling_ratio: number | null;
  /** How many spans of the traces are stored. */
  seen_spans: number;
  /** The service that was asked about; empty when all services were. */
  service: string;
  /** The spans of each service, sorted by name. */
  services: ServiceHealth[];
  /** How many traces were examined. */
  traces: number;
  /** How many of them have no problem. */
  whole: number;
}

/** A cause, and its reason in words. */
export interface WordedWhy {
  /** How many traces of the baseline were compared. */
  baseline_traces: number;
  /** The reason for the verdict, with the numbers that decided it. */
  because: Reason;
  /**
   * When the change began that the window and the baseline are divided by: microseconds since
   * the Unix epoch; null when no beginning was found, or none was asked for.
   */
  began_unix_us: number | null;
  /**
   * How many traces had clocks that disagreed by a millisecond or more. Their span times were
   * adjusted for this answer.
   */
  clocks_adjusted: number;
  /**
   * The part of the window's traces of which no parent span is missing, except that of the
   * topmost span: 0 to 1. A trace from the time of a gap that leaves spans of its operation out
   * is not complete. Below 0.5 there is not enough evidence.
   */
  completeness: number;
  /**
   * What `p95_us` would be if the first suspect were as fast as in the baseline, in
   * microseconds.
   */
  counterfactual_p95_us: number;
  /**
   * The gaps in what was seen of agents in the window and in the baseline, and what was not
   * compared because of them.
   */
  coverage: Coverage[];
  /**
   * Whether the window or the baseline has more traces than the 2,000 that are compared of each,
   * spread over the time range.
   */
  cut: boolean;
  /** Services with similar names, when the service that was asked about has no traces. */
  did_you_mean: string[];
  /**
   * Further causes: suspects that remain after everything that the first suspect explains is
   * subtracted. Each is a cause by the same rules as the first. Empty without a cause.
   */
  further_causes: WhySuspect[];
  /**
   * Other routes of the service, most similar first, when the service has traces but none of the
   * route that was asked about.
   */
  other_routes: string[];
  /** The 95th percentile of the durations of the window's traces, in microseconds. */
  p95_us: number;
  /**
   * Suspects, most suspicious first. Suspects may be listed even when the verdict names no
   * cause. Their shares and `unattributed` add up to 1 when any time was added.
   */
  ranking: WhySuspect[];
  /** Why a cause is named or not: a sentence without a full stop. */
  reason: string;
  /** The route or operation that was asked about; null when none was. */
  route: string | null;
  /**
   * The spans of services in the compared traces of which only a share is recorded, in the window
   * or in the baseline. Numbers of traces, and rates of `ranking`, are those of recorded traces.
   * Absent where everything is recorded.
   */
  sampled?: SampledSpans[];
  /** The service that was asked about; empty when all services were. */
  service: string;
  /**
   * How much longer the window's traces took than those of the baseline, in microseconds: the
   * means of P50, P75 and P90 are compared. Negative when they were faster.
   */
  slowdown_us: number;
  /**
   * Attribute values that the slow or failing spans of the first suspect have in common, and its
   * other spans do not have.
   */
  standouts: WhyStandout[];
  /**
   * The start of the stored span that was received first; null unless the baseline is empty and
   * began before that time. Microseconds since the Unix epoch.
   */
  stored_since_unix_us: number | null;
  /** The id of the trace that was asked about; null when none was. */
  trace_id: string | null;
  /** How many traces of the window were compared. */
  traces: number;
  /** The part of the added time that no suspect in `ranking` accounts for: 0 to 1. */
  unattributed: number;
  /** Whether a cause was found: `cause`, `no_cause` or `not_enough_evidence`. */
  verdict: Verdict;
}

/** The questions by name: path, parameters and answer. */
export interface Questions {
  "anomalies": { ask: { baseline_us?: number; find_beginning?: boolean; since_unix_us?: number; until_unix_us?: number; baseline?: string; since?: string; until?: string; tz?: string }; answer: WordedAnomalies };
  "ask": { ask: { now_unix_us?: number; question?: string; tz?: string; now?: string }; answer: WordedEnglish };
  "attributes": { ask: { key?: string; limit?: number; prefix?: string; q?: string; since_unix_us?: number | null; source?: Source; until_unix_us?: number | null; since?: string; until?: string; tz?: string }; answer: AttributeList };
  "compare": { ask: { a?: string; b?: string | null; since_unix_us?: number | null; source?: Source; until_unix_us?: number | null; since?: string; until?: string; tz?: string }; answer: WordedComparison };
  "doctor/traces": { ask: { service?: string | null; since_unix_us?: number; until_unix_us?: number; since?: string; until?: string; tz?: string }; answer: WordedTraceHealth };
  "heatmap": { ask: { columns?: number; q?: string; rows?: number; service?: string | null; since_unix_us?: number; source?: Source; until_unix_us?: number; since?: string; until?: string; tz?: string }; answer: Heatmap };
  "red/{protocol}": { ask: { compare_us?: number | null; over_us?: number | null; protocol?: RedProtocol; service?: string; side?: RedSide; since_unix_us?: number; slow?: boolean; source?: RedSource | null; until_unix_us?: number; compare?: string; over?: string; since?: string; until?: string; tz?: string }; answer: RedTable };
  "series/{protocol}": { ask: { points?: number; protocol?: RedProtocol; route?: string | null; service?: string; side?: RedSide; since_unix_us?: number; source?: RedSource | null; until_unix_us?: number; since?: string; until?: string; tz?: string }; answer: RequestSeries };
  "services": { ask: { baseline_us?: number; find_beginning?: boolean; points?: number; service?: string | null; since_unix_us?: number; until_unix_us?: number; baseline?: string; since?: string; until?: string; tz?: string }; answer: WordedServices };
  "status": { ask: {}; answer: ColonyStatus };
  "topology": { ask: { depth?: number | null; diff_us?: number | null; focus?: string | null; layout?: LayoutDirection | null; since_unix_us?: number; source?: Source; top?: number | null; until_unix_us?: number; diff?: string; since?: string; until?: string; tz?: string }; answer: Topology };
  "traces": { ask: { after?: string; attributes?: string; by?: string; causes?: boolean; limit?: number; max_duration_us?: number | null; min_duration_us?: number | null; name?: string | null; q?: string; service?: string | null; since_unix_us?: number | null; sort?: Sort; source?: Source; status?: SpanStatus | null; until_unix_us?: number | null; max_duration?: string; min_duration?: string; since?: string; until?: string; tz?: string }; answer: TraceList };
  "traces/{id}": { ask: { examine?: boolean; id?: string; source?: Source }; answer: WordedTrace };
  "traces/{id}/find": { ask: { adjust_clocks?: boolean; id?: string; q?: string; source?: Source }; answer: FoundRows };
  "traces/{id}/spans/{span}": { ask: { id?: string; span?: string }; answer: WordedSpanDetails };
  "traces/{id}/waterfall": { ask: { adjust_clocks?: boolean; id?: string; source?: Source }; answer: Waterfall };
  "whoami": { ask: {}; answer: WhoAmI };
  "why": { ask: { baseline_us?: number; find_beginning?: boolean; route?: string | null; service?: string | null; since_unix_us?: number; trace_id?: string | null; until_unix_us?: number; baseline?: string; since?: string; until?: string; tz?: string }; answer: WordedWhy };
}

/** What is asked with a body in JSON. */
export interface Statements {
  "sql": { ask: SqlQuestion; answer: { columns: { name: string; type: string }[]; error?: string; more: boolean; rows: unknown[][] } };
}
