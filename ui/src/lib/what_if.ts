import {seriesName} from "./lines";
import type {Series} from "./types";

/** A time for which an alert would have fired, in seconds. */
export interface Firing {
  alert: string;
  from: number;
  to: number;
  /** Whether it lasts until the last moment that was looked at. */
  lasts: boolean;
}

const MOST_STEPS = 2000;

/** How often to look at a range of so many seconds, in seconds. */
export function lookEvery(range: number): number {
  return Math.max(1, Math.ceil(range / MOST_STEPS));
}

/** The times in which samples stand beside each other, `step` apart. */
function stretches(times: readonly number[], step: number): [number, number][] {
  const found: [number, number][] = [];
  for (const at of times) {
    const last = found.at(-1);
    if (last && at - last[1] < 1.5 * step) last[1] = at;
    else found.push([at, at]);
  }
  return found;
}

/**
 * When alerts of a rule would have fired: `series` is what its expression gave every `step` seconds until `end`, and for
 * `hold` seconds it must give something before the alert fires. Newest first.
 */
export function firings(series: readonly Series[], step: number, hold: number, end: number): Firing[] {
  return series.flatMap(each => stretches(each.values.map(([at]) => at), step)
    .filter(([from, to]) => to - from >= hold)
    .map(([from, to]) => ({alert: seriesName(each), from: from + hold, to, lasts: end - to < 1.5 * step})))
    .sort((a, b) => b.from - a.from);
}
