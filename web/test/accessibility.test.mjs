// Each screen in both themes and three widths: no violation of accessibility rules, no message on the console, nothing
// from elsewhere, no sideways scrolling. A screenshot of each is left in $OUT.
import assert from "node:assert/strict";
import { mkdir } from "node:fs/promises";
import { after, before, test } from "node:test";
import { launch, open } from "./browser.mjs";
import { SCREENS } from "./screens.mjs";

const out = process.env.OUT;
let browser;
before(async () => {
  browser = await launch();
  if (out) await mkdir(out, { recursive: true });
});
after(() => browser.close());

const LOUD = { missing: [/404/], sql: [/4\d\d|503/] };

for (const [name, path] of Object.entries(SCREENS)) {
  test(`${name} is accessible in both themes and three widths`, async () => {
    for (const theme of ["light", "dark"]) {
      const page = await open(browser, { theme, expects: LOUD[name] ?? [] });
      await page.visit(path);
      for (const width of [1440, 768, 360]) {
        await page.setViewportSize({ width, height: 900 });
        await page.settled();
        if (out) await page.screenshot({ path: `${out}/${name}-${theme}-${width}.png`, fullPage: width === 360 });
        const wrongs = [...(await page.violations()), ...(await page.wrongs())];
        assert.deepEqual(wrongs, [], `${name}, ${theme}, ${width} px`);
      }
      await page.context().close();
    }
  });
}

test("with forced colours every screen shows its text", async () => {
  for (const [name, path] of Object.entries(SCREENS)) {
    const page = await open(browser, { forcedColors: "active", expects: LOUD[name] ?? [] });
    await page.visit(path);
    assert.deepEqual([...(await page.violations()), ...(await page.wrongs())], [], name);
    await page.context().close();
  }
});
