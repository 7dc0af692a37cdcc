/** The rows of a long list that are worth having in the document. */
export interface Span {
  from: number;
  to: number;
}

const MARGIN_ROWS = 15;

/** Of `count` rows of `rowHeight`, those between `top` and `bottom` of the list, and some more on both sides. */
export function visibleRows(count: number, rowHeight: number, top: number, bottom: number): Span {
  const from = Math.floor(top / rowHeight) - MARGIN_ROWS;
  const to = Math.ceil(bottom / rowHeight) + MARGIN_ROWS;
  return {from: Math.min(Math.max(0, from), count), to: Math.max(0, Math.min(count, to))};
}
