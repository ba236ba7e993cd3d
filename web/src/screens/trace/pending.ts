// Questions that `api.ts` does not have yet, with the types of their answers.
import { useAnswer, type Asked } from "../../answer.tsx";
import type { Source, Span } from "../../api.ts";

export interface Waterfall {
  trace_id: string;
  start_time_unix_us: number;
  trace_duration_us: number;
  span_count: number;
  error_count: number;
  complete: boolean;
  spans_left_out: number;
  virtual_hops: number;
  redacted: number;
  services: string[];
  names: string[];
  depth: number[];
  start_us: number[];
  duration_us: number[];
  self_us: number[];
  service: number[];
  name: number[];
  kind: number[];
  flags: number[];
  span_ids: string;
  critical_row: number[];
  critical_start_us: number[];
  critical_end_us: number[];
  service_times: ServiceTime[];
  clock_moves: ClockMove[];
}

export interface ServiceTime {
  service: string;
  spans: number;
  errors: number;
  self_us: number;
  critical_us: number;
}

export interface ClockMove {
  service: string;
  host: string | null;
  agent_id: string;
  moved_us: number;
  spans: number;
}

export interface SpanDetails {
  span: Span | null;
  received_unix_us?: number | null;
  self_us: number;
  usual: { spans: number; p50_us: number; p95_us: number; since_unix_us: number } | null;
  cause?: string | null;
}

export interface Found {
  rows: number[];
  spans: number;
}

export interface Comparison {
  b: { traces: number; duration_p50_us: number; duration_p95_us: number };
  aligned: boolean;
  rows: { depth: number; service: string; name: string; kind: string; b: ComparedTimes | null }[];
}

export interface ComparedTimes {
  traces: number;
  calls: number;
  p50_us: number;
  p95_us: number;
}

interface Pending {
  "traces/{id}/waterfall": { ask: { id: string; source?: Source; adjust_clocks?: boolean }; answer: Waterfall };
  "traces/{id}/spans/{span}": { ask: { id: string; span: string }; answer: SpanDetails };
  "traces/{id}/find": { ask: { id: string; q: string; source?: Source; adjust_clocks?: boolean }; answer: Found };
  "compare": { ask: { a: string; source?: Source }; answer: Comparison };
}

type UsePending = <Q extends keyof Pending>(question: Q, ask: Pending[Q]["ask"] | null) => Asked<Pending[Q]["answer"]>;

/** Asks like `useAnswer`. */
export const usePending = useAnswer as unknown as UsePending;
