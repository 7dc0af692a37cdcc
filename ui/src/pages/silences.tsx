import {useMemo} from "preact/hooks";
import {getJson} from "../lib/api";
import {setQuery, useAddress} from "../lib/address";
import {formatMatchers} from "../lib/matchers";
import {useNow, usePolled} from "../lib/polling";
import type {Silence} from "../lib/types";
import {Badge} from "../parts/badge";
import {Waiting} from "../parts/failure";
import {Link} from "../parts/link";
import {LongList} from "../parts/long_list";
import {OTHER_ROW, useRowHeight} from "../parts/row_height";
import {Age} from "../parts/time";

const SOON_MS = 15 * 60_000;
const ORDER = ["active", "pending", "expired"];

/** The silences that end soon: whoever made them may want more time. */
function EndingSoon({silences}: {silences: readonly Silence[]}) {
  const now = useNow(5000);
  const soon = silences.filter(each => each.status.state === "active" && Date.parse(each.endsAt) - now < SOON_MS);
  if (soon.length === 0) return null;
  return (
    <aside class="reminder" aria-label="Silences that end soon">
      {soon.slice(0, 5).map(each => (
        <p key={each.id}><strong>Ends <Age at={Date.parse(each.endsAt)} />:</strong>{" "}
          <Link to={`/silences/${each.id}`}>{formatMatchers(each.matchers)}</Link></p>
      ))}
      {soon.length > 5 && <p>And {soon.length - 5} more.</p>}
    </aside>
  );
}

function Row({silence}: {silence: Silence}) {
  const ended = silence.status.state === "expired";
  return (
    <div class="silence-row">
      <span class="states"><Badge state={silence.status.state} /></span>
      <Link class="name" to={`/silences/${silence.id}`}>{formatMatchers(silence.matchers)}</Link>
      <span class="since">{ended ? "ended " : "ends "}<Age at={Date.parse(silence.endsAt)} /></span>
      <span class="summary">{silence.createdBy}: {silence.comment}</span>
    </div>
  );
}

/** All silences, those that have ended on demand. */
export function Silences() {
  const {query} = useAddress();
  const answer = usePolled("silences", signal => getJson<Silence[]>("api/v2/silences", {}, signal));
  const rowHeight = useRowHeight(OTHER_ROW);
  const withExpired = query.get("expired") === "1";
  const rows = useMemo(() => (answer.data ?? [])
    .filter(each => withExpired || each.status.state !== "expired")
    .sort((a, b) => ORDER.indexOf(a.status.state) - ORDER.indexOf(b.status.state) || Date.parse(a.endsAt) - Date.parse(b.endsAt)),
  [answer.data, withExpired]);
  return (
    <>
      <h1>Silences</h1>
      <p class="actions"><Link class="button" to="/silences/new">New silence</Link>
        <label class="inline"><input type="checkbox" checked={withExpired}
          onChange={() => setQuery({expired: withExpired ? "" : "1"})} /> show those that have ended</label></p>
      <Waiting of={answer} what="the silences" />
      <EndingSoon silences={answer.data ?? []} />
      {answer.data && rows.length === 0 && <p>None.</p>}
      <LongList label="Silences" rows={rows} rowHeight={rowHeight} keyOf={each => each.id} show={each => <Row silence={each} />} />
    </>
  );
}
