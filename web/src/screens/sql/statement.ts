// Runs one statement, and shows its rows while they arrive.
import { useCallback, useContext, useEffect, useRef, useState } from "preact/hooks";
import { AskError, request } from "../../ask.ts";
import { announce } from "../../frame/announce.tsx";
import { RefreshContext } from "../../frame/refresh.ts";
import { OWN } from "../../frame/session.ts";
import { counted } from "../../format/count.ts";
import { Remembered } from "../../remembered.ts";
import { Rows } from "./rows.ts";

export interface Running {
  /** The rows so far; null before the first piece of an answer. */
  rows: Rows | null;
  /** Grows with the rows, so that they are drawn again. */
  count: number;
  error: AskError | null;
  /** When the statement was sent; null when it is not running. */
  askedAt: number | null;
  /** How long the whole answer took, in milliseconds. */
  tookMs: number | null;
  cancel(): void;
  again(): void;
}

type State = Omit<Running, "cancel" | "again">;

const URL_OF_SQL = "../api/v1/sql";
const IDLE: State = { rows: null, count: 0, error: null, askedAt: null, tookMs: null };
/** Rows are drawn at most this often while they arrive. */
const DRAW_MS = 200;
const remembered = new Remembered<State>(4);

/** The answer to `sql`; nothing is asked while it is empty. `since` is microseconds since the Unix epoch. */
export function useStatement(sql: string, window: string, since: number | null): Running {
  const { count: refresh } = useContext(RefreshContext);
  const [attempt, setAttempt] = useState(0);
  const [state, setState] = useState<State>(IDLE);
  const abort = useRef<AbortController | null>(null);
  const first = useRef(refresh + attempt);
  useEffect(() => {
    const key = `${window}\n${sql}`;
    const known = remembered.get(key);
    const isAgain = refresh + attempt !== first.current;
    first.current = refresh + attempt;
    if (sql === "" || (known && !isAgain)) {
      setState(known ?? IDLE);
      return;
    }
    const controller = new AbortController();
    abort.current = controller;
    const askedAt = Date.now();
    setState((last) => ({ ...last, error: null, askedAt }));
    run(sql, since, controller.signal, (rows) => setState({ rows, count: rows.rows.length, error: null, askedAt, tookMs: null })).then(
      (rows) => {
        if (controller.signal.aborted) return;
        const done = { rows, count: rows.rows.length, error: null, askedAt: null, tookMs: Date.now() - askedAt };
        remembered.set(key, done);
        setState(done);
        announce(counted(rows.rows.length, "row"));
      },
      (error: unknown) => {
        if (controller.signal.aborted) return;
        const failed = error instanceof AskError ? error : new AskError(0, "the answer ended before it was whole", "run the statement again", URL_OF_SQL);
        setState((last) => ({ ...last, error: failed, askedAt: null }));
        announce(failed.message);
      },
    );
    return () => controller.abort();
  }, [sql, window, attempt, refresh]);
  const cancel = useCallback(() => {
    abort.current?.abort();
    setState((last) => ({ ...last, askedAt: null, error: new AskError(-1, "cancelled", null, URL_OF_SQL) }));
  }, []);
  const again = useCallback(() => setAttempt((attempt) => attempt + 1), []);
  return { ...state, cancel, again };
}

async function run(sql: string, since: number | null, signal: AbortSignal, show: (rows: Rows) => void): Promise<Rows> {
  const body = JSON.stringify(since === null ? { sql } : { sql, since_unix_us: Math.round(since) });
  const headers = { "content-type": "application/json", ...OWN };
  return await request(URL_OF_SQL, { method: "POST", body, headers, signal }, async (response) => {
    const rows = new Rows();
    const reader = response.body?.pipeThrough(new TextDecoderStream()).getReader();
    let shown = Date.now();
    for (let piece = await reader?.read(); piece !== undefined && !piece.done; piece = await reader?.read()) {
      rows.push(piece.value);
      if (Date.now() - shown < DRAW_MS || signal.aborted) continue;
      shown = Date.now();
      show(rows);
    }
    rows.end();
    if (!rows.isWhole) throw new Error("the answer ended early");
    return rows;
  });
}
