import type { ColonyStatus, StoreStatus } from "../../api.ts";
import { bytes, counted, rate } from "../../format/count.ts";
import { ago } from "../../format/time.ts";
import { Mark } from "../../parts/state.tsx";
import { Words } from "./words.tsx";

const DAY_S = 86_400;

/** How much is stored and for how long, and whether SQL can be asked. */
export function Store({ of }: { of: ColonyStatus }) {
  const { store, sql_library } = of;
  // The spans of a server that does not answer are not counted.
  const least = store.shards?.some(({ last_error }) => last_error !== null) ? "at least " : "";
  const used = store.max_bytes > 0 ? store.bytes / store.max_bytes : 0;
  return (
    <section class="section">
      <h2>Store</h2>
      <div class="status-pair">
        <dl class="facts-wide">
          <div><dt>On disk</dt><dd>
            <span class="meter" role="img" aria-label={`${rate(used)} of the limit`}><span class={used > 0.9 ? "meter-full" : ""} style={{ width: `${Math.min(100, used * 100)}%` }} /></span>
            {least}<strong>{bytes(store.bytes)}</strong> of {bytes(store.max_bytes)} ({rate(used)})</dd></div>
          <div><dt>Spans</dt><dd>{least}{counted(store.spans, "span")}{store.oldest_received_unix_us !== null && <>, the oldest received {ago(store.oldest_received_unix_us)}</>}</dd></div>
          <div><dt>Kept for</dt><dd>{days(store.keep_seconds)}, or until the limit is reached</dd></div>
          <div><dt>Will fit</dt><dd>{forecast(store, Date.now())}</dd></div>
          {store.shards?.map((shard, at) => (
            <div key={shard.url}><dt>Shard {at + 1}</dt><dd>{shard.last_error !== null || shard.bytes === null || shard.spans === null
              ? <><Mark mark="✕" tone="bad" word="does not answer" /><span class="agent-reason">{shard.url}</span></>
              : <><strong>{bytes(shard.bytes)}</strong>, {counted(shard.spans, "row")} of spans{shard.free_bytes !== null && <>, {bytes(shard.free_bytes)} free</>}<span class="agent-reason">{shard.url}, ClickHouse {shard.version}</span></>}</dd></div>
          ))}
          {store.spans_damaged > 0 && <div><dt>Damaged</dt><dd><Mark mark="✕" tone="bad" word={`${counted(store.spans_damaged, "span")} cannot be read`} /></dd></div>}
        </dl>
        <dl class="facts-wide">
          <div><dt>SQL</dt><dd>{sql_library.path === null
            ? <><Mark mark="–" tone="soft" word="not available" /><span class="agent-reason"><Words text={sql_library.reason ?? "no library of DuckDB was found"} /></span></>
            : <><Mark mark="✓" tone="good" word="available" /><span class="agent-reason">{sql_library.path}{sql_library.found_by !== null && `, ${sql_library.found_by}`}</span></>}</dd></div>
        </dl>
      </div>
    </section>
  );
}

/** `7 d`, `12 h`. */
export function days(seconds: number): string {
  if (seconds >= 2 * DAY_S) return `${Math.round(seconds / DAY_S)} d`;
  if (seconds >= 7_200) return `${Math.round(seconds / 3_600)} h`;
  return `${Math.max(0, Math.round(seconds / 60))} min`;
}

/** Whether the time for which spans are kept fits into the limit, at the rate so far. */
export function forecast(store: StoreStatus, nowMs: number): string {
  const { oldest_received_unix_us, bytes: used, max_bytes, keep_seconds } = store;
  const age = oldest_received_unix_us === null ? 0 : nowMs / 1_000 - oldest_received_unix_us / 1e6;
  if (used === 0 || age < 60) return "too young to tell";
  const fits = max_bytes / (used / age);
  if (fits >= keep_seconds) return `all ${days(keep_seconds)} at the rate so far, which take ${bytes((used / age) * keep_seconds)}`;
  const left = (max_bytes - used) / (used / age);
  return left > 0
    ? `about ${days(fits)} at the rate so far: full in ${days(left)}, then the oldest spans are deleted early`
    : `about ${days(fits)}: the limit is reached, and the oldest spans are deleted early`;
}
