import {useState} from "preact/hooks";
import {navigate} from "../lib/address";
import {send} from "../lib/api";
import {formatDuration, parseDuration} from "../lib/durations";
import {formatMatchers, parseMatchers, type Matcher} from "../lib/matchers";
import type {Silence} from "../lib/types";
import {MatchingAlerts} from "./matching_alerts";
import {Time} from "./time";

interface Given {
  filter: string;
  comment: string;
  author: string;
  /** The one that is changed. */
  silence?: Silence;
  /** The server has taken it. */
  onDone?: () => void;
}

function read(filter: string): {matchers: Matcher[]; problem: string} {
  try {
    const matchers = parseMatchers(filter);
    return {matchers, problem: filter.trim() && matchers.length === 0 ? "expected at least one matcher" : ""};
  } catch (error) {
    return {matchers: [], problem: (error as Error).message};
  }
}

/** Who you are is remembered by the browser. */
const AUTHOR = "tocsin.author";

function rememberedAuthor(): string {
  try {
    return localStorage.getItem(AUTHOR) ?? "";
  } catch {
    return "";  // The browser keeps nothing.
  }
}

function rememberAuthor(author: string) {
  try {
    localStorage.setItem(AUTHOR, author);
  } catch {
    // Then it is asked for again.
  }
}

function left(silence: Silence | undefined): string {
  return silence ? formatDuration(Math.max(60, (Date.parse(silence.endsAt) - Date.now()) / 1000)) : "2h";
}

/** Makes a silence, or changes one, and shows beforehand what it will match. */
export function SilenceForm(given: Given) {
  const [filter, setFilter] = useState(given.silence ? formatMatchers(given.silence.matchers) : given.filter);
  const [duration, setDuration] = useState(() => left(given.silence));
  const [author, setAuthor] = useState(given.silence?.createdBy ?? (given.author || rememberedAuthor()));
  const [comment, setComment] = useState(given.silence?.comment ?? given.comment);
  const [problem, setProblem] = useState("");
  const [busy, setBusy] = useState(false);
  const {matchers, problem: unreadable} = read(filter);
  const seconds = parseDuration(duration);

  const submit = async (event: Event): Promise<void> => {
    event.preventDefault();
    if (unreadable || matchers.length === 0) return setProblem(`Matchers: ${unreadable || "expected at least one"}.`);
    if (!seconds) return setProblem("Duration: expected something like 30m, 2h or 1d.");
    if (!author.trim()) return setProblem("Author: expected who wants this.");
    if (!comment.trim()) return setProblem("Comment: expected why.");
    setBusy(true);
    setProblem("");
    try {
      const now = Date.now();
      const startsAt = given.silence ? given.silence.startsAt : new Date(now).toISOString();
      const body = {
        ...(given.silence ? {id: given.silence.id} : {}),
        matchers, startsAt, endsAt: new Date(now + seconds * 1000).toISOString(), createdBy: author.trim(), comment: comment.trim(),
      };
      const {silenceID} = await send<{silenceID: string}>("POST", "api/v2/silences", body);
      rememberAuthor(author.trim());
      given.onDone?.();
      navigate(`/silences/${silenceID}`);
    } catch (error) {
      setProblem((error as Error).message);
    } finally {
      setBusy(false);
    }
  };

  return (
    <>
      <form class="tall" onSubmit={event => void submit(event)} noValidate>
        <label>Matchers
          <input type="text" value={filter} required spellcheck={false} aria-invalid={unreadable !== ""} placeholder='{alertname="Down"}'
                 onInput={event => setFilter(event.currentTarget.value)} />
        </label>
        {unreadable && <p class="problem">{unreadable}</p>}
        <label>Duration, such as 30m, 2h or 1d
          <input type="text" value={duration} required onInput={event => setDuration(event.currentTarget.value)} />
        </label>
        {seconds ? <p class="quiet">Until <Time at={Date.now() + seconds * 1000} />.</p> : null}
        <label>Author
          <input type="text" value={author} required autocomplete="name" onInput={event => setAuthor(event.currentTarget.value)} />
        </label>
        <label>Comment
          <input type="text" value={comment} required onInput={event => setComment(event.currentTarget.value)} />
        </label>
        <p role="alert" class="problem">{problem}</p>
        <button type="submit" class="primary" disabled={busy}>{given.silence ? "Change the silence" : "Silence"}</button>
      </form>
      {matchers.length > 0 && <MatchingAlerts matchers={matchers} />}
    </>
  );
}
