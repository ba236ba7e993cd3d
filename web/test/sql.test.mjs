import assert from "node:assert/strict";
import test from "node:test";
import { load } from "./load.mjs";

const { Rows } = await load("screens/sql/rows.ts");
const { csv, json } = await load("screens/sql/export.ts");
const { positionOf } = await load("screens/sql/position.ts");

const ANSWER = JSON.stringify({
  columns: [{ name: "a \"]}[", type: "VARCHAR" }, { name: "b", type: "STRUCT(x INTEGER)" }],
  rows: [["]\\\"},[", { x: [1, [2]] }], [null, "é\n"], ["", 3]],
  more: true,
  error: "]}",
});

test("an answer is read in pieces of any length", () => {
  for (let length = 1; length <= ANSWER.length; length += 1) {
    const rows = new Rows();
    for (let at = 0; at < ANSWER.length; at += length) rows.push(ANSWER.slice(at, at + length));
    rows.end();
    const whole = JSON.parse(ANSWER);
    assert.deepEqual([rows.columns, rows.rows, rows.more, rows.error, rows.isWhole], [whole.columns, whole.rows, true, "]}", true], `length ${length}`);
  }
});

test("an answer without rows, and one that ends early", () => {
  const none = new Rows();
  none.push('{"columns":[],"rows":[],"more":false}');
  none.end();
  assert.deepEqual([none.rows, none.more, none.error, none.isWhole], [[], false, null, true]);
  const torn = new Rows();
  torn.push('{"columns":[{"name":"a","type":"B"}],"rows":[[1],[2');
  torn.end();
  assert.deepEqual([torn.rows, torn.isWhole], [[[1]], false]);
});

test("files have what was received", () => {
  const columns = [{ name: "a,b", type: "VARCHAR" }, { name: "n", type: "BIGINT" }];
  assert.equal(csv(columns, [["say \"hi\"", 1], ["two\nlines", null], ["", 2]]), '"a,b",n\r\n"say ""hi""",1\r\n"two\nlines",\r\n,2\r\n');
  assert.deepEqual(JSON.parse(json(columns, [["x", 1]], true)), { columns, rows: [["x", 1]], more: true });
});

test("an error points into the statement", () => {
  const statement = "SELECT a\nFROM spans WHERE spn = 'x'\nLIMIT 1";
  const error = "Binder Error: no column\n\nLINE 2: FROM spans WHERE spn = 'x'\n                         ^^^";
  assert.equal(statement.slice(positionOf(error, statement)).slice(0, 3), "spn");
  const cut = "Error\n\nLINE 2: ...s WHERE spn = 'x'...\n                   ^";
  assert.equal(statement.slice(positionOf(cut, statement)).slice(0, 3), "spn");
  assert.equal(positionOf('parser error: syntax error at or near "LIMIT"', statement), statement.indexOf("LIMIT"));
  assert.equal(positionOf("out of memory", statement), null);
  assert.equal(positionOf("LINE 9: x\n        ^", statement), null);
});
