// node test.mjs [--results FOLDER] unit | page --tocsin BINARY [--screenshots FOLDER] [--update-looks] [FILE...]
//
// Runs the tests of the page: `unit`, its logic in node, or `page`, the whole in Chromium before a real tocsin. Writes a
// JUnit report, which tools/tally.py counts. A FILE selects the files whose name it is part of.
// The screenshots are compared with the small pictures in e2e/looks, which --update-looks makes anew.
import {mkdirSync, readdirSync, rmSync, writeFileSync} from "node:fs";
import {dirname, join, relative, resolve} from "node:path";
import {run} from "node:test";
import {fileURLToPath} from "node:url";
import {parseArgs} from "node:util";
import * as esbuild from "esbuild";

const here = dirname(fileURLToPath(import.meta.url));
const FOLDERS = {unit: "tests", page: "e2e"};

const {values: options, positionals: [kind, ...wanted]} = parseArgs({
  allowPositionals: true,
  options: {results: {type: "string"}, tocsin: {type: "string"}, screenshots: {type: "string"}, "update-looks": {type: "boolean"}},
});
if (!(kind in FOLDERS)) throw new Error("which tests: unit or page?");
if (options.tocsin) process.env.TOCSIN = resolve(options.tocsin);
process.env.SCREENSHOTS = resolve(options.screenshots ?? join(here, "../build/test-results/screenshots"));
process.env.LOOKS = join(here, "e2e/looks");
process.env.RUNBOOKS = join(here, "../docs/runbooks");
if (options["update-looks"]) process.env.UPDATE_LOOKS = "1";

/** The tests as node can run them, where node also finds the packages that they use. */
async function compiled() {
  const out = join(here, "node_modules/.tests", kind);
  rmSync(out, {recursive: true, force: true});
  const names = readdirSync(join(here, FOLDERS[kind])).filter(name => name.endsWith(".test.ts")
    && (wanted.length === 0 || wanted.some(each => name.includes(each)))).sort();
  await esbuild.build({
    absWorkingDir: here, entryPoints: names.map(name => join(FOLDERS[kind], name)), outdir: out, outExtension: {".js": ".mjs"},
    bundle: true, packages: "external", platform: "node", format: "esm", target: "node18", jsx: "automatic", jsxImportSource: "preact",
    loader: {".css": "empty"},
  });
  return names.map(name => join(out, name.replace(/\.ts$/, ".mjs")));
}

function escaped(text) {
  return String(text).replace(/[&<>"]/g, c => `&#${c.charCodeAt(0)};`).replace(/[\0-\x08\x0b\x0c\x0e-\x1f]/g, "?");
}

/** What node says of a failure is wrapped in errors of its own. */
function causeOf(error) {
  const cause = error?.cause ?? error;
  return cause?.stack ?? cause?.message ?? String(cause);
}

const outcomes = [];

/** Notes a test. What node makes of a file, and of a suite, is none, unless it failed by itself. */
function note(outcome, {name, file, details, skip}) {
  const isFile = name.endsWith(".mjs");
  if (details?.type === "suite" || (isFile && outcome === "passed")) return;
  if (isFile && details?.error?.failureType === "subtestsFailed") return;
  const kept = skip !== undefined && skip !== false ? "skipped" : outcome;
  const detail = kept === "failed" ? causeOf(details?.error) : String(skip ?? "");
  outcomes.push({suite: file ? relative(join(here, "node_modules/.tests"), file) : kind, name, outcome: kept, detail,
                 seconds: (details?.duration_ms ?? 0) / 1000});
  console.log(`${kept === "passed" ? "ok     " : kept} ${name}`);
  if (kept === "failed") console.log(detail);
}

function report() {
  const tag = {passed: () => "", skipped: detail => `<skipped message="${escaped(detail)}"/>`,
               failed: detail => `<failure message="${escaped(detail)}"/>`};
  const cases = outcomes.map(({suite, name, outcome, detail, seconds}) =>
    `<testcase classname="ui.${escaped(suite)}" name="${escaped(name)}" time="${seconds.toFixed(3)}">${tag[outcome](detail)}</testcase>`);
  return `<testsuite name="ui-${kind}">\n${cases.join("\n")}\n</testsuite>\n`;
}

const files = await compiled();
// One file at a time: each has a browser, and a server that does things once a second.
const stream = run({files, concurrency: 1, timeout: 300_000});
stream.on("test:pass", data => note("passed", data));
stream.on("test:fail", data => note("failed", data));
for await (const _event of stream);

const failed = outcomes.filter(({outcome}) => outcome === "failed").length;
console.log(`${outcomes.length} tests, ${failed} failed`);
if (options.results) {
  mkdirSync(options.results, {recursive: true});
  writeFileSync(join(options.results, `ui-${kind}.xml`), report());
}
process.exitCode = failed > 0 || outcomes.length === 0 ? 1 : 0;
