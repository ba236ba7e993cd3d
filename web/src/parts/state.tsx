import type { Health } from "../api.ts";

const WORDS: Record<Health, { word: string; mark: string; tone: string }> = {
  failing: { word: "failing", mark: "✕", tone: "bad" },
  slow: { word: "slow", mark: "✕", tone: "bad" },
  not_seen: { word: "not seen", mark: "!", tone: "warn" },
  fewer_requests: { word: "fewer requests", mark: "!", tone: "warn" },
  unknown: { word: "unknown", mark: "?", tone: "soft" },
  well: { word: "ok", mark: "✓", tone: "good" },
};

/** How well a service is: a mark and a word, never the colour alone. */
export function State(props: { health: Health }) {
  const { word, mark, tone } = WORDS[props.health];
  return <Mark mark={mark} tone={tone} word={word} />;
}

/** A mark with a word: ✕ bad, ! warn, ✓ good, ? unknown. */
export function Mark(props: { mark: string; tone: string; word: string }) {
  return <span class={`state tone-${props.tone}`}><span class="mark" aria-hidden="true">{props.mark}</span>{props.word}</span>;
}
