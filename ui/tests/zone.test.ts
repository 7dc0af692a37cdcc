import assert from "node:assert/strict";
import {test} from "node:test";
import {zoneAt} from "../src/lib/zone";

test("the viewer's time zone has a name", () => {
  const summer = Date.UTC(2026, 6, 1);
  assert.match(zoneAt(summer), /^(UTC|GMT|[A-Z]+)([+-]\d+(:\d+)?)?$/);
  assert.ok(new Date(summer).toLocaleString(undefined, {timeZoneName: "short"}).includes(zoneAt(summer)));
});
