/** An expression whose result is compared with a number. */
export interface Threshold {
  expression: string;
  operator: string;
  value: number;
}

const COMPARED = /^([\s\S]+?)\s*(>=|<=|==|!=|>|<)\s*(?:bool\s+)?([-+]?(?:\d[\d_]*(?:\.\d*)?|\.\d+)(?:[eE][-+]?\d+)?)\s*$/;

/** Whether text outside of quotations closes every parenthesis that it opens, and joins nothing outside of them. */
function isOneOperand(text: string): boolean {
  const bare = text.replace(/"(?:\\.|[^"\\])*"|'(?:\\.|[^'\\])*'|`[^`]*`/g, '""').replace(/#.*$/gm, "");
  let depth = 0;
  let outside = "";
  for (const c of bare) {
    if ("([{".includes(c)) ++depth;
    if (depth === 0) outside += c;
    if (")]}".includes(c) && --depth < 0) return false;
  }
  return depth === 0 && !/\b(and|or|unless)\b/i.test(outside) && !/[<>]|[=!]=/.test(outside);
}

/** `up < 1` is `up` with the threshold 1; null for what is no comparison with a number, taken as a whole. */
export function thresholdOf(expression: string): Threshold | null {
  const found = COMPARED.exec(expression.trim());
  if (!found || !isOneOperand(found[1] ?? "")) return null;
  const value = Number((found[3] ?? "").replace(/_/g, ""));
  return Number.isFinite(value) ? {expression: found[1] ?? "", operator: found[2] ?? "", value} : null;
}

/** The expression in a link to Prometheus' graph. */
export function expressionOf(generatorUrl: string | undefined): string | null {
  if (!generatorUrl) return null;
  const query = generatorUrl.indexOf("?");
  return query < 0 ? null : new URLSearchParams(generatorUrl.slice(query + 1)).get("g0.expr");
}
