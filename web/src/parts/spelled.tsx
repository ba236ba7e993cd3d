import type { ComponentType } from "preact";

/** Text of the colony, in which backquotes are around code. */
export function Spelled({ text, code: Code = Plain }: { text: string; code?: ComponentType<{ text: string }> }) {
  return <>{text.split("`").map((part, at) => (at % 2 === 1 ? <Code key={at} text={part} /> : part))}</>;
}

function Plain({ text }: { text: string }) {
  return <code>{text}</code>;
}
