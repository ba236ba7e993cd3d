import { useEffect } from "preact/hooks";
import { href } from "../../address.ts";
import type { Asked } from "../../answer.tsx";
import type { ColonyStatus } from "../../api.ts";
import { useTitle } from "../../frame/title.ts";
import { count, counted } from "../../format/count.ts";
import { Command } from "../../parts/command.tsx";

const ASK_MS = 2_000;

/** What to do while no span is stored: where to send spans, and how many have arrived. */
export function NothingYet({ status }: { status: Asked<ColonyStatus> }) {
  useTitle("No spans yet");
  useEffect(() => {
    const timer = setInterval(() => { if (!document.hidden) status.retry(); }, ASK_MS);
    return () => clearInterval(timer);
  }, [status.retry]);
  const agents = status.answer?.agents ?? [];
  const seen = status.answer?.counters["coral.colony.spans.stored"] ?? 0;
  return (
    <div class="home">
      <h1>No spans yet</h1>
      <p class="home-count"><strong>{count(seen)}</strong> spans received so far. This page shows services as soon as the first arrive.</p>
      <div class="home-steps">
        <section class="card">
          <h2>Send spans</h2>
          <p>An agent takes OTLP from any exporter. By default it listens on its own host:</p>
          <ul>
            <li><code>http://127.0.0.1:4317</code> gRPC</li>
            <li><code>http://127.0.0.1:4318</code> HTTP</li>
          </ul>
          <p>With an OpenTelemetry SDK: <code>OTEL_EXPORTER_OTLP_ENDPOINT=http://127.0.0.1:4318</code></p>
        </section>
        <section class="card">
          <h2>Without changing a program</h2>
          <p>Beyla observes programs from outside. See what this host allows, and what to do about the rest:</p>
          <p><code>sudo coral beyla doctor</code></p>
          <p>Then choose what to trace, by name and port: <code>sudo coral connect NAME:PORT</code></p>
        </section>
        <section class="card">
          <h2>Agents</h2>
          {agents.length === 0
            ? <p>No agent is known. Name one in <code>colony.agents</code>, or start one with <code>--set agent.colony=URL</code>.</p>
            : <p>{counted(agents.length, "agent")} known: {agents.map((agent) => `${agent.agent_id} (${agent.state.replaceAll("_", " ")})`).join(", ")}. <a href={href("status")}>Status</a></p>}
          <p>No service at hand? <code>coral demo</code> runs six of them, with a fault to find.</p>
        </section>
      </div>
      <Command text="coral colony status" />
    </div>
  );
}
