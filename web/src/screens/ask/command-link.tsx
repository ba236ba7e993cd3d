import { href } from "../../address.ts";
import { placeOf } from "./commands.ts";

/** A command as a link to its page, or as code if it has none. */
export function CommandLink({ text }: { text: string }) {
  const place = placeOf(text);
  return place === null ? <code>{text}</code> : <a href={href(place.page, place.params)}><code>{text}</code></a>;
}
