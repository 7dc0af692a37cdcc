import {useState} from "preact/hooks";
import {getJson, send} from "../lib/api";
import {formatMatchers} from "../lib/matchers";
import {usePolled} from "../lib/polling";
import type {Silence} from "../lib/types";
import {Badge} from "../parts/badge";
import {Waiting} from "../parts/failure";
import {Facts} from "../parts/labels_list";
import {MatchingAlerts} from "../parts/matching_alerts";
import {SilenceForm} from "../parts/silence_form";
import {Age, Time} from "../parts/time";

function Shown({silence}: {silence: Silence}) {
  return (
    <Facts>{[
      ["State", <Badge state={silence.status.state} />],
      ["Matchers", <code>{formatMatchers(silence.matchers)}</code>],
      ["From", <Time at={Date.parse(silence.startsAt)} />],
      ["Until", <><Time at={Date.parse(silence.endsAt)} /> (<Age at={Date.parse(silence.endsAt)} />)</>],
      ["Author", silence.createdBy],
      ["Comment", silence.comment],
      ["Id", silence.id],
    ]}</Facts>
  );
}

/** One silence: what it keeps quiet, its change and its end. */
export function SilencePage({id}: {id: string}) {
  const answer = usePolled(`silence ${id}`, signal => getJson<Silence>(`api/v2/silence/${encodeURIComponent(id)}`, {}, signal));
  const [editing, setEditing] = useState(false);
  const [problem, setProblem] = useState("");
  const silence = answer.data;
  const end = async () => {
    try {
      await send("DELETE", `api/v2/silence/${encodeURIComponent(id)}`);
      setProblem("");
      answer.refresh();
    } catch (error) {
      setProblem((error as Error).message);
    }
  };
  const changed = () => {
    setEditing(false);
    answer.refresh();
  };
  if (!silence) return <><h1>Silence</h1><Waiting of={answer} what="the silence" /></>;
  const ended = silence.status.state === "expired";
  return (
    <>
      <h1>Silence</h1>
      <Waiting of={answer} what="the silence" />
      <Shown silence={silence} />
      <p class="actions">
        {!ended && <button type="button" onClick={() => void end()}>End this silence now</button>}
        <button type="button" aria-pressed={editing} onClick={() => setEditing(!editing)}>{ended ? "Silence again" : "Edit"}</button>
      </p>
      <p role="alert" class="problem">{problem}</p>
      {editing && <SilenceForm key={silence.id} filter="" comment="" author="" silence={silence} onDone={changed} />}
      {!editing && !ended && <MatchingAlerts matchers={silence.matchers} />}
    </>
  );
}
