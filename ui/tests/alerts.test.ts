import assert from "node:assert/strict";
import {test} from "node:test";
import {activeByHearing, allAlerts, byUrgency, grouped, resolvedIn, severityOf} from "../src/lib/alerts";
import {isAbout, systemsOf} from "../src/lib/systems";
import type {AlertEvent, RuleAlert, SentAlert, Target} from "../src/lib/types";

/** As a server with the external label `cluster: c` calls an alert of a rule. */
function fingerprintOf(labels: Record<string, string>): string {
  return JSON.stringify(Object.entries({...labels, cluster: "c"}).sort());
}

function sent(labels: Record<string, string>, more: Partial<SentAlert> = {}): SentAlert {
  return {
    fingerprint: fingerprintOf(labels), labels, annotations: {}, startsAt: "2026-01-31T10:00:00Z", endsAt: "", updatedAt: "",
    receivers: [{name: "team"}], status: {state: "active", silencedBy: [], inhibitedBy: [], mutedBy: []}, ...more,
  };
}

function ofRule(labels: Record<string, string>, state: "pending" | "firing"): RuleAlert {
  return {labels, fingerprint: fingerprintOf(labels), annotations: {}, state, activeAt: "2026-01-31T10:00:00Z", value: "7e+00"};
}

function event(id: number, kind: AlertEvent["kind"], labels: Record<string, string>): AlertEvent {
  return {
    id, kind, labels, fingerprint: fingerprintOf(labels), at: "2026-01-31T10:00:00Z", file: "", group: "", rule: labels.alertname ?? "",
    annotations: {}, value: "1", reason: "",
  };
}

function target(collector: string, name: string, health: Target["health"] = "up", labels: Record<string, string> = {}): Target {
  return {labels: {...labels, collector, name}, health, lastError: "", lastScrape: "", lastScrapeDuration: 0, scrapeInterval: "15s"};
}

test("an alert is shown once, whoever tells of it", () => {
  const alerts = allAlerts(
    [sent({alertname: "A", cluster: "c"}), sent({alertname: "Other"})],
    [ofRule({alertname: "A"}, "firing"), ofRule({alertname: "B"}, "pending"), ofRule({alertname: "Unsent"}, "firing")],
    [event(1, "firing", {alertname: "A"}), event(2, "firing", {alertname: "C"}), event(3, "resolved", {alertname: "C"}),
      event(4, "resolved", {alertname: "A"})]);
  assert.deepEqual(alerts.map(({name, state}) => [name, state]), [
    ["A", "firing"], ["Other", "firing"], ["B", "pending"], ["Unsent", "firing"], ["C", "resolved"]]);
  assert.equal(alerts[0]?.value, "7e+00");
});

test("an alert is another one than that which has its labels and more", () => {
  const alerts = allAlerts(
    [sent({alertname: "A", cluster: "c", job: "x"})], [ofRule({alertname: "A"}, "firing")],
    [event(1, "resolved", {alertname: "A", job: "y"})]);
  assert.deepEqual(alerts.map(({state, value}) => [state, value]), [["firing", null], ["firing", "7e+00"], ["resolved", "1"]]);
  assert.equal(allAlerts([sent({alertname: "A", job: "x"})], [], [event(1, "resolved", {alertname: "A"})]).length, 2);
});

test("only the newest event of an alert says whether it ended", () => {
  const labels = {alertname: "A"};
  assert.deepEqual(resolvedIn([event(2, "firing", labels), event(1, "resolved", labels)]), []);
  assert.equal(resolvedIn([event(1, "firing", labels), event(2, "resolved", labels)]).length, 1);
});

test("silenced and inhibited alerts say so", () => {
  const status = {state: "suppressed", silencedBy: ["s"], inhibitedBy: ["i"], mutedBy: []};
  const alerts = allAlerts([sent({alertname: "A"}, {status}), sent({alertname: "B"}, {status: {...status, silencedBy: []}})], [], []);
  assert.deepEqual(alerts.map(each => each.state), ["silenced", "inhibited"]);
  const more = allAlerts([sent({alertname: "C"}), sent({alertname: "A"}, {status})], [ofRule({alertname: "D"}, "pending")], []);
  const {told, quiet} = activeByHearing(more);
  assert.deepEqual([told.map(each => each.name), quiet.map(each => each.name)], [["C"], ["A"]]);
});

test("what is worst comes first", () => {
  const alerts = allAlerts(
    [sent({alertname: "info", severity: "info"}), sent({alertname: "crit", severity: "critical"}), sent({alertname: "warn"})],
    [ofRule({alertname: "pend", severity: "critical"}, "pending")], []);
  assert.deepEqual(alerts.sort(byUrgency).map(each => each.name), ["crit", "warn", "info", "pend"]);
  assert.equal(severityOf({severity: "page"}), "critical");
});

test("alerts are grouped by a label", () => {
  const alerts = allAlerts([sent({alertname: "A", job: "x"}), sent({alertname: "B"}), sent({alertname: "C", job: "x"})], [], []);
  assert.deepEqual(grouped(alerts, "job").map(({title, alerts: {length}}) => [title, length]), [["job: x", 2], ["no job", 1]]);
  assert.equal(grouped(alerts, "").length, 1);
});

test("an alert is about the system whose metrics it is made of", () => {
  const link = (expression: string) => ({generatorURL: `http://t/graph?${new URLSearchParams({"g0.expr": expression})}`});
  const [a, b, c] = allAlerts([
    sent({alertname: "X"}, link("max(dagster_runs) > 1")), sent({alertname: "Y", collector: "redis", name: "cache"}),
    sent({alertname: "Z", env: "test"}, link("instance:dagster_runs:sum > 1"))], [], []);
  assert.ok(a && b && c);
  assert.ok(isAbout(a, target("dagster", "prod")));
  assert.ok(!isAbout(a, target("redis", "cache")));
  assert.ok(isAbout(b, target("redis", "cache")));
  assert.ok(!isAbout(b, target("redis", "other")));
  assert.ok(isAbout(c, target("dagster", "prod")));
  assert.ok(!isAbout(c, target("dagster", "prod", "up", {env: "prod"})));
});

test("a system whose source is down is unknown, whatever fires", () => {
  const alerts = allAlerts([sent({alertname: "X", collector: "redis", name: "a", severity: "critical"}),
    sent({alertname: "Y", collector: "redis", name: "b", severity: "warning"}),
    sent({alertname: "Z", collector: "redis", name: "c", severity: "info"}), sent({alertname: "W"})], [], []);
  const {systems, others} = systemsOf([target("redis", "d", "down"), target("redis", "c"), target("redis", "b"), target("redis", "a"),
    target("redis", "new", "unknown"), {...target("redis", "part"), lastError: "half of it"}], alerts);
  assert.deepEqual(systems.map(({target: {labels}, health}) => [labels.name, health]), [
    ["a", "critical"], ["d", "unknown"], ["new", "unknown"], ["b", "warning"], ["part", "warning"], ["c", "fine"]]);
  assert.deepEqual(others.map(each => each.name), ["W"]);
  const [down] = systemsOf([target("redis", "a", "down")], alerts).systems;
  assert.equal(down?.health, "unknown");
});

test("a system that is scraped is unknown when nothing of it answers", () => {
  const health = (all: number, down: number) =>
    systemsOf([target("prometheus", "shop")], [], new Map([["shop", {all, down}]])).systems[0]?.health;
  assert.deepEqual([health(2, 2), health(2, 1), health(2, 0)], ["unknown", "warning", "fine"]);
});
