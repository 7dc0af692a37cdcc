import {useEffect} from "preact/hooks";
import {getJson} from "../lib/api";
import {useLost} from "../lib/connection";
import {EVERY_MS, usePolled} from "../lib/polling";
import {Age, Time} from "./time";

const PATIENCE_MS = 8000;

/** Asks for a sign of life all the time, and says loudly when there is none: then everything here is old. */
export function LostBanner() {
  usePolled("life", signal => getJson("api/v1/status/runtimeinfo", {}, signal, PATIENCE_MS), EVERY_MS / 2);
  const lost = useLost();
  useEffect(() => {
    document.documentElement.classList.toggle("lost", lost !== null);
  }, [lost]);
  return (
    <div role="alert" class="banner-place">
      {lost && (
        <p class="banner">
          <strong>tocsin does not answer.</strong> What is shown is as old as <Time at={lost.since} /> (<Age at={lost.since} />)
          and may be wrong. <span class="why">({lost.why})</span>
        </p>
      )}
    </div>
  );
}

/** The quickstart's data is nobody's. */
export function DemoBanner() {
  if (document.documentElement.dataset.demo !== "true") return null;
  return (
    <aside class="demo" aria-label="Demo data">
      <strong>DEMO DATA.</strong> What is shown is made up by tocsin's quickstart; nothing real is being watched.{" "}
      <code>tocsin demo --revive</code> brings its dead sensor daemon back, <code>tocsin --config FILE</code> watches your
      own systems.
    </aside>
  );
}
