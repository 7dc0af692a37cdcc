import assert from "node:assert/strict";
import {mkdirSync, readFileSync} from "node:fs";
import {createRequire} from "node:module";
import {join} from "node:path";
import {after, before, test} from "node:test";
import type {Browser, BrowserContextOptions} from "playwright-core";
import {launch, Tab} from "./browser";
import {Looks} from "./looks";
import {waitFor} from "./waiting";
import {Watched} from "./watched";
import type {SentAlert} from "../src/lib/types";

const AXE = readFileSync(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf-8");
const SCREENSHOTS = process.env.SCREENSHOTS ?? "screenshots";

const LOOKS: Readonly<Record<string, BrowserContextOptions>> = {
  light: {colorScheme: "light", viewport: {width: 1280, height: 900}},
  dark: {colorScheme: "dark", viewport: {width: 1280, height: 900}},
  phone: {colorScheme: "light", viewport: {width: 390, height: 844}, isMobile: true},
};

const watched = new Watched();
let browser: Browser;
let looks: Looks;
let fingerprint = "";

/** Each page's address, and what shows that it is there whole. */
function pages(): [string, string, string][] {
  return [
    ["overview", "/", ".tile"],
    ["alerts", "/alerts", ".alert-row"],
    ["alert", `/alerts/${fingerprint}`, ".plot canvas"],
    ["runbook", "/runbooks/dagsterdaemonunavailable", "td code"],
    ["rules", "/rules", ".rule-row"],
    ["what-if", "/rules?whatif=load+%3E+10&for=0s&range=10m", "td code"],
    ["explore", "/explore?g0.expr=load&g0.tab=0&g1.expr=up&g1.tab=1", ".plot canvas"],
    ["collectors", "/collectors", ".metric-row"],
    ["silences", "/silences?expired=1", ".silence-row"],
    ["new-silence", "/silences/new?filter=%7Balertname%3D%22HighLoad%22%7D", ".alert-row"],
    ["status", "/status", ".config"],
  ];
}

before(async () => {
  await watched.start();
  browser = await launch();
  looks = await Looks.open(browser);
  mkdirSync(SCREENSHOTS, {recursive: true});
  watched.source.values.load = 50;
  const alert = await waitFor("an alert that fires", async () =>
    (await watched.tocsin.get<SentAlert[]>("/api/v2/alerts")).find(each => each.labels.alertname === "HighLoad"));
  fingerprint = alert.fingerprint;
  const now = Date.now();
  await watched.tocsin.post("/api/v2/silences", {
    matchers: [{name: "alertname", value: "Nothing", isRegex: false, isEqual: true}],
    startsAt: new Date(now).toISOString(), endsAt: new Date(now + 600_000).toISOString(), createdBy: "ada", comment: "test",
  });
  await waitFor("its notification", () => watched.webhook.firing("HighLoad"));
});

after(async () => {
  await browser?.close();
  await watched.close();
});

interface Violation {
  id: string;
  impact: string;
  nodes: {html: string; failureSummary: string}[];
}

/** What axe-core finds to be serious. */
async function violations(tab: Tab): Promise<string[]> {
  // By way of the debugger: the page's own policy lets no script in.
  await tab.page.evaluate(AXE);
  const found = await tab.page.evaluate(async () =>
    (await (window as unknown as {axe: {run(): Promise<{violations: Violation[]}>}}).axe.run()).violations);
  return found.filter(each => each.impact === "serious" || each.impact === "critical")
    .map(each => `${each.id}: ${each.nodes.map(node => `${node.html} ${node.failureSummary}`).join("; ")}`);
}

for (const [look, options] of Object.entries(LOOKS)) {
  for (const name of ["overview", "alerts", "alert", "runbook", "rules", "what-if", "explore", "collectors", "silences", "new-silence", "status"]) {
    test(`${name} loads cleanly and can be used by everybody (${look})`, async () => {
      const [, path, sign] = pages().find(([each]) => each === name) ?? ["", "", ""];
      const tab = await Tab.open(browser, () => watched.tocsin.url, options);
      await tab.go(path);
      await tab.page.locator(sign).first().waitFor();
      await tab.page.waitForLoadState("networkidle");
      await looks.check(tab.page, `${name}-${look}`, join(SCREENSHOTS, `${name}-${look}.png`));
      assert.deepEqual(await violations(tab), []);
      const overflow = await tab.page.evaluate(() => document.documentElement.scrollWidth - window.innerWidth);
      assert.ok(overflow <= 0, `the page is ${overflow} pixels wider than the window`);
      await tab.close();
    });
  }
}

test("an alert's page tells what a person needs", async () => {
  const tab = await Tab.open(browser, () => watched.tocsin.url);
  await tab.go(`/alerts/${fingerprint}`);
  await tab.sees("The load of shop is 50.");
  await tab.sees("Orders wait.");
  await tab.sees("job:load:max > 10");
  await tab.sees("threshold 10");
  await tab.page.getByRole("link", {name: "https://runbooks.example/high-load"}).waitFor();
  assert.equal(await tab.page.locator("#runbook").count(), 0);  // It is none of ours.
  await tab.page.locator("#notifications ~ .scroll td", {hasText: "team"}).first().waitFor();
  await tab.page.locator("#notifications ~ .scroll .badge", {hasText: "delivered"}).first().waitFor();
  await tab.page.locator("#history ~ .scroll .badge", {hasText: "firing"}).first().waitFor();
  const time = tab.page.locator("main time").first();
  assert.match(await time.getAttribute("title") ?? "", /UTC$/);
  await tab.page.getByRole("button", {name: "Copy as amtool command"}).click();
  await tab.close();
});

test("on a phone, a wide result scrolls in its box, and the page does not", async () => {
  const tab = await Tab.open(browser, () => watched.tocsin.url, LOOKS.phone);
  const expressions = ["load[1m]", 'label_replace(load, "long", "$1-and-$1-and-$1-and-$1", "instance", "(.*)")'];
  for (const expression of expressions) {
    await tab.go(`/explore?${new URLSearchParams({"g0.expr": expression, "g0.tab": "1"})}`);
    const value = tab.page.locator(".result-row b").first();
    await value.waitFor();
    const width = await tab.page.evaluate(() => [document.documentElement.scrollWidth, window.innerWidth]);
    assert.equal(width[0], width[1]);
    // Its end can be scrolled to, and is not cut off.
    await tab.page.getByRole("region", {name: "Result"}).evaluate(box => box.scrollTo(box.scrollWidth, 0));
    const box = await value.boundingBox();
    assert.ok(box && box.x + box.width <= 390 && box.x + box.width > 0, JSON.stringify(box));
  }
  await tab.close();
});

test("on a phone, times name their zone", async () => {
  const tab = await Tab.open(browser, () => watched.tocsin.url, LOOKS.phone);
  await tab.go(`/alerts/${fingerprint}`);
  await tab.page.locator(".facts time").first().getByText(/ CES?T$/).waitFor();
  await tab.page.locator(".legend", {hasText: /times in CES?T$/}).waitFor();
  await tab.go("/explore?g0.expr=load&g0.tab=1");
  await tab.page.getByLabel(/^Until, in CES?T/).waitFor();
  await tab.close();
});

test("no secret reaches the page", async () => {
  const tab = await Tab.open(browser, () => watched.tocsin.url);
  await tab.go("/status");
  await tab.page.locator(".config").waitFor();
  assert.ok(!(await tab.page.content()).includes("s3cr3t"));
  assert.match(await tab.page.locator(".config").innerText(), /webhook_configs/);
  await tab.close();
});

test("the limits are those in force", async () => {
  const tab = await Tab.open(browser, () => watched.tocsin.url);
  await tab.go("/status");
  const limit = (key: string, value: string) =>
    tab.page.locator("#limits ~ .facts > div", {hasText: key}).getByText(value, {exact: true}).waitFor();
  await limit("storage.max_series", "1000000");
  await limit("storage.max_bytes", "4 GiB");
  await limit("promql.timeout", "2m");
  await tab.close();
});

test("the address is the one that is listened on", async () => {
  const tab = await Tab.open(browser, () => watched.tocsin.url);
  await tab.go("/status");
  const row = tab.page.locator("#build ~ .facts > div", {hasText: "Listens on"});
  await row.getByText(watched.tocsin.address, {exact: true}).waitFor();
  assert.equal(await tab.page.locator("#limits ~ .facts > div", {hasText: "server.listen"}).count(), 0);
  await tab.close();
});

test("the keyboard leads through the page", async () => {
  const tab = await Tab.open(browser, () => watched.tocsin.url);
  await tab.go("/");
  await tab.page.keyboard.press("Tab");
  assert.equal(await tab.page.evaluate(() => document.activeElement?.textContent), "To the content");
  await tab.page.keyboard.press("Tab");
  await tab.page.keyboard.press("Tab");
  assert.equal(await tab.page.evaluate(() => document.activeElement?.textContent), "Alerts");
  await tab.page.keyboard.press("Enter");
  await tab.page.getByRole("heading", {level: 1, name: "Alerts"}).waitFor();
  await tab.close();
});
