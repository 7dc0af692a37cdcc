import assert from "node:assert/strict";
import {after, afterEach, before, beforeEach, test} from "node:test";
import type {Browser} from "playwright-core";
import {launch, Tab} from "./browser";
import {waitFor} from "./waiting";
import {Watched} from "./watched";
import type {SentAlert, Silence} from "../src/lib/types";

/** Of one test alone: each changes what is watched, or ends it. */
let watched: Watched;
let browser: Browser;

before(async () => {
  browser = await launch();
});

beforeEach(async () => {
  watched = new Watched();
  await watched.start();
});

afterEach(async () => await watched.close());

after(async () => await browser?.close());

async function firing(name: string): Promise<SentAlert | undefined> {
  return (await watched.tocsin.get<SentAlert[]>("/api/v2/alerts")).find(each => each.labels.alertname === name);
}

test("an alert is seen to fire, and to be resolved, without loading the page again", async () => {
  const tab = await Tab.open(browser, () => watched.tocsin.url);
  await tab.go("/");
  await tab.page.locator(".tile.fine", {hasText: "shop"}).waitFor();
  await tab.sees("Nothing fires.");
  watched.source.values.load = 99;
  const row = tab.page.locator(".alert-row", {hasText: "HighLoad"});
  await row.getByText("firing").waitFor();
  await tab.page.locator(".tile.critical", {hasText: "1 critical alert"}).waitFor();
  watched.source.values.load = 1;
  await tab.sees("Nothing fires.");
  await tab.page.locator(".plain-list li", {hasText: "HighLoad"}).getByText("resolved").waitFor();
  await tab.close();
});

test("what if a rule were different is told over the stored history", async () => {
  await waitFor("some history", async () => (await watched.tocsin.get<{data: {result: unknown[]}}>(
    "/api/v1/query?query=count_over_time(orders[1m])>3")).data.result.length);
  const tab = await Tab.open(browser, () => watched.tocsin.url);
  await tab.go("/rules");
  await tab.page.locator(".rule-group", {hasText: /wrote \d+ samples/}).waitFor();
  await tab.page.getByRole("link", {name: "What if OrdersStopped were different"}).click();
  await tab.sees("It would have fired 0 times");
  await tab.page.locator(".cm-content").click();
  await tab.page.keyboard.press("Control+A");
  await tab.page.keyboard.insertText("orders > 4");
  await tab.page.getByLabel("Over the last").fill("10m");
  await tab.page.getByRole("button", {name: "When would it have fired?"}).click();
  await tab.sees(/It would have fired (once|[1-9]\d* times) in the last 10m/);
  await tab.page.locator("td code", {hasText: "orders"}).waitFor();
  assert.match(tab.page.url(), /whatif=orders\+%3E\+4&for=0s&range=10m/);
  await tab.page.getByLabel("For").fill("1h");
  await tab.page.getByRole("button", {name: "When would it have fired?"}).click();
  await tab.sees("It would have fired 0 times");
  await tab.close();
});

