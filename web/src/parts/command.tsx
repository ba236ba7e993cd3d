import { useState } from "preact/hooks";
import { copy } from "../frame/copy.ts";

/** The command of the shell that answers the same as this page. */
export function Command(props: { text: string }) {
  const [copied, setCopied] = useState(false);
  const click = async () => {
    setCopied(await copy(props.text, "Command"));
    setTimeout(() => setCopied(false), 1_500);
  };
  return (
    <p class="command">
      <span class="command-label">Same in a shell</span>
      <code>{props.text}</code>
      <button type="button" class="quiet" onClick={click}>{copied ? "Copied" : "Copy"}</button>
    </p>
  );
}
