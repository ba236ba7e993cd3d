// What could be typed next in a search: keys, and values that spans have.
import { useEffect, useMemo, useState } from "preact/hooks";
import { read } from "../address.ts";
import { ask } from "../ask.ts";
import { counted } from "../format/count.ts";
import { windowOf } from "../window.ts";
import { announce } from "./announce.tsx";
import { placeAt, withCondition, withKey, withValue } from "./completion-at.ts";

export interface Completion {
  /** The whole text after the choice, and where the caret stands. */
  text: string;
  at: number;
  /** What is offered. */
  label: string;
  /** What is said about it: `1,204 spans`. */
  note: string;
}

export interface CompletionList {
  items: readonly Completion[];
  isOpen: boolean;
  /** The id of the item that Enter takes. */
  active: string | undefined;
  keydown(event: KeyboardEvent): Completion | null;
  close(): void;
}

/** Values of `key` that spans have; of null, the keys. */
interface Found {
  key: string | null;
  items: readonly { text: string; spans: number }[];
}

const PAUSE_MS = 120;
const MOST = 10;
/** Where a word without a key may stand for a value. */
const NAMES = ["service", "name"] as const;
const FIELDS: readonly { key: string; note: string }[] = [
  { key: "service", note: "the service of a span" },
  { key: "status", note: "error, ok or unset" },
  { key: "duration", note: "how long a span took" },
  { key: "name", note: "the operation of a span" },
  { key: "code", note: "HTTP or gRPC status" },
  { key: "kind", note: "server, client, internal …" },
  { key: "root.service", note: "where the trace begins" },
  { key: "root.name", note: "how the trace begins" },
  { key: "trace.duration", note: "how long the trace took" },
  { key: "trace.errors", note: "failed spans of the trace" },
  { key: "trace.spans", note: "spans of the trace" },
  { key: "message", note: "what a failed span says" },
];

/** The completions of `text` at the caret `at`; none while `at` is null. */
export function useCompletions(text: string, at: number | null): CompletionList {
  const [found, setFound] = useState<readonly Found[]>([]);
  const [closedAt, setClosedAt] = useState<string | null>(null);
  const [active, setActive] = useState(-1);
  const place = useMemo(() => (at === null ? null : placeAt(text, at)), [text, at]);

  useEffect(() => {
    setActive(-1);
    if (place === null || (place.key === null && place.prefix === "")) return;
    const controller = new AbortController();
    const range = windowOf(read()).ask;
    const keys: readonly (string | null)[] = place.key !== null ? [place.key] : place.prefix.length < 2 ? [null] : [null, ...NAMES];
    const timer = setTimeout(() => {
      for (const key of keys) {
        // A question without an answer offers nothing: the search works without.
        ask("attributes", { q: place.others, key: key ?? undefined, prefix: place.prefix, ...range, limit: MOST }, controller.signal).then(
          ({ items }) => setFound((found) => [...found.filter((one) => one.key !== key), { key, items }]),
          () => {},
        );
      }
    }, PAUSE_MS);
    return () => {
      clearTimeout(timer);
      controller.abort();
    };
  }, [place?.key, place?.prefix, place?.others]);

  const items = useMemo(() => (place === null ? [] : offered(text, place, found)), [text, place, found]);
  const isOpen = items.length > 0 && closedAt !== text;
  useEffect(() => { if (isOpen) announce(counted(items.length, "suggestion")); }, [isOpen, items.length]);

  const close = () => setClosedAt(text);
  const keydown = (event: KeyboardEvent): Completion | null => {
    if (!isOpen) return null;
    if (event.key === "ArrowDown" || event.key === "ArrowUp") {
      event.preventDefault();
      const step = event.key === "ArrowDown" ? 1 : -1;
      // One more place than items: the text as it was typed.
      setActive((active) => ((active + 1 + step + items.length + 1) % (items.length + 1)) - 1);
      return null;
    }
    if (event.key === "Escape") {
      event.preventDefault();
      close();
      return null;
    }
    const takesFirst = event.key === "Tab" && !event.shiftKey && active < 0 && place !== null && place.prefix !== "";
    if ((event.key === "Enter" || (event.key === "Tab" && !event.shiftKey)) && (active >= 0 || takesFirst)) {
      event.preventDefault();
      return items[Math.max(0, active)] ?? null;
    }
    return null;
  };
  return { items, isOpen, active: isOpen && active >= 0 ? `completion-${active}` : undefined, keydown, close };
}

function offered(text: string, place: NonNullable<ReturnType<typeof placeAt>>, found: readonly Found[]): Completion[] {
  const begins = (value: string) => value.toLowerCase().startsWith(place.prefix.toLowerCase());
  const spans = (number: number) => counted(number, "span");
  const of = (key: string | null) => found.find((one) => one.key === key)?.items.filter((item) => begins(item.text)) ?? [];
  if (place.key !== null) {
    const key = place.key;
    // What is written already needs no completion.
    return of(key).filter((item) => item.text !== place.prefix).slice(0, MOST).map((item) => ({ ...withValue(text, place, item.text), label: item.text, note: spans(item.spans) }));
  }
  if (place.prefix === "") return [];
  const fields = FIELDS.filter((field) => begins(field.key));
  const keys = of(null).filter((item) => !FIELDS.some((field) => field.key === item.text));
  return [
    ...fields.map((field) => ({ ...withKey(text, place, field.key), label: field.key, note: field.note })),
    ...NAMES.flatMap((key) => of(key).slice(0, 4).map((item) => ({ ...withCondition(text, place, key, item.text), label: `${key}: ${item.text}`, note: spans(item.spans) }))),
    ...keys.map((item) => ({ ...withKey(text, place, item.text), label: item.text, note: spans(item.spans) })),
  ].slice(0, MOST);
}

export function Completions(props: { of: CompletionList; choose: (chosen: Completion) => void }) {
  const { of, choose } = props;
  useEffect(() => { if (of.active) document.getElementById(of.active)?.scrollIntoView({ block: "nearest" }); }, [of.active]);
  if (!of.isOpen) return null;
  return (
    <ul id="completions" class="completions" role="listbox" aria-label="Suggestions">
      {of.items.map((item, at) => (
        // The box keeps the focus, so a press must not take it.
        <li key={item.label} id={`completion-${at}`} role="option" aria-selected={of.active === `completion-${at}`} onPointerDown={(event) => event.preventDefault()} onClick={() => choose(item)}>
          <span class="completion-label">{item.label}</span>
          <span class="soft small">{item.note}</span>
        </li>
      ))}
    </ul>
  );
}
