import type { Groups } from "../../api.ts";
import { count, rate } from "../../format/count.ts";
import { duration } from "../../format/duration.ts";
import { and, equals } from "../../search.ts";
import { narrow, type View } from "./view.ts";

const KEYS = ["service", "name", "code", "host.name", "service.version", "http.route", "http.request.method", "k8s.pod.name", "error.type"];

/** Chooses the key by which spans are counted. */
export function GroupPicker(props: { view: View }) {
  const { by } = props.view;
  const submit = (event: SubmitEvent) => {
    event.preventDefault();
    narrow({ by: String(new FormData(event.currentTarget as HTMLFormElement).get("by") ?? "").trim() });
  };
  return (
    <form class="by" onSubmit={submit}>
      <label>Count by <input key={by} name="by" list="by-keys" placeholder="host.name" defaultValue={by} size={16} autocapitalize="off" autocomplete="off" spellcheck={false} /></label>
      <datalist id="by-keys">{KEYS.map((key) => <option key={key} value={key} />)}</datalist>
      <button type="submit">Count</button>
      {by !== "" && <button type="button" class="quiet" onClick={() => narrow({ by: null })}>Do not count</button>}
    </form>
  );
}

/** The spans that meet the search, by the value of a key. Each value narrows the search. */
export function GroupTable(props: { groups: Groups; view: View }) {
  const { groups: { by, groups, left_out: leftOut, more, traces }, view } = props;
  const most = Math.max(1, ...groups.map((group) => group.spans));
  if (groups.every((group) => group.value === null)) {
    return <p class="notice">No span that was counted has the key <code>{by}</code>.</p>;
  }
  return (
    <section class="section" aria-labelledby="groups-title">
      <h2 id="groups-title">Spans by {by}</h2>
      <div class="table-scroll" tabIndex={0} role="region" aria-label={`Table of spans by ${by}`}>
        <table class="groups">
          <thead>
            <tr>
              <th scope="col">{by}</th>
              <th scope="col" class="number">Spans</th>
              <th scope="col" aria-hidden="true" class="groups-bar" />
              <th scope="col" class="number">Failed</th>
              <th scope="col" class="number">P50</th>
              <th scope="col" class="number">P95</th>
              <th scope="col" class="number">Traces</th>
            </tr>
          </thead>
          <tbody>
            {groups.map((group) => (
              <tr key={group.value ?? ""}>
                <td>
                  {group.value === null
                    ? <span class="soft">without it</span>
                    : <button type="button" class="quiet groups-value" title="Only these" onClick={() => narrow({ q: and(view.q, equals(by, group.value ?? "")), by: null })}>{group.value}</button>}
                </td>
                <td class="number">{count(group.spans)}</td>
                <td class="groups-bar" aria-hidden="true"><span style={{ width: `${(group.spans / most) * 100}%` }} /></td>
                <td class="number">{group.errors > 0 ? <span class="tone-bad">✕ {count(group.errors)} ({rate(group.errors / group.spans)})</span> : <span class="soft">0</span>}</td>
                <td class="number">{duration(group.p50_us)}</td>
                <td class="number">{duration(group.p95_us)}</td>
                <td class="number">{count(group.traces)}</td>
              </tr>
            ))}
          </tbody>
        </table>
      </div>
      <p class="small soft">
        Counted in {count(traces)} traces{more && ", and more match that were not counted"}{leftOut > 0 && `; ${count(leftOut)} further values are not shown`}.
      </p>
    </section>
  );
}
