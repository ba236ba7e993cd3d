import { useEffect, useLayoutEffect, useRef, useState } from "preact/hooks";
import { go, href, type Address } from "../address.ts";
import { Completions, useCompletions, type Completion } from "./completions.tsx";
import { useKeys } from "./keys.ts";

/** One box for an id, a search or a question. */
export function Omnibox(props: { address: Address }) {
  const { page, params } = props.address;
  const fromUrl = page === "traces" || page === "ask" ? (params.get("q") ?? "") : "";
  const [text, setText] = useState(fromUrl);
  const [at, setAt] = useState<number | null>(null);
  const input = useRef<HTMLInputElement>(null);
  useEffect(() => setText(fromUrl), [fromUrl, page]);
  useKeys("Everywhere", [{ keys: "/", does: "search, paste an id, or ask", run: () => input.current?.select() }]);
  const completions = useCompletions(text, isId(text.trim()) || isQuestion(text.trim()) ? null : at);
  // A choice that was made puts the caret behind it.
  const caret = useRef<number | null>(null);
  useLayoutEffect(() => {
    if (caret.current !== null) input.current?.setSelectionRange(caret.current, caret.current);
    caret.current = null;
  });
  const choose = (chosen: Completion) => {
    setText(chosen.text);
    setAt(chosen.at);
    caret.current = chosen.at;
    input.current?.focus();
  };
  const submit = (event: SubmitEvent) => {
    event.preventDefault();
    completions.close();
    input.current?.blur();
    go(destination(text.trim()));
  };
  const keydown = (event: KeyboardEvent) => {
    const chosen = completions.keydown(event);
    if (chosen !== null) choose(chosen);
    else if (event.key === "Escape" && !event.defaultPrevented) {
      input.current?.blur();
    }
  };
  return (
    <form class="omnibox" role="search" onSubmit={submit}>
      <input
        ref={input} type="text" value={text} aria-label="Search, paste a trace id, or ask"
        placeholder="Search, paste an id, or ask: why is payments slow?" autocomplete="off" autocapitalize="off" spellcheck={false}
        role="combobox" aria-expanded={completions.isOpen} aria-controls="completions" aria-autocomplete="list"
        aria-activedescendant={completions.active}
        onInput={(event) => { setText(event.currentTarget.value); setAt(event.currentTarget.selectionStart); }}
        onKeyDown={keydown} onBlur={() => setAt(null)}
      />
      <Completions of={completions} choose={choose} />
      <kbd class="omnibox-key" aria-hidden="true">/</kbd>
    </form>
  );
}

/** Where a text of the box leads: an id to its trace, a question to its answer, all else to a search. */
export function destination(text: string): string {
  if (isId(text)) return href("trace", { id: text.toLowerCase() });
  if (isQuestion(text)) return href("ask", { q: text });
  return href("traces", { q: text });
}

/** A word such as `face` is rather a service; an id has a digit. */
function isId(text: string): boolean {
  return /^[0-9a-f]{4,32}$/i.test(text) && /\d/.test(text);
}

function isQuestion(text: string): boolean {
  return /\?\s*$/.test(text) || (/^(why|what|which|who|how|is|are|show|list|did|does|when|where|any)\s/i.test(text) && !/[:=<>~]/.test(text));
}
