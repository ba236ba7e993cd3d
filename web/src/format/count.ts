const GROUPED = new Intl.NumberFormat("en-US", { maximumFractionDigits: 0 });

/** `1,234`. */
export function count(number: number): string {
  return GROUPED.format(number);
}

/** `1 trace`, `2 traces`. */
export function counted(number: number, one: string, many = `${one}s`): string {
  return `${count(number)} ${number === 1 ? one : many}`;
}

/** `part`, from 0 to 1, as a percentage: `0%`, `5.8%`, `97%`. */
export function percent(part: number): string {
  const value = part * 100;
  return `${fixed(value, value > 0 && value < 10 ? 1 : 0)}%`;
}

/** `rate`, from 0 to 1, as a percentage. A rate above zero is never shown as `0%`. */
export function rate(rate: number): string {
  const value = rate * 100;
  if (value === 0) return "0%";
  if (value < 0.01) return "<0.01%";
  if (value < 1) return `${fixed(value, 2)}%`;
  return value < 100 ? `${fixed(value, 1)}%` : "100%";
}

/** Requests per second: two significant digits below ten, else a whole number. */
export function perSecond(rate: number): string {
  if (rate <= 0) return "0";
  if (rate >= 10) return count(Math.round(rate));
  return fixed(rate, Math.min(9, Math.max(1, 1 - Math.floor(Math.log10(rate)))));
}

/** `value` with `digits` decimals. In the middle of two numbers the even one is taken, as the command line does. */
function fixed(value: number, digits: number): string {
  const text = value.toFixed(digits);
  // With 60 decimals the text is exact.
  const isMiddle = /^50*$/.test(value.toFixed(60).slice(digits - 60));
  return isMiddle && Number(text.at(-1)) % 2 === 1 ? (Number(text) - 10 ** -digits).toFixed(digits) : text;
}

/** `8.3 MB`. */
export function bytes(number: number): string {
  const units = ["B", "kB", "MB", "GB", "TB"];
  let value = number;
  let unit = 0;
  while (value >= 1_000 && unit < units.length - 1) {
    value /= 1_000;
    unit += 1;
  }
  return `${unit === 0 || value >= 100 ? value.toFixed(0) : value.toFixed(1)} ${units[unit]}`;
}
