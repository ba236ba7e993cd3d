// Rules that every source file of the page keeps.
import assert from "node:assert/strict";
import { readdir, readFile } from "node:fs/promises";
import { test } from "node:test";

const src = new URL("../src/", import.meta.url);
const MAX_LINES = 300;
const GENERATED = "api.ts";

const names = (await readdir(src, { recursive: true })).filter((name) => /\.(tsx?|css|html|svg)$/.test(name)).sort();
const files = await Promise.all(names.map(async (name) => ({ name, text: await readFile(new URL(name, src), "utf8") })));
/** The text without comments, whose lines stay. */
const code = ({ name, text }) => (/\.tsx?$/.test(name) ? text.replace(/\/\*[\s\S]*?\*\//g, "").replace(/(^|\s)\/\/.*$/gm, "") : text.replace(/\/\*[\s\S]*?\*\//g, ""));

const FORBIDDEN = {
  "markup from text": /\b(innerHTML|outerHTML|insertAdjacentHTML|dangerouslySetInnerHTML|document\.write|createContextualFragment|srcdoc|DOMParser)\b/,
  "code from text": /\beval\s*\(|\bnew Function\b|\bset(Timeout|Interval)\s*\(\s*["'`]|\bimport\s*\(/,
  "a style or handler as text": /\bstyle=["'`]|\.cssText\b|setAttribute\(\s*["'](style|on\w+)["']|\son[a-z]+="/,
  "a script in the page": /<script(?![^>]*\ssrc=)|<style\b|javascript:/i,
  "a message on the console": /\bconsole\.|\bdebugger\b|\balert\s*\(/,
};

test("files are found", () => assert.ok(files.length > 100 && names.includes(GENERATED)));

for (const [what, pattern] of Object.entries(FORBIDDEN)) {
  test(`no file has ${what}`, () => {
    const found = files.flatMap((file) => code(file).split("\n").map((line, at) => `${file.name}: ${line.trim()} (${at + 1})`).filter((line) => pattern.test(line)));
    assert.deepEqual(found, []);
  });
}

test("no file names an address elsewhere", () => {
  const found = files.filter(({ name }) => name !== GENERATED).flatMap((file) => [...code(file).matchAll(/\b(?:https?|wss?):\/\/[\w.-]+|@import\s+url|url\(\s*["']?\/\//g)].map(([address]) => `${file.name}: ${address}`));
  assert.deepEqual(found.filter((one) => !/http:\/\/(www\.w3\.org|127\.0\.0\.1)/.test(one)), []);
});

test("addresses of the page are relative, so that any prefix works", () => {
  const found = files.filter(({ name }) => name !== GENERATED).flatMap((file) => [...code(file).matchAll(/(?:href|src|fetch\(|ask\w*\()\s*=?\s*["'`{]*\/(?!\/)[\w]+/g)].map(([text]) => `${file.name}: ${text}`));
  assert.deepEqual(found, []);
});

test(`no file has more than ${MAX_LINES} lines`, () => {
  assert.deepEqual(files.filter(({ name, text }) => name !== GENERATED && text.split("\n").length - 1 > MAX_LINES).map(({ name }) => name), []);
});
