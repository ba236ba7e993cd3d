// What could be typed next in a search. Filled by the question `attributes`.
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

/** The completions of `text` at the caret `at`; none while `at` is null. */
export function useCompletions(_text: string, _at: number | null): CompletionList {
  return { items: [], isOpen: false, active: undefined, keydown: () => null, close: () => {} };
}

export function Completions(props: { of: CompletionList; choose: (chosen: Completion) => void }) {
  if (!props.of.isOpen) return null;
  return null;
}
