import assert from "node:assert/strict";
import test from "node:test";
import { load } from "./load.mjs";

const { days, forecast } = await load("screens/status/store.tsx");
const { lossOf } = await load("screens/status/counters.tsx");
const { stateOf, isWell, behind } = await load("parts/agent.ts");
const { headline } = await load("screens/home/wrong.tsx");

const agent = (more) => ({ agent_id: "web-1", state: "ok", reachable: true, lag_seconds: 0.4, last_error: null, beyla: "running (Beyla 3.2.0)", ...more });

test("a store that is large enough keeps all, and a small one says when it is full", () => {
  const store = { spans: 1, bytes: 1e9, max_bytes: 50e9, keep_seconds: 7 * 86_400, spans_damaged: 0, oldest_received_unix_us: 0 };
  assert.equal(forecast(store, 86_400_000), "all 7 d at the rate so far, which take 7.0 GB");
  assert.equal(forecast({ ...store, max_bytes: 4e9 }, 86_400_000), "about 4 d at the rate so far: full in 3 d, then the oldest spans are deleted early");
  assert.equal(forecast({ ...store, bytes: 0 }, 86_400_000), "too young to tell");
  assert.equal(days(7_200), "2 h");
});

test("only counters of losses are called losses", () => {
  assert.match(lossOf("coral.colony.spans.missed"), /expired/);
  assert.equal(lossOf("coral.colony.spans.stored"), null);
});

test("an agent is well only if it answers, is not behind, and its Beyla works", () => {
  assert.ok(isWell(agent()));
  assert.ok(isWell(agent({ beyla: "off (`beyla.enabled` is false)" })));
  assert.equal(stateOf(agent({ state: "unreachable", last_error: "refused" })).word, "unreachable");
  assert.equal(stateOf(agent({ lag_seconds: 74 })).word, "behind");
  assert.equal(stateOf(agent({ beyla: "crashloop (4 times)" })).word, "Beyla does not work");
  assert.equal(behind(0.42), "0.4 s");
});

test("the verdict is a headline and its details", () => {
  const of = (verdict) => headline({ verdict });
  assert.deepEqual(of("3 of 6 services are not well: a is slow; b is slow."), ["3 of 6 services are not well", "a is slow; b is slow."]);
  assert.deepEqual(of("All 6 services are well."), ["All 6 services are well", ""]);
  assert.deepEqual(of("cart is slow (P95 1.5s, 20ms before) since 02:41 UTC. cart has few requests."), ["cart is slow (P95 1.5s, 20ms before) since 02:41 UTC", "cart has few requests."]);
});
