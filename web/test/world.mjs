// What the tests of the page look at: a real `coral demo`, with a large, a deep and a hostile trace in it.
import { spawn } from "node:child_process";
import { mkdtemp, rm } from "node:fs/promises";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { deepTrace, hostileTrace, largeTrace } from "./data.mjs";

const PROGRAM = process.env.CORAL ?? new URL("../../target/debug/coral", import.meta.url).pathname;
/** Where the page is read from instead of the program, which has to be a debug build. */
const DIST = process.env.CORAL_UI_DIR;
export const LARGE = 100_000;
/** So old that no window of a screen has it: what is large is opened by its id, and slows no other question. */
export const TWO_DAYS_MS = 2 * 86_400_000;

/** Starts a demo with `fault`. `stop` ends it and removes its data. */
export async function demo(fault = "slow-query", more = []) {
  const dir = await mkdtemp(join(tmpdir(), "coral-web-"));
  const [http, grpc] = await freePorts(2);
  const sets = ["colony.listen=127.0.0.1:0", `otlp.http=127.0.0.1:${http}`, `otlp.grpc=127.0.0.1:${grpc}`, ...(DIST ? [`colony.ui.dir=${DIST}`] : []), ...more];
  const child = spawn(PROGRAM, ["demo", "--format", "json", "--for", "1800s", "--data-dir", dir, "--fault", fault, ...sets.flatMap((set) => ["--set", set])], {
    stdio: ["ignore", "pipe", "pipe"],
  });
  let log = "";
  child.stderr.on("data", (bytes) => { log = (log + bytes).slice(-20_000); });
  const ended = new Promise((resolve) => child.once("exit", resolve));
  const line = await Promise.race([
    createInterface({ input: child.stdout })[Symbol.asyncIterator]().next().then((line) => line.value),
    ended.then((code) => { throw new Error(`coral demo ended with ${code}:\n${log}`); }),
  ]);
  const said = JSON.parse(line);
  return {
    ...said,
    pid: child.pid,
    otlp: `http://127.0.0.1:${http}`,
    async stop() {
      child.kill("SIGINT");
      await ended;
      await rm(dir, { recursive: true, force: true });
    },
  };
}

/** Starts a colony that stores nothing and knows no agent. */
export async function emptyColony() {
  const dir = await mkdtemp(join(tmpdir(), "coral-web-"));
  const sets = ["colony.listen=127.0.0.1:0", ...(DIST ? [`colony.ui.dir=${DIST}`] : [])];
  const child = spawn(PROGRAM, ["colony", "start", "--data-dir", dir, ...sets.flatMap((set) => ["--set", set])], { stdio: ["ignore", "ignore", "pipe"] });
  const ended = new Promise((resolve) => child.once("exit", resolve));
  let log = "";
  const address = await new Promise((resolve, reject) => {
    child.stderr.on("data", (bytes) => {
      log += bytes;
      const found = /listening .*colony="?(127\.0\.0\.1:\d+)/.exec(log);
      if (found) resolve(found[1]);
    });
    void ended.then((code) => reject(new Error(`the colony ended with ${code}:\n${log}`)));
  });
  return {
    colony: `http://${address}`,
    async stop() {
      child.kill("SIGINT");
      await ended;
      await rm(dir, { recursive: true, force: true });
    },
  };
}

/** Sends `requests` to an agent, and fails if a span is refused. */
export async function send(otlp, requests, mayRefuse = false) {
  for (const request of requests) {
    const answer = await fetch(`${otlp}/v1/traces`, { method: "POST", headers: { "content-type": "application/json" }, body: JSON.stringify(request) });
    const body = await answer.json();
    if (!answer.ok || (!mayRefuse && Number(body.partialSuccess?.rejectedSpans ?? 0) > 0)) throw new Error(`refused: ${answer.status} ${JSON.stringify(body)}`);
  }
}

/** The world of most tests. */
export async function world() {
  const running = await demo();
  const at = Date.now() - 60_000;
  const large = largeTrace(LARGE, at - TWO_DAYS_MS);
  const hostile = hostileTrace(at);
  const deep = deepTrace(5_000, at - TWO_DAYS_MS);
  for (const { requests } of [hostile, deep, large]) await send(running.otlp, requests, true);
  await until(async () => {
    const list = await Promise.all([large, hostile, deep].map(({ trace }) => spansOf(running.colony, trace)));
    return list[0] >= LARGE && list[1] > 3 && list[2] >= 4_900;
  }, "the colony stores what was sent");
  return { ...running, large: large.trace, hostile: hostile.trace, deep: deep.trace };
}

async function spansOf(colony, trace) {
  const answer = await fetch(`${colony}/api/v1/traces/${trace}/waterfall`);
  return answer.ok ? (await answer.json()).span_count : 0;
}

/** Waits until `check` holds. */
export async function until(check, what, ms = 120_000) {
  const end = Date.now() + ms;
  while (Date.now() < end) {
    if (await check()) return;
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
  throw new Error(`not in ${ms} ms: ${what}`);
}

async function freePorts(count) {
  const servers = await Promise.all(Array.from({ length: count }, () => new Promise((resolve) => {
    const server = createServer().listen(0, "127.0.0.1", () => resolve(server));
  })));
  const ports = servers.map((server) => server.address().port);
  await Promise.all(servers.map((server) => new Promise((resolve) => server.close(resolve))));
  return ports;
}
