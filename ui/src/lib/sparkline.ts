import type {Line} from "./lines";

/** Of the box in which a small line is drawn; what is drawn keeps away from its edges. */
export interface Box {
  width: number;
  height: number;
}

const MARGIN = 2;

/**
 * A line from `start` to `end` in a box, from 0 at the bottom to its largest value: the strokes it consists of, as the
 * `points` of SVG have them. Where points are more than a step and a half apart, nothing is known, and nothing drawn.
 */
export function strokesOf(points: Line["points"], start: number, end: number, step: number, {width, height}: Box): string[] {
  const known = points.filter(([, value]) => Number.isFinite(value));
  const most = Math.max(...known.map(([, value]) => value), 0) || 1;
  const strokes: string[][] = [];
  let last = -Infinity;
  for (const [at, value] of known) {
    if (at - last > 1.5 * step) strokes.push([]);
    last = at;
    const x = MARGIN + ((at - start) / (end - start)) * (width - 2 * MARGIN);
    const y = height - MARGIN - (Math.max(0, value) / most) * (height - 2 * MARGIN);
    strokes.at(-1)?.push(`${x.toFixed(1)},${y.toFixed(1)}`);
  }
  // Of one point alone SVG draws nothing: it goes to where it is.
  return strokes.map(stroke => (stroke.length === 1 ? [...stroke, ...stroke] : stroke).join(" "));
}
