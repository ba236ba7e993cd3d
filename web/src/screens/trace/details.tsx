import { amend, href } from "../../address.ts";
import { Answer, sentence, type Asked } from "../../answer.tsx";
import type { EventJson, LinkJson, Span, WordedSpanDetails } from "../../api.ts";
import { duration } from "../../format/duration.ts";
import { counted } from "../../format/count.ts";
import { useTimes } from "../../format/time.ts";
import { failureOf } from "../../parts/failure.ts";
import { Mark } from "../../parts/state.tsx";
import { Service } from "../../parts/service.tsx";
import { Attributes, shortened, Value } from "./attributes.tsx";
import { factor } from "./line.tsx";
import { CRITICAL, OUTLIVES, REDACTED, type Rows } from "./rows.ts";
import { compared } from "./usual.ts";
import type { Zoom } from "./view.ts";
import { around } from "./zoom.ts";

interface Props {
  asked: Asked<WordedSpanDetails>;
  rows: Rows;
  row: number;
  length: number;
  zoom: Zoom;
  root: number | null;
  close(): void;
}

/** Everything that is stored of the selected span. */
export function Details(props: Props) {
  const { rows, row, length } = props;
  const isHidden = rows.is(row, REDACTED);
  // What is stored of another span would stand below the name of this one.
  const other = props.asked.answer?.span?.span_id;
  const isOther = other !== undefined && other !== rows.idOf(row);
  return (
    <aside class="details" aria-labelledby="details-title">
      <div class="details-head">
        <h2 id="details-title">{isHidden ? "Hidden service" : shortened(rows.nameOf(row)) || "A span without a name"}</h2>
        <button type="button" class="quiet" onClick={props.close} title="Close (Esc)">Close</button>
      </div>
      {!isHidden && <p class="details-service"><Service name={rows.serviceOf(row)} /> <span class="soft">{rows.kindOf(row)} span</span></p>}
      <dl class="details-numbers">
        <div><dt>Took</dt><dd><strong>{duration(rows.duration[row]!)}</strong></dd></div>
        <div><dt>Itself</dt><dd>{duration(rows.self[row]!)}</dd></div>
        <div><dt>Starts at</dt><dd>+{duration(rows.start[row]!)}</dd></div>
      </dl>
      {rows.is(row, CRITICAL) && <p class="small">On the critical path: the request waited for this span.</p>}
      {rows.is(row, OUTLIVES) && <p class="small">It ends after its parent ended: the parent did not wait for it, or clocks differ.</p>}
      <div class="actions">
        <button type="button" onClick={() => props.zoom.set(around(rows.start[row]!, rows.duration[row]!, length))}>Zoom to it</button>
        {rows.hasChildren(row) && (
          <button type="button" aria-pressed={props.root === row} onClick={() => amend({ root: props.root === row ? null : rows.keyOf(row) })}>Only its subtree</button>
        )}
      </div>
      {isHidden
        ? <p>You may not see the spans of this service. Only when it ran is shown.</p>
        : <Answer of={isOther ? { ...props.asked, answer: null } : props.asked} what="the span">
            {(answer) => (answer.span === null ? <p class="notice">This span is not stored any more.</p> : <Stored of={answer} span={answer.span} />)}
          </Answer>}
    </aside>
  );
}

