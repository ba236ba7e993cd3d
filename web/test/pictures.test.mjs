// The pictures of docs/ui.md are of a demo without further data: `UPDATE_PICTURES=1 node --test test/pictures.test.mjs`
// makes them anew.
import assert from "node:assert/strict";
import { access, mkdir, readFile } from "node:fs/promises";
import { fileURLToPath } from "node:url";
import { test } from "node:test";
import { launch, open } from "./browser.mjs";
import { demo } from "./world.mjs";

const docs = fileURLToPath(new URL("../../docs/", import.meta.url));
const PICTURES = {
  home: "",
  why: "why",
  trace: "trace?id=TRACE",
  traces: "traces?q=service%3Apayments-api",
  compare: "compare?a=TRACE",
  service: "service?name=payments-api",
  map: "map?diff=30m",
};

test("docs/ui.md shows each screen of the list in light and dark", async () => {
  if (process.env.UPDATE_PICTURES) await take();
  const text = await readFile(`${docs}ui.md`, "utf8");
  for (const name of Object.keys(PICTURES)) {
    for (const theme of ["light", "dark"]) {
      assert.ok(text.includes(`pictures/${name}-${theme}.png`), `${name}, ${theme}`);
      await access(`${docs}pictures/${name}-${theme}.png`);
    }
  }
});

async function take() {
  await mkdir(`${docs}pictures`, { recursive: true });
  const running = await demo();
  const browser = await launch();
  for (const theme of ["light", "dark"]) {
    const page = await open(browser, { theme, width: 1280, height: 800, base: running.colony });
    for (const [name, path] of Object.entries(PICTURES)) {
      await page.visit(path.replace("TRACE", running.trace_id));
      await page.screenshot({ path: `${docs}pictures/${name}-${theme}.png` });
    }
    await page.context().close();
  }
  await browser.close();
  await running.stop();
}
