import { useEffect, useState } from "preact/hooks";
import { sentence } from "../answer.tsx";
import type { SignInMethods } from "../api.ts";
import { OWN } from "./session.ts";

const LONGEST_NEXT = 1_900;

/** Asks who is there: a token, or the sign-in of a provider. */
export function SignIn() {
  const [methods, setMethods] = useState<Pick<SignInMethods, "methods" | "provider">>({ methods: ["token"], provider: null });
  const [error, setError] = useState<string | null>(null);
  const [isBusy, setBusy] = useState(false);
  useEffect(() => {
    document.title = "Sign in · Coral";
    void fetch("../auth/methods").then(async (answer) => {
      if (answer.ok) setMethods((await answer.json()) as SignInMethods);
    }).catch(() => {});
  }, []);
  const submit = async (event: SubmitEvent) => {
    event.preventDefault();
    const token = new FormData(event.currentTarget as HTMLFormElement).get("token");
    setBusy(true);
    const answer = await fetch("../auth/token", {
      method: "POST",
      headers: { "content-type": "application/json", ...OWN },
      body: JSON.stringify({ token: String(token).trim() }),
    }).catch(() => null);
    setBusy(false);
    // A new page: nothing that the person before has seen is kept.
    if (answer?.ok) return location.reload();
    const body = (await answer?.json().catch(() => null)) as { error?: string; hint?: string } | null | undefined;
    setError(body?.error ? `${sentence(body.error)} ${body.hint ? sentence(body.hint) : ""}` : "The colony cannot be reached.");
  };
  const here = `${location.pathname}${location.search}`;
  // The colony takes no longer address to come back to.
  const next = here.length > LONGEST_NEXT ? location.pathname : here;
  return (
    <main class="sign-in" id="content">
      <h1>Sign in to Coral</h1>
      {methods.methods.includes("oidc") && (
        <p><a class="button button-first" href={`../auth/login?next=${encodeURIComponent(next)}`}>Sign in with {methods.provider ?? "your account"}</a></p>
      )}
      {methods.methods.includes("token") && (
        <form onSubmit={submit}>
          <label for="token">Access token</label>
          <input id="token" name="token" type="password" autocomplete="off" spellcheck={false} required autofocus />
          <button type="submit" class="button-first" disabled={isBusy}>Sign in</button>
          <p class="soft">On the colony's host, <code>coral colony token create --user NAME</code> makes one.</p>
        </form>
      )}
      {error !== null && <p class="notice notice-bad" role="alert">{error}</p>}
    </main>
  );
}
