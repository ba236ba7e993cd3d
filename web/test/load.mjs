// Loads a TypeScript file of `src` for a test.
import { fileURLToPath } from "node:url";
import { build } from "esbuild";

export async function load(path) {
  const { outputFiles } = await build({
    entryPoints: [fileURLToPath(new URL(`../src/${path}`, import.meta.url))],
    bundle: true, write: false, format: "esm", platform: "neutral", jsx: "automatic", jsxImportSource: "preact",
    mainFields: ["module", "main"], loader: { ".css": "empty" }, logLevel: "silent",
  });
  return import(`data:text/javascript;base64,${Buffer.from(outputFiles[0].contents).toString("base64")}`);
}
