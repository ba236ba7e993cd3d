import { useContext, useRef } from "preact/hooks";
import { amend } from "../address.ts";
import { ZoneContext } from "../format/time.ts";
import { LENGTHS, written, type Window } from "../window.ts";
import { useKeys } from "./keys.ts";

/** Chooses the time window: a length that ends now, or two times. */
export function TimePicker(props: { window: Window }) {
  const { window } = props;
  const zone = useContext(ZoneContext);
  const details = useRef<HTMLDetailsElement>(null);
  const close = () => { if (details.current) details.current.open = false; };
  useKeys("Everywhere", [{
    keys: "t", does: "choose the time window",
    run: () => {
      if (!details.current) return;
      details.current.open = true;
      details.current.querySelector<HTMLElement>("button, input")?.focus();
    },
  }]);
  const choose = (since: string) => {
    amend({ since, from: null, to: null });
    close();
  };
  const submit = (event: SubmitEvent) => {
    event.preventDefault();
    const form = new FormData(event.currentTarget as HTMLFormElement);
    const time = (name: string) => written(String(form.get(name) ?? ""), zone);
    amend({ since: null, from: time("from"), to: time("to") });
    close();
  };
  const leave = (event: FocusEvent) => {
    if (event.relatedTarget instanceof Node && !details.current?.contains(event.relatedTarget)) close();
  };
  return (
    <details ref={details} class="menu" onFocusOut={leave} onKeyDown={(event) => event.key === "Escape" && close()}>
      <summary class="button" title={window.label}>{window.label}</summary>
      <div class="menu-body">
        <ul>
          {LENGTHS.map((length) => (
            <li key={length.since}>
              <button type="button" class="menu-item" aria-pressed={window.isRelative && window.ask.since === length.since} onClick={() => choose(length.since)}>{length.label}</button>
            </li>
          ))}
        </ul>
        <form onSubmit={submit}>
          <label>From <input name="from" required placeholder="02:40, 2026-11-25T14:02:00Z" defaultValue={window.isRelative ? "" : window.ask.since} /></label>
          <label>To <input name="to" placeholder="now" defaultValue={window.isRelative || window.ask.until === "now" ? "" : window.ask.until} /></label>
          <button type="submit">Use these times</button>
        </form>
      </div>
    </details>
  );
}
