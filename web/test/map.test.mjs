import assert from "node:assert/strict";
import test from "node:test";
import { load } from "./load.mjs";

const { calls, summary } = await load("screens/map/changes.ts");
const { walk } = await load("screens/map/walk.ts");
const { path } = await load("screens/map/line.tsx");
const { cut } = await load("screens/map/node.tsx");

const edge = (from, to, more) => ({ from, to, protocol: "http", calls: 100, errors: 0, p50_us: 1_000, p95_us: 2_000, p99_us: 3_000, exact: true, ...more });

test("changed calls come first, also those that are gone", () => {
  const slow = edge("a", "b", { p50_us_before: 900, p95_us_before: 500 });
  const failing = edge("b", "c", { errors: 6, calls_before: 50, errors_before: 1 });
  const gone = edge("a", "x", { calls: 20 });
  const all = calls({
    edges: [edge("a", "c", { calls: 900 }), slow, failing],
    diff: { added: [], removed: [gone], slower: [slow], failing: [failing] },
  });
  assert.deepEqual(all.map((call) => [call.edge.from + call.edge.to, call.changes.map(({ says }) => says)]), [
    ["bc", ["2.0% → 6.0% failed"]],
    ["ab", ["P95 500µs → 2ms"]],
    ["ax", ["20 calls before"]],
    ["ac", []],
  ]);
  assert.equal(summary(all), "1 call is failing, 1 is slower, 1 is gone");
  assert.equal(summary(calls({ edges: [edge("a", "b")], diff: null })), "");
});

test("arrows follow calls, and go up and down in a column", () => {
  const node = (name, x, y) => ({ name, kind: "service", x, y, width: 100, height: 48, folded: 0 });
  const layout = {
    width: 500, height: 200, nodes: [node("a", 0, 0), node("b", 200, 0), node("c", 200, 80), node("d", 400, 80)],
    edges: [edge("a", "b"), edge("a", "c"), edge("c", "d"), edge("d", "a"), edge("b", "b")].map((edge) => ({ ...edge, points: [], removed: false })),
  };
  assert.equal(walk(layout, "a", "ArrowRight"), "b");
  assert.equal(walk(layout, "b", "ArrowDown"), "c");
  assert.equal(walk(layout, "c", "ArrowRight"), "d");
  assert.equal(walk(layout, "d", "ArrowLeft"), "c");
  assert.equal(walk(layout, "a", "ArrowLeft"), "d");
  assert.equal(walk(layout, "b", "ArrowRight"), null);
  assert.equal(walk(layout, "a", "ArrowUp"), null);
  assert.equal(walk(layout, "nobody", "ArrowUp"), null);
});

test("lines are level at their corners where they lead to the right", () => {
  assert.equal(path([[0, 0], [10, 0], [30, 20], [20, 40]]), "M0 0L10 0C20 0 20 20 30 20L20 40");
  assert.equal(path([]), "");
});

test("a long name keeps its beginning and its end", () => {
  assert.equal(cut("payments", 8), "payments");
  assert.equal(cut("postgresql://cards:5432", 13), "postgres…5432");
});
