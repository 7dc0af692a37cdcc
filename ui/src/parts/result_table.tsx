import {isRefusal, postQuery} from "../lib/api";
import {seriesName} from "../lib/lines";
import {EVERY_MS, usePolled} from "../lib/polling";
import type {QueryResult} from "../lib/types";
import {QueryFailure, Waiting} from "./failure";
import {LongList} from "./long_list";
import {Scroll} from "./scroll";

const ROW_HEIGHT = 34;

interface Row {
  name: string;
  value: string;
}

function rowsOf(data: QueryResult): Row[] {
  switch (data.resultType) {
    case "vector": return data.result.map(each => ({name: seriesName({metric: each.metric}), value: each.value[1]}));
    case "matrix": return data.result.map(each => ({
      name: seriesName(each), value: each.values.slice(-20).map(([at, value]) => `${value} @${at}`).join("  "),
    }));
    default: return [{name: data.resultType, value: data.result[1]}];
  }
}

/** How wide the longest row is, in characters: a row that is not in the document makes no room for itself. */
function widthOf(rows: readonly Row[]): number {
  const between = 4;
  return rows.reduce((most, {name, value}) => Math.max(most, name.length + value.length + between), 0);
}

/** What an expression is now, or was then. */
export function ResultTable({expression, at}: {expression: string; at: number | null}) {
  const answer = usePolled(JSON.stringify([expression, at]), signal =>
    postQuery<QueryResult>("api/v1/query", {query: expression, time: at ?? undefined}, signal), EVERY_MS * 2);
  if (isRefusal(answer.error)) return <QueryFailure expression={expression} message={answer.error.message} place={answer.error.place} />;
  if (!answer.data) return <Waiting of={answer} what="the result" />;
  const rows = rowsOf(answer.data);
  return (
    <>
      <p class="quiet" aria-live="polite">{rows.length === 0 ? "No result." : `${rows.length} ${rows.length === 1 ? "row" : "rows"}`}</p>
      <Scroll label="Result">
        <div style={{minWidth: `${widthOf(rows)}ch`}}>
          <LongList label="Rows" rows={rows} rowHeight={ROW_HEIGHT} keyOf={row => row.name}
                    show={row => <div class="result-row"><code>{row.name}</code> <b>{row.value}</b></div>} />
        </div>
      </Scroll>
    </>
  );
}
