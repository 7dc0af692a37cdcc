import {useEffect, useState} from "preact/hooks";

/** When the server last answered, now that it is gone, and what the last attempt said; null while it answers. */
export type Lost = {readonly since: number; readonly why: string} | null;

let lost: Lost = null;
let answered = Date.now();
const listeners = new Set<(lost: Lost) => void>();

function set(next: Lost) {
  if (next === lost) return;
  lost = next;
  for (const listener of listeners) listener(lost);
}

export function connectionWorks() {
  answered = Date.now();
  set(null);
}

export function connectionFailed(why: string) {
  if (!lost) set({since: answered, why});
}

export function useLost(): Lost {
  const [state, setState] = useState(lost);
  useEffect(() => {
    setState(lost);
    listeners.add(setState);
    return () => void listeners.delete(setState);
  }, []);
  return state;
}
