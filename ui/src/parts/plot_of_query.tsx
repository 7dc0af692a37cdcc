import {useMemo} from "preact/hooks";
import {isRefusal, postQuery} from "../lib/api";
import {linesOf, stepFor} from "../lib/lines";
import {usePolled} from "../lib/polling";
import type {QueryResult, Series} from "../lib/types";
import {QueryFailure, Waiting} from "./failure";
import {Plot} from "./plot";

interface Properties {
  title: string;
  expression: string;
  /** In seconds; the end is now if it is not given. */
  range: number;
  end?: number | undefined;
  step?: number | undefined;
  threshold?: number | undefined;
  shaded?: {from: number; to: number; label: string} | undefined;
  /** Those of the series that are shown. */
  choose?: (series: Series[]) => Series[];
  everyMs?: number;
}

interface Answer {
  start: number;
  end: number;
  series: Series[];
}

/** An expression over a range that ends now, or then. */
export function PlotOfQuery({title, expression, range, end, step, threshold, shaded, choose, everyMs}: Properties) {
  const key = JSON.stringify([expression, range, end, step]);
  const answer = usePolled<Answer>(key, async signal => {
    const until = end ?? Date.now() / 1000;
    const parameters = {query: expression, start: until - range, end: until, step: step ?? stepFor(range)};
    const data = await postQuery<QueryResult>("api/v1/query_range", parameters, signal);
    const series = data.resultType === "matrix" ? data.result : [];
    return {start: until - range, end: until, series: choose ? choose(series) : series};
  }, everyMs ?? 15_000);
  const lines = useMemo(() => linesOf(answer.data?.series ?? []), [answer.data]);
  if (isRefusal(answer.error)) return <QueryFailure expression={expression} message={answer.error.message} place={answer.error.place} />;
  return (
    <>
      <Waiting of={answer} what="the series" />
      {answer.data && lines.length === 0 && <p class="quiet">No data in this time.</p>}
      {answer.data && lines.length > 0 &&
        <Plot title={title} lines={lines} start={answer.data.start} end={answer.data.end} threshold={threshold}
              shaded={shaded} />}
    </>
  );
}
