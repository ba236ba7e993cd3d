import type { Coverage } from "../api.ts";
import { counted } from "../format/count.ts";
import { useTimes } from "../format/time.ts";
import { gapInWords } from "./gap.ts";

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
            <strong>{gap.agent_id}</strong> {gapInWords(gap, times.short)}
          </li>
        ))}
      </ul>
    </details>
  );
}
