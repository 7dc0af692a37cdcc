import assert from "node:assert/strict";
import {test} from "node:test";
import {addressOf, NEW_PANEL, panelsOf} from "../src/lib/explore";
import {legacyAddress, routeOf} from "../src/lib/routes";

test("each address has its page", () => {
  const rows: [string, object][] = [
    ["/", {page: "overview"}], ["/alerts", {page: "alerts"}], ["/alerts/", {page: "alerts"}],
    ["/alerts/0123abc", {page: "alert", id: "0123abc"}], ["/graph", {page: "explore"}],
    ["/silences/new", {page: "new-silence"}], ["/silences/a-b", {page: "silence", id: "a-b"}],
    ["/runbooks/atlasdown", {page: "runbook", id: "atlasdown"}], ["/runbooks", {page: "nowhere"}],
    ["/x", {page: "nowhere"}], ["/rules/x", {page: "nowhere"}], ["/constructor", {page: "nowhere"}],
  ];
  for (const [path, route] of rows) assert.deepEqual(routeOf(path), route, path);
});

test("links of Alertmanager's page lead to ours", () => {
  const rows: [string, string | null][] = [
    ["#/alerts", "/alerts"],
    ["#/alerts?silenced=false&filter=%7Ba%3D%22b%22%7D", "/alerts?filter=%7Ba%3D%22b%22%7D"],
    ["#/silences/new?filter=%7Ba%3D%22b%22%7D", "/silences/new?filter=%7Ba%3D%22b%22%7D"],
    ["#/silences", "/silences"], ["#/silences/0e6c", "/silences/0e6c"], ["#/status", "/status"], ["#/", "/alerts"],
    ["", null], ["#main", null], ["#/elsewhere/x/y", null],
  ];
  for (const [hash, address] of rows) assert.equal(legacyAddress(hash), address, hash);
});

test("Explore's address is Prometheus'", () => {
  const query = new URLSearchParams("g0.expr=up&g0.tab=0&g0.range_input=2h&g1.expr=m&g1.tab=1&g1.step_input=30&g1.end_input=2026-01-31 10:05:00");
  const panels = panelsOf(query);
  assert.deepEqual(panels, [
    {expression: "up", view: "graph", range: 7200, end: null, step: null},
    {expression: "m", view: "table", range: 3600, end: Date.UTC(2026, 0, 31, 10, 5) / 1000, step: 30},
  ]);
  assert.deepEqual(panelsOf(new URLSearchParams(addressOf(panels).split("?")[1])), panels);
  assert.deepEqual(panelsOf(new URLSearchParams()), [NEW_PANEL]);
});
