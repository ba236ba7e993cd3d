// Questions of the colony that `api.ts` does not have yet.
import type { Coverage, TraceList } from "../../api.ts";

export interface Heatmap {
  since_unix_us: number;
  until_unix_us: number;
  columns: number;
  rows: number;
  bounds_us: number[];
  counts: number[];
  errors: number[];
  traces: number;
  cut: boolean;
  coverage: Coverage[];
}

export type PagedTraceList = TraceList & { next?: string | null };

declare module "../../api.ts" {
  interface Questions {
    "heatmap": { ask: { q?: string; service?: string | null; since?: string; until?: string; source?: Source; columns?: number; rows?: number }; answer: Heatmap };
  }
}
