import assert from "node:assert/strict";
import {test} from "node:test";
import {pointedAt} from "../src/lib/caret";

test("carets stand below the part of an expression that is wrong", () => {
  const rows: [string, [number, number, number, number], string | null][] = [
    ["sum(", [1, 5, 1, 5], "sum(\n    ^"],
    ["1 + a * b", [1, 5, 1, 10], "1 + a * b\n    ^^^^^"],
    ["a\n+ b c", [2, 5, 2, 6], "+ b c\n    ^"],
    ["a +\n\tsum(\n  b)", [2, 2, 3, 5], "\tsum(\n\t^^^^"],
    ['{n="ü"} + x', [1, 12, 1, 13], '{n="ü"} + x\n          ^'],
    ["a", [1, 99, 1, 100], "a\n ^"],
    ["a", [7, 1, 7, 2], null],
  ];
  for (const [expression, [line, column, endLine, endColumn], shown] of rows) {
    assert.equal(pointedAt(expression, {line, column, endLine, endColumn}), shown);
  }
});
