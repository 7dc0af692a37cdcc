import {useMemo, useState} from "preact/hooks";
import {getData, postQuery} from "../lib/api";
import {explainDropped, formatDropped, meaningOf, type Dropped} from "../lib/dropped";
import {formatElapsed} from "../lib/durations";
import {quoted} from "../lib/labels";
import {usePolled} from "../lib/polling";
import {askTargets} from "../lib/questions";
import type {QueryResult, Series, Target} from "../lib/types";
import {Badge} from "../parts/badge";
import {Waiting} from "../parts/failure";
import {Facts} from "../parts/labels_list";
import {Link} from "../parts/link";
import {LongList} from "../parts/long_list";
import {PlotOfQuery} from "../parts/plot_of_query";
import {OTHER_ROW, useRowHeight} from "../parts/row_height";
import {Scroll} from "../parts/scroll";
import {Sparkline} from "../parts/sparkline";
import {Age} from "../parts/time";

interface Numbers {
  /** By "collector/name". */
  samples: Map<string, string>;
  success: Map<string, number>;
  drops: Map<string, Dropped[]>;
}

interface History {
  start: number;
  end: number;
  /** Durations by "collector/name". */
  values: Map<string, Series["values"]>;
}

const HISTORY_S = 3600;
const HISTORY_STEP_S = 60;
const LESS_OFTEN_MS = 15_000;

/** How long collections took. Of each minute the longest; where less is stored, what there is. */
async function askHistory(signal: AbortSignal): Promise<History> {
  const end = Math.floor(Date.now() / 1000);
  const start = end - HISTORY_S;
  const metric = "tocsin_collector_duration_seconds";
  const query = `max_over_time(${metric}[${HISTORY_STEP_S}s]) or ${metric}`;
  const data = await postQuery<QueryResult>("api/v1/query_range", {query, start, end, step: HISTORY_STEP_S}, signal);
  const values = new Map<string, Series["values"]>();
  for (const each of data.resultType === "matrix" ? data.result : []) {
    const key = `${each.metric.collector}/${each.metric.name}`;
    values.set(key, [...(values.get(key) ?? []), ...each.values].sort(([a], [b]) => a - b));
  }
  return {start, end, values};
}

async function byCollector(query: string, signal: AbortSignal): Promise<{key: string; reason: string; value: string}[]> {
  const data = await postQuery<QueryResult>("api/v1/query", {query}, signal);
  if (data.resultType !== "vector") return [];
  return data.result.map(({metric, value}) => ({
    key: `${metric.collector}/${metric.name}`, reason: metric.reason ?? "", value: value[1],
  }));
}

async function askNumbers(signal: AbortSignal): Promise<Numbers> {
  const [samples, success, drops] = await Promise.all([
    byCollector("tocsin_collector_samples", signal),
    byCollector("tocsin_collector_last_success_timestamp_seconds", signal),
    byCollector("tocsin_samples_dropped_total > 0", signal),
  ]);
  const dropped = new Map<string, Dropped[]>();
  for (const {key, reason, value} of drops) dropped.set(key, [...(dropped.get(key) ?? []), {reason, count: value}]);
  return {
    samples: new Map(samples.map(({key, value}) => [key, value])),
    success: new Map(success.map(({key, value}) => [key, Number(value) * 1000])),
    drops: dropped,
  };
}

function keyOf(target: Target): string {
  return `${target.labels.collector}/${target.labels.name}`;
}

interface RowProperties {
  target: Target;
  numbers: Numbers | null;
  history: History | null;
  chosen: boolean;
  onChoose: () => void;
}

function Row({target, numbers, history, chosen, onChoose}: RowProperties) {
  const key = keyOf(target);
  const drops = numbers?.drops.get(key) ?? [];
  const {name} = target.labels;
  return (
    <tr>
      <th scope="row">{target.labels.name}</th>
      <td>{target.labels.collector}</td>
      <td><Badge state={target.health} /></td>
      <td>{numbers ? <Age at={numbers.success.get(key) ?? 0} /> : "…"}</td>
      <td>{target.scrapeInterval}</td>
      <td>{formatElapsed(target.lastScrapeDuration)}</td>
      <td>{numbers?.samples.get(key) ?? "…"}</td>
      <td title={explainDropped(drops) || undefined}>{numbers ? formatDropped(drops) : "…"}</td>
      <td class="problem">{target.lastError}</td>
      <td class="history">
        {history && <Sparkline title={`Durations of ${name} in the last hour`} values={history.values.get(key) ?? []}
                               start={history.start} end={history.end} step={HISTORY_STEP_S} />}
        <button type="button" aria-pressed={chosen} onClick={onChoose}>Durations of {name}</button>
      </td>
    </tr>
  );
}

