// The address is the state of the page: back, forward, reload and a copied link show again what was there.
import assert from "node:assert/strict";
import { after, before, beforeEach, test } from "node:test";
import { answersOf } from "./answers.mjs";
import { launch, open, WORLD } from "./browser.mjs";

const LOUD = [/Failed to load resource/];
const SQL = { columns: [{ name: "service", type: "VARCHAR" }, { name: "spans", type: "BIGINT" }], rows: [["payments-api", 12], ["frontend-api", 7]], more: false };

let browser;
let page;
let answers;
before(async () => {
  browser = await launch();
  page = await visitor();
  answers = page.answers;
});
after(() => browser.close());
beforeEach(() => usual(answers));

async function visitor() {
  const page = await open(browser, { expects: LOUD, permissions: ["clipboard-read", "clipboard-write"] });
  const answers = await answersOf(page);
  usual(answers);
  return Object.assign(page, { answers });
}

function usual(answers) {
  answers.clear();
  answers.replace(/\/sql$/, SQL);
}

/** What can be different in a screen: chosen, pressed, open and sorted things, fields, and the URL. */
const state = (page) => page.evaluate(() => {
  const text = (element) => (element.getAttribute("aria-label") ?? element.textContent ?? "").trim().slice(0, 60);
  const all = (selector, say) => [...document.querySelector("main").querySelectorAll(selector)].map(say);
  return {
    address: location.pathname.split("/").at(-1) + [...new URLSearchParams(location.search)].map(([name, value]) => ` ${name}=${value}`).sort().join(""),
    heading: document.querySelector("h1").textContent,
    chosen: all("[aria-selected=true], [aria-current], [aria-pressed=true], [aria-sort]", text),
    closed: all("[role=row][aria-expanded=false]", text),
    fields: all("input, select, textarea", (field) => field.type === "checkbox" ? field.checked : field.value),
    details: document.querySelector(".details h2")?.textContent ?? null,
    rows: all("tbody tr, [role=row]", (row) => row.getAttribute("data-row") ?? row.querySelector("th, td:nth-child(3)")?.textContent),
    window: document.querySelector(".tools summary").textContent,
  };
});

const ID = WORLD?.trace_id;
const SHOWN = `trace?id=${ID}`;
const steps = {
  home: ["", [
    async () => page.getByRole("button", { name: "P95" }).click(),
    async () => page.getByRole("button", { name: "Service", exact: true }).click(),
    async () => { await page.locator(".tools summary").click(); await page.getByRole("button", { name: "last hour", exact: true }).click(); },
  ]],
  traces: ["traces", [
    async () => page.getByRole("button", { name: "Slowest" }).click(),
    async () => page.getByRole("button", { name: "✕ Failed only" }).click(),
    async () => page.getByRole("button", { name: "As a table" }).click(),
    async () => page.getByRole("button", { name: "Newest" }).click(),
  ]],
  trace: [`trace?id=${ID}`, [
    async () => page.getByRole("row", { name: /card-validator/ }).first().click(),
    async () => page.keyboard.press("z"),
    async () => page.getByRole("button", { name: "Critical path", exact: true }).click(),
    async () => page.getByRole("checkbox", { name: "Only these" }).click(),
    async () => page.keyboard.press("f"),
    async () => page.getByRole("button", { name: "Table", exact: true }).click(),
    async () => page.getByRole("button", { name: "Flame", exact: true }).click(),
    async () => page.keyboard.press("5"),
    async () => { await page.keyboard.press("1"); },
    async () => page.keyboard.press("x"),
  ]],
  service: ["service?name=payments-api", [
    async () => page.keyboard.press("Shift+T"),
    async () => { await page.locator(".tools summary").click(); await page.getByRole("button", { name: "last hour", exact: true }).click(); },
  ]],
  why: ["why", [
    async () => page.getByLabel("Service").selectOption("payments-api"),
    async () => page.getByLabel("Against").selectOption("3h"),
  ]],
  map: ["map", [
    async () => page.locator(".map-svg [data-node=payments-api]").click(),
    async () => page.getByLabel("Against").selectOption("15m"),
    async () => page.getByRole("button", { name: "Table only" }).click(),
    async () => page.getByLabel("Focus").selectOption("payments-api"),
  ]],
  compare: [`compare?a=${ID}&b=q:service:payments-api`, [
    async () => page.keyboard.press("o"),
    async () => page.keyboard.press("s"),
  ]],
  ask: ["ask?q=what+is+wrong%3F", [
    async () => { await page.getByLabel("A question").fill("which services are slow?"); await page.keyboard.press("Enter"); },
  ]],
  sql: ["sql?q=select+1", [
    async () => { await page.getByLabel("Statement").fill("select 2"); await page.keyboard.press("Control+Enter"); },
  ]],
  status: ["status", [
    async () => { await page.locator(".tools summary").click(); await page.getByRole("button", { name: "last hour", exact: true }).click(); },
  ]],
};

