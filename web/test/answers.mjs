// The colony's answers on their way to a page: kept, so that a question that is asked again has the same answer and a
// state can be compared with itself; held back, replaced or refused, so that every state of a screen can be seen.
const kept = new Map();

/** Stands between `page` and its colony. The last rule that fits a question wins. */
export async function answersOf(page) {
  const rules = [];
  await page.route(/\/api\/v1\//, async (route) => {
    const url = route.request().url();
    const rule = rules.findLast(({ on }) => on.test(url));
    // A page that has gone on takes no answer.
    await (rule ? rule.run(route) : pass(route)).catch(() => {});
  });
  const add = (on, run) => {
    const rule = { on, run };
    rules.push(rule);
    return { end: () => { if (rules.includes(rule)) rules.splice(rules.indexOf(rule), 1); } };
  };
  return {
    /** Answers with what `change` makes of the colony's answer, or with `change` itself. */
    replace: (on, change) => add(on, async (route) => {
      const body = typeof change === "function" ? change(JSON.parse((await real(route.request())).body)) : change;
      await fulfill(route, { status: 200, type: "application/json", body: JSON.stringify(body) });
    }),
    /** Answers with a status code, as the colony says what went wrong. */
    fail: (on, status, error = `it went wrong with ${status}`, hint = "what helps is written here") => add(on, async (route) => {
      await fulfill(route, { status, type: "application/json", body: JSON.stringify({ error, hint }) });
    }),
    /** No answer, as if nobody listened. */
    refuse: (on) => add(on, (route) => route.abort("connectionrefused")),
    /** No answer until `release`. */
    hold(on) {
      let release;
      const released = new Promise((resolve) => { release = resolve; });
      const rule = add(on, async (route) => {
        await released;
        await pass(route);
      });
      return { release: () => { rule.end(); release(); } };
    },
    /** The colony's own answers again. */
    clear: () => { rules.length = 0; },
  };
}

async function pass(route) {
  await fulfill(route, await real(route.request()));
}

async function fulfill(route, { status, type, body }) {
  await route.fulfill({ status, contentType: type, headers: { "cache-control": "no-store" }, body });
}

/** The colony's answer to a question, asked once. */
function real(request) {
  const key = `${request.method()} ${request.url()} ${request.postData() ?? ""}`;
  const known = kept.get(key) ?? ask(request);
  kept.set(key, known);
  known.then(({ status }) => { if (status >= 500 || status === 429) kept.delete(key); }, () => kept.delete(key));
  return known;
}

async function ask(request) {
  const { accept, "content-type": type, "x-coral-csrf": own } = request.headers();
  const headers = Object.fromEntries(Object.entries({ accept, "content-type": type, "x-coral-csrf": own }).filter(([, value]) => value));
  const answer = await fetch(request.url(), { method: request.method(), headers, body: request.postData() ?? undefined });
  return { status: answer.status, type: answer.headers.get("content-type") ?? "", body: await answer.text() };
}
