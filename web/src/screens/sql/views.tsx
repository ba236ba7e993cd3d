// What can be asked: the views with their columns, and examples.
import { useState } from "preact/hooks";
import { counted } from "../../format/count.ts";
import { useStatement } from "./statement.ts";

export const EXAMPLES: readonly { title: string; sql: string }[] = [
  { title: "Spans by service", sql: "SELECT service_name, count(*) AS spans, count(*) FILTER (span_status = 'error') AS failed\nFROM telemetry_spans\nGROUP BY ALL\nORDER BY spans DESC" },
  { title: "Slowest operations", sql: "SELECT service_name, span_name, count(*) AS spans, quantile_disc(duration_us, 0.95) AS p95_us\nFROM telemetry_spans\nGROUP BY ALL\nORDER BY p95_us DESC\nLIMIT 20" },
  { title: "Failed spans, newest first", sql: "SELECT start_time, trace_id, service_name, span_name, status_code, duration_us\nFROM telemetry_spans\nWHERE span_status = 'error'\nORDER BY start_time DESC\nLIMIT 100" },
  { title: "Requests by minute", sql: "SELECT date_trunc('minute', start_time) AS minute, service_name, count(*) AS requests,\n  count(*) FILTER (span_status = 'error') AS failed\nFROM telemetry_spans\nWHERE span_kind = 'server'\nGROUP BY ALL\nORDER BY minute DESC, requests DESC" },
  { title: "Columns of a view", sql: "DESCRIBE telemetry_spans" },
];

const VIEWS: readonly { name: string; says: string }[] = [
  { name: "telemetry_spans", says: "all spans" },
  { name: "beyla_traces", says: "spans that Beyla made" },
  { name: "beyla_http_metrics", says: "HTTP requests by interval" },
  { name: "beyla_grpc_metrics", says: "gRPC requests by interval" },
  { name: "beyla_sql_metrics", says: "SQL statements by interval" },
];

interface Props {
  run: (sql: string) => void;
  /** Writes a word where the cursor is. */
  insert: (word: string) => void;
}

export function Help({ run, insert }: Props) {
  return (
    <aside class="sql-help" aria-label="What can be asked">
      <h2>Examples</h2>
      <ul class="sql-examples">
        {EXAMPLES.map(({ title, sql }) => <li key={title}><button type="button" class="quiet" onClick={() => run(sql)} title={sql}>{title}</button></li>)}
      </ul>
      <h2>Views</h2>
      {VIEWS.map((view) => <View key={view.name} {...view} insert={insert} />)}
      <p class="soft small">A statement is one SELECT, WITH, FROM, VALUES or DESCRIBE in the SQL of DuckDB. It can read only these views, from the start of the window on; the colony limits its time, memory, rows and bytes.</p>
    </aside>
  );
}

function View({ name, says, insert }: { name: string; says: string; insert: Props["insert"] }) {
  const [isOpen, setOpen] = useState(false);
  return (
    <details class="sql-view" onToggle={(event) => setOpen(event.currentTarget.open)}>
      <summary><code>{name}</code> <span class="soft small">{says}</span></summary>
      {isOpen && <Columns name={name} insert={insert} />}
    </details>
  );
}

/** The columns of a view, as the colony has them. */
function Columns({ name, insert }: { name: string; insert: Props["insert"] }) {
  const described = useStatement(`DESCRIBE ${name}`, "", null);
  if (described.error !== null) return <p class="soft small">{described.error.message}</p>;
  if (described.rows === null || described.askedAt !== null) return <p class="soft small">Reading the columns…</p>;
  const columns = described.rows.rows.map(([name, type]) => ({ name: String(name), type: String(type) }));
  return (
    <ul class="sql-columns" aria-label={counted(columns.length, "column")}>
      <li><button type="button" class="quiet" onClick={() => insert(name)}><code>{name}</code></button> <span class="soft small">the view</span></li>
      {columns.map((column) => <li key={column.name}><button type="button" class="quiet" onClick={() => insert(column.name)}><code>{column.name}</code></button> <span class="soft small">{column.type.toLowerCase()}</span></li>)}
    </ul>
  );
}
