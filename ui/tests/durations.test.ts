import assert from "node:assert/strict";
import {test} from "node:test";
import {formatDuration, formatElapsed, parseDuration, roughly} from "../src/lib/durations";

test("durations are read as Prometheus writes them", () => {
  const rows: [string, number | null][] = [
    ["30m", 1800], ["1h30m", 5400], ["1d", 86400], ["2w", 1209600], ["1y", 31536000], ["500ms", 0.5], [" 5s ", 5], ["0s", 0],
    ["", null], ["5", null], ["m", null], ["1m1h", null], ["-5m", null], ["soon", null],
  ];
  for (const [text, seconds] of rows) assert.equal(parseDuration(text), seconds, text);
});

test("durations are written so that they read back the same", () => {
  const rows: [number, string][] = [[0, "0s"], [59.9, "59s"], [60, "1m"], [3661, "1h1m1s"], [90000, "1d1h"], [-5, "0s"]];
  for (const [seconds, text] of rows) assert.equal(formatDuration(seconds), text);
  assert.equal(roughly(93784), "1d2h");
  assert.equal(formatElapsed(0.0000123), "12 µs");
  assert.equal(formatElapsed(0.0123), "12.3 ms");
  assert.equal(formatElapsed(12.3), "12.30 s");
});
