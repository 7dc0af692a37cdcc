import {formatLabels} from "./labels";
import type {Series} from "./types";

/** A series as it is drawn; times are in seconds. */
export interface Line {
  label: string;
  points: readonly (readonly [number, number])[];
}

export function seriesName({metric}: Pick<Series, "metric">): string {
  const {__name__: name = "", ...labels} = metric;
  return Object.keys(labels).length > 0 || !name ? name + formatLabels(labels) : name;
}

/** What Prometheus writes as text: "NaN", "+Inf". */
export function numberOf(text: string): number {
  if (text === "+Inf") return Infinity;
  return text === "-Inf" ? -Infinity : Number(text);
}

export function linesOf(series: readonly Series[]): Line[] {
  return series.map(each => ({
    label: seriesName(each),
    points: each.values.map(([at, text]) => [at, numberOf(text)] as const),
  }));
}

/** All times once, and for each line its value there; where it has none, or none that can be drawn, null. */
export function aligned(lines: readonly Line[]): (number | null)[][] {
  const times = [...new Set(lines.flatMap(line => line.points.map(([at]) => at)))].sort((a, b) => a - b);
  const place = new Map(times.map((at, i) => [at, i]));
  const columns = lines.map(line => {
    const column: (number | null)[] = new Array<number | null>(times.length).fill(null);
    for (const [at, value] of line.points) column[place.get(at) ?? 0] = Number.isFinite(value) ? value : null;
    return column;
  });
  return [times, ...columns];
}

const number = new Intl.NumberFormat(undefined, {maximumSignificantDigits: 4});

/** The lines in words. */
export function describe(lines: readonly Line[], threshold?: number): string {
  const values = lines.flatMap(line => line.points.map(([, value]) => value)).filter(Number.isFinite);
  if (values.length === 0) return "No data in this time.";
  const last = lines[0]?.points.at(-1)?.[1];
  const least = values.reduce((a, b) => Math.min(a, b));
  const most = values.reduce((a, b) => Math.max(a, b));
  const parts = [`${lines.length} ${lines.length === 1 ? "line" : "lines"}`,
    `from ${number.format(least)} to ${number.format(most)}`];
  if (lines.length === 1 && last !== undefined) parts.push(`now ${number.format(last)}`);
  if (threshold !== undefined) parts.push(`threshold ${number.format(threshold)}`);
  return `${parts.join(", ")}.`;
}

/** A step for about 250 points, at least one second. */
export function stepFor(seconds: number): number {
  return Math.max(1, Math.ceil(seconds / 250));
}
