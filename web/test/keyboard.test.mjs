// Every screen by keyboard alone.
import assert from "node:assert/strict";
import { after, before, beforeEach, test } from "node:test";
import { answersOf } from "./answers.mjs";
import { launch, open, WORLD } from "./browser.mjs";
import { SCREENS } from "./screens.mjs";

const LOUD = [/Failed to load resource/];
const SQL = { columns: [{ name: "service", type: "VARCHAR" }, { name: "spans", type: "BIGINT" }], rows: [["payments-api", 12], ["frontend-api", 7]], more: false };
const TRACE = `trace?id=${WORLD?.trace_id}`;

let browser;
let page;
before(async () => {
  browser = await launch();
  page = await open(browser, { expects: LOUD, permissions: ["clipboard-read", "clipboard-write"] });
  const answers = await answersOf(page);
  answers.replace(/\/sql$/, SQL);
});
after(() => browser.close());
beforeEach(async () => page.evaluate(() => document.activeElement?.blur?.()));

const press = async (...keys) => { for (const key of keys) await page.keyboard.press(key); };
const param = (name) => new URL(page.url()).searchParams.get(name);
const selected = () => page.locator("[role=row][aria-selected=true]");
const focused = () => page.evaluate(() => (document.activeElement?.getAttribute("aria-label") ?? document.activeElement?.textContent ?? "").trim());
/** Tabs until the focused element is called `name`. */
async function tabTo(name, most = 80) {
  for (let at = 0; at < most; at += 1) {
    await press("Tab");
    if (name.test(await focused())) return;
  }
  assert.fail(`${name} is not reached by Tab`);
}

test("from Home to cause, host and evidence of what is wrong, with keys only", async () => {
  await page.visit("");
  const cause = await page.locator(".home-cause").innerText();
  assert.match(cause, new RegExp(WORLD.culprits.join("|")));
  assert.match(cause, new RegExp(WORLD.culprit_value));
  assert.match(cause, /pay-\d/, "the host");
  await tabTo(/^Why, with the evidence$/);
  await press("Enter");
  await page.waitForURL(/\/why/);
  await page.settled();
  assert.match(await page.locator(".why-verdict").innerText(), new RegExp(WORLD.culprit_value));
  await press("Enter");
  await page.waitForURL(/\/trace\?.*span=/);
  await page.settled();
  assert.match(await page.locator(".details").innerText(), new RegExp(`Host|${WORLD.culprit_value}`));
  assert.match(await selected().getAttribute("aria-label"), new RegExp(`${WORLD.culprit_value}|${WORLD.culprits.join("|")}`));
  await press("b");
  await page.waitForURL(/\/compare/);
  await page.settled();
  assert.match(await page.locator(".compare-verdict").innerText(), /longer/);
  assert.deepEqual(await page.wrongs(), []);
});

test("keys that work everywhere", async () => {
  await page.visit("");
  for (const [key, path] of [["t", "traces"], ["m", "map"], ["w", "why"], ["s", "status"], ["h", ""]]) {
    await press("g", key);
    await page.waitForURL((url) => url.pathname.endsWith(`/ui/${path}`));
  }
  await page.visit("traces");
  await press("/");
  assert.equal(await focused(), "Search, paste a trace id, or ask");
  await page.keyboard.type("gt");
  assert.match(page.url(), /traces$/, "keys do nothing while somebody types");
  await press("Escape", "Escape");
  await page.locator(".omnibox input:focus").waitFor({ state: "detached" });
  await press("t");
  assert.equal(await focused(), "last 5 min");
  await press("Enter");
  await page.waitForURL(/since=5m/);
  await press("[");
  await page.waitForURL(/from=.*to=/);
  const earlier = param("to");
  await press("]");
  await page.waitForURL((url) => url.searchParams.get("to") !== earlier);
  const asked = page.asked.length;
  await page.settled();
  await press("r");
  await page.settled();
  assert.ok(page.asked.length > asked, "r asks again");
  await press("y");
  await page.getByText("Link copied").waitFor({ state: "attached" });
  await press("d");
  assert.equal(await page.evaluate(() => document.documentElement.dataset.theme), "dark");
  await press("d", "d");
  assert.equal(await page.evaluate(() => document.documentElement.dataset.theme), undefined);
  await press("?");
  await page.getByRole("dialog", { name: "Keys" }).waitFor();
  await press("Escape");
  await page.getByRole("dialog").waitFor({ state: "detached" });
  assert.deepEqual(await page.wrongs(), []);
});

