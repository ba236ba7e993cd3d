// Who uses the page, and how to sign in.
import { createContext } from "preact";
import { useEffect, useState } from "preact/hooks";
import type { SignInMethods, WhoAmI } from "../api.ts";

export type Person = WhoAmI;

/** The header that a page of another site cannot send. */
export const OWN = { "x-coral-csrf": "1" } as const;

/** Who uses the page: null until that is known. */
export type Visitor = Person | "signed-out" | "unknown" | null;

/** Who uses the page. */
export function useVisitor(): Visitor {
  const [visitor, set] = useState<Visitor>(null);
  useEffect(() => {
    const ask = () => void visitorNow().then(set);
    const signedOut = () => set("signed-out");
    ask();
    addEventListener("coral:signed-out", signedOut);
    addEventListener("coral:signed-in", ask);
    return () => {
      removeEventListener("coral:signed-out", signedOut);
      removeEventListener("coral:signed-in", ask);
    };
  }, []);
  return visitor;
}

/** Who uses the page, for every part of it: asked once. */
export const VisitorContext = createContext<Visitor>(null);

/** The person who uses the page, if there is one. */
export function personOf(visitor: Visitor): Person | null {
  return typeof visitor === "string" ? null : visitor;
}

async function visitorNow(): Promise<Visitor> {
  try {
    // A question without a token is one in vain, and whoever often asks in vain has to wait: the page
    // asks none before somebody has signed in.
    const methods = await fetch("../auth/methods");
    if (methods.ok && !((await methods.json()) as SignInMethods).signed_in) return "signed-out";
    const response = await fetch("../api/v1/whoami", { headers: { accept: "application/json" } });
    if (response.ok) return (await response.json()) as Person;
    return response.status === 401 ? "signed-out" : "unknown";
  } catch {
    return "unknown";
  }
}

/** Tells the other tabs of this browser who has signed out. */
const tabs = new BroadcastChannel("coral.session");

/** Ends the session. Returns whether it has ended: a page that only looks so would be worse than an error. */
export async function signOut(): Promise<boolean> {
  const answer = await fetch("../auth/logout", { method: "POST", headers: OWN }).catch(() => null);
  if (answer === null || !(answer.ok || answer.status === 401)) return false;
  tabs.postMessage("signed out");
  dispatchEvent(new Event("coral:signed-out"));
  return true;
}

/** Hides the page when another tab signs out, and asks who is there when the browser shows a kept page again. */
export function watchSession(): void {
  tabs.onmessage = () => dispatchEvent(new Event("coral:signed-out"));
  addEventListener("pageshow", (event) => {
    if (event.persisted) location.reload();
  });
}
