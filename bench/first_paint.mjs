// node bench/first_paint.mjs BUILD [--quick]: how long a browser that has never been here takes to show the overview when
// 1,000 alerts fire: to the first contentful paint, and until it has asked tocsin and shows what fires. On loopback.
// Needs Chromium, and ui/node_modules (./dev ui).
import {spawn} from "node:child_process";
import {mkdtempSync, rmSync, writeFileSync} from "node:fs";
import {tmpdir} from "node:os";
import {join, resolve} from "node:path";
import {chromium} from "../ui/node_modules/playwright-core/index.mjs";

const ALERTS = 1000;
const [build, ...options] = process.argv.slice(2);
const visits = options.includes("--quick") ? 5 : 30;

async function started(folder) {
  writeFileSync(join(folder, "tocsin.yaml"), JSON.stringify({notify: {route: {receiver: "nobody"}, receivers: [{name: "nobody"}]}}));
  const tocsin = spawn(resolve(build, "tocsin"), ["serve", "--config", "tocsin.yaml", "--listen", "127.0.0.1:0"],
                       {cwd: folder, stdio: ["ignore", "pipe", "pipe"]});
  const url = await new Promise((done, fail) => {
    let log = "";
    const read = data => {
      log += data;
      const found = /url=(http:\/\/127\.0\.0\.1:[1-9]\d*)/.exec(log);
      if (found) done(found[1]);
    };
    tocsin.stdout.on("data", read);
    tocsin.stderr.on("data", read);
    tocsin.on("exit", () => fail(new Error(log)));
  });
  return {tocsin, url};
}

async function fire(url) {
  const endsAt = new Date(Date.now() + 3_600_000).toISOString();
  const alerts = Array.from({length: ALERTS}, (_, i) => ({
    labels: {alertname: "Many", instance: `host-${i}`, severity: "warning"}, annotations: {summary: `Host ${i} is slow.`}, endsAt}));
  const response = await fetch(`${url}/api/v2/alerts`, {
    method: "POST", body: JSON.stringify(alerts), headers: {"Content-Type": "application/json"}});
  if (!response.ok) throw new Error(await response.text());
}

/** Milliseconds from the beginning of the navigation to the first paint, and to the first alert. */
async function visit(browser, url) {
  const context = await browser.newContext();
  const page = await context.newPage();
  await page.goto(url);
  await page.getByText(`All ${ALERTS} alerts`).waitFor();
  const shown = await page.evaluate(() => performance.now());
  const painted = await page.evaluate(() => performance.getEntriesByName("first-contentful-paint")[0]?.startTime);
  await context.close();
  return {painted, shown};
}

function summary(name, numbers) {
  const sorted = [...numbers].sort((a, b) => a - b);
  return `| ${name} | ${sorted[Math.floor(sorted.length / 2)].toFixed(0)} | ${sorted.at(-1).toFixed(0)} |`;
}

const folder = mkdtempSync(join(tmpdir(), "tocsin-bench-"));
const {tocsin, url} = await started(folder);
const browser = await chromium.launch({executablePath: "/usr/bin/chromium", args: ["--no-sandbox", "--disable-gpu"]});
try {
  await fire(url);
  const seen = [];
  for (let i = 0; i < visits; ++i) seen.push(await visit(browser, url));
  console.log(`| overview with ${ALERTS} alerts, ms | median | most |\n|---|--:|--:|`);
  console.log(summary("first contentful paint", seen.map(each => each.painted)));
  console.log(summary("what fires is shown", seen.map(each => each.shown)));
} finally {
  await browser.close();
  tocsin.removeAllListeners("exit");
  const ended = new Promise(resolve => tocsin.once("exit", resolve));
  tocsin.kill();
  await ended;  // It writes its state at the end.
  rmSync(folder, {recursive: true, force: true});
}
