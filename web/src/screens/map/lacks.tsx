import { counted } from "../../format/count.ts";
import { Gaps } from "../../parts/gaps.tsx";
import type { Topology } from "../../api.ts";

/** What the map was computed from, and what it lacks. */
export function Lacks({ map }: { map: Topology }) {
  const alone = map.nodes.filter(({ name }) => !map.edges.some((edge) => edge.from === name || edge.to === name));
  return (
    <section class="section">
      <h2>What this is made of</h2>
      <ul class="map-lacks">
        <li>{counted(map.traces, "trace")}, {counted(map.spans, "span")}{map.diff && <>; compared with {counted(map.diff.traces, "trace")} before</>}.</li>
        {map.orphan_spans > 0 && <li>{counted(map.orphan_spans, "span")} without a stored parent: the calls that led there are unknown, or are listed under an address.</li>}
        {map.unnamed_calls > 0 && <li>{counted(map.unnamed_calls, "call")} without a known callee.</li>}
        {map.calls_left_out > 0 && <li>{counted(map.calls_left_out, "call")} left out, because the map has too many edges.</li>}
        {alone.length > 0 && <li>Services with spans, but without known callers or calls: {alone.map(({ name }) => name).join(", ")}.</li>}
        {map.cycles.map((cycle) => <li key={cycle.join("\0")}>{cycle.length === 1 ? `${cycle[0]} calls itself.` : `${cycle.join(", ")} call each other.`}</li>)}
        {(map.sampled ?? []).map(({ agent_id, services }) => <li key={agent_id}>Agent {agent_id} records only a share of the traces of {services.join(", ")}.</li>)}
      </ul>
      <Gaps coverage={map.coverage} />
    </section>
  );
}
