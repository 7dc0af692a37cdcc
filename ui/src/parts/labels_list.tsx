import type {Labels} from "../lib/labels";

/** Labels as small tags, `alertname` left out where a title has it. */
export function LabelTags({labels, without = []}: {labels: Labels; without?: readonly string[]}) {
  const names = Object.keys(labels).filter(name => !without.includes(name)).sort();
  return (
    <span class="tags">
      {names.map(name => <span class="tag" key={name}>{name}=<b>{labels[name]}</b></span>)}
    </span>
  );
}

/** Names and texts, each pair a row. */
export function Facts({children}: {children: [string, preact.ComponentChildren][]}) {
  return (
    <dl class="facts">
      {children.map(([name, text]) => <div key={name}><dt>{name}</dt><dd>{text}</dd></div>)}
    </dl>
  );
}
