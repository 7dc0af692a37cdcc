import assert from "node:assert/strict";
import {test} from "node:test";
import {MOST_ROWS, scrollsQuickly} from "./scrolling";
import {session} from "./session";
import {Tocsin} from "./tocsin";
import {waitFor} from "./waiting";
import type {SentAlert} from "../src/lib/types";

const COUNT = 10_000;
const PART = 1000;

const tocsin = new Tocsin(JSON.stringify({
  storage: {path: "state"}, notify: {route: {receiver: "nobody"}, receivers: [{name: "nobody"}]},
}));
const open = session(tocsin, async () => {
  const endsAt = new Date(Date.now() + 3_600_000).toISOString();
  for (let from = 0; from < COUNT; from += PART) {
    await tocsin.post("/api/v2/alerts", Array.from({length: PART}, (_, i) => ({
      labels: {alertname: "Many", instance: `host-${String(from + i).padStart(5, "0")}`, severity: "warning"}, endsAt,
    })));
  }
  await waitFor("the alerts", async () => (await tocsin.get<SentAlert[]>("/api/v2/alerts")).length === COUNT);
});

test("of ten thousand alerts only those that can be seen are in the document, and scrolling is quick", async () => {
  const tab = await open();
  await tab.go("/alerts");
  await tab.sees(`${COUNT} of ${COUNT} alerts`);
  await scrollsQuickly(tab, COUNT);
  await tab.close();
});

test("the overview stays short, too", async () => {
  const tab = await open();
  await tab.go("/");
  await tab.sees(`All ${COUNT} alerts`);
  assert.ok(await tab.page.locator(".alert-row").count() < MOST_ROWS);
  await tab.close();
});
