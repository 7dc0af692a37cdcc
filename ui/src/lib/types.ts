// What tocsin answers, as far as the page reads it.

import type {Place} from "./caret";
import type {Labels} from "./labels";
import type {Matcher} from "./matchers";

/** Of /api/v2/alerts. */
export interface SentAlert {
  fingerprint: string;
  labels: Labels;
  annotations: Labels;
  startsAt: string;
  endsAt: string;
  updatedAt: string;
  generatorURL?: string;
  receivers: {name: string}[];
  status: {state: string; silencedBy: string[]; inhibitedBy: string[]; mutedBy: string[]};
}

/** Of /api/v1/alerts. Its fingerprint is that of what is sent, which has the external labels, too. */
export interface RuleAlert {
  labels: Labels;
  fingerprint: string;
  annotations: Labels;
  state: "pending" | "firing";
  activeAt: string;
  value: string;
}

/** Of /api/v1/tocsin/events. */
export interface AlertEvent {
  id: number;
  at: string;
  kind: "pending" | "firing" | "resolved" | "dropped";
  file: string;
  group: string;
  rule: string;
  labels: Labels;
  fingerprint: string;
  annotations: Labels;
  value: string;
  reason: string;
  activeAt?: string;
  firedAt?: string;
}

/** Of /api/v1/tocsin/notifications. */
export interface SentNotification {
  id: number;
  at: string;
  receiver: string;
  integration: string;
  state: string;
  answer: string;
  attempt: number;
  reason: string;
  firing: boolean;
  alerts: string[];
}

export interface Target {
  labels: Labels & {collector: string; name: string};
  health: "up" | "down" | "unknown";
  lastError: string;
  lastScrape: string;
  lastScrapeDuration: number;
  scrapeInterval: string;
}

export interface Rule {
  type: "alerting" | "recording";
  name: string;
  query: string;
  duration?: number;
  keepFiringFor?: number;
  labels?: Labels;
  annotations?: Labels;
  state?: string;
  health: string;
  lastError?: string;
  /** What part of the expression, as it is written, the error is about; missing if it is about none. */
  lastErrorPosition?: Place & {expression: string};
  evaluationTime: number;
  /** What its expression gave at the last evaluation; missing if that was nothing but an error. */
  resultSeries?: number;
  lastEvaluation: string;
}

export interface RuleGroup {
  name: string;
  file: string;
  interval: number;
  evaluationTime: number;
  lastEvaluation: string;
  rules: Rule[];
}

export interface Silence {
  id: string;
  status: {state: "active" | "pending" | "expired"};
  matchers: Matcher[];
  startsAt: string;
  endsAt: string;
  updatedAt: string;
  createdBy: string;
  comment: string;
}

export type Sample = [number, string];

export interface Series {
  metric: Labels;
  values: Sample[];
}

export type QueryResult =
  | {resultType: "vector"; result: {metric: Labels; value: Sample}[]}
  | {resultType: "matrix"; result: Series[]}
  | {resultType: "scalar" | "string"; result: Sample};
