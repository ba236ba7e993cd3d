// The URL is the state of the page: everything that is visible is in it.
import { useEffect, useState } from "preact/hooks";

export const PAGES = ["", "traces", "trace", "service", "why", "map", "compare", "ask", "sql", "status"] as const;
export type Page = (typeof PAGES)[number];

export interface Address {
  /** The page, such as `traces`; empty for Home; `null` for a page that is not there. */
  page: Page | null;
  params: URLSearchParams;
}

/** Values of parameters; an empty value or null leaves a parameter out. */
export type Params = Record<string, string | number | boolean | null | undefined>;

/** Parameters that links to other pages keep. */
const COMMON = ["since", "from", "to", "source", "tz"];

export function read(): Address {
  const name = location.pathname.split("/").at(-1) ?? "";
  const page = PAGES.find((page) => page === name) ?? null;
  return { page, params: new URLSearchParams(location.search) };
}

/** A relative link to a page. The time window, the source and the time zone are those of the page. */
export function href(page: Page, params: Params = {}): string {
  const now = new URLSearchParams(location.search);
  const kept: Params = {};
  const setsWindow = "since" in params || "from" in params || "to" in params;
  for (const name of COMMON) {
    if (!(setsWindow && ["since", "from", "to"].includes(name))) kept[name] = now.get(name);
  }
  return link(page, { ...kept, ...params });
}

function link(page: Page, params: Params): string {
  const text = new URLSearchParams();
  for (const [name, value] of Object.entries(params)) {
    if (value !== null && value !== undefined && value !== "" && value !== false) text.set(name, String(value));
  }
  const query = text.toString();
  return `./${page}${query === "" ? "" : `?${query}`}`;
}

/** Goes to a relative link. */
export function go(to: string, how: "push" | "replace" = "push"): void {
  if (how === "push") Later.finish();
  if (how === "push") history.pushState(null, "", to);
  else history.replaceState(null, "", to);
  dispatchEvent(new Event("coral:address"));
}

/** Changes parameters of this page. Typing replaces the entry in the history, other changes push one. */
export function amend(params: Params, how: "push" | "replace" = "push"): void {
  if (how === "push") Later.finish();
  const { page, params: now } = read();
  const to = link(page ?? "", { ...Object.fromEntries(now), ...params });
  if (to !== link(page ?? "", Object.fromEntries(now))) go(to, how);
}

const waiting = new Set<Later>();

/**
 * A change of the URL that waits until it has been quiet: browsers refuse many changes in a short time.
 * It is made before the page goes on, so that Back leads to what was there last.
 */
export class Later {
  #timer: ReturnType<typeof setTimeout> | undefined;
  #change: () => void = () => {};

  set(change: () => void, quietMs: number): void {
    this.drop();
    this.#change = change;
    this.#timer = setTimeout(() => this.#make(), quietMs);
    waiting.add(this);
  }

  drop(): void {
    clearTimeout(this.#timer);
    waiting.delete(this);
  }

  #make(): void {
    this.drop();
    this.#change();
  }

  static finish(): void {
    for (const later of [...waiting]) later.#make();
  }

  static dropAll(): void {
    for (const later of [...waiting]) later.drop();
  }
}

/** A {@link Later} of a component. */
export function useLater(): Later {
  const [later] = useState(() => new Later());
  useEffect(() => () => later.drop(), []);
  return later;
}

/** The address, which changes with the history. */
export function useAddress(): Address {
  const [address, set] = useState(read);
  useEffect(() => {
    const changed = () => set(read());
    const moved = () => {
      Later.dropAll();
      changed();
    };
    addEventListener("popstate", moved);
    addEventListener("coral:address", changed);
    return () => {
      removeEventListener("popstate", moved);
      removeEventListener("coral:address", changed);
    };
  }, []);
  return address;
}

/** Follows links between pages without loading the page anew. */
export function followLinks(): void {
  addEventListener("click", (event) => {
    if (event.defaultPrevented || event.button !== 0) return;
    if (event.metaKey || event.ctrlKey || event.shiftKey || event.altKey) return;
    const anchor = (event.target as Element | null)?.closest?.("a[href^='./']");
    const to = anchor?.getAttribute("href");
    if (!anchor || to === null || to === undefined || anchor.hasAttribute("download")) return;
    event.preventDefault();
    const isOtherPage = to.split("?")[0] !== `./${read().page ?? ""}`;
    go(to);
    if (isOtherPage) scrollTo(0, 0);
  });
}
