// Draws one board with Grafana's component library: `window.picture` has the board, and the answers to its queries.
import React from 'react';
import { createRoot } from 'react-dom/client';
import { FieldType, createTheme, dateTime, getDisplayProcessor, reduceField, toDataFrame, ThemeContext } from '@grafana/data';
import { BigValue, BigValueColorMode, BigValueGraphMode, GlobalStyles, PanelChrome, TimeSeries } from '@grafana/ui';

const { board, answers, from, to } = window.picture;
const theme = createTheme();
const WIDTH = 1500;
const COLUMN = WIDTH / 24;
const ROW = 38;  // Of Grafana: 30, and 8 between panels.
const GAP = 8;
const HEIGHT = Math.max(...board.panels.map(({ gridPos }) => gridPos.y + gridPos.h)) * ROW + GAP;

const timeRange = { from: dateTime(from), to: dateTime(to), raw: { from: dateTime(from), to: dateTime(to) } };

function nameOf(labels, legend) {
  if (legend !== '__auto') return legend.replace(/\{\{\s*(\w+)\s*\}\}/g, (_, label) => labels[label] ?? '');
  const rest = Object.entries(labels).filter(([label]) => label !== '__name__').map(([label, value]) => `${label}="${value}"`);
  return rest.length ? `{${rest.join(', ')}}` : labels.__name__ ?? 'Value';
}

// A field as the panel shows it: its configuration, and its colour by its place among the series.
function dressed(field, panel, name, index) {
  const defaults = panel.fieldConfig.defaults;
  const mine = panel.fieldConfig.overrides
    .filter(({ matcher }) => matcher.id === 'byName' && matcher.options === name)
    .flatMap(({ properties }) => properties);
  const config = { ...defaults, ...Object.fromEntries(mine.map(({ id, value }) => [id, value])), displayName: name };
  const whole = { ...field, config, state: { seriesIndex: index, displayName: name } };
  whole.display = getDisplayProcessor({ field: whole, theme });
  return whole;
}

// [{name, labels, times, values}] of all the queries of a panel.
function seriesOf(panel) {
  return panel.targets.flatMap((target) => (answers[panel.id]?.[target.refId] ?? []).map((each) => ({
    name: nameOf(each.metric, target.legendFormat),
    labels: each.metric,
    refId: target.refId,
    times: (each.values ?? [each.value]).map(([at]) => at * 1000),
    // As Grafana does: what is no number is a gap.
    values: (each.values ?? [each.value]).map(([, value]) => (Number.isFinite(Number(value)) ? Number(value) : null)),
  })));
}

function frameOf(series, panel, index) {
  const frame = toDataFrame({ refId: series.refId, fields: [
    { name: 'Time', type: FieldType.time, values: series.times, config: {} },
    { name: 'Value', type: FieldType.number, values: series.values, labels: series.labels, config: {} },
  ] });
  frame.fields[1] = dressed(frame.fields[1], panel, series.name, index);
  return frame;
}

function Stat({ panel, width, height }) {
  const all = seriesOf(panel);
  const [calc] = panel.options.reduceOptions.calcs;
  const values = all.map((series, i) => {
    const field = frameOf(series, panel, i).fields[1];
    return { ...field.display(reduceField({ field, reducers: [calc] })[calc]), title: series.name };
  });
  if (!values.length) values.push({ text: panel.fieldConfig.defaults.noValue ?? 'No data', numeric: NaN });
  return <div style={{ display: 'flex' }}>{values.map((value, i) => <BigValue key={i} width={width / values.length}
    height={height} theme={theme} value={value} colorMode={BigValueColorMode.Value} graphMode={BigValueGraphMode.None}
    textMode={values.length > 1 ? 'value_and_name' : 'value'} />)}</div>;
}

function Graph({ panel, width, height }) {
  const frames = seriesOf(panel).map((series, i) => frameOf(series, panel, i));
  if (!frames.length) return <div style={{ lineHeight: `${height}px`, textAlign: 'center' }}>No data</div>;
  return <TimeSeries frames={frames} structureRev={1} width={width} height={height} timeRange={timeRange} timeZone="utc"
    legend={panel.options.legend} options={{ legend: panel.options.legend }} />;
}

// The library has no state timeline: bars in its colours.
function States({ panel, width, height }) {
  const all = seriesOf(panel);
  const line = Math.max(14, Math.min(30, (height - 10) / Math.max(1, all.length)));
  return <div style={{ padding: 4 }}>{all.slice(0, Math.floor(height / line)).map((series, i) => {
    const { display } = frameOf(series, panel, i).fields[1];
    const spans = [];
    series.values.forEach((value, k) => {
      if (spans.length && spans.at(-1).value === value) spans.at(-1).end = series.times[k];
      else spans.push({ value, start: series.times[k], end: series.times[k] });
    });
    const at = (time) => ((time - from) / (to - from)) * (width - 230);
    return <div key={i} style={{ height: line - 3, marginBottom: 3, position: 'relative', fontSize: 12 }}>
      <span style={{ position: 'absolute', width: 190, overflow: 'hidden', whiteSpace: 'nowrap' }}>{series.name}</span>
      {spans.map((span, k) => <span key={k} style={{ position: 'absolute', left: 200 + at(span.start), height: '100%',
        width: Math.max(2, at(spans[k + 1]?.start ?? span.end) - at(span.start)), background: display(span.value).color,
        color: 'white', overflow: 'hidden', paddingLeft: 4 }}>{display(span.value).text}</span>)}
    </div>;
  })}</div>;
}

