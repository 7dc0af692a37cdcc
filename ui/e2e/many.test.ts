import assert from "node:assert/strict";
import {after, before, test} from "node:test";
import type {Browser} from "playwright-core";
import {launch, Tab} from "./browser";
import {Tocsin} from "./tocsin";
import {waitFor} from "./waiting";
import type {SentAlert} from "../src/lib/types";

const COUNT = 10_000;
const PART = 1000;
const MOST_ROWS = 300;
const MOST_STEP_MS = 50;

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
  const rows = tab.page.getByRole("listitem").and(tab.page.locator(".row"));
  const session = await tab.page.context().newCDPSession(tab.page);
  await session.send("Performance.enable", {timeDomain: "threadTicks"});  // Not what others make it wait.
  const scriptSeconds = async () => {
    const {metrics} = await session.send("Performance.getMetrics");
    return metrics.find(each => each.name === "ScriptDuration")?.value ?? 0;
  };
  const steps: number[] = [];
  for (const at of [0, 0.1, 0.25, 0.5, 0.75, 0.9, 1]) {
    const began = await scriptSeconds();
    // Until the frame after the next one is drawn.
    await tab.page.evaluate(place => new Promise(done => {
      window.scrollTo(0, place * document.documentElement.scrollHeight);
      requestAnimationFrame(() => requestAnimationFrame(done));
    }), at);
    steps.push(((await scriptSeconds()) - began) * 1000);
    await rows.first().waitFor();
    const count = await rows.count();
    assert.ok(count > 0 && count < MOST_ROWS, `${count} rows`);
  }
  // A poll may fall into one of the steps, and is no part of it.
  steps.sort((a, b) => a - b);
  assert.ok((steps[Math.floor(steps.length / 2)] ?? 0) < MOST_STEP_MS, `steps of ${steps.join(", ")} ms`);
  await tab.page.locator(".row[aria-posinset='10000']").waitFor();
  assert.ok(await tab.page.evaluate(() => document.querySelectorAll("*").length) < 5000);
  await tab.close();
});

test("the overview stays short, too", async () => {
  const tab = await Tab.open(browser, () => tocsin.url);
  await tab.go("/");
  await tab.sees(`All ${COUNT} alerts`);
  assert.ok(await tab.page.locator(".alert-row").count() < MOST_ROWS);
  await tab.close();
});
