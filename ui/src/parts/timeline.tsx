import type {AlertEvent} from "../lib/types";
import {Badge} from "./badge";
import {Link} from "./link";
import {Time, utc} from "./time";

const MOST_LISTED = 12;

function Marks({events, from, to}: {events: readonly AlertEvent[]; from: number; to: number}) {
  return (
    <div class="strip" role="img" aria-label={`${events.length} changes between ${utc(from)} and ${utc(to)}`}>
      {events.slice(0, 300).map(event => (
        <span key={event.id} class={`mark ${event.kind}`} title={`${event.rule} ${event.kind} · ${utc(Date.parse(event.at))}`}
              style={{left: `${(100 * (Date.parse(event.at) - from)) / (to - from)}%`}} />
      ))}
    </div>
  );
}

/** What has changed between two times, as marks on a strip and, the newest of it, in words. */
export function Timeline({events, from, to}: {events: readonly AlertEvent[]; from: number; to: number}) {
  return (
    <div>
      <Marks events={events} from={from} to={to} />
      <div class="strip-ends" aria-hidden="true"><span>1 hour ago</span><span>now</span></div>
      {events.length === 0 && <p class="quiet">Nothing has changed.</p>}
      <ul class="plain-list">
        {events.slice(0, MOST_LISTED).map(event => (
          <li key={event.id}>
            <Time at={Date.parse(event.at)} /> <Badge state={event.kind} />{" "}
            <Link to={`/alerts/${event.fingerprint}`}>{event.rule || event.labels.alertname || "an alert"}</Link>
          </li>
        ))}
      </ul>
      {events.length > MOST_LISTED && <p class="quiet">And {events.length - MOST_LISTED} more.</p>}
    </div>
  );
}
