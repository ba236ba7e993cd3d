// A colony that asks who is there: signing in and out, and what each person is shown.
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { launch, open } from "./browser.mjs";
import { guarded } from "./guarded.mjs";
import { until } from "./world.mjs";

let browser;
let colony;
before(async () => { [browser, colony] = await Promise.all([launch(), guarded()]); });
after(async () => { await Promise.all([browser?.close(), colony?.stop()]); });

const REFUSED = [/401/];
const opened = (more = {}) => open(browser, { base: colony.colony, ...more });
const heading = (page) => page.locator("h1").first().textContent();
const links = (page) => page.locator("nav[aria-label=Pages] a").allTextContents();

/** Signs in where the page asks for it, and waits for the screen behind it. */
async function signIn(page, token) {
  await page.getByLabel("Access token").fill(token);
  await page.getByRole("button", { name: "Sign in" }).click();
  await page.locator("main.sign-in").waitFor({ state: "detached" });
  await page.settled();
}

/** Ends the test's page, which may have done nothing that is forbidden. */
async function close(page) {
  assert.deepEqual(await page.wrongs(), []);
  await page.context().close();
}

test("nothing is asked before somebody signs in", async () => {
  const page = await opened();
  await page.visit(`trace?id=${colony.trace}`);
  assert.equal(await heading(page), "Sign in to Coral");
  assert.equal(await page.title(), "Sign in · Coral");
  assert.deepEqual(page.asked, []);
  assert.equal(await page.getByLabel("Access token").getAttribute("type"), "password");
  assert.deepEqual(await page.violations(), []);
  await close(page);
});

test("a wrong token is refused in words, and the right one opens the page that was asked for", async () => {
  const page = await opened({ expects: REFUSED });
  await page.visit(`trace?id=${colony.trace}`);
  await page.getByLabel("Access token").fill("coral_wrong");
  await page.getByRole("button", { name: "Sign in" }).click();
  assert.match(await page.getByRole("alert").textContent(), /token/);
  const secret = await colony.token("ana", "--role", "admin");
  await signIn(page, secret);
  assert.equal(await heading(page), "GET /buy");
  assert.equal(new URL(page.url()).search, `?id=${colony.trace}`);
  assert.ok(!(await page.content()).includes(secret), "the token is not in the page");
  const cookies = await page.context().cookies();
  assert.ok(cookies.length > 0 && cookies.every((cookie) => cookie.httpOnly && cookie.sameSite !== "None"), "no script reads the session");
  assert.ok(!JSON.stringify(await page.evaluate(() => ({ ...localStorage, ...sessionStorage }))).includes("coral_"), "the token is not stored");
  await close(page);
});

test("an administrator uses every screen, and signs out", async () => {
  const page = await opened({ expects: [/503/] });
  await page.visit("");
  await signIn(page, await colony.token("bo", "--role", "admin"));
  assert.deepEqual(await links(page), ["Home", "Traces", "Map", "Why", "SQL", "Status"]);
  for (const path of ["", "traces", `trace?id=${colony.trace}`, "service?name=vault", "why?service=vault", "map", `compare?a=${colony.trace}`, "ask?q=why+is+vault+slow%3F", "sql", "status"]) {
    await page.visit(path);
    assert.equal(await page.locator("[role=alert]").count(), 0, `no question of "${path}" fails: ${await page.locator("[role=alert]").allTextContents()}`);
    assert.equal(await page.locator("main.sign-in").count(), 0, path);
  }
  await page.getByRole("button", { name: "Sign out" }).click();
  await page.getByLabel("Access token").waitFor();
  await page.reload();
  await page.settled();
  assert.equal(await heading(page), "Sign in to Coral");
  await page.goBack();
  await page.settled();
  assert.equal(await heading(page), "Sign in to Coral");
  await close(page);
});

