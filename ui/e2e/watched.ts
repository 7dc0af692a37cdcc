import {Source, Webhook} from "./servers";
import {Tocsin} from "./tocsin";

const RULES = `
groups:
  - name: shop
    rules:
      - record: job:load:max
        expr: max by (job) (load)
      - alert: HighLoad
        expr: job:load:max > 10
        for: 2s
        labels: {severity: critical}
        annotations: {summary: "The load of {{ $labels.job }} is {{ $value }}.", description: "Orders wait.", runbook_url: "https://runbooks.example/high-load"}
      - alert: OrdersStopped
        expr: orders == 0
        labels: {severity: warning}
        annotations: {summary: "No orders."}
      - alert: AlwaysWaiting
        expr: vector(1) > 0
        for: 1h
        labels: {severity: info}
`;

/** A tocsin that watches a shop, whose load a test sets, and tells a webhook. Everything happens within a second. */
export class Watched {
  readonly source = new Source();
  readonly webhook = new Webhook();
  tocsin!: Tocsin;

  async start() {
    this.source.values = {load: 1, orders: 5, 'requests_total{code="200"}': 7};
    await this.source.start();
    await this.webhook.start();
    this.tocsin = new Tocsin(JSON.stringify({
      global: {evaluation_interval: "1s", collection_interval: "1s", external_labels: {cluster: "test"}},
      storage: {path: "state"},
      rule_files: ["rules.yml"],
      collectors: [{type: "prometheus", name: "shop", interval: "1s", timeout: "1s", static_configs: [{targets: [this.source.address]}]}],
      notify: {
        route: {receiver: "team", group_wait: "0s", group_interval: "1s", repeat_interval: "1h", group_by: ["alertname"]},
        receivers: [{name: "team", webhook_configs: [{url: `http://${this.webhook.address}/hook?token=s3cr3t`}]}],
      },
    }), {"rules.yml": RULES});
    await this.tocsin.start();
  }

  async close() {
    await this.tocsin?.close();
    await this.webhook.close();
    await this.source.close();
  }
}
