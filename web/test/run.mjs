// Runs the tests of the page against one real demo: `node test/run.mjs [FILE…]`. CORAL names the program to start
// (default: target/debug/coral), CHROMIUM the browser (default: /usr/bin/chromium).
import { spawn } from "node:child_process";
import { readdir } from "node:fs/promises";
import { fileURLToPath } from "node:url";
import { world } from "./world.mjs";

const here = fileURLToPath(new URL(".", import.meta.url));
const named = process.argv.slice(2);
const files = named.length > 0 ? named : (await readdir(here)).filter((file) => file.endsWith(".test.mjs")).sort().map((file) => here + file);
const running = await world();
let code = 1;
try {
  const { stop, ...said } = running;
  const tests = spawn(process.execPath, ["--test", "--test-concurrency=2", ...files], {
    stdio: "inherit",
    env: { ...process.env, CORAL_WORLD: JSON.stringify(said) },
  });
  for (const signal of ["SIGINT", "SIGTERM"]) process.once(signal, () => tests.kill(signal));
  code = await new Promise((resolve) => tests.once("exit", (code) => resolve(code ?? 1)));
} finally {
  await running.stop();
}
process.exit(code);