test("a viewer has no SQL, and an analyst who may has", async () => {
  // Whoever may ask is told what a colony without DuckDB says.
  const page = await opened({ expects: [/503/] });
  await page.visit("sql?q=select+1");
  await signIn(page, await colony.token("vi", "--role", "viewer"));
  assert.deepEqual(await links(page), ["Home", "Traces", "Map", "Why", "Status"]);
  assert.match(await page.locator("main").textContent(), /You may not ask in SQL/);
  assert.equal(page.asked.filter((url) => url.includes("/sql")).length, 0);
  await page.getByRole("button", { name: "Sign out" }).click();
  await signIn(page, await colony.token("al", "--role", "analyst", "--sql"));
  assert.ok((await links(page)).includes("SQL"));
  assert.equal(await page.getByLabel("Statement").inputValue(), "select 1");
  await close(page);
});

test("the next person at a browser sees no answer of the one before", async () => {
  const page = await opened();
  await page.visit(`trace?id=${colony.trace}`);
  await signIn(page, await colony.token("one", "--role", "admin"));
  await page.getByText("POST /secret").first().waitFor();
  await page.getByRole("button", { name: "Sign out" }).click();
  const token = await colony.token("two", "--services", "front");
  let release;
  const released = new Promise((resolve) => { release = resolve; });
  await page.route("**/waterfall*", async (route) => { await released; await route.continue(); });
  await page.getByLabel("Access token").fill(token);
  await page.getByRole("button", { name: "Sign in" }).click();
  await page.locator(".limited").waitFor();
  assert.doesNotMatch(await page.locator("main").textContent(), /vault|POST .secret/);
  release();
  await page.settled();
  await close(page);
});

test("who is limited to services sees others as hidden, and is told so", async () => {
  const page = await opened();
  await page.visit(`trace?id=${colony.trace}`);
  await signIn(page, await colony.token("lim", "--services", "front,stock"));
  assert.match(await page.locator(".limited").textContent(), /You see services front, stock\./);
  assert.deepEqual(await links(page), ["Home", "Traces", "Map", "Why"]);
  const rows = await page.locator("[role=row][data-row]").allTextContents();
  assert.equal(rows.length, 4);
  assert.equal(rows.filter((row) => row.includes("hidden service")).length, 2);
  assert.match(await page.locator("main").textContent(), /2 spans of services that you may not see/);
  await page.locator("[role=row]").filter({ hasText: "hidden service" }).first().click();
  assert.match(await page.locator(".details").textContent(), /You may not see the spans of this service/);
  await page.settled();
  for (const path of ["", "traces", `trace?id=${colony.trace}`, "map", "service?name=stock", "service?name=vault", `compare?a=${colony.trace}`]) {
    await page.visit(path);
    assert.equal(await page.locator("[role=alert]").count(), 0, `no question of "${path}" fails`);
    const text = (await page.locator("main").textContent()) + (await page.content());
    // The address of the service page has the name that its reader wrote.
    if (!path.includes("vault")) assert.doesNotMatch(text, /vault/, `"${path}" does not name a hidden service`);
    assert.doesNotMatch(text, /ledger|POST \/secret|out of paper/, `"${path}" tells nothing of a hidden service`);
  }
  await close(page);
});

test("after a session has ended, the page asks to sign in and then shows the same page", async () => {
  const page = await opened({ expects: REFUSED });
  await page.visit("");
  await signIn(page, await colony.token("eve", "--role", "viewer"));
  await page.visit(`trace?id=${colony.trace}`);
  await page.locator("[role=row]").filter({ hasText: "GET /items" }).click();
  await page.locator(".details").getByText("Attributes").waitFor();
  const address = page.url();
  assert.match(address, /span=/);
  await colony.revoke("eve");
  // The colony notices within a second.
  const token = page.getByLabel("Access token");
  await until(async () => {
    await page.keyboard.press("r");
    await page.settled();
    return await token.isVisible();
  }, "the page asks to sign in");
  await signIn(page, await colony.token("eve2", "--role", "viewer"));
  assert.equal(await heading(page), "GET /buy");
  assert.equal(page.url(), address);
  assert.equal(await page.locator("#details-title").textContent(), "GET /items");
  await close(page);
});
