import {allAlerts, type AlertItem} from "./alerts";
import {getData, getJson, postQuery} from "./api";
import type {Scraped} from "./systems";
import type {AlertEvent, QueryResult, RuleAlert, SentAlert, Target} from "./types";

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

async function countByJob(query: string, signal: AbortSignal): Promise<Map<string, number>> {
  const data = await postQuery<QueryResult>("api/v1/query", {query}, signal);
  return new Map(data.resultType === "vector" ? data.result.map(each => [each.metric.job ?? "", Number(each.value[1])]) : []);
}

/** What was scraped, by job. */
export async function askScraped(signal: AbortSignal): Promise<Map<string, Scraped>> {
  const [all, down] = await Promise.all([
    countByJob("count by (job) (up)", signal), countByJob("count by (job) (up == 0)", signal)]);
  return new Map([...all].map(([job, count]) => [job, {all: count, down: down.get(job) ?? 0}]));
}
