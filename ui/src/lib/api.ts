import type {Place} from "./caret";
import {connectionFailed, connectionWorks} from "./connection";
import {root} from "./address";

/** An answer that is no success. `place` is that of the mistake in an expression, if it is one. */
export class ApiError extends Error {
  constructor(readonly status: number, message: string, readonly place?: Place) {
    super(message);
  }
}

/** Whether the question was wrong; otherwise it may be answered the next time. */
export function isRefusal(error: Error | null): error is ApiError {
  return error instanceof ApiError && error.status >= 400 && error.status < 500;
}

export type Parameters = Readonly<Record<string, string | number | readonly string[] | undefined>>;

const PATIENCE_MS = 20_000;

function search(parameters: Parameters): string {
  const query = new URLSearchParams();
  for (const [name, value] of Object.entries(parameters)) {
    if (value === undefined) continue;
    for (const each of Array.isArray(value) ? value : [value]) query.append(name, String(each));
  }
  const text = query.toString();
  return text ? `?${text}` : "";
}

/** What a proxy says in the place of a tocsin that is not there. */
function isOfProxy(status: number): boolean {
  return status === 502 || status === 504;
}

async function ask(path: string, options: RequestInit, signal: AbortSignal | undefined, patience: number) {
  const impatience = new AbortController();
  const timer = setTimeout(() => impatience.abort(), patience);
  const abandon = () => impatience.abort();
  signal?.addEventListener("abort", abandon);
  try {
    const response = await fetch(root + path, {...options, signal: impatience.signal, cache: "no-store"});
    const text = await response.text();
    if (isOfProxy(response.status)) throw new Error(`HTTP ${response.status}`);
    connectionWorks();
    return {response, text};
  } catch (error) {
    if (signal?.aborted) throw error;
    connectionFailed(impatience.signal.aborted ? "no answer in time" : String((error as Error).message));
    throw error;
  } finally {
    clearTimeout(timer);
    signal?.removeEventListener("abort", abandon);
  }
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}

function failure(status: number, text: string): ApiError {
  const said = parsed(text);
  if (typeof said === "string") return new ApiError(status, said);
  const error = (said as {error?: unknown; message?: unknown; errorPosition?: Place} | null);
  return new ApiError(status, String(error?.error ?? error?.message ?? (text.trim() || `HTTP ${status}`)), error?.errorPosition);
}

/** What an answer says in JSON. A page for people, such as that of a proxy where one logs in, is none. */
function content(response: Response, text: string): unknown {
  if (!response.ok) throw failure(response.status, text);
  const said = parsed(text);
  if (said === null) throw new ApiError(response.status, "the answer is not tocsin's: it is no JSON");
  return said;
}

/** GETs JSON of Alertmanager's API, which comes as it is. */
export async function getJson<T>(path: string, parameters: Parameters = {}, signal?: AbortSignal,
                                 patience = PATIENCE_MS): Promise<T> {
  const {response, text} = await ask(path + search(parameters), {}, signal, patience);
  return content(response, text) as T;
}

/** GETs text. */
export async function getText(path: string, signal?: AbortSignal): Promise<string> {
  const {response, text} = await ask(path, {}, signal, PATIENCE_MS);
  if (!response.ok) throw failure(response.status, text);
  return text;
}

/** GETs the data of an answer of Prometheus' API. */
export async function getData<T>(path: string, parameters: Parameters = {}, signal?: AbortSignal,
                                 patience = PATIENCE_MS): Promise<T> {
  return (await getJson<{data: T}>(path, parameters, signal, patience)).data;
}

/** A query may take minutes, and its expression may be longer than an address. */
export async function postQuery<T>(path: string, parameters: Parameters, signal?: AbortSignal): Promise<T> {
  const body = search(parameters).slice(1);
  const headers = {"Content-Type": "application/x-www-form-urlencoded"};
  const {response, text} = await ask(path, {method: "POST", body, headers}, signal, 150_000);
  return (content(response, text) as {data: T}).data;
}

export async function send<T>(method: "POST" | "DELETE", path: string, body?: unknown): Promise<T> {
  const options: RequestInit = {method};
  if (body !== undefined) {
    options.body = JSON.stringify(body);
    options.headers = {"Content-Type": "application/json"};
  }
  const {response, text} = await ask(path, options, undefined, PATIENCE_MS);
  if (!response.ok) throw failure(response.status, text);
  return parsed(text) as T;
}
