import {isActive, itemOfSent, type AlertItem} from "../lib/alerts";
import {getData, getJson} from "../lib/api";
import {root} from "../lib/address";
import {formatLabels, isSubset} from "../lib/labels";
import {amtoolCommand, formatMatchers, matchersOf} from "../lib/matchers";
import {usePolled} from "../lib/polling";
import {askAlerts} from "../lib/questions";
import {askRunbookAt, SELDOM_MS, type Runbook} from "../lib/runbooks";
import type {AlertEvent, Rule, RuleGroup, SentAlert, SentNotification} from "../lib/types";
import {AlertPlot} from "../parts/alert_plot";
import {AlertRow} from "../parts/alert_row";
import {Badge} from "../parts/badge";
import {CopyButton} from "../parts/copy_button";
import {Waiting} from "../parts/failure";
import {Facts} from "../parts/labels_list";
import {Link, OutsideLink} from "../parts/link";
import {Markdown} from "../parts/markdown";
import {Notifications} from "../parts/notifications";
import {Scroll} from "../parts/scroll";
import {Age, Time} from "../parts/time";
import {formatDuration} from "../lib/durations";

interface Found {
  alert: AlertItem | null;
  rule: Rule | null;
  file: string;
  events: AlertEvent[];
  notifications: SentNotification[];
  others: AlertItem[];
}

/** What became of the alert, newest first. Its name makes the search short. */
async function askHistory({id, name}: AlertItem, signal: AbortSignal): Promise<AlertEvent[]> {
  const parameters = {alert: id, "match[]": [formatLabels({alertname: name})], limit: 500};
  return (await getData<{events: AlertEvent[]}>("api/v1/tocsin/events", parameters, signal)).events;
}

async function askNotifications(id: string, signal: AbortSignal): Promise<SentNotification[]> {
  const parameters = {alert: id, limit: 100};
  return (await getData<{notifications: SentNotification[]}>("api/v1/tocsin/notifications", parameters, signal)).notifications;
}

/** The rule with that name that gives alerts with these labels. */
function ruleOf(groups: readonly RuleGroup[], alert: AlertItem): {rule: Rule; file: string} | null {
  for (const group of groups) {
    for (const rule of group.rules) {
      const constant = Object.fromEntries(Object.entries(rule.labels ?? {}).filter(([, text]) => !text.includes("{{")));
      if (rule.type === "alerting" && rule.name === alert.name && isSubset(constant, alert.labels)) {
        return {rule, file: group.file};
      }
    }
  }
  return null;
}

async function findAlert(id: string, signal: AbortSignal): Promise<{alert: AlertItem | null; all: AlertItem[]}> {
  const {alerts: all} = await askAlerts(signal);
  const alert = all.find(each => each.id === id);
  if (alert) return {alert, all};
  const events = (await getData<{events: AlertEvent[]}>("api/v1/tocsin/events", {limit: 2000}, signal)).events;
  const event = events.find(each => each.fingerprint === id);
  if (!event) return {alert: null, all};
  const past: SentAlert = {
    fingerprint: id, labels: event.labels, annotations: event.annotations, startsAt: event.at, endsAt: event.at,
    updatedAt: event.at, receivers: [], status: {state: "", silencedBy: [], inhibitedBy: [], mutedBy: []},
  };
  return {alert: {...itemOfSent(past), state: "resolved", value: event.value}, all};
}

async function askAlert(id: string, signal: AbortSignal): Promise<Found> {
  const {alert, all} = await findAlert(id, signal);
  const nothing: Found = {alert: null, rule: null, file: "", events: [], notifications: [], others: []};
  if (!alert) return nothing;
  const [rules, events, notifications] = await Promise.all([
    getJson<{data: {groups: RuleGroup[]}}>("api/v1/rules", {"rule_name[]": [alert.name], exclude_alerts: "true"}, signal),
    askHistory(alert, signal),
    askNotifications(alert.id, signal),
  ]);
  const found = ruleOf(rules.data.groups, alert);
  return {
    alert, rule: found?.rule ?? null, file: found?.file ?? "", events, notifications,
    others: all.filter(each => isActive(each) && each.id !== alert.id),
  };
}

function SilencedBy({ids}: {ids: readonly string[]}) {
  return <>{ids.map(id => <span key={id}><Link to={`/silences/${id}`}>{id}</Link> </span>)}</>;
}

/** Ours, if it is one of ours, and where the rule says that it is, which may say more. */
function RunbookLink({url, runbook}: {url: string; runbook: Runbook | null}) {
  if (!runbook) return <OutsideLink url={url} />;
  return <><Link to={`/runbooks/${runbook.name}`}>{runbook.title}</Link> {url.includes("://") && <OutsideLink url={url} />}</>;
}

