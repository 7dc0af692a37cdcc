// Where the packages of package.json are, and folders to work in: see prove.sh.
import fs from 'node:fs';
import path from 'node:path';

const tools = process.env.TOCSIN_DASHBOARD_TOOLS;
if (!tools) throw new Error('prove.sh sets TOCSIN_DASHBOARD_TOOLS: the folder with node_modules');
export const modules = path.join(tools, 'node_modules');

export function work(name) {
  const folder = path.join(tools, name);
  fs.rmSync(folder, { recursive: true, force: true });
  fs.mkdirSync(folder, { recursive: true });
  return folder;
}
