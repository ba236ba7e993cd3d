import { sentence } from "../../answer.tsx";
import { equals, quoted, words } from "../../search.ts";
import { narrow } from "./view.ts";

/** A search that cannot be read: what is wrong, and where. */
export function Mistake(props: { q: string; message: string; hint: string | null }) {
  const { q, message } = props;
  const column = Number(/column (\d+)/.exec(message)?.[1] ?? 0);
  const [reason = "", hint = props.hint] = message.replace(/^q:\s*(column \d+:\s*)?/, "").split(/\.?\s*Hint:\s*/);
  // The colony counts characters from 1.
  const characters = Array.from(q);
  const at = Math.min(Math.max(column, 1) - 1, characters.length);
  // A word alone is a service or a part of a name; which one is up to the reader.
  const from = characters.slice(0, at).join("").length;
  const word = /has no operator/.test(reason) ? /^[^\s<>!~=:()"]+/.exec(q.slice(from))?.[0] : undefined;
  return (
    <section class="notice notice-bad" role="alert">
      <h2>The search cannot be read</h2>
      <p class="mistake">
        <code>{characters.slice(0, at).join("")}<mark>{characters[at] ?? " "}</mark>{characters.slice(at + 1).join("")}</code>
      </p>
      <p>{column > 0 && `At character ${column}: `}{column > 0 ? reason : sentence(reason)}{column > 0 && "."} {hint && sentence(hint)}</p>
      {word !== undefined && (
        <p class="actions">
          {[equals("service", word), `name~${quoted(word)}`].map((condition) => (
            <button key={condition} type="button" onClick={() => narrow({ q: `${q.slice(0, from)}${condition}${q.slice(from + word.length)}` })}>{words(condition)}</button>
          ))}
        </p>
      )}
      <p class="small soft">Press <kbd>/</kbd> to change it, or <kbd>?</kbd> to see what can be written.</p>
    </section>
  );
}
