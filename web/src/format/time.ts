import { useContext } from "preact/hooks";
import { createContext } from "preact";

/** How times are shown: in UTC, or in the time zone of the browser. */
export type Zone = "utc" | "local";

export const ZoneContext = createContext<Zone>("utc");

/** Functions that write times in the zone of the page. */
export function useTimes(): Times {
  return TIMES[useContext(ZoneContext)];
}

export interface Times {
  /** `11:53`. */
  minute(us: number): string;
  /** `11:53:07.120`. */
  precise(us: number): string;
  /** `25 Nov 2026, 11:53:07.120 UTC`. */
  full(us: number): string;
  /** `11:53`, or `25 Nov, 11:53` on another day than today. */
  short(us: number): string;
}

function times(zone: Zone): Times {
  const timeZone = zone === "utc" ? "UTC" : undefined;
  const format = (options: Intl.DateTimeFormatOptions) =>
    new Intl.DateTimeFormat("en-GB", { hourCycle: "h23", ...options, ...(timeZone ? { timeZone } : {}) });
  const minute = format({ hour: "2-digit", minute: "2-digit" });
  const second = format({ hour: "2-digit", minute: "2-digit", second: "2-digit" });
  const day = format({ day: "numeric", month: "short" });
  const dayOfYear = format({ day: "numeric", month: "short", year: "numeric" });
  const name = format({ timeZoneName: "short" }).formatToParts(new Date());
  const zoneName = name.find((part) => part.type === "timeZoneName")?.value ?? "UTC";
  const millis = (us: number) => Math.floor((us % 1_000_000) / 1_000).toString().padStart(3, "0");
  const precise = (us: number) => `${second.format(us / 1_000)}.${millis(us)}`;
  return {
    minute: (us) => minute.format(us / 1_000),
    precise,
    full: (us) => `${dayOfYear.format(us / 1_000)}, ${precise(us)} ${zoneName}`,
    short: (us) =>
      day.format(us / 1_000) === day.format(Date.now())
        ? minute.format(us / 1_000)
        : `${day.format(us / 1_000)}, ${minute.format(us / 1_000)}`,
  };
}

const TIMES: Record<Zone, Times> = { utc: times("utc"), local: times("local") };

/** How long ago: `now`, `4 s ago`, `12 min ago`, `3 h ago`, `2 d ago`. */
export function ago(us: number, nowMs = Date.now()): string {
  const seconds = Math.max(0, Math.round(nowMs / 1_000 - us / 1_000_000));
  if (seconds < 1) return "now";
  if (seconds < 60) return `${seconds} s ago`;
  if (seconds < 3_600) return `${Math.round(seconds / 60)} min ago`;
  if (seconds < 86_400) return `${Math.round(seconds / 3_600)} h ago`;
  return `${Math.round(seconds / 86_400)} d ago`;
}

/** RFC 3339 in UTC, as links have it. */
export function rfc3339(us: number): string {
  return new Date(us / 1_000).toISOString();
}
