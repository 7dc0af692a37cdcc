import {useEffect, useState} from "preact/hooks";
import {navigate} from "../lib/address";
import {isRefusal, postQuery} from "../lib/api";
import {formatDuration, parseDuration} from "../lib/durations";
import {usePolled} from "../lib/polling";
import {thresholdOf} from "../lib/threshold";
import type {QueryResult, Series} from "../lib/types";
import {firings, lookEvery, type Firing} from "../lib/what_if";
import {ExpressionField} from "./expression_field";
import {QueryFailure, Waiting} from "./failure";
import {Link} from "./link";
import {PlotOfQuery} from "./plot_of_query";
import {Scroll} from "./scroll";
import {Time} from "./time";

const MOST_LISTED = 100;
const AGAIN_MS = 60_000;

/** A rule as somebody imagines it, and the time to try it on; durations as they are typed. */
interface Idea {
  expression: string;
  hold: string;
  range: string;
}

export function ideaOf(query: URLSearchParams): Idea | null {
  const expression = query.get("whatif");
  if (expression === null) return null;
  return {expression, hold: query.get("for") || "0s", range: query.get("range") || "6h"};
}

export function addressOfIdea({expression, hold, range}: Idea): string {
  return `/rules?${new URLSearchParams({whatif: expression, for: hold, range})}`;
}

async function ask(expression: string, hold: number, range: number, signal: AbortSignal): Promise<Firing[]> {
  const end = Math.floor(Date.now() / 1000);
  const step = lookEvery(range);
  const data = await postQuery<QueryResult>("api/v1/query_range", {query: expression, start: end - range, end, step}, signal);
  const series: Series[] = data.resultType === "matrix" ? data.result : [];
  return firings(series, step, hold, end);
}

function Found({expression, hold, range}: {expression: string; hold: number; range: number}) {
  const answer = usePolled(JSON.stringify([expression, hold, range]), signal => ask(expression, hold, range, signal), AGAIN_MS);
  const threshold = thresholdOf(expression);
  if (isRefusal(answer.error)) {
    return <QueryFailure expression={expression} message={answer.error.message} place={answer.error.place} />;
  }
  return (
    <>
      <Waiting of={answer} what="the history" />
      {answer.data && <p aria-live="polite">It would have fired {answer.data.length === 1 ? "once" : `${answer.data.length} times`} in
        the last {formatDuration(range)}, looked at every {formatDuration(lookEvery(range))}.</p>}
      {answer.data && answer.data.length > 0 && (
        <Scroll label="When it would have fired">
          <table>
            <thead><tr><th scope="col">From</th><th scope="col">Until</th><th scope="col">For</th><th scope="col">What</th></tr></thead>
            <tbody>
              {answer.data.slice(0, MOST_LISTED).map(({alert, from, to, lasts}) => (
                <tr key={`${alert} ${from}`}>
                  <td><Time at={from * 1000} /></td><td>{lasts ? "now" : <Time at={to * 1000} />}</td>
                  <td>{formatDuration(to - from)}</td><td><code>{alert}</code></td>
                </tr>
              ))}
            </tbody>
          </table>
        </Scroll>
      )}
      <PlotOfQuery title={expression} expression={threshold?.expression ?? expression} range={range}
                   threshold={threshold?.value} everyMs={AGAIN_MS} />
    </>
  );
}

/** When a rule would have fired over the stored history, if it were like this. */
export function WhatIf({idea}: {idea: Idea}) {
  const [expression, setExpression] = useState(idea.expression);
  const [hold, setHold] = useState(idea.hold);
  const [range, setRange] = useState(idea.range);
  useEffect(() => {
    setExpression(idea.expression);
    setHold(idea.hold);
    setRange(idea.range);
  }, [idea.expression, idea.hold, idea.range]);
  const run = () => navigate(addressOfIdea({expression: expression.trim(), hold, range}));
  const [holdSeconds, rangeSeconds] = [parseDuration(idea.hold), parseDuration(idea.range)];
  const isReadable = holdSeconds !== null && rangeSeconds !== null && rangeSeconds > 0;
  return (
    <>
      <h1>What if</h1>
      <p><Link to="/rules">All rules</Link></p>
      <form onSubmit={event => (event.preventDefault(), run())}>
        <ExpressionField given={idea.expression} label="Expression of the rule" onChange={setExpression} onRun={run} />
        <div class="filters">
          <label>For <input type="text" size={6} value={hold} onInput={event => setHold(event.currentTarget.value)} /></label>
          <label>Over the last <input type="text" size={6} value={range} onInput={event => setRange(event.currentTarget.value)} /></label>
          <button type="submit" class="primary">When would it have fired?</button>
        </div>
      </form>
      {!isReadable && <p role="alert" class="problem">For, and over the last: expected durations such as 5m and 6h.</p>}
      {isReadable && idea.expression && <Found expression={idea.expression} hold={holdSeconds} range={rangeSeconds} />}
    </>
  );
}
