import {isRefusal} from "../lib/api";
import {formatMatchers, matchersOf} from "../lib/matchers";
import {usePolled} from "../lib/polling";
import {askRunbook, SELDOM_MS} from "../lib/runbooks";
import {Waiting} from "../parts/failure";
import {Link} from "../parts/link";
import {Markdown} from "../parts/markdown";

/** What to do about an alert of one name. */
export function RunbookPage({name}: {name: string}) {
  const answer = usePolled(`runbook ${name}`, signal => askRunbook(name, signal), SELDOM_MS);
  if (isRefusal(answer.error)) {
    return <><h1>No such runbook</h1><p>tocsin has runbooks for the alerts that it comes with.</p></>;
  }
  if (!answer.data) return <><h1>Runbook</h1><Waiting of={answer} what="the runbook" /></>;
  const {title, blocks} = answer.data;
  const filter = formatMatchers(matchersOf({alertname: title}));
  return (
    <>
      <h1>{title}</h1>
      <Waiting of={answer} what="the runbook" />
      <p><Link to={`/alerts?${new URLSearchParams({filter})}`}>Alerts of this name</Link></p>
      <Markdown blocks={blocks} />
    </>
  );
}
