import { href } from "../address.ts";

const COLORS = 8;

/** The colours that were given, by service. */
const given = new Map<string, number>();

/**
 * The number of the colour of a service, 1 to 8. It follows from the name, unless another service of this tab has that
 * colour and one is free.
 */
export function serviceColor(name: string): number {
  const known = given.get(name);
  if (known !== undefined) return known;
  let hash = 2_166_136_261;
  for (let at = 0; at < name.length; at += 1) hash = Math.imul(hash ^ name.charCodeAt(at), 16_777_619);
  const own = (hash >>> 0) % COLORS;
  if (given.size >= COLORS) return own + 1;
  const taken = new Set(given.values());
  const free = Array.from({ length: COLORS }, (_, at) => ((own + at) % COLORS) + 1).find((color) => !taken.has(color));
  given.set(name, free ?? own + 1);
  return free ?? own + 1;
}

/** The name of a service, with its colour beside it. */
export function Service(props: { name: string; isLink?: boolean }) {
  const dot = <span class={`dot service-${serviceColor(props.name)}`} aria-hidden="true" />;
  return props.isLink === false
    ? <span class="service">{dot}{props.name}</span>
    : <a class="service" href={href("service", { name: props.name })}>{dot}{props.name}</a>;
}