test("a silence made in the page stops a notification, until it is ended there", async () => {
  const tab = await Tab.open(browser, () => watched.tocsin.url);
  await tab.go("/silences/new?filter=%7Balertname%3D%22OrdersStopped%22%7D");
  await tab.sees("No alert matches.");
  await tab.page.getByLabel("Duration").fill("soon");
  await tab.page.getByLabel("Author").fill("ada");
  await tab.page.getByRole("button", {name: "Silence"}).click();
  await tab.sees("Duration: expected");
  await tab.page.getByLabel("Duration").fill("1h");
  await tab.page.getByLabel("Comment").fill("stocktaking");
  await tab.page.getByRole("button", {name: "Silence"}).click();
  await tab.sees("stocktaking");
  const [silence] = await watched.tocsin.get<Silence[]>("/api/v2/silences");
  assert.equal(silence?.createdBy, "ada");

  watched.source.values.orders = 0;
  const alert = await waitFor("the alert", () => firing("OrdersStopped"));
  await waitFor("its silence", async () => ((await firing("OrdersStopped"))?.status.silencedBy.length ?? 0) > 0);
  // Another alert is told meanwhile, so that this one would have been, too.
  watched.source.values.load = 99;
  await waitFor("another notification", () => watched.webhook.firing("HighLoad"));
  assert.equal(watched.webhook.firing("OrdersStopped"), 0);
  await tab.go("/");
  await tab.page.getByRole("region", {name: "Silenced, inhibited or muted 1"}).getByText("OrdersStopped").waitFor();
  await tab.page.getByRole("region", {name: "Firing now 1"}).getByText("HighLoad").waitFor();
  await tab.go(`/alerts/${alert.fingerprint}`);
  await tab.sees("Silenced by");

  await tab.page.getByRole("link", {name: silence?.id ?? ""}).click();
  await tab.sees("1 alert matches.");
  await tab.page.getByRole("button", {name: "End this silence now"}).click();
  await tab.page.locator(".badge", {hasText: "expired"}).waitFor();
  await waitFor("the notification after all", () => watched.webhook.firing("OrdersStopped"));
  await tab.close();
});

test("a silence is changed in the page", async () => {
  const now = Date.now();
  await watched.tocsin.post("/api/v2/silences", {
    matchers: [{name: "alertname", value: "Nothing.*", isRegex: true, isEqual: true}],
    startsAt: new Date(now).toISOString(), endsAt: new Date(now + 600_000).toISOString(), createdBy: "ada", comment: "first reason",
  });
  const tab = await Tab.open(browser, () => watched.tocsin.url);
  await tab.go("/silences");
  await tab.sees("Ends in");
  await tab.page.locator(".silence-row a", {hasText: "Nothing.*"}).click();
  await tab.sees("first reason");
  await tab.page.getByRole("button", {name: "Edit"}).click();
  await tab.page.getByLabel("Comment").fill("second reason");
  await tab.page.getByLabel("Duration").fill("3h");
  await tab.page.getByRole("button", {name: "Change the silence"}).click();
  const changed = await waitFor("the change", async () =>
    (await watched.tocsin.get<Silence[]>("/api/v2/silences")).find(each => each.comment === "second reason" && each.status.state === "active"));
  assert.ok(Date.parse(changed.endsAt) - now > 2 * 3600_000);
  await tab.page.getByRole("button", {name: "Change the silence"}).waitFor({state: "detached"});
  await tab.sees("second reason");
  await tab.close();
});

test("a source that is down makes its system unknown", async () => {
  const tab = await Tab.open(browser, () => watched.tocsin.url);
  await tab.go("/");
  await tab.page.locator(".tile", {hasText: "shop"}).waitFor();
  await watched.source.close();
  await tab.page.locator(".tile.unknown", {hasText: "its source is down"}).waitFor();
  await tab.close();
});

test("a server that has stopped is shown, and nothing as fine; and that it is back", async () => {
  const tab = await Tab.open(browser, () => watched.tocsin.url);
  const listen = watched.tocsin.address;
  await tab.go("/rules");
  await tab.page.locator(".rule-row .badge.fine").first().waitFor();
  await watched.tocsin.stop();
  await tab.page.getByRole("alert").getByText("tocsin does not answer.").waitFor();
  assert.equal(await tab.page.locator(".badge.fine").count(), 0);
  await tab.page.getByRole("link", {name: "Overview"}).click();
  await tab.page.getByRole("heading", {level: 1, name: "Overview"}).waitFor();
  assert.equal(await tab.page.getByText("Nothing fires.").count(), 0);
  assert.equal(await tab.page.locator(".tile.fine, .badge.fine").count(), 0);
  // The browser says on the console that the server is not there; so it should.
  assert.ok(tab.problems.every(each => each.includes("net::ERR")), tab.problems.join("\n"));
  tab.problems.length = 0;

  await watched.tocsin.start(listen);
  await tab.page.locator(".banner").waitFor({state: "detached"});
  tab.problems.length = 0;
  await tab.close();
});
