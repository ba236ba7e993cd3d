// What the page may cost: bytes, questions, rows in the document, and work of the colony that nobody waits for.
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { gzipSync } from "node:zlib";
import { launch, open, WORLD } from "./browser.mjs";
import { SCREENS } from "./screens.mjs";
import { LARGE, until } from "./world.mjs";

const KB = 1_000;
const MAX_ROWS = 80;
const rows = (page, selector) => page.locator(selector).count();

let browser;
before(async () => { browser = await launch(); });
after(() => browser?.close());

test("app.js takes 150 kB at most, and all files 200 kB", async () => {
  const names = ["", "theme.js", "app.js", "app.css", "icon.svg"];
  const sizes = await Promise.all(names.map(async (name) => {
    const answer = await fetch(`${WORLD.colony}/ui/${name}`, { headers: { "accept-encoding": "gzip" } });
    assert.equal(answer.status, 200, name);
    return gzipSync(Buffer.from(await answer.arrayBuffer()), { level: 6 }).length;
  }));
  const app = sizes[names.indexOf("app.js")];
  const all = sizes.reduce((sum, size) => sum + size);
  assert.ok(app <= 150 * KB, `app.js: ${app} bytes`);
  assert.ok(all <= 200 * KB, `all files: ${all} bytes`);
});

test("Home needs three answers at most for its content, and no screen asks more than two at once", async () => {
  const page = await open(browser, { expects: [/404|400|503/] });
  let asked = 0;
  let release;
  const isShown = new Promise((resolve) => { release = resolve; });
  const isQuestion = (url) => url.pathname.startsWith("/api/v1/") && !url.pathname.endsWith("/whoami");
  await page.route(isQuestion, async (route) => {
    asked += 1;
    if (asked > 3) await isShown;
    await route.continue().catch(() => {});
  });
  await page.goto(`${WORLD.colony}/ui/`);
  await page.locator("main table tbody tr").first().waitFor();
  release();
  await page.unroute(isQuestion);
  for (const [name, path] of Object.entries(SCREENS)) {
    if (name !== "home") await page.visit(path);
    else await page.settled();
    assert.deepEqual(await page.wrongs(), [], name);
  }
  await page.context().close();
});

test(`of ${LARGE} spans, no more than ${MAX_ROWS} rows are in the document, wherever they are scrolled to`, async () => {
  const page = await open(browser);
  await page.visit(`trace?id=${WORLD.large}`);
  const grid = page.getByRole("treegrid");
  assert.ok(Number(await grid.getAttribute("aria-rowcount")) >= LARGE);
  await page.locator("[role=row][data-row='0']").click();
  for (const key of ["End", "PageUp", "Home", "PageDown"]) {
    await page.keyboard.press(key);
    await page.locator("[role=row][data-row]").first().waitFor();
    const now = await rows(page, "[role=row][data-row]");
    assert.ok(now > 5 && now <= MAX_ROWS, `${now} rows after ${key}`);
  }
  await page.setViewportSize({ width: 1440, height: 2_000 });
  await page.settled();
  assert.ok((await rows(page, "[role=row][data-row]")) <= MAX_ROWS, "in a high window");
  assert.deepEqual(await page.wrongs(), []);
  await page.context().close();
});

test(`a list of traces has no more than ${MAX_ROWS} rows`, async () => {
  const page = await open(browser);
  await page.visit("traces?since=1h");
  const now = await rows(page, "main [role=row], main tbody tr, main li.trace");
  assert.ok(now > 5 && now <= MAX_ROWS, `${now} rows`);
  assert.deepEqual(await page.wrongs(), []);
  await page.context().close();
});

test(`of 10,000 rows of SQL, no more than ${MAX_ROWS} are in the document`, async () => {
  const page = await open(browser);
  const answer = { columns: ["a", "b", "c"].map((name) => ({ name, type: "INTEGER" })), rows: Array.from({ length: 10_000 }, (_, at) => [at, at * 2, `row ${at}`]), more: false };
  await page.route("**/api/v1/sql", (route) => route.fulfill({ contentType: "application/json", body: JSON.stringify(answer) }));
  await page.visit("sql?q=select+1");
  await page.getByText("10,000 rows").first().waitFor();
  const inTable = "main [role=row], main .sql-main tbody tr";
  const now = await rows(page, inTable);
  assert.ok(now > 5 && now <= MAX_ROWS, `${now} rows`);
  assert.deepEqual(await page.wrongs(), []);
  await page.context().close();
});

test("the colony gives up a question when the page does", async () => {
  const page = await open(browser);
  await page.visit("status");
  const cancelled = async () => Number(/coral_colony_queries_cancelled_total (\d+)/.exec(await (await fetch(`${WORLD.colony}/metrics`)).text())?.[1]);
  const before = await cancelled();
  // Each question is left as soon as it is asked; one that was answered sooner is left again.
  for (let tries = 0; tries < 20 && (await cancelled()) === before; tries += 1) {
    const asked = page.waitForRequest(/\/api\/v1\/why/);
    await page.evaluate((to) => { history.pushState(null, "", to); dispatchEvent(new Event("coral:address")); }, `./why?service=payments-api&since=${30 + tries}m`);
    await asked;
    await page.getByRole("navigation", { name: "Pages" }).getByRole("link", { name: "Status" }).click();
  }
  await until(async () => (await cancelled()) > before, "a question is cancelled", 10_000);
  await page.settled();
  assert.deepEqual(await page.wrongs(), []);
  await page.context().close();
});
