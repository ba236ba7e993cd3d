// An answer on the page: the newest one that arrived, and what is happening to the next.
import type { ComponentChildren } from "preact";
import { useCallback, useContext, useEffect, useRef, useState } from "preact/hooks";
import { ask, AskError, urlOf, type AnswerTo, type Ask, type Question } from "./ask.ts";
import { ago } from "./format/time.ts";
import { announce } from "./frame/announce.tsx";
import { RefreshContext } from "./frame/refresh.ts";
import { Remembered } from "./remembered.ts";

export interface Asked<T> {
  /** The last answer; null before the first. It may be the answer to an earlier question. */
  answer: T | null;
  /** Whether `answer` answers the question that is asked now. */
  isCurrent: boolean;
  error: AskError | null;
  isLoading: boolean;
  /** When the question that is under way was asked; null when none is. */
  askedAt: number | null;
  /** When the answer arrived. */
  answeredAt: number | null;
  retry(): void;
  cancel(): void;
}

interface State<T> {
  url: string | null;
  answer: T | null;
  answeredAt: number | null;
  error: AskError | null;
  askedAt: number | null;
}

const remembered = new Remembered<{ answer: unknown; at: number }>(12);
const FIRST_RETRY_MS = 1_000;
const LAST_RETRY_MS = 15_000;

/**
 * Asks `question`, and again when its parameters change or the page is refreshed. `null` asks nothing.
 * An answer to an older question never replaces a newer one.
 */
export function useAnswer<Q extends Question>(question: Q, params: Ask<Q> | null): Asked<AnswerTo<Q>> {
  const { count: refresh, byPerson } = useContext(RefreshContext);
  const [attempt, setAttempt] = useState(0);
  const [state, setState] = useState<State<AnswerTo<Q>>>({
    url: null, answer: null, answeredAt: null, error: null, askedAt: null,
  });
  const abort = useRef<AbortController | null>(null);
  const isUnderWay = useRef(false);
  const isCancelled = useRef(false);
  const refreshed = useRef(refresh);
  const url = params === null ? null : urlOf(question, params);

  useEffect(() => {
    if (url === null || params === null) {
      setState({ url: null, answer: null, answeredAt: null, error: null, askedAt: null });
      return;
    }
    const controller = new AbortController();
    abort.current = controller;
    isCancelled.current = false;
    let retry: ReturnType<typeof setTimeout> | undefined;
    let delay = FIRST_RETRY_MS;
    const known = remembered.get(url) as { answer: AnswerTo<Q>; at: number } | undefined;
    setState((last) => ({
      ...last,
      ...(known && last.url !== url ? { url, answer: known.answer, answeredAt: known.at } : {}),
      error: null,
      askedAt: Date.now(),
    }));
    const run = () => {
      isUnderWay.current = true;
      ask(question, params, controller.signal).then(
        (answer) => {
          if (controller.signal.aborted) return;
          isUnderWay.current = false;
          remembered.set(url, { answer, at: Date.now() });
          setState({ url, answer, answeredAt: Date.now(), error: null, askedAt: null });
        },
        (error: unknown) => {
          if (controller.signal.aborted) return;
          isUnderWay.current = false;
          const failed = error instanceof AskError ? error : new AskError(0, String(error), null, url);
          setState((last) => ({ ...last, error: failed, askedAt: null }));
          announce(failed.message);
          // The colony may be restarting, or busy. Other errors need a person.
          if (failed.status === 0 || failed.status === 503 || failed.status === 429) {
            retry = setTimeout(run, delay);
            delay = Math.min(delay * 2, LAST_RETRY_MS);
          }
        },
      );
    };
    run();
    return () => {
      clearTimeout(retry);
      controller.abort();
      isUnderWay.current = false;
    };
  }, [url, attempt]);

  // A question that takes longer than the page waits between refreshes is not begun again, but answered. What a
  // person has cancelled is asked again only by the person.
  useEffect(() => {
    if (refreshed.current === refresh) return;
    refreshed.current = refresh;
    if (isCancelled.current && !byPerson) return;
    if (!isUnderWay.current) setAttempt((attempt) => attempt + 1);
  }, [refresh]);

  const retry = useCallback(() => setAttempt((attempt) => attempt + 1), []);
  const cancel = useCallback(() => {
    abort.current?.abort();
    isUnderWay.current = false;
    isCancelled.current = true;
    setState((last) => ({ ...last, askedAt: null, error: new AskError(-1, "cancelled", null, url ?? "") }));
  }, [url]);
  return {
    answer: state.answer,
    isCurrent: state.url === url,
    error: state.error,
    isLoading: state.askedAt !== null,
    askedAt: state.askedAt,
    answeredAt: state.answeredAt,
    retry,
    cancel,
  };
}

