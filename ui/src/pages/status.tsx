import {getData, getJson, postQuery} from "../lib/api";
import {root} from "../lib/address";
import {usePolled} from "../lib/polling";
import {formatBytes} from "../lib/words";
import type {QueryResult} from "../lib/types";
import {Badge} from "../parts/badge";
import {Waiting} from "../parts/failure";
import {Facts} from "../parts/labels_list";
import {Scroll} from "../parts/scroll";
import {Age, Time} from "../parts/time";

interface Build {version: string; revision: string}
interface Runtime {
  startTime: string;
  lastConfigTime: string;
  reloadConfigSuccess: boolean;
  hostname: string;
  CWD: string;
  corruptionCount: number;
}
interface Storage {
  headStats: {numSeries: number; numLabelPairs: number; minTime: number; maxTime: number};
  seriesCountByMetricName: {name: string; value: number}[];
}
interface Receivers {
  names: string[];
  /** By "receiver": what waits, and what was sent and has failed. */
  pending: Map<string, string>;
  sent: Map<string, string>;
  failed: Map<string, string>;
  deadLetters: {id: number; at: string; receiver: string; integration: string; answer: string}[];
}

async function byReceiver(query: string, signal: AbortSignal): Promise<Map<string, string>> {
  const data = await postQuery<QueryResult>("api/v1/query", {query}, signal);
  return new Map(data.resultType === "vector" ? data.result.map(each => [each.metric.receiver ?? "", each.value[1]]) : []);
}

async function askReceivers(signal: AbortSignal): Promise<Receivers> {
  const [names, pending, sent, failed, dead] = await Promise.all([
    getJson<{name: string}[]>("api/v2/receivers", {}, signal),
    byReceiver("sum by (receiver) (tocsin_outbox_pending)", signal),
    byReceiver("sum by (receiver) (tocsin_notifications_sent_total)", signal),
    byReceiver("sum by (receiver) (tocsin_notifications_failed_total)", signal),
    getData<{deadLetters: Receivers["deadLetters"]}>("api/v1/tocsin/dead-letters", {limit: 20}, signal),
  ]);
  return {names: names.map(each => each.name), pending, sent, failed, deadLetters: dead.deadLetters};
}

/** What is in force, by its key in the configuration. */
function useInForce() {
  return usePolled("in force", signal => getData<Record<string, string>>("api/v1/status/flags", {}, signal), 60_000);
}

function BuildAndRun() {
  const build = usePolled("build", signal => getData<Build>("api/v1/status/buildinfo", {}, signal), 60_000);
  const runtime = usePolled("runtime", signal => getData<Runtime>("api/v1/status/runtimeinfo", {}, signal));
  const inForce = useInForce();
  if (!build.data || !runtime.data) return <><Waiting of={build} what="the build" /><Waiting of={runtime} what="the state" /></>;
  const {data: run} = runtime;
  return (
    <Facts>{[
      ["Version", `${build.data.version} (${build.data.revision || "no revision"})`],
      ["Started", <><Time at={Date.parse(run.startTime)} /> (<Age at={Date.parse(run.startTime)} />)</>],
      ["Configuration", <><Badge state={run.reloadConfigSuccess ? "ok" : "err"} /> read <Age at={Date.parse(run.lastConfigTime)} /></>],
      ["Listens on", inForce.data?.["server.listen"] ?? <Waiting of={inForce} what="the address" />],
      ["Host", run.hostname],
      ["Folder", run.CWD],
      ["Could not be read at the start", String(run.corruptionCount)],
    ]}</Facts>
  );
}

function StorageFacts() {
  const storage = usePolled("tsdb", signal => getData<Storage>("api/v1/status/tsdb", {}, signal), 15_000);
  if (!storage.data) return <Waiting of={storage} what="the storage" />;
  const {headStats, seriesCountByMetricName} = storage.data;
  return (
    <>
      <Facts>{[
        ["Series", String(headStats.numSeries)],
        ["Label pairs", String(headStats.numLabelPairs)],
        ["Oldest sample", <Age at={headStats.minTime} />],
        ["Newest sample", <Age at={headStats.maxTime} />],
      ]}</Facts>
      <h3>Metrics with most series</h3>
      <Facts>{seriesCountByMetricName.slice(0, 10).map(({name, value}) => [name, String(value)])}</Facts>
    </>
  );
}

function Limits() {
  const answer = useInForce();
  if (!answer.data) return <Waiting of={answer} what="the limits" />;
  return (
    <Facts>{Object.entries(answer.data).filter(([key]) => key !== "server.listen").map(([key, value]) =>
      [key, key.endsWith("_bytes") ? formatBytes(Number(value)) : value])}</Facts>
  );
}

function ReceiverTable() {
  const answer = usePolled("receivers", askReceivers);
  if (!answer.data) return <Waiting of={answer} what="the receivers" />;
  const {names, pending, sent, failed, deadLetters} = answer.data;
  return (
    <>
      <Waiting of={answer} what="the receivers" />
      {names.length === 0 && <p class="quiet">None is configured.</p>}
      {names.length > 0 && (
        <Scroll label="Receivers">
          <table>
            <thead><tr><th scope="col">Receiver</th><th scope="col">Waiting</th><th scope="col">Sent</th><th scope="col">Failed</th></tr></thead>
            <tbody>{names.map(name => (
              <tr key={name}><th scope="row">{name}</th><td>{pending.get(name) ?? "0"}</td><td>{sent.get(name) ?? "0"}</td>
                <td>{failed.get(name) ?? "0"}</td></tr>
            ))}</tbody>
          </table>
        </Scroll>
      )}
      {deadLetters.length > 0 && (
        <>
          <h3>Given up</h3>
          <ul class="plain-list">{deadLetters.map(letter => (
            <li key={letter.id}><Time at={Date.parse(letter.at)} /> {letter.receiver} {letter.integration}: {letter.answer}</li>
          ))}</ul>
        </>
      )}
    </>
  );
}

function Configuration() {
  const answer = usePolled("config", signal => getData<{yaml: string}>("api/v1/status/config", {}, signal), 30_000);
  if (!answer.data) return <Waiting of={answer} what="the configuration" />;
  return <pre class="config" tabIndex={0} role="region" aria-label="Configuration">{answer.data.yaml}</pre>;
}

/** tocsin itself. */
export function Status() {
  return (
    <>
      <h1>Status</h1>
      <section aria-labelledby="build"><h2 id="build">Build and state</h2><BuildAndRun /></section>
      <section aria-labelledby="receivers"><h2 id="receivers">Receivers</h2><ReceiverTable /></section>
      <section aria-labelledby="storage"><h2 id="storage">Storage</h2><StorageFacts /></section>
      <section aria-labelledby="limits"><h2 id="limits">Limits</h2><Limits /></section>
      <section aria-labelledby="config"><h2 id="config">Configuration, secrets hidden</h2><Configuration /></section>
      <p class="quiet">More: <a href={`${root}metrics`}>metrics</a>, <a href={`${root}plain/`}>this page without scripts</a>,{" "}
        <a href={`${root}ui/licences.txt`}>licences of what this page is made of</a></p>
    </>
  );
}
