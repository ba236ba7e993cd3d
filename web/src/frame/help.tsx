import { useEffect, useRef, useState } from "preact/hooks";
import { keysNow, singleKeysAreOn, switchSingleKeys } from "./keys.ts";

/** A dialog with the keys that work here. */
export function Help(props: { close: () => void }) {
  const dialog = useRef<HTMLDialogElement>(null);
  const [on, setOn] = useState(singleKeysAreOn);
  const [layers] = useState(() => keysNow().map((layer) => ({ ...layer, keys: [...layer.keys] })));
  useEffect(() => dialog.current?.showModal(), []);
  return (
    <dialog ref={dialog} class="help" aria-labelledby="help-title" onClose={props.close} onClick={(event) => event.target === dialog.current && props.close()}>
      <div class="help-head">
        <h2 id="help-title">Keys</h2>
        <button type="button" class="quiet" onClick={props.close}>Close</button>
      </div>
      {layers.toReversed().map((layer) => (
        <section key={layer.title}>
          <h3>{layer.title}</h3>
          <dl>
            {layer.keys.map((key) => (
              <div key={key.keys}><dt>{key.keys.split(" ").map((part, at) => <kbd key={at}>{NAMES[part] ?? part}</kbd>)}</dt><dd>{key.does}</dd></div>
            ))}
          </dl>
        </section>
      ))}
      <label class="check">
        <input type="checkbox" checked={on} onChange={() => { switchSingleKeys(!on); setOn(!on); }} />
        Single keys do something
      </label>
      <h3>Search</h3>
      <p><code>service:payments status:error duration&gt;500ms http.route=/charge name~charge -service:health</code></p>
      <p class="soft">An id, or the beginning of one, opens the trace. A question such as <q>why is payments slow?</q> is answered in words.</p>
    </dialog>
  );
}

const NAMES: Record<string, string> = {
  ArrowUp: "↑", ArrowDown: "↓", ArrowLeft: "←", ArrowRight: "→", " ": "Space", Escape: "Esc",
};
