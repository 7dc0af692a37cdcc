import assert from "node:assert/strict";
import {readdirSync, readFileSync} from "node:fs";
import {join} from "node:path";
import {test} from "node:test";
import {parseInline, parseMarkdown, type Block, type Inline} from "../src/lib/markdown";

const code = (text: string): Inline => ({kind: "code", text});

test("text within a paragraph", () => {
  const rows: [string, Inline[]][] = [
    ["plain", ["plain"]],
    ["", []],
    ["`a` b", [code("a"), " b"]],
    ["two\nlines", ["two lines"]],
    ["`code over\ntwo lines`", [code("code over two lines")]],
    ["``a ` b``", [code("a ` b")]],
    ["`` `a` ``", [code("`a`")]],
    ["an ` alone", ["an ` alone"]],
    ["``two` alone", ["``two` alone"]],
    ["see [A b](a.md).", ["see ", {kind: "link", href: "a.md", children: ["A b"]}, "."]],
    ["[`a`](b.md)", [{kind: "link", href: "b.md", children: [code("a")]}]],
    ["rate(x[5m]) (y)", ["rate(x[5m]) (y)"]],
    ["`[a](b)`", [code("[a](b)")]],
    ["**now**", [{kind: "strong", children: ["now"]}]],
    ["2 ** 3 ** 4", ["2 ** 3 ** 4"]],
    ["<b>&amp;</b>", ["<b>&amp;</b>"]],
    ["snake_case and *", ["snake_case and *"]],
  ];
  for (const [source, expected] of rows) assert.deepEqual(parseInline(source), expected, source);
});

test("blocks", () => {
  const rows: [string, Block[]][] = [
    ["# One\n\n## Two ##\n", [{kind: "heading", level: 1, children: ["One"]}, {kind: "heading", level: 2, children: ["Two"]}]],
    ["a\nb\n\nc", [{kind: "paragraph", children: ["a b"]}, {kind: "paragraph", children: ["c"]}]],
    ["## A\ntext\n## B", [
      {kind: "heading", level: 2, children: ["A"]}, {kind: "paragraph", children: ["text"]}, {kind: "heading", level: 2, children: ["B"]}]],
    ["```sh\na | b\n\n# no heading\n- no item\n```\nend", [
      {kind: "code", language: "sh", text: "a | b\n\n# no heading\n- no item"}, {kind: "paragraph", children: ["end"]}]],
    ["```\nnever ends", [{kind: "code", language: "", text: "never ends"}]],
    ["Do:\n- a\n  more\n- `b`\n\nend", [
      {kind: "paragraph", children: ["Do:"]}, {kind: "list", ordered: false, items: [["a more"], [code("b")]]},
      {kind: "paragraph", children: ["end"]}]],
    ["1. a\n2. b\n- c", [{kind: "list", ordered: true, items: [["a"], ["b"]]}, {kind: "list", ordered: false, items: [["c"]]}]],
    ["| a | `b\\|c` |\n|---|:-:|\n| `x|y` | |\n| 1 | 2 |\nend", [
      {kind: "table", head: [["a"], [code("b\\|c")]], rows: [[[code("x|y")], []], [["1"], ["2"]]]},
      {kind: "paragraph", children: ["end"]}]],
    ["| no table", [{kind: "paragraph", children: ["| no table"]}]],
    ["- ", [{kind: "list", ordered: false, items: [[]]}]],
    ["a\r\nb\r\n", [{kind: "paragraph", children: ["a b"]}]],
    ["", []],
  ];
  for (const [source, expected] of rows) assert.deepEqual(parseMarkdown(source), expected, source);
});

/** What is neither code nor markup. */
function plainTexts(children: readonly Inline[]): string[] {
  return children.flatMap(each =>
    typeof each === "string" ? [each] : each.kind === "code" ? [] : plainTexts(each.children));
}

function inlinesOf(block: Block): Inline[][] {
  switch (block.kind) {
    case "code": return [];
    case "list": return block.items;
    case "table": return [...block.head, ...block.rows.flat()];
    default: return [block.children];
  }
}

test("the runbooks use nothing else", () => {
  const folder = process.env.RUNBOOKS ?? "";
  const names = readdirSync(folder).filter(name => name.endsWith(".md"));
  assert.ok(names.length > 100);
  for (const name of names) {
    const blocks = parseMarkdown(readFileSync(join(folder, name), "utf-8"));
    const sections = blocks.flatMap(block => block.kind === "heading" && block.level === 2 ? block.children : []);
    for (const wanted of ["Meaning", "Impact", "Diagnosis", "Mitigation"]) assert.ok(sections.includes(wanted), `${name}: ${wanted}`);
    for (const text of blocks.flatMap(inlinesOf).flatMap(plainTexts)) {
      assert.doesNotMatch(text, /[`|<]|\]\(|\*\*|^\s*>|!\[|https?:/, `${name}: ${text}`);
    }
  }
});
