import assert from "node:assert/strict";
import {test} from "node:test";
import {runbookOf, targetOf, type Target} from "../src/lib/runbooks";

test("links lead to pages, to somebody else, or nowhere", () => {
  const rows: [string, Target | null][] = [
    ["atlasdown.md", {to: "/runbooks/atlasdown"}],
    ["atlasdown.md#mitigation", {to: "/runbooks/atlasdown"}],
    ["../rules.md#rule-policies", {file: "docs/rules.md"}],
    ["../../alerts/optional/atlas-sizing.yaml", {file: "alerts/optional/atlas-sizing.yaml"}],
    ["./x/y.md", {file: "docs/runbooks/x/y.md"}],
    ["https://example.org/a?b#c", {url: "https://example.org/a?b#c"}],
    ["#impact", null],
    ["javascript:alert(1)", null],
    ["data:text/html,x", null],
    ["//example.org/x", null],
    ["", null],
  ];
  for (const [href, expected] of rows) assert.deepEqual(targetOf(href), expected, href);
});

test("the first heading is the title", () => {
  const paragraph = {kind: "paragraph", children: ["text"]};
  assert.deepEqual(runbookOf("a", "# AtlasDown\n\ntext"), {name: "a", title: "AtlasDown", blocks: [paragraph]});
  assert.deepEqual(runbookOf("a", "text"), {name: "a", title: "a", blocks: [paragraph]});
  assert.deepEqual(runbookOf("a", ""), {name: "a", title: "a", blocks: []});
});
