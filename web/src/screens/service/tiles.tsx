import type { RedSource, ServiceState } from "../../api.ts";
import { count, percent, perSecond, rate } from "../../format/count.ts";
import { percentile } from "../../format/duration.ts";

const SOURCE: Record<RedSource, string> = {
  metrics: "Counted from metrics of its requests.",
  spans: "Counted from spans, because no metrics of its requests are stored.",
};

/** The numbers of the window beside those of before. */
export function Tiles({ of }: { of: ServiceState }) {
  const { now, before } = of;
  const source = of.requests[0]?.source;
  const estimate = now.estimate;
  return (
    <>
      <dl class="tiles">
        <Tile name="Requests/s" now={`${estimate != null ? "~" : ""}${perSecond(now.requests_per_second)}`} before={before && perSecond(before.requests_per_second)} more={`${count(now.requests)} in all`} isBad={of.health === "fewer_requests" || of.health === "not_seen"} />
        <Tile name="Errors" now={now.requests === 0 ? "–" : rate(now.error_rate)} before={before && rate(before.error_rate)} more={`${count(now.errors)} of ${count(now.requests)}`} isBad={of.health === "failing"} />
        <Tile name="P50" now={percentile(now.p50_us, now.exact, now.beyond_us)} before={before && percentile(before.p50_us, before.exact, before.beyond_us)} isBad={false} />
        <Tile name="P95" now={percentile(now.p95_us, now.exact, now.beyond_us)} before={before && percentile(before.p95_us, before.exact, before.beyond_us)} isBad={of.health === "slow" || of.is_slow_too} />
        {of.complete_ratio != null && <Tile name="Complete" now={percent(of.complete_ratio)} before={null} more="of its spans are stored" isBad={false} />}
      </dl>
      <p class="soft small">
        {source !== undefined && SOURCE[source]}
        {of.requests.length > 1 && <> Percentiles are those of {of.requests[0]?.kind} requests, the most frequent kind.</>}
        {!now.exact && " ≈ marks percentiles that are interpolated in a histogram."}
        {estimate != null && <> Only a share of traces is recorded{estimate.sampling_ratio !== null && ` (${percent(estimate.sampling_ratio)})`}: ~ marks estimates.</>}
      </p>
    </>
  );
}

function Tile(props: { name: string; now: string; before: string | null; more?: string; isBad: boolean }) {
  return (
    <div class={`tile${props.isBad ? " tile-bad" : ""}`}>
      <dt>{props.name}</dt>
      <dd class="tile-now">{props.isBad && <span class="mark" aria-hidden="true">✕ </span>}{props.now}</dd>
      <dd class="tile-before">{props.before === null ? (props.more ?? "") : `${props.before} before`}</dd>
      {props.before !== null && props.more !== undefined && <dd class="tile-before">{props.more}</dd>}
    </div>
  );
}
