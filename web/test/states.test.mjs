// What each screen shows while an answer is slow, when there is none, when it is only a part, and when the colony goes
// away and comes back.
import assert from "node:assert/strict";
import { createServer, connect } from "node:net";
import { after, before, test } from "node:test";
import { answersOf } from "./answers.mjs";
import { launch, open, WORLD } from "./browser.mjs";
import { request, span } from "./data.mjs";
import { SCREENS } from "./screens.mjs";
import { emptyColony, send, until } from "./world.mjs";

const LOUD = [/Failed to load resource/];
const SQL = { columns: [{ name: "service", type: "VARCHAR" }, { name: "spans", type: "BIGINT" }], rows: [["payments-api", 12], ["frontend-api", 7]], more: false };

/** By screen: the question that it is about, and what is there when it has been answered. */
const ABOUT = {
  home: [/\/services\?/, ".services tbody tr"],
  traces: [/\/traces\?/, ".traces tbody tr"],
  trace: [/\/waterfall/, "[role=treegrid] [role=row]"],
  service: [/\/services\?/, ".service-screen .row-link"],
  why: [/\/why\?/, ".why-verdict"],
  map: [/\/topology\?/, ".map-svg [data-node]"],
  compare: [/\/compare\?/, ".compare-rows tbody tr"],
  ask: [/\/ask\?/, "[data-answer-line]"],
  sql: [/\/sql$/, ".sql-table tbody tr"],
  status: [/\/status$/, ".agents-table tbody tr"],
};

let browser;
let page;
let answers;
before(async () => {
  browser = await launch();
  page = await open(browser, { expects: LOUD });
  await page.clock.install();
  answers = await answersOf(page);
});
after(() => browser.close());

/** The real answers again; the demo has no SQL. */
function usual() {
  answers.clear();
  answers.replace(/\/sql$/, SQL);
}

const again = () => page.getByRole("button", { name: /^(Ask|Run) again$/ }).first();
const pressAll = (name) => page.getByRole("button", { name }).evaluateAll((buttons) => buttons.forEach((button) => button.click()));
const shows = (selector) => page.locator(selector).first().waitFor();

/** Opens a screen, without waiting for its answers. */
async function begin(name) {
  await page.goto(`${WORLD.colony}/ui/${SCREENS[name]}`);
  await page.locator("h1").first().waitFor();
}

