// lint.mjs FOLDER-OF-BOARDS: the rules of Grafana's dashboard-linter 0.2.0 that are about Prometheus, with the parser of
// PromQL that Prometheus' own web page has. Exclusions are in .lint beside this file, each with a reason.
//
// Before, one mistake per rule is planted in a copy of a board: each rule must find its own.
import fs from 'node:fs';
import path from 'node:path';
import { createRequire } from 'node:module';
import { pathToFileURL } from 'node:url';
import { modules } from './packages.mjs';

const [boards] = process.argv.slice(2);
const require = createRequire(path.join(modules, 'x.js'));
const { parser } = await import(pathToFileURL(require.resolve('@prometheus-io/lezer-promql')));
const unitsFile = path.join(modules, '@grafana', 'grafana-foundation-sdk', 'dist', 'units', 'types.gen.js');
const units = new Set([...fs.readFileSync(unitsFile, 'utf8').matchAll(/["']([^"']+)["']/g)].map((m) => m[1]));
const exclusions = JSON.parse(fs.readFileSync(new URL('.lint', import.meta.url), 'utf8')).exclusions;

const MAGIC = '8869990787ms';  // In place of $__rate_interval, to be known again.

function expanded(expr) {
  let quote = '';
  let out = '';
  for (let i = 0; i < expr.length; i++) {
    const c = expr[i];
    if (quote) { if (c === '\\') { out += c + expr[++i]; continue; } if (c === quote) quote = ''; out += c; continue; }
    if (c === '"' || c === "'" || c === '`') quote = c;
    const variable = c === '$' && /^\$\{?(\w+)\}?/.exec(expr.slice(i));
    if (!variable) { out += c; continue; }
    out += variable[1] === '__rate_interval' ? MAGIC : '5m';
    i += variable[0].length - 1;
  }
  return out;
}

// [rule, panel, query, what]
function lint(board) {
  const found = [];
  const say = (rule, what, panel = '', query = -1) => found.push([rule, panel, query, what]);
  const variables = Object.fromEntries(board.templating.list.map((variable) => [variable.name, variable]));
  if (variables.datasource?.type !== 'datasource' || variables.datasource.label !== 'Data source') {
    say('template-datasource-rule', 'no variable for the data source');
  }
  for (const [name, label] of [['job', 'Job'], ['instance', 'Instance']]) {
    const variable = variables[name];
    if (!variable || variable.type !== 'query' || variable.datasource?.uid !== '${datasource}' || !variable.multi
        || variable.allValue !== '.+' || variable.label !== label) {
      say(`template-${name}-rule`, `variable ${name}`);
    }
  }
  for (const variable of board.templating.list.filter((each) => each.type === 'query')) {
    if (variable.refresh !== 2) say('template-on-time-change-reload-rule', variable.name);
    const selector = /^label_values\((?:(.*),)?\s*\w+\)$/s.exec(variable.query)?.[1];
    if (selector && broken(selector)) say('template-label-promql-rule', variable.query);
  }
  if (board.editable !== false) say('uneditable-dashboard', 'editable');
  for (const panel of board.panels.flatMap((each) => [each, ...(each.panels ?? [])])) {
    if (panel.type !== 'row') lintPanel(panel, say);
  }
  return found;
}

const broken = (expr) => {
  let bad = false;
  parser.parse(expanded(expr)).iterate({ enter: (node) => { bad ||= node.type.isError; } });
  return bad;
};

function lintPanel(panel, say) {
  const { title } = panel;
  if (panel.datasource?.uid !== '${datasource}') say('panel-datasource-rule', 'data source', title);
  if (!panel.title || !panel.description) say('panel-title-description-rule', 'no description', title);
  const { unit, mappings } = panel.fieldConfig.defaults;
  if (!mappings.length && !units.has(unit)) say('panel-units-rule', `unit ${unit}`, title);
  if (!panel.targets?.length) say('panel-no-targets-rule', 'no queries', title);
  (panel.targets ?? []).forEach((target, i) => lintQuery(target.expr, (rule, what) => say(rule, what, title, i)));
}

