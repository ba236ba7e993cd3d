import type { NodeKind } from "../../api.ts";
import type { Params } from "../../address.ts";
import { quoted } from "../../search.ts";
import type { Call } from "./changes.ts";

/** The search for traces of a call: of the called service, or of its caller if it sends no spans. Slow or failed ones first. */
export function tracesOf({ edge, changes }: Call, kinds: ReadonlyMap<string, NodeKind>, only?: "failed"): Params {
  const isService = (kinds.get(edge.to) ?? "service") === "service";
  const isMessage = kinds.get(edge.to) === "queue";
  const conditions = [
    `service:${quoted(isService ? edge.to : edge.from)}`,
    isService ? "" : isMessage ? "kind:producer" : "kind:client",
    only === "failed" || changes.some(({ change }) => change === "failing") ? "status:error" : "",
  ];
  const isSlower = changes.some(({ change }) => change === "slower");
  return { q: conditions.filter(Boolean).join(" "), sort: isSlower ? "slowest" : null };
}
