import type {SentNotification} from "../lib/types";
import {Badge} from "./badge";
import {Scroll} from "./scroll";
import {Time} from "./time";

/** Who was told, and what each receiver answered. */
export function Notifications({records}: {records: readonly SentNotification[]}) {
  if (records.length === 0) return <p class="quiet">Nobody was told yet.</p>;
  return (
    <Scroll label="Notifications">
      <table>
        <thead>
          <tr><th scope="col">When</th><th scope="col">Receiver</th><th scope="col">Entry</th><th scope="col">Why</th>
            <th scope="col">Outcome</th><th scope="col">Answer</th></tr>
        </thead>
        <tbody>
          {records.map(record => (
            <tr key={record.id}>
              <td><Time at={Date.parse(record.at)} /></td><td>{record.receiver}</td><td>{record.integration}</td>
              <td>{record.reason}</td><td><Badge state={record.state} /></td><td>{record.answer}</td>
            </tr>
          ))}
        </tbody>
      </table>
    </Scroll>
  );
}
