// Spans as OTLP JSON: large, hostile and torn traces. Times are nanoseconds as decimal text.
const hex = (number, digits) => number.toString(16).padStart(digits, "0");
const nanos = (ms) => `${BigInt(Math.round(ms * 1_000)) * 1_000n}`;
const text = (key, value) => ({ key, value: { stringValue: value } });

/** One export: `spans` by service. */
export function request(spansByService) {
  return {
    resourceSpans: Object.entries(spansByService).map(([service, spans]) => ({
      resource: { attributes: [text("service.name", service), text("host.name", `${service.slice(0, 20)}-1`)] },
      scopeSpans: [{ scope: { name: "web-test", version: "1" }, spans }],
    })),
  };
}

export function span({ trace, id, parent, name, start, length, kind = 2, error, attributes = [], events = [], links = [] }) {
  return {
    traceId: trace, spanId: id, ...(parent ? { parentSpanId: parent } : {}), name, kind,
    startTimeUnixNano: nanos(start), endTimeUnixNano: nanos(start + length), attributes, events, links,
    ...(error ? { status: { code: 2, message: error } } : {}),
  };
}

/** A trace of `count` spans in a tree of 8 children a span, in 12 services. Returns its id and requests of 5,000 spans. */
export function largeTrace(count, at, seed = 1) {
  const trace = hex(BigInt(seed) * 0x1_0000_0001n + 0xabcdef0123456789n, 32);
  const id = (index) => hex(BigInt(seed) * 0x1_0000_0000n + BigInt(index) + 1n, 16);
  const requests = [];
  let spans = {};
  for (let index = 0; index < count; index += 1) {
    const parent = index === 0 ? undefined : id(Math.floor((index - 1) / 8));
    const service = `large-${index % 12}`;
    const start = at + (index / count) * 4_000;
    (spans[service] ??= []).push(span({
      trace, id: id(index), parent, name: index === 0 ? "GET /report" : `work ${index % 37}`, start, length: index === 0 ? 5_000 : 1 + (index % 90),
      kind: index === 0 ? 2 : 1, error: index % 997 === 5 ? "deadline exceeded" : undefined,
      attributes: [text("shard", String(index % 16)), text("step", `step ${index % 211}`)],
    }));
    if ((index + 1) % 5_000 === 0 || index + 1 === count) {
      requests.push(request(spans));
      spans = {};
    }
  }
  return { trace, requests };
}

export const HOSTILE = {
  markup: `<img src=x onerror="globalThis.hacked=1"><script>globalThis.hacked=1</script>`,
  bidi: "abc\u202e\u0000gpj.exe\u2066",
  url: "javascript:globalThis.hacked=1",
};

/** A trace in which everything that can be text is hostile. */
export function hostileTrace(at) {
  const trace = "dead00000000000000000000000000aa";
  const id = (number) => hex(BigInt(number) + 0xdead0000n, 16);
  const { markup, bidi, url } = HOSTILE;
  const attributes = [
    text(markup, markup), text("link", url), text("bidi", bidi), text("http.url", "https://example.com/<b>"),
    text("large", "x".repeat(900_000)), { key: "deep", value: deep(15) },
  ];
  const events = [{ name: markup, timeUnixNano: nanos(at + 1), attributes: [text("exception.message", markup)] }];
  const links = [{ traceId: trace, spanId: id(2), attributes: [text(markup, bidi)] }];
  return {
    trace,
    requests: [request({
      [markup]: [span({ trace, id: id(1), name: markup, start: at, length: 50, attributes, events, links, error: markup })],
      [bidi]: [span({ trace, id: id(2), parent: id(1), name: bidi, start: at + 5, length: 20, attributes: [text("k", bidi)] })],
      [`long-${"n".repeat(200)}`]: [span({ trace, id: id(3), parent: id(1), name: "m".repeat(10_000), start: at + 6, length: -20 })],
      // A circle of two spans, and a span whose parent was not received.
      "circle": [
        span({ trace, id: id(4), parent: id(5), name: "one", start: at + 7, length: 5 }),
        span({ trace, id: id(5), parent: id(4), name: "other", start: at + 8, length: 5 }),
        span({ trace, id: id(6), parent: "00000000000000ff", name: "orphan", start: at + 9, length: 5 }),
      ],
    })],
  };
}

/** A trace of `depth` spans, each the only child of the one before. */
export function deepTrace(depth, at) {
  const trace = "deeb00000000000000000000000000aa";
  const id = (number) => hex(BigInt(number) + 0xdeeb0000n, 16);
  const spans = Array.from({ length: depth }, (_, index) =>
    span({ trace, id: id(index), parent: index === 0 ? undefined : id(index - 1), name: `level ${index}`, start: at + index / 100, length: 100 - index / 100, kind: 1 }));
  return { trace, requests: [request({ deep: spans })] };
}

function deep(levels) {
  return levels === 0 ? { stringValue: "end" } : { kvlistValue: { values: [{ key: "in", value: deep(levels - 1) }] } };
}
