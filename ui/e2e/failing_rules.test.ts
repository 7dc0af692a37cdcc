import assert from "node:assert/strict";
import {test} from "node:test";
import {session} from "./session";
import {Tocsin} from "./tocsin";

const RULES = `
groups:
  - name: shop
    interval: 1s
    rules:
      - record: twice
        expr: label_replace(vector(1), "side", "left", "", "") or vector(2)
        labels: {side: none}
      - record: matched
        expr: 0 + sum by   (side) (vector(1) * on() (vector(1) or label_replace(vector(2), "side", "left", "", "")))
      - record: once
        expr: vector(1)
`;

const tocsin = new Tocsin(JSON.stringify({storage: {path: "state"}, rule_files: ["rules.yml"]}), {"rules.yml": RULES});
const open = session(tocsin);

test("the rules page says in full why a rule fails", async () => {
  const tab = await open();
  await tab.go("/rules");
  await tab.sees("3 rules in 1 group, 2 of them fail");
  const why = tab.page.getByRole("region", {name: "Why they fail"});
  await why.getByText("twice").waitFor();
  await why.getByText("vector contains metrics with the same labelset after applying rule labels").waitFor();
  // Only a part of the second expression is to blame, and none of the first.
  const carets = await why.locator(".caret").allTextContents();
  assert.equal(carets.length, 1);
  const [line = "", marks = ""] = carets[0]?.split("\n") ?? [];
  assert.match(line, /^0 \+ sum by {3}\(side\)/);
  assert.match(line.slice(marks.indexOf("^"), marks.length), /^vector\(1\) \* on\(\) \(.*\)$/);
  await tab.page.getByLabel("Name or expression").fill("once");
  await why.waitFor({state: "detached"});
  await tab.close();
});

test("the rules page tells how many series each expression gave, also of a rule that fails", async () => {
  const tab = await open();
  await tab.go("/rules");
  await tab.page.locator(".rule-row", {hasText: "once"}).getByText("1 series").waitFor();
  await tab.page.locator(".rule-row", {hasText: "twice"}).getByText("2 series").waitFor();
  await tab.close();
});
