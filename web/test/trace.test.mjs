// The tree, filter, zoom and drawings of the trace, without a browser.
import assert from "node:assert/strict";
import { test } from "node:test";
import { load } from "./load.mjs";

const at = (file) => load(`screens/trace/${file}`);
const [{ Rows }, lines, zoom, matches, scroll, { framesOf }, calls, { operationsOf }, { isWebAddress, cut }, { deepestFailure }] = await Promise.all(
  ["rows.ts", "lines.ts", "zoom.ts", "matches.ts", "scroll.ts", "frame-tree.ts", "call.ts", "operation.ts", "attributes.tsx", "cause.tsx"].map(at),
);

/** A waterfall from `[depth, service, name, start, duration, self, flags]` a row. */
function rows(list, critical = []) {
  const column = (at) => list.map((row) => row[at] ?? 0);
  const services = [...new Set(column(1))];
  const names = [...new Set(column(2))];
  return new Rows({
    services, names, depth: column(0), start_us: column(3), duration_us: column(4), self_us: column(5), flags: column(6),
    service: list.map((row) => services.indexOf(row[1])), name: list.map((row) => names.indexOf(row[2])), kind: list.map(() => 1),
    span_ids: list.map((_, row) => ((row % 7) * 16 ** 9 + row + 1).toString(16).padStart(16, "0")).join(""),
    critical_row: critical.map((one) => one[0]), critical_start_us: critical.map((one) => one[1]), critical_end_us: critical.map((one) => one[2]),
  });
}

const ORPHAN = 2;
const TREE = rows(
  [
    [0, "web", "GET /", 0, 100, 10],
    [1, "pay", "POST", 10, 60, 20],
    [2, "card", "check", 20, 40, 40, 1],
    [1, "stock", "GET", 75, 20, 20],
    [0, "db", "SELECT", 30, 5, 5, ORPHAN],
    [1, "db", "row", 31, 2, 2],
  ],
  [[0, 0, 10], [1, 10, 20], [2, 20, 60], [1, 60, 70], [0, 70, 100]],
);
const OPEN = { level: null, toggled: [] };

test("subtrees, parents, siblings and segments of the critical path", () => {
  assert.deepEqual([...TREE.end], [4, 3, 3, 4, 6, 6]);
  assert.deepEqual([...TREE.parent], [-1, 0, 1, 0, -1, 4]);
  assert.deepEqual([...TREE.position], [1, 1, 1, 2, 2, 1]);
  assert.deepEqual([0, 1, 2, 3, 4, 5].map((row) => TREE.setSize(row)), [2, 2, 1, 2, 2, 1]);
  assert.equal(TREE.firstOrphan, 4);
  assert.deepEqual([...TREE.segmentsAt], [0, 2, 4, 5, 5, 5, 5]);
  assert.deepEqual([...TREE.segmentEnd.subarray(2, 4)], [20, 70]);
  assert.deepEqual(TREE.above(2), [1, 0]);
});

test("a row is found by its id, by its beginning only where that is enough, and by its number", () => {
  for (let row = 0; row < TREE.count; row += 1) {
    assert.equal(TREE.find(TREE.keyOf(row)), row);
    assert.equal(TREE.find(TREE.shortKeyOf(row)), row);
  }
  assert.equal(TREE.find("row3"), 3);
  for (const wrong of ["row99", "", "zz", "ffffffff", "'"]) assert.equal(TREE.find(wrong), -1);
});

test("lines: closed rows, the line above orphans, one subtree, only matches", () => {
  const { ORPHANS, ORPHANS_KEY, linesOf, toggle } = lines;
  assert.deepEqual([...linesOf(TREE, OPEN, null, null)], [0, 1, 2, 3, ORPHANS, 4, 5]);
  assert.deepEqual([...linesOf(TREE, toggle(TREE, OPEN, 1), null, null)], [0, 1, 3, ORPHANS, 4, 5]);
  assert.deepEqual(toggle(TREE, toggle(TREE, OPEN, 1), 1), OPEN);
  assert.deepEqual([...linesOf(TREE, { level: 0, toggled: [] }, null, null)], [0, ORPHANS, 4]);
  assert.deepEqual([...linesOf(TREE, { level: 0, toggled: [TREE.shortKeyOf(0), ORPHANS_KEY] }, null, null)], [0, 1, 3, ORPHANS]);
  assert.deepEqual([...linesOf(TREE, OPEN, 1, null)], [1, 2]);
  const keep = lines.withAbove(TREE, Uint8Array.from([0, 0, 1, 0, 0, 0]));
  assert.deepEqual([...linesOf(TREE, OPEN, null, keep)], [0, 1, 2]);
});

test("every row is on its line, and a hidden row on that of the row above it", () => {
  const shown = lines.linesOf(TREE, OPEN, null, null);
  shown.forEach((row, line) => assert.equal(lines.lineOf(TREE, shown, row), line));
  const closed = lines.linesOf(TREE, lines.toggle(TREE, OPEN, 0), null, null);
  assert.equal(closed[lines.lineOf(TREE, closed, 2)], 0);
});

test("levels close from the deepest and open again", () => {
  const one = lines.changeLevel(TREE, OPEN, -1);
  assert.deepEqual([...lines.linesOf(TREE, one, null, null)], [0, 1, 3, lines.ORPHANS, 4, 5]);
  assert.deepEqual(lines.changeLevel(TREE, one, 1), OPEN);
});

