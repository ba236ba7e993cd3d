import assert from "node:assert/strict";
import test from "node:test";
import { load } from "./load.mjs";

const { and, conditionsOf, equals, group, partsOf, words, without } = await load("search.ts");
const texts = (search) => conditionsOf(search).conditions.map((condition) => condition.text);

test("conditions are cut at spaces outside of quotes and parentheses", () => {
  assert.deepEqual(texts('service:a name:"POST /x y" -service:health (a:b OR c:d)'), ["service:a", 'name:"POST /x y"', "-service:health", "(a:b OR c:d)"]);
  assert.deepEqual(texts("duration > 5ms AND status:error"), ["duration > 5ms", "status:error"]);
  assert.deepEqual(texts('"odd key"="a \\" b" NOT kind:client'), ['"odd key"="a \\" b"', "NOT kind:client"]);
  assert.deepEqual(texts("name~charge(a b)"), ["name~charge(a b)".slice(0, 13), "b", ")"]);
  assert.deepEqual(texts(""), []);
});

test("alternatives are conditions of their own", () => {
  const found = conditionsOf("a:b c:d OR e:f");
  assert.equal(found.any, true);
  assert.deepEqual(found.conditions.map((one) => one.text), ["a:b c:d", "e:f"]);
  assert.equal(without("a:b c:d OR e:f", found, found.conditions[0]), "e:f");
});

test("a condition is taken away and added", () => {
  const search = "service:a status:error";
  const found = conditionsOf(search);
  assert.equal(without(search, found, found.conditions[0]), "status:error");
  assert.equal(and(search, "x=y"), "service:a status:error x=y");
  assert.equal(and(search, "service:a"), search);
  assert.equal(and("a:b OR c:d", "x=y"), "(a:b OR c:d) x=y");
  assert.equal(and("", "x=y"), "x=y");
  assert.equal(group("a:b"), "a:b");
});

test("parts and words of a condition", () => {
  assert.deepEqual(partsOf("-service:health"), { isNegated: true, key: "service", sign: ":", value: "health" });
  assert.deepEqual(partsOf('name="a \\" b"'), { isNegated: false, key: "name", sign: "=", value: 'a " b' });
  assert.equal(words("service:payments"), "service is payments");
  assert.equal(words("duration>=500ms"), "duration at least 500ms");
  assert.equal(words("-service:health"), "no span: service is health");
  assert.equal(words("http.route:*"), "has http.route");
  assert.equal(words("(a:b OR c:d)"), "(a:b OR c:d)");
});

test("values are quoted where they would be misread", () => {
  assert.equal(equals("service", "payments"), "service:payments");
  assert.equal(equals("http.route", "/a b"), 'http.route="/a b"');
  assert.equal(equals("k", 'a"*'), 'k="a\\"*"');
  assert.equal(equals("odd key", "v"), '"odd key"=v');
});

test("any text ends, and its conditions cover it", () => {
  const signs = ["(", ")", '"', "-", " ", "a", ":", "OR", "\\", "~", "NOT "];
  let seed = 7;
  const random = (below) => (seed = (seed * 1_103_515_245 + 12_345) % 2_147_483_648) % below;
  for (let round = 0; round < 2_000; round += 1) {
    const text = Array.from({ length: random(12) }, () => signs[random(signs.length)]).join("");
    const { conditions } = conditionsOf(text);
    let last = 0;
    for (const { from, to } of conditions) {
      assert.ok(from >= last && to > from && to <= text.length, JSON.stringify(text));
      last = to;
    }
  }
});
