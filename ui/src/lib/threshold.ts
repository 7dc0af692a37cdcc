/** An expression whose result is compared with a number. */
export interface Threshold {
  expression: string;
  operator: string;
  value: number;
}

/** What stands outside of quotations, parentheses and comments, in its place; the rest is blank. Null if one does not end. */
function outermost(text: string): string | null {
  let out = "";
  let depth = 0;
  for (let i = 0; i < text.length; ++i) {
    const c = text[i] ?? "";
    const hidden = /^(?:"(?:\\.|[^"\\])*"|'(?:\\.|[^'\\])*'|`[^`]*`|#[^\n]*)/.exec(text.slice(i))?.[0];
    if (hidden) {
      out += " ".repeat(hidden.length);
      i += hidden.length - 1;
      continue;
    }
    if ("([{".includes(c)) ++depth;
    out += depth === 0 ? c : " ";
    if (")]}".includes(c) && --depth < 0) return null;
  }
  return depth === 0 ? out : null;
}

const NUMBER = /^(?:bool\b)?\s*([-+]?(?:\d[\d_]*(?:\.\d*)?|\.\d+)(?:[eE][-+]?\d+)?)$/;

/**
 * `up < 1` is `up` with the threshold 1; so is `up < 1 unless other`, of which less is shown then. Null for what is no
 * comparison with a number.
 */
export function thresholdOf(expression: string): Threshold | null {
  const outer = outermost(expression);
  if (outer === null || /\bor\b/i.test(outer)) return null;
  const condition = /\b(?:and|unless)\b/i.exec(outer)?.index ?? expression.length;
  const compared = [...outer.slice(0, condition).matchAll(/>=|<=|==|!=|>|</g)];
  const [operator] = compared;
  if (!operator || compared.length > 1) return null;
  const left = expression.slice(0, operator.index).trim();
  const right = expression.slice((operator.index ?? 0) + operator[0].length, condition).replace(/#[^\n]*/g, "").trim();
  const value = Number(NUMBER.exec(right)?.[1]?.replace(/_/g, ""));
  return left && Number.isFinite(value) ? {expression: left, operator: operator[0], value} : null;
}

/** The expression in a link to Prometheus' graph. */
export function expressionOf(generatorUrl: string | undefined): string | null {
  if (!generatorUrl) return null;
  const query = generatorUrl.indexOf("?");
  return query < 0 ? null : new URLSearchParams(generatorUrl.slice(query + 1)).get("g0.expr");
}