function AlertFacts({found: {alert, rule, file}, runbook}: {found: Found & {alert: AlertItem}; runbook: Runbook | null}) {
  const facts: [string, preact.ComponentChildren][] = [
    ["State", <Badge state={alert.state} />],
    ["Severity", <Badge state={alert.severity} />],
    [alert.state === "resolved" ? "Resolved" : "Since", <><Time at={alert.since} /> (<Age at={alert.since} />)</>],
  ];
  if (alert.value !== null) facts.push(["Value", String(Number(alert.value))]);
  const expression = rule?.query ?? alert.expression;
  if (expression) {
    const explore = `/explore?${new URLSearchParams({"g0.expr": expression, "g0.tab": "0"})}`;
    facts.push(["Expression", <><code>{expression}</code> <Link to={explore}>explore</Link></>]);
  }
  if (rule) {
    facts.push(["For", formatDuration(rule.duration ?? 0)]);
    facts.push(["Rule file", file]);
  }
  if (alert.receivers.length > 0) facts.push(["Receivers", alert.receivers.join(", ")]);
  if (alert.silencedBy.length > 0) facts.push(["Silenced by", <SilencedBy ids={alert.silencedBy} />]);
  if (alert.inhibitedBy.length > 0) {
    facts.push(["Inhibited by", <>{alert.inhibitedBy.map(id => <Link key={id} to={`/alerts/${id}`}>{id}</Link>)}</>]);
  }
  const url = alert.annotations.runbook_url;
  if (url) facts.push(["Runbook", <RunbookLink url={url} runbook={runbook} />]);
  if (alert.source && !alert.source.includes("/graph?")) facts.push(["Source", <OutsideLink url={alert.source} />]);
  return <Facts>{facts}</Facts>;
}

function Actions({alert}: {alert: AlertItem}) {
  const matchers = matchersOf(alert.labels);
  const silence = `/silences/new?${new URLSearchParams({filter: formatMatchers(matchers)})}`;
  const command = amtoolCommand(location.origin + root.replace(/\/$/, ""), matchers, "2h", alert.name);
  return (
    <p class="actions">
      <Link class="button" to={silence}>Silence this alert</Link>
      <CopyButton text={command} label="Copy as amtool command" />
    </p>
  );
}

function History({events}: {events: readonly AlertEvent[]}) {
  if (events.length === 0) return <p class="quiet">No change is on record.</p>;
  return (
    <Scroll label="History of the alert">
      <table>
        <thead><tr><th scope="col">When</th><th scope="col">What</th><th scope="col">Value</th><th scope="col">Why</th></tr></thead>
        <tbody>
          {events.slice(0, 100).map(event => (
            <tr key={event.id}>
              <td><Time at={Date.parse(event.at)} /></td><td><Badge state={event.kind} /></td>
              <td>{event.value}</td><td>{event.reason}</td>
            </tr>
          ))}
        </tbody>
      </table>
    </Scroll>
  );
}

async function askRunbookOf(url: string | undefined, signal: AbortSignal): Promise<{runbook: Runbook | null}> {
  return url ? await askRunbookAt(url, signal) : {runbook: null};
}

function Shown({found}: {found: Found & {alert: AlertItem}}) {
  const {alert, rule} = found;
  const url = alert.annotations.runbook_url;
  const answer = usePolled(`runbook of ${url}`, signal => askRunbookOf(url, signal), SELDOM_MS);
  const runbook = answer.data?.runbook ?? null;
  const {summary, description, runbook_url: _runbook, ...others} = alert.annotations;
  const expression = rule?.query ?? alert.expression;
  return (
    <>
      <h1>{alert.name}</h1>
      {summary && <p class="lead">{summary}</p>}
      {description && <p>{description}</p>}
      <AlertFacts found={found} runbook={runbook} />
      <Actions alert={alert} />
      {expression && (
        <section aria-labelledby="plot">
          <h2 id="plot">The expression, and its threshold</h2>
          <AlertPlot alert={alert} expression={expression} hold={rule?.duration ?? 0} />
        </section>
      )}
      {runbook && (
        <section aria-labelledby="runbook"><h2 id="runbook">Runbook</h2><Markdown blocks={runbook.blocks} below={1} /></section>
      )}
      <section aria-labelledby="labels">
        <h2 id="labels">Labels</h2>
        <Facts>{Object.entries(alert.labels)}</Facts>
      </section>
      {Object.keys(others).length > 0 && (
        <section aria-labelledby="annotations"><h2 id="annotations">Annotations</h2><Facts>{Object.entries(others)}</Facts></section>
      )}
      <section aria-labelledby="history"><h2 id="history">History</h2><History events={found.events} /></section>
      <section aria-labelledby="notifications">
        <h2 id="notifications">Notifications</h2><Notifications records={found.notifications} />
      </section>
      <section aria-labelledby="others">
        <h2 id="others">What else fires <small>{found.others.length}</small></h2>
        <ul class="plain-list rows">
          {found.others.slice(0, 10).map(other => <li key={other.id}><AlertRow alert={other} /></li>)}
        </ul>
        {found.others.length > 10 && <p><Link to="/alerts">All alerts</Link></p>}
      </section>
    </>
  );
}

/** All about one alert, whether it waits, fires or has ended. */
export function AlertPage({id}: {id: string}) {
  const answer = usePolled(`alert ${id}`, signal => askAlert(id, signal));
  if (!answer.data) return <><h1>Alert</h1><Waiting of={answer} what="the alert" /></>;
  const {alert} = answer.data;
  if (!alert) {
    return <><h1>No such alert</h1><p>It ended some time ago, or never was. <Link to="/alerts">All alerts</Link></p></>;
  }
  return <><Waiting of={answer} what="the alert" /><Shown found={{...answer.data, alert}} /></>;
}