/** What the reasons in the table mean, for those who cannot point at them. */
function DroppedReasons({numbers}: {numbers: Numbers}) {
  const reasons = [...new Set([...numbers.drops.values()].flat().map(({reason}) => reason))].sort();
  if (reasons.length === 0) return null;
  return (
    <section aria-labelledby="dropped">
      <h2 id="dropped">Why samples were dropped</h2>
      <p class="quiet">Counted since tocsin started. The rest of these collections was kept.</p>
      <Facts>{reasons.map(reason => [reason, meaningOf(reason)])}</Facts>
    </section>
  );
}

const HEADS = ["Name", "Type", "State", "Last success", "Interval", "Duration", "Samples", "Dropped", "Last error", "History"];

function Durations({target}: {target: Target}) {
  const selector = `{collector=${quoted(target.labels.collector)},name=${quoted(target.labels.name)}}`;
  return (
    <section aria-labelledby="durations">
      <h2 id="durations">How long {target.labels.name} took, in seconds</h2>
      <PlotOfQuery title={`Durations of ${target.labels.name}`} expression={`tocsin_collector_duration_seconds${selector}`} range={HISTORY_S} />
    </section>
  );
}

type Metadata = Record<string, {type: string; help: string}[]>;

function Catalogue() {
  const answer = usePolled("metadata", signal => getData<Metadata>("api/v1/metadata", {}, signal), 60_000);
  const [text, setText] = useState("");
  const rowHeight = useRowHeight(OTHER_ROW);
  const rows = useMemo(() => {
    const wanted = text.toLowerCase();
    return Object.entries(answer.data ?? {})
      .map(([name, entries]) => ({name, type: entries[0]?.type ?? "", help: entries[0]?.help ?? ""}))
      .filter(({name, help}) => `${name} ${help}`.toLowerCase().includes(wanted))
      .sort((a, b) => (a.name < b.name ? -1 : 1));
  }, [answer.data, text]);
  return (
    <section aria-labelledby="catalogue">
      <h2 id="catalogue">Catalogue of metrics</h2>
      <label>Name or help <input type="search" value={text} onInput={event => setText(event.currentTarget.value)} /></label>
      <Waiting of={answer} what="the catalogue" />
      <p class="quiet" aria-live="polite">{rows.length} metrics</p>
      <LongList label="Metrics" rows={rows} rowHeight={rowHeight} keyOf={row => row.name} show={row => (
        <div class="metric-row">
          <Link class="name" to={`/explore?${new URLSearchParams({"g0.expr": row.name, "g0.tab": "1"})}`}>{row.name}</Link>
          <span class="quiet">{row.type}</span>
          <span class="summary">{row.help}</span>
        </div>
      )} />
    </section>
  );
}

/** What is collected, how well, and what it is. */
export function Collectors() {
  const targets = usePolled("targets", askTargets);
  const numbers = usePolled("numbers", askNumbers);
  const history = usePolled("durations", askHistory, LESS_OFTEN_MS);
  const [chosen, setChosen] = useState("");
  const target = targets.data?.find(each => keyOf(each) === chosen);
  return (
    <>
      <h1>Collectors</h1>
      <Waiting of={targets} what="the collectors" />
      {targets.data?.length === 0 && <p class="quiet">None is configured.</p>}
      {targets.data && targets.data.length > 0 && (
        <Scroll label="Collectors">
          <table>
            <thead><tr>{HEADS.map(head => <th scope="col" key={head}>{head}</th>)}</tr></thead>
            <tbody>
              {targets.data.map(each => <Row key={keyOf(each)} target={each} numbers={numbers.data} history={history.data}
                                             chosen={keyOf(each) === chosen}
                                             onChoose={() => setChosen(keyOf(each) === chosen ? "" : keyOf(each))} />)}
            </tbody>
          </table>
        </Scroll>
      )}
      {target && <Durations target={target} />}
      {numbers.data && <DroppedReasons numbers={numbers.data} />}
      <Catalogue />
    </>
  );
}
