import assert from "node:assert/strict";
import test from "node:test";
import { load } from "./load.mjs";

const { axis, apart, roundUp, timeTicks } = await load("parts/chart/scale.ts");

test("numbers of an axis are round and reach the largest value", () => {
  assert.equal(roundUp(3), 5);
  assert.equal(roundUp(0.21), 0.25);
  assert.equal(roundUp(0), 1);
  for (const max of [0, 0.013, 1, 7, 99, 126_000, 5e9]) {
    const { top, ticks } = axis(max);
    assert.ok(top >= max, `${top} of ${max}`);
    assert.equal(ticks[0], 0);
    assert.ok(Math.abs(ticks.at(-1) - top) < 1e-9 * top);
    assert.ok(ticks.length <= 6, `${ticks.length} lines for ${max}`);
  }
});

test("times of an axis are round, inside, and not too many", () => {
  const since = 1_795_783_053_209_209;
  for (const minutes of [5, 15, 75, 24 * 60, 7 * 24 * 60]) {
    const ticks = timeTicks(since, since + minutes * 60e6, 6);
    assert.ok(ticks.length >= 1 && ticks.length <= 7, `${ticks.length} for ${minutes} min`);
    for (const tick of ticks) assert.ok(tick >= since && tick % 60e6 === 0 && tick < since + minutes * 60e6);
  }
});

test("dots that are too near to one before them are left out", () => {
  assert.deepEqual(apart([{ x: 0, y: 0 }, { x: 10, y: 0 }, { x: 30, y: 0 }], 24), [{ x: 0, y: 0 }, { x: 30, y: 0 }]);
});