test("a filter takes the search, the pills and the services together", () => {
  const of = (filter) => matches.matchesOf(TREE, { found: null, pills: [], services: [], ...filter }, 100, null);
  assert.equal(of({}), null);
  assert.deepEqual([...of({ found: [1, 2, 99] })], [0, 1, 1, 0, 0, 0]);
  assert.deepEqual([...of({ pills: ["errors"] })], [0, 0, 1, 0, 0, 0]);
  assert.deepEqual([...of({ found: [1, 2], services: ["card"] })], [0, 0, 1, 0, 0, 0]);
  assert.deepEqual([...of({ pills: ["slow"] })], [1, 1, 1, 1, 0, 0]);
  assert.equal(matches.nextRow(6, 2, 1, (row) => row === 1), 1);
  assert.equal(matches.nextRow(6, 0, -1, (row) => row === 5), 5);
  assert.equal(matches.nextRow(0, -1, 1, () => true), -1);
});

test("zoom stays within the trace and survives the URL", () => {
  for (const length of [0, 1, 2, 100, 1e12]) {
    const all = { start: 0, end: Math.max(1, length) };
    assert.deepEqual(zoom.readZoom(null, length), all);
    for (const text of ["5-3", "a-b", "-1-5", "1e3-2e3", "99999999999999999-5"]) assert.deepEqual(zoom.readZoom(text, length), all);
    for (const range of [{ start: -50, end: 20 }, { start: 90, end: 500 }, { start: 40, end: 40 }]) {
      const { start, end } = zoom.clamp(range, length);
      assert.ok(start >= 0 && end > start && end <= Math.max(1, length), `${start}-${end} of ${length}`);
    }
  }
  const range = { start: 120, end: 430 };
  assert.deepEqual(zoom.readZoom(zoom.writeZoom(range, 1_000), 1_000), range);
  assert.equal(zoom.writeZoom({ start: 0, end: 1_000 }, 1_000), null);
  assert.deepEqual(zoom.ticks({ start: 0, end: 488_000 }, 5), [0, 100_000, 200_000, 300_000, 400_000]);
});

test("at most 80 lines are in the page, and every line can be scrolled to", () => {
  for (const count of [1, 18, 100_000, 3_000_000]) {
    for (const view of [300, 900, 4_000]) {
      for (const line of [0, Math.floor(count / 2), count - 1]) {
        const top = scroll.scrollTo(line, count, 28, 0, view, "nearest");
        const shown = scroll.shown(count, 28, top, view);
        assert.ok(shown.end - shown.first <= 80);
        assert.ok(shown.height <= scroll.MAX_PIXELS);
        if (view < 2_000) assert.ok(line >= shown.first && line < shown.end, `${line} of ${count} in ${view}: ${shown.first}-${shown.end}`);
        const y = shown.origin + line * 28;
        if (view < 2_000) assert.ok(y >= top - 30 && y + 28 <= top + view + 30, `${line} of ${count} is at ${y - top} of ${view}`);
      }
    }
  }
});

test("frames of a flame graph lie within their parents and sum to the own times", () => {
  const { all, total } = framesOf(TREE);
  assert.equal(total, 97);
  for (const frame of all) {
    if (frame.parent === null) continue;
    assert.ok(frame.start >= frame.parent.start && frame.start + frame.total <= frame.parent.start + frame.parent.total);
  }
  const repeated = framesOf(rows([[0, "a", "x", 0, 9, 1], [1, "b", "y", 0, 2, 2], [1, "b", "y", 3, 2, 2]]));
  assert.deepEqual(repeated.all.map((frame) => frame.spans), [1, 2]);
});

test("calls between services, and layers in spite of circles", () => {
  const found = calls.callsOf(TREE);
  assert.deepEqual(found.map(({ from, to, errors }) => [TREE.services[from], TREE.services[to], errors]), [["web", "pay", 0], ["pay", "card", 1], ["web", "stock", 0]]);
  const layer = (places, service) => places.find((place) => place.service === service).layer;
  const places = calls.layersOf([0, 1, 2, 3], found);
  assert.deepEqual([0, 1, 2, 3].map((service) => layer(places, service)), [0, 1, 2, 1]);
  const circle = [[0, 1], [1, 2], [2, 0]].map(([from, to]) => ({ from, to, calls: 1, errors: 0, total: 1, isCritical: false }));
  assert.deepEqual(new Set(calls.layersOf([0, 1, 2], circle).map((place) => place.layer)), new Set([0, 1, 2]));
});

test("operations are summed, the largest own time first", () => {
  const [first] = operationsOf(TREE, null, "self");
  assert.equal(first.name, "check");
  assert.deepEqual(operationsOf(TREE, Uint8Array.from([0, 0, 0, 0, 1, 0]), "spans").map((one) => one.name), ["SELECT"]);
});

test("only addresses of web pages become links, and no character is cut in half", () => {
  assert.ok(isWebAddress("https://example.com/a?b=c"));
  for (const text of ["javascript:alert(1)", " https://a.b", "https://a.b/ c", "http://", "data:text/html,x", "https://a\u202eb", `https://a.b/${"x".repeat(3_000)}`]) {
    assert.ok(!isWebAddress(text), text);
  }
  assert.equal(cut("ab😀", 3), "ab");
});

test("the deepest failing span has no failing span below it", () => {
  assert.deepEqual(deepestFailure(TREE), { row: 2, places: 1 });
  assert.equal(deepestFailure(rows([[0, "a", "x", 0, 9, 1, 1], [1, "b", "y", 0, 2, 2, 1], [2, "b", "z", 0, 1, 1]])).row, 1);
  assert.deepEqual(deepestFailure(rows([[0, "a", "x", 0, 9, 1]])), { row: -1, places: 0 });
});
