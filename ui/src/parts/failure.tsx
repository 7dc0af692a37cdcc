import {pointedAt, type Place} from "../lib/caret";
import type {Polled} from "../lib/polling";

/** What is wrong with an expression, and where, if it is in one part of it. */
export function QueryFailure({expression, message, place}: {expression: string; message: string; place: Place | undefined}) {
  const pointed = place ? pointedAt(expression, place) : null;
  return (
    <div role="alert" class="problem">
      <p>{message}</p>
      {pointed && <pre class="caret">{pointed}</pre>}
    </div>
  );
}

/** Says why something cannot be shown, or that it is still on its way; nothing when it is there. */
export function Waiting({of, what}: {of: Polled<unknown>; what: string}) {
  if (of.error) return <p role="alert" class="problem">Cannot read {what}: {of.error.message}</p>;
  if (of.data === null) return <p class="quiet" aria-live="polite">Reading {what}…</p>;
  return null;
}