test("single keys can be switched off, and on again", async () => {
  await page.visit("traces");
  await press("?");
  await page.getByLabel("Single keys do something").focus();
  await press("Space", "Escape");
  await page.getByRole("dialog").waitFor({ state: "detached" });
  await press("j", "/");
  assert.equal(param("row"), null);
  assert.equal(await page.locator(".omnibox input:focus").count(), 0);
  await page.reload();
  await page.settled();
  await press("j");
  assert.equal(param("row"), null, "the choice is remembered");
  await tabTo(/^Keys and search$/);
  await press("Enter");
  await page.getByLabel("Single keys do something").focus();
  await press("Space", "Escape");
  await page.getByRole("dialog").waitFor({ state: "detached" });
  await press("j");
  await page.waitForURL(/row=/);
});

test("a list of traces: rows, comparison, opening", async () => {
  // A fixed window: the demo goes on, and a slower trace would move the rows.
  const [from, to] = [3_600_000, 60_000].map((ago) => new Date(Date.now() - ago).toISOString());
  await page.visit(`traces?sort=slowest&from=${from}&to=${to}`);
  await press("j");
  const first = param("row");
  await press("j");
  assert.notEqual(param("row"), first);
  await press("k");
  assert.equal(param("row"), first);
  await press(" ", "j", " ");
  assert.equal(param("pick").split(",").length, 2);
  await press("c");
  await page.waitForURL(/compare\?.*a=.*b=/);
  await page.settled();
  const [a, b] = [param("a"), param("b")];
  await press("s");
  await page.waitForURL((url) => url.searchParams.get("a") === b && url.searchParams.get("b") === a);
  await press("Escape");
  await page.waitForURL(/\/traces/);
  await page.settled();
  await press("j", "Enter");
  await page.waitForURL(/\/trace\?(.*&)?id=/);
});

test("the tree of a trace is a treegrid with one tab stop", async () => {
  await page.visit(TRACE);
  const grid = page.getByRole("treegrid", { name: "Spans of the trace" });
  assert.equal(await grid.locator("[role=row][tabindex='0']").count(), 1);
  await grid.locator("[role=row][tabindex='0']").focus();
  const at = async () => Number(await page.evaluate(() => document.activeElement.getAttribute("aria-rowindex")));
  const level = async () => Number(await page.evaluate(() => document.activeElement.getAttribute("aria-level")));
  await press("Home");
  assert.equal(await at(), 1);
  assert.match(await focused(), /^frontend-api, .+, \d.*s/, "a row says its service, operation and duration");
  const rows = Number(await grid.getAttribute("aria-rowcount"));
  await press("End");
  assert.equal(await at(), rows);
  await press("Home", "ArrowLeft");
  await page.locator("[role=row][aria-rowindex='1'][aria-expanded=false]").waitFor();
  assert.equal(await grid.getAttribute("aria-rowcount"), "1");
  await press("ArrowRight");
  await page.locator("[role=row][aria-rowindex='1'][aria-expanded=true]").waitFor();
  await press("ArrowRight");
  assert.deepEqual([await at(), await level()], [2, 2], "right goes to the first child");
  await press("ArrowDown", "ArrowUp", "ArrowLeft", "ArrowLeft");
  assert.equal(await at(), 1, "left goes to the parent");
  assert.equal(await grid.locator("[role=row][tabindex='0']").count(), 1);
  await press("Enter");
  await page.locator(".details").waitFor();
  await press("Escape");
  await page.locator(".details").waitFor({ state: "detached" });
  assert.equal(await at(), 1, "the focus stays on the row");
});

/** Presses `key` until the whole time of the trace is shown. */
async function wholeTime(key) {
  for (let pressed = 0; new URL(page.url()).searchParams.has("zoom"); pressed += 1) {
    assert.ok(pressed < 20, `${key} shows the whole time`);
    await press(key);
    await page.waitForURL((url) => !url.searchParams.has("zoom"), { timeout: 1_000 }).catch(() => {});
  }
}

