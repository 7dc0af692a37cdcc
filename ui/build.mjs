// node build.mjs [FOLDER]
//
// Makes ui/dist, which is committed and which the C++ build embeds, or FOLDER: the same sources give the same bytes.
import {copyFileSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync} from "node:fs";
import {dirname, join, resolve} from "node:path";
import {fileURLToPath} from "node:url";
import * as esbuild from "esbuild";

const here = dirname(fileURLToPath(import.meta.url));
const dist = resolve(process.argv[2] ?? join(here, "dist"));

/** The packages that ended in the bundle, by their folders. */
function bundledPackages(metafile) {
  const folders = new Set();
  for (const output of Object.values(metafile.outputs)) {
    for (const [input, {bytesInOutput}] of Object.entries(output.inputs)) {
      const found = input.match(/^(node_modules\/(?:@[^/]+\/)?[^/]+)\//);
      if (found && bytesInOutput > 0) folders.add(found[1]);
    }
  }
  return [...folders].sort();
}

/** What the licences of these packages want to be said wherever their code goes. */
function notices(folders) {
  return folders.map(folder => {
    const {name, version, license} = JSON.parse(readFileSync(join(here, folder, "package.json"), "utf-8"));
    const file = readdirSync(join(here, folder)).find(each => /^licen[cs]e(\.|$)/i.test(each));
    const text = file ? readFileSync(join(here, folder, file), "utf-8").trim() : "";
    return `${name} ${version} (${license})\n\n${text}`.trim();
  }).join(`\n\n${"-".repeat(80)}\n\n`) + "\n";
}

rmSync(dist, {recursive: true, force: true});
mkdirSync(dist, {recursive: true});
const {metafile} = await esbuild.build({
  absWorkingDir: here,
  entryPoints: {app: "src/main.tsx"},
  outdir: dist,
  bundle: true,
  splitting: true,  // The editor is large, and only Explore has one.
  chunkNames: "[name]",
  format: "esm",
  target: "es2021",
  minify: true,
  charset: "utf8",
  legalComments: "none",  // licences.txt has them whole.
  metafile: true,
});
for (const name of readdirSync(join(here, "static"))) copyFileSync(join(here, "static", name), join(dist, name));
writeFileSync(join(dist, "licences.txt"), notices(bundledPackages(metafile)));
