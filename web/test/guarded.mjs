// A colony that asks who is there, with a few requests through four services in it.
import { execFile, spawn } from "node:child_process";
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { request, span } from "./data.mjs";
import { send, until } from "./world.mjs";

const PROGRAM = process.env.CORAL ?? new URL("../../target/debug/coral", import.meta.url).pathname;
const PAGE = process.env.CORAL_UI_DIR ? [`colony.ui.dir=${process.env.CORAL_UI_DIR}`] : [];
const run = promisify(execFile);

/** Starts a colony with `colony.auth`. `token` makes a token; `revoke` ends it; `stop` ends the colony. */
export async function guarded() {
  const dir = await mkdtemp(join(tmpdir(), "coral-web-"));
  const sets = ["colony.auth=on", "colony.listen=127.0.0.1:0", "otlp.http=127.0.0.1:0", "otlp.grpc=127.0.0.1:0", "beyla.otlp.grpc=127.0.0.1:0", "beyla.otlp.http=127.0.0.1:0", "agent.listen=127.0.0.1:0", ...PAGE];
  const child = spawn(PROGRAM, ["standalone", "--data-dir", dir, ...sets.flatMap((set) => ["--set", set])], { stdio: ["ignore", "ignore", "pipe"] });
  let log = "";
  child.stderr.on("data", (bytes) => { log = (log + bytes).slice(-20_000); });
  let isRunning = true;
  const ended = Promise.race(["exit", "error"].map((event) => new Promise((resolve) => child.once(event, resolve)))).then((why) => { isRunning = false; log += why; });
  const ofToken = async (...words) => (await run(PROGRAM, ["colony", "token", ...words, "--data-dir", dir])).stdout;
  const stop = async () => {
    child.kill("SIGINT");
    await ended;
    await rm(dir, { recursive: true, force: true });
  };
  const token = async (user, ...more) => {
    const [secret] = /coral_[\w-]+/.exec(await ofToken("create", "--user", user, ...more));
    return secret;
  };
  try {
    let at = null;
    await until(async () => {
      if (!isRunning) throw new Error(`coral standalone ended: ${log}`);
      at = await readFile(join(dir, "run", "addresses.json"), "utf8").then(JSON.parse).catch(() => null);
      return at?.colony && at.otlp_http;
    }, "coral standalone listens");
    const colony = `http://${at.colony}`;
    const requests = traces(Date.now() - 120_000);
    await send(`http://${at.otlp_http}`, requests.map(({ spans }) => spans));
    const headers = { authorization: `Bearer ${await token("test", "--role", "admin")}` };
    const trace = requests.at(-1).trace;
    await until(async () => {
      const answer = await fetch(`${colony}/api/v1/traces/${trace}/waterfall`, { headers });
      return answer.ok && (await answer.json()).span_count === 4;
    }, "the colony stores what was sent");
    return {
      colony, trace, token, stop,
      async revoke(user) {
        const { tokens } = JSON.parse(await ofToken("list", "--format", "json"));
        for (const { id } of tokens.filter((token) => token.user === user)) await ofToken("revoke", id);
      },
    };
  } catch (error) {
    await stop();
    throw error;
  }
}

/** Requests of `front`, which asks `vault`, which asks `stock` and `ledger`. */
function traces(at) {
  return Array.from({ length: 20 }, (_, index) => {
    const trace = `9a4d${index.toString(16).padStart(28, "0")}`;
    const id = (number) => (0x9a4d_0000 + index * 16 + number).toString(16).padStart(16, "0");
    const start = at + index * 1_000;
    return {
      trace,
      spans: request({
        front: [span({ trace, id: id(1), name: "GET /buy", start, length: 60 + index })],
        vault: [span({ trace, id: id(2), parent: id(1), name: "POST /secret", start: start + 5, length: 50 })],
        stock: [span({ trace, id: id(3), parent: id(2), name: "GET /items", start: start + 10, length: 10 })],
        ledger: [span({ trace, id: id(4), parent: id(2), name: "POST /entries", start: start + 25, length: 20, error: index % 5 === 4 ? "out of paper" : undefined })],
      }),
    };
  });
}
