import {after, before, test} from "node:test";
import type {Browser} from "playwright-core";
import {launch, Tab} from "./browser";
import {Tocsin} from "./tocsin";

const RULES = `
groups:
  - name: shop
    interval: 1s
    rules:
      - record: twice
        expr: label_replace(vector(1), "side", "left", "", "") or vector(2)
        labels: {side: none}
      - record: once
        expr: vector(1)
`;

const tocsin = new Tocsin(JSON.stringify({storage: {path: "state"}, rule_files: ["rules.yml"]}), {"rules.yml": RULES});
let browser: Browser;

before(async () => {
  await tocsin.start();
  browser = await launch();
});

after(async () => {
  await browser?.close();
  await tocsin.close();
});

test("the rules page says in full why a rule fails", async () => {
  const tab = await Tab.open(browser, () => tocsin.url);
  await tab.go("/rules");
  await tab.sees("2 rules in 1 group, 1 of them fail");
  const why = tab.page.getByRole("region", {name: "Why they fail"});
  await why.getByText("twice").waitFor();
  await why.getByText("vector contains metrics with the same labelset after applying rule labels").waitFor();
  await tab.page.getByLabel("Name or expression").fill("once");
  await why.waitFor({state: "detached"});
  await tab.close();
});

test("the rules page tells how many series each expression gave, also of a rule that fails", async () => {
  const tab = await Tab.open(browser, () => tocsin.url);
  await tab.go("/rules");
  await tab.page.locator(".rule-row", {hasText: "once"}).getByText("1 series").waitFor();
  await tab.page.locator(".rule-row", {hasText: "twice"}).getByText("2 series").waitFor();
  await tab.close();
});
