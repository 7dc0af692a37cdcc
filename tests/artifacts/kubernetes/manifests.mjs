// node manifests.mjs, in a folder with the packages of package.json: reads {"name": [objects], ...} in JSON from
// standard input, and prints {"name": [faults], ...}.
//
// Two judges look at each object, for neither sees everything. The schemas know required fields, patterns, quantities
// and enumerations, but let unknown keys pass; TypeScript, told that the object is of its type, finds those.
import fs from 'node:fs';
import path from 'node:path';
import {fileURLToPath} from 'node:url';
import ts from 'typescript';

const folder = path.dirname(fileURLToPath(import.meta.url));
const operator = 'monitoring.coreos.com/';
const packageOf = ({apiVersion}) =>
  (apiVersion.startsWith(operator) ? '@kubernetes-models/prometheus-operator/' : 'kubernetes-models/') + apiVersion;

async function bySchema(object) {
  let module;
  try {
    module = await import(packageOf(object));
  } catch {
    return [`there is no API ${object.apiVersion}`];
  }
  const Kind = module[object.kind] ?? module.default?.[object.kind];
  if (!Kind) return [`there is no ${object.kind} in ${object.apiVersion}`];
  try {
    new Kind(structuredClone(object)).validate();
    return [];
  } catch (error) {
    return error.message.split('\n').map(line => line.trim()).filter(Boolean);
  }
}

// One program for all objects: it takes seconds to read the types, and nothing to look at one more.
function byTypes(objects) {
  const root = path.join(folder, 'objects');
  fs.rmSync(root, {recursive: true, force: true});
  fs.mkdirSync(root);
  const files = objects.map((object, i) => {
    const file = path.join(root, `object${i}.ts`);
    const type = `I${object.kind}`;
    fs.writeFileSync(file, `import type {${type}} from ${JSON.stringify(packageOf(object))};\n` +
      `export const object: ${type} = ${JSON.stringify(object, null, 1)};\n`);
    return file;
  });
  const options = {noEmit: true, strict: true, skipLibCheck: true, target: ts.ScriptTarget.ES2022,
    module: ts.ModuleKind.NodeNext, moduleResolution: ts.ModuleResolutionKind.NodeNext};
  const program = ts.createProgram(files, options);
  return files.map(file => {
    const source = program.getSourceFile(file);
    return [...program.getSemanticDiagnostics(source), ...program.getSyntacticDiagnostics(source)].map(diagnostic => {
      const {line} = source.getLineAndCharacterOfPosition(diagnostic.start);
      const text = source.text.split('\n')[line].trim();
      return `${text}: ${ts.flattenDiagnosticMessageText(diagnostic.messageText, ' ')}`;
    });
  });
}

const files = JSON.parse(fs.readFileSync(0, 'utf8'));
const objects = Object.values(files).flat();
const types = byTypes(objects);
const faults = {};
let at = 0;
for (const [name, list] of Object.entries(files)) {
  faults[name] = [];
  for (const object of list) {
    const who = `${object.kind} ${object.metadata?.name}: `;
    for (const fault of [...await bySchema(object), ...types[at++]]) faults[name].push(who + fault);
  }
}
console.log(JSON.stringify(faults, null, 1));
