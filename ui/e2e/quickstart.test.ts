import {after, before, test} from "node:test";
import type {Browser} from "playwright-core";
import {launch, Tab} from "./browser";
import {Tocsin} from "./tocsin";

const tocsin = new Tocsin(null);
let browser: Browser;

before(async () => {
  await tocsin.start();
  browser = await launch();
});

after(async () => {
  await browser?.close();
  await tocsin.close();
});

test("the quickstart's page says that its data is nobody's", async () => {
  const tab = await Tab.open(browser, () => tocsin.url);
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
