import { href } from "../../address.ts";
import type { Groups } from "../../api.ts";
import { count, rate } from "../../format/count.ts";
import { duration } from "../../format/duration.ts";
import { oddOne } from "./odd-one.ts";
import { quoted } from "./quoted.ts";

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
