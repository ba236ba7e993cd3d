import { useState } from "preact/hooks";
import { store, stored } from "../../frame/stored.ts";

const LEAST = 15;
const MOST = 75;
const STEP = 2;

/** How much of the width names have, in percent. This browser remembers it. */
export function useSplit(usual: number): { percent: number; split(percent: number): void } {
  const [chosen, set] = useState(() => Number(stored("columns")) || null);
  const split = (percent: number) => {
    const next = Math.round(Math.min(MOST, Math.max(LEAST, percent)));
    store("columns", String(next));
    set(next);
  };
  return { percent: Math.min(MOST, Math.max(LEAST, chosen ?? usual)), split };
}

/** The edge between names and times, for the pointer and the keyboard. */
export function Splitter(props: { percent: number; split(percent: number): void }) {
  const { percent, split } = props;
  const keydown = (event: KeyboardEvent) => {
    const to: Record<string, number> = { ArrowLeft: percent - STEP, ArrowRight: percent + STEP, Home: LEAST, End: MOST };
    const next = to[event.key];
    if (next === undefined) return;
    event.preventDefault();
    split(next);
  };
  const drag = (event: PointerEvent) => {
    const edge = event.currentTarget as HTMLElement;
    if (!edge.hasPointerCapture(event.pointerId)) return;
    const box = edge.parentElement!.getBoundingClientRect();
    split(((event.clientX - box.left) / box.width) * 100);
  };
  return (
    <div
      class="splitter" role="separator" tabIndex={0} aria-orientation="vertical" aria-label="Width of names"
      aria-valuemin={LEAST} aria-valuemax={MOST} aria-valuenow={percent} style={{ left: `${percent}%` }} onKeyDown={keydown}
      onPointerMove={drag} onPointerDown={(event) => event.currentTarget.setPointerCapture(event.pointerId)}
    />
  );
}
