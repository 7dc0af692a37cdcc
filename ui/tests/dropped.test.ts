import assert from "node:assert/strict";
import {test} from "node:test";
import {explainDropped, formatDropped, meaningOf} from "../src/lib/dropped";

test("what was dropped is told with its reasons", () => {
  const dropped = [{reason: "duplicate", count: "3"}, {reason: "later", count: "1"}];
  assert.equal(formatDropped(dropped), "3 duplicate, 1 later");
  assert.equal(formatDropped([]), "none");
  assert.equal(explainDropped(dropped),
    "3 duplicate: the collection has the series twice; only one of them counts\n1 later: this page does not know this reason");
});

// Those of DropReason in base/metric_sink.h.
test("every reason that the metric knows has a meaning", () => {
  for (const name of ["duplicate", "utf8", "overflow", "name", "stale_order", "type"]) {
    assert.ok(!meaningOf(name).includes("does not know"), name);
  }
});
