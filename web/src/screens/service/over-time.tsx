// Requests, errors and durations over time, with dots that lead to traces.
import { useState } from "preact/hooks";
import { amend, href, type Address } from "../../address.ts";
import { Answer, useAnswer } from "../../answer.tsx";
import type { RedProtocol, RequestSeries, ServiceState, WordedServices } from "../../api.ts";
import { count, perSecond, rate } from "../../format/count.ts";
import { duration } from "../../format/duration.ts";
import { useTimes } from "../../format/time.ts";
import { Chart, type Dot } from "../../parts/chart/chart.tsx";
import type { Window } from "../../window.ts";
import { SeriesTable } from "./series-table.tsx";

/** How many steps the window is divided into. */
const POINTS = 60;
const PROTOCOLS: readonly RedProtocol[] = ["http", "grpc", "sql"];
const NAMES: Record<RedProtocol, string> = { http: "HTTP", grpc: "gRPC", sql: "SQL" };

interface Props {
  name: string;
  state: ServiceState;
  address: Address;
  window: Window;
  answer: WordedServices | null;
}

export function OverTime(props: Props) {
  const { params } = props.address;
  const served = props.state.requests.map(({ kind }) => kind).filter((kind): kind is "http" | "grpc" => kind === "http" || kind === "grpc");
  const protocol = PROTOCOLS.find((protocol) => protocol === params.get("protocol")) ?? served[0] ?? null;
  const isClient = params.get("side") === "client" || protocol === "sql";
  const route = params.get("route");
  const hasStatements = (props.answer?.detail?.statements.length ?? 0) > 0;
  const choices: { protocol: RedProtocol; side: "server" | "client"; text: string }[] = [
    ...served.map((protocol) => ({ protocol, side: "server" as const, text: `${NAMES[protocol]} served` })),
    ...(["http", "grpc"] as const).filter((protocol) => props.answer?.detail?.callees.some(({ edge }) => edge.protocol === protocol)).map((protocol) => ({ protocol, side: "client" as const, text: `${NAMES[protocol]} calls made` })),
    ...(hasStatements ? [{ protocol: "sql" as const, side: "client" as const, text: "SQL statements" }] : []),
  ];
  const asks = protocol === null ? null : { protocol, service: props.name, side: isClient ? ("client" as const) : ("server" as const), ...props.window.ask, points: POINTS, ...(route === null ? {} : { route }) };
  const series = useAnswer("series/{protocol}", asks);
  const rows = protocol === "sql"
    ? props.answer?.detail?.statements.map(({ row }) => [row.operation, row.table].filter(Boolean).join(" "))
    : isClient ? [] : props.answer?.detail?.operations.filter(({ kind }) => kind === protocol).map(({ name }) => name);
  const routes = [...new Set(rows ?? [])].filter((name) => name !== "");
  return (
    <section class={`section${protocol === null || params.has("table") ? "" : " over-time"}`}>
      <div class="head">
        <h2>Over time</h2>
        <span class="actions">
          {choices.length > 1 && choices.map((choice) => (
            <button key={choice.text} type="button" class="small" aria-pressed={choice.protocol === protocol && (choice.side === "client") === isClient}
              onClick={() => amend({ protocol: choice.protocol, side: choice.side === "client" ? "client" : null, route: null })}>{choice.text}</button>
          ))}
          {(routes.length > 1 || route !== null) && (
            <label class="small">{protocol === "sql" ? "Statement" : "Operation"} <select value={route ?? ""} onChange={(event) => amend({ route: event.currentTarget.value || null })}>
              <option value="">all</option>
              {route !== null && !routes.includes(route) && <option value={route}>{route}</option>}
              {routes.map((name) => <option key={name} value={name}>{name}</option>)}
            </select></label>
          )}
          <button type="button" class="small" aria-pressed={params.has("table")} onClick={() => amend({ table: params.has("table") ? null : 1 })}>Table</button>
        </span>
      </div>
      {protocol === null
        ? <p class="soft">Charts show HTTP and gRPC requests and SQL statements. This service has none in this window; its numbers are above.</p>
        : <Answer of={series} what="numbers over time">
          {(answer) => params.has("table")
            ? <SeriesTable of={answer} />
            : <Charts of={answer} began={props.state.began_unix_us} answer={props.answer} name={props.name} />}
        </Answer>}
    </section>
  );
}

function Charts(props: { of: RequestSeries; began: number | null; answer: WordedServices | null; name: string }) {
  const times = useTimes();
  const [cursor, setCursor] = useState<number | null>(null);
  const { of } = props;
  const seconds = of.step_us / 1e6;
  const gaps = (props.answer?.coverage ?? [])
    .filter((gap) => gap.since_unix_us !== null && gap.gap !== "sampling_changed" && gap.gap !== "joined" && (gap.services.length === 0 || gap.services.includes(props.name)))
    .map((gap) => ({ since: gap.since_unix_us ?? 0, until: gap.until_unix_us ?? of.until_unix_us, text: `Spans of agent ${gap.agent_id} are missing here` }));
  const dots: Dot[] = of.exemplars.filter(({ stored }) => stored).map((exemplar) => ({
    at: exemplar.time_unix_us,
    value: exemplar.duration_us,
    isBad: exemplar.error,
    says: `Trace of ${times.precise(exemplar.time_unix_us)}, ${duration(exemplar.duration_us)}${exemplar.error ? ", failed" : ""}`,
    href: href("trace", { id: exemplar.trace_id, span: exemplar.span_id }),
  }));
  const shared = { since: of.since_unix_us, step: of.step_us, cursor, setCursor, began: props.began, gaps };
  const total = of.requests.reduce((sum, value) => sum + value, 0);
  if (total === 0) return <p class="soft">No request of this kind in this window.</p>;
  return (
    <>
      <div class="charts">
        <Chart {...shared} title="Duration" kind="lines" height={262} format={duration} dots={dots}
          lines={[{ name: "P50", values: of.p50_us, look: "first" }, { name: "P95", values: of.p95_us, look: "second" }, { name: "P99", values: of.p99_us, look: "third" }]} />
        <div class="charts-side">
          <Chart {...shared} title="Requests per second" kind="bars" height={128} format={perSecond}
            lines={[{ name: "requests/s", values: of.requests.map((value) => value / seconds), look: "second" }]}><span>{count(total)} in all</span></Chart>
          <Chart {...shared} title="Share of errors" kind="bars" height={128} format={rate} least={0.01}
            lines={[{ name: "errors", values: of.requests.map((value, at) => (value === 0 ? null : (of.errors[at] ?? 0) / value)), look: "bad" }]}><span>{count(of.errors.reduce((sum, value) => sum + value, 0))} in all</span></Chart>
        </div>
      </div>
      <p class="soft small">
        Counted from {of.source}.
        {of.beyond_us !== null && <> Where a line is missing above requests, the percentile is &gt;{duration(of.beyond_us)}.</>}
        {of.covered_since_unix_us > of.since_unix_us && <> Data begins at {times.short(of.covered_since_unix_us)}.</>}
        {dots.length > 0 && <> ○ is a request with its trace, ✕ one that failed: open it by clicking, or with arrows and Enter.</>}
        {gaps.length > 0 && <> Dashed areas: spans of an agent are missing.</>}
      </p>
    </>
  );
}
