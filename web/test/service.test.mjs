import assert from "node:assert/strict";
import test from "node:test";
import { load } from "./load.mjs";

const { differences } = await load("screens/service/differs.ts");
const { oddOne } = await load("screens/service/odd-one.ts");
const { quoted } = await load("screens/service/quoted.ts");
const { reasonOf } = await load("parts/reason.ts");
const { differenceOf, does, callerOf, operationOf, placesOf } = await load("parts/suspect.ts");
const { sorted } = await load("screens/home/sort.ts");

const numbers = (requests, p95_us, errors = 0) => ({ requests, errors, error_rate: errors / requests, requests_per_second: requests / 900, p50_us: p95_us / 2, p95_us, p99_us: p95_us, exact: true, beyond_us: null, statuses: {} });
const detail = (more) => ({ operations: [], operations_left_out: 0, statements: [], statements_source: "spans", callers: [], callees: [], hosts: null, versions: null, ...more });
const group = (value, spans, p50_us, errors = 0) => ({ value, spans, traces: spans, p50_us, p95_us: p50_us * 2, errors });
const state = (health, now, before, more = {}) => ({ name: "cart", health, kind: "http", is_slow_too: false, unknown_because: null, operation: null, now, before, requests: [{ kind: "http", source: "spans", now, before }], ...more });

test("what differs most comes first, and what is as before is left out", () => {
  const found = differences(detail({
    operations: [{ kind: "http", name: "POST /validate", now: numbers(400, 112_000), before: numbers(1_200, 11_800) }],
    statements: [
      { row: { operation: "UPDATE", table: "cards", ...numbers(400, 119_000), before: numbers(1_200, 3_710) }, total_us: 1 },
      { row: { operation: "SELECT", table: "cards", ...numbers(400, 5_000), before: numbers(1_200, 5_100) }, total_us: 1 },
    ],
    hosts: { by: "host.name", groups: [group("pay-1", 200, 90_000), group("pay-2", 200, 8_000)], left_out: 0, more: false, traces: 400 },
  }));
  assert.deepEqual(found.map(({ what }) => what), ["pay-1", "UPDATE cards", "POST /validate"]);
  assert.equal(found[1].says, "P95 3.71ms → 119ms, 32 times as long");
});

test("a host differs only with enough requests, and clearly", () => {
  assert.equal(oddOne([group("a", 200, 10), group("b", 200, 12)]), null);
  assert.equal(oddOne([group("a", 200, 10), group("b", 3, 900)]), null);
  assert.equal(oddOne([group("a", 200, 10)]), null);
  assert.equal(oddOne([group("a", 200, 10), group("b", 200, 10, 20)]).group.value, "b");
});

test("reasons are those of the command line", () => {
  assert.equal(reasonOf(state("slow", numbers(400, 489_000), numbers(900, 23_700))), "P95 489ms, 23.7ms before");
  assert.equal(reasonOf(state("failing", numbers(1_000, 10, 65), numbers(1_000, 10, 4))), "6.5% of requests fail, 0.40% before");
  assert.equal(reasonOf(state("well", numbers(1, 1), null)), "");
  assert.equal(reasonOf(state("unknown", numbers(1, 1), null, { unknown_because: "few_requests" })), "fewer than 20 requests, too few to judge");
});

test("where a fault is: values that account for it, else the place that stands out most", () => {
  const found = (key, affected, others, explains = false) => ({ key, value: "x", affected, others, explains, also: [] });
  const host = found("host.name", 0.54, 0.3);
  assert.deepEqual(placesOf([host]), [host]);
  const version = found("service.version", 0.99, 0, true);
  assert.deepEqual(placesOf([host, version]), [version]);
  assert.deepEqual(placesOf([found("http.response.status_code", 1, 0)]), []);
  assert.deepEqual(placesOf([found("host.name", 0.3, 0.5)]), []);
});

test("a suspect is told with its caller, operation and difference", () => {
  const suspect = { service: "postgresql pg-cards", component: "card-validator → postgresql pg-cards UPDATE cards", kind: "leaf", rates: null, times: { before_us: 2_541, now_us: 78_845 }, or_service: null, share: 0.98, score: 2, evidence: [] };
  assert.equal(does(suspect), "responds more slowly to a call");
  assert.equal(callerOf(suspect), "card-validator");
  assert.equal(operationOf(suspect), "UPDATE cards");
  assert.deepEqual(differenceOf(suspect), { before: "2.54ms", now: "78.8ms", of: "in each trace" });
  assert.equal(does({ ...suspect, service: "card-validator" }), "waits longer for the response to a call");
  assert.equal(operationOf({ ...suspect, service: "cart", component: "POST /buy" }), "POST /buy");
});

test("services are sorted by what was chosen", () => {
  const list = [state("slow", numbers(1, 5), null, { name: "b" }), state("well", numbers(9, 1), null, { name: "a" })];
  assert.deepEqual(sorted(list, "health").map(({ name }) => name), ["b", "a"]);
  assert.deepEqual(sorted(list, "name").map(({ name }) => name), ["a", "b"]);
  assert.deepEqual(sorted(list, "requests").map(({ name }) => name), ["a", "b"]);
  assert.deepEqual(sorted(list, "p95").map(({ name }) => name), ["b", "a"]);
});

test("values of a search are quoted when they have to be", () => {
  assert.equal(quoted("card-validator"), "card-validator");
  assert.equal(quoted('a "b" c'), '"a \\"b\\" c"');
});
