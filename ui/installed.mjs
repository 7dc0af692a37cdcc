// node installed.mjs
//
// Whether ui/node_modules is what package-lock.json wants on this machine; else says why not, and exits with 1. CMake asks
// before it builds the page, `./dev` before it asks npm's registry. It needs none of these packages.
import {readFileSync} from "node:fs";
import {dirname, join} from "node:path";
import {fileURLToPath} from "node:url";

const here = dirname(fileURLToPath(import.meta.url));

function read(name) {
  try {
    return JSON.parse(readFileSync(join(here, name), "utf-8"));
  } catch {
    return null;
  }
}

function isForThisMachine({os, cpu}) {
  return (!os || os.includes(process.platform)) && (!cpu || cpu.includes(process.arch));
}

/** What is wrong; null if nothing is. */
function problem() {
  const oldest = Number(/\d+/.exec(read("package.json").engines.node)[0]);
  if (parseInt(process.versions.node, 10) < oldest) return `node is ${process.version}, and ${oldest} is needed`;
  const installed = read("node_modules/.package-lock.json")?.packages;
  if (!installed) return "ui/node_modules is not there";
  for (const [path, wanted] of Object.entries(read("package-lock.json").packages)) {
    if (path === "" || (wanted.optional && !isForThisMachine(wanted))) continue;
    if (installed[path]?.integrity !== wanted.integrity) return `ui/${path} is not what package-lock.json wants`;
  }
  return null;
}

const found = problem();
if (found) {
  console.log(found);
  process.exitCode = 1;
}