/** Shows an answer with `children`: what is loading, how old it is, what failed and how to go on. */
export function Answer<T>(props: { of: Asked<T>; what: string; children: (answer: T) => ComponentChildren }) {
  const { answer, isCurrent, error, isLoading, answeredAt } = props.of;
  const isOld = answer !== null && (!isCurrent || error !== null);
  return (
    <div class={answer === null && error === null ? "answer is-awaited" : "answer"} aria-busy={isLoading}>
      {error !== null && <Failure error={error} retry={props.of.retry} />}
      {isOld && answeredAt !== null && <p class="answer-age">Below is the answer of {ago(answeredAt * 1_000)}.</p>}
      <Waiting of={props.of} what={props.what} />
      {answer !== null && <div class={isOld ? "answer-old" : undefined}>{props.children(answer)}</div>}
    </div>
  );
}

/** After 150 ms a placeholder, after 2 s the elapsed time and a button that cancels. */
function Waiting<T>(props: { of: Asked<T>; what: string }) {
  const { askedAt, answer, isCurrent, cancel } = props.of;
  const [elapsed, setElapsed] = useState(0);
  useEffect(() => {
    setElapsed(0);
    if (askedAt === null) return;
    const soon = setTimeout(() => setElapsed(Date.now() - askedAt), 150);
    const timer = setInterval(() => setElapsed(Date.now() - askedAt), 500);
    return () => {
      clearTimeout(soon);
      clearInterval(timer);
    };
  }, [askedAt]);
  if (askedAt === null || elapsed < 150) return null;
  if (elapsed >= 2_000) {
    return (
      <p class={answer !== null && isCurrent ? "waiting waiting-again" : "waiting"} role="status">
        Reading {props.what}: {Math.round(elapsed / 1_000)} s <button type="button" onClick={cancel}>Cancel</button>
      </p>
    );
  }
  if (answer !== null && isCurrent) return null;
  return answer === null ? <div class="skeleton" role="status" aria-label={`Reading ${props.what}`} /> : null;
}

/** An error in the colony's words, with what can be done. */
export function Failure(props: { error: AskError; retry: () => void }) {
  const { status, message, hint, url } = props.error;
  if (status === -1) {
    return <p class="notice">Cancelled. <button type="button" onClick={props.retry}>Ask again</button></p>;
  }
  return (
    <div class="notice notice-bad" role="alert">
      <p><strong>{sentence(message)}</strong>{hint !== null && <> {sentence(hint)}</>}</p>
      <p class="notice-request">
        {status > 0 && <>Status {status}. </>}Request: <code>GET {url.replace("../", "/")}</code>{" "}
        <button type="button" onClick={props.retry}>Ask again</button>
      </p>
    </div>
  );
}

/** `text` as a sentence: the first letter in upper case, a full stop at the end. */
export function sentence(text: string): string {
  const first = text.slice(0, 1).toUpperCase() + text.slice(1);
  return /[.!?]$/.test(first) ? first : `${first}.`;
}
