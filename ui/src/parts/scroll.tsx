import type {ComponentChildren} from "preact";

/** What may be wider than a phone: it scrolls by itself, also by the keyboard. */
export function Scroll({label, children}: {label: string; children: ComponentChildren}) {
  return <div class="scroll" tabIndex={0} role="region" aria-label={label}>{children}</div>;
}
