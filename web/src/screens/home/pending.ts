// Fields that the colony already answers or soon will, and that `api.ts` does not know yet.
import type { Anomalies, Anomaly, ServiceState } from "../../api.ts";

export interface Series {
  step_us: number;
  requests: number[];
  errors: number[];
  p95_us: (number | null)[];
}

export type ServiceRow = ServiceState & { series?: Series | null; complete_ratio?: number | null };

export type WordedAnomaly = Anomaly & { title?: string };

export type WordedAnomalies = Omit<Anomalies, "anomalies"> & { summary?: string; anomalies: WordedAnomaly[] };

/** How many points a sparkline has. */
export const POINTS = { points: 60 } as Record<never, never>;
