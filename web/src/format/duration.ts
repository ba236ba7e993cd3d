/** `micros` as the command line prints durations: three significant digits and a unit, `2.5ms`. */
export function duration(micros: number): string {
  const us = Math.max(0, Math.round(micros));
  if (us < 1_000) return `${us}µs`;
  const rounded = threeDigits(us);
  if (rounded < 1_000_000) return `${rounded / 1_000}ms`;
  if (rounded < 60_000_000) return `${rounded / 1_000_000}s`;
  const seconds = Math.round(us / 1_000_000);
  if (seconds < 3_600) return twoUnits(seconds, "m", "s");
  return twoUnits(Math.round(us / 60_000_000), "h", "m");
}

/** A percentile: `≈12ms` when it is not exact, `>10s` above the last bucket, `–` when unknown. */
export function percentile(us: number | null, exact: boolean, beyond: number | null): string {
  if (us !== null) return exact ? duration(us) : `≈${duration(us)}`;
  return beyond === null ? "–" : `>${duration(beyond)}`;
}

/** A difference of durations with its sign: `+436ms`, `−2ms`, `±0`. */
export function difference(us: number): string {
  if (Math.round(us) === 0) return "±0";
  return `${us > 0 ? "+" : "−"}${duration(Math.abs(us))}`;
}

function threeDigits(us: number): number {
  const step = 10 ** Math.max(0, Math.floor(Math.log10(us)) - 2);
  return Math.round(us / step) * step;
}

function twoUnits(small: number, large: string, unit: string): string {
  const rest = small % 60;
  return `${Math.floor(small / 60)}${large}${rest === 0 ? "" : ` ${rest}${unit}`}`;
}
