// A question of the colony that `api.ts` does not have yet.
import type { Coverage, Source } from "../../api.ts";

export interface ComparedSide {
  kind: "trace" | "traces";
  trace_id: string | null;
  q: string | null;
  healthy?: boolean;
  traces: number;
  service?: string | null;
  operation?: string | null;
  duration_p50_us: number;
  duration_p95_us: number;
  example_trace_ids: string[];
  cut: boolean;
}

export interface ComparedTimes {
  traces: number;
  calls: number;
  p50_us: number;
  p95_us: number;
  self_p50_us: number;
  errors: number;
  example: { trace_id: string; span_id: string };
}

export interface ComparedRow {
  depth: number;
  service: string;
  name: string;
  kind: string;
  a: ComparedTimes | null;
  b: ComparedTimes | null;
  delta_us: number | null;
  share: number | null;
}

export interface ComparedAttribute {
  service: string;
  key: string;
  value: string;
  a: number;
  a_of: number;
  b: number;
  b_of: number;
}

export interface WordedComparison {
  a: ComparedSide;
  b: ComparedSide;
  aligned: boolean;
  not_aligned_because: string | null;
  delta_us: number;
  rows: ComparedRow[];
  rows_left_out?: number;
  attributes: ComparedAttribute[];
  coverage?: Coverage[];
}

declare module "../../api.ts" {
  interface Questions {
    "compare": { ask: { a?: string; b?: string | null; since?: string; until?: string; source?: SourceName }; answer: WordedComparison };
  }
}
type SourceName = Source;
