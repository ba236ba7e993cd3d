import { sentence } from "../../answer.tsx";

/** A search that cannot be read: what is wrong, and where. */
export function Mistake(props: { q: string; message: string; hint: string | null }) {
  const { q, message } = props;
  const column = Number(/column (\d+)/.exec(message)?.[1] ?? 0);
  const [reason = "", hint = props.hint] = message.replace(/^q:\s*(column \d+:\s*)?/, "").split(/\.?\s*Hint:\s*/);
  // The colony counts characters from 1.
  const characters = Array.from(q);
  const at = Math.min(Math.max(column, 1) - 1, characters.length);
  return (
    <section class="notice notice-bad" role="alert">
      <h2>The search cannot be read</h2>
      <p class="mistake">
        <code>{characters.slice(0, at).join("")}<mark>{characters[at] ?? " "}</mark>{characters.slice(at + 1).join("")}</code>
      </p>
      <p>{column > 0 && `At character ${column}: `}{column > 0 ? reason : sentence(reason)}{column > 0 && "."} {hint && sentence(hint)}</p>
      <p class="small soft">Press <kbd>/</kbd> to change it, or <kbd>?</kbd> to see what can be written.</p>
    </section>
  );
}
