import {createServer, type IncomingMessage, type Server, type ServerResponse} from "node:http";
import type {AddressInfo} from "node:net";

abstract class Fake {
  private readonly server: Server = createServer((request, response) => void this.answer(request, response));

  async start() {
    await new Promise<void>(resolve => this.server.listen(0, "127.0.0.1", resolve));
  }

  get address() {
    return `127.0.0.1:${(this.server.address() as AddressInfo).port}`;
  }

  async close() {
    this.server.closeAllConnections();
    await new Promise(resolve => this.server.close(resolve));
  }

  protected abstract answer(request: IncomingMessage, response: ServerResponse): Promise<void>;
}

/** A program with metrics, which a test sets. */
export class Source extends Fake {
  values: Record<string, number> = {};

  protected async answer(_request: IncomingMessage, response: ServerResponse) {
    response.setHeader("Content-Type", "text/plain; version=0.0.4; charset=utf-8");
    response.end(Object.entries(this.values).map(([name, value]) => `${name} ${value}\n`).join(""));
  }
}

interface Told {
  status: string;
  alerts: {status: string; labels: Record<string, string>}[];
}

/** A webhook that takes everything. */
export class Webhook extends Fake {
  readonly told: Told[] = [];

  /** How often somebody was told that an alert fires. */
  firing(name: string): number {
    return this.told.flatMap(each => each.alerts).filter(each => each.labels.alertname === name && each.status === "firing").length;
  }

  protected async answer(request: IncomingMessage, response: ServerResponse) {
    let body = "";
    for await (const part of request) body += String(part);
    this.told.push(JSON.parse(body) as Told);
    response.end();
  }
}
