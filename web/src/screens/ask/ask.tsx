// A question in plain English: the answer in words, each line with a link to what it is from.
import { useEffect, useState } from "preact/hooks";
import type { PageLine, WordedEnglish } from "../../api.ts";
import { amend, href } from "../../address.ts";
import { Answer, useAnswer } from "../../answer.tsx";
import { useTitle } from "../../frame/title.ts";
import type { ScreenProps } from "../../main.tsx";
import { Command } from "../../parts/command.tsx";
import { useListKeys } from "../../parts/list-keys.ts";
import { Spelled } from "../../parts/spelled.tsx";
import { Mark } from "../../parts/state.tsx";
import { CommandLink } from "./command-link.tsx";
import { placeOf, type Place } from "./commands.ts";
import { command } from "../../shell.ts";

/** A question that is not understood: its answer says what can be asked. */
const NOTHING = "?";

export function Ask({ address, window }: ScreenProps) {
  const question = (address.params.get("q") ?? "").trim();
  const tz = address.params.get("tz") === "local" ? Intl.DateTimeFormat().resolvedOptions().timeZone : undefined;
  useTitle(question === "" ? "Ask" : question);
  const asked = useAnswer("ask", { question: question === "" ? NOTHING : question, now: window.ask.until, tz });
  useListKeys("Ask", "[data-answer-line] a, .ask-examples a");
  return (
    <div class="ask">
      <h1>{question === "" ? "Ask" : question}</h1>
      <Box question={question} />
      <Answer of={asked} what="the answer">{(answer) => <Page answer={answer} question={question} />}</Answer>
      <Command text={command("coral ask", [question === "" ? "what is wrong?" : question])} />
    </div>
  );
}

/** Where the next question is written. */
function Box({ question }: { question: string }) {
  const [text, setText] = useState(question);
  useEffect(() => setText(question), [question]);
  const submit = (event: SubmitEvent) => {
    event.preventDefault();
    amend({ q: text.trim() });
  };
  return (
    <form class="ask-box" onSubmit={submit}>
      <input type="text" value={text} aria-label="A question" placeholder="Why is payments-api slow?" autocomplete="off" spellcheck={false} onInput={(event) => setText(event.currentTarget.value)} />
      <button type="submit" class="button-first">Ask</button>
    </form>
  );
}

function Page({ answer, question }: { answer: WordedEnglish; question: string }) {
  const { findings, queries, understanding } = answer;
  // The map is wanted around the service that the question is about.
  const places = queries.map((query) => {
    const place = placeOf(query);
    return place?.page === "map" && understanding?.service ? { ...place, params: { focus: understanding.service, ...place.params } } : place;
  });
  const isExamples = findings.kind === "not_understood";
  // Without a question, only what can be asked is of interest.
  const sections = question === "" && isExamples ? answer.sections.slice(1) : answer.sections;
  return (
    <>
      {answer.understood !== null && <p class="ask-understood soft">{answer.understood}</p>}
      {sections.map((section, at) => {
        const isProblem = at === 0 && question !== "" && answer.understood === null;
        const hasExamples = isExamples && !isProblem;
        return (
          <section key={section.title} class={isProblem ? "card ask-problem" : "section"}>
            <h2>{isProblem ? <Mark mark="?" tone="warn" word={section.title} /> : section.title}</h2>
            <ul class={hasExamples ? "ask-examples" : "ask-lines"}>
              {section.lines.map((line, index) => hasExamples && !line.text.startsWith("services: ")
                ? <li key={index}><a href={href("ask", { q: line.text })}>{line.text}</a></li>
                : <Line key={index} line={line} places={places} queries={queries} />)}
            </ul>
          </section>
        );
      })}
      {findings.kind === "no_such_service" && <Similar service={findings.service} names={findings.similar.length > 0 ? findings.similar : findings.known} question={question} />}
      {queries.length > 0 && (
        <section class="section">
          <h2>Queries behind these lines</h2>
          <ol class="ask-queries">
            {queries.map((query, at) => {
              const place = places[at];
              return <li key={query}><span class="soft">{at + 1}.</span> <code>{query}</code> {place && <a href={href(place.page, place.params)}>{place.title}</a>}</li>;
            })}
          </ol>
        </section>
      )}
    </>
  );
}

/** A line, and where it is from. */
function Line({ line, places, queries }: { line: PageLine; places: readonly (Place | null)[]; queries: readonly string[] }) {
  const place = line.query === null ? null : (places[line.query - 1] ?? null);
  const query = line.query === null ? undefined : queries[line.query - 1];
  return (
    <li data-answer-line>
      <span><Spelled text={line.text} code={CommandLink} /></span>
      {place !== null && <a class="ask-place" href={href(place.page, place.params)} title={query} aria-label={`${place.title}: where this is from`}>{place.title} →</a>}
      {place === null && line.query !== null && <span class="soft small">query {line.query}</span>}
    </li>
  );
}

/** The same question about services that are known. */
function Similar({ service, names, question }: { service: string; names: readonly string[]; question: string }) {
  if (names.length === 0) return <p>No service is known. <a href={href("status")}>Status</a> says whether agents send spans.</p>;
  return (
    <section class="section">
      <h2>Ask about</h2>
      <ul class="ask-examples">
        {names.map((name) => {
          const other = question.includes(service) ? question.replace(service, name) : `is ${name} ok?`;
          return <li key={name}><a href={href("ask", { q: other })}>{other}</a></li>;
        })}
      </ul>
    </section>
  );
}
