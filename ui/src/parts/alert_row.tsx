import type {AlertItem} from "../lib/alerts";
import {Badge} from "./badge";
import {LabelTags} from "./labels_list";
import {Link} from "./link";
import {Age} from "./time";

/** An alert in a list: what, how bad, since when, and which one. */
export function AlertRow({alert}: {alert: AlertItem}) {
  return (
    <div class={`alert-row ${alert.state === "firing" ? alert.severity : alert.state}`}>
      <span class="states"><Badge state={alert.state} />{alert.state !== "resolved" && <Badge state={alert.severity} />}</span>
      <Link class="name" to={`/alerts/${alert.id}`}>{alert.name}</Link>
      <span class="since"><Age at={alert.since} /></span>
      <span class="summary">{alert.annotations.summary ?? ""}</span>
      <LabelTags labels={alert.labels} without={["alertname", "severity"]} />
    </div>
  );
}
