import { href } from "../../address.ts";
import type { ComparedSide } from "../../api.ts";
import { counted } from "../../format/count.ts";
import { duration } from "../../format/duration.ts";
import { conditionsOf, words } from "../../search.ts";
import { Service } from "../../parts/service.tsx";

/** What is compared, with the durations on one scale. */
export function Sides(props: { a: ComparedSide; b: ComparedSide }) {
  const { a, b } = props;
  const longest = Math.max(1, a.duration_p95_us, b.duration_p95_us, a.duration_p50_us, b.duration_p50_us);
  return (
    <div class="sides">
      <Side letter="A" side={a} longest={longest} />
      <Side letter="B" side={b} longest={longest} />
    </div>
  );
}

function Side(props: { letter: "A" | "B"; side: ComparedSide; longest: number }) {
  const { letter, side, longest } = props;
  const isTrace = side.kind === "trace";
  return (
    <section class="card side" aria-labelledby={`side-${letter}`}>
      <h2 id={`side-${letter}`}>
        <span class="side-letter">{letter}</span>{" "}
        {isTrace && side.trace_id !== null
          ? <a href={href("trace", { id: side.trace_id })}>trace <code>{side.trace_id.slice(0, 8)}</code></a>
          : counted(side.traces, side.healthy ? "healthy trace" : "trace")}
        {side.cut && !isTrace && <span class="soft small"> of more</span>}
      </h2>
      {side.operation && <p class="side-operation">{side.service && <Service name={side.service} />} <span class="isolate">{side.operation}</span></p>}
      {side.traces > 0 && (
        <p class="side-times">
          <strong>{duration(side.duration_p50_us)}</strong>
          <span class="soft">{isTrace ? "" : ` P50, ${duration(side.duration_p95_us)} P95`}</span>
          <span class="side-bar" aria-hidden="true">
            {!isTrace && <span class="side-p95" style={{ width: `${(side.duration_p95_us / longest) * 100}%` }} />}
            <span class={`side-p50 side-${letter}`} style={{ width: `${(side.duration_p50_us / longest) * 100}%` }} />
          </span>
        </p>
      )}
      {side.q !== null && (
        <p class="small side-search">
          {conditionsOf(side.q).conditions.map(({ text }) => words(text)).join(conditionsOf(side.q).any ? " or " : ", ") || "every trace"}{" "}
          <a href={href("traces", { q: side.q })}>list them</a>
        </p>
      )}
      {side.healthy && <p class="small soft">The faster half of those of the hour before that did not fail.</p>}
      {!isTrace && side.example_trace_ids.length > 0 && (
        <p class="small soft">Such as {side.example_trace_ids.slice(0, 3).map((id, at) => <span key={id}>{at > 0 && ", "}<a href={href("trace", { id })}><code>{id.slice(0, 8)}</code></a></span>)}</p>
      )}
      {isTrace && side.cut && <p class="small tone-warn">The trace has more spans than are compared.</p>}
    </section>
  );
}
