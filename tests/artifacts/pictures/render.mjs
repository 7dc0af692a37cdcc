// node render.mjs PAGE PICTURE.json...: draws each picture beside its file, as PICTURE.png. PAGE is a script beside this one
// that fills #root with `window.picture`. TOCSIN_PICTURE_TOOLS is the folder with the packages of package.json; CHROMIUM the
// browser.
import fs from 'node:fs';
import { createRequire } from 'node:module';
import path from 'node:path';
import { fileURLToPath } from 'node:url';

const here = path.dirname(fileURLToPath(import.meta.url));
const tools = process.env.TOCSIN_PICTURE_TOOLS;
const packages = createRequire(path.join(tools, 'x.js'));
const { build } = packages('esbuild');
const { chromium } = packages('playwright-core');
const [entry, ...files] = process.argv.slice(2);
const LOOKS = 50;

const none = { name: 'none', setup({ onResolve, onLoad }) {
  // Editors, maps and carousels: large, and in no picture of ours.
  onResolve({ filter: /^(monaco-editor|@monaco-editor\/react|react-monaco-editor|ol|swiper)(\/|$)/ }, ({ path: name }) => (
    { path: name, namespace: 'none' }));
  onLoad({ filter: /.*/, namespace: 'none' }, () => ({ contents: 'module.exports = new Proxy(function () {}, {get: () => () => null});' }));
} };

async function bundle(out) {
  for (const name of fs.readdirSync(here).filter((each) => /\.m?jsx?$/.test(each))) {
    fs.copyFileSync(path.join(here, name), path.join(out, name));  // Where its packages are.
  }
  const dataurl = Object.fromEntries(['.svg', '.woff', '.woff2', '.ttf', '.png', '.gif'].map((suffix) => [suffix, 'dataurl']));
  await build({ entryPoints: [path.join(out, entry)], bundle: true, format: 'iife', outfile: path.join(out, 'bundle.js'),
    loader: dataurl, plugins: [none], logLevel: 'error', minify: true,
    define: { 'process.env.NODE_ENV': '"production"', 'process.env': '{}', global: 'window' } });
  if (!fs.existsSync(path.join(out, 'bundle.css'))) fs.writeFileSync(path.join(out, 'bundle.css'), '');
}

// What a page draws it may draw in several steps: the picture is the first that stays as it is.
async function still(root) {
  let before;
  for (let look = 0; look < LOOKS; ++look) {
    const now = await root.screenshot();
    if (before?.equals(now)) return now;
    before = now;
    await new Promise((resolve) => { setTimeout(resolve, 300); });
  }
  throw new Error('the page does not come to rest');
}

async function draw(browser, out, file) {
  const html = path.join(out, 'page.html');
  fs.writeFileSync(html, '<!doctype html><meta charset="utf-8"><link rel="stylesheet" href="bundle.css"><div id="root"></div>'
    + '<style>body {margin: 0}</style>'
    + `<script>window.picture = ${fs.readFileSync(file, 'utf8').replaceAll('<', '\\u003c')};</script><script src="bundle.js"></script>`);
  const page = await browser.newPage({ viewport: { width: 1500, height: 1000 }, locale: 'en-US', timezoneId: 'UTC' });
  const errors = [];
  page.on('pageerror', (error) => errors.push(error.message));
  await page.goto(`file://${html}`);
  const picture = errors.length ? null : await still(page.locator('#root'));
  if (errors.length) throw new Error(`${path.basename(file)}: ${errors.join('; ')}`);
  fs.writeFileSync(file.replace(/\.json$/, '.png'), picture);
  await page.close();
}

const browser = await chromium.launch({ executablePath: process.env.CHROMIUM, args: ['--no-sandbox'] });
const out = fs.mkdtempSync(path.join(tools, 'bundle-'));
try {
  await bundle(out);
  for (const file of files) await draw(browser, out, file);
} finally {
  await browser.close();
  fs.rmSync(out, { recursive: true, force: true });
}
