import {allAlerts, type AlertItem} from "./alerts";
import {getData, getJson} from "./api";
import type {AlertEvent, RuleAlert, SentAlert, Target} from "./types";

export const HOUR_MS = 3_600_000;

export async function askTargets(signal: AbortSignal): Promise<Target[]> {
  return (await getData<{activeTargets: Target[]}>("api/v1/targets", {}, signal)).activeTargets;
}

/** Changes of the last hour, newest first. */
export async function askEvents(signal: AbortSignal, limit = 1000): Promise<AlertEvent[]> {
  const start = (Date.now() - HOUR_MS) / 1000;
  return (await getData<{events: AlertEvent[]}>("api/v1/tocsin/events", {start, limit}, signal)).events;
}

export interface Alerts {
  alerts: AlertItem[];
  events: AlertEvent[];
}

/** All alerts, and those that ended in the last hour. */
export async function askAlerts(signal: AbortSignal): Promise<Alerts> {
  const [sent, ofRules, events] = await Promise.all([
    getJson<SentAlert[]>("api/v2/alerts", {}, signal),
    getData<{alerts: RuleAlert[]}>("api/v1/alerts", {}, signal),
    askEvents(signal),
  ]);
  return {alerts: allAlerts(sent, ofRules.alerts, events), events};
}