// Nor a heatmap: cells that are the darker, the more there is in a bucket alone.
function Heat({ panel, width, height }) {
  const bound = ({ labels: { le } }) => (le === '+Inf' ? Infinity : Number(le));
  const rows = seriesOf(panel).sort((a, b) => (bound(a) < bound(b) ? -1 : 1));
  const own = rows.map((row, i) => row.values.map((value, k) => Math.max(0, value - (rows[i - 1]?.values[k] ?? 0))));
  const most = Math.max(...own.flat(), 1e-9);
  const [cell, line] = [(width - 70) / Math.max(1, own[0]?.length ?? 1), (height - 10) / Math.max(1, rows.length)];
  return <svg width={width} height={height}>{rows.map((row, i) => <g key={i} transform={`translate(0, ${(rows.length - 1 - i) * line})`}>
    <text x={4} y={line / 2 + 4} fontSize={11} fill={theme.colors.text.primary}>{row.labels.le}</text>
    {own[i].map((value, k) => <rect key={k} x={60 + k * cell} width={cell} height={line - 1} fill="#e0752d" opacity={value / most} />)}
  </g>)}</svg>;
}

// The table of the library fetches its parts when it is looked at; this one has its columns and values.
function Cells({ panel }) {
  const { indexByName: order = {}, renameByName: titles = {} } = panel.transformations
    .find(({ id }) => id === 'organize')?.options ?? {};
  const labels = Object.keys(order).filter((name) => !name.startsWith('Value')).sort((a, b) => order[a] - order[b]);
  const values = Object.keys(order).filter((name) => name.startsWith('Value')).sort((a, b) => order[a] - order[b]);
  const lines = new Map();
  for (const series of seriesOf(panel)) {
    const key = labels.map((label) => series.labels[label] ?? '').join('\0');
    const line = lines.get(key) ?? { labels: series.labels, values: {} };
    const column = panel.targets.length > 1 ? `Value #${series.refId}` : 'Value';
    line.values[column] = dressed({ name: column, type: FieldType.number, values: series.values }, panel,
      titles[column] ?? column, 0).display(series.values.at(-1));
    lines.set(key, line);
  }
  const cell = { padding: '3px 8px', textAlign: 'left', borderBottom: `1px solid ${theme.colors.border.weak}` };
  return <table style={{ width: '100%', fontSize: 12 }}>
    <thead><tr>{[...labels, ...values].map((name) => <th key={name} style={cell}>{titles[name] ?? name}</th>)}</tr></thead>
    <tbody>{[...lines.values()].map((line, i) => <tr key={i}>
      {labels.map((label) => <td key={label} style={cell}>{line.labels[label]}</td>)}
      {values.map((name) => {
        const shown = line.values[name];
        return <td key={name} style={{ ...cell, color: panel.fieldConfig.defaults.mappings.length ? shown?.color : undefined }}>
          {shown && `${shown.prefix ?? ''}${shown.text}${shown.suffix ?? ''}`}</td>;
      })}
    </tr>)}</tbody>
  </table>;
}

const KINDS = { stat: Stat, timeseries: Graph, 'state-timeline': States, heatmap: Heat, table: Cells };

function Panel({ panel }) {
  const at = panel.gridPos;
  const box = { position: 'absolute', left: at.x * COLUMN + GAP / 2, top: at.y * ROW + GAP / 2 };
  if (panel.type === 'row') {
    return <div style={{ ...box, fontSize: 16, fontWeight: 500, padding: 4 }}>{panel.collapsed ? '›' : '⌄'} {panel.title}</div>;
  }
  const Kind = KINDS[panel.type];
  return <div style={box}>
    <PanelChrome title={panel.title} width={at.w * COLUMN - GAP} height={at.h * ROW - GAP}>
      {(width, height) => <Kind panel={panel} width={width} height={height} />}
    </PanelChrome>
  </div>;
}

function Board() {
  return <ThemeContext.Provider value={theme}>
    <GlobalStyles />
    <div style={{ position: 'relative', width: WIDTH, height: HEIGHT }}>
      {board.panels.map((panel) => <Panel key={panel.id} panel={panel} />)}
    </div>
  </ThemeContext.Provider>;
}

createRoot(document.getElementById('root')).render(<Board />);
