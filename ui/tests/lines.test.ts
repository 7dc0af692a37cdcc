import assert from "node:assert/strict";
import {test} from "node:test";
import {aligned, describe, linesOf, numberOf, seriesName, stepFor} from "../src/lib/lines";
import {visibleRows} from "../src/lib/window";

test("series are put side by side, with gaps where they have nothing that can be drawn", () => {
  const lines = linesOf([
    {metric: {__name__: "a"}, values: [[1, "1"], [2, "NaN"], [3, "+Inf"]]},
    {metric: {__name__: "b", x: "y"}, values: [[2, "5"]]},
  ]);
  assert.deepEqual(aligned(lines), [[1, 2, 3], [1, null, null], [null, 5, null]]);
  assert.deepEqual(lines.map(line => line.label), ["a", 'b{x="y"}']);
  assert.equal(seriesName({metric: {}}), "{}");
  assert.equal(numberOf("-Inf"), -Infinity);
});

test("a plot can be read aloud", () => {
  const line = {label: "a", points: [[1, 2], [2, 8]] as const};
  assert.equal(describe([line], 5), "1 line, from 2 to 8, now 8, threshold 5.");
  assert.equal(describe([]), "No data in this time.");
});

test("a long range has no more points than can be seen", () => {
  assert.equal(stepFor(60), 1);
  assert.equal(stepFor(3600), 15);
  assert.ok(86400 / stepFor(86400) <= 250);
});

test("of a long list only what can be seen is there", () => {
  assert.deepEqual(visibleRows(10_000, 50, 0, 1000), {from: 0, to: 35});
  assert.deepEqual(visibleRows(10_000, 50, 100_000, 101_000), {from: 1985, to: 2035});
  assert.deepEqual(visibleRows(3, 50, 0, 1000), {from: 0, to: 3});
  assert.deepEqual(visibleRows(0, 50, -500, 500), {from: 0, to: 0});
  assert.deepEqual(visibleRows(10, 50, 100_000, 101_000), {from: 10, to: 10});
});
