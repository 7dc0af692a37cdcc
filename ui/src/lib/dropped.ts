/** Why samples of a good collection are not kept, by the label `reason` of tocsin_samples_dropped_total. */
const REASONS: Readonly<Record<string, string>> = {
  duplicate: "the collection has the series twice; only one of them counts",
  utf8: "a label's value is not valid UTF-8",
  overflow: "the metric has as many series as max_series of the collector allows",
  name: "a name is invalid, reserved or repeated, or the labels do not fit the metric",
  stale_order: "the sample is older than what is stored of its series",
  type: "another collector has the metric with another type; only /metrics lacks it",
};

export interface Dropped {
  reason: string;
  count: string;
}

export function meaningOf(reason: string): string {
  return REASONS[reason] ?? "this page does not know this reason";
}

/** "3 duplicate, 1 utf8". */
export function formatDropped(dropped: readonly Dropped[]): string {
  return dropped.map(({reason, count}) => `${count} ${reason}`).join(", ") || "none";
}

/** The same with what the reasons mean, a line each. */
export function explainDropped(dropped: readonly Dropped[]): string {
  return dropped.map(({reason, count}) => `${count} ${reason}: ${meaningOf(reason)}`).join("\n");
}
