// Whether everything is seen: problems with what to do, agents, gaps, the store, and what was lost.
import { Answer, useAnswer } from "../../answer.tsx";
import type { ColonyStatus } from "../../api.ts";
import { counted } from "../../format/count.ts";
import { useTitle } from "../../frame/title.ts";
import type { ScreenProps } from "../../main.tsx";
import { Command } from "../../parts/command.tsx";
import { useListKeys } from "../../parts/list-keys.ts";
import { useMay } from "../../parts/may.ts";
import { Agents } from "./agents.tsx";
import { Counters } from "./counters.tsx";
import { Problems } from "./problems.tsx";
import { Store } from "./store.tsx";
import { Timeline } from "./timeline.tsx";

export function Status({ address, window }: ScreenProps) {
  const may = useMay("status.read");
  const status = useAnswer("status", may === true ? {} : null);
  const maySeeServices = useMay("metrics.read");
  // Its field `coverage` has the gaps of every agent, in the window and in the hour before.
  const services = useAnswer("services", status.answer !== null && maySeeServices === true ? { ...window.ask, baseline: "1h" } : null);
  const title = headline(status.answer);
  useTitle(title);
  useListKeys("Status", ".status-screen [data-row]");
  if (may === false) return <NotAllowed />;
  return (
    <div class="status-screen">
      <h1>{title}</h1>
      <Answer of={status} what="the state of the colony">
        {(answer) => (
          <>
            <p class="soft small status-about">{about(answer)}</p>
            <Problems of={answer} />
            <Agents of={answer} />
            {maySeeServices === true && <Timeline of={services} status={answer} />}
            <Store of={answer} />
            <Counters of={answer.counters} isAll={address.params.has("counters")} />
          </>
        )}
      </Answer>
      <Command text="coral colony status" />
    </div>
  );
}

function headline(status: ColonyStatus | null): string {
  if (status === null) return "Status";
  const { problems, agents, store } = status;
  if (problems.length > 0) return counted(problems.length, "problem");
  if (store.spans === 0) return `${counted(agents.length, "agent")} polled, no span stored yet`;
  return agents.length === 1 ? "Healthy: the agent is polled" : `Healthy: all ${agents.length} agents are polled`;
}

function about({ version, encryption, agents }: ColonyStatus): string {
  const sent = {
    tls: "what it sends is encrypted (TLS)",
    loopback: "it answers on this host only, so nothing leaves it",
    insecure_plaintext: "what it sends is not encrypted: everybody on the network can read it",
  }[encryption];
  return [`Coral ${version}`, counted(agents.length, "agent"), sent].filter(Boolean).join(" · ");
}

function NotAllowed() {
  return (
    <div class="status-screen">
      <h1>Status</h1>
      <p class="notice">Your access does not include the state of the colony (<code>status.read</code>). Ask who gave you the access, or go on with services and traces.</p>
      <Command text="coral colony status" />
    </div>
  );
}
