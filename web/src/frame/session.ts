// Who uses the page, and how to sign in.
import { useEffect, useState } from "preact/hooks";

export interface Person {
  name: string;
  kind: string;
  /** Globs of the services that the person may see; empty for every service. */
  services: string[];
  permissions: string[];
  /** Whether the browser has a session that can be ended. */
  session?: boolean;
}

export interface Methods {
  methods: ("token" | "oidc")[];
  provider: string | null;
}

/** The header that a page of another site cannot send. */
export const OWN = { "x-coral-csrf": "1" } as const;

/** Who uses the page: null before that is known, `signed-out` if the colony asks who it is. */
export function usePerson(): Person | "signed-out" | null {
  const [person, set] = useState<Person | "signed-out" | null>(null);
  useEffect(() => {
    const ask = () => {
      void fetch("../api/v1/whoami", { headers: { accept: "application/json" } })
        .then(async (response) => {
          if (response.ok) set((await response.json()) as Person);
          else if (response.status === 401) set("signed-out");
        })
        .catch(() => {});
    };
    const signedOut = () => set("signed-out");
    ask();
    addEventListener("coral:signed-out", signedOut);
    addEventListener("coral:signed-in", ask);
    return () => {
      removeEventListener("coral:signed-out", signedOut);
      removeEventListener("coral:signed-in", ask);
    };
  }, []);
  return person;
}

export async function signOut(): Promise<void> {
  await fetch("../auth/logout", { method: "POST", headers: OWN }).catch(() => {});
  dispatchEvent(new Event("coral:signed-out"));
}
