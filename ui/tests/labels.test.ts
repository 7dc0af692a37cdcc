import assert from "node:assert/strict";
import {test} from "node:test";
import {agree, formatLabels, isSubset} from "../src/lib/labels";

test("labels are written as PromQL does, by name", () => {
  assert.equal(formatLabels({b: 'x"\\\n', a: "1"}), '{a="1", b="x\\"\\\\\\n"}');
  assert.equal(formatLabels({}), "{}");
});

test("labels are among others, or do not contradict them", () => {
  assert.ok(isSubset({a: "1"}, {a: "1", b: "2"}));
  assert.ok(!isSubset({a: "1", c: "3"}, {a: "1", b: "2"}));
  assert.ok(agree({a: "1", c: "3"}, {a: "1", b: "2"}));
  assert.ok(!agree({a: "1"}, {a: "2"}));
});
