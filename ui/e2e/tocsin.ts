import {spawn, type ChildProcess} from "node:child_process";
import {mkdtempSync, rmSync, writeFileSync} from "node:fs";
import {tmpdir} from "node:os";
import {join} from "node:path";
import {waitFor} from "./waiting";

/** A running `tocsin serve` in a folder of its own, on a port that nobody chose. Without a configuration, the quickstart. */
export class Tocsin {
  readonly folder = mkdtempSync(join(tmpdir(), "tocsin-page-"));
  url = "";
  private process: ChildProcess | null = null;
  private log = "";

  constructor(private readonly config: string | null, files: Readonly<Record<string, string>> = {}) {
    const all = config === null ? files : {...files, "tocsin.yaml": config};
    for (const [name, text] of Object.entries(all)) writeFileSync(join(this.folder, name), text);
  }

  /** `listen` is that of an earlier start, to be found again there. */
  async start(listen = "127.0.0.1:0") {
    const binary = process.env.TOCSIN;
    if (!binary) throw new Error("which tocsin? --tocsin BINARY");
    const config = this.config === null ? [] : ["--config", "tocsin.yaml"];
    this.log = "";
    const child = spawn(binary, ["serve", "--listen", listen, ...config], {cwd: this.folder, stdio: ["ignore", "pipe", "pipe"]});
    for (const stream of [child.stdout, child.stderr]) stream.on("data", data => (this.log += String(data)));
    this.process = child;
    this.url = await waitFor("tocsin's address in its log", () => {
      if (child.exitCode !== null || child.signalCode !== null) throw new Error(`tocsin has ended:\n${this.log}`);
      return /"serving" url=(http:\/\/127\.0\.0\.1:[1-9]\d*)/.exec(this.log)?.[1];
    });
    await waitFor("tocsin to be ready", async () => (await fetch(`${this.url}/-/ready`)).ok);
  }

  async stop() {
    const child = this.process;
    this.process = null;
    if (!child || child.exitCode !== null || child.signalCode !== null) return;
    const ended = new Promise(resolve => child.once("exit", resolve));
    child.kill("SIGTERM");
    await ended;
  }

  get address() {
    return new URL(this.url).host;
  }

  async close() {
    await this.stop();
    rmSync(this.folder, {recursive: true, force: true});
  }

  async get<T>(path: string): Promise<T> {
    const response = await fetch(this.url + path);
    if (!response.ok) throw new Error(`${path}: ${response.status} ${await response.text()}`);
    return await response.json() as T;
  }

  async post(path: string, body: unknown) {
    const response = await fetch(this.url + path, {
      method: "POST", body: JSON.stringify(body), headers: {"Content-Type": "application/json"},
    });
    if (!response.ok) throw new Error(`${path}: ${response.status} ${await response.text()}`);
  }
}
