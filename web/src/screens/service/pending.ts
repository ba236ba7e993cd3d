// The question `series`, and fields that `api.ts` does not know yet.
import type { RedProtocol, RedSide, RedSource, ServiceState } from "../../api.ts";

export interface Exemplar {
  trace_id: string;
  span_id: string;
  time_unix_us: number;
  duration_us: number;
  error: boolean;
  /** Whether the trace is stored. */
  stored: boolean;
}

export interface SeriesAnswer {
  service: string;
  protocol: RedProtocol;
  side: RedSide;
  source: RedSource;
  since_unix_us: number;
  until_unix_us: number;
  step_us: number;
  requests: number[];
  errors: number[];
  p50_us: (number | null)[];
  p95_us: (number | null)[];
  p99_us: (number | null)[];
  /** Percentiles that are null are above this. */
  beyond_us: number | null;
  covered_since_unix_us: number;
  exemplars: Exemplar[];
}

export type State = ServiceState & { complete_ratio?: number | null };

/** The question, under a name that `Questions` has. */
export const SERIES = "series/{protocol}" as "red/{protocol}";

export const POINTS = 60;
