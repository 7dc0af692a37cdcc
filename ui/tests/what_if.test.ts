import assert from "node:assert/strict";
import {test} from "node:test";
import {firings, lookEvery} from "../src/lib/what_if";
import type {Series} from "../src/lib/types";

function series(...times: number[]): Series {
  return {metric: {job: "x"}, values: times.map(at => [at, "1"])};
}

test("an alert fires when its expression has held for long enough, until it holds no more", () => {
  const rows: [number[], number, [number, number, boolean][]][] = [
    [[10, 20, 30, 40], 0, [[10, 40, false]]],
    [[10, 20, 30, 40], 20, [[30, 40, false]]],
    [[10, 20, 30, 40], 30, [[40, 40, false]]],
    [[10, 20, 30, 40], 40, []],
    [[10, 20, 50, 60, 70], 10, [[60, 70, false], [20, 20, false]]],
    [[80, 90, 100], 10, [[90, 100, true]]],
    [[], 0, []],
  ];
  for (const [times, hold, expected] of rows) {
    assert.deepEqual(firings([series(...times)], 10, hold, 100).map(({from, to, lasts}) => [from, to, lasts]), expected, `${times} for ${hold}`);
  }
});

test("a query has no more steps than it may have", () => {
  assert.equal(lookEvery(60), 1);
  assert.ok(30 * 86400 / lookEvery(30 * 86400) <= 2000);
});