for (const [name, [path, moves]] of Object.entries(steps)) {
  test(`${name}: back and forward go through every state, and reload and a copied link show it again`, async () => {
    await page.visit(path);
    const states = [await state(page)];
    for (const [at, move] of moves.entries()) {
      const before = page.url();
      await move();
      await page.settled();
      assert.notEqual(page.url(), before, `step ${at + 1} is in the address`);
      states.push(await state(page));
    }
    for (const was of states.slice(0, -1).toReversed()) {
      await page.goBack();
      await page.settled();
      assert.deepEqual(await state(page), was, "back");
    }
    for (const was of states.slice(1)) {
      await page.goForward();
      await page.settled();
      assert.deepEqual(await state(page), was, "forward");
    }
    await page.reload();
    await page.settled();
    assert.deepEqual(await state(page), states.at(-1), "reload");

    await page.locator("h1").first().click();
    await page.keyboard.press("y");
    await page.getByText("Link copied").waitFor({ state: "attached" });
    const link = new URL(await page.evaluate(() => navigator.clipboard.readText()));
    assert.ok(link.searchParams.has("from") && link.searchParams.has("to") && !link.searchParams.has("since"), `pinned: ${link}`);
    const other = await visitor();
    await other.goto(link.href);
    await other.settled();
    const [there, here] = [await state(other), states.at(-1)];
    for (const part of ["chosen", "closed", "fields", "details"]) assert.deepEqual(there[part], here[part], `copied link: ${part}`);
    assert.equal(there.heading, here.heading);
    assert.deepEqual([...(await page.wrongs()), ...(await other.wrongs())], []);
    await other.context().close();
  });
}

test("a relative window stays relative, a pinned one stays where it is", async () => {
  await page.visit("traces?since=1h");
  await page.reload();
  await page.settled();
  assert.equal(new URL(page.url()).search, "?since=1h");
  await page.getByRole("link", { name: "Map", exact: true }).click();
  await page.settled();
  assert.equal(new URL(page.url()).search, "?since=1h");
  const asked = page.asked.filter((url) => /topology/.test(url)).at(-1);
  assert.match(asked, /since=1h&until=now/);

  const [from, to] = [3_600_000, 60_000].map((ago) => new Date(Date.now() - ago).toISOString());
  await page.visit(`traces?from=${from}&to=${to}`);
  await page.getByRole("link", { name: "Map", exact: true }).click();
  await page.settled();
  assert.deepEqual([...new URL(page.url()).searchParams.values()], [from, to]);
  await page.keyboard.press("[");
  await page.settled();
  assert.equal(new URL(page.url()).searchParams.get("to"), from, "one window earlier");
  await page.keyboard.press("]");
  await page.settled();
  assert.deepEqual([...new URL(page.url()).searchParams.values()], [from, to]);
});

