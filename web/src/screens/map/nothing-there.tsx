import { amend, href } from "../../address.ts";
import { LENGTHS, type Window } from "../../window.ts";
import type { Mapping } from "./mapping.ts";
import type { Topology } from "../../api.ts";

/** An empty map: why, and what to do. */
export function NothingThere({ map, about, window }: { map: Topology; about: Mapping; window: Window }) {
  const at = LENGTHS.findIndex((length) => length.since === window.ask.since);
  const longer = window.isRelative ? LENGTHS[at + 1] : undefined;
  if (map.traces > 0 && about.focus !== null) {
    return (
      <section class="card map-nothing">
        <p><strong>No service, database, queue or external host has the name {about.focus} in this window.</strong></p>
        <p class="actions"><button type="button" onClick={() => amend({ focus: null, depth: null })}>Show the whole map</button></p>
      </section>
    );
  }
  return (
    <section class="card map-nothing">
      <p><strong>No trace started in this window.</strong></p>
      <ul>
        {longer && <li><a href={href("map", { since: longer.since })}>Look at the {longer.label}</a></li>}
        <li><a href={href("traces", { since: "7d" })}>The traces of the last 7 days</a> say whether any are stored.</li>
        <li><a href={href("status")}>Status</a> says whether agents send spans.</li>
      </ul>
    </section>
  );
}
