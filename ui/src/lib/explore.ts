import {formatDuration, parseDuration} from "./durations";

/** One expression of Explore. In addresses it is spelled as Prometheus' graph page spells it: g0.expr and so on. */
export interface Panel {
  expression: string;
  view: "graph" | "table";
  /** In seconds. */
  range: number;
  /** In seconds; null is now. */
  end: number | null;
  /** In seconds; null is one that fits the range. */
  step: number | null;
}

export const NEW_PANEL: Panel = {expression: "", view: "table", range: 3600, end: null, step: null};

const MOST_PANELS = 20;

function endOf(text: string | null): number | null {
  if (!text) return null;
  const at = Date.parse(/(Z|[+-]\d\d:?\d\d)$/.test(text) ? text : `${text.replace(" ", "T")}Z`);
  return Number.isNaN(at) ? null : at / 1000;
}

function viewOf(query: URLSearchParams, prefix: string): Panel["view"] {
  const tab = query.get(`${prefix}tab`);
  return tab === "0" || tab === "graph" ? "graph" : "table";
}

/** The panels of an address; an empty one if it has none. */
export function panelsOf(query: URLSearchParams): Panel[] {
  const panels: Panel[] = [];
  for (let i = 0; i < MOST_PANELS && query.has(`g${i}.expr`); ++i) {
    const prefix = `g${i}.`;
    panels.push({
      expression: query.get(`${prefix}expr`) ?? "",
      view: viewOf(query, prefix),
      range: parseDuration(query.get(`${prefix}range_input`) ?? "") || NEW_PANEL.range,
      end: endOf(query.get(`${prefix}end_input`)),
      step: Number(query.get(`${prefix}step_input`)) || null,
    });
  }
  return panels.length > 0 ? panels : [NEW_PANEL];
}

export function addressOf(panels: readonly Panel[]): string {
  const query = new URLSearchParams();
  panels.forEach((panel, i) => {
    query.set(`g${i}.expr`, panel.expression);
    query.set(`g${i}.tab`, panel.view === "graph" ? "0" : "1");
    query.set(`g${i}.range_input`, formatDuration(panel.range));
    if (panel.end !== null) query.set(`g${i}.end_input`, new Date(panel.end * 1000).toISOString());
    if (panel.step !== null) query.set(`g${i}.step_input`, String(panel.step));
  });
  return `/explore?${query}`;
}
