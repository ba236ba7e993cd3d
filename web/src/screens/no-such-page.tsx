import { href } from "../address.ts";
import { useTitle } from "../frame/title.ts";

export function NoSuchPage() {
  useTitle("No such page");
  return (
    <>
      <h1>No such page</h1>
      <p>The search above opens a trace by its id. Or go to <a href={href("")}>Home</a>, <a href={href("traces")}>Traces</a> or the <a href={href("map")}>Map</a>.</p>
    </>
  );
}
