import {getData, getText} from "./api";
import {parseMarkdown, type Block} from "./markdown";

/** Where a link of a runbook leads: to a page of tocsin's, to somebody else, or to a file that only the repository has. */
export type Target = {to: string} | {url: string} | {file: string};

/** Between two looks at what changes only with the binary. */
export const SELDOM_MS = 60_000;

const FOLDER = "docs/runbooks";

/** "../rules.md" seen from the runbooks: "docs/rules.md". */
function resolved(path: string): string {
  const parts = FOLDER.split("/");
  for (const part of path.split("/")) {
    if (part === "..") parts.pop();
    else if (part !== ".") parts.push(part);
  }
  return parts.join("/");
}

/** Null for what a browser must not follow, such as a script. */
export function targetOf(href: string): Target | null {
  if (/^https?:\/\//.test(href)) return {url: href};
  const [path = ""] = href.split("#");
  if (path === "" || path.startsWith("/") || path.includes(":")) return null;
  const runbook = /^([a-z0-9]+)\.md$/.exec(path)?.[1];
  return runbook ? {to: `/runbooks/${runbook}`} : {file: resolved(path)};
}

export interface Runbook {
  name: string;
  title: string;
  blocks: Block[];
}

/** Parts a text into its title, which is its first heading, and the rest. */
export function runbookOf(name: string, text: string): Runbook {
  const [first, ...blocks] = parseMarkdown(text);
  if (first?.kind !== "heading" || first.level !== 1) return {name, title: name, blocks: first ? [first, ...blocks] : []};
  return {name, title: first.children.filter(each => typeof each === "string").join(""), blocks};
}

export async function askRunbook(name: string, signal: AbortSignal): Promise<Runbook> {
  return runbookOf(name, await getText(`runbooks/${encodeURIComponent(name)}.md`, signal));
}

/** The runbook that an alert's `runbook_url` means, if it is one that tocsin has. */
export async function askRunbookAt(url: string, signal: AbortSignal): Promise<{runbook: Runbook | null}> {
  const {runbooks} = await getData<{runbooks: {name: string}[]}>("api/v1/tocsin/runbooks", {url}, signal);
  const name = runbooks[0]?.name;
  return {runbook: name === undefined ? null : await askRunbook(name, signal)};
}
