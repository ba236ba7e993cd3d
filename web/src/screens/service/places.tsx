import { href } from "../../address.ts";
import type { Group, Groups } from "../../api.ts";
import { count, rate } from "../../format/count.ts";
import { duration } from "../../format/duration.ts";
import { quoted } from "./service.tsx";

/** A host or version differs from the rest from this ratio of durations or difference of error rates on. */
const RATIO = 1.5;
const RATE = 0.02;
const ENOUGH_SPANS = 20;

/** The hosts or versions of a service, and which one differs from the others. */
export function Places(props: { title: string; of: Groups | null; service: string; none: string }) {
  const { of } = props;
  const groups = of?.groups ?? [];
  const odd = oddOne(groups);
  const max = Math.max(1, ...groups.map(({ p95_us }) => p95_us));
  return (
    <section class="section">
      <h2>{props.title}</h2>
      <p class={odd === null ? "soft" : "tone-bad"}>{groups.length === 0 ? props.none : odd === null
        ? (groups.length === 1 ? "There is only one." : "None differs from the others.")
        : <>✕ <strong>{odd.group.value ?? "spans without one"}</strong> differs: {odd.says}.</>}</p>
      {groups.length > 0 && (
        <div class="table-scroll" tabIndex={0} role="region" aria-label={props.title}>
          <table class="cards numbers-table">
            <thead><tr><th>{of?.by}</th><th class="number">Requests</th><th class="number">Errors</th><th class="number">P50</th><th class="number">P95</th><th><span class="unseen">P95 as a bar</span></th></tr></thead>
            <tbody>
              {groups.map((group) => (
                <tr key={group.value ?? ""}>
                  <th scope="row">{group.value === null ? <span class="soft">not said</span> : <a class="row-link" href={href("traces", { q: `service:${quoted(props.service)} ${of?.by}=${quoted(group.value)}` })}>{group.value}</a>}{odd?.group === group && <span class="tone-bad"> ✕ differs</span>}</th>
                  <td class="number" data-label="Requests">{count(group.spans)}</td>
                  <td class="number" data-label="Errors">{rate(group.spans === 0 ? 0 : group.errors / group.spans)}</td>
                  <td class="number" data-label="P50">{duration(group.p50_us)}</td>
                  <td class="number" data-label="P95">{duration(group.p95_us)}</td>
                  <td class="place-bar"><span class={`change-now${odd?.group === group ? " change-bad" : ""}`} style={{ width: `${(group.p95_us / max) * 100}%` }} /></td>
                </tr>
              ))}
            </tbody>
          </table>
        </div>
      )}
      {of !== null && (of.left_out > 0 || of.more) && <p class="soft small">{of.left_out > 0 && `${count(of.left_out)} more. `}{of.more && "Counted in a part of the traces."}</p>}
    </section>
  );
}

/** The group that fails or takes longer than all others together; null when none does clearly. */
export function oddOne(groups: readonly Group[]): { group: Group; says: string } | null {
  const candidates = groups.filter(({ spans }) => spans >= ENOUGH_SPANS);
  if (candidates.length < 2) return null;
  for (const group of candidates) {
    const others = candidates.filter((other) => other !== group);
    const share = group.errors / group.spans;
    const rest = Math.max(...others.map(({ errors, spans }) => errors / spans));
    if (share - rest >= RATE && share >= 2 * rest) return { group, says: `${rate(share)} of its requests fail, at most ${rate(rest)} elsewhere` };
    const slowest = Math.max(...others.map(({ p50_us }) => p50_us));
    if (group.p50_us >= RATIO * slowest) return { group, says: `P50 ${duration(group.p50_us)}, at most ${duration(slowest)} elsewhere` };
  }
  return null;
}
