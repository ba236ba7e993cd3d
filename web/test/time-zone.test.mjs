// Times are in UTC, or in the zone of the browser: the same moment, said in one zone everywhere.
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { answersOf } from "./answers.mjs";
import { launch, open, WORLD } from "./browser.mjs";

const ZONES = ["UTC", "America/New_York"];
let browser;
before(async () => { browser = await launch(); });
after(() => browser.close());

const clock = (us, timeZone, more = {}) => new Intl.DateTimeFormat("en-GB", { hour: "2-digit", minute: "2-digit", hourCycle: "h23", timeZone, ...more }).format(us / 1_000);

for (const timezoneId of ZONES) {
  test(`in a browser in ${timezoneId}, times are in UTC until they are asked for in local time`, async () => {
    const page = await open(browser, { timezoneId });
    await answersOf(page);
    const trace = await (await fetch(`${WORLD.colony}/api/v1/traces/${WORLD.trace_id}/waterfall`)).json();
    const began = trace.start_time_unix_us;

    await page.visit(`trace?id=${WORLD.trace_id}`);
    const facts = page.locator(".trace-facts");
    assert.match(await facts.innerText(), new RegExp(`${clock(began, "UTC", { second: "2-digit" })}\\.\\d{3} UTC`));
    await page.getByRole("button", { name: "UTC", exact: true }).click();
    await page.getByRole("button", { name: "Local", exact: true }).waitFor();
    assert.match(page.url(), /tz=local/);
    const local = await facts.innerText();
    assert.match(local, new RegExp(`${clock(began, timezoneId, { second: "2-digit" })}\\.\\d{3} ${timezoneId === "UTC" ? "UTC" : "(GMT-[45]|E[SD]T)"}`));

    // The zone goes along to other screens, and stays after a reload.
    await page.keyboard.press("g");
    await page.keyboard.press("t");
    await page.waitForURL(/traces\?.*tz=local/);
    await page.reload();
    await page.settled();
    const first = page.locator("table.traces time").first();
    assert.equal((await first.innerText()).slice(0, 5), clock(Date.parse(await first.getAttribute("datetime")) * 1_000, timezoneId));
    assert.match(await page.locator("main").innerText(), /Time in your time zone/);

    await page.keyboard.press("g");
    await page.keyboard.press("h");
    await page.settled();
    const since = page.locator(".home-cause .facts div").filter({ hasText: "Since" });
    assert.match(await since.innerText(), new RegExp(`${clock(WORLD.began_unix_us, timezoneId).slice(0, 2)}:\\d\\d`));
    assert.deepEqual(await page.wrongs(), []);
    await page.context().close();
  });

  test(`in a browser in ${timezoneId}, times that are typed are of the zone that the page shows`, async () => {
    const page = await open(browser, { timezoneId });
    await answersOf(page);
    const [from, to] = [Date.now() - 1_200_000, Date.now() - 300_000].map((ms) => Math.floor(ms / 60_000) * 60_000);
    for (const [zone, query] of [["UTC", ""], [timezoneId, "?tz=local"]]) {
      await page.visit(`status${query}`);
      await page.locator(".tools summary").click();
      await page.getByLabel("From").fill(clock(from * 1_000, zone));
      await page.getByLabel("To", { exact: true }).fill(clock(to * 1_000, zone));
      await page.getByRole("button", { name: "Use these times" }).click();
      await page.settled();
      const services = new URL(page.asked.filter((url) => /\/services\?/.test(url)).at(-1)).searchParams;
      const answer = await (await fetch(`${WORLD.colony}/api/v1/services?${services}`)).json();
      assert.equal(answer.since_unix_us, from * 1_000, `from, in ${zone}`);
      assert.equal(answer.until_unix_us, to * 1_000, `to, in ${zone}`);
      // A copied link is in UTC, whoever opens it.
      await page.keyboard.press("[");
      assert.match(new URL(page.url()).searchParams.get("to"), /Z$/);
    }
    assert.deepEqual(await page.wrongs(), []);
    await page.context().close();
  });
}
