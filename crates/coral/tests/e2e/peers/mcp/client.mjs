// Asks a colony with an official client for TypeScript, and prints what it was told as JSON.
//
//     client.mjs PACKAGES sdk|client http URL
//     client.mjs PACKAGES sdk|client stdio PROGRAM ARGUMENT...
//
// PACKAGES is the directory that has `node_modules`.
import { createRequire } from "node:module";
import { pathToFileURL } from "node:url";

const [packages, library, kind, target, ...args] = process.argv.slice(2);
const { resolve } = createRequire(packages + "/");
const load = (name) => import(pathToFileURL(resolve(name)).href);
const part = { sdk: ["/client/index.js", "/client/streamableHttp.js", "/client/stdio.js"], client: ["", "", "/stdio"] };
const [own, http, stdio] = await Promise.all(
  part[library].map((path) => load(`@modelcontextprotocol/${library}${path}`)),
);
// A package that is loaded as CommonJS has its names in `default` too.
const named = (module, name) => module[name] ?? module.default[name];
const Http = named(http, "StreamableHTTPClientTransport");
const Stdio = named(stdio, "StdioClientTransport");
const transport = kind === "http" ? new Http(new URL(target)) : new Stdio({ command: target, args });

const client = new (named(own, "Client"))({ name: "acceptance", version: "1" });
await client.connect(transport);
const { tools } = await client.listTools();
const why = await client.callTool({ name: "why", arguments: { service: "payments-api" } });
const found = await client.callTool({ name: "search", arguments: { q: "service:payments-api", limit: 1 } });
const wrong = await client.callTool({ name: "why", arguments: { since: "soon" } });
const prompt = await client.getPrompt({ name: "investigate", arguments: { service: "payments-api" } });
const ref = { type: "ref/prompt", name: "investigate" };
const completed = await client.complete({ ref, argument: { name: "service", value: "pay" } });
const templates = await client.listResourceTemplates();
const trace = found.content[0].text.split('trace {"id":"')[1].split('"')[0];
const resource = await client.readResource({ uri: `coral://trace/${trace}` });
const unknown = await client.callTool({ name: "drop_everything", arguments: {} }).then(JSON.stringify, String);
console.log(
  JSON.stringify({
    server: client.getServerVersion().name,
    tools: tools.map((tool) => tool.name),
    why: why.content[0].text,
    wrong: [wrong.isError, wrong.content[0].text],
    prompt: prompt.messages[0].content.text,
    completed: completed.completion.values,
    template: templates.resourceTemplates[0].uriTemplate,
    resource: resource.contents[0].text,
    unknown,
  }),
);
await client.close();
