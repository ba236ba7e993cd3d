// Says of each line of standard input whether the grammar of Grafana's editor accepts it as TraceQL: `1` or `0`.
import { parser } from "@grafana/lezer-traceql";
import { readFileSync } from "node:fs";

const accepts = (text) => {
  let hasError = false;
  parser.parse(text).iterate({
    enter: (node) => {
      hasError ||= node.type.isError;
    },
  });
  return !hasError;
};

const lines = readFileSync(0, "utf8").split("\n");
if (lines.at(-1) === "") lines.pop();
for (const line of lines) console.log(accepts(line) ? "1" : "0");
