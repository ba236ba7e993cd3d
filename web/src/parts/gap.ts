import type { Coverage, CoverageGap } from "../api.ts";
import { counted } from "../format/count.ts";
import type { Times } from "../format/time.ts";

const WORDS: Record<CoverageGap, string> = {
  unreachable: "could not be reached",
  returned: "was away and came back",
  joined: "joined",
  beyla_stopped: "had no running Beyla",
  sampling_changed: "changed the share of traces that it records",
};

/** What was not seen, since when and until when: `could not be reached from 11:53 to 11:58: payments-api`. */
export function gapInWords(gap: Coverage, short: Times["short"]): string {
  const when = gap.since_unix_us === null ? "" : gap.gap === "joined" || gap.gap === "sampling_changed"
    ? ` at ${short(gap.since_unix_us)}`
    : gap.until_unix_us === null ? ` since ${short(gap.since_unix_us)}` : ` from ${short(gap.since_unix_us)} to ${short(gap.until_unix_us)}`;
  const services = gap.services.length === 0 ? "" : `: ${gap.services.join(", ")}${gap.services_cut ? " and more" : ""}`;
  const traces = gap.traces_affected > 0 ? ` (${counted(gap.traces_affected, "trace")} may lack spans)` : "";
  return `${WORDS[gap.gap]}${when}${services}${traces}`;
}
