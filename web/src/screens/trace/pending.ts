// A question that `api.ts` does not have yet, with the type of its answer.
import { useAnswer, type Asked } from "../../answer.tsx";
import type { Source } from "../../api.ts";

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
  "compare": { ask: { a: string; source?: Source }; answer: Comparison };
}

type UsePending = <Q extends keyof Pending>(question: Q, ask: Pending[Q]["ask"] | null) => Asked<Pending[Q]["answer"]>;

/** Asks like `useAnswer`. */
export const usePending = useAnswer as unknown as UsePending;
