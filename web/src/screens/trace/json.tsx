import type { ComponentChildren } from "preact";
import { useState } from "preact/hooks";
import { Answer, type Asked } from "../../answer.tsx";
import type { WordedSpanDetails } from "../../api.ts";
import { bytes } from "../../format/count.ts";
import { copy } from "../../frame/copy.ts";
import { cut } from "./attributes.tsx";

/** The selected span as JSON, and the whole trace as a file. */
export function Json(props: { traceId: string; source: string | null; asked: Asked<WordedSpanDetails>; isSelected: boolean }) {
  const source = props.source === null ? "" : `?source=${encodeURIComponent(props.source)}`;
  const download = <a class="button" href={`../api/v1/traces/${props.traceId}${source}`} download={`trace-${props.traceId}.json`}>Download the whole trace</a>;
  if (!props.isSelected) return <><p class="notice">You may not see the JSON of this span.</p><p class="actions">{download}</p></>;
  return <Answer of={props.asked} what="the span">{(answer) => <Text of={JSON.stringify(answer, null, 2)} download={download} />}</Answer>;
}

const LONGEST = 65_536;

function Text(props: { of: string; download: ComponentChildren }) {
  const [isAll, setAll] = useState(false);
  const isCut = props.of.length > LONGEST && !isAll;
  return (
    <>
      <p class="actions">
        <button type="button" onClick={() => void copy(props.of, "JSON")}>Copy the span</button>
        {props.download}
        {isCut && <button type="button" onClick={() => setAll(true)}>Show all {bytes(props.of.length)}</button>}
      </p>
      <pre class="json-text" tabIndex={0} role="region" aria-label="JSON of the span">{isCut ? `${cut(props.of, LONGEST)}…` : props.of}</pre>
    </>
  );
}
