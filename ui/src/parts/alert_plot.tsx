import type {AlertItem} from "../lib/alerts";
import {agree} from "../lib/labels";
import {thresholdOf} from "../lib/threshold";
import type {Series} from "../lib/types";
import {PlotOfQuery} from "./plot_of_query";

const LEAST_RANGE = 1800;
const MOST_RANGE = 6 * 3600;

/** The series that the alert comes from; all of them if none looks like it. */
function ofAlert(alert: AlertItem) {
  return (series: Series[]): Series[] => {
    const own = series.filter(({metric: {__name__: _name, ...labels}}) => agree(labels, alert.labels));
    return own.length > 0 ? own : series;
  };
}

/** When its condition began to hold, as far as that is known, in seconds. */
function waitedSince(alert: AlertItem, hold: number): number {
  return alert.since / 1000 - (alert.state === "pending" ? 0 : hold);
}

/** The alert's expression over time, its threshold, and the time for which it had to hold before the alert fired. */
export function AlertPlot({alert, expression, hold}: {alert: AlertItem; expression: string; hold: number}) {
  const threshold = thresholdOf(expression);
  const from = waitedSince(alert, hold);
  const range = Math.min(MOST_RANGE, Math.max(LEAST_RANGE, 1.5 * (Date.now() / 1000 - from)));
  const shaded = hold > 0 && alert.state !== "resolved"
    ? {from, to: from + hold, label: "the time it had to hold (for)"} : undefined;
  return <PlotOfQuery title={`${expression} over time`} expression={threshold?.expression ?? expression} range={Math.round(range / 60) * 60}
                      threshold={threshold?.value} shaded={shaded} choose={ofAlert(alert)} />;
}
