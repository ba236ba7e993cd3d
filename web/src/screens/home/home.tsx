// What is wrong, since when, and the proof of it; then services, traces and agents.
import { useAnswer } from "../../answer.tsx";
import { useTitle } from "../../frame/title.ts";
import type { ScreenProps } from "../../main.tsx";
import { Command } from "../../parts/command.tsx";
import { Gaps } from "../../parts/gaps.tsx";
import { useListKeys } from "../../parts/list-keys.ts";
import { useMay } from "../../parts/may.ts";
import { AgentsLine, AgentsSection } from "./agents.tsx";
import { NothingYet } from "./nothing-yet.tsx";
import { ServicesSection } from "./services.tsx";
import { TracesSection } from "./traces.tsx";
import { headline, Wrong } from "./wrong.tsx";
import { command } from "../../shell.ts";

/** How many points a sparkline has. */
const POINTS = 60;

export function Home({ address, window }: ScreenProps) {
  const windows = { ...window.ask, baseline: "1h", find_beginning: window.isDefault };
  // In this order: two are asked at a time, and content waits for the first only.
  const services = useAnswer("services", { ...windows, points: POINTS });
  const anomalies = useAnswer("anomalies", windows);
  const isSick = services.answer?.services.some(({ health }) => health !== "well" && health !== "unknown") === true;
  const hasChange = isSick || services.answer?.cause != null || (anomalies.answer?.anomalies.length ?? 0) > 0;
  const why = useAnswer("why", services.answer !== null && hasChange ? windows : null);
  const isReady = services.answer !== null || services.error !== null;
  const maySeeStatus = useMay("status.read");
  const status = useAnswer("status", isReady && maySeeStatus === true ? {} : null);
  const [title, details] = headline(services.answer, services.error !== null);
  useTitle(title);
  useListKeys("Home", ".services th a, .home .changes a, .home .traces-short a");

  if (services.answer?.services.length === 0 && status.answer?.store.spans === 0) {
    return <NothingYet status={status} />;
  }
  return (
    <div class="home">
      <div class="home-head">
        <h1>{title}</h1>
        <p class="home-when soft">
          {window.label}, against the hour before{services.answer?.began_unix_us != null && " the change"}
          {maySeeStatus !== false && <> · <AgentsLine of={status} /></>}
        </p>
      </div>
      <Wrong services={services} anomalies={anomalies} why={why} details={details} hasChange={hasChange} />
      <Gaps coverage={services.answer?.coverage} />
      {(services.answer !== null || services.error === null) && <ServicesSection of={services} address={address} cause={why.answer?.verdict === "cause" ? why.answer.ranking[0] ?? null : null} window={window} />}
      {isReady && <TracesSection window={window} />}
      {isReady && maySeeStatus === true && <AgentsSection of={status} untraced={services.answer?.untraced ?? []} />}
      {isReady && <Command text={command("coral services", [], window.flags)} />}
    </div>
  );
}
