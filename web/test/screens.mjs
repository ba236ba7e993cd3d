// Every screen of the page, as paths below /ui/.
import { WORLD } from "./browser.mjs";

export const SCREENS = {
  home: "",
  traces: "traces",
  search: "traces?q=service%3Apayments-api+duration%3E20ms",
  trace: `trace?id=${WORLD?.trace_id}`,
  service: "service?name=payments-api",
  why: "why?service=payments-api",
  map: "map?diff=30m",
  compare: `compare?a=${WORLD?.trace_id}`,
  ask: "ask?q=why+is+payments-api+slow%3F",
  sql: "sql?q=select+1",
  status: "status",
  missing: "nothing",
};
