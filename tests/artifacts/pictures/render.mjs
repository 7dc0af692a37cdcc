// node render.mjs PICTURE.json...: draws each board beside its file, as PICTURE.png. TOCSIN_PICTURE_TOOLS is the folder with
// the packages of package.json; CHROMIUM the browser.
import { execFileSync } from 'node:child_process';
import fs from 'node:fs';
import { createRequire } from 'node:module';
import path from 'node:path';
import { fileURLToPath } from 'node:url';

const here = path.dirname(fileURLToPath(import.meta.url));
const tools = process.env.TOCSIN_PICTURE_TOOLS;
const { build } = createRequire(path.join(tools, 'x.js'))('esbuild');
const [WIDTH, ROW] = [1500, 38];  // As in page.jsx.

const none = { name: 'none', setup({ onResolve, onLoad }) {
  // Editors and maps: large, and in no panel of ours.
  onResolve({ filter: /^(monaco-editor|@monaco-editor\/react|react-monaco-editor|ol)(\/|$)/ }, ({ path: name }) => (
    { path: name, namespace: 'none' }));
  onLoad({ filter: /.*/, namespace: 'none' }, () => ({ contents: 'module.exports = new Proxy(function () {}, {get: () => () => null});' }));
} };

const out = fs.mkdtempSync(path.join(tools, 'bundle-'));
try {
  fs.copyFileSync(path.join(here, 'page.jsx'), path.join(out, 'page.jsx'));  // Where its packages are.
  const dataurl = Object.fromEntries(['.svg', '.woff', '.woff2', '.ttf', '.png', '.gif'].map((suffix) => [suffix, 'dataurl']));
  await build({ entryPoints: [path.join(out, 'page.jsx')], bundle: true, format: 'iife', outfile: path.join(out, 'page.js'),
    loader: dataurl, plugins: [none], logLevel: 'error', minify: true,
    define: { 'process.env.NODE_ENV': '"production"', 'process.env': '{}', global: 'window' } });
  const css = path.join(out, 'page.css');
  for (const file of process.argv.slice(2)) {
    const picture = fs.readFileSync(file, 'utf8');
    const rows = Math.max(...JSON.parse(picture).board.panels.map(({ gridPos }) => gridPos.y + gridPos.h));
    const page = path.join(out, 'page.html');
    fs.writeFileSync(page, '<!doctype html><meta charset="utf-8"><link rel="stylesheet" href="page.css"><div id="root"></div>'
      + '<style>body {margin: 0; overflow: hidden}</style>'
      + `<script>window.picture = ${picture.replaceAll('<', '\\u003c')};</script><script src="page.js"></script>`);
    if (!fs.existsSync(css)) fs.writeFileSync(css, '');
    execFileSync(process.env.CHROMIUM ?? 'chromium', ['--headless', '--no-sandbox', '--disable-gpu', '--lang=en-US',
      '--no-first-run', '--disable-background-networking', '--disable-component-update', '--disable-sync', '--hide-scrollbars',
      `--user-data-dir=${path.join(out, 'profile')}`, `--window-size=${WIDTH},${rows * ROW + 8}`, '--virtual-time-budget=10000',
      `--screenshot=${file.replace(/\.json$/, '.png')}`, `file://${page}`],
      { stdio: 'pipe', env: { ...process.env, LANG: 'en_US.UTF-8', TZ: 'UTC' } });
  }
} finally {
  fs.rmSync(out, { recursive: true, force: true });
}
