import {useEffect, useState} from "preact/hooks";
import {navigate, useAddress} from "../lib/address";
import {formatDuration, parseDuration} from "../lib/durations";
import {addressOf, NEW_PANEL, panelsOf, type Panel} from "../lib/explore";
import {zoneAt} from "../lib/zone";
import {ExpressionField} from "../parts/expression_field";
import {CopyButton} from "../parts/copy_button";
import {PlotOfQuery} from "../parts/plot_of_query";
import {ResultTable} from "../parts/result_table";

interface FormProperties {
  panel: Panel;
  number: number;
  onRun: (panel: Panel) => void;
  onRemove: (() => void) | null;
}

function stepText(panel: Panel): string {
  return panel.step === null ? "" : formatDuration(panel.step);
}

function PanelForm({panel, number, onRun, onRemove}: FormProperties) {
  const [expression, setExpression] = useState(panel.expression);
  const [range, setRange] = useState(formatDuration(panel.range));
  const [step, setStep] = useState(stepText(panel));
  const [end, setEnd] = useState(endText(panel.end));
  const [problem, setProblem] = useState("");
  useEffect(() => {
    setExpression(panel.expression);
    setRange(formatDuration(panel.range));
    setStep(stepText(panel));
    setEnd(endText(panel.end));
  }, [panel.expression, panel.range, panel.step, panel.end]);
  const run = (view = panel.view) => {
    const seconds = parseDuration(range);
    const each = step ? parseDuration(step) : null;
    if (!seconds) return setProblem("Range: expected a duration such as 1h or 30m.");
    if (step && !each) return setProblem("Step: expected a duration such as 15s, or nothing.");
    setProblem("");
    return onRun({expression: expression.trim(), view, range: seconds, end: end ? Date.parse(end) / 1000 : null, step: each});
  };
  return (
    <form onSubmit={event => (event.preventDefault(), run())}>
      <ExpressionField given={panel.expression} label={`Expression ${number}`} onChange={setExpression} onRun={() => run()} />
      <div class="filters">
        <fieldset class="choice">
          <legend>Show</legend>
          {(["table", "graph"] as const).map(view => (
            <label key={view}><input type="radio" name={`view ${number}`} checked={panel.view === view}
                                     onChange={() => run(view)} /> {view}</label>
          ))}
        </fieldset>
        <label>Range <input type="text" size={6} value={range} onInput={event => setRange(event.currentTarget.value)} /></label>
        <label>Step <input type="text" size={6} value={step} placeholder="auto" onInput={event => setStep(event.currentTarget.value)} /></label>
        <label>Until, in {zoneAt(panel.end === null ? Date.now() : panel.end * 1000)} <input type="datetime-local" step={1} value={end} onInput={event => setEnd(event.currentTarget.value)} /></label>
        <button type="submit" class="primary">Run</button>
        {onRemove && <button type="button" onClick={onRemove}>Remove</button>}
      </div>
      <p role="alert" class="problem">{problem}</p>
    </form>
  );
}

/** As an input of times wants it: in the viewer's zone, without naming it. */
function endText(end: number | null): string {
  if (end === null) return "";
  const at = new Date(end * 1000);
  return new Date(at.getTime() - at.getTimezoneOffset() * 60_000).toISOString().slice(0, 19);
}

function PanelResult({panel}: {panel: Panel}) {
  if (!panel.expression) return <p class="quiet">Write an expression, and run it.</p>;
  if (panel.view === "table") return <ResultTable expression={panel.expression} at={panel.end} />;
  return <PlotOfQuery title={panel.expression} expression={panel.expression} range={panel.range}
                      end={panel.end ?? undefined} step={panel.step ?? undefined} />;
}

/** Ask the store anything. The address holds all of it. */
export function Explore() {
  const {query} = useAddress();
  const panels = panelsOf(query);
  const show = (next: readonly Panel[]) => navigate(addressOf(next));
  return (
    <>
      <h1>Explore</h1>
      {panels.map((panel, i) => (
        <section key={i} class="panel" aria-label={`Expression ${i + 1}`}>
          <PanelForm panel={panel} number={i + 1} onRun={changed => show(panels.map((each, at) => (at === i ? changed : each)))}
                     onRemove={panels.length > 1 ? () => show(panels.filter((_, at) => at !== i)) : null} />
          <PanelResult panel={panel} />
        </section>
      ))}
      <p class="actions">
        <button type="button" onClick={() => show([...panels, NEW_PANEL])}>Add an expression</button>
        <CopyButton text={location.href} label="Copy the address of this view" />
      </p>
    </>
  );
}
