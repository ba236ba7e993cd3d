// Keys of the page. A screen adds its own while it is shown; the help lists all of them.
import { useLayoutEffect } from "preact/hooks";
import { store, stored } from "./stored.ts";

export interface Key {
  /** The key as `KeyboardEvent.key` names it, or a sequence: `g h`. */
  keys: string;
  /** What it does, for the help. */
  does: string;
  run(event: KeyboardEvent): void;
}

const SEQUENCE_MS = 1_200;
const layers: { title: string; keys: Key[] }[] = [];
let first: { key: string; at: number } | null = null;

/** The keys that work now, by the part of the page that added them. */
export function keysNow(): readonly { title: string; keys: readonly Key[] }[] {
  return layers;
}

/** Whether single keys are on (WCAG 2.1.4: they can be switched off). */
export function singleKeysAreOn(): boolean {
  return stored("keys") !== "off";
}

export function switchSingleKeys(on: boolean): void {
  store("keys", on ? null : "off");
}

/** Adds `keys` while the component is shown. Later layers win. */
export function useKeys(title: string, keys: Key[]): void {
  // Before the next key: an effect after the paint would leave the next key to what was shown before.
  useLayoutEffect(() => {
    const layer = { title, keys };
    layers.push(layer);
    return () => {
      layers.splice(layers.indexOf(layer), 1);
    };
  });
}

function isTyping(target: EventTarget | null): boolean {
  if (target instanceof HTMLInputElement) return !["checkbox", "radio", "button", "submit"].includes(target.type);
  return target instanceof HTMLElement && (target.isContentEditable || ["TEXTAREA", "SELECT"].includes(target.tagName));
}

function find(keys: string): Key | undefined {
  for (const layer of layers.toReversed()) {
    const key = layer.keys.find((key) => key.keys === keys);
    if (key) return key;
  }
  return undefined;
}

export function listenToKeys(): void {
  addEventListener("keydown", (event) => {
    if (event.defaultPrevented || event.ctrlKey || event.metaKey || event.altKey) return;
    // A dialog closes with Escape, and what is below it stays as it is.
    if (document.querySelector("dialog[open]") !== null) return;
    if (event.key !== "Escape" && isTyping(event.target)) return;
    const isOnControl = event.target instanceof HTMLElement && event.target.closest("button, a[href], summary") !== null;
    if (isOnControl && (event.key === "Enter" || event.key === " ")) return;
    if (event.key.length === 1 && !singleKeysAreOn()) return;
    const sequence = first && Date.now() - first.at < SEQUENCE_MS ? `${first.key} ${event.key}` : null;
    const key = (sequence && find(sequence)) || find(event.key);
    const begins = layers.some((layer) => layer.keys.some((key) => key.keys.startsWith(`${event.key} `)));
    first = begins && key === undefined ? { key: event.key, at: Date.now() } : null;
    if (!key) return;
    event.preventDefault();
    key.run(event);
  });
}
