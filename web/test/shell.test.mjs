// Commands that the page offers for a shell: bash itself reads them, and finds the words that were meant.
import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { test } from "node:test";
import { load } from "./load.mjs";

const { command, word } = await load("shell.ts");
const words = (line) => execFileSync("bash", ["-c", `printf '%s\\0' ${line}`], { encoding: "utf8", env: { LC_ALL: "C.UTF-8" } }).split("\0").slice(0, -1);

test("whatever an address or a span says stays one word", () => {
  for (const text of ["payments-api", "a b", "it's", "1h;touch /tmp/x #", "`id`", "$(id)", "a\u001b[201~\u0015id\n", "\u202eabc", "back\\slash'\u0001", "~", "*", "-", "ünï"]) {
    assert.deepEqual(words(word(text)), [text]);
  }
});

test("what a reader would not see is written out in the command too", () => {
  assert.equal(word("x\u001b[201~"), "$'x\\U0000001b[201~'");
});

test("a word or value that begins like an option is none", () => {
  assert.equal(command("coral services", ["--colony=http://evil"], [["--since", "15m"]]), "coral services --since 15m -- --colony=http://evil");
  assert.equal(command("coral why", ["shop"], [["--route", "-x"], false, ["--adjust-clocks"]]), "coral why shop --route=-x --adjust-clocks");
});
