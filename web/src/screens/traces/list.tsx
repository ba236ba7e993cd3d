// The traces of a page: when, what, how long, and why.
import { amend, go, href } from "../../address.ts";
import type { TraceSummary } from "../../api.ts";
import { count, counted } from "../../format/count.ts";
import { duration } from "../../format/duration.ts";
import { useTimes } from "../../format/time.ts";
import { announce } from "../../frame/announce.tsx";
import { useKeys } from "../../frame/keys.ts";
import { Service } from "../../parts/service.tsx";
import { TraceReason } from "../../parts/trace-reason.tsx";
import type { View } from "./view.ts";

export function TraceRows(props: { traces: readonly TraceSummary[]; view: View }) {
  const { traces, view } = props;
  const longest = Math.max(1, ...traces.map((trace) => trace.duration_us));
  const at = traces.findIndex((trace) => trace.trace_id === view.row);
  const to = (next: number) => {
    const trace = traces[Math.min(traces.length - 1, Math.max(0, next))];
    if (trace === undefined) return;
    amend({ row: trace.trace_id }, "replace");
    const link = document.getElementById(`trace-${trace.trace_id}`);
    link?.focus();
    link?.closest("tr")?.scrollIntoView({ block: "nearest" });
  };
  const current = traces[at];
  useKeys("Traces", [
    { keys: "j", does: "next trace", run: () => to(at + 1) },
    { keys: "k", does: "previous trace", run: () => to(at < 0 ? 0 : at - 1) },
    { keys: "Enter", does: "open the trace", run: () => { if (current) { go(href("trace", { id: current.trace_id })); scrollTo(0, 0); } } },
    { keys: " ", does: "choose the trace for a comparison", run: () => { if (current) pick(view, current); } },
    { keys: "c", does: "compare the chosen traces, or one with healthy ones", run: () => {
      const [a = current?.trace_id, b] = view.picked;
      if (a !== undefined) { go(href("compare", { a, b })); scrollTo(0, 0); }
    } },
  ]);
  return (
    <table class="traces">
      <thead>
        <tr>
          <th scope="col"><span class="unseen">Compare</span></th>
          <th scope="col">Began</th>
          <th scope="col">Request</th>
          <th scope="col" class="number">Took</th>
          <th scope="col">Why it is slow or fails</th>
          <th scope="col" class="number">Spans</th>
          <th scope="col">Services</th>
        </tr>
      </thead>
      <tbody>
        {traces.map((trace) => <Row key={trace.trace_id} trace={trace} longest={longest} view={view} />)}
      </tbody>
    </table>
  );
}

function Row(props: { trace: TraceSummary; longest: number; view: View }) {
  const { trace, view } = props;
  const times = useTimes();
  const picked = view.picked.indexOf(trace.trace_id);
  const name = `${trace.root_service ?? "root not received"} ${trace.root_operation}`;
  const keydown = (event: KeyboardEvent) => {
    if (event.key !== " ") return;
    event.preventDefault();
    event.stopPropagation();
    pick(view, trace);
  };
  return (
    <tr aria-current={view.row === trace.trace_id ? "true" : undefined} class={picked >= 0 ? "traces-picked" : undefined}>
      <td class="traces-pick">
        <button type="button" class="pick" aria-pressed={picked >= 0} aria-label={`Compare ${name}, ${duration(trace.duration_us)}`} onClick={() => pick(view, trace)}>{["A", "B"][picked] ?? ""}</button>
      </td>
      <td class="traces-began number"><time dateTime={new Date(trace.start_time_unix_us / 1_000).toISOString()} title={times.full(trace.start_time_unix_us)}>{times.precise(trace.start_time_unix_us)}</time></td>
      <td class="traces-request">
        <div class="traces-what">
          {trace.root_service === null ? <span class="tone-warn">root not received</span> : <Service name={trace.root_service} />}
          <a id={`trace-${trace.trace_id}`} class="traces-link" href={href("trace", { id: trace.trace_id })} onKeyDown={keydown} onFocus={() => view.row !== trace.trace_id && amend({ row: trace.trace_id }, "replace")}>{trace.root_operation}</a>
          {trace.status_code !== null && <span class={trace.status_code >= 500 ? "tone-bad" : "soft"}>{trace.status_code}</span>}
        </div>
      </td>
      <td class="traces-took"><Took trace={trace} longest={props.longest} /></td>
      <td class="traces-why"><TraceReason trace={trace} /></td>
      <td class="traces-spans number">{count(trace.span_count)}<span class="traces-unit"> spans</span>{trace.error_count > 0 && <span class="tone-bad">, ✕ {count(trace.error_count)} failed</span>}</td>
      <td class="traces-services" title={trace.services.join(", ")}><ServiceNames names={trace.services} root={trace.root_service} /></td>
    </tr>
  );
}

/** The duration as a bar, with a line where the usual duration of the operation ends. */
function Took(props: { trace: TraceSummary; longest: number }) {
  const { duration_us: us, usual_us: usual } = props.trace;
  const isSlow = usual !== null && us > usual;
  return (
    <div class="took">
      <span class="took-text"><strong>{duration(us)}</strong>{isSlow && <span class="soft"> usual {duration(usual)}</span>}</span>
      <span class="took-bar" aria-hidden="true">
        <span class={`took-fill${isSlow ? " took-slow" : ""}`} style={{ width: `${Math.max(0.5, (us / props.longest) * 100)}%` }} />
        {usual !== null && usual < props.longest && <span class="took-usual" style={{ left: `${(usual / props.longest) * 100}%` }} />}
      </span>
    </div>
  );
}

const NAMED = 2;

function ServiceNames(props: { names: readonly string[]; root: string | null }) {
  const others = props.names.filter((name) => name !== props.root);
  if (others.length === 0) return <span class="soft">only this one</span>;
  const more = others.length - NAMED;
  return <span class="soft">{others.slice(0, NAMED).join(", ")}{more > 0 && ` and ${more} more`}</span>;
}

/** Chooses a trace for a comparison, or takes the choice back. The last two count. */
function pick(view: View, trace: TraceSummary): void {
  const id = trace.trace_id;
  const picked = view.picked.includes(id) ? view.picked.filter((other) => other !== id) : [...view.picked, id].slice(-2);
  amend({ pick: picked.join(","), row: id }, "replace");
  announce(picked.length === 0 ? "No trace chosen" : `${counted(picked.length, "trace")} chosen for a comparison`);
}

/** What is chosen for a comparison, and the way there. */
export function Picked(props: { view: View }) {
  const { picked } = props.view;
  const [a, b] = picked;
  if (a === undefined) return null;
  return (
    <aside class="picked" aria-label="Comparison">
      <span><strong>A</strong> <code>{a.slice(0, 8)}</code>{b !== undefined && <> and <strong>B</strong> <code>{b.slice(0, 8)}</code></>}</span>
      <a class="button button-first" href={href("compare", { a, b })}>{b === undefined ? "Compare with healthy traces" : "Compare"} <kbd aria-hidden="true">c</kbd></a>
      <button type="button" class="quiet" onClick={() => amend({ pick: null }, "replace")}>Clear</button>
    </aside>
  );
}
