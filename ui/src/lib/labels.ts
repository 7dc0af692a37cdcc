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

const FNV_BASIS = 14695981039346656037n;
const FNV_PRIME = 1099511628211n;
const MASK = (1n << 64n) - 1n;
const encoder = new TextEncoder();

/** What an alert with these labels is called in addresses: as in Prometheus' model/fingerprinting. */
export function fingerprint(labels: Labels): string {
  let sum = FNV_BASIS;
  const add = (bytes: Iterable<number>) => {
    for (const byte of bytes) sum = ((sum ^ BigInt(byte)) * FNV_PRIME) & MASK;
  };
  for (const name of Object.keys(labels).sort()) {
    add(encoder.encode(name));
    add([0xff]);
    add(encoder.encode(labels[name] ?? ""));
    add([0xff]);
  }
  return sum.toString(16).padStart(16, "0");
}
