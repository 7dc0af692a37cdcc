const UNITS: readonly (readonly [string, number])[] = [
  ["y", 365 * 86400], ["w", 7 * 86400], ["d", 86400], ["h", 3600], ["m", 60], ["s", 1],
];

/** "1h30m" in seconds; null if it is no duration. */
export function parseDuration(text: string): number | null {
  const parts = /^(\d+y)?(\d+w)?(\d+d)?(\d+h)?(\d+m)?(\d+s)?(\d+ms)?$/.exec(text.trim());
  if (!parts || !parts[0]) return null;
  let seconds = 0;
  for (const part of parts.slice(1)) {
    if (!part) continue;
    const unit = part.replace(/\d+/, "");
    const each = unit === "ms" ? 0.001 : UNITS.find(([name]) => name === unit)?.[1] ?? 0;
    seconds += parseInt(part, 10) * each;
  }
  return seconds;
}

/** In Prometheus' words, whole seconds: "1h30m". */
export function formatDuration(seconds: number): string {
  let left = Math.max(0, Math.floor(seconds));
  if (left === 0) return "0s";
  let text = "";
  for (const [name, each] of UNITS.slice(2)) {
    const count = Math.floor(left / each);
    left -= count * each;
    if (count > 0) text += `${count}${name}`;
  }
  return text;
}

/** The two largest parts of it: "3d4h", which is enough for an age. */
export function roughly(seconds: number): string {
  const parts = formatDuration(seconds).match(/\d+[a-z]+/g) ?? [];
  return parts.slice(0, 2).join("");
}

/** A computation's time: "1.2 ms". */
export function formatElapsed(seconds: number): string {
  if (seconds >= 1) return `${seconds.toFixed(2)} s`;
  return seconds >= 0.001 ? `${(seconds * 1000).toFixed(1)} ms` : `${Math.round(seconds * 1e6)} µs`;
}
