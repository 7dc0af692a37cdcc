import assert from "node:assert/strict";
import {after, before, test} from "node:test";
import type {Browser} from "playwright-core";
import {launch, Tab} from "./browser";
import {MOST_ROWS, scrollsQuickly} from "./scrolling";
import {Tocsin} from "./tocsin";
import {waitFor} from "./waiting";
import type {SentAlert} from "../src/lib/types";

const COUNT = 10_000;
const PART = 1000;

const tocsin = new Tocsin(JSON.stringify({
  storage: {path: "state"}, notify: {route: {receiver: "nobody"}, receivers: [{name: "nobody"}]},
}));
let browser: Browser;

before(async () => {
  await tocsin.start();
  browser = await launch();
  const endsAt = new Date(Date.now() + 3_600_000).toISOString();
  for (let from = 0; from < COUNT; from += PART) {
    await tocsin.post("/api/v2/alerts", Array.from({length: PART}, (_, i) => ({
      labels: {alertname: "Many", instance: `host-${String(from + i).padStart(5, "0")}`, severity: "warning"}, endsAt,
    })));
  }
  await waitFor("the alerts", async () => (await tocsin.get<SentAlert[]>("/api/v2/alerts")).length === COUNT);
});

after(async () => {
  await browser?.close();
  await tocsin.close();
});

test("of ten thousand alerts only those that can be seen are in the document, and scrolling is quick", async () => {
  const tab = await Tab.open(browser, () => tocsin.url);
  await tab.go("/alerts");
  await tab.sees(`${COUNT} of ${COUNT} alerts`);
  await scrollsQuickly(tab, COUNT);
  await tab.close();
});

test("the overview stays short, too", async () => {
  const tab = await Tab.open(browser, () => tocsin.url);
  await tab.go("/");
  await tab.sees(`All ${COUNT} alerts`);
  assert.ok(await tab.page.locator(".alert-row").count() < MOST_ROWS);
  await tab.close();
});
