// A field that the colony already answers or soon will, and that `api.ts` does not know yet.
import type { ServiceState } from "../../api.ts";

export type State = ServiceState & { complete_ratio?: number | null };
