// As much of Markdown as the runbooks use. What is not known here stays text; nothing becomes markup.

export type Inline =
  | string
  | {kind: "code"; text: string}
  | {kind: "strong"; children: Inline[]}
  | {kind: "link"; href: string; children: Inline[]};

export type Block =
  | {kind: "heading"; level: number; children: Inline[]}
  | {kind: "paragraph"; children: Inline[]}
  | {kind: "code"; language: string; text: string}
  | {kind: "list"; ordered: boolean; items: Inline[][]}
  | {kind: "table"; head: Inline[][]; rows: Inline[][][]};

const FENCE = /^```\s*(\w*)\s*$/;
const HEADING = /^(#{1,6})\s+(.*?)\s*#*$/;
const ITEM = /^(?:([-*])|\d+[.)])\s+(.*)$/;
const TABLE_RULE = /^\|(\s*:?-+:?\s*\|)+\s*$/;

const CODE = /^(`+)(?!`)([\s\S]*?[^`])\1(?!`)/;
const LINK = /^\[((?:`[^`]*`|[^\]`])*)\]\(([^()\s]*)\)/;
const STRONG = /^\*\*(\S[\s\S]*?)\*\*/;

function matched(text: string): {node: Inline; length: number} | null {
  const code = CODE.exec(text);
  if (code) return {node: {kind: "code", text: (code[2] ?? "").replace(/^ (.*`.*) $/, "$1")}, length: code[0].length};
  const link = LINK.exec(text);
  if (link) return {node: {kind: "link", href: link[2] ?? "", children: parseInline(link[1] ?? "")}, length: link[0].length};
  const strong = STRONG.exec(text);
  return strong && {node: {kind: "strong", children: parseInline(strong[1] ?? "")}, length: strong[0].length};
}

/** The text of a paragraph; its lines are one. */
export function parseInline(source: string): Inline[] {
  const text = source.replace(/\s*\n\s*/g, " ");
  const found: Inline[] = [];
  let plain = "";
  const flush = () => {
    if (plain) found.push(plain);
    plain = "";
  };
  for (let at = 0; at < text.length;) {
    const special = "`[*".includes(text.charAt(at)) ? matched(text.slice(at)) : null;
    if (special) {
      flush();
      found.push(special.node);
      at += special.length;
    } else {
      // Of a run of backticks that closes nothing, none opens something.
      const run = /^(?:`+|[\s\S])/.exec(text.slice(at))?.[0] ?? "";
      plain += run;
      at += run.length;
    }
  }
  flush();
  return found;
}

/** The cells of a table's row; "|" within code separates nothing. */
function cells(row: string): Inline[][] {
  const parts = row.trim().replace(/^\|/, "").replace(/\|$/, "").match(/(?:`[^`]*`|[^|`]|`)*(?:\||$)/g) ?? [];
  if (parts.at(-1) === "") parts.pop();  // The end of the text is found twice.
  return parts.map(part => parseInline(part.replace(/\|$/, "").trim()));
}

/** A text, line by line. */
class Reader {
  private at = 0;
  private readonly lines: string[];

  constructor(text: string) {
    this.lines = text.split(/\r?\n/);
  }

  private line(ahead = 0): string | undefined {
    return this.lines[this.at + ahead];
  }

  private isTable(): boolean {
    return (this.line() ?? "").startsWith("|") && TABLE_RULE.test(this.line(1) ?? "");
  }

  /** The lines up to an empty one, or to one that begins something else. */
  private paragraph(first: string): string {
    const taken = [first];
    for (this.at++; ; this.at++) {
      const line = this.line();
      if (!line?.trim() || FENCE.test(line) || HEADING.test(line) || ITEM.test(line) || this.isTable()) break;
      taken.push(line.trim());
    }
    return taken.join("\n");
  }

  private code(language: string): Block {
    const taken: string[] = [];
    for (this.at++; this.line() !== undefined && this.line() !== "```"; this.at++) taken.push(this.line() ?? "");
    this.at++;
    return {kind: "code", language, text: taken.join("\n")};
  }

  private list(ordered: boolean): Block {
    const items: Inline[][] = [];
    for (;;) {
      const item = ITEM.exec(this.line() ?? "");
      if (!item || !item[1] !== ordered) break;
      items.push(parseInline(this.paragraph(item[2] ?? "")));
    }
    return {kind: "list", ordered, items};
  }

  private table(): Block {
    const head = cells(this.line() ?? "");
    const rows: Inline[][][] = [];
    for (this.at += 2; this.line()?.startsWith("|"); this.at++) rows.push(cells(this.line() ?? ""));
    return {kind: "table", head, rows};
  }

  /** The next block; null at the end. */
  next(): Block | null {
    while (this.line() !== undefined && !this.line()?.trim()) this.at++;
    const line = this.line();
    if (line === undefined) return null;
    const fence = FENCE.exec(line);
    if (fence) return this.code(fence[1] ?? "");
    const heading = HEADING.exec(line);
    if (heading) {
      this.at++;
      return {kind: "heading", level: heading[1]?.length ?? 1, children: parseInline(heading[2] ?? "")};
    }
    const item = ITEM.exec(line);
    if (item) return this.list(!item[1]);
    if (this.isTable()) return this.table();
    return {kind: "paragraph", children: parseInline(this.paragraph(line.trim()))};
  }
}

export function parseMarkdown(text: string): Block[] {
  const reader = new Reader(text);
  const blocks: Block[] = [];
  for (let block = reader.next(); block; block = reader.next()) blocks.push(block);
  return blocks;
}
