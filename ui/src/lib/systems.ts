import {isActive, type AlertItem} from "./alerts";
import {agree, type Labels} from "./labels";
import type {Target} from "./types";

export type Health = "fine" | "warning" | "critical" | "unknown";

/** A watched system, as a collector sees it. */
export interface System {
  target: Target;
  health: Health;
  why: string;
  alerts: AlertItem[];
}

/** Labels that somebody has given the collector to tell its system from others. */
function ownLabels(target: Target): Labels {
  const {collector: _kind, name: _name, ...others} = target.labels;
  return others;
}

/** Whether an alert is about what a collector watches: by its labels, or by the metrics that it is made of. */
export function isAbout(alert: AlertItem, target: Target): boolean {
  const {collector, name} = target.labels;
  if (alert.labels.collector !== undefined) {
    return alert.labels.collector === collector && (alert.labels.name ?? name) === name;
  }
  if (collector === "prometheus" && alert.labels.job === name) return true;
  const prefix = `${collector}_`;
  const mentions = new RegExp(`(^|[^\\w:])([a-z]+:)?${prefix}`).test(alert.expression ?? "")
    || alert.name.toLowerCase().startsWith(collector.toLowerCase());
  return mentions && agree(ownLabels(target), alert.labels);
}

/** How many programs were scraped under a job, and how many of them did not answer. */
export interface Scraped {
  all: number;
  down: number;
}

/** A collector that scrapes has done its work when it knows that a program is down; of that program nothing is known. */
function healthOfScraped(scraped: Scraped | undefined): {health: Health; why: string} | null {
  if (!scraped || scraped.down === 0) return null;
  if (scraped.down >= scraped.all) return {health: "unknown", why: "its source is down: no target answers"};
  return {health: "warning", why: `${scraped.down} of ${scraped.all} targets do not answer`};
}

function healthOf(target: Target, alerts: readonly AlertItem[], scraped: Scraped | undefined): {health: Health; why: string} {
  const ofScraped = healthOfScraped(scraped);
  if (ofScraped?.health === "unknown") return ofScraped;
  if (target.health === "down") return {health: "unknown", why: `its source is down: ${target.lastError || "no reason given"}`};
  if (target.health === "unknown") return {health: "unknown", why: "not collected yet"};
  for (const severity of ["critical", "warning"] as const) {
    const count = alerts.filter(alert => alert.severity === severity).length;
    if (count > 0) return {health: severity, why: `${count} ${severity} ${count === 1 ? "alert" : "alerts"}`};
  }
  if (ofScraped) return ofScraped;
  if (target.lastError) return {health: "warning", why: `only part of it can be read: ${target.lastError}`};
  return {health: "fine", why: "nothing fires"};
}

const ORDER: readonly Health[] = ["critical", "unknown", "warning", "fine"];

/**
 * Each collector with the alerts that are about it, worst first; and the alerts that are about none. `scraped` is by job,
 * which is the name of a collector that scrapes, unless its configuration says something else.
 */
export function systemsOf(targets: readonly Target[], alerts: readonly AlertItem[],
                          scraped: ReadonlyMap<string, Scraped> = new Map()): {systems: System[]; others: AlertItem[]} {
  const active = alerts.filter(isActive);
  const placed = new Set<AlertItem>();
  const systems = targets.map(target => {
    const about = active.filter(alert => isAbout(alert, target));
    for (const alert of about) placed.add(alert);
    const own = target.labels.collector === "prometheus" ? scraped.get(target.labels.name) : undefined;
    return {target, alerts: about, ...healthOf(target, about, own)};
  });
  systems.sort((a, b) => ORDER.indexOf(a.health) - ORDER.indexOf(b.health)
    || (a.target.labels.name < b.target.labels.name ? -1 : 1));
  return {systems, others: active.filter(alert => !placed.has(alert))};
}
