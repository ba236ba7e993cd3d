// The whole page behind a reverse proxy that takes a prefix away: every address is relative, so nothing has to be set.
import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import { after, before, test } from "node:test";
import { launch, open, WORLD } from "./browser.mjs";
import { guarded } from "./guarded.mjs";
import { SCREENS } from "./screens.mjs";

const PREFIX = "/a/b";
const started = [];
let browser;
let base;
before(async () => { [browser, base] = await Promise.all([launch(), proxy(WORLD.colony)]); });
after(async () => {
  await browser?.close();
  for (const child of started) child.kill();
});

/** A proxy in front of `colony`; the address of the page behind it. */
async function proxy(colony) {
  const child = spawn(process.execPath, [fileURLToPath(new URL("../dev.mjs", import.meta.url))], {
    env: { ...process.env, COLONY: colony, PORT: "0", PREFIX, ONLY_PROXY: "1" }, stdio: ["ignore", "pipe", "inherit"],
  });
  started.push(child);
  const { value } = await createInterface({ input: child.stdout })[Symbol.asyncIterator]().next();
  return value.replace(/\/ui\/$/, "");
}

/** A page that may ask nothing outside of the prefix. */
async function opened({ base: at = base, ...more } = {}) {
  const page = await open(browser, { base: at, ...more });
  const outside = [];
  page.on("request", (request) => { if (/^http/.test(request.url()) && !request.url().startsWith(`${at}/`)) outside.push(request.url()); });
  return Object.assign(page, {
    async close() {
      assert.deepEqual(outside, [], "nothing is asked outside of the prefix");
      assert.deepEqual(await page.wrongs(), []);
      await page.context().close();
    },
  });
}

test("every screen works below the prefix, by address and after a reload", async () => {
  const page = await opened({ expects: [/404|503|400/] });
  for (const [name, path] of Object.entries(SCREENS)) {
    await page.visit(path);
    assert.ok(page.url().startsWith(`${base}/ui/`), `${name}: ${page.url()}`);
    const links = await page.locator("a[href]").evaluateAll((links) => links.map((link) => link.href));
    assert.deepEqual(links.filter((link) => !link.startsWith(`${base}/`)), [], `links of ${name} stay below the prefix`);
    if (!["sql", "missing"].includes(name)) assert.deepEqual(await page.locator("[role=alert]").allTextContents(), [], name);
  }
  await page.close();
});

test("links, keys, search and Back stay below the prefix", async () => {
  const page = await opened();
  await page.visit("");
  for (const title of ["Traces", "Map", "Why", "Status", "Home"]) {
    await page.getByRole("navigation", { name: "Pages" }).getByRole("link", { name: title }).click();
    await page.waitForURL((url) => url.href.startsWith(`${base}/ui/${title === "Home" ? "" : title.toLowerCase()}`));
    await page.getByRole("heading", { level: 1 }).first().waitFor();
  }
  await page.keyboard.press("g");
  await page.keyboard.press("t");
  await page.waitForURL(`${base}/ui/traces*`);
  await page.getByRole("combobox").first().fill(WORLD.trace_id);
  await page.keyboard.press("Enter");
  await page.waitForURL(`${base}/ui/trace?id=${WORLD.trace_id}*`);
  await page.settled();
  await page.reload();
  await page.settled();
  assert.match(await page.locator(".trace-id").textContent(), new RegExp(WORLD.trace_id));
  await page.goBack();
  await page.waitForURL(`${base}/ui/traces*`);
  await page.settled();
  await page.close();
});

test("short addresses lead to the page below the prefix", async () => {
  const page = await opened();
  for (const [from, to] of [["/", "/ui/"], ["/ui", "/ui/"], [`/t/${WORLD.trace_id}`, `/ui/trace?id=${WORLD.trace_id}`], [`/trace/${WORLD.trace_id}`, `/ui/trace?id=${WORLD.trace_id}`]]) {
    await page.goto(base + from);
    await page.locator("h1").first().waitFor();
    assert.equal(page.url(), base + to, from);
  }
  await page.close();
});

test("rows of SQL are downloaded", async () => {
  const page = await opened();
  await page.route("**/api/v1/sql", (route) => route.fulfill({ contentType: "application/json", body: JSON.stringify({ columns: [{ name: "a", type: "INTEGER" }], rows: [[1], [2]], more: false }) }));
  await page.visit("sql?q=select+1");
  for (const kind of ["CSV", "JSON"]) {
    const [download] = await Promise.all([page.waitForEvent("download"), page.getByRole("button", { name: `Save ${kind}` }).click()]);
    assert.match(download.suggestedFilename(), new RegExp(`\\.${kind.toLowerCase()}$`));
    await download.delete();
  }
  await page.close();
});

test("signing in and out works below the prefix", async () => {
  const colony = await guarded();
  try {
    const at = await proxy(colony.colony);
    const page = await opened({ base: at });
    await page.visit(`trace?id=${colony.trace}`);
    await page.getByLabel("Access token").fill(await colony.token("ana", "--role", "admin"));
    await page.getByRole("button", { name: "Sign in" }).click();
    await page.locator("main.sign-in").waitFor({ state: "detached" });
    await page.settled();
    assert.equal(page.url(), `${at}/ui/trace?id=${colony.trace}`);
    assert.equal(await page.locator("h1").first().textContent(), "GET /buy");
    await page.getByRole("button", { name: "Sign out" }).click();
    await page.getByLabel("Access token").waitFor();
    await page.close();
  } finally {
    await colony.stop();
  }
});
