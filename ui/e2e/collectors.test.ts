import assert from "node:assert/strict";
import {after, before, test} from "node:test";
import type {Browser} from "playwright-core";
import {launch, Tab} from "./browser";
import {waitFor} from "./waiting";
import {Watched} from "./watched";
import type {QueryResult} from "../src/lib/types";

const watched = new Watched();
let browser: Browser;

before(async () => {
  await watched.start();
  // The same series twice, as only a broken page has it.
  watched.source.values = {...watched.source.values, "load{}": 2};
  browser = await launch();
});

after(async () => {
  await browser?.close();
  await watched.close();
});

test("how long collections took is drawn from what is stored", async () => {
  const query = 'count_over_time(tocsin_collector_duration_seconds{name="shop"}[1m]) > 2';
  await waitFor("some history", async () =>
    (await watched.tocsin.get<{data: QueryResult}>(`/api/v1/query?${new URLSearchParams({query})}`)).data.result.length);
  const tab = await Tab.open(browser, () => watched.tocsin.url);
  await tab.go("/collectors");
  const small = tab.page.getByRole("img", {name: /^Durations of shop in the last hour: at most [\d.]+ (s|ms|µs)\.$/});
  await small.waitFor();
  const points = (await small.locator("polyline").last().getAttribute("points"))?.split(" ").at(-1) ?? "";
  const [x = 0, y = 0] = points.split(",").map(Number);
  assert.ok(x > 100 && x < 120 && y < 26, `its end is at ${points}`);  // It ends now, at the right edge.
  await tab.page.getByRole("button", {name: "Durations of shop"}).click();
  await tab.page.getByRole("region", {name: "How long shop took"}).locator(".plot canvas").waitFor();
  await tab.page.getByRole("img", {name: /^Durations of shop\. 1 line, from .* to/}).waitFor();
  await tab.close();
});

test("what was dropped is told with its reason", async () => {
  const tab = await Tab.open(browser, () => watched.tocsin.url);
  await tab.go("/collectors");
  const cell = tab.page.getByRole("cell", {name: /^\d+ duplicate$/});
  await cell.waitFor();
  assert.match(await cell.getAttribute("title") ?? "", /^\d+ duplicate: the collection has the series twice/);
  await tab.page.getByRole("region", {name: "Why samples were dropped"}).getByText("the collection has the series twice").waitFor();
  await tab.close();
});
