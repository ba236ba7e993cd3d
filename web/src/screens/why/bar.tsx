/** A bar whose length is `part`, from 0 to 1, of its box. The number stands beside it as text. */
export function Bar(props: { part: number; tone: "now" | "before" | "share" }) {
  const width = `${(Math.min(1, Math.max(0, props.part)) * 100).toFixed(2)}%`;
  return <span class={`why-bar why-bar-${props.tone}`} style={{ width }} aria-hidden="true" />;
}
