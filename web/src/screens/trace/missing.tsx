import { href } from "../../address.ts";
import { Failure, type Asked } from "../../answer.tsx";
import { Command } from "../../parts/command.tsx";
import type { AskError } from "../../ask.ts";
import { useTitle } from "../../frame/title.ts";

/** No id is in the address. */
export function NoId() {
  useTitle("Trace");
  return (
    <>
      <h1>Trace</h1>
      <p>The address names no trace. Paste a trace id, or its first four digits, into the search above, or choose one of the <a href={href("traces", { sort: "slowest" })}>slowest traces</a>.</p>
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
      <ul class="reasons">
        <li><strong>Unknown</strong>: its spans never reached this colony, or have not been fetched yet. <a href={href("status")}>Status</a> says which agents are behind.</li>
        <li><strong>Expired</strong>: spans are kept for some days (7, unless it is configured otherwise) or until the disk space for them is used up.</li>
        <li><strong>Not sampled</strong>: the application or Beyla records only a share of the traces, and left this one out.</li>
      </ul>
      <p class="actions"><a class="button" href={href("traces")}>Traces that are stored</a></p>
      <Command text={`coral query beyla traces --trace-id ${/^[0-9a-f]+$/.test(props.id) ? props.id : "ID"}`} />
    </>
  );
}

const ID = /\b[0-9a-f]{32}\b/g;

/** Several traces begin with these digits. */
export function Ambiguous(props: { id: string; error: AskError }) {
  const found = [...new Set(props.error.message.match(ID) ?? [])];
  const isMore = /at least/.test(props.error.message);
  return (
    <>
      <h1>Several traces begin with {props.id}</h1>
      <p>Choose one{isMore && " of the first few, or add digits"}:</p>
      <ul class="reasons">{found.map((id) => <li key={id}><a href={href("trace", { id })}><code>{id}</code></a></li>)}</ul>
    </>
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
