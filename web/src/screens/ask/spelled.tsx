import { href } from "../../address.ts";
import { placeOf } from "./commands.ts";

/** Text of the colony, in which backquotes are around code. A command is a link to its page. */
export function Spelled({ text }: { text: string }) {
  return <>{text.split("`").map((part, at) => (at % 2 === 1 ? <Code key={at} text={part} /> : part))}</>;
}

function Code({ text }: { text: string }) {
  const place = placeOf(text);
  return place === null ? <code>{text}</code> : <a href={href(place.page, place.params)}><code>{text}</code></a>;
}
