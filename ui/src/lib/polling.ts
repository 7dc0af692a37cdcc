import {useCallback, useEffect, useRef, useState} from "preact/hooks";

export interface Polled<T> {
  /** The newest answer; the last good one after a failure. */
  data: T | null;
  /** Why the newest attempt failed. */
  error: Error | null;
  /** Asks again now. */
  refresh: () => void;
}

export const EVERY_MS = 5000;

const LONGEST_PAUSE_MS = 15_000;

/** Large answers are asked for less often: a tenth of the time is enough to wait for them. */
function pauseAfter(tookMs: number, everyMs: number): number {
  return Math.max(everyMs, Math.min(tookMs * 10, LONGEST_PAUSE_MS));
}

/**
 * Asks at once, and then again and again while the page can be seen. What `key` names is what is asked for: another one
 * forgets the answers so far.
 */
export function usePolled<T>(key: string, ask: (signal: AbortSignal) => Promise<T>, everyMs = EVERY_MS): Polled<T> {
  const [state, setState] = useState<{key: string; data: T | null; error: Error | null}>({key, data: null, error: null});
  const asking = useRef(ask);
  asking.current = ask;
  const again = useRef(() => {});

  useEffect(() => {
    const gone = new AbortController();
    let timer: ReturnType<typeof setTimeout> | undefined;
    let running = false;
    const run = async () => {
      if (running || gone.signal.aborted || document.hidden) return;
      running = true;
      clearTimeout(timer);
      const began = performance.now();
      try {
        const data = await asking.current(gone.signal);
        if (!gone.signal.aborted) setState({key, data, error: null});
      } catch (error) {
        if (!gone.signal.aborted) {
          setState(old => ({key, data: old.key === key ? old.data : null, error: error as Error}));
        }
      }
      running = false;
      if (!gone.signal.aborted) timer = setTimeout(run, pauseAfter(performance.now() - began, everyMs));
    };
    const seen = () => {
      if (document.hidden) clearTimeout(timer);
      else void run();
    };
    again.current = () => void run();
    document.addEventListener("visibilitychange", seen);
    void run();
    return () => {
      gone.abort();
      clearTimeout(timer);
      document.removeEventListener("visibilitychange", seen);
    };
  }, [key, everyMs]);

  const refresh = useCallback(() => again.current(), []);
  return state.key === key ? {data: state.data, error: state.error, refresh} : {data: null, error: null, refresh};
}

/** The time, which goes on while the page can be seen. */
export function useNow(everyMs = 1000): number {
  const [now, setNow] = useState(Date.now);
  useEffect(() => {
    const timer = setInterval(() => {
      if (!document.hidden) setNow(Date.now());
    }, everyMs);
    return () => clearInterval(timer);
  }, [everyMs]);
  return now;
}
