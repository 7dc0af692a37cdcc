import {pointedAt} from "../lib/caret";
import type {Polled} from "../lib/polling";

/** What is wrong with an expression, and where. */
export function QueryFailure({expression, message}: {expression: string; message: string}) {
  const place = pointedAt(expression, message);
  return (
    <div role="alert" class="problem">
      <p>{message}</p>
      {place && <pre class="caret">{place}</pre>}
    </div>
  );
}

/** Says why something cannot be shown, or that it is still on its way; nothing when it is there. */
export function Waiting({of, what}: {of: Polled<unknown>; what: string}) {
  if (of.error) return <p role="alert" class="problem">Cannot read {what}: {of.error.message}</p>;
  if (of.data === null) return <p class="quiet" aria-live="polite">Reading {what}…</p>;
  return null;
}
