import type {ComponentChildren} from "preact";
import type {Block, Inline} from "../lib/markdown";
import {targetOf} from "../lib/runbooks";
import {Link} from "./link";
import {Scroll} from "./scroll";

function MarkdownLink({href, children}: {href: string; children: ComponentChildren}) {
  const target = targetOf(href);
  if (!target) return <>{children}</>;
  if ("to" in target) return <Link to={target.to}>{children}</Link>;
  if ("url" in target) return <a href={target.url} rel="noreferrer noopener">{children}</a>;
  return <>{children === target.file ? children : <>{children} (<code>{target.file}</code>)</>}</>;
}

function textOf(children: readonly Inline[]): ComponentChildren {
  const [only] = children;
  return children.length === 1 && typeof only === "string" ? only : <Text of={children} />;
}

function Text({of}: {of: readonly Inline[]}) {
  return (
    <>
      {of.map(each => {
        if (typeof each === "string") return each;
        switch (each.kind) {
          case "code": return <code>{each.text}</code>;
          case "strong": return <strong><Text of={each.children} /></strong>;
          case "link": return <MarkdownLink href={each.href}>{textOf(each.children)}</MarkdownLink>;
        }
      })}
    </>
  );
}

function Heading({level, children}: {level: number; children: ComponentChildren}) {
  if (level <= 2) return <h2>{children}</h2>;
  return level === 3 ? <h3>{children}</h3> : <h4>{children}</h4>;
}

function Table({block: {head, rows}}: {block: Extract<Block, {kind: "table"}>}) {
  return (
    <Scroll label="Table">
      <table>
        <thead><tr>{head.map(cell => <th scope="col"><Text of={cell} /></th>)}</tr></thead>
        <tbody>{rows.map(row => <tr>{row.map(cell => <td><Text of={cell} /></td>)}</tr>)}</tbody>
      </table>
    </Scroll>
  );
}

function OneBlock({block, below}: {block: Block; below: number}) {
  switch (block.kind) {
    case "heading": return <Heading level={block.level + below}><Text of={block.children} /></Heading>;
    case "paragraph": return <p><Text of={block.children} /></p>;
    case "code": return <Scroll label={block.language || "Code"}><pre><code>{block.text}</code></pre></Scroll>;
    case "table": return <Table block={block} />;
    case "list": {
      const items = block.items.map(item => <li><Text of={item} /></li>);
      return block.ordered ? <ol>{items}</ol> : <ul>{items}</ul>;
    }
  }
}

/** A text in Markdown; its headings are `below` levels deeper than it says. */
export function Markdown({blocks, below = 0}: {blocks: readonly Block[]; below?: number}) {
  return <div class="prose">{blocks.map((block, index) => <OneBlock key={index} block={block} below={below} />)}</div>;
}
