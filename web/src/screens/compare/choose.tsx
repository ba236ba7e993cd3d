import { amend, href } from "../../address.ts";

/** Chooses what is compared: ids of traces, or searches. */
export function Choose(props: { a: string; b: string; isOpen: boolean }) {
  const { a, b, isOpen } = props;
  const submit = (event: SubmitEvent) => {
    event.preventDefault();
    const form = new FormData(event.currentTarget as HTMLFormElement);
    amend({ a: side(String(form.get("a") ?? "")), b: side(String(form.get("b") ?? "")), page: null });
  };
  const form = (
    <form class="choose" onSubmit={submit} key={`${a} ${b}`}>
      <label>A <input name="a" required placeholder="an id, or a search: service:payments duration>500ms" defaultValue={a.replace(/^q:/, "")} autocapitalize="off" autocomplete="off" spellcheck={false} /></label>
      <label>B <input name="b" placeholder="empty: healthy traces of the same operation" defaultValue={b.replace(/^q:/, "")} autocapitalize="off" autocomplete="off" spellcheck={false} /></label>
      <button type="submit" class="button-first">Compare</button>
    </form>
  );
  if (!isOpen) return <details class="compare-else"><summary>Compare something else</summary>{form}</details>;
  if (a !== "") return form;
  return (
    <section>
      <p>Choose a trace, or a search, and what to compare it with. In the <a href={href("traces")}>list of traces</a>, <kbd>Space</kbd> chooses two and <kbd>c</kbd> compares them; an area of the picture is compared with the rest.</p>
      {form}
    </section>
  );
}

/** A text of a field as the question has it: an id, or `q:` and a search. */
function side(text: string): string {
  const trimmed = text.trim();
  return trimmed === "" || /^[0-9a-f]{4,32}$/i.test(trimmed) || trimmed.startsWith("q:") ? trimmed : `q:${trimmed}`;
}
