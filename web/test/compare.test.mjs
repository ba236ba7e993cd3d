import assert from "node:assert/strict";
import test from "node:test";
import { load } from "./load.mjs";

const { deepestLonger, differing, differs, mainRows, telling, unexplained } = await load("screens/compare/rows.ts");

const times = (more = {}) => ({ traces: 1, calls: 1, p50_us: 10, p95_us: 10, self_p50_us: 10, errors: 0, example: { trace_id: "a", span_id: "b" }, ...more });
const row = (name, depth, share, more = {}) => ({ depth, service: "s", name, kind: "server", a: times(), b: times(), delta_us: 0, share, ...more });

test("a row differs by time, by failures, or by being on one side only", () => {
  assert.equal(differs(row("same", 0, 0.004)), false);
  assert.equal(differs(row("slower", 0, 0.5)), true);
  assert.equal(differs(row("faster", 0, -0.5)), true);
  assert.equal(differs(row("new", 0, null, { b: null })), true);
  assert.equal(differs(row("fails", 0, 0, { a: times({ errors: 1 }) })), true);
  assert.equal(differs(row("fails on both", 0, 0, { a: times({ errors: 1 }), b: times({ errors: 60, traces: 60 }) })), false);
});

test("operations above a row that differs stay, others go", () => {
  const rows = [row("root", 0, 0), row("same", 1, 0), row("below", 2, 0), row("caller", 1, 0), row("slow", 2, 0.9), row("other root", 0, 0)];
  assert.deepEqual(differing(rows).map((one) => one.name), ["root", "caller", "slow"]);
});

test("the main rows are the fewest that make up most of the difference", () => {
  const rows = [row("one", 0, 0.2), row("two", 1, 0.7), row("three", 2, 0.06), row("less", 2, -0.3)];
  assert.deepEqual(mainRows({ rows, delta_us: 5 }).map((one) => one.name), ["two", "one"]);
  assert.deepEqual(mainRows({ rows, delta_us: 0 }), []);
});

test("telling values are those that A has and B does not", () => {
  const value = (key, a, b) => ({ service: "s", key, value: "v", a, a_of: 1, b, b_of: 60 });
  assert.deepEqual(telling([value("host", 1, 0), value("common", 1, 58), value("only b", 0, 60), value("version", 1, 12)]).map((one) => one.key), ["host", "version"]);
  assert.deepEqual(telling([value("client.address", 1, 0), value("host", 1, 0), value("host", 1, 0)]).length, 1);
});

test("what own times leave unexplained is said, with the deepest operation that takes longer", () => {
  const rows = [row("root", 0, 0.1, { delta_us: 100 }), row("consumer", 2, 0, { delta_us: 60 }), row("post", 3, 0, { delta_us: 55 }), row("short", 4, 0, { delta_us: 5 })];
  assert.ok(Math.abs(unexplained({ rows, delta_us: 100 }) - 0.9) < 1e-9);
  assert.equal(unexplained({ rows: [row("root", 0, 0.9)], delta_us: 100 }), null);
  assert.equal(deepestLonger({ rows, delta_us: 100 }).name, "post");
  assert.equal(deepestLonger({ rows, delta_us: -100 }), null);
});
