// types.mjs FOLDER-OF-BOARDS: are the boards what Grafana's own types say?
//
// Writes each board as TypeScript literals beside npm's @grafana/schema and lets tsc find unknown members, wrong words and
// wrong types. Before, six mistakes are planted in a copy of the first board: each must be found.
import fs from 'node:fs';
import path from 'node:path';
import { spawnSync } from 'node:child_process';
import { modules, work } from './packages.mjs';

const [boards] = process.argv.slice(2);
const folder = work('types');

// A text is not assignable to an enum of TypeScript, so that enums become unions of texts.
function copyTypes(from, to) {
  fs.mkdirSync(to, { recursive: true });
  for (const entry of fs.readdirSync(from, { withFileTypes: true })) {
    const [source, target] = [path.join(from, entry.name), path.join(to, entry.name)];
    if (entry.isDirectory()) copyTypes(source, target);
    else if (entry.name.endsWith('.d.ts')) {
      const text = fs.readFileSync(source, 'utf8').replace(
        /export declare enum (\w+) \{([^}]*)\}/g, (_, name, body) => {
          const values = [...body.replace(/\/\*[\s\S]*?\*\//g, '').matchAll(/\w+\s*=\s*("[^"]*"|-?\d+)/g)].map((m) => m[1]);
          return `export type ${name} = ${values.join(' | ')};\nexport declare namespace ${name} {`
            + [...body.replace(/\/\*[\s\S]*?\*\//g, '').matchAll(/(\w+)\s*=\s*("[^"]*"|-?\d+)/g)]
              .map((m) => ` type ${m[1]} = ${m[2]};`).join('') + ' }';
        });
      fs.writeFileSync(target, text);
    }
  }
}

// Of each kind: whether it has a FieldConfig of its own.
const KINDS = { stat: false, timeseries: true, 'state-timeline': true, heatmap: true, table: true };
const folderOf = (kind) => kind.replaceAll('-', '');

function literals(name, board) {
  const own = Object.keys(KINDS).map((kind) => {
    const module = `./schema/raw/composable/${folderOf(kind)}/panelcfg/x/types.gen`;
    return `import type * as ${folderOf(kind)} from '${module}';`;
  });
  const lines = [
    "import type { Dashboard, Panel, RowPanel, AnnotationQuery } from './schema/raw/dashboard/x/types.gen';",
    // What Prometheus' data source adds to annotations.
    'type Annotation = AnnotationQuery & { expr?: string; tagKeys?: string; titleFormat?: string; useValueForTime?: string };',
    ...own];
  const { panels, annotations, ...rest } = board;
  lines.push(`export const board: Dashboard = ${JSON.stringify({ ...rest, panels: [] })};`);
  annotations.list.forEach((each, i) => lines.push(`export const a${i}: Annotation = ${JSON.stringify(each)};`));
  const all = panels.flatMap((panel) => [panel, ...(panel.panels ?? [])]);
  all.forEach((panel, i) => {
    if (panel.type === 'row') {
      lines.push(`export const p${i}: RowPanel = ${JSON.stringify({ ...panel, panels: [] })};`);
      return;
    }
    if (!(panel.type in KINDS)) throw new Error(`${name}: a panel of kind ${panel.type}`);
    lines.push(`export const p${i}: Panel = ${JSON.stringify(panel)};`);
    lines.push(`export const o${i}: ${folderOf(panel.type)}.Options = ${JSON.stringify(panel.options)};`);
    if (KINDS[panel.type]) {
      const custom = JSON.stringify(panel.fieldConfig.defaults.custom);
      lines.push(`export const f${i}: ${folderOf(panel.type)}.FieldConfig = ${custom};`);
    }
  });
  fs.writeFileSync(path.join(folder, `${name}.ts`), lines.join('\n') + '\n');
}

function compile(files) {
  const config = {
    compilerOptions: {
      noEmit: true, strict: true, skipLibCheck: true, target: 'es2022', module: 'esnext', moduleResolution: 'bundler',
      types: [], paths: { '@grafana/schema': ['./schema/index.d.ts'] },
    },
    files: files.map((name) => `${name}.ts`),
  };
  fs.writeFileSync(path.join(folder, 'tsconfig.json'), JSON.stringify(config));
  const tsc = path.join(modules, 'typescript', 'bin', 'tsc');
  const done = spawnSync(process.execPath, [tsc, '--pretty', 'false'], { cwd: folder, encoding: 'utf8' });
  return done.stdout.split('\n').filter((line) => line.includes('error TS'));
}

const FAULTS = {
  'an unknown member': (board) => { graphOf(board).fieldConfig.defaults.unitt = 's'; },
  'an unknown word': (board) => { graphOf(board).options.tooltip.mode = 'mutli'; },
  'a text for a number': (board) => { graphOf(board).gridPos.w = '12'; },
  'an unknown style': (board) => { graphOf(board).fieldConfig.defaults.custom.drawStyle = 'lines'; },
  'a version that is a text': (board) => { board.schemaVersion = '42'; },
  'an unknown kind of variable': (board) => { board.templating.list[0].type = 'datasorce'; },
};
const graphOf = (board) => board.panels.find((panel) => panel.type === 'timeseries');

copyTypes(path.join(modules, '@grafana', 'schema', 'dist', 'types'), path.join(folder, 'schema'));
const names = fs.readdirSync(boards).filter((file) => file.endsWith('.json')).map((file) => path.basename(file, '.json'));
const read = (name) => JSON.parse(fs.readFileSync(path.join(boards, `${name}.json`), 'utf8'));
const planted = Object.keys(FAULTS).map((fault, i) => {
  const board = read('overview');
  FAULTS[fault](board);
  literals(`fault-${i}`, board);
  return `fault-${i}`;
});
for (const name of names) literals(name, read(name));
const errors = compile([...names, ...planted]);
const wrong = errors.filter((line) => !line.startsWith('fault-'));
const missed = Object.keys(FAULTS).filter((_, i) => !errors.some((line) => line.startsWith(`fault-${i}.ts`)));
for (const line of wrong) console.log(line);
for (const fault of missed) console.log(`not found: ${fault}`);
console.log(`types: ${names.length} boards, ${wrong.length} mistakes; ${planted.length - missed.length} of ${planted.length} planted ones found`);
process.exit(wrong.length + missed.length ? 1 : 0);
