// The sentences of Why are those of the command line (crates/text/src/why/words.rs and its tests).
import assert from "node:assert/strict";
import test from "node:test";
import { load } from "./load.mjs";

const { suspicion, difference, asInBaseline, question, change } = await load("screens/why/words.ts");
const { longer, baselineWords } = await load("screens/why/asking.ts");

const suspect = (more) => ({ service: "cart", component: "POST /list", or_service: null, kind: "own", share: 0.97, score: 2, times: null, rates: null, evidence: [], ...more });

test("a call is the fault of its caller or of its callee", () => {
  assert.equal(suspicion(suspect({ kind: "leaf", service: "pg", component: "cart → pg SELECT" })), "responds more slowly to a call:");
  assert.equal(suspicion(suspect({ kind: "leaf", component: "cart → pg SELECT" })), "waits longer for the response to a call:");
  assert.equal(suspicion(suspect({})), "takes longer itself in");
});

test("the difference names times, rates, and the value that explains it", () => {
  assert.equal(difference(suspect({ times: { before_us: 2_540, now_us: 78_800 } }), []), "78.8ms per trace, 2.54ms in the baseline");
  const rates = { before: { count: 1, of: 250 }, now: { count: 65, of: 1_000 } };
  const host = { key: "host.name", value: "pay-2", also: [], explains: true, affected: 1, others: 0.1, times: null };
  const status = { key: "code", value: "503", also: [], explains: false, affected: 0.6, others: 0, times: null };
  assert.equal(
    difference(suspect({ kind: "error", rates }), [status, host]),
    "6.5% of its requests fail (0.4% in the baseline), all of them with host.name=pay-2, 60% with code=503",
  );
  assert.equal(difference(suspect({ kind: "repeated", rates }), []), "in 6.5% of requests (0.4% in the baseline)");
  const slow = { ...host, times: { with_us: 430_000, without_us: 21_000, other_value: "pay-1" } };
  assert.equal(difference(suspect({ times: { before_us: 1, now_us: 2 } }), [slow]), "P50 is 430ms with host.name=pay-2, and 21ms with host.name=pay-1");
});

test("a question is about what was asked, and about failures if these are the cause", () => {
  const why = (more) => ({ service: "", route: null, trace_id: null, verdict: "cause", ranking: [suspect({})], ...more });
  assert.equal(question(why({})), "Why is everything slow?");
  assert.equal(question(why({ ranking: [suspect({ kind: "error" })] })), "Why do requests fail?");
  assert.equal(question(why({ service: "cart", route: "/list", ranking: [suspect({ kind: "error" })] })), "Why does /list of cart fail?");
  assert.equal(question(why({ verdict: "no_cause", ranking: [suspect({ kind: "error" })], service: "cart" })), "Why is cart slow?");
});

test("what changed, in the table and as a condition", () => {
  assert.deepEqual(change(suspect({ times: { before_us: 1_000, now_us: 2_000 } })), { before: "1ms", now: "2ms" });
  assert.equal(change(suspect({})), null);
  assert.equal(asInBaseline(suspect({ kind: "new" })), "without the added calls");
  assert.equal(asInBaseline(suspect({})), "if cart were as fast as in the baseline");
});

test("a longer baseline is the next of the list", () => {
  assert.equal(longer("1h", ["15m", "1h", "3h"]), "3h");
  assert.equal(longer("3h", ["15m", "1h", "3h"]), null);
  assert.equal(baselineWords("1h"), "the hour");
  assert.equal(baselineWords("3h"), "3 hours");
  assert.equal(baselineWords("17m"), "17m");
});
