/** A part of an expression, as tocsin's API names it: from its first character to the one behind its last. */
export interface Place {
  line: number;
  /** In bytes, from 1. */
  column: number;
  endLine: number;
  endColumn: number;
}

const encoder = new TextEncoder();
const decoder = new TextDecoder();

/** How many characters the first bytes of a line are. */
function charactersIn(line: string, bytes: number): number {
  return decoder.decode(encoder.encode(line).slice(0, Math.max(0, bytes))).length;
}

/** As wide as a text; a tab keeps its width. */
function blank(text: string): string {
  return [...text].map(each => (each === "\t" ? "\t" : " ")).join("");
}

/** The line in which the part begins, with carets below what it has of it; null if there is no such line. */
export function pointedAt(expression: string, place: Place): string | null {
  const line = expression.split("\n")[place.line - 1];
  if (line === undefined) return null;
  const from = charactersIn(line, place.column - 1);
  const to = place.endLine > place.line ? line.trimEnd().length : charactersIn(line, place.endColumn - 1);
  const width = Math.max(1, [...line.slice(from, to)].length);
  return `${line}\n${blank(line.slice(0, from))}${"^".repeat(width)}`;
}
