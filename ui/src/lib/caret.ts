/** What stands at the place that an error names, "2:5: parse error: ...", with a caret below it; null if it names none. */
export function pointedAt(expression: string, message: string): string | null {
  const found = /\b(\d+):(\d+): /.exec(message);
  const line = found && expression.split("\n")[Number(found[1]) - 1];
  if (line === null || line === undefined) return null;
  const column = Math.min(Math.max(1, Number(found?.[2])), line.length + 1);
  return `${line}\n${" ".repeat(column - 1)}^`;
}
