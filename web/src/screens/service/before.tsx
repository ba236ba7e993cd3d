import type { RedNumbers } from "../../api.ts";
import { percentile } from "../../format/duration.ts";

/** From this ratio on a duration is called slower, as in the rules of the colony. */
const SLOWER = 1.5;

/** The number of before, below that of now. */
export function Before(props: { text: string | null }) {
  return <span class="before">{props.text === null ? "–" : props.text}<span class="unseen"> before</span></span>;
}

/** How a duration changed: two bars and words, such as `9.6 times as long`. */
export function Change(props: { now: number | null; before: number | null; isNew: boolean }) {
  const { now, before } = props;
  if (props.isNew) return <span class="soft">new: not seen before</span>;
  if (now === null || before === null || before <= 0) return <span class="soft">–</span>;
  const max = Math.max(now, before);
  const ratio = now / before;
  const isSlower = ratio >= SLOWER;
  return (
    <span class="change">
      <span class="change-bars" aria-hidden="true">
        <span class="change-before" style={{ width: `${(before / max) * 100}%` }} />
        <span class={`change-now${isSlower ? " change-bad" : ""}`} style={{ width: `${(now / max) * 100}%` }} />
      </span>
      <span class={isSlower ? "tone-bad" : "soft"}>{changeInWords(ratio)}</span>
    </span>
  );
}

/** `as before`, `9.6 times as long`, `a third less`. */
export function changeInWords(ratio: number): string {
  if (ratio >= SLOWER) return `✕ ${ratio.toFixed(ratio < 10 ? 1 : 0)} times as long`;
  if (ratio >= 1.1) return `+${Math.round((ratio - 1) * 100)}%`;
  if (ratio > 0.9) return "as before";
  return `−${Math.round((1 - ratio) * 100)}%`;
}

export function percentileOf(of: RedNumbers, which: "p50_us" | "p95_us" | "p99_us"): string {
  return of.requests === 0 ? "–" : percentile(of[which], of.exact, of.beyond_us);
}
