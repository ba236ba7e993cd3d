import type { WhyStandout, WhySuspect, WordedWhy } from "../../api.ts";
import { href } from "../../address.ts";
import { duration } from "../../format/duration.ts";
import { and, equals } from "../../search.ts";
import { Bar } from "./bar.tsx";
import { numbers } from "./words.ts";

/** Values that the slow or failing spans of the cause have in common, and its other spans do not have. */
export function Standouts({ why, cause }: { why: WordedWhy; cause: WhySuspect }) {
  const affected = cause.kind === "error" ? "failing" : "slow";
  return (
    <section class="section why-standouts">
      <h2>What stands out in its {affected} spans</h2>
      {why.standouts.length === 0
        ? <p class="soft">Nothing: no host, version or other value sets the {affected} spans apart from the others.</p>
        : <ul>{why.standouts.map((found) => <Standout key={`${found.key} ${found.value}`} found={found} affected={affected} service={cause.service} />)}</ul>}
    </section>
  );
}

function Standout({ found, affected, service }: { found: WhyStandout; affected: string; service: string }) {
  const pairs = [found, ...found.also];
  return (
    <li class="why-standout">
      <p class="why-pairs">
        {pairs.map(({ key, value }) => <code key={key}>{key}=<strong>{value}</strong></code>)}
        {found.explains && <span class="why-badge">explains the cause</span>}
      </p>
      <dl class="why-parts">
        <div><dt>{affected} spans</dt><dd class="number">{numbers(found.affected_spans, found.affected)}</dd><dd class="why-bar-box"><Bar part={found.affected} tone="now" /></dd></div>
        <div><dt>other spans</dt><dd class="number">{numbers(found.other_spans, found.others)}</dd><dd class="why-bar-box"><Bar part={found.others} tone="before" /></dd></div>
      </dl>
      <p class="small soft">
        {found.times !== null && <>P50 is {duration(found.times.with_us)} with it and {duration(found.times.without_us)} without. </>}
        <a href={href("traces", { q: and(equals("service", service), equals(found.key, found.value)) })}>Traces that have it</a>
      </p>
    </li>
  );
}
