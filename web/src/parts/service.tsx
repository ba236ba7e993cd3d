import { href } from "../address.ts";

const COLORS = 8;

/** The number of the colour of a service, 1 to 8: always the same for the same name. */
export function serviceColor(name: string): number {
  let hash = 2_166_136_261;
  for (let at = 0; at < name.length; at += 1) hash = Math.imul(hash ^ name.charCodeAt(at), 16_777_619);
  return ((hash >>> 0) % COLORS) + 1;
}

/** The name of a service, with its colour beside it. */
export function Service(props: { name: string; isLink?: boolean }) {
  const dot = <span class={`dot service-${serviceColor(props.name)}`} aria-hidden="true" />;
  return props.isLink === false
    ? <span class="service">{dot}{props.name}</span>
    : <a class="service" href={href("service", { name: props.name })}>{dot}{props.name}</a>;
}
