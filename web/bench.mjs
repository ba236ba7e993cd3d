// Measures the page in a real Chromium in front of a real demo with a trace of 100,000 spans, and prints one table:
// `CORAL=target/release/coral node bench.mjs [--minutes 1]`, or `just ui-bench`. crates/bench cannot run a browser
// itself, so this is apart from `just bench`. CPU is that of the page's main thread; "server" includes the colony.
import { launch, open } from "./test/browser.mjs";
import { demo, LARGE, send, TWO_DAYS_MS, until } from "./test/world.mjs";
import { largeTrace } from "./test/data.mjs";

const minutesAt = process.argv.indexOf("--minutes");
const minutes = minutesAt < 0 ? 1 : Number(process.argv[minutesAt + 1]);
const FRAMES = 240;
const LOADS = 5;
const MAP_NODES = 100;
const rows = [];
const row = (what, value, budget, cpu = "") => rows.push([what, value, budget, cpu]);
const ms = (number) => `${number.toFixed(1)} ms`;

const colony = await demo();
let browser;
try {
  const large = largeTrace(LARGE, Date.now() - TWO_DAYS_MS);
  await send(colony.otlp, large.requests, true);
  await until(async () => {
    const answer = await fetch(`${colony.colony}/api/v1/traces/${large.trace}/waterfall`);
    return answer.ok && (await answer.json()).span_count >= LARGE;
  }, "the colony stores what was sent");
  browser = await launch();
  const page = await open(browser, { base: colony.colony });
  const devtools = await page.context().newCDPSession(page);
  await devtools.send("Performance.enable");
  const metric = async (name) => (await devtools.send("Performance.getMetrics")).metrics.find((one) => one.name === name).value;
  /** Wall time and CPU time of `what`, in milliseconds. */
  const timed = async (what) => {
    const [cpu, at] = [await metric("TaskDuration"), performance.now()];
    await what();
    const wall = performance.now() - at;
    const now = await metric("TaskDuration");
    // A navigation may begin the counter anew.
    return [wall, ms((now < cpu ? now : now - cpu) * 1_000)];
  };
  /** The longest tasks of the page's main thread that begin from now on, in milliseconds. */
  const watchTasks = () => page.evaluate(() => {
    globalThis.tasks = [];
    new PerformanceObserver((list) => { for (const { duration } of list.getEntries()) globalThis.tasks.push(duration); }).observe({ type: "longtask" });
  });

  const [home, homeCpu] = await timed(async () => {
    await page.goto(`${colony.colony}/ui/`);
    await page.locator("main table tbody tr").first().waitFor();
  });
  row("Home, first page of a new browser", ms(home), "", homeCpu);
  await page.settled();
  const loads = [];
  for (let load = 0; load < LOADS; load += 1) {
    loads.push(await timed(async () => {
      await page.reload();
      await page.locator("main table tbody tr").first().waitFor();
    }));
    await page.settled();
  }
  const [again, againCpu] = loads.toSorted(([one], [other]) => one - other)[Math.floor(LOADS / 2)];
  row(`Home, loaded again: median of ${LOADS}`, ms(again), "500 ms", againCpu);

  await page.visit("traces?since=1h");
  await page.getByRole("combobox").first().fill(large.trace);
  const [opened, openedCpu] = await timed(async () => {
    await page.keyboard.press("Enter");
    await page.locator("[role=row][data-row='0']").waitFor();
  });
  row(`trace of ${LARGE.toLocaleString("en-US")} spans, server included`, ms(opened), "1,000 ms", openedCpu);
  await page.settled();
  await watchTasks();

  const [, scrollCpu] = await timed(async () => {
    const between = await page.evaluate((frames) => new Promise((resolve) => {
      const inside = document.querySelector("[role=row][data-row]");
      let area = inside.parentElement;
      while (area.scrollHeight <= area.clientHeight + 1 && area.parentElement) area = area.parentElement;
      const found = [];
      let last = null;
      const step = (now) => {
        if (last !== null) found.push(now - last);
        last = now;
        area.scrollTop += 100;
        if (found.length < frames) requestAnimationFrame(step);
        else resolve(found);
      };
      requestAnimationFrame(step);
    }), FRAMES);
    between.sort((one, other) => one - other);
    row("scroll, between frames: p50 / p95 / p99", [0.5, 0.95, 0.99].map((part) => between[Math.floor(part * (between.length - 1))].toFixed(1)).join(" / ") + " ms", "p95 17 ms");
  });
  rows.at(-1)[3] = scrollCpu;

  const filter = page.getByRole("searchbox", { name: "Find spans in this trace" });
  const [found, foundCpu] = await timed(async () => {
    const answered = page.waitForResponse(/\/find\?/);
    await filter.fill("name:\"work 7\"");
    await (await answered).finished();
  });
  row("find in it, with the pause after typing", ms(found), "50 ms", foundCpu);
  await page.settled();

  const [details, detailsCpu] = await timed(async () => {
    await page.locator("[role=row][data-row]").nth(5).click();
    await page.locator(".details").getByText("Attributes", { exact: true }).waitFor();
  });
  row("details of a span", ms(details), "100 ms", detailsCpu);
  await page.settled();

  const tasks = await page.evaluate(() => globalThis.tasks);
  row("tasks over 100 ms after paint", `${tasks.filter((task) => task > 100).length}, longest ${ms(Math.max(0, ...tasks))}`, "0");

  const calls = Array.from({ length: MAP_NODES - 1 }, (_, at) => ({ from: Math.floor(at / 3), to: at + 1 }));
  const bodies = calls.map(({ from, to }) => mapTrace(from, to));
  await send(colony.otlp, bodies, true);
  await until(async () => (await (await fetch(`${colony.colony}/api/v1/topology?since=5m&until=now&layout=lr&top=200`)).json()).layout?.nodes.length >= MAP_NODES, "the map has its nodes");
  const asked = performance.now();
  await (await fetch(`${colony.colony}/api/v1/topology?since=5m&until=now&layout=lr&top=200`)).text();
  row(`map of ${MAP_NODES} nodes, answer of the colony`, ms(performance.now() - asked), "");
  const [map, mapCpu] = await timed(async () => {
    await page.goto(`${colony.colony}/ui/map?since=5m`);
    await page.locator("main svg, main table").first().waitFor();
  });
  row("map, navigation to picture", ms(map), "", mapCpu);

  await page.visit("");
  const heap = async () => {
    await devtools.send("HeapProfiler.collectGarbage");
    return (await metric("JSHeapUsedSize")) / 1e6;
  };
  // Charts and lists fill in the first moments.
  await page.waitForTimeout(15_000);
  const before = await heap();
  const [, liveCpu] = await timed(() => page.waitForTimeout(minutes * 60_000));
  const after = await heap();
  row(`heap of Home before and after ${minutes} min live`, `${before.toFixed(1)} → ${after.toFixed(1)} MB`, "± 10%", liveCpu);

  const wide = [0, 1, 2].map((at) => Math.max(...rows.map((one) => one[at].length), ["Measured", "Found", "Budget"][at].length));
  const print = (cells) => console.log(`| ${cells.map((cell, at) => cell.padEnd(wide[at] ?? 12)).join(" | ")} |`);
  print(["Measured", "Found", "Budget", "CPU of page"]);
  print([...wide, 12].map((width) => "-".repeat(width)));
  for (const one of rows) print(one);
} finally {
  await browser?.close();
  await colony.stop();
}

/** One call between two services of the map. */
function mapTrace(from, to) {
  const hex = (number, digits) => number.toString(16).padStart(digits, "0");
  const now = BigInt(Date.now()) * 1_000_000n;
  const span = (service, id, parent, kind) => ({
    resource: { attributes: [{ key: "service.name", value: { stringValue: `node-${service}` } }] },
    scopeSpans: [{ spans: [{ traceId: hex(0xa40000 + to, 32), spanId: hex(id, 16), ...(parent ? { parentSpanId: hex(parent, 16) } : {}), name: "call", kind, startTimeUnixNano: `${now - 9_000_000n}`, endTimeUnixNano: `${now}` }] }],
  });
  const id = 0xa40000 + to * 4;
  return { resourceSpans: [span(from, id + 1, 0, 2), span(from, id + 2, id + 1, 3), span(to, id + 3, id + 2, 2)] };
}
