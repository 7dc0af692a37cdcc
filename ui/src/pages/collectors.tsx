import {useMemo, useState} from "preact/hooks";
import {getData, postQuery} from "../lib/api";
import {formatElapsed} from "../lib/durations";
import {quoted} from "../lib/labels";
import {usePolled} from "../lib/polling";
import {askTargets} from "../lib/questions";
import type {QueryResult, Target} from "../lib/types";
import {Badge} from "../parts/badge";
import {Waiting} from "../parts/failure";
import {Link} from "../parts/link";
import {LongList} from "../parts/long_list";
import {PlotOfQuery} from "../parts/plot_of_query";
import {OTHER_ROW, useRowHeight} from "../parts/row_height";
import {Scroll} from "../parts/scroll";
import {Age} from "../parts/time";

interface Numbers {
  /** By "collector/name". */
  samples: Map<string, string>;
  success: Map<string, number>;
  drops: Map<string, string>;
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
  const dropped = new Map<string, string>();
  for (const {key, reason, value} of drops) dropped.set(key, [dropped.get(key), `${value} ${reason}`].filter(Boolean).join(", "));
  return {
    samples: new Map(samples.map(({key, value}) => [key, value])),
    success: new Map(success.map(({key, value}) => [key, Number(value) * 1000])),
    drops: dropped,
  };
}

function keyOf(target: Target): string {
  return `${target.labels.collector}/${target.labels.name}`;
}

function Row({target, numbers, chosen, onChoose}: {target: Target; numbers: Numbers | null; chosen: boolean; onChoose: () => void}) {
  const key = keyOf(target);
  return (
    <tr>
      <th scope="row">{target.labels.name}</th>
      <td>{target.labels.collector}</td>
      <td><Badge state={target.health} /></td>
      <td>{numbers ? <Age at={numbers.success.get(key) ?? 0} /> : "…"}</td>
      <td>{target.scrapeInterval}</td>
      <td>{formatElapsed(target.lastScrapeDuration)}</td>
      <td>{numbers?.samples.get(key) ?? "…"}</td>
      <td>{numbers ? numbers.drops.get(key) ?? "none" : "…"}</td>
      <td class="problem">{target.lastError}</td>
      <td><button type="button" aria-pressed={chosen} onClick={onChoose}>Durations of {target.labels.name}</button></td>
    </tr>
  );
}

const HEADS = ["Name", "Type", "State", "Last success", "Interval", "Duration", "Samples", "Dropped", "Last error", "History"];

function Durations({target}: {target: Target}) {
  const selector = `{collector=${quoted(target.labels.collector)},name=${quoted(target.labels.name)}}`;
  return (
    <section aria-labelledby="durations">
      <h2 id="durations">How long {target.labels.name} took, in seconds</h2>
      <PlotOfQuery title={`Durations of ${target.labels.name}`} expression={`tocsin_collector_duration_seconds${selector}`} range={3600} />
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
              {targets.data.map(each => <Row key={keyOf(each)} target={each} numbers={numbers.data} chosen={keyOf(each) === chosen}
                                             onChoose={() => setChosen(keyOf(each) === chosen ? "" : keyOf(each))} />)}
            </tbody>
          </table>
        </Scroll>
      )}
      {target && <Durations target={target} />}
      <Catalogue />
    </>
  );
}
