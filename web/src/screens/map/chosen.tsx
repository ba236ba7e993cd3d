// More about the node or the call that was chosen, and where to go from it.
import type { NodeKind, ServiceState } from "../../api.ts";
import { amend, href } from "../../address.ts";
import { count, perSecond, rate } from "../../format/count.ts";
import { duration, percentile } from "../../format/duration.ts";
import { Mark, State } from "../../parts/state.tsx";
import { CHANGE_WORDS, failed, isRemoved, type Call } from "./changes.ts";
import { Kind, KIND_WORDS } from "./icons.tsx";
import { quoted } from "../../search.ts";
import { tracesOf } from "./traces-of.ts";

interface Props {
  name: string;
  kind: NodeKind;
  state: ServiceState | undefined;
  calls: readonly Call[];
  isFocus: boolean;
  choose: (call: Call) => void;
}

export function ChosenNode({ name, kind, state, calls, isFocus, choose }: Props) {
  const callers = calls.filter((call) => call.edge.to === name);
  const callees = calls.filter((call) => call.edge.from === name);
  return (
    <section class="card map-chosen" aria-label="The chosen node">
      <Close />
      <h2><Kind kind={kind} /> {name}</h2>
      <p class="soft small">{KIND_WORDS[kind]}{state && <> · <State health={state.health} /></>}</p>
      {state && state.now.requests > 0 && (
        <p>
          {perSecond(state.now.requests_per_second)} requests a second, {rate(state.now.error_rate)} failed, P95 {percentile(state.now.p95_us, state.now.exact, state.now.beyond_us)}
          {state.before?.p95_us != null && <span class="soft"> (before: {duration(state.before.p95_us)})</span>}
        </p>
      )}
      <p class="actions">
        {kind === "service" && <a class="button button-first" href={href("why", { service: name })}>Why</a>}
        {kind === "service" && <a class="button" href={href("service", { name })}>Service</a>}
        {kind === "service" && <a class="button" href={href("traces", { q: `service:${quoted(name)}` })}>Traces</a>}
        {isFocus
          ? <button type="button" onClick={() => amend({ focus: null, depth: null })}>Whole map</button>
          : <button type="button" onClick={() => amend({ focus: name, page: null })}>Only its neighbours</button>}
      </p>
      <Calls title="Called by" calls={callers} end="from" choose={choose} />
      <Calls title="Calls" calls={callees} end="to" choose={choose} />
    </section>
  );
}

const MAX_CALLS = 12;

function Calls(props: { title: string; calls: readonly Call[]; end: "from" | "to"; choose: (call: Call) => void }) {
  if (props.calls.length === 0) return <p class="soft small">{props.title} nothing that is known.</p>;
  const shown = props.calls.slice(0, MAX_CALLS);
  return (
    <>
      <h3>{props.title}</h3>
      <ul class="map-calls">
        {shown.map((call) => (
          <li key={call.key}>
            <button type="button" class="map-link" onClick={() => props.choose(call)}>{call.edge[props.end]}</button>{" "}
            <span class="soft small">{call.edge.protocol}, {isRemoved(call) ? "gone" : `${count(call.edge.calls)} calls, P95 ${duration(call.edge.p95_us)}`}</span>
          </li>
        ))}
      </ul>
      {props.calls.length > shown.length && <p class="soft small">and {props.calls.length - shown.length} more, in the table</p>}
    </>
  );
}

export function ChosenCall({ call, kinds }: { call: Call; kinds: ReadonlyMap<string, NodeKind> }) {
  const { edge, changes } = call;
  return (
    <section class="card map-chosen" aria-label="The chosen calls">
      <Close />
      <h2><span class="isolate">{edge.from}</span> → <span class="isolate">{edge.to}</span></h2>
      <p class="soft small">{edge.protocol}</p>
      {changes.map(({ change, says }) => <p key={change}><Mark {...CHANGE_WORDS[change]} /> {says}</p>)}
      <dl class="map-facts">
        <div><dt>{isRemoved(call) ? "Calls before" : "Calls"}</dt><dd>{count(edge.calls)}</dd></div>
        <div><dt>Failed</dt><dd>{count(edge.errors)} ({failed(edge.errors, edge.calls)})</dd></div>
        <div><dt>P50</dt><dd>{percentile(edge.p50_us, edge.exact, null)}</dd></div>
        <div><dt>P95</dt><dd>{percentile(edge.p95_us, edge.exact, null)}</dd></div>
        <div><dt>P99</dt><dd>{percentile(edge.p99_us, edge.exact, null)}</dd></div>
      </dl>
      {edge.estimate?.sampling_ratio != null && <p class="soft small">Only {rate(edge.estimate.sampling_ratio)} of the calls are recorded.</p>}
      <p class="actions">
        {!isRemoved(call) && <a class="button button-first" href={href("traces", tracesOf(call, kinds))}>Traces of these calls</a>}
        {!isRemoved(call) && edge.errors > 0 && <a class="button" href={href("traces", tracesOf(call, kinds, "failed"))}>Failed ones</a>}
        <a class="button" href={href("why", { service: edge.from })}>Why is {edge.from} slow?</a>
      </p>
    </section>
  );
}

function Close() {
  return <button type="button" class="quiet icon map-close" aria-label="Close" onClick={() => amend({ node: null, caller: null, callee: null, protocol: null })}>✕</button>;
}
