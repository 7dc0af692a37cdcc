import assert from "node:assert/strict";
import {test} from "node:test";
import {session} from "./session";
import {Tocsin} from "./tocsin";
import {waitFor} from "./waiting";
import type {RuleAlert} from "../src/lib/types";

/** Two alerts of the same name, of which one has all labels of the other, and more. Their values tell them apart. */
const RULES = `
groups:
  - name: twins
    interval: 1s
    rules:
      - alert: Twin
        expr: vector(7)
      - alert: Twin
        expr: label_replace(vector(8), "side", "left", "", "")
`;

const tocsin = new Tocsin(JSON.stringify({
  global: {external_labels: {cluster: "test"}}, storage: {path: "state"}, rule_files: ["rules.yml"],
  notify: {route: {receiver: "nobody"}, receivers: [{name: "nobody"}]},
}), {"rules.yml": RULES});
const open = session(tocsin);

test("an alert's history is its own, not that of an alert that shares its labels", async () => {
  const alerts = await waitFor("both alerts", async () => {
    const answer = await tocsin.get<{data: {alerts: RuleAlert[]}}>("/api/v1/alerts");
    return answer.data.alerts.length === 2 ? answer.data.alerts : null;
  });
  for (const {fingerprint, value} of alerts) {
    const tab = await open();
    await tab.go(`/alerts/${fingerprint}`);
    await tab.page.getByRole("heading", {level: 1, name: "Twin"}).waitFor();
    const values = tab.page.locator("#history ~ .scroll tbody td:nth-child(3)");
    await values.first().waitFor();
    assert.deepEqual([...new Set(await values.allTextContents())], [String(Number(value))]);
    await tab.page.locator(".facts > div", {hasText: "Value"}).getByText(String(Number(value)), {exact: true}).waitFor();
    await tab.close();
  }
});
