// Fields that the colony already answers or soon will, and that `api.ts` does not know yet.
import type { ServiceState } from "../../api.ts";

export interface Series {
  step_us: number;
  requests: number[];
  errors: number[];
  p95_us: (number | null)[];
}

export type ServiceRow = ServiceState & { series?: Series | null; complete_ratio?: number | null };

/** How many points a sparkline has. */
export const POINTS = { points: 60 } as Record<never, never>;
