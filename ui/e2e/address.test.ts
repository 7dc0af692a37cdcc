import assert from "node:assert/strict";
import {after, before, test} from "node:test";
import type {Browser} from "playwright-core";
import {launch, Tab} from "./browser";
import {waitFor} from "./waiting";
import {Watched} from "./watched";
import type {SentAlert} from "../src/lib/types";

const watched = new Watched();
let browser: Browser;

before(async () => {
  await watched.start();
  browser = await launch();
  const end = new Date(Date.now() + 3_600_000).toISOString();
  await watched.tocsin.post("/api/v2/alerts", ["a", "b", "c"].flatMap(zone => ["DiskFull", "DiskSlow"].map(alertname =>
    ({labels: {alertname, zone, severity: "warning"}, endsAt: end}))));
  await waitFor("the alerts", async () => (await watched.tocsin.get<SentAlert[]>("/api/v2/alerts")).length === 6);
});

after(async () => {
  await browser?.close();
  await watched.close();
});

test("filters and groups are in the address, which restores them", async () => {
  const tab = await Tab.open(browser, () => watched.tocsin.url);
  await tab.go("/alerts");
  await tab.sees("7 of 7 alerts");  // With the one that waits.
  await tab.page.getByLabel("Matchers").fill('{alertname="DiskFull"}');
  await tab.page.getByRole("button", {name: "Filter"}).click();
  await tab.sees("3 of 7 alerts");
  await tab.page.getByLabel("Group by").selectOption("zone");
  await tab.page.getByRole("heading", {name: "zone: b"}).waitFor();
  await tab.page.getByLabel("pending").uncheck();
  const address = tab.page.url();

  const other = await Tab.open(browser, () => watched.tocsin.url);
  await other.go(address.slice(watched.tocsin.url.length));
  await other.sees("3 of 7 alerts");
  await other.page.getByRole("heading", {name: "zone: b"}).waitFor();
  assert.equal(await other.page.getByLabel("Matchers").inputValue(), '{alertname="DiskFull"}');
  assert.equal(await other.page.getByLabel("pending").isChecked(), false);
  await other.close();

  await tab.page.goBack();
  await tab.sees("7 of 7 alerts");
  await tab.page.getByLabel("Matchers").fill("{alertname=");
  await tab.page.getByRole("button", {name: "Filter"}).click();
  await tab.page.locator("#filter-problem", {hasText: "brace"}).waitFor();
  await tab.close();
});

test("old links of Prometheus and Alertmanager lead to the right page", async () => {
  const rows: [string, string, RegExp][] = [
    ["/#/alerts", "Alerts", /\/alerts$/],
    ["/#/alerts?filter=%7Bzone%3D%22a%22%7D", "Alerts", /\/alerts\?filter=/],
    ["/#/silences/new?filter=%7Bzone%3D%22a%22%7D", "New silence", /\/silences\/new\?filter=/],
    ["/graph?g0.expr=load&g0.tab=0", "Explore", /\/graph\?g0\.expr=load/],
  ];
  for (const [old, title, now] of rows) {
    const tab = await Tab.open(browser, () => watched.tocsin.url);
    await tab.page.goto(watched.tocsin.url + old);
    await tab.page.getByRole("heading", {level: 1, name: title}).waitFor();
    assert.match(tab.page.url(), now);
    await tab.close();
  }
});

test("a silence that a link has prepared shows what it will match", async () => {
  const tab = await Tab.open(browser, () => watched.tocsin.url);
  await tab.go("/#/silences/new?filter=%7Bzone%3D%22a%22%7D");
  await tab.sees("2 alerts match.");
  await tab.page.getByLabel("Matchers").fill('{zone=~"a|b", alertname="DiskFull"}');
  await tab.sees("2 alerts match.");
  await tab.page.getByLabel("Matchers").fill('{zone=~"a|b"}');
  await tab.sees("4 alerts match.");
  await tab.close();
});

test("Explore completes, runs, plots and is shared by its address", async () => {
  const tab = await Tab.open(browser, () => watched.tocsin.url);
  await tab.go("/explore");
  await tab.page.locator(".cm-content[aria-label='Expression 1']").click();
  await tab.page.keyboard.type("requests_t");
  await tab.page.locator(".cm-tooltip-autocomplete", {hasText: "requests_total"}).waitFor();
  await tab.page.keyboard.press("Escape");
  await tab.page.keyboard.type("otal");
  await tab.page.keyboard.press("Escape");
  await tab.page.getByRole("button", {name: "Run"}).click();
  await tab.page.locator(".result-row", {hasText: 'requests_total{code="200"'}).waitFor();
  await tab.page.getByLabel("graph").check();
  await tab.page.locator(".plot canvas").waitFor();
  await tab.page.getByRole("button", {name: "Add an expression"}).click();
  await tab.page.getByRole("region", {name: "Expression 2"}).waitFor();
  const address = tab.page.url().slice(watched.tocsin.url.length);
  assert.match(address, /g0\.expr=requests_total&g0\.tab=0/);

  const other = await Tab.open(browser, () => watched.tocsin.url);
  await other.go(address);
  await other.page.locator(".plot canvas").waitFor();
  await other.page.getByRole("region", {name: "Expression 2"}).waitFor();
  await other.close();
  await tab.close();
});

test("what is wrong with an expression is said, and where", async () => {
  const tab = await Tab.open(browser, () => watched.tocsin.url);
  const rows: [string, string, string][] = [
    ["/explore?g0.expr=sum(&g0.tab=1", "parse error", "sum(\n    ^"],
    ["/explore?g0.expr=sum(&g0.tab=0", "parse error", "sum(\n    ^"],
    ["/rules?whatif=1+%2B+sum(&for=0s&range=10m", "parse error", "1 + sum(\n        ^"],
    ["/explore?g0.expr=1+%2B+(up+%2B+on(x)+vector(1)+*+on(x)+{job!%3D%22%22})&g0.tab=1", "many-to-many",
      '1 + (up + on(x) vector(1) * on(x) {job!=""})\n                ^^^^^^^^^^^^^^^^^^^^^^^^^^^'],
  ];
  for (const [address, text, place] of rows) {
    await tab.go(address);
    await tab.page.getByRole("alert").getByText(text).waitFor();
    assert.deepEqual(await tab.page.locator(".caret").allTextContents(), [place]);
  }
  // The browser writes of each answer that is a failure on the console.
  assert.ok(tab.problems.every(each => /\b4(00|22)\b/.test(each)), tab.problems.join("\n"));
  tab.problems.length = 0;
  await tab.close();
});

test("without scripts the page leads to those that need none", async () => {
  const tab = await Tab.open(browser, () => watched.tocsin.url, {javaScriptEnabled: false});
  const [alert] = await watched.tocsin.get<SentAlert[]>("/api/v2/alerts");
  await tab.go(`/alerts/${alert?.fingerprint}`);
  await tab.page.getByRole("link", {name: "The same without them"}).click();
  await tab.page.getByRole("heading", {level: 1, name: alert?.labels.alertname ?? ""}).waitFor();
  await tab.page.getByRole("link", {name: "Silence this alert"}).click();
  await tab.page.getByRole("heading", {level: 1, name: "New silence"}).waitFor();
  await tab.close();
});
