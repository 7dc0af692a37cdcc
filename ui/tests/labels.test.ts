import assert from "node:assert/strict";
import {test} from "node:test";
import {agree, fingerprint, formatLabels, isSubset} from "../src/lib/labels";

test("labels are written as PromQL does, by name", () => {
  assert.equal(formatLabels({b: 'x"\\\n', a: "1"}), '{a="1", b="x\\"\\\\\\n"}');
  assert.equal(formatLabels({}), "{}");
});

test("fingerprints are FNV-1a sums over sorted labels, as Prometheus' are", () => {
  assert.equal(fingerprint({}), "cbf29ce484222325");
  assert.equal(fingerprint({name: "garland, briggs", fear: "love is not enough"}), "507a62d79ee76c9a");
  assert.equal(fingerprint({b: "2", a: "1"}), fingerprint({a: "1", b: "2"}));
  assert.notEqual(fingerprint({a: "1", b: "2"}), fingerprint({a: "1b", b: "2"}));
});

test("labels are among others, or do not contradict them", () => {
  assert.ok(isSubset({a: "1"}, {a: "1", b: "2"}));
  assert.ok(!isSubset({a: "1", c: "3"}, {a: "1", b: "2"}));
  assert.ok(agree({a: "1", c: "3"}, {a: "1", b: "2"}));
  assert.ok(!agree({a: "1"}, {a: "2"}));
});
