import type { Coverage, CoverageGap } from "../api.ts";
import { counted } from "../format/count.ts";
import { useTimes } from "../format/time.ts";

const WORDS: Record<CoverageGap, string> = {
  unreachable: "could not be reached",
  returned: "was away and came back",
  joined: "joined",
  beyla_stopped: "had no running Beyla",
  sampling_changed: "changed the share of traces that it records",
};

/** What was not seen of agents: nothing unseen is called healthy. */
export function Gaps(props: { coverage: readonly Coverage[] | undefined }) {
  const times = useTimes();
  const coverage = props.coverage ?? [];
  if (coverage.length === 0) return null;
  return (
    <details class="notice notice-warn">
      <summary>{counted(coverage.length, "gap")} in what was seen of agents: numbers may be incomplete</summary>
      <ul>
        {coverage.map((gap) => (
          <li key={`${gap.agent_id} ${gap.gap} ${gap.since_unix_us}`}>
            <strong>{gap.agent_id}</strong> {WORDS[gap.gap]}
            {gap.since_unix_us !== null && <>, {times.short(gap.since_unix_us)}</>}
            {gap.until_unix_us !== null && <> – {times.short(gap.until_unix_us)}</>}
            {gap.services.length > 0 && <>: {gap.services.join(", ")}{gap.services_cut && " and more"}</>}
            {gap.traces_affected > 0 && <> ({counted(gap.traces_affected, "trace")} may lack spans)</>}
          </li>
        ))}
      </ul>
    </details>
  );
}
