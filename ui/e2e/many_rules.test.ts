import assert from "node:assert/strict";
import {test} from "node:test";
import {scrollsQuickly} from "./scrolling";
import {session} from "./session";
import {Tocsin} from "./tocsin";

const GROUPS = 50;
const RULES_PER_GROUP = 100;
const RULES = GROUPS * RULES_PER_GROUP;

function ruleFile() {
  return JSON.stringify({groups: Array.from({length: GROUPS}, (_, group) => ({
    name: `group-${group}`,
    rules: Array.from({length: RULES_PER_GROUP}, (_, rule) => ({alert: `Rule${group}x${rule}`, expr: `vector(${rule}) > 1000`, for: "5m"})),
  }))});
}

const tocsin = new Tocsin(JSON.stringify({storage: {path: "state"}, rule_files: ["rules.yml"]}), {"rules.yml": ruleFile()});
const open = session(tocsin);

test("of five thousand rules only those that can be seen are in the document, and scrolling is quick", async () => {
  const tab = await open();
  await tab.go("/rules");
  await tab.sees(`${RULES} rules in ${GROUPS} groups`);
  await scrollsQuickly(tab, RULES + GROUPS);
  await tab.close();
});

test("one of five thousand rules is found by its name", async () => {
  const tab = await open();
  await tab.go("/rules");
  await tab.page.getByLabel("Name or expression").fill("Rule49x99");
  await tab.page.locator(".row[aria-setsize='2'] .rule-row", {hasText: "Rule49x99"}).waitFor();
  assert.equal(await tab.page.locator(".rule-row").count(), 1);
  await tab.close();
});
