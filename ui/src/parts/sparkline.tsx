import {formatElapsed} from "../lib/durations";
import {numberOf} from "../lib/lines";
import {strokesOf} from "../lib/sparkline";
import type {Series} from "../lib/types";

const BOX = {width: 120, height: 26};

interface Properties {
  /** What it is, for those who cannot see it. */
  title: string;
  values: Series["values"];
  /** In seconds. */
  start: number;
  end: number;
  step: number;
}

/** Durations over time, small enough for a row of a table. */
export function Sparkline({title, values, start, end, step}: Properties) {
  const points = values.map(([at, text]) => [at, numberOf(text)] as const);
  const longest = Math.max(...points.map(([, value]) => value));
  const text = points.length === 0 ? `${title}: nothing is known.` : `${title}: at most ${formatElapsed(longest)}.`;
  return (
    <svg class="sparkline" width={BOX.width} height={BOX.height} role="img" aria-label={text}>
      <title>{text}</title>
      {strokesOf(points, start, end, step, BOX).map(stroke => <polyline key={stroke} points={stroke} />)}
    </svg>
  );
}
