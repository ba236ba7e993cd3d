import { useState } from "preact/hooks";
import { bytes } from "../../format/count.ts";

/** Values longer than this are cut until they are asked for. */
const LONGEST = 4_096;
/** More attributes than this are asked for. */
const MOST = 60;

/** Keys and values of a span. Nothing in them becomes a link, except addresses of web pages. */
export function Attributes(props: { of: Record<string, unknown> }) {
  const entries = Object.entries(props.of).toSorted(([one], [other]) => (one < other ? -1 : 1));
  const [isAll, setAll] = useState(false);
  if (entries.length === 0) return <p class="soft">None.</p>;
  const shown = isAll ? entries : entries.slice(0, MOST);
  return (
    <>
      <dl class="attributes">
        {shown.map(([key, value]) => <div key={key}><dt>{key}</dt><dd><Value of={value} /></dd></div>)}
      </dl>
      {shown.length < entries.length && <button type="button" onClick={() => setAll(true)}>Show all {entries.length}</button>}
    </>
  );
}

/** A value as text, with the word for its kind where text alone would mislead. */
export function Value(props: { of: unknown }) {
  const [isAll, setAll] = useState(false);
  const text = typeof props.of === "string" ? props.of : JSON.stringify(props.of);
  if (text === undefined || text === "") return <span class="soft">empty</span>;
  if (text.length <= LONGEST || isAll) return <Text of={text} />;
  return (
    <>
      <Text of={cut(text)} />…{" "}
      <button type="button" onClick={() => setAll(true)}>Show all {bytes(text.length)}</button>
    </>
  );
}

function Text(props: { of: string }) {
  const { of } = props;
  return isWebAddress(of) ? <a href={of} rel="noopener noreferrer" target="_blank">{of}</a> : <>{of}</>;
}

/** The beginning of a text, without half a character at its end. */
export function cut(text: string, length = LONGEST): string {
  if (text.length <= length) return text;
  const code = text.charCodeAt(length - 1);
  return text.slice(0, code >= 0xd800 && code < 0xdc00 ? length - 1 : length);
}

/** A name that may be very long, for places where it has to be short. */
export function shortened(text: string, length = 160): string {
  return text.length <= length ? text : `${cut(text, length)}…`;
}

/** Whether a text is nothing but the address of a web page. */
export function isWebAddress(text: string): boolean {
  if (!/^https?:\/\/[\x21-\x7e]+$/i.test(text) || text.length > 2_000) return false;
  try {
    const url = new URL(text);
    // A name before an @ looks like a host, and is none.
    return (url.protocol === "http:" || url.protocol === "https:") && url.username === "" && url.password === "";
  } catch {
    return false;
  }
}
