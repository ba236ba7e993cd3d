// Everything that can be text in a trace is hostile. On every screen it is text: nothing of it runs, nothing leaves the
// page, and what a reader would not see, or what turns text around, is written out.
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { launch, open, WORLD } from "./browser.mjs";
import { HOSTILE } from "./data.mjs";
import { visibleOf } from "./visible.mjs";

const { markup, bidi, url } = HOSTILE;
const BIDI_VISIBLE = visibleOf(bidi);
const LONG = `long-${"n".repeat(200)}`;
const DIRECTION = /[\u0000\u202a-\u202e\u2066-\u2069]/;
const trace = `trace?id=${WORLD.hostile}`;

let browser;
let page;
before(async () => {
  browser = await launch();
  page = await open(browser);
});
after(() => browser?.close());

/** Fails if the page has anything that its own source does not: a hostile element, handler, link or invisible character. */
async function isText(where) {
  const found = await page.evaluate(() => {
    const wrong = [];
    for (const element of document.querySelectorAll("script:not([src]), iframe, object, embed, base, meta[http-equiv], img:not([src='./icon.svg'])")) wrong.push(element.outerHTML.slice(0, 200));
    for (const element of document.querySelectorAll("*")) {
      for (const { name, value } of element.attributes) {
        if (name.startsWith("on")) wrong.push(`${element.tagName} ${name}`);
        if (["href", "src", "action", "formaction", "xlink:href"].includes(name) && !/^(\.\/|\.\.\/|#|https?:\/\/)/.test(value)) wrong.push(`${element.tagName} ${name}=${value.slice(0, 80)}`);
      }
      if (element.tagName === "A" && /^https?:/.test(element.getAttribute("href") ?? "") && !(element.rel.includes("noopener") && element.rel.includes("noreferrer"))) wrong.push(`link without noopener noreferrer: ${element.href.slice(0, 80)}`);
    }
    return wrong;
  });
  assert.deepEqual(found, [], where);
  const words = await page.evaluate(() => {
    const labels = [...document.querySelectorAll("[title], [aria-label], [placeholder], [alt]")].flatMap((one) => ["title", "aria-label", "placeholder", "alt"].map((name) => one.getAttribute(name) ?? ""));
    return [document.title, document.body.textContent, ...labels].join("\n");
  });
  assert.doesNotMatch(words, DIRECTION, where);
  assert.deepEqual(await page.wrongs(), [], where);
  return words;
}

const SCREENS = {
  home: "?since=1h",
  traces: "traces?since=1h",
  "traces by a hostile name": `traces?since=1h&q=${encodeURIComponent(`service:"${markup.replaceAll('"', '\\"')}"`)}`,
  waterfall: trace,
  flame: `${trace}&view=flame`,
  "map of the trace": `${trace}&view=map`,
  "table of the trace": `${trace}&view=table`,
  map: "map?since=1h&diff=1h",
  "map around a hostile name": `map?since=1h&focus=${encodeURIComponent(markup)}`,
  compare: `compare?a=${WORLD.hostile}&b=${WORLD.trace_id}`,
  why: `why?since=1h&service=${encodeURIComponent(markup)}`,
  ask: `ask?q=${encodeURIComponent(`why is ${markup} slow?`)}`,
};

for (const [name, path] of Object.entries(SCREENS)) {
  test(`${name}: hostile names are text`, async () => {
    page.forgive([/ 4\d\d /]);
    await page.visit(path);
    const words = await isText(name);
    if (["home", "traces by a hostile name", "waterfall", "map of the trace", "table of the trace", "why"].includes(name)) assert.ok(words.includes(markup), `${name} shows the markup as it is`);
    if (["waterfall", "table of the trace"].includes(name)) assert.ok(words.includes(BIDI_VISIBLE), `${name} writes hidden characters out: ${BIDI_VISIBLE}`);
  });
}

for (const [name, service] of Object.entries({ markup, bidi, long: LONG, url })) {
  test(`service page of a name that is ${name}`, async () => {
    await page.visit(`service?since=1h&name=${encodeURIComponent(service)}`);
    assert.ok((await isText(name)).includes(visibleOf(service)));
  });
}

test("everything of each span is text in its side panel, with long values cut until they are asked for", async () => {
  await page.visit(trace);
  for (const row of await page.locator("[role=row][data-row]").all()) {
    if (Number(await row.getAttribute("data-row")) < 0) continue;
    await row.click();
    await page.locator(".details").getByText("Attributes", { exact: true }).waitFor();
    await page.settled();
    const closed = page.locator(".details details:not([open]) > summary");
    while ((await closed.count()) > 0) await closed.first().click();
    await isText(await row.getAttribute("data-row"));
  }
  await page.locator("[role=row][data-row='0']").click();
  const details = page.locator(".details");
  await details.getByText("javascript:").waitFor();
  assert.equal(await details.locator("a[href^=javascript]").count(), 0);
  assert.deepEqual(await details.locator("a[href^=http]").evaluateAll((links) => links.map((link) => [link.textContent, link.rel])), [["https://example.com/<b>", "noopener noreferrer"]]);
  const large = details.locator(".attributes > div").filter({ has: page.locator("dt", { hasText: /^large$/ }) });
  assert.ok((await large.locator("dd").textContent()).length < 5_000);
  await large.getByRole("button", { name: /^Show all/ }).click();
  assert.ok((await large.locator("dd").textContent()).length >= 900_000);
  await isText("the whole value");
  await page.visit(`${trace}&view=json`);
  assert.deepEqual(await page.wrongs(), []);
});

test("a hostile name is completed in the search as text", async () => {
  await page.visit("traces?since=1h");
  const box = page.getByRole("combobox").first();
  await box.fill('message~hacked name:"<img');
  const option = page.getByRole("option").filter({ hasText: "<img" }).first();
  await option.waitFor();
  await isText("the completions");
  await option.click();
  assert.ok((await box.inputValue()).includes("<img"));
  await box.press("Enter");
  await page.settled();
  await isText("what was found");
});

test("hostile cells of SQL are text, on the screen and where they are downloaded", async () => {
  const answer = { columns: [{ name: markup, type: "VARCHAR" }, { name: "b", type: "VARCHAR" }], rows: [[markup, bidi], [url, "=cmd|' /C calc'!A0"], ["y".repeat(100_000), null]], more: false };
  await page.route("**/api/v1/sql", (route) => route.fulfill({ contentType: "application/json", body: JSON.stringify(answer) }));
  await page.visit(`sql?q=${encodeURIComponent(`select '${markup}'`)}`);
  const words = await isText("sql");
  assert.ok(words.includes(markup) && words.includes(BIDI_VISIBLE));
  await page.unroute("**/api/v1/sql");
});

test("a trace of depth 5,000 opens, closes and opens again", async () => {
  await page.visit(`trace?id=${WORLD.deep}`);
  await page.locator("[role=row][data-row='0']").click();
  const grid = page.getByRole("treegrid");
  assert.ok(Number(await grid.getAttribute("aria-rowcount")) >= 4_900);
  await page.keyboard.press("ArrowLeft");
  await page.locator("[role=row][data-row='0'][aria-expanded=false]").waitFor();
  await page.keyboard.press("ArrowRight");
  await page.locator("[role=row][data-row='1']").waitFor();
  await page.keyboard.press("End");
  await page.locator("[role=row][aria-level='5000'], [role=row][data-row='4999']").waitFor();
  for (const view of ["flame", "map", "table"]) {
    await page.visit(`trace?id=${WORLD.deep}&view=${view}`);
    assert.deepEqual(await page.wrongs(), [], view);
  }
});

test("spans that name each other as parents, and a span whose parent was not received, are shown and named so", async () => {
  await page.visit(trace);
  const text = await page.locator("main").textContent();
  assert.match(text, /its parents form a circle/);
  assert.match(text, /below parents? that (was|were) not received/);
  assert.ok((await page.locator("[role=row][data-row]").count()) >= 6);
});