function Stored(props: { of: WordedSpanDetails; span: Span }) {
  const { of, span } = props;
  const times = useTimes();
  const usual = of.usual && compared(span.duration_us, of.usual.p50_us, of.usual.p95_us);
  const host = textOf(span.resource, "host.name") ?? textOf(span.resource, "k8s.pod.name");
  const version = textOf(span.resource, "service.version");
  return (
    <>
      {of.usual && usual && (
        <p class={usual.isSlower ? "usual is-slower" : "usual"}>
          {usual.isSlower ? <strong>{factor(usual.factor)} as long as usual. </strong> : "As long as others shortly before. "}
          In the hour before: {duration(of.usual.p50_us)} in the median of {counted(of.usual.spans, "span")}, at most {duration(of.usual.p95_us)} in 95% of them.
        </p>
      )}
      {(of.cause || of.failure) && <p class="notice notice-bad">{sentence(of.cause ?? failureOf(of.failure!))}</p>}
      <dl class="attributes">
        <div><dt>Status</dt><dd><Status span={span} /></dd></div>
        {host && <div><dt>Host</dt><dd>{host}</dd></div>}
        {version && <div><dt>Version</dt><dd>{version}</dd></div>}
      </dl>
      <Part title="Attributes" size={Object.keys(span.attributes).length} isOpen><Attributes of={typed(span)} /></Part>
      {span.events.length > 0 && <Part title="Events" size={span.events.length} isOpen>{span.events.slice(0, 50).map((event, at) => <Event key={at} of={event} start={span.start_time_unix_us} />)}{span.events.length > 50 && <p class="soft">The first 50 are shown. The view JSON has all.</p>}</Part>}
      {span.links.length > 0 && <Part title="Links" size={span.links.length} isOpen>{span.links.slice(0, 50).map((link, at) => <Link key={at} of={link} />)}</Part>}
      <dl class="attributes details-origin">
        {shortened(span.span_name) !== span.span_name && <div><dt>Operation</dt><dd><Value of={span.span_name} /></dd></div>}
        <div><dt>Started</dt><dd>{times.full(span.start_time_unix_us)}</dd></div>
        <div><dt>Seen by</dt><dd>{span.source === "ebpf" ? "Beyla (eBPF)" : "an SDK"}, sent through agent {span.agent_id}</dd></div>
        <div><dt>Span id</dt><dd class="mono">{span.span_id}</dd></div>
        {span.parent_span_id !== null && <div><dt>Parent</dt><dd class="mono">{span.parent_span_id}</dd></div>}
      </dl>
      <Part title="Resource" size={Object.keys(span.resource).length}><Attributes of={span.resource} /></Part>
      {(span.scope.name !== "" || Object.keys(span.scope.attributes).length > 0) && (
        <Part title="Library" size={1}><p>{span.scope.name} {span.scope.version}</p><Attributes of={span.scope.attributes} /></Part>
      )}
      {span.trace_state !== "" && <Part title="Trace state" size={1}><p class="mono">{span.trace_state}</p></Part>}
    </>
  );
}

function Status(props: { span: Span }) {
  const { span_status: status, status_message: message, status_code: code } = props.span;
  return (
    <>
      {status === "error" ? <Mark mark="✕" tone="bad" word="error" /> : status === "ok" ? <Mark mark="✓" tone="good" word="ok" /> : "no error"}
      {code !== null && <>, code {code}</>}
      {message !== "" && <>: <Value of={message} /></>}
    </>
  );
}

function Part(props: { title: string; size: number; isOpen?: boolean; children: preact.ComponentChildren }) {
  return (
    <details class="details-part" open={props.isOpen}>
      <summary><h3>{props.title}</h3> <span class="soft">{props.size}</span></summary>
      {props.children}
    </details>
  );
}

function Event(props: { of: EventJson; start: number }) {
  return (
    <div class="event">
      <p><strong>{props.of.name || "event"}</strong> <span class="soft">+{duration(props.of.time_unix_us - props.start)}</span></p>
      {Object.keys(props.of.attributes).length > 0 && <Attributes of={props.of.attributes} />}
    </div>
  );
}

function Link(props: { of: LinkJson }) {
  return (
    <div class="event">
      <p><a href={href("trace", { id: props.of.trace_id, span: props.of.span_id })}>Trace <code>{props.of.trace_id}</code></a></p>
      {Object.keys(props.of.attributes).length > 0 && <Attributes of={props.of.attributes} />}
    </div>
  );
}

function typed(span: Span): Record<string, unknown> {
  const { typed_attributes: typed } = span as unknown as { typed_attributes?: Record<string, unknown> };
  return typed ?? span.attributes;
}

function textOf(attributes: Record<string, unknown>, key: string): string | null {
  const value = attributes[key];
  return typeof value === "string" && value !== "" ? value : null;
}