function lintQuery(expr, say) {
  if (broken(expr)) { say('target-promql-rule', expr); return; }
  const text = expanded(expr);
  parser.parse(text).iterate({ enter: (node) => {
    const shown = text.slice(node.from, node.to);
    if (node.name === 'VectorSelector') {
      for (const name of ['job', 'instance']) {
        if (!shown.includes(`${name}=~"$${name}"`)) say(`target-${name}-rule`, shown);
      }
      const metric = /^[\w:]+/.exec(shown)?.[0] ?? '';
      if (metric.endsWith('_total') && !underCounterFunction(node.node, text)) say('target-counter-agg-rule', shown);
    }
    if (node.name === 'FunctionCall' && /^i?rate\b/.test(shown) && !shown.includes(MAGIC)) {
      say('target-rate-interval-rule', shown);
    }
  } });
  if (expr.includes('$__rate_interval') && !/\[\$__rate_interval\]/.test(expr)) say('target-rate-interval-rule', expr);
}

function underCounterFunction(node, text) {
  for (let at = node.parent; at; at = at.parent) {
    if (at.name === 'FunctionCall') return /^(i?rate|increase)\b/.test(text.slice(at.from, at.to));
  }
  return false;
}

const graphOf = (board) => board.panels.find((panel) => panel.type === 'timeseries');
const variableOf = (board, name) => board.templating.list.find((each) => each.name === name);
const FAULTS = {
  'template-datasource-rule': (board) => { board.templating.list.shift(); },
  'template-job-rule': (board) => { variableOf(board, 'job').allValue = '.*'; },
  'template-instance-rule': (board) => { variableOf(board, 'instance').multi = false; },
  'template-label-promql-rule': (board) => { variableOf(board, 'instance').query = 'label_values(x{, instance)'; },
  'template-on-time-change-reload-rule': (board) => { variableOf(board, 'job').refresh = 1; },
  'panel-datasource-rule': (board) => { graphOf(board).datasource.uid = 'prometheus'; },
  'panel-title-description-rule': (board) => { graphOf(board).description = ''; },
  'panel-units-rule': (board) => { graphOf(board).fieldConfig.defaults.unit = 'seconds'; },
  'panel-no-targets-rule': (board) => { graphOf(board).targets = []; },
  'target-promql-rule': (board) => { graphOf(board).targets[0].expr += ')'; },
  'target-rate-interval-rule': (board) => { graphOf(board).targets[0].expr = 'rate(x{job=~"$job",instance=~"$instance"}[5m])'; },
  'target-job-rule': (board) => { graphOf(board).targets[0].expr = 'x{instance=~"$instance"}'; },
  'target-instance-rule': (board) => { graphOf(board).targets[0].expr = 'x{job=~"$job"}'; },
  'target-counter-agg-rule': (board) => { graphOf(board).targets[0].expr = 'sum(x_total{job=~"$job",instance=~"$instance"})'; },
  'uneditable-dashboard': (board) => { board.editable = true; },
};

const names = fs.readdirSync(boards).filter((file) => file.endsWith('.json')).map((file) => path.basename(file, '.json'));
const read = (name) => JSON.parse(fs.readFileSync(path.join(boards, `${name}.json`), 'utf8'));
const missed = Object.entries(FAULTS).filter(([rule, plant]) => {
  const before = lint(read('tocsin')).filter((each) => each[0] === rule).length;
  const board = read('tocsin');
  plant(board);
  return lint(board).filter((each) => each[0] === rule).length <= before;
});
for (const [rule] of missed) console.log(`not found: ${rule}`);

const used = new Set();
const wrong = [];
for (const name of names) {
  for (const [rule, panel, query, what] of lint(read(name))) {
    const entry = (exclusions[rule]?.entries ?? []).findIndex((each) => each.dashboard === name
      && (each.panel ?? panel) === panel && (each.targetIdx ?? query) === query);
    if (entry >= 0) used.add(`${rule} ${entry}`);
    else wrong.push(`${name}: ${panel || 'board'}: ${rule}: ${what}`);
  }
}
for (const line of wrong) console.log(line);
let idle = 0;
for (const [rule, { reason, entries }] of Object.entries(exclusions)) {
  if (!reason || !entries?.length) { idle++; console.log(`.lint: ${rule}: an exclusion has a reason and entries`); }
  entries?.forEach((each, i) => {
    if (!used.has(`${rule} ${i}`)) { idle++; console.log(`.lint: ${rule}: ${JSON.stringify(each)} excludes nothing`); }
  });
}
console.log(`lint: ${names.length} boards, ${Object.keys(FAULTS).length} rules, ${wrong.length} violations, ${used.size} excluded; `
  + `${Object.keys(FAULTS).length - missed.length} planted mistakes found`);
process.exit(wrong.length + missed.length + idle ? 1 : 0);
