import assert from "node:assert/strict";
import test from "node:test";
import { load } from "./load.mjs";

const { areaOf, between, cellAt, cellsOf, durationTicks, heightOf, rectangleOf, summary, sumOf, timeTicks, trimmed } = await load("screens/traces/grid.ts");
const { exactDuration, micros } = await load("screens/traces/view.ts");

const map = {
  since_unix_us: 1_000_000_000_000, until_unix_us: 1_000_600_000_000, columns: 10, rows: 3,
  bounds_us: [1_000, 10_000, 100_000, 1_000_000],
  counts: Array.from({ length: 30 }, (_, at) => at % 3), errors: Array.from({ length: 30 }, (_, at) => (at % 3 === 2 ? 1 : 0)),
  traces: 30, cut: false, coverage: [],
};

test("the place of a pointer is a cell, with the shortest durations below", () => {
  assert.deepEqual(cellAt(map, 0, 0), { column: 0, row: 2 });
  assert.deepEqual(cellAt(map, 0.999, 1.5), { column: 9, row: 0 });
  assert.deepEqual(cellAt(map, -1, 0.5), { column: 0, row: 1 });
});

test("cells are an area, which has no bound at an edge", () => {
  const all = between({ column: 9, row: 2 }, { column: 0, row: 0 });
  assert.deepEqual(areaOf(map, all), { from: null, to: null, min: null, max: null });
  assert.deepEqual(areaOf(map, { left: 1, right: 2, bottom: 1, top: 1 }), { from: 1_000_060_000_000, to: 1_000_180_000_000, min: 10_000, max: 100_000 });
});

test("an area is the cells that it was made of", () => {
  for (let left = 0; left < 10; left += 1) {
    for (let right = left; right < 10; right += 1) {
      for (let bottom = 0; bottom < 3; bottom += 1) {
        for (let top = bottom; top < 3; top += 1) {
          const cells = { left, right, bottom, top };
          assert.deepEqual(cellsOf(map, areaOf(map, cells)), cells);
        }
      }
    }
  }
  assert.equal(rectangleOf(map, { from: 2_000_000_000_000, to: null, min: null, max: null }), null);
});

test("heights are logarithmic within the bounds", () => {
  assert.equal(heightOf(map, 1), 0);
  assert.ok(Math.abs(heightOf(map, 31_622.8) - 0.5) < 1e-3);
  assert.equal(heightOf(map, 9_000_000), 1);
});

test("sums and the table have every trace once", () => {
  assert.deepEqual(sumOf(map, { left: 0, right: 9, bottom: 0, top: 2 }), { traces: 30, errors: 10 });
  const { rows } = summary(map, 3);
  assert.deepEqual(rows.map((row) => row.row), [2, 1]);
  assert.equal(rows.flatMap((row) => row.cells).reduce((sum, cell) => sum + cell.traces, 0), 30);
});

test("empty rows above and below are left out", () => {
  const counts = Array.from({ length: 40 }, () => 0);
  counts[1 * 20 + 8] = 3;
  counts[0 * 20 + 14] = 2;
  const wide = { ...map, columns: 2, rows: 20, bounds_us: Array.from({ length: 21 }, (_, at) => 2 ** at), counts, errors: counts };
  const small = trimmed(wide);
  assert.deepEqual([small.rows, small.bounds_us[0], small.bounds_us.at(-1), small.counts.length], [7, 2 ** 8, 2 ** 15, 14]);
  assert.deepEqual([small.counts[1 * 7], small.counts[6]], [3, 2]);
  assert.equal(trimmed({ ...wide, counts: counts.map(() => 0) }).rows, 6);
});

test("axes have few round marks", () => {
  assert.deepEqual(durationTicks(map), [1_000, 10_000, 100_000, 1_000_000]);
  assert.deepEqual(durationTicks({ ...map, bounds_us: [120_000, 480_000] }), [150_000, 200_000, 300_000]);
  const { step, times } = timeTicks(map, 6);
  assert.equal(step, 120_000_000);
  assert.equal(times.length, 5);
});

test("durations of addresses are exact", () => {
  assert.equal(exactDuration(2_000_000), "2s");
  assert.equal(exactDuration(1_500), "1500us");
  assert.equal(micros("1.5s"), 1_500_000);
  assert.equal(micros("200"), null);
  for (const us of [1, 999, 1_000, 168_072, 60_000_000]) assert.equal(micros(exactDuration(us)), us);
});
