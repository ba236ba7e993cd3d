// Asks the colony. At most two questions of a tab are in flight; a question that nobody waits for is
// cancelled, and the colony gives up its work then.
import type { Questions } from "./api.ts";

export type Question = keyof Questions;
export type Ask<Q extends Question> = Questions[Q]["ask"];
export type AnswerTo<Q extends Question> = Questions[Q]["answer"];

/** Why there is no answer. */
export class AskError extends Error {
  /** The status code; 0 when the colony could not be reached. */
  readonly status: number;
  /** The next step for the person who asked. */
  readonly hint: string | null;
  /** What was asked: a relative URL. */
  readonly url: string;

  constructor(status: number, error: string, hint: string | null, url: string) {
    super(error);
    this.status = status;
    this.hint = hint;
    this.url = url;
  }
}

const MAX_IN_FLIGHT = 2;
let inFlight = 0;
const waiting: (() => void)[] = [];

/** The relative URL of a question: `../api/v1/traces?since=15m`. */
export function urlOf<Q extends Question>(question: Q, ask: Ask<Q>): string {
  let path: string = question;
  const query = new URLSearchParams();
  for (const [name, value] of Object.entries(ask as Record<string, unknown>)) {
    if (value === undefined || value === null || value === "" || value === false) continue;
    if (path.includes(`{${name}}`)) path = path.replace(`{${name}}`, segment(String(value)));
    else query.set(name, String(value));
  }
  const text = query.toString();
  return `../api/v1/${path}${text === "" ? "" : `?${text}`}`;
}

/** One part of a path. A browser takes one or two dots for another folder. */
function segment(text: string): string {
  return /^\.{1,2}$/.test(text) ? "none" : encodeURIComponent(text);
}

/** Asks a question. Rejects with {@link AskError}, or with an `AbortError` after `signal`. */
export async function ask<Q extends Question>(question: Q, params: Ask<Q>, signal: AbortSignal): Promise<AnswerTo<Q>> {
  return (await askUrl(urlOf(question, params), { signal })) as AnswerTo<Q>;
}

/** Requests a relative URL that answers JSON. */
export async function askUrl(url: string, init: RequestInit & { signal: AbortSignal }): Promise<unknown> {
  return await request(url, init, async (response) => {
    const text = await response.text();
    return text === "" ? null : (JSON.parse(text) as unknown);
  });
}

/** Requests a relative URL, and reads the answer with `read`, which may do so while it arrives. */
export async function request<T>(url: string, init: RequestInit & { signal: AbortSignal }, read: (response: Response) => Promise<T>): Promise<T> {
  await turn(init.signal);
  try {
    const response = await fetch(url, { ...init, headers: { accept: "application/json", ...init.headers } }).catch((error: unknown) => {
      if (init.signal.aborted) throw error;
      throw new AskError(0, "the colony cannot be reached", "this page asks again by itself", url);
    });
    if (response.ok) return await read(response);
    const { error, hint } = readError(await response.text());
    if (response.status === 401) dispatchEvent(new Event("coral:signed-out"));
    throw new AskError(response.status, error ?? `the colony answered with status ${response.status}`, hint, url);
  } finally {
    const next = waiting.shift();
    if (next) next();
    else inFlight -= 1;
  }
}

function readError(text: string): { error: string | null; hint: string | null } {
  try {
    const { error, hint } = JSON.parse(text) as { error?: string; hint?: string | null };
    return { error: error ?? null, hint: hint ?? null };
  } catch {
    return { error: null, hint: null };
  }
}

/** Waits for a turn. A question that ends hands its turn to the next. */
async function turn(signal: AbortSignal): Promise<void> {
  signal.throwIfAborted();
  if (inFlight < MAX_IN_FLIGHT) {
    inFlight += 1;
    return;
  }
  await new Promise<void>((resolve, reject) => {
    waiting.push(resolve);
    signal.addEventListener("abort", () => {
      const place = waiting.indexOf(resolve);
      if (place < 0) return;
      waiting.splice(place, 1);
      reject(signal.reason as Error);
    });
  });
}