test("keys of a trace: errors, critical path, matches, subtree, zoom, levels and views", async () => {
  const found = await (await fetch(`${WORLD.colony}/api/v1/traces?since=1h&until=now&status=error&limit=20`)).json();
  const failed = found.traces.find(({ root_service }) => root_service === "frontend-api");
  await page.visit(`trace?id=${failed.trace_id}`);
  await press("X", "e");
  await page.waitForURL(/span=/);
  assert.match(await selected().getAttribute("aria-label"), /error/);
  await press("E");
  assert.match(await selected().getAttribute("aria-label"), /error/);
  await press("p");
  assert.match(await selected().getAttribute("aria-label"), /on the critical path/);
  await press("P");
  assert.match(await selected().getAttribute("aria-label"), /on the critical path/);

  await page.visit(TRACE);
  await page.getByLabel("Find spans in this trace").focus();
  await page.keyboard.type("service:card-validator");
  await page.getByText(/^\d+ of \d+$/).waitFor();
  await press("Escape", "n");
  assert.match(await selected().getAttribute("aria-label"), /card-validator/);
  const first = await selected().getAttribute("data-row");
  await press("n", "N");
  assert.equal(await selected().getAttribute("data-row"), first);
  await press("f");
  await page.getByText("Only the subtree of").waitFor();
  await press("F");
  await page.getByText("Only the subtree of").waitFor({ state: "detached" });
  await press("z");
  await page.waitForURL(/zoom=/);
  await wholeTime("0");
  await press("+");
  await page.waitForURL(/zoom=/);
  await wholeTime("-");
  const rows = () => page.getByRole("treegrid").getAttribute("aria-rowcount");
  const all = await rows();
  await press("x");
  await page.waitForURL(/level=/);
  assert.ok(Number(await rows()) < Number(all));
  await press("X");
  await page.waitForURL((url) => true);
  assert.equal(await rows(), all);
  for (const [key, view] of [["2", "flame"], ["3", "map"], ["4", "table"], ["5", "json"]]) {
    await press(key);
    await page.waitForURL(new RegExp(`view=${view}`));
  }
  await press("1");
  await page.waitForURL((url) => !url.searchParams.has("view"));
  // What is closed opens when an error is below it.
  await page.visit(`trace?id=${WORLD.large}&level=0`);
  assert.equal(await rows(), "1");
  await press("e");
  await page.waitForURL(/span=/);
  await selected().waitFor();
  assert.ok(Number(await rows()) > 1);
  assert.deepEqual(await page.wrongs(), []);
});

test("arrow keys follow the calls of the map", async () => {
  await page.visit("map");
  const node = () => page.evaluate(() => document.activeElement.getAttribute("data-node"));
  assert.equal(await page.locator(".map-svg [data-node][tabindex='0']").count(), 1);
  await page.locator(".map-svg [data-node=frontend-api]").focus();
  await press("ArrowRight");
  const callee = await node();
  assert.notEqual(callee, "frontend-api");
  assert.equal(param("node"), callee);
  await press("ArrowLeft");
  await page.waitForURL((url) => url.searchParams.get("node") !== callee);
  await press("f");
  await page.waitForURL(/focus=/);
  await page.settled();
  await press("F");
  await page.waitForURL((url) => !url.searchParams.has("focus"));
  await press("Escape");
  await page.waitForURL((url) => !url.searchParams.has("node"));
  // Enter on a node chooses the node, so the focus leaves the picture first.
  await press("Tab", "j");
  await page.waitForURL(/caller=.*callee=/);
  await page.evaluate(() => document.activeElement.blur());
  await press("Enter");
  await page.waitForURL(/\/traces/);
});

for (const [name, path] of Object.entries({ ...SCREENS, large: `trace?id=${WORLD?.large}` })) {
  test(`${name}: the focus is visible on everything that Tab reaches, and never under the header`, async () => {
    await page.visit(path);
    const seen = new Set();
    for (let at = 0; at < 70; at += 1) {
      await press("Tab");
      const found = await page.evaluate(() => {
        const element = document.activeElement;
        if (element === document.body) return null;
        const box = element.getBoundingClientRect();
        // A node of the map is outlined by the line around its box.
          const style = getComputedStyle(element);
          const line = element.querySelector(":scope > g > rect");
          const isLined = element.matches("svg *") && line !== null && parseFloat(getComputedStyle(line).strokeWidth) >= 3;
        const top = document.querySelector(".top");
        const isInTop = top.contains(element) || element.matches(".skip");
        const bar = top.getBoundingClientRect();
        return {
          what: `${element.tagName} ${(element.getAttribute("aria-label") ?? element.textContent).trim().slice(0, 40)}`,
          at: `${Math.round(box.left)} ${Math.round(box.top + scrollY)} ${element.textContent}`,
          isOutlined: isLined || style.outlineStyle !== "none" && parseFloat(style.outlineWidth) >= 2,
          isSeen: box.bottom > 0 && box.top < innerHeight && box.width > 0,
          isUnder: !isInTop && getComputedStyle(top).position === "sticky" && box.bottom <= bar.bottom,
        };
      });
      if (found === null) break;
      if (seen.has(found.at)) continue;
      seen.add(found.at);
      assert.ok(found.isOutlined, `${found.what} has no outline`);
      assert.ok(found.isSeen, `${found.what} is not in sight`);
      assert.ok(!found.isUnder, `${found.what} is under the header`);
    }
    for (let at = 0; at < 25; at += 1) {
      await press("Shift+Tab");
      const under = await page.evaluate(() => {
        const [element, top] = [document.activeElement, document.querySelector(".top")];
        if (element === document.body || top.contains(element) || element.matches(".skip")) return null;
        return element.getBoundingClientRect().bottom <= top.getBoundingClientRect().bottom ? element.textContent : null;
      });
      assert.equal(under, null, "under the header, backwards");
    }
  });
}
