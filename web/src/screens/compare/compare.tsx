// Two traces, or two sets of traces, side by side: how much longer, and where.
import { amend, go, href } from "../../address.ts";
import type { ComparedRow, WordedComparison } from "../../api.ts";
import { Answer, useAnswer } from "../../answer.tsx";
import { count, percent } from "../../format/count.ts";
import { duration } from "../../format/duration.ts";
import { useKeys } from "../../frame/keys.ts";
import { useTitle } from "../../frame/title.ts";
import type { ScreenProps } from "../../main.tsx";
import { Command } from "../../parts/command.tsx";
import { Gaps } from "../../parts/gaps.tsx";
import type { Window } from "../../window.ts";
import { Attributes } from "./attributes.tsx";
import { Choose } from "./choose.tsx";
import { Operations } from "./operations.tsx";
import { deepestLonger, mainRows, telling, unexplained } from "./rows.ts";
import { Sides } from "./sides.tsx";
import { command } from "../../shell.ts";

export function Compare({ address, window }: ScreenProps) {
  const { params } = address;
  const a = params.get("a") ?? "";
  const b = params.get("b") ?? "";
  const sourceName = params.get("source");
  const source = sourceName === "ebpf" || sourceName === "sdk" ? sourceName : undefined;
  useTitle("Compare");
  const asked = useAnswer("compare", a === "" ? null : { a, b, ...window.ask, source });
  // Healthy traces have no name, so they stay where they are.
  const swap = () => { if (a !== "" && b !== "") amend({ a: b, b: a, page: null }); };
  useKeys("Compare", [
    { keys: "s", does: "swap A and B", run: swap },
    { keys: "Escape", does: "back to the traces", run: () => go(href("traces")) },
  ]);
  return (
    <>
      <div class="head">
        <h1>Compare</h1>
        {a !== "" && b !== "" && <button type="button" class="compare-swap" onClick={swap}>⇄ Swap A and B</button>}
      </div>
      {a === "" ? <Choose a="" b="" isOpen /> : (
        <>
          <Answer of={asked} what="both sides">{(found) => <Found found={found} address={address} />}</Answer>
          {/no trace/.test(asked.error?.message ?? "") && <p>A trace that is not stored is unknown, has expired, or was not sampled.</p>}
          <Choose a={a} b={b} isOpen={asked.error !== null && asked.answer === null} />
        </>
      )}
      <Command text={commandOf(a, b, window, source)} />
    </>
  );
}

function Found(props: { found: WordedComparison; address: ScreenProps["address"] }) {
  const { found, address } = props;
  const hasBoth = found.a.traces > 0 && found.b.traces > 0;
  // Two searches are compared for what sets them apart, a trace for where its time is.
  const isAttributesFirst = found.a.kind === "traces" && found.b.kind === "traces" && !found.b.healthy;
  const attributes = <Attributes found={found} />;
  return (
    <>
      {hasBoth && <Verdict found={found} />}
      {hasBoth && !isAttributesFirst && <Telling found={found} />}
      <Sides a={found.a} b={found.b} />
      <Gaps coverage={found.coverage} />
      {!hasBoth && <Missing found={found} />}
      {hasBoth && !found.aligned && found.not_aligned_because !== null && (
        <p class="notice notice-warn">{found.not_aligned_because}.</p>
      )}
      {isAttributesFirst && attributes}
      {found.rows.length > 0 && <Operations found={found} address={address} />}
      {!isAttributesFirst && attributes}
    </>
  );
}

