import type {Rule} from "../lib/types";
import {QueryFailure} from "./failure";

const MOST_SHOWN = 10;

/** Why rules fail, in full: a row of the list has room only for the beginning. */
export function FailingRules({rules}: {rules: readonly Rule[]}) {
  if (rules.length === 0) return null;
  return (
    <section aria-labelledby="failing">
      <h2 id="failing">Why they fail</h2>
      <ul class="plain-list">
        {rules.slice(0, MOST_SHOWN).map((rule, i) => (
          <li key={`${i} ${rule.name}`}>{rule.name}
            <QueryFailure expression={rule.lastErrorPosition?.expression ?? rule.query} message={rule.lastError ?? ""}
                          place={rule.lastErrorPosition} />
          </li>
        ))}
      </ul>
      {rules.length > MOST_SHOWN && <p class="quiet">And {rules.length - MOST_SHOWN} more, below.</p>}
    </section>
  );
}
