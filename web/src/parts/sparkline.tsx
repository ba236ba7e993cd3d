/** A small line of values over time, without axes. Gaps (null) are left open. `says` is its text for a screen reader. */
export function Sparkline(props: { values: readonly (number | null)[]; says: string; tone?: "bad" | "plain"; max?: number }) {
  const { values } = props;
  const WIDTH = 96;
  const HEIGHT = 22;
  const max = Math.max(props.max ?? 0, ...values.map((value) => value ?? 0));
  const step = values.length > 1 ? WIDTH / (values.length - 1) : WIDTH;
  let path = "";
  let isOpen = false;
  values.forEach((value, at) => {
    if (value === null) {
      isOpen = false;
      return;
    }
    const x = (at * step).toFixed(1);
    const y = (HEIGHT - 2 - (max > 0 ? (value / max) * (HEIGHT - 4) : 0)).toFixed(1);
    path += `${isOpen ? "L" : "M"}${x} ${y}`;
    isOpen = true;
  });
  return (
    <svg class={`sparkline sparkline-${props.tone ?? "plain"}`} viewBox={`0 0 ${WIDTH} ${HEIGHT}`} role="img" aria-label={props.says} preserveAspectRatio="none">
      <path d={path} vector-effect="non-scaling-stroke" />
    </svg>
  );
}
