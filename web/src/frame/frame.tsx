// What is around every screen: the search, the pages, the time window, theme and help.
import type { ComponentChildren } from "preact";
import { useEffect, useState } from "preact/hooks";
import { amend, go, href, type Address, type Page } from "../address.ts";
import type { Zone } from "../format/time.ts";
import { pinned, shift, type Window } from "../window.ts";
import { Announcements, announce } from "./announce.tsx";
import { copy } from "./copy.ts";
import { Help } from "./help.tsx";
import { useKeys } from "./keys.ts";
import { Omnibox } from "./omnibox.tsx";
import { signOut, type Person } from "./session.ts";
import { setTheme, theme, type Theme } from "./theme.ts";
import { TimePicker } from "./time-picker.tsx";

const LINKS: readonly { page: Page; title: string; needs?: string }[] = [
  { page: "", title: "Home" },
  { page: "traces", title: "Traces" },
  { page: "map", title: "Map" },
  { page: "why", title: "Why" },
  { page: "sql", title: "SQL", needs: "sql.read" },
  { page: "status", title: "Status", needs: "status.read" },
];

interface Props {
  address: Address;
  window: Window;
  zone: Zone;
  person: Person | null;
  /** Whether the page asks again by itself; null for a screen that never does. */
  live: boolean | null;
  setLive: (live: boolean) => void;
  refresh: () => void;
  children: ComponentChildren;
}

export function Frame(props: Props) {
  const { address, window, zone } = props;
  const [isHelp, setHelp] = useState(false);
  const [isStillIn, setStillIn] = useState(false);
  const [shown, setShown] = useState<Theme>(theme);
  const turnTheme = () => {
    const next: Theme = shown === "system" ? "dark" : shown === "dark" ? "light" : "system";
    setTheme(next);
    setShown(next);
    announce(`Theme: ${next}`);
  };
  const turnZone = () => amend({ tz: zone === "utc" ? "local" : null }, "replace");
  const copyLink = () => {
    const query = new URLSearchParams(location.search);
    for (const [name, value] of Object.entries(pinned(window) ?? {})) {
      if (value === null) query.delete(name);
      else query.set(name, value);
    }
    void copy(`${location.origin}${location.pathname}?${query}`, "Link");
  };
  const leave = async () => setStillIn(!(await signOut()));
  const open = (page: Page) => () => { go(href(page)); scrollTo(0, 0); };
  useKeys("Everywhere", [
    { keys: "g h", does: "Home", run: open("") },
    { keys: "g t", does: "Traces", run: open("traces") },
    { keys: "g m", does: "Map", run: open("map") },
    { keys: "g w", does: "Why", run: open("why") },
    { keys: "g s", does: "Status", run: open("status") },
    { keys: "[", does: "earlier window", run: () => shift(window, -1) },
    { keys: "]", does: "later window", run: () => shift(window, 1) },
    { keys: "r", does: "ask again, now", run: props.refresh },
    { keys: "y", does: "copy a link with fixed times", run: copyLink },
    { keys: "d", does: "dark, light or the system's theme", run: turnTheme },
    { keys: "?", does: "these keys", run: () => setHelp(true) },
  ]);
  useEffect(() => { document.documentElement.dataset["page"] = address.page ?? "none"; }, [address.page]);
  const current = address.page === "trace" || address.page === "compare" ? "traces" : address.page === "service" ? "" : address.page;
  return (
    <>
      <a class="skip" href="#content">Skip to the content</a>
      <header class="top">
        <a class="brand" href={href("")} aria-label="Coral, Home"><img src="./icon.svg" alt="" width="22" height="22" /><span class="brand-name">coral</span></a>
        <nav aria-label="Pages">
          {LINKS.filter((link) => !link.needs || props.person === null || props.person.permissions.includes(link.needs)).map((link) => (
            <a key={link.page} href={href(link.page)} aria-current={current === link.page ? "page" : undefined}>{link.title}</a>
          ))}
        </nav>
        <Omnibox address={address} />
        <div class="tools">
          <TimePicker window={window} />
          {props.live !== null && (
            <button type="button" class="quiet live" aria-pressed={props.live} onClick={() => props.setLive(props.live !== true)} title={props.live ? "The page asks again by itself. Press to stop." : "Ask again by itself"}>Live</button>
          )}
          <button type="button" class="quiet" onClick={turnZone} title="Time zone">{zone === "utc" ? "UTC" : "Local"}</button>
          <button type="button" class="quiet" onClick={copyLink} title="Copy a link with fixed times">Link</button>
          <button type="button" class="quiet icon" onClick={turnTheme} aria-label={`Theme: ${shown}`} title={`Theme: ${shown}`}>◐</button>
          <button type="button" class="quiet icon" onClick={() => setHelp(true)} aria-label="Keys and search" title="Keys and search">?</button>
          {props.person?.has_session === true && <button type="button" class="quiet" onClick={() => void leave()} title={`Signed in as ${props.person.name}`}>Sign out</button>}
        </div>
      </header>
      {isStillIn && (
        <section class="notice notice-bad limited" role="alert">
          You are still signed in: the colony could not be reached. <button type="button" onClick={() => void leave()}>Sign out again</button>
        </section>
      )}
      {props.person !== null && props.person.services.length > 0 && (
        <p class="notice limited" role="note">You see services {props.person.services.join(", ")}. Others are left out, or shown as hidden.</p>
      )}
      <main id="content" tabIndex={-1}>{props.children}</main>
      <Announcements />
      {isHelp && <Help close={() => setHelp(false)} />}
    </>
  );
}
