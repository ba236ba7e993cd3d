import { href } from "../../address.ts";
import { Failure, useAnswer, type Asked } from "../../answer.tsx";
import { counted } from "../../format/count.ts";
import { duration } from "../../format/duration.ts";
import { useTimes } from "../../format/time.ts";
import { Command } from "../../parts/command.tsx";
import type { AskError } from "../../ask.ts";
import { useTitle } from "../../frame/title.ts";
import { Mark } from "../../parts/state.tsx";
import { shortened } from "./attributes.tsx";
import { command } from "../../shell.ts";

/** No id is in the address. */
export function NoId() {
  useTitle("Trace");
  return (
    <>
      <h1>Trace</h1>
      <p>The address names no trace. Paste a trace id, or its first four digits, into the search above, or choose one of the <a href={href("traces", { sort: "slowest" })}>slowest traces</a>.</p>
      <Command text="coral query beyla traces --sort slowest" />
    </>
  );
}

/** Nothing is stored of this trace. */
export function NotStored(props: { id: string }) {
  useTitle("Trace not stored");
  return (
    <>
      <h1>This trace is not stored</h1>
      <p>Nothing is stored of a trace <code>{props.id}</code>. One of these is the reason:</p>
      <ul class="trace-missing">
        <li><strong>Unknown</strong>: its spans never reached this colony, or have not been fetched yet. <a href={href("status")}>Status</a> says which agents are behind.</li>
        <li><strong>Expired</strong>: spans are kept for some days (7, unless it is configured otherwise) or until the disk space for them is used up.</li>
        <li><strong>Not sampled</strong>: the application or Beyla records only a share of the traces, and left this one out.</li>
      </ul>
      <p class="actions"><a class="button" href={href("traces")}>Traces that are stored</a></p>
      <Command text={command("coral query beyla traces", [], [["--trace-id", props.id]])} />
    </>
  );
}

const ID = /\b[0-9a-f]{32}\b/g;
const MOST = 8;

/** Several traces begin with these digits. */
export function Ambiguous(props: { id: string; error: AskError }) {
  const found = [...new Set(props.error.message.match(ID) ?? [])];
  const isMore = /at least/.test(props.error.message) || found.length > MOST;
  return (
    <>
      <h1>Several traces begin with {props.id}</h1>
      <p>Choose one{isMore && " of these few, or add digits: there are more"}.</p>
      <ul class="trace-missing">{found.slice(0, MOST).map((id) => <Candidate key={id} id={id} />)}</ul>
      <Command text={command("coral query beyla traces", [], [["--trace-id", props.id]])} />
    </>
  );
}

/** A trace that may be meant, and what it is. */
function Candidate(props: { id: string }) {
  const times = useTimes();
  const { answer } = useAnswer("traces/{id}/waterfall", { id: props.id });
  const name = answer === null ? "" : answer.names[answer.name[0] ?? 0] ?? "";
  return (
    <li>
      <a href={href("trace", { id: props.id })}><code>{props.id}</code></a>
      {answer !== null && answer.depth.length > 0 && (
        <p class="soft small">
          {answer.services[answer.service[0] ?? 0]} {shortened(name)}, {duration(answer.duration_us[0] ?? 0)}, {counted(answer.span_count, "span")}
          {answer.error_count > 0 && <>, <Mark mark="✕" tone="bad" word={counted(answer.error_count, "error")} /></>}, {times.full(answer.start_time_unix_us)}
        </p>
      )}
    </li>
  );
}

/** The question failed before there was any answer. */
export function Failed(props: { id: string; of: Asked<unknown> }) {
  const { error, retry } = props.of;
  useTitle("Trace");
  if (error === null) return null;
  if (error.status === 409) return <Ambiguous id={props.id} error={error} />;
  return <><h1>Trace</h1><Failure error={error} retry={retry} /></>;
}
