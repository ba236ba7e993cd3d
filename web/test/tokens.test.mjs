// Contrast and colour blindness, computed from the colours of style/tokens.css in both themes.
import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import { test } from "node:test";

const css = await readFile(new URL("../src/style/tokens.css", import.meta.url), "utf8");
const tokens = Object.fromEntries([...css.matchAll(/--([\w-]+):\s*light-dark\((#[0-9a-f]{6}),\s*(#[0-9a-f]{6})\)/g)].map(([, name, light, dark]) => [name, { light, dark }]));
const THEMES = ["light", "dark"];
const SERVICES = Array.from({ length: 8 }, (_, at) => `service-${at + 1}`);
const SURFACES = ["surface", "surface-raised", "surface-sunken", "surface-hover", "surface-chosen"];

const linear = (hex) => [1, 3, 5].map((at) => Number.parseInt(hex.slice(at, at + 2), 16) / 255).map((part) => (part <= 0.04045 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4));
const luminance = ([red, green, blue]) => 0.2126 * red + 0.7152 * green + 0.0722 * blue;
function contrast(one, other) {
  const [high, low] = [luminance(linear(one)), luminance(linear(other))].sort((a, b) => b - a);
  return (high + 0.05) / (low + 0.05);
}

/** Pairs with less contrast than they need, in words. */
function weak(pairs, least) {
  return THEMES.flatMap((theme) => pairs.flatMap(([one, other]) => {
    const found = contrast(tokens[one][theme], tokens[other][theme]);
    return found >= least ? [] : [`${one} on ${other}, ${theme}: ${found.toFixed(2)}`];
  }));
}
const pairs = (of, on) => of.flatMap((one) => on.map((other) => [one, other]));

test("text has 4.5:1 on every surface it stands on", () => {
  assert.deepEqual(weak(pairs(["text", "text-soft", "link", "bad", "warn", "good"], SURFACES), 4.5), []);
  assert.deepEqual(weak([...pairs(["text", "text-soft", "bad", "link"], ["bad-surface"]), ...pairs(["text", "text-soft", "warn", "link"], ["warn-surface"])], 4.5), []);
  assert.deepEqual(weak(pairs(["brand"], ["surface", "surface-raised"]), 4.5), []);
});

test("bars, borders of controls and focus have 3:1 on what is behind them", () => {
  assert.deepEqual(weak(pairs(["fill", "bad-fill", "critical", "line-control", "focus", ...SERVICES], ["surface", "surface-raised", "surface-hover", "surface-chosen"]), 3), []);
  assert.deepEqual(weak(pairs(["fill-before"], ["surface"]), 3), []);
});

// Machado, Oliveira, Fernandes 2009, full severity, for linear RGB.
const SIGHT = {
  "full sight": [[1, 0, 0], [0, 1, 0], [0, 0, 1]],
  protanopia: [[0.152286, 1.052583, -0.204868], [0.114503, 0.786281, 0.099216], [-0.003882, -0.048116, 1.051998]],
  deuteranopia: [[0.367322, 0.860646, -0.227968], [0.280085, 0.672501, 0.047413], [-0.01182, 0.04294, 0.968881]],
  tritanopia: [[1.255528, -0.076749, -0.178779], [-0.078411, 0.930809, 0.147602], [0.004733, 0.691367, 0.3039]],
};

/** The place of linear RGB in Oklab, where distances are as large as they look. */
function oklab([red, green, blue]) {
  const [l, m, s] = [[0.4122214708, 0.5363325363, 0.0514459929], [0.2119034982, 0.6806995451, 0.1073969566], [0.0883024619, 0.2817188376, 0.6299787005]]
    .map(([a, b, c]) => Math.cbrt(a * red + b * green + c * blue));
  return [0.2104542553 * l + 0.793617785 * m - 0.0040720468 * s, 1.9779984951 * l - 2.428592205 * m + 0.4505937099 * s, 0.0259040371 * l + 0.7827717662 * m - 0.808675766 * s];
}

/** Twice and a half of what an eye just tells apart side by side; the name always stands beside the colour. */
const APART = 0.05;

test("the eight colours of services stay apart for every kind of colour vision", () => {
  const near = THEMES.flatMap((theme) => Object.entries(SIGHT).flatMap(([sight, matrix]) => {
    const seen = SERVICES.map((name) => {
      const colour = linear(tokens[name][theme]);
      return oklab(matrix.map((row) => Math.min(1, Math.max(0, row.reduce((sum, part, at) => sum + part * colour[at], 0)))));
    });
    return SERVICES.flatMap((one, at) => SERVICES.slice(at + 1).flatMap((other, more) => {
      const distance = Math.hypot(...seen[at].map((part, axis) => part - seen[at + 1 + more][axis]));
      return distance >= APART ? [] : [`${one} and ${other}, ${theme}, ${sight}: ${distance.toFixed(3)}`];
    }));
  }));
  assert.deepEqual(near, []);
});
