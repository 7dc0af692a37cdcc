export type Labels = Readonly<Record<string, string>>;

/** A string as PromQL and Alertmanager's matchers write it. */
export function quoted(text: string): string {
  return `"${text.replace(/\\/g, "\\\\").replace(/"/g, '\\"').replace(/\n/g, "\\n")}"`;
}

/** {a="b", c="d"}, by name. */
export function formatLabels(labels: Labels): string {
  const parts = Object.keys(labels).sort().map(name => `${name}=${quoted(labels[name] ?? "")}`);
  return `{${parts.join(", ")}}`;
}

/** Whether all labels of `some` are among those of `all`. */
export function isSubset(some: Labels, all: Labels): boolean {
  return Object.entries(some).every(([name, value]) => all[name] === value);
}

/** Whether no label that both have differs. */
export function agree(a: Labels, b: Labels): boolean {
  return Object.entries(a).every(([name, value]) => !(name in b) || b[name] === value);
}
