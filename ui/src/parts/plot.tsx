import {useEffect, useRef} from "preact/hooks";
import uPlot from "uplot";
import "uplot/dist/uPlot.min.css";
import {aligned, describe, type Line} from "../lib/lines";
import {zoneAt} from "../lib/zone";

interface Properties {
  /** What is shown, for those who cannot see it. */
  title: string;
  lines: readonly Line[];
  /** In seconds. */
  start: number;
  end: number;
  height?: number;
  /** A horizontal line. */
  threshold?: number | undefined;
  /** A part of the time, in seconds, that is shaded. */
  shaded?: {from: number; to: number; label: string} | undefined;
}

const COLOURS = 8;
const DAY = 86_400;
/** A line of fewer points is hardly one, so its points are drawn. */
const FEW_POINTS = 10;

/** Times as the viewer writes them. */
function timeFormat(seconds: number): (at: number) => string {
  const clock: Intl.DateTimeFormatOptions = {hour: "2-digit", minute: "2-digit"};
  if (seconds < 600) clock.second = "2-digit";
  const format = new Intl.DateTimeFormat(undefined, seconds > DAY ? {...clock, day: "numeric", month: "short"} : clock);
  return at => format.format(at * 1000);
}

function colour(name: string): string {
  return getComputedStyle(document.documentElement).getPropertyValue(name).trim();
}

/** The places of the marks are given by the axes, so they are drawn by uPlot. */
function drawMarks(plot: uPlot, {threshold, shaded}: Pick<Properties, "threshold" | "shaded">) {
  const {ctx, bbox} = plot;
  ctx.save();
  if (shaded) {
    const from = Math.max(bbox.left, plot.valToPos(shaded.from, "x", true));
    const to = Math.min(bbox.left + bbox.width, plot.valToPos(shaded.to, "x", true));
    ctx.fillStyle = colour("--shade");
    if (to > from) ctx.fillRect(from, bbox.top, to - from, bbox.height);
  }
  if (threshold !== undefined) {
    const y = plot.valToPos(threshold, "y", true);
    ctx.strokeStyle = colour("--critical");
    ctx.setLineDash([6 * devicePixelRatio, 4 * devicePixelRatio]);
    ctx.lineWidth = 1.5 * devicePixelRatio;
    ctx.beginPath();
    ctx.moveTo(bbox.left, y);
    ctx.lineTo(bbox.left + bbox.width, y);
    ctx.stroke();
  }
  ctx.restore();
}

function rangeWith(threshold: number | undefined) {
  return (_plot: uPlot, low: number | null, high: number | null): [number, number] => {
    const values = [low, high, threshold].filter((each): each is number => Number.isFinite(each));
    if (values.length === 0) return [0, 1];
    const [least, most] = [Math.min(...values), Math.max(...values)];
    const margin = (most - least) * 0.08 || Math.abs(most) * 0.1 || 1;
    return [least >= 0 && least - margin < 0 ? 0 : least - margin, most + margin];
  };
}

function optionsOf(properties: Properties, width: number): uPlot.Options {
  const axis = {stroke: colour("--quiet"), grid: {stroke: colour("--line"), width: 1}, ticks: {stroke: colour("--line")}};
  const format = timeFormat(properties.end - properties.start);
  return {
    width,
    height: properties.height ?? 260,
    legend: {show: false},
    cursor: {drag: {x: false, y: false}},
    scales: {x: {range: () => [properties.start, properties.end]}, y: {range: rangeWith(properties.threshold)}},
    axes: [{...axis, values: (_plot, times) => times.map(format), space: 110}, {...axis, size: 70}],
    series: [{}, ...properties.lines.map((line, i) => ({
      label: line.label, stroke: colour(`--series-${i % COLOURS}`), width: 1.5, points: {show: line.points.length < FEW_POINTS, size: 5},
    }))],
    hooks: {draw: [plot => drawMarks(plot, properties)]},
  };
}

/** Lines over time. */
export function Plot(properties: Properties) {
  const place = useRef<HTMLDivElement>(null);
  const {lines, start, end, threshold, shaded, height} = properties;
  const shadedFrom = shaded?.from;
  const shadedTo = shaded?.to;

  useEffect(() => {
    const element = place.current;
    if (!element) return undefined;
    let plot: uPlot | null = null;
    const draw = () => {
      plot?.destroy();
      plot = new uPlot(optionsOf(properties, element.clientWidth), aligned(lines) as uPlot.AlignedData, element);
    };
    draw();
    const resized = new ResizeObserver(() => {
      if (plot && Math.abs(plot.width - element.clientWidth) > 1) {
        plot.setSize({width: element.clientWidth, height: plot.height});
      }
    });
    resized.observe(element);
    const scheme = matchMedia("(prefers-color-scheme: dark)");
    scheme.addEventListener("change", draw);
    return () => {
      resized.disconnect();
      scheme.removeEventListener("change", draw);
      plot?.destroy();
    };
  }, [lines, start, end, threshold, shadedFrom, shadedTo, height]);

  return (
    <figure class="plot">
      <div ref={place} role="img" aria-label={`${properties.title}. ${describe(lines, threshold)}`} />
      <figcaption>
        <ul class="legend">
          {threshold !== undefined && <li class="threshold"><span aria-hidden="true">╌╌</span> threshold {threshold}</li>}
          {shaded && <li><span class="shade" aria-hidden="true" /> {shaded.label}</li>}
          {lines.slice(0, 20).map((line, i) => (
            <li key={line.label}><span class={`dot series-${i % COLOURS}`} aria-hidden="true" /> {line.label}</li>
          ))}
          {lines.length > 20 && <li>and {lines.length - 20} more</li>}
          <li class="quiet">times in {zoneAt(end * 1000)}</li>
        </ul>
      </figcaption>
    </figure>
  );
}
