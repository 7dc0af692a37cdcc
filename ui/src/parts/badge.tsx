import type {AlertState, Severity} from "../lib/alerts";
import {useLost} from "../lib/connection";
import type {Health} from "../lib/systems";

const SIGNS: Readonly<Record<string, string>> = {
  fine: "✓", up: "✓", ok: "✓", delivered: "✓", active: "●",
  warning: "▲", retried: "▲", critical: "✖", down: "✖", err: "✖", given_up: "✖", firing: "✖",
  pending: "◷", resolved: "✓", silenced: "‖", inhibited: "‖", muted: "‖", info: "ℹ", expired: "–", superseded: "–",
  dropped: "–",
};

const TONES: Readonly<Record<string, string>> = {
  fine: "fine", up: "fine", ok: "fine", delivered: "fine", resolved: "fine",
  warning: "warning", pending: "warning", retried: "warning",
  critical: "critical", down: "critical", err: "critical", given_up: "critical", firing: "critical",
};

/** States of now, unlike those that tell of the past. */
const PRESENT: readonly string[] = ["fine", "up", "ok"];

/** A state, as a sign, a word and, last, a colour. Without a server nothing is known to be fine. */
export function Badge({state}: {state: Health | AlertState | Severity | string}) {
  const lost = useLost();
  const shown = lost && PRESENT.includes(state) ? "unknown" : state;
  return (
    <span class={`badge ${TONES[shown] ?? "quiet"}`}>
      <span aria-hidden="true">{SIGNS[shown] ?? "?"}</span> {shown.replace("_", " ")}
    </span>
  );
}
