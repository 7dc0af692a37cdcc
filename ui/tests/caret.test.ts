import assert from "node:assert/strict";
import {test} from "node:test";
import {pointedAt} from "../src/lib/caret";

test("a caret stands where an expression is wrong", () => {
  assert.equal(pointedAt("sum(", "1:5: parse error: unclosed left parenthesis"), "sum(\n    ^");
  assert.equal(pointedAt("a\n+ b c", 'invalid parameter "query": 2:5: parse error: x'), "+ b c\n    ^");
  assert.equal(pointedAt("a", "1:99: parse error: x"), "a\n ^");
  assert.equal(pointedAt("a", "7:1: parse error: x"), null);
  assert.equal(pointedAt("a", "query timed out"), null);
});
