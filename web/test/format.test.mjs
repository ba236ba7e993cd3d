// Numbers of the page are those of the command line: the cases are read from the tests and words of crates/text.
import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import { test } from "node:test";
import { load } from "./load.mjs";

const { duration, percentile, difference } = await load("format/duration.ts");
const { bytes, count, counted, percent, perSecond, rate } = await load("format/count.ts");

test("durations are written as the command line writes them", async () => {
  const source = await readFile(new URL("../../crates/text/src/duration.rs", import.meta.url), "utf8");
  const cases = [...source.matchAll(/\((-?[\d_]+), "([^"]+)"\)/g)].map(([, micros, text]) => [Number(micros.replaceAll("_", "")), text]);
  assert.ok(cases.length >= 20, "the cases of duration.rs were found");
  for (const [micros, text] of cases) assert.equal(duration(micros), text, `${micros} µs`);
});

test("a longer time is never written as a shorter one", () => {
  const UNITS = { "µs": 1, ms: 1e3, s: 1e6, m: 60e6, h: 3_600e6 };
  const read = (text) => [...text.matchAll(/([\d.]+)(µs|ms|s|m|h)/g)].reduce((sum, [, number, unit]) => sum + Number(number) * UNITS[unit], 0);
  let last = 0;
  for (let micros = 0; micros < 200_000_000; micros += 3_331) {
    const now = read(duration(micros));
    assert.ok(now >= last - 1e-6, `${micros}`);
    last = now;
  }
});

test("a percentile says whether it is exact, above the last bucket, or unknown", () => {
  assert.equal(percentile(98_000, true, null), "98ms");
  assert.equal(percentile(98_000, false, null), "≈98ms");
  assert.equal(percentile(null, true, 10_000_000), ">10s");
  assert.equal(percentile(null, true, null), "–");
  assert.equal(difference(436_000), "+436ms");
  assert.equal(difference(-2_000), "−2ms");
  assert.equal(difference(0.2), "±0");
});

test("percentages and rates are rounded as the command line rounds them", () => {
  for (const [part, text] of [[0, "0%"], [0.058, "5.8%"], [0.97, "97%"], [1, "100%"], [0.125, "12%"], [0.135, "14%"], [0.0225, "2.2%"], [0.0275, "2.8%"]]) assert.equal(percent(part), text, `percent ${part}`);
  for (const [part, text] of [[0, "0%"], [0.000_05, "<0.01%"], [0.001_5, "0.15%"], [0.125, "12.5%"], [1, "100%"], [0.1225, "12.2%"], [0.9999, "100.0%"]]) assert.equal(rate(part), text, `rate ${part}`);
  for (const [number, text] of [[0, "0"], [0.058, "0.058"], [3.4, "3.4"], [2.25, "2.2"], [1_200, "1,200"], [10, "10"], [12.5, "13"], [9.99, "10.0"], [1e-12, "0.000000000"]]) assert.equal(perSecond(number), text, `${number} a second`);
});

test("counts are grouped, and agree with their noun", () => {
  assert.equal(count(1_234_567), "1,234,567");
  assert.equal(counted(1, "trace"), "1 trace");
  assert.equal(counted(2, "query", "queries"), "2 queries");
  assert.equal(bytes(999), "999 B");
  assert.equal(bytes(8_300_000), "8.3 MB");
});
