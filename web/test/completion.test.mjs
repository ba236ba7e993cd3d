import assert from "node:assert/strict";
import test from "node:test";
import { load } from "./load.mjs";

const { placeAt, withCondition, withKey, withValue } = await load("frame/completion-at.ts");
const at = (marked) => placeAt(marked.replace("|", ""), marked.indexOf("|"));
const shown = ({ text, at }) => `${text.slice(0, at)}|${text.slice(at)}`;

test("a key is completed where a word begins", () => {
  assert.deepEqual(at("ser|"), { from: 0, to: 3, key: null, prefix: "ser", others: "" });
  assert.deepEqual(at("status:error -ser|v x:y"), { from: 14, to: 18, key: null, prefix: "ser", others: "status:error x:y" });
  assert.equal(at("stat ser|").others, "");
  assert.equal(at("(ser|").prefix, "ser");
  assert.equal(at("a:b |").prefix, "");
});

test("a value is completed behind its key", () => {
  assert.deepEqual(at("service:pay|"), { from: 8, to: 11, key: "service", prefix: "pay", others: "" });
  assert.deepEqual(at('name:"POST /v|'), { from: 5, to: 13, key: "name", prefix: "POST /v", others: "" });
  assert.equal(at("http.route=|").key, "http.route");
  assert.equal(at("duration>5|"), null);
  assert.equal(at("name~char|"), null);
});

test("a choice replaces what was written", () => {
  assert.equal(shown(withKey("ser", at("ser|"), "service")), "service:|");
  assert.equal(shown(withKey("dur", at("dur|"), "duration")), "duration>|");
  assert.equal(shown(withKey("htt", at("htt|"), "http.route")), "http.route=|");
  assert.equal(shown(withValue('a:b name:"POST /v x:y', at('a:b name:"POST /v| x:y'), "POST /validate")), 'a:b name:"POST /validate" |x:y');
  assert.equal(shown(withCondition("pay", at("pay|"), "service", "payments-api")), "service:payments-api |");
});
