import {roughly} from "../lib/durations";
import {useNow} from "../lib/polling";

const local = new Intl.DateTimeFormat(undefined, {dateStyle: "medium", timeStyle: "long"});

/** What tocsin writes for "never". */
export function isNever(at: number): boolean {
  return !Number.isFinite(at) || at <= 0;
}

export function utc(at: number): string {
  return new Date(at).toISOString().replace("T", " ").replace(/\.\d+Z$/, " UTC");
}

/** A time in the viewer's zone, which it names, with UTC on hover. */
export function Time({at}: {at: number}) {
  if (isNever(at)) return <span>never</span>;
  return <time dateTime={new Date(at).toISOString()} title={utc(at)}>{local.format(at)}</time>;
}

/** How long ago, or how far ahead, with both times on hover. */
export function Age({at}: {at: number}) {
  const now = useNow();
  if (isNever(at)) return <span>never</span>;
  const seconds = (now - at) / 1000;
  const text = seconds < -1 ? `in ${roughly(-seconds)}` : `${roughly(seconds)} ago`;
  return <time dateTime={new Date(at).toISOString()} title={`${local.format(at)} · ${utc(at)}`}>{text}</time>;
}
