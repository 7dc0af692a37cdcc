import {byUrgency, itemOfSent} from "../lib/alerts";
import {getJson} from "../lib/api";
import {formatMatcher, type Matcher} from "../lib/matchers";
import {usePolled} from "../lib/polling";
import type {SentAlert} from "../lib/types";
import {AlertRow} from "./alert_row";
import {Waiting} from "./failure";

const MOST_LISTED = 20;

function sentenceOf(matching: number): string {
  if (matching === 0) return "No alert matches.";
  return matching === 1 ? "1 alert matches." : `${matching} alerts match.`;
}

/** The alerts that match now, as tocsin itself sees it. */
export function MatchingAlerts({matchers}: {matchers: readonly Matcher[]}) {
  const filter = matchers.map(formatMatcher);
  const answer = usePolled(JSON.stringify(filter), signal => getJson<SentAlert[]>("api/v2/alerts", {filter}, signal));
  const alerts = (answer.data ?? []).map(itemOfSent).sort(byUrgency);
  return (
    <section aria-labelledby="matching">
      <h2 id="matching">Alerts that match now</h2>
      <Waiting of={answer} what="the alerts" />
      {answer.data && <p aria-live="polite">{sentenceOf(alerts.length)}</p>}
      <ul class="plain-list rows">
        {alerts.slice(0, MOST_LISTED).map(alert => <li key={alert.id}><AlertRow alert={alert} /></li>)}
      </ul>
      {alerts.length > MOST_LISTED && <p class="quiet">And {alerts.length - MOST_LISTED} more.</p>}
    </section>
  );
}
