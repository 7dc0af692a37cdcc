import {expressionOf} from "./threshold";
import type {Labels} from "./labels";
import type {AlertEvent, RuleAlert, SentAlert} from "./types";

export type AlertState = "firing" | "silenced" | "inhibited" | "muted" | "pending" | "resolved";
export type Severity = "critical" | "warning" | "info";

/** An alert as the page shows it, wherever it was heard of. */
export interface AlertItem {
  id: string;
  name: string;
  state: AlertState;
  severity: Severity;
  labels: Labels;
  annotations: Labels;
  /** In milliseconds: since when it is in that state, or waits. */
  since: number;
  /** What the expression gave; unknown for alerts that others have sent. */
  value: string | null;
  expression: string | null;
  source: string | null;
  receivers: string[];
  silencedBy: string[];
  inhibitedBy: string[];
}

export function severityOf(labels: Labels): Severity {
  const said = (labels.severity ?? "").toLowerCase();
  if (["critical", "page", "error", "emergency", "fatal"].includes(said)) return "critical";
  return ["info", "none", "debug", "notice"].includes(said) ? "info" : "warning";
}

function stateOf({status}: SentAlert): AlertState {
  if (status.silencedBy.length > 0) return "silenced";
  if (status.inhibitedBy.length > 0) return "inhibited";
  return status.mutedBy.length > 0 ? "muted" : "firing";
}

function itemOf(labels: Labels, annotations: Labels, id: string): AlertItem {
  return {
    id, labels, annotations, name: labels.alertname ?? "(no name)", state: "firing", severity: severityOf(labels),
    since: 0, value: null, expression: null, source: null, receivers: [], silencedBy: [], inhibitedBy: [],
  };
}

export function itemOfSent(alert: SentAlert): AlertItem {
  return {
    ...itemOf(alert.labels, alert.annotations, alert.fingerprint),
    state: stateOf(alert), since: Date.parse(alert.startsAt),
    expression: expressionOf(alert.generatorURL), source: alert.generatorURL ?? null,
    receivers: alert.receivers.map(each => each.name),
    silencedBy: alert.status.silencedBy, inhibitedBy: alert.status.inhibitedBy,
  };
}

function itemOfRule(alert: RuleAlert): AlertItem {
  return {
    ...itemOf(alert.labels, alert.annotations, alert.fingerprint),
    state: alert.state, since: Date.parse(alert.activeAt), value: alert.value,
  };
}

function itemOfEvent(event: AlertEvent): AlertItem {
  return {
    ...itemOf(event.labels, event.annotations, event.fingerprint),
    state: "resolved", since: Date.parse(event.at), value: event.value,
  };
}

/** The newest event of each alert, if that is its end. */
export function resolvedIn(events: readonly AlertEvent[]): AlertEvent[] {
  const newest = new Map<string, AlertEvent>();
  for (const event of events) {
    const known = newest.get(event.fingerprint);
    if (!known || known.id < event.id) newest.set(event.fingerprint, event);
  }
  return [...newest.values()].filter(event => event.kind === "resolved");
}

/** All alerts: those sent to receivers, those of rules that nobody was sent (yet), and those that ended; each once. */
export function allAlerts(sent: readonly SentAlert[], ofRules: readonly RuleAlert[],
                          events: readonly AlertEvent[]): AlertItem[] {
  const items = sent.map(itemOfSent);
  const byId = new Map(items.map(item => [item.id, item]));
  for (const alert of ofRules) {
    const known = byId.get(alert.fingerprint);
    if (known && alert.state === "firing") known.value = alert.value;
    else items.push(itemOfRule(alert));
  }
  const live = new Set(items.map(item => item.id));
  for (const event of resolvedIn(events)) {
    if (!live.has(event.fingerprint)) items.push(itemOfEvent(event));
  }
  return items;
}

const STATES: readonly AlertState[] = ["firing", "silenced", "inhibited", "muted", "pending", "resolved"];
const SEVERITIES: readonly Severity[] = ["critical", "warning", "info"];

/** What is worst first, then what is newest. */
export function byUrgency(a: AlertItem, b: AlertItem): number {
  return STATES.indexOf(a.state) - STATES.indexOf(b.state)
    || SEVERITIES.indexOf(a.severity) - SEVERITIES.indexOf(b.severity)
    || b.since - a.since || (a.id < b.id ? -1 : 1);
}

/** Whether it is on: firing, though perhaps nobody is told. */
export function isActive(item: AlertItem): boolean {
  return item.state !== "pending" && item.state !== "resolved";
}

/** Those that are on, apart by whether somebody is told; worst first. */
export function activeByHearing(alerts: readonly AlertItem[]): {told: AlertItem[]; quiet: AlertItem[]} {
  const active = alerts.filter(isActive).sort(byUrgency);
  return {told: active.filter(each => each.state === "firing"), quiet: active.filter(each => each.state !== "firing")};
}

export interface AlertGroup {
  title: string;
  alerts: AlertItem[];
}

/** By the value of a label; all in one group without one. The order within is kept. */
export function grouped(alerts: readonly AlertItem[], label: string): AlertGroup[] {
  if (!label) return [{title: "", alerts: [...alerts]}];
  const groups = new Map<string, AlertItem[]>();
  for (const alert of alerts) {
    const key = alert.labels[label] ?? "";
    const group = groups.get(key);
    if (group) group.push(alert);
    else groups.set(key, [alert]);
  }
  return [...groups].map(([value, members]) => ({title: value ? `${label}: ${value}` : `no ${label}`, alerts: members}));
}
