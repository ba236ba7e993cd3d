import { amend } from "../../address.ts";
import { useAnswer } from "../../answer.tsx";
import { BASELINES, DEFAULT_BASELINE, type Asking } from "./asking.ts";

/** What the question is about, and what it is compared with. Names are asked for after the answer. */
export function Pickers({ about, isReady }: { about: Asking; isReady: boolean }) {
  const { since, until } = about.ask;
  const when = { since: since ?? "15m", until: until ?? "now", baseline: DEFAULT_BASELINE };
  const all = useAnswer("services", isReady && about.trace === null ? when : null);
  const one = useAnswer("services", isReady && about.trace === null && about.service !== null ? { ...when, service: about.service } : null);
  const services = all.answer?.services.map((service) => service.name) ?? [];
  const routes = one.isCurrent ? (one.answer?.detail?.operations.map((operation) => operation.name) ?? []) : [];
  return (
    <div class="why-pickers">
      {about.trace === null ? (
        <>
          <Choice label="Service" value={about.service ?? ""} all="everything" options={services} choose={(service) => amend({ service, route: null, all: null, evidence: null })} />
          {about.service !== null && <Choice label="Route" value={about.route ?? ""} all="all routes" options={routes} choose={(route) => amend({ route, all: null, evidence: null })} />}
        </>
      ) : (
        <button type="button" onClick={() => amend({ trace: null, evidence: null, all: null })}>Explain the whole window</button>
      )}
      <label class="why-picker">
        <span>Against</span>
        <select value={about.baseline ?? ""} onChange={(event) => amend({ baseline: event.currentTarget.value, all: null, evidence: null })}>
          <option value="">{about.trace === null ? "the hour before the change" : "the hour before the trace"}</option>
          {BASELINES.map(({ length, label }) => <option key={length} value={length}>{label}</option>)}
          {about.baseline !== null && !BASELINES.some(({ length }) => length === about.baseline) && <option value={about.baseline}>{about.baseline} before</option>}
        </select>
      </label>
    </div>
  );
}

function Choice(props: { label: string; value: string; all: string; options: readonly string[]; choose: (value: string) => void }) {
  const { value, options } = props;
  const known = value === "" || options.includes(value) ? options : [value, ...options];
  return (
    <label class="why-picker">
      <span>{props.label}</span>
      <select value={value} onChange={(event) => props.choose(event.currentTarget.value)}>
        <option value="">{props.all}</option>
        {known.map((option) => <option key={option} value={option}>{option}</option>)}
      </select>
    </label>
  );
}
