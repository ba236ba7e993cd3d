// Bundles `src` into the five files of `crates/ui/dist`, which are committed: `cargo` needs no node.
// The output is not minified, so that a reviewer can read its difference.
import { copyFile, mkdir } from "node:fs/promises";
import { fileURLToPath } from "node:url";
import esbuild from "esbuild";

const web = fileURLToPath(new URL(".", import.meta.url));
const dist = process.env.DIST ?? fileURLToPath(new URL("../crates/ui/dist/", import.meta.url));

const options = {
  absWorkingDir: web,
  entryPoints: { app: "src/main.tsx", theme: "src/theme.ts" },
  outdir: dist,
  bundle: true,
  format: "iife",
  target: ["chrome120", "firefox121", "safari17.5"],
  jsx: "automatic",
  jsxImportSource: "preact",
  charset: "utf8",
  legalComments: "none",
  logLevel: "info",
};

await mkdir(dist, { recursive: true });
for (const file of ["index.html", "icon.svg"]) await copyFile(`${web}src/${file}`, `${dist}${file}`);
if (process.argv.includes("--watch")) {
  const context = await esbuild.context(options);
  await context.watch();
} else {
  await esbuild.build(options);
}
