import assert from "node:assert/strict";
import {test} from "node:test";
import {counted, formatBytes} from "../src/lib/words";

test("things are counted in words", () => {
  assert.equal(counted(0, "rule"), "0 rules");
  assert.equal(counted(1, "rule"), "1 rule");
});

test("bytes have the unit that suits them", () => {
  assert.equal(formatBytes(0), "0 bytes");
  assert.equal(formatBytes(1023), "1023 bytes");
  assert.equal(formatBytes(1024), "1 KiB");
  assert.equal(formatBytes(1.5 * 1024 ** 3), "1.5 GiB");
  assert.equal(formatBytes(5000 * 1024 ** 4), "5000 TiB");
});
