import { useEffect, useState } from "preact/hooks";

let say: (text: string) => void = () => {};

/** Tells people who listen to the page, once and politely. */
export function announce(text: string): void {
  say(text);
}

/** Where announcements are read from. */
export function Announcements() {
  const [text, set] = useState("");
  useEffect(() => {
    say = set;
    return () => { say = () => {}; };
  }, []);
  return <div class="unseen" role="status" aria-live="polite">{text}</div>;
}
