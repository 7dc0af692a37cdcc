import assert from "node:assert/strict";
import {test} from "node:test";
import {session} from "./session";
import {Tocsin} from "./tocsin";
import {waitFor} from "./waiting";
import type {SentAlert} from "../src/lib/types";

const tocsin = new Tocsin(null);
const open = session(tocsin);

test("the quickstart's page says that its data is nobody's", async () => {
  const tab = await open();
  await tab.go("/");
  await tab.sees("DEMO DATA.");
  await tab.page.locator(".tile", {hasText: "demo"}).waitFor();
  for (const name of ["Alerts", "Rules", "Explore", "Collectors", "Silences", "Status"]) {
    await tab.page.getByRole("navigation").getByRole("link", {name}).click();
    await tab.page.getByRole("heading", {level: 1, name}).waitFor();
    await tab.page.locator("main .problem").filter({hasText: /./}).waitFor({state: "detached"});
  }
  await tab.close();
});

test("an alert's page has the text of its runbook, and so has an address of its own", async () => {
  const name = "DagsterDaemonUnavailable";
  const alert = await waitFor("the dead daemon's alert", async () =>
    (await tocsin.get<SentAlert[]>("/api/v2/alerts")).find(each => each.labels.alertname === name));
  const tab = await open({viewport: {width: 390, height: 844}, isMobile: true});
  await tab.go(`/alerts/${alert.fingerprint}`);
  const section = tab.page.locator("section[aria-labelledby=runbook]");
  for (const title of ["Meaning", "Impact", "Diagnosis", "Mitigation"]) {
    await section.getByRole("heading", {level: 3, name: title}).waitFor();
  }
  await section.getByText("it is dead, or hangs").waitFor();
  await section.locator("td code", {hasText: "QUEUED_RUN_COORDINATOR"}).waitFor();
  await section.locator("pre", {hasText: "systemctl status dagster-daemon"}).waitFor();
  const overflow = await tab.page.evaluate(() => document.documentElement.scrollWidth - window.innerWidth);
  assert.ok(overflow <= 0, `the page is ${overflow} pixels wider than the window`);
  await tab.page.locator(".facts").getByRole("link", {name}).click();
  await tab.page.getByRole("heading", {level: 1, name}).waitFor();
  await tab.page.getByRole("heading", {level: 2, name: "Mitigation"}).waitFor();
  assert.equal(new URL(tab.page.url()).pathname, "/runbooks/dagsterdaemonunavailable");
  await tab.page.reload();
  await tab.page.getByRole("heading", {level: 1, name}).waitFor();
  await tab.page.getByRole("link", {name: "Alerts of this name"}).click();
  await tab.page.locator(".alert-row", {hasText: name}).first().waitFor();
  await tab.close();
});
