// What the person of this page is allowed to ask.
import { useEffect, useState } from "preact/hooks";
import type { WhoAmI } from "../api.ts";

let known: Promise<readonly string[] | null> | null = null;
for (const name of ["coral:signed-in", "coral:signed-out"]) addEventListener(name, () => { known = null; });

/** Names of the permissions; null when the colony does not say. Asked once. */
function permissions(): Promise<readonly string[] | null> {
  known ??= fetch("../api/v1/whoami", { headers: { accept: "application/json" } })
    .then(async (response) => (response.ok ? ((await response.json()) as WhoAmI).permissions : null))
    .catch(() => null);
  return known;
}

/**
 * Whether the person has a permission, such as `status.read`; null before that is known. When the colony
 * does not say, the answer is yes: the colony refuses what is not allowed.
 */
export function useMay(permission: string): boolean | null {
  const [may, set] = useState<boolean | null>(null);
  useEffect(() => {
    let isShown = true;
    void permissions().then((names) => { if (isShown) set(names === null || names.includes(permission)); });
    return () => { isShown = false; };
  }, [permission]);
  return may;
}
