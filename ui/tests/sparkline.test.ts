import assert from "node:assert/strict";
import {test} from "node:test";
import {strokesOf} from "../src/lib/sparkline";

const BOX = {width: 104, height: 24};

test("a small line goes from 0 to its largest value, over all of its time", () => {
  assert.deepEqual(strokesOf([[0, 0], [50, 4], [100, 2]], 0, 100, 50, BOX), ["2.0,22.0 52.0,2.0 102.0,12.0"]);
  assert.deepEqual(strokesOf([[100, 0]], 0, 100, 50, BOX), ["102.0,22.0 102.0,22.0"]);
  assert.deepEqual(strokesOf([], 0, 100, 50, BOX), []);
});

test("a small line has gaps where nothing is known", () => {
  assert.deepEqual(strokesOf([[0, 1], [10, 1], [60, 1], [70, NaN], [80, 1]], 0, 100, 10, BOX), [
    "2.0,2.0 12.0,2.0", "62.0,2.0 62.0,2.0", "82.0,2.0 82.0,2.0"]);
});
