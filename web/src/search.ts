// The text of a search, cut into its conditions: to show each, to take one away, and to complete it.
// Whether a search is right, and what it finds, the colony decides.

export interface Condition {
  /** The text of the condition as it was written, such as `-service:health`. */
  text: string;
  /** Where it begins and ends in the search. */
  from: number;
  to: number;
}

export interface Conditions {
  /** Whether one of `conditions` is enough (`A OR B`), or all of them are needed. */
  any: boolean;
  conditions: Condition[];
}

/** The parts of one condition. `key` is empty for a group in parentheses. */
export interface Parts {
  isNegated: boolean;
  key: string;
  sign: string;
  value: string;
}

const SIGNS = [":>=", ":<=", ":>", ":<", ">=", "<=", "!=", "!~", "=~", "==", ">", "<", "~", "=", ":"];
const KEY_END = /[\s<>!~=:()"]/;

/** The topmost conditions of a search. */
export function conditionsOf(search: string): Conditions {
  const words = topmost(search);
  const isOr = (word: Condition) => word.text === "OR";
  if (words.some(isOr)) {
    const conditions: Condition[] = [];
    let first: Condition | null = null;
    let last: Condition | null = null;
    const end = () => {
      if (first && last) conditions.push({ text: search.slice(first.from, last.to), from: first.from, to: last.to });
      first = last = null;
    };
    for (const word of words) {
      if (isOr(word)) end();
      else {
        first ??= word;
        last = word;
      }
    }
    end();
    return { any: true, conditions };
  }
  return { any: false, conditions: words.filter((word) => word.text !== "AND") };
}

/** The search without one of its topmost conditions. */
export function without(search: string, { any, conditions }: Conditions, removed: Condition): string {
  return conditions.filter((condition) => condition !== removed).map((condition) => search.slice(condition.from, condition.to)).join(any ? " OR " : " ");
}

/** The search with one more condition, which the traces have to meet too. */
export function and(search: string, condition: string): string {
  const { any, conditions } = conditionsOf(search);
  if (!any && conditions.some((one) => one.text === condition)) return search;
  return [group(search), condition].filter((part) => part !== "").join(" ");
}

/** The search as one condition among others: in parentheses if it has alternatives. */
export function group(search: string): string {
  return conditionsOf(search).any ? `(${search.trim()})` : search.trim();
}

/** `key:value`, with the quotation marks that it needs. A key of a span's attribute has an `=`. */
export function equals(key: string, value: string): string {
  return `${quotedKey(key)}${isField(key) ? ":" : "="}${quoted(value)}`;
}

/** A value as a search has it: quoted where a space, a sign or a wildcard would be misread. */
export function quoted(value: string): string {
  return value === "" || /[\s"()*]/.test(value) || /^[<>=~:]/.test(value) ? `"${value.replace(/[\\"]/g, "\\$&")}"` : value;
}

function quotedKey(key: string): string {
  return key === "" || KEY_END.test(key) || key.startsWith("-") ? `"${key.replace(/[\\"]/g, "\\$&")}"` : key;
}

const FIELDS = new Set(["service", "name", "status", "kind", "collector", "duration", "code", "message", "scope", "event", "trace.id", "trace.duration", "trace.spans", "trace.errors", "root.service", "root.name"]);

/** Whether a key names a part of every span or trace, and no attribute. */
export function isField(key: string): boolean {
  return FIELDS.has(key);
}

/** Key, sign and value of a condition. */
export function partsOf(condition: string): Parts {
  const negation = /^(?:-|NOT\s+)\s*/.exec(condition)?.[0] ?? "";
  const rest = condition.slice(negation.length);
  const isNegated = negation !== "";
  const keyEnd = rest.startsWith('"') ? quoteEnd(rest, 0) : wordEnd(rest, 0, KEY_END);
  const spaces = /^\s*/.exec(rest.slice(keyEnd))?.[0].length ?? 0;
  const sign = SIGNS.find((sign) => rest.startsWith(sign, keyEnd + spaces));
  if (sign === undefined || keyEnd === 0) return { isNegated, key: "", sign: "", value: rest };
  return { isNegated, key: unquoted(rest.slice(0, keyEnd)), sign, value: unquoted(rest.slice(keyEnd + spaces + sign.length).trim()) };
}

const WORDS: Record<string, string> = {
  "=": "is", "==": "is", ":": "is", "!=": "is not", "~": "contains", "=~": "contains", "!~": "does not contain",
  ">": "over", ":>": "over", ">=": "at least", ":>=": "at least", "<": "under", ":<": "under", "<=": "at most", ":<=": "at most",
};

/** What a condition was understood as: `service is payments-api`, `no span has service health`. */
export function words(condition: string): string {
  const { isNegated, key, sign, value } = partsOf(condition);
  if (key === "") return `${isNegated ? "not " : ""}${value}`;
  if (value === "*" && WORDS[sign] === "is") return isNegated ? `no span has ${key}` : `has ${key}`;
  const said = `${key} ${WORDS[sign] ?? sign} ${value !== "" ? value : condition.endsWith('""') ? "empty" : "…"}`;
  return isNegated ? `no span: ${said}` : said;
}

export function unquoted(text: string): string {
  return text.startsWith('"') ? text.replace(/^"|(?<!\\)"$/g, "").replace(/\\(["\\])/g, "$1") : text;
}

/** The words of the topmost level: `-` and `NOT` belong to the condition that follows. */
function topmost(search: string): Condition[] {
  const found: Condition[] = [];
  let at = 0;
  while (at < search.length) {
    if (/\s/.test(search[at] ?? "")) {
      at += 1;
      continue;
    }
    const from = at;
    for (;;) {
      const negation = /^(?:-\s*|NOT\s+)/.exec(search.slice(at))?.[0];
      if (negation === undefined) break;
      at += negation.length;
    }
    at = search[at] === "(" ? groupEnd(search, at) : conditionEnd(search, at);
    if (at === from) at += 1;
    found.push({ text: search.slice(from, at), from, to: at });
  }
  return found;
}

function conditionEnd(text: string, from: number): number {
  let at = text[from] === '"' ? quoteEnd(text, from) : wordEnd(text, from, KEY_END);
  const spaces = /^\s*/.exec(text.slice(at))?.[0].length ?? 0;
  const sign = SIGNS.find((sign) => text.startsWith(sign, at + spaces));
  // A sign with spaces around it belongs to the key before it.
  if (sign === undefined || (spaces > 0 && !/^\s/.test(text.slice(at + spaces + sign.length)))) return at;
  at += spaces + sign.length;
  if (spaces > 0) at += /^\s*/.exec(text.slice(at))?.[0].length ?? 0;
  if (text[at] === '"') return quoteEnd(text, at);
  for (let open = 0; at < text.length && !/\s/.test(text[at] ?? ""); at += 1) {
    if (text[at] === "(") open += 1;
    else if (text[at] === ")") {
      if (open === 0) break;
      open -= 1;
    }
  }
  return at;
}

function groupEnd(text: string, from: number): number {
  let open = 0;
  for (let at = from; at < text.length; at += 1) {
    if (text[at] === '"') at = quoteEnd(text, at) - 1;
    else if (text[at] === "(") open += 1;
    else if (text[at] === ")") {
      open -= 1;
      if (open === 0) return at + 1;
    }
  }
  return text.length;
}

function quoteEnd(text: string, from: number): number {
  for (let at = from + 1; at < text.length; at += 1) {
    if (text[at] === "\\") at += 1;
    else if (text[at] === '"') return at + 1;
  }
  return text.length;
}

function wordEnd(text: string, from: number, end: RegExp): number {
  let at = from;
  while (at < text.length && !end.test(text[at] ?? "")) at += 1;
  return at;
}
