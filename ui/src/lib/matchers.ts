import {quoted, type Labels} from "./labels";

/** A matcher as Alertmanager's API has it. */
export interface Matcher {
  name: string;
  value: string;
  isRegex: boolean;
  isEqual: boolean;
}

const OPERATORS = ["=~", "!~", "!=", "="] as const;

function operatorOf(matcher: Matcher): string {
  if (matcher.isRegex) return matcher.isEqual ? "=~" : "!~";
  return matcher.isEqual ? "=" : "!=";
}

export function formatMatcher(matcher: Matcher): string {
  const name = /^[a-zA-Z_:][\w:]*$/.test(matcher.name) ? matcher.name : quoted(matcher.name);
  return `${name}${operatorOf(matcher)}${quoted(matcher.value)}`;
}

export function formatMatchers(matchers: readonly Matcher[]): string {
  return `{${matchers.map(formatMatcher).join(", ")}}`;
}

export function matchersOf(labels: Labels): Matcher[] {
  return Object.keys(labels).sort()
    .map(name => ({name, value: labels[name] ?? "", isRegex: false, isEqual: true}));
}

class Reader {
  private at = 0;
  constructor(private readonly text: string) {}

  skipSpace() {
    while (/\s/.test(this.text[this.at] ?? "")) ++this.at;
  }

  done(): boolean {
    this.skipSpace();
    return this.at >= this.text.length;
  }

  take(word: string): boolean {
    this.skipSpace();
    if (!this.text.startsWith(word, this.at)) return false;
    this.at += word.length;
    return true;
  }

  /** A quoted text, or one that goes up to what cannot be in it. */
  word(what: string, end: RegExp): string {
    this.skipSpace();
    if (this.text[this.at] === '"') return this.quotedWord();
    const from = this.at;
    while (this.at < this.text.length && !end.test(this.text[this.at] ?? "")) ++this.at;
    const word = this.text.slice(from, this.at).trim();
    if (!word && what === "a label") throw new Error(`expected ${what} at position ${from + 1}`);
    return word;
  }

  private quotedWord(): string {
    let word = "";
    for (++this.at; this.at < this.text.length; ++this.at) {
      const c = this.text[this.at];
      if (c === '"') {
        ++this.at;
        return word;
      }
      if (c === "\\") {
        const next = this.text[++this.at] ?? "";
        word += next === "n" ? "\n" : next;
      } else {
        word += c;
      }
    }
    throw new Error("a quotation does not end");
  }

  operator(): (typeof OPERATORS)[number] {
    const found = OPERATORS.find(operator => this.take(operator));
    if (!found) throw new Error(`expected one of = != =~ !~ at position ${this.at + 1}`);
    return found;
  }

  get position() {
    return this.at + 1;
  }
}

/** Reads {a="b", c=~"d"}, the braces and quotes left out or not. Throws with what is wrong. */
export function parseMatchers(text: string): Matcher[] {
  const reader = new Reader(text);
  const matchers: Matcher[] = [];
  const braces = reader.take("{");
  let closed = false;
  while (!reader.done() && !(closed = braces && reader.take("}"))) {
    const name = reader.word("a label", /[=!~,{}"\s]/);
    const operator = reader.operator();
    const value = reader.word("a value", /[,}"]/);
    const matcher = {name, value, isRegex: operator.endsWith("~"), isEqual: operator.startsWith("=")};
    matchers.push(matcher);
    if (reader.take(",")) continue;
    closed = braces && reader.take("}");
    if (closed) break;
    if (!reader.done()) throw new Error(`expected a comma at position ${reader.position}`);
  }
  if (braces && !closed) throw new Error("the brace is not closed");
  if (!reader.done()) throw new Error(`nothing may follow, at position ${reader.position}`);
  return matchers;
}

/** RE2's flags for a whole pattern, "(?i)x", which JavaScript has beside it. */
const FLAGS = /^\(\?([ims]+)\)/;

function compile(pattern: string): RegExp {
  const flags = FLAGS.exec(pattern)?.[1] ?? "";
  const whole = `^(?:${pattern.replace(FLAGS, "")})$`;
  const all = [...new Set(`s${flags}`)].join("");
  try {
    return new RegExp(whole, `${all}u`);
  } catch {
    return new RegExp(whole, all);  // With "u", JavaScript refuses a backslash that is not needed.
  }
}

/** A function that tells whether labels match all of these. Throws for a pattern that JavaScript cannot read. */
export function matching(matchers: readonly Matcher[]): (labels: Labels) => boolean {
  const tests = matchers.map(({name, value, isRegex, isEqual}) => {
    const pattern = isRegex ? compile(value) : null;
    return (labels: Labels) => {
      const has = labels[name] ?? "";
      return (pattern ? pattern.test(has) : has === value) === isEqual;
    };
  });
  return labels => tests.every(test => test(labels));
}

function shellQuoted(text: string): string {
  return `'${text.replace(/'/g, "'\\''")}'`;
}

/** The command that does what the silence form does. */
export function amtoolCommand(url: string, matchers: readonly Matcher[], duration: string, comment: string): string {
  const words = matchers.map(matcher => shellQuoted(formatMatcher(matcher)));
  return ["amtool", `--alertmanager.url=${url}`, "silence", "add", ...words, `--duration=${duration}`,
    `--comment=${shellQuoted(comment)}`].join(" ");
}
