// Spans and metrics in SQL. The statement is in the address: a link to it runs it, and changes nothing.
import { useEffect, useRef, useState } from "preact/hooks";
import { amend } from "../../address.ts";
import { sentence } from "../../answer.tsx";
import type { AskError } from "../../ask.ts";
import { count, counted } from "../../format/count.ts";
import { useKeys } from "../../frame/keys.ts";
import { useTitle } from "../../frame/title.ts";
import type { ScreenProps } from "../../main.tsx";
import { Command } from "../../parts/command.tsx";
import { useMay } from "../../parts/may.ts";
import { Spelled } from "../../parts/spelled.tsx";
import { bounds } from "../../window.ts";
import { csv, download, json } from "./export.ts";
import { positionOf } from "./position.ts";
import { useStatement, type Running } from "./statement.ts";
import { RowTable, WholeRow } from "./table.tsx";
import { EXAMPLES, Help } from "./views.tsx";
import { command } from "../../shell.ts";

export function Sql({ address, window }: ScreenProps) {
  useTitle("SQL");
  const may = useMay("sql.read");
  const sql = address.params.get("q") ?? "";
  const range = bounds(window);
  const running = useStatement(may === true ? sql : "", window.ask.since, range?.since ?? null);
  const [text, setText] = useState(sql);
  const area = useRef<HTMLTextAreaElement>(null);
  useEffect(() => setText(sql), [sql]);
  const run = (statement: string) => {
    const next = statement.trim();
    if (next === "") return;
    setText(next);
    if (next === sql) running.again();
    else amend({ q: next, row: null });
  };
  const insert = (word: string) => {
    const at = area.current?.selectionEnd ?? text.length;
    const space = at > 0 && !/[\s(,.]$/.test(text.slice(0, at)) ? " " : "";
    setText(text.slice(0, at) + space + word + text.slice(at));
    area.current?.focus();
  };
  const select = (at: number) => {
    area.current?.focus();
    area.current?.setSelectionRange(at, /^\w+/.exec(text.slice(at)) ? at + (/^\w+/.exec(text.slice(at))?.[0].length ?? 1) : at + 1);
  };
  const keydown = (event: KeyboardEvent) => {
    if (event.key === "Enter" && (event.ctrlKey || event.metaKey)) {
      event.preventDefault();
      run(text);
    } else if (event.key === "Escape") {
      area.current?.blur();
    }
  };
  useKeys("SQL", [{ keys: "e", does: "edit the statement; Ctrl+Enter runs it, Escape leaves it", run: () => area.current?.focus() }]);
  const row = Number(address.params.get("row"));
  const chosen = Number.isInteger(row) && row > 0 ? row : null;
  if (may === false) {
    return <><h1>SQL</h1><p class="notice notice-warn">You may not ask in SQL here: a person who runs the colony can give you the permission <code>sql.read</code>.</p></>;
  }
  return (
    <div class="sql">
      <div class="sql-main">
        <div class="head"><h1>SQL</h1><p class="soft sql-window">spans and metrics since {window.ask.since}{range === null && ", all that is stored: only lengths and full times narrow SQL"}</p></div>
        <form onSubmit={(event) => { event.preventDefault(); run(text); }}>
          <textarea
            ref={area} value={text} rows={Math.min(14, Math.max(4, text.split("\n").length + 1))} aria-label="Statement" aria-describedby="sql-hint" spellcheck={false} autocapitalize="off" autocomplete="off"
            placeholder={EXAMPLES[0]?.sql} onInput={(event) => setText(event.currentTarget.value)} onKeyDown={keydown}
          />
          <p class="actions sql-actions">
            <button type="submit" class="button-first" disabled={text.trim() === ""}>Run</button>
            <span id="sql-hint" class="soft small">Ctrl+Enter runs. The address keeps the statement: save it as a bookmark.</span>
            {text !== sql && sql !== "" && <button type="button" class="quiet" onClick={() => setText(sql)}>Undo changes</button>}
          </p>
        </form>
        {running.error !== null && <Failed error={running.error} statement={sql} select={select} again={running.again} />}
        <Progress running={running} />
        <Result running={running} chosen={chosen} />
        <Command text={command("coral query sql", [(sql || (EXAMPLES[0]?.sql ?? "")).replaceAll("\n", " ")], window.explicitFlags.slice(0, 1))} />
      </div>
      <Help run={run} insert={insert} />
    </div>
  );
}

function Failed({ error, statement, select, again }: { error: AskError; statement: string; select: (at: number) => void; again: () => void }) {
  if (error.status === -1) return <p class="notice">Cancelled. <button type="button" onClick={again}>Run again</button></p>;
  const [first = "", ...rest] = error.message.split("\n");
  const at = positionOf(error.message, statement);
  return (
    <div class="notice notice-bad" role="alert">
      <p><strong><Spelled text={sentence(first)} /></strong>{error.hint !== null && <> <Spelled text={sentence(error.hint)} /></>}</p>
      {rest.join("").trim() !== "" && <pre class="sql-error">{rest.join("\n").replace(/^\n+/, "")}</pre>}
      <p class="actions">
        {at !== null && <button type="button" onClick={() => select(at)}>Show the place</button>}
        {error.status !== 400 && <button type="button" onClick={again}>Run again</button>}
      </p>
    </div>
  );
}

/** After 150 ms that something runs, after 2 s how long. */
function Progress({ running }: { running: Running }) {
  const { askedAt, rows, count: so } = running;
  const [now, setNow] = useState(0);
  useEffect(() => {
    setNow(0);
    if (askedAt === null) return;
    const soon = setTimeout(() => setNow(Date.now()), 150);
    const timer = setInterval(() => setNow(Date.now()), 500);
    return () => {
      clearTimeout(soon);
      clearInterval(timer);
    };
  }, [askedAt]);
  if (askedAt === null || now === 0) return null;
  const seconds = Math.round((now - askedAt) / 1_000);
  return (
    <p class="waiting" role="status">
      Running{seconds >= 2 && `: ${seconds} s`}{rows !== null && so > 0 && `, ${counted(so, "row")} so far`} <button type="button" onClick={running.cancel}>Cancel</button>
    </p>
  );
}

function Result({ running, chosen }: { running: Running; chosen: number | null }) {
  const { rows, askedAt, error, tookMs } = running;
  if (rows === null) return null;
  const isOld = error !== null || (askedAt !== null && rows.isWhole);
  const save = (kind: "csv" | "json") => {
    if (kind === "csv") download("coral.csv", "text/csv", csv(rows.columns, rows.rows));
    else download("coral.json", "application/json", json(rows.columns, rows.rows, rows.more));
  };
  return (
    <section class={isOld ? "answer-old" : undefined} aria-label="Answer">
      <p class="sql-count">
        <strong>{counted(rows.rows.length, "row")}</strong>
        {tookMs !== null && !isOld && <span class="soft">{tookMs < 1_000 ? `${tookMs} ms` : `${(tookMs / 1_000).toFixed(1)} s`}</span>}
        {isOld && <span class="soft">{rows.isWhole ? "of the statement before" : "before it ended"}</span>}
        {rows.rows.length > 0 && <span class="actions"><button type="button" onClick={() => save("csv")}>Save CSV</button><button type="button" onClick={() => save("json")}>Save JSON</button></span>}
      </p>
      {rows.more && rows.error === null && <p class="notice notice-warn">The colony's limit cut the answer after {count(rows.rows.length)} rows (<code>sql.max_rows</code>, <code>sql.max_bytes</code>). Ask for less: a shorter window, fewer columns, a LIMIT.</p>}
      {rows.error !== null && <div class="notice notice-bad" role="alert"><p><strong>The statement failed after these rows.</strong></p><pre class="sql-error">{rows.error}</pre></div>}
      {rows.rows.length === 0
        ? rows.isWhole && <p class="soft">The statement found no row{" "}in this window. A longer window has more.</p>
        : <><RowTable columns={rows.columns} rows={rows.rows} chosen={chosen} /><WholeRow columns={rows.columns} rows={rows.rows} chosen={chosen} /></>}
    </section>
  );
}
