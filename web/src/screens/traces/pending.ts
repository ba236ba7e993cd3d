// What the colony answers and `api.ts` does not have yet.
import type { TraceList } from "../../api.ts";

export type PagedTraceList = TraceList & { next?: string | null };