test("a copied link of Home and of Why names the same cause", async () => {
  for (const [path, cause] of [["", ".home-name"], ["why", ".why-sentence"]]) {
    await page.visit(path);
    const was = await page.locator(cause).innerText();
    await page.keyboard.press("y");
    await page.getByText("Link copied").waitFor({ state: "attached" });
    await page.goto(await page.evaluate(() => navigator.clipboard.readText()));
    await page.settled();
    assert.equal(await page.locator(cause).innerText(), was);
  }
});

test("typing does not fill the history", async () => {
  const page = await visitor();
  await page.visit("status");
  const before = await page.evaluate(() => history.length);
  await page.visit(SHOWN);
  const opened = await page.evaluate(() => history.length);
  assert.equal(opened, before + 1);
  await page.getByLabel("Find spans in this trace").pressSequentially("service:card-validator");
  await page.waitForURL(/q=service%3Acard-validator/);
  await page.getByLabel("Find spans in this trace").press("Escape");
  for (const key of ["j", "j", "j", "n", "n", "+", "+"]) await page.keyboard.press(key);
  await page.waitForURL(/zoom=/);
  await page.waitForURL(/span=/);
  await page.settled();
  assert.equal(await page.evaluate(() => history.length), opened, "searching, moving and zooming by keys replace");
  await page.goBack();
  await page.settled();
  assert.match(page.url(), /status/);
  await page.keyboard.press("/");
  await page.keyboard.type("service:payments-api");
  await page.settled();
  assert.equal(await page.evaluate(() => history.length), opened);
  assert.deepEqual(await page.wrongs(), []);
  await page.context().close();
});

test("the last row that keys reached is there again after Back, however fast the page was left", async () => {
  await page.visit(SHOWN);
  await page.keyboard.press("j");
  await page.keyboard.press("j");
  await page.keyboard.press("b");
  await page.waitForURL(/compare/);
  await page.settled();
  await page.goBack();
  await page.settled();
  assert.match(page.url(), /span=/);
  assert.equal(await page.locator("[aria-selected=true]").getAttribute("aria-rowindex"), "2");
});

test("an older answer never replaces a newer one", async () => {
  await page.visit("traces");
  const slow = answers.hold(/\/traces\?q=service%3Afrontend-api/);
  const asked = page.waitForRequest(/\/traces\?q=service%3Afrontend-api/);
  const search = async (text) => {
    await page.keyboard.press("/");
    await page.keyboard.type(text);
    await page.keyboard.press("Enter");
  };
  await search("service:frontend-api");
  await asked;
  await page.locator(".answer-old").first().waitFor();
  await search("service:payments-api status:error");
  await page.settled();
  const newer = await page.locator("main").innerText();
  slow.release();
  await page.settled();
  assert.equal(await page.locator("main").innerText(), newer);
  assert.match(page.url(), /payments-api/);

  // Nor the details of another span.
  await page.visit(SHOWN);
  const rows = page.locator("[role=row][data-row]");
  const details = answers.hold(/\/spans\//);
  const first = page.waitForRequest(/\/spans\//);
  await rows.nth(1).click();
  await first;
  answers.clear();
  await rows.nth(2).click();
  await page.settled();
  const id = new URL(page.url()).searchParams.get("span");
  details.release();
  await page.settled();
  assert.equal(await page.locator(".details-origin dd.mono").first().innerText(), id);
  assert.deepEqual(await page.wrongs(), []);
});

test("Back shows at once what was there, without waiting for the colony", async () => {
  await page.visit("traces?sort=slowest");
  const was = await page.locator("table.traces tbody tr").count();
  await page.getByRole("link", { name: "Map", exact: true }).click();
  await page.settled();
  const held = answers.hold(/\/api\/v1\//);
  await page.goBack();
  await page.locator("table.traces tbody tr").first().waitFor();
  assert.equal(await page.locator("table.traces tbody tr").count(), was);
  held.release();
  await page.settled();
  assert.deepEqual(await page.wrongs(), []);
});
