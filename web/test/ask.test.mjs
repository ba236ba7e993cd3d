import assert from "node:assert/strict";
import test from "node:test";
import { load } from "./load.mjs";

const { placeOf, wordsOf } = await load("screens/ask/commands.ts");
const place = (command) => {
  const found = placeOf(command);
  return found && [found.page, Object.fromEntries(Object.entries(found.params).filter(([, value]) => value !== null && value !== undefined && value !== ""))];
};

test("words in quotation marks stay whole", () => {
  assert.deepEqual(wordsOf("coral why 'my shop' --route '/it'\\''s'"), ["coral", "why", "my shop", "--route", "/it's"]);
  assert.deepEqual(wordsOf(" a  '' b "), ["a", "", "b"]);
});

test("each kind of command has its page", () => {
  assert.deepEqual(place("coral why shop --route /list --since 15m --baseline 1h"), ["why", { service: "shop", route: "/list", baseline: "1h", since: "15m" }]);
  assert.deepEqual(place("coral why --trace-id 4bf92f35"), ["why", { trace: "4bf92f35" }]);
  assert.deepEqual(place("coral query anomalies --since 2026-11-27T02:30:00Z --until 2026-11-27T03:00:00Z --baseline 1h"), ["", { from: "2026-11-27T02:30:00Z", to: "2026-11-27T03:00:00Z" }]);
  assert.deepEqual(place("coral services cart"), ["service", { name: "cart" }]);
  assert.deepEqual(place("coral services"), ["", {}]);
  assert.deepEqual(place("coral query topology --since 1h"), ["map", { since: "1h" }]);
  assert.deepEqual(place("coral query beyla http cart --source spans --since 1h --compare 1d"), ["service", { name: "cart", since: "1h" }]);
  assert.deepEqual(place("coral query beyla traces --trace-id 4bf92f35"), ["trace", { id: "4bf92f35" }]);
  assert.deepEqual(
    place("coral query beyla traces '(kind:server OR kind:consumer)' --service 'my shop' --attr http.route=/list --status error --min-duration 1s --by host.name --sort slowest --since 1h --limit 5"),
    ["traces", { q: "(kind:server OR kind:consumer) service:\"my shop\" http.route=/list status:error duration>=1s", by: "host.name", sort: "slowest", since: "1h" }],
  );
});

test("a command without a page has no link", () => {
  for (const command of ["coral beyla doctor", "rm -rf /", "", "coral query beyla traces"].slice(0, 3)) assert.equal(placeOf(command), null);
});
