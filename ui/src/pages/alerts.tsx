import {useMemo, useState} from "preact/hooks";
import {byUrgency, grouped, isActive, type AlertGroup, type AlertItem} from "../lib/alerts";
import {setQuery, useAddress} from "../lib/address";
import {useLost} from "../lib/connection";
import {matching, parseMatchers} from "../lib/matchers";
import {usePolled} from "../lib/polling";
import {askAlerts, askTargets} from "../lib/questions";
import {isAbout} from "../lib/systems";
import type {Target} from "../lib/types";
import {AlertRow} from "../parts/alert_row";
import {Waiting} from "../parts/failure";
import {LongList} from "../parts/long_list";
import {ALERT_ROW, useRowHeight} from "../parts/row_height";

const STATES = ["active", "pending", "resolved"] as const;

interface Wish {
  states: readonly string[];
  filter: string;
  group: string;
  collector: string;
}

function wishOf(query: URLSearchParams): Wish {
  const states = (query.get("state") ?? "").split(",").filter(Boolean);
  return {
    states: states.length > 0 ? states : STATES,
    filter: query.getAll("filter").join(","),
    group: query.get("group") ?? "",
    collector: query.get("collector") ?? "",
  };
}

type Row = {title: string; count: number} | AlertItem;

function rowsOf(groups: readonly AlertGroup[]): Row[] {
  return groups.flatMap(({title, alerts}) => (title ? [{title, count: alerts.length}, ...alerts] : alerts));
}

interface Found {
  rows: Row[];
  count: number;
  problem: string;
}

function find(alerts: readonly AlertItem[], targets: readonly Target[], wish: Wish): Found {
  const target = targets.find(each => each.labels.name === wish.collector);
  let matches = (_labels: AlertItem["labels"]) => true;
  let problem = "";
  try {
    matches = matching(parseMatchers(wish.filter));
  } catch (error) {
    problem = (error as Error).message;
    matches = () => false;
  }
  const wanted = alerts.filter(alert =>
    wish.states.includes(isActive(alert) ? "active" : alert.state)
    && (!wish.collector || (target !== undefined && isAbout(alert, target)))
    && matches(alert.labels)).sort(byUrgency);
  return {rows: rowsOf(grouped(wanted, wish.group)), count: wanted.length, problem};
}

function StateChoice({wish}: {wish: Wish}) {
  const toggle = (state: string) => {
    const states = STATES.filter(each => (each === state) !== wish.states.includes(each));
    setQuery({state: states.length === STATES.length ? "" : states.join(",")});
  };
  return (
    <fieldset class="choice">
      <legend>State</legend>
      {STATES.map(state => (
        <label key={state}>
          <input type="checkbox" checked={wish.states.includes(state)} onChange={() => toggle(state)} />{" "}
          {state === "active" ? "firing" : state}
        </label>
      ))}
    </fieldset>
  );
}

function Filter({wish, problem, labels}: {wish: Wish; problem: string; labels: readonly string[]}) {
  const [text, setText] = useState(wish.filter);
  const [shown, setShown] = useState(wish.filter);
  if (shown !== wish.filter) {  // The address has changed by itself.
    setShown(wish.filter);
    setText(wish.filter);
  }
  const apply = (event: Event) => {
    event.preventDefault();
    setQuery({filter: text}, "push");
  };
  return (
    <form class="filters" onSubmit={apply} role="search">
      <label>
        Matchers
        <input type="text" value={text} placeholder='{severity="critical"}' aria-invalid={problem !== ""} spellcheck={false}
               aria-describedby="filter-problem" onInput={event => setText(event.currentTarget.value)} />
      </label>
      <label>
        Group by
        <select value={wish.group} onChange={event => setQuery({group: event.currentTarget.value})}>
          <option value="">nothing</option>
          {labels.map(name => <option key={name} value={name}>{name}</option>)}
        </select>
      </label>
      <StateChoice wish={wish} />
      <button type="submit">Filter</button>
      {wish.collector && <button type="button" onClick={() => setQuery({collector: ""})}>Of all systems, not only {wish.collector}</button>}
      <p id="filter-problem" role="alert" class="problem">{problem}</p>
    </form>
  );
}

function show(row: Row) {
  return "title" in row ? <h2 class="group">{row.title} <small>{row.count}</small></h2> : <AlertRow alert={row} />;
}

/** All alerts, however many; the view is in the address. */
export function Alerts() {
  const {query} = useAddress();
  const answer = usePolled("alerts", askAlerts);
  const targets = usePolled("targets", askTargets);
  const lost = useLost();
  const rowHeight = useRowHeight(ALERT_ROW);
  const wish = wishOf(query);
  const found = useMemo(() => find(answer.data?.alerts ?? [], targets.data ?? [], wish),
                        [answer.data, targets.data, query.toString()]);
  const names = useMemo(() => [...new Set((answer.data?.alerts ?? []).flatMap(alert => Object.keys(alert.labels)))].sort(),
                        [answer.data]);
  return (
    <>
      <h1>Alerts</h1>
      <Filter wish={wish} problem={found.problem} labels={names} />
      <Waiting of={answer} what="the alerts" />
      {answer.data && <p class="quiet" aria-live="polite">{found.count} of {answer.data.alerts.length} alerts</p>}
      {answer.data && found.count === 0 && <p>{lost ? "Not known." : "None."}</p>}
      <LongList label="Alerts" rows={found.rows} rowHeight={rowHeight} show={show}
                keyOf={row => ("title" in row ? `group ${row.title}` : `${row.id} ${row.state}`)} />
    </>
  );
}
