// Chromium with what every test forbids: a message on the console, a violation of the content security
// policy, a request to another origin, more than two questions at once, and a page that scrolls sideways.
import { readFile } from "node:fs/promises";
import { createRequire } from "node:module";
import { chromium } from "playwright-core";

const axe = await readFile(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");
export const WORLD = process.env.CORAL_WORLD ? JSON.parse(process.env.CORAL_WORLD) : null;
const MAX_IN_FLIGHT = 2;
const LONGEST_MS = 60_000;

export async function launch() {
  return chromium.launch({ executablePath: process.env.CHROMIUM ?? "/usr/bin/chromium", args: ["--no-sandbox"] });
}

/** A page that fails its test at `check()` if something forbidden happened. */
export async function open(browser, { base = WORLD.colony, width = 1440, height = 900, theme = "light", expects = [], ...more } = {}) {
  const context = await browser.newContext({ viewport: { width, height }, colorScheme: theme, reducedMotion: "reduce", ...more });
  const page = await context.newPage();
  const wrong = [];
  // Chromium says so itself when a session ends.
  const isExpected = (text) => [...expects, /^Clear-Site-Data header on .* Cleared data types: "cache"\.$/].some((pattern) => pattern.test(text));
  await page.addInitScript(() => {
    addEventListener("securitypolicyviolation", (event) => console.error(`policy violated: ${event.violatedDirective} ${event.blockedURI}`));
    // Counted where they are asked: the browser reports the end of a request late.
    const fetchOf = globalThis.fetch;
    globalThis.most = 0;
    let now = 0;
    globalThis.fetch = async (url, init) => {
      const isQuestion = /\/api\/v1\//.test(String(url)) && !String(url).endsWith("/whoami");
      if (isQuestion) globalThis.most = Math.max(globalThis.most, (now += 1));
      try {
        return await fetchOf(url, init);
      } finally {
        if (isQuestion) now -= 1;
      }
    };
  });
  page.on("console", (message) => { if (!isExpected(message.text())) wrong.push(`console ${message.type()}: ${message.text()}`); });
  page.on("pageerror", (error) => wrong.push(`error: ${error.message}`));
  const inFlight = new Set();
  const asked = [];
  page.on("request", (request) => {
    const url = request.url();
    if (!url.startsWith(new URL(base).origin) && !url.startsWith("data:") && !url.startsWith("blob:")) wrong.push(`foreign request: ${url}`);
    if (!isQuestion(url)) return;
    inFlight.add(request);
    asked.push(url);
  });
  const ended = (request) => inFlight.delete(request);
  page.on("requestfinished", ended);
  page.on("requestfailed", ended);
  return Object.assign(page, {
    asked,
    /** Messages on the console that are expected from now on. */
    forgive(patterns) { expects = patterns; },
    /** Opens a page such as `traces?q=…`, and waits until nothing is loading. */
    async visit(path) {
      await page.goto(`${base}/ui/${path}`);
      await page.settled();
    },
    /** Waits until the screen has its answers. */
    async settled() {
      await page.locator("h1").first().waitFor();
      const end = Date.now() + LONGEST_MS;
      for (let quiet = 0; quiet < 3;) {
        await page.waitForTimeout(60);
        const busy = await page.locator("[aria-busy=true]").count();
        quiet = inFlight.size === 0 && busy === 0 ? quiet + 1 : 0;
        if (Date.now() > end) throw new Error(`${page.url()} has no answers after ${LONGEST_MS} ms; ${busy} parts wait, asked and not answered: ${[...inFlight].map((one) => one.url())}`);
      }
    },
    /** Violations of accessibility rules (WCAG 2.0 A to 2.2 AA, best practices). */
    async violations() {
      await page.evaluate(axe);
      const found = await page.evaluate(() => globalThis.axe.run({ runOnly: ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"] }));
      return found.violations.map(({ id, nodes }) => `${id}: ${nodes.slice(0, 3).map((node) => `${node.target} ${node.any[0]?.message ?? ""}`).join(" | ")} (${nodes.length})`);
    },
    /** What happened that must not, so far. */
    async wrongs() {
      const wide = await page.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth);
      const most = await page.evaluate(() => globalThis.most);
      const hacked = await page.evaluate(() => "hacked" in globalThis);
      return [...wrong, ...(most > MAX_IN_FLIGHT ? [`${most} questions at once`] : []), ...(wide > 0 ? [`the page is ${wide} px too wide`] : []), ...(hacked ? ["a span ran code"] : [])];
    },
  });
}

function isQuestion(url) {
  return /\/api\/v1\//.test(url) && !url.endsWith("/whoami");
}
