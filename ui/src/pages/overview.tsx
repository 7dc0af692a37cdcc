import {activeByHearing, type AlertItem} from "../lib/alerts";
import {useLost} from "../lib/connection";
import {usePolled} from "../lib/polling";
import {askAlerts, askScraped, askTargets, HOUR_MS} from "../lib/questions";
import {systemsOf, type System} from "../lib/systems";
import {Badge} from "../parts/badge";
import {Waiting} from "../parts/failure";
import {Link} from "../parts/link";
import {Age} from "../parts/time";
import {Timeline} from "../parts/timeline";
import {AlertRow} from "../parts/alert_row";

const MOST_LISTED = 25;

function Tile({system}: {system: System}) {
  const lost = useLost();
  const {target, health, why, alerts} = system;
  return (
    <li class={`tile ${lost ? "unknown" : health}`}>
      <h3>{target.labels.name}</h3>
      <p class="kind">{target.labels.collector}</p>
      <p><Badge state={health} /></p>
      <p class="why">{lost ? "tocsin does not answer" : why}</p>
      {alerts.length > 0 && <p><Link to={`/alerts?collector=${encodeURIComponent(target.labels.name)}`}>
        {alerts.length} {alerts.length === 1 ? "alert" : "alerts"}</Link></p>}
      <p class="quiet">collected <Age at={Date.parse(target.lastScrape)} /></p>
    </li>
  );
}

function Listed({alerts}: {alerts: readonly AlertItem[]}) {
  return (
    <>
      <ul class="plain-list rows">
        {alerts.slice(0, MOST_LISTED).map(alert => <li key={alert.id}><AlertRow alert={alert} /></li>)}
      </ul>
      {alerts.length > MOST_LISTED && <p><Link to="/alerts">All {alerts.length} alerts</Link></p>}
    </>
  );
}

/** What fires, and apart from it that of which nobody is told. */
function Firing({alerts}: {alerts: readonly AlertItem[]}) {
  const {told, quiet} = activeByHearing(alerts);
  const lost = useLost();
  const nothing = quiet.length > 0 ? "Nothing fires of which somebody would be told." : "Nothing fires.";
  return (
    <>
      <section aria-labelledby="firing">
        <h2 id="firing">Firing now <small>{told.length}</small></h2>
        {told.length === 0 && <p>{lost ? "Not known." : nothing}</p>}
        <Listed alerts={told} />
      </section>
      {quiet.length > 0 && (
        <section aria-labelledby="quiet">
          <h2 id="quiet">Silenced, inhibited or muted <small>{quiet.length}</small></h2>
          <Listed alerts={quiet} />
        </section>
      )}
    </>
  );
}

/** What is wrong, at a glance. */
export function Overview() {
  const targets = usePolled("targets", askTargets);
  const alerts = usePolled("alerts", askAlerts);
  const scraped = usePolled("scraped", askScraped);
  const {systems, others} = systemsOf(targets.data ?? [], alerts.data?.alerts ?? [], scraped.data ?? undefined);
  const now = Date.now();
  return (
    <>
      <h1>Overview</h1>
      <section aria-labelledby="systems">
        <h2 id="systems">Systems</h2>
        <Waiting of={targets} what="the collectors" />
        <Waiting of={alerts} what="the alerts" />
        {targets.data?.length === 0 && <p class="quiet">No collector is configured.</p>}
        <Waiting of={scraped} what="the scraped targets" />
        {targets.data && alerts.data && scraped.data && (
          <ul class="tiles">
            {systems.map(system => <Tile key={`${system.target.labels.collector}/${system.target.labels.name}`} system={system} />)}
          </ul>
        )}
        {others.length > 0 && <p class="quiet">{others.length} more {others.length === 1 ? "alert is" : "alerts are"} about
          none of these.</p>}
      </section>
      {alerts.data && <Firing alerts={alerts.data.alerts} />}
      {alerts.data && (
        <section aria-labelledby="changes">
          <h2 id="changes">The last hour</h2>
          <Timeline events={alerts.data.events} from={now - HOUR_MS} to={now} />
        </section>
      )}
    </>
  );
}