for (const [name, [question, content]] of Object.entries(ABOUT)) {
  test(`${name}: a slow answer says how long it takes, can be cancelled, and asked for again`, async () => {
    usual();
    const held = answers.hold(question);
    const asked = page.waitForRequest(question);
    await begin(name);
    await asked;
    await page.clock.fastForward(5_000);
    await page.getByText(/(Reading .+|Running): [5-9] s/).first().waitFor();
    assert.equal(await page.locator(content).count(), 0);
    await pressAll("Cancel");
    await page.getByText("Cancelled.").first().waitFor();
    // A page that is live leaves alone what a person has cancelled.
    await page.clock.fastForward(25_000);
    assert.ok(await page.getByText("Cancelled.").first().isVisible());
    held.release();
    usual();
    await pressAll(/^(Ask|Run) again$/);
    await shows(content);
    assert.deepEqual(await page.wrongs(), []);
  });

  test(`${name}: an error is in the colony's words, and the screen goes on when it is over`, async () => {
    usual();
    let failing = answers.fail(question, 500, "the disk is full", "make room on the colony's host");
    await begin(name);
    const alert = page.getByRole("alert").filter({ hasText: /The disk is full\.|the disk is full/ }).first();
    await alert.waitFor();
    assert.match(await alert.innerText(), /Make room on the colony's host\./);
    assert.equal(await page.locator(content).count(), 0, "nothing is made up");
    await page.getByRole("navigation", { name: "Pages" }).getByRole("link", { name: "Home" }).waitFor();
    for (const status of [404, 503, 429]) {
      failing.end();
      failing = answers.fail(question, status, `no answer with ${status}`);
      await again().click();
      await page.getByRole("alert").filter({ hasText: `No answer with ${status}.` }).first().waitFor();
    }
    failing.end();
    // A busy colony is asked again by itself; a statement is not.
    if (name === "sql") await again().click();
    else await page.clock.fastForward(20_000);
    await shows(content);
    await page.settled();
    assert.equal(await page.getByRole("alert").count(), 0);

    failing = answers.refuse(question);
    await page.keyboard.press("r");
    await page.getByRole("alert").filter({ hasText: "The colony cannot be reached." }).first().waitFor();
    assert.ok(await page.locator(content).count() > 0, "the last answer stays");
    await page.locator(".answer-old").first().waitFor();
    failing.end();
    if (name === "sql") await again().click();
    else await page.clock.fastForward(20_000);
    await page.getByRole("alert").waitFor({ state: "detached" });
    await shows(content);
    assert.deepEqual(await page.wrongs(), []);
  });
}

test("a screen that asks several questions shows the others when one fails", async () => {
  usual();
  for (const [name, question, stays] of [["home", /anomalies\?/, ".services tbody tr"], ["traces", /heatmap\?/, ".traces tbody tr"], ["trace", /why\?/, "[role=treegrid] [role=row]"], ["trace", /compare\?/, "[role=treegrid] [role=row]"], ["service", /series\//, ".service-screen .row-link"], ["map", /services\?/, ".map-svg [data-node]"]]) {
    const failing = answers.fail(question, 500, "only this failed");
    await begin(name);
    await shows(stays);
    await page.settled();
    failing.end();
  }
  assert.deepEqual(await page.wrongs(), []);
});

/** Passes bytes on to the colony, as long as it is not stopped. */
async function gate() {
  const to = new URL(WORLD.colony);
  const sockets = new Set();
  const server = createServer((socket) => {
    const on = connect(Number(to.port), to.hostname);
    for (const [one, other] of [[socket, on], [on, socket]]) {
      sockets.add(one);
      one.pipe(other);
      one.on("error", () => other.destroy());
      one.on("close", () => { sockets.delete(one); other.destroy(); });
    }
  });
  const listen = (port) => new Promise((resolve) => server.listen(port, "127.0.0.1", resolve));
  await listen(0);
  const { port } = server.address();
  return {
    base: `http://127.0.0.1:${port}`,
    start: () => listen(port),
    stop: () => new Promise((resolve) => { server.close(resolve); for (const socket of sockets) socket.destroy(); }),
  };
}

test("a colony that is stopped in mid-use leaves the page usable, and is found again when it is back", async () => {
  const way = await gate();
  const visitor = await open(browser, { base: way.base, expects: LOUD });
  await visitor.clock.install();
  await visitor.visit(SCREENS.traces);
  await visitor.visit(SCREENS.status);
  await way.stop();
  const unreachable = visitor.getByRole("alert").filter({ hasText: "The colony cannot be reached. This page asks again by itself." });
  await visitor.keyboard.press("r");
  await unreachable.first().waitFor();
  assert.ok(await visitor.locator(".agents-table tbody tr").count() > 0, "what was known stays");

  // Other screens open, and say the same.
  await visitor.getByRole("link", { name: "Traces", exact: true }).click();
  await unreachable.first().waitFor();
  await visitor.goBack();
  await visitor.locator(".agents-table tbody tr").first().waitFor();
  await visitor.getByRole("link", { name: "Map", exact: true }).click();
  await unreachable.first().waitFor();
  assert.equal(await visitor.locator("h1").innerText(), "Map");

  await way.start();
  await visitor.clock.fastForward(20_000);
  await visitor.locator(".map-svg [data-node]").first().waitFor();
  await visitor.settled();
  assert.equal(await unreachable.count(), 0);
  await visitor.goBack();
  await visitor.settled();
  assert.equal(await unreachable.count(), 0);
  assert.deepEqual(await visitor.wrongs(), []);
  await visitor.context().close();
  await way.stop();
});

test("without any span each screen says that there is nothing, and what to do", async () => {
  const empty = await emptyColony();
  try {
    const visitor = await open(browser, { base: empty.colony, expects: LOUD });
    const EMPTY = {
      home: [/No spans yet/, /coral beyla doctor/, /No agent is known/],
      traces: [/No trace began in this time/, /No trace is stored at all/, /coral beyla doctor/],
      search: [/No trace meets the conditions/, /Without duration over 20ms still none/, /No trace is stored at all/],
      trace: [/This trace is not stored/, /Unknown/, /Expired/, /Not sampled/],
      service: [/No span or metric of payments-api was seen/, /Look at 7d/],
      why: [/No trace of this time has a span of payments-api/, /What would help/],
      map: [/No trace started in this window/, /Look at the last hour/, /Status says whether agents send spans/],
      compare: [/no trace `[0-9a-f]+` is stored/, /unknown, has expired, or was not sampled/],
      ask: [/Unknown service/, /Status says whether agents send spans/],
      sql: [/SQL needs one/, /coral duckdb install/],
      status: [/No agent is known, so nothing is collected/, /No agent was known in this time/],
      missing: [/No such page/],
    };
    for (const [name, texts] of Object.entries(EMPTY)) {
      await visitor.visit(SCREENS[name]);
      const text = (await visitor.locator("main").innerText()).replace(/\s+/g, " ");
      for (const said of texts) assert.match(text, said, name);
      assert.equal(await visitor.locator("table tbody:empty, ul:empty, ol:empty, section > h2:only-child").count(), 0, `${name} has an empty part`);
      assert.ok(!/undefined|NaN|Infinity|every agent answered/.test(text), `${name}: ${text}`);
      assert.ok(!/healthy/i.test(await visitor.title()), `${name} calls nothing healthy`);
    }
    assert.deepEqual(await visitor.wrongs(), []);
    await visitor.context().close();
  } finally {
    await empty.stop();
  }
});

/** Two traces whose ids begin alike, and one whose root was not received. */
async function tornTraces() {
  const at = Date.now() - 30_000;
  const one = (trace, id, parent) => request({ torn: [span({ trace, id, parent, name: "GET /torn", start: at, length: 20 })] });
  await send(WORLD.otlp, [one("abcd1234000000000000000000000001", "00000000000000a1"), one("abcd1234000000000000000000000002", "00000000000000a2"), one("abcd9999000000000000000000000003", "00000000000000a3", "00000000000000af")]);
  await until(async () => {
    const answer = await fetch(`${WORLD.colony}/api/v1/traces/abcd9999000000000000000000000003/waterfall`);
    return answer.ok && (await answer.json()).span_count === 1;
  }, "the torn traces are stored");
}

const said = async () => (await page.locator("main").innerText()).replace(/\s+/g, " ");
const show = async (path) => {
  await page.goto(`${WORLD.colony}/ui/${path}`);
  await page.settled();
  return await said();
};

test("a trace of which parts are missing says which and why", async () => {
  usual();
  await tornTraces();
  assert.match(await show("trace?id=abcd9999000000000000000000000003"), /incomplete 1 span stands below a parent that was not received/);
  await page.getByRole("row", { name: /below parents that were not received/ }).waitFor();

  const several = await show("trace?id=abcd1234");
  assert.match(several, /Several traces begin with abcd1234/);
  await page.getByRole("link", { name: "abcd1234000000000000000000000002" }).click();
  await page.locator("[role=treegrid]").waitFor();

  assert.match(await show("trace?id=ffffffffffffffffffffffffffffffff"), /This trace is not stored.*Unknown.*Expired.*Not sampled/);
  assert.match(await show("trace"), /The address names no trace/);
  answers.replace(/\/waterfall/, (trace) => ({ ...trace, spans_left_out: 1_234, span_count: trace.span_count + 1_234 }));
  assert.match(await show(SCREENS.trace), /cut the 1,234 latest spans of 1,2\d\d spans are not shown/);
  assert.deepEqual(await page.wrongs(), []);
});

test("an agent that is away is said where its spans are missing", async () => {
  usual();
  const gap = (answer) => ({ ...answer, coverage: [{ agent_id: "web-2", gap: "unreachable", since_unix_us: (answer.until_unix_us ?? Date.now() * 1_000) - 120e6, until_unix_us: null, services: ["payments-api"], services_cut: false, traces_affected: 3 }] });
  for (const [name, question] of [["home", /\/services\?/], ["traces", /\/traces\?/], ["service", /\/services\?/], ["compare", /\/compare\?/]]) {
    const rule = answers.replace(question, gap);
    assert.match(await show(SCREENS[name]), /web-2|1 gap in what was seen of agents/, name);
    rule.end();
  }
  answers.replace(/\/status$/, (status) => ({ ...status, agents: status.agents.map((agent) => ({ ...agent, reachable: false, state: "unreachable", last_error: "connection refused" })) }));
  for (const name of ["home", "status"]) {
    const text = await show(SCREENS[name]);
    assert.match(text, /unreachable/, name);
  }
  assert.deepEqual(await page.wrongs(), []);
});

test("what is not found, not certain or cut is said with a way on", async () => {
  usual();
  assert.match(await show("service?name=payments-ap"), /was seen.*Did you mean payments-api\?/);
  await page.getByRole("link", { name: "payments-api" }).first().waitFor();
  assert.match(await show("service"), /names no service/);
  assert.match(await show("traces?q=service%3Anobody"), /No trace meets the conditions.*Without service is nobody \d/);
  assert.match(await show("traces?q=service%3A"), /The search cannot be read/);
  assert.match(await show("map?focus=nobody"), /No service, database, queue or external host has the name nobody/);
  assert.match(await show("why?service=nobody"), /No trace of this time has a span of nobody.*What would help/);
  assert.match(await show(`compare?a=${WORLD.trace_id}&b=q:service:nobody`), /B has no trace/);
  assert.match(await show("compare"), /Choose a trace, or a search/);
  assert.match(await show("ask?q=fnord+blub"), /fnord blub/);
  assert.ok(await page.locator(".ask-examples a").count() > 3, "what can be asked is shown");

  const why = answers.replace(/\/why\?/, (why) => ({ ...why, verdict: "not_enough_evidence", reason: "only 3 traces began in this window", because: { ...why.because, kind: "too_few_traces" } }));
  assert.match(await show("why"), /Not enough evidence Only 3 traces began in this window\. What would help .*Not above chance/);
  assert.match(await show(""), /Not enough evidence for a cause/);
  why.end();
  answers.replace(/\/traces\?/, (list) => ({ ...list, more: true, next: "1.2" }));
  assert.match(await show(SCREENS.traces), /Showing \d+ traces, newest first\. More match\. Older traces/);
  answers.replace(/\/sql$/, { ...SQL, rows: [], more: false });
  assert.match(await show("sql?q=select+2"), /The statement found no row/);
  answers.replace(/\/sql$/, { ...SQL, more: true });
  assert.match(await show("sql?q=select+3"), /limit cut the answer after 2 rows/);
  assert.deepEqual(await page.wrongs(), []);
});
