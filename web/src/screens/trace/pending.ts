// Questions that `api.ts` does not have yet, with the types of their answers.
import { useAnswer, type Asked } from "../../answer.tsx";
import type { Source, Span, TraceFailure } from "../../api.ts";

export interface SpanDetails {
  span: Span | null;
  self_us: number | null;
  usual: { spans: number; p50_us: number; p95_us: number; since_unix_us: number } | null;
  failure?: TraceFailure | null;
  cause?: string | null;
}

export interface Comparison {
  b: { traces: number; duration_p50_us: number; duration_p95_us: number };
  rows: { depth: number; service: string; name: string; kind: string; b: ComparedTimes | null }[];
}

export interface ComparedTimes {
  traces: number;
  calls: number;
  p50_us: number;
  p95_us: number;
}

interface Pending {
  "traces/{id}/spans/{span}": { ask: { id: string; span: string }; answer: SpanDetails };
  "compare": { ask: { a: string; source?: Source }; answer: Comparison };
}

type UsePending = <Q extends keyof Pending>(question: Q, ask: Pending[Q]["ask"] | null) => Asked<Pending[Q]["answer"]>;

/** Asks like `useAnswer`. */
export const usePending = useAnswer as unknown as UsePending;
