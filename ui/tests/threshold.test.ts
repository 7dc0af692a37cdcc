import assert from "node:assert/strict";
import {test} from "node:test";
import {expressionOf, thresholdOf} from "../src/lib/threshold";

test("a comparison with a number has a threshold", () => {
  const rows: [string, [string, string, number] | null][] = [
    ["up == 0", ["up", "==", 0]],
    ["max by (job) (load) > 10", ["max by (job) (load)", ">", 10]],
    ['m{a="x > 1"} >= 1.5e3', ['m{a="x > 1"}', ">=", 1500]],
    ["a / b < bool -0.5", ["a / b", "<", -0.5]],
    ["(a > 1) + 1 != 2", ["(a > 1) + 1", "!=", 2]],
    ["rate(x[5m]) > .5", ["rate(x[5m])", ">", 0.5]],
    ["age > 120 unless required == 0", ["age", ">", 120]],
    ["(a / b) > 0.9 and on (x) c > 5", ["(a / b)", ">", 0.9]],
    ['a{x="# or ("} > 1 # or b', ['a{x="# or ("}', ">", 1]],
    ["a > b unless c", null],
    ["(a > 1", null],
    ["a > b", null],
    ["a > 1 or b > 2", null],
    ["a > 1 > 2", null],
    ["a unless b == 0", null],
    ["absent(up)", null],
    ["(a > 1)", null],
    ["", null],
  ];
  for (const [expression, expected] of rows) {
    const found = thresholdOf(expression);
    assert.deepEqual(found && [found.expression, found.operator, found.value], expected, expression);
  }
});

test("the expression is found in the link that an alert has", () => {
  assert.equal(expressionOf("http://p:9090/graph?g0.expr=up+%3D%3D+0&g0.tab=1"), "up == 0");
  assert.equal(expressionOf("http://p:9090/elsewhere"), null);
  assert.equal(expressionOf(undefined), null);
});