/** How much longer A takes, and where the time is: the answer. */
function Verdict(props: { found: WordedComparison }) {
  const { found } = props;
  const { delta_us: delta, a, b } = found;
  const main = mainRows(found);
  const rest = unexplained(found);
  const longer = rest === null ? null : deepestLonger(found);
  // Work that goes on after the request is in no own time, but in the durations.
  const isElsewhere = longer !== null && !main.includes(longer);
  const than = b.healthy ? "than healthy traces do" : "than B";
  const only = found.rows.filter((row) => row.a !== null && row.b === null).length;
  const gone = found.rows.filter((row) => row.a === null && row.b !== null).length;
  const isSame = Math.abs(delta) < 0.02 * Math.max(a.duration_p50_us, b.duration_p50_us);
  return (
    <p class="compare-verdict">
      {isSame
        ? <>A takes about as long as B: <strong>{duration(a.duration_p50_us)}</strong> and <strong>{duration(b.duration_p50_us)}</strong>.</>
        : <>A takes <strong class={delta > 0 ? "tone-bad" : "tone-good"}>{duration(Math.abs(delta))} {delta > 0 ? "longer" : "less"}</strong> {than}.</>}
      {!isSame && isElsewhere && longer !== null && <> <Place row={longer} /> takes <strong>{duration(longer.delta_us ?? 0)}</strong> longer.</>}
      {!isSame && main.length > 0 && (
        <> {isElsewhere ? "In own time, " : "Of this, "}{main.map((row, at) => (
          <span key={`${row.service} ${row.name} ${at}`}>{at > 0 && (at === main.length - 1 ? " and " : ", ")}<strong>{percent(row.share ?? 0)}</strong> is in <Place row={row} /></span>
        ))}.</>
      )}
      {!isSame && rest !== null && <span class="soft"> {percent(rest)} is in no operation’s own time.</span>}
      {only + gone > 0 && <span class="soft"> {[only > 0 ? `${count(only)} ${only === 1 ? "operation is" : "operations are"} only in A` : "", gone > 0 ? `${count(gone)} only in B` : ""].filter((text) => text !== "").join(", ")}.</span>}
    </p>
  );
}

/** Attribute values that set A apart, beside the answer. */
function Telling(props: { found: WordedComparison }) {
  const found = telling(props.found.attributes);
  if (found.length === 0) return null;
  const of = props.found.b.healthy ? "healthy traces" : "traces of B";
  return (
    <p class="compare-telling">
      Unusual in A:{" "}
      {found.map((one, at) => (
        <span key={`${one.service} ${one.key}`}>
          {at > 0 && ", "}
          <span class="isolate">{cut(one.service)}</span> has <strong class="isolate">{cut(one.key)}={cut(one.value)}</strong> <span class="soft">({count(one.b)} of {count(one.b_of)} {of})</span>
        </span>
      ))}.
    </p>
  );
}

/** An operation, with a link to where it can be seen. */
function Place(props: { row: ComparedRow }) {
  const { a, b, name, service } = props.row;
  const example = (a ?? b)?.example;
  const text = <strong class="isolate">{cut(service)} {cut(name)}</strong>;
  return example ? <a href={href("trace", { id: example.trace_id, span: example.span_id })}>{text}</a> : text;
}

const LONGEST = 100;

function cut(text: string): string {
  return text.length > LONGEST ? `${text.slice(0, LONGEST)}…` : text;
}

function Missing(props: { found: WordedComparison }) {
  const { a, b } = props.found;
  return (
    <section class="notice notice-warn">
      {a.traces === 0 && <p><strong>A has no trace.</strong> {a.kind === "trace" ? "It is not known, expired, or was not sampled." : "No stored trace meets its conditions in this time: choose a longer time at the top, or fewer conditions."}</p>}
      {b.traces === 0 && (
        <p>
          <strong>B has no trace.</strong>{" "}
          {b.healthy || (b.q === null && b.trace_id === null)
            ? "No healthy traces of the same operation are stored from the hour before. Choose something else to compare with below."
            : b.kind === "trace" ? "It is not known, expired, or was not sampled." : "No stored trace meets its conditions in this time: choose a longer time at the top, or fewer conditions."}
        </p>
      )}
    </section>
  );
}

function commandOf(a: string, b: string, window: Window, source: string | undefined): string {
  const isSearch = a.startsWith("q:") || b.startsWith("q:");
  return command("coral trace compare", [a === "" ? "TRACE" : a, b], [
    ...(isSearch ? window.explicitFlags : []), source !== undefined && ["--source", source],
  ]);
}
