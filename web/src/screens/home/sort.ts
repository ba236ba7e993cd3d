import type { ServiceState } from "../../api.ts";

/** How services can be sorted. `health` is the order of the colony. */
export const SORTS = ["health", "name", "requests", "errors", "p95"] as const;
export type Sort = (typeof SORTS)[number];

const ORDER: Record<Exclude<Sort, "health">, (one: ServiceState, other: ServiceState) => number> = {
  name: (one, other) => (one.name < other.name ? -1 : one.name > other.name ? 1 : 0),
  requests: (one, other) => other.now.requests - one.now.requests,
  errors: (one, other) => other.now.error_rate - one.now.error_rate,
  p95: (one, other) => slowness(other) - slowness(one),
};

/** A copy of `services` in the order `sort`. */
export function sorted<S extends ServiceState>(services: readonly S[], sort: Sort): S[] {
  return sort === "health" ? [...services] : services.toSorted(ORDER[sort]);
}

/** The P95; above every known one if it is beyond the last bucket. */
function slowness({ now }: ServiceState): number {
  return now.p95_us ?? (now.beyond_us === null ? -1 : now.beyond_us + 1e12);
}
