// Serves `crates/ui/dist` under /ui/ and passes everything else on to a colony:
// `COLONY=http://127.0.0.1:9000 PORT=9400 PREFIX=/a/b node dev.mjs`. For work on the page and its tests.
import { readFile } from "node:fs/promises";
import http from "node:http";
import { fileURLToPath } from "node:url";

const dist = process.env.DIST ?? fileURLToPath(new URL("../crates/ui/dist/", import.meta.url));
const colony = new URL(process.env.COLONY ?? "http://127.0.0.1:9000");
const prefix = process.env.PREFIX ?? "";
const kinds = { html: "text/html; charset=utf-8", js: "text/javascript; charset=utf-8", css: "text/css; charset=utf-8", svg: "image/svg+xml" };
const policy =
  "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'; require-trusted-types-for 'script'; trusted-types 'none'";

const server = http.createServer(async (request, response) => {
  if (!request.url?.startsWith(prefix)) return void response.writeHead(404).end();
  const url = request.url.slice(prefix.length);
  const page = /^\/ui\/([a-z.]*)(\?|$)/.exec(url)?.[1];
  if (page !== undefined && !process.env.ONLY_PROXY) {
    const file = page.includes(".") ? page : "index.html";
    const bytes = await readFile(dist + file).catch(() => null);
    const kind = kinds[file.split(".").at(-1) ?? ""];
    if (bytes === null || kind === undefined) return void response.writeHead(404).end();
    return void response.writeHead(200, { "content-type": kind, "content-security-policy": policy, "cache-control": "no-cache" }).end(bytes);
  }
  const passed = http.request(
    { host: colony.hostname, port: colony.port, path: url, method: request.method, headers: { ...request.headers, host: colony.host } },
    (answer) => {
      response.writeHead(answer.statusCode ?? 502, answer.headers);
      answer.pipe(response);
    },
  );
  passed.on("error", () => response.headersSent || response.writeHead(502).end());
  response.on("close", () => passed.destroy());
  request.pipe(passed);
});
server.listen(Number(process.env.PORT ?? 9400), "127.0.0.1", () => console.log(`http://127.0.0.1:${server.address().port}${prefix}/ui/`));
