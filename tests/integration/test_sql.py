"""The collector `sql` in the whole program, on a real PostgreSQL; and `tocsin check config --connect`."""
import json
import subprocess

import harness
from postgres import PostgresTestCase
from prometheus import promtool_findings
from tocsin import Tocsin

QUERIES = """\
    queries:
      - name: stock
        query: SELECT warehouse, sum(pieces) AS pieces FROM stock GROUP BY warehouse
        metrics: [{name: shop_stock_pieces, type: gauge, value: pieces, labels: [warehouse]}]
      - name: orders
        query: SELECT id, region, seconds FROM orders WHERE id > $1
        watermark: id
        watermark_start: 0
        watermark_id: id
        metrics:
          - {name: shop_orders_total, type: counter, labels: [region]}
          - {name: shop_payment_seconds, type: histogram, value: seconds, bounds: [1, 10]}
"""

TABLES = """
CREATE TABLE stock (warehouse text, pieces int);
INSERT INTO stock VALUES ('tokyo', 3), ('tokyo', 4), ('oslo', 5);
CREATE TABLE orders (id serial PRIMARY KEY, region text, seconds float8);
INSERT INTO orders (region, seconds) VALUES ('north', 0.5), ('south', 5), ('north', 50);
"""


class SqlTest(PostgresTestCase):
    def source(self):
        return (f"    postgres: {{host: 127.0.0.1, port: {self.postgres.port}, database: {self.postgres.DATABASE}, "
                f"user: {self.postgres.USER}, sslmode: disable, password: {self.postgres.password}}}\n")

    def sql_config(self, queries=QUERIES, interval="200ms"):
        return f"storage: {{path: state}}\ncollectors:\n  - type: sql\n    interval: {interval}\n{self.source()}{queries}"

    def check(self, queries, *flags):
        """The exit status and the complaints of `tocsin check config`."""
        with harness.temporary_folder() as folder:
            file = folder / "tocsin.yaml"
            # An interval is also the longest timeout, and a busy machine may need longer than 200ms to plan a query.
            file.write_text(self.sql_config(queries, interval="1m"), encoding="utf-8")
            done = subprocess.run([harness.tocsin_binary, "check", "config", *flags, file], text=True,
                                  capture_output=True, check=False)
            return done.returncode, done.stderr.replace(str(folder) + "/", "")

    def test_queries_become_metrics(self):
        self.postgres.sql(TABLES)
        tocsin = self.enter(Tocsin(self.sql_config()))
        page = tocsin.wait_until_whole()
        self.assertEqual(page.value("shop_stock_pieces", warehouse="tokyo"), 7)
        self.assertEqual(page.value("shop_orders_total", region="north"), 2)
        self.assertEqual(page.value("shop_payment_seconds_count"), 3)
        self.assertEqual(page.value("shop_payment_seconds_bucket", le="10.0"), 2)
        self.assertEqual(promtool_findings(page.text), (0, ""))

    def test_req_08_totals_survive_a_kill_and_deleted_rows(self):
        self.postgres.sql(TABLES)
        tocsin = self.enter(Tocsin(self.sql_config()))
        tocsin.wait_until_whole()
        self.postgres.sql("DELETE FROM orders WHERE region = 'north'; INSERT INTO orders (region) VALUES ('west')")
        tocsin.wait_until("the new row", lambda page: page.has("shop_orders_total", region="west"))
        tocsin.restart(9)
        page = tocsin.wait_until_whole()
        self.assertEqual(page.values("shop_orders_total", "region"), {"north": 2, "south": 1, "west": 1})

    def test_an_alert_is_kept_while_its_query_cannot_run(self):
        tables = "CREATE TABLE u (n int); INSERT INTO u VALUES (9); CREATE TABLE v (n int); INSERT INTO v VALUES (9)"
        self.postgres.sql(tables)
        queries = """\
    queries:
      - {name: u, query: "SELECT n FROM u", metrics: [{name: my_m, type: gauge, value: n}]}
      - {name: v, query: "SELECT n FROM v", metrics: [{name: other_m, type: gauge, value: n}]}
global: {evaluation_interval: 200ms, instance: here}
rule_files: [rules.yml]
rule_policies:
  - {matchers: ['kind="kept"'], on_missing: keep, evaluations: 3}
"""
        tocsin = Tocsin(self.sql_config(queries))
        (tocsin.folder / "rules.yml").write_text("""
groups:
  - name: g
    rules:
      - {alert: Mine, expr: my_m > 5, labels: {kind: kept}}
      - {alert: Other, expr: other_m > 5, labels: {kind: kept}}
""", encoding="utf-8")
        self.enter(tocsin)

        def firing():
            return sorted(alert["labels"]["alertname"] for alert in json.loads(tocsin.get("/api/v1/alerts").text)["data"]["alerts"]
                          if alert["state"] == "firing")

        def target():
            return json.loads(tocsin.get("/api/v1/targets").text)["data"]["activeTargets"][0]

        harness.wait_for("both to fire", lambda: firing() == ["Mine", "Other"])
        self.postgres.sql("ALTER TABLE u RENAME TO gone")
        page = tocsin.wait_until("the query to be given up", lambda page: page.has("tocsin_collector_part_lost"))
        self.assertEqual(page.value("tocsin_collector_part_lost", part="u"), 1)
        self.assertEqual((target()["health"], "u: " in target()["lastError"]), ("up", True), target())
        self.assertIn('<td class="partly">partly</td>', tocsin.get("/plain/").text)
        # The other one's row goes while its query is well: its evaluations count, and then it is over.
        self.postgres.sql("DELETE FROM v")
        harness.wait_for("the other to be over", lambda: firing() == ["Mine"])
        # Over a restart, too, nothing is known of what the query would say. The instance stays the same: were it the
        # address, which changes, the last `up` of the old one would stand for five minutes, also if that was 0.
        tocsin.restart()
        tocsin.wait_until("the query to be given up", lambda page: page.has("tocsin_collector_part_lost"))
        evaluations = "tocsin_rule_evaluations_total"
        tocsin.wait_until("more evaluations than are kept", lambda page: sum(
            value for _, value in page.series(evaluations)) > 20)
        self.assertEqual(firing(), ["Mine"])
        self.postgres.sql("ALTER TABLE gone RENAME TO u; DELETE FROM u")
        tocsin.restart()
        harness.wait_for("it to be over", lambda: firing() == [])

    def test_a_dropped_table_costs_its_own_metrics_only(self):
        self.postgres.sql(TABLES)
        tocsin = self.enter(Tocsin(self.sql_config()))
        tocsin.wait_until_whole()
        self.postgres.sql("DROP TABLE stock")
        page = tocsin.wait_until("the metric to go", lambda page: not page.has("shop_stock_pieces"))
        self.assertEqual(page.value("tocsin_collector_up"), 1)
        self.assertGreater(page.value("tocsin_collector_errors_total", reason="schema"), 0)
        self.assertTrue(page.has("shop_orders_total", region="north"))
        self.postgres.sql("CREATE TABLE stock (warehouse text, pieces int); INSERT INTO stock VALUES ('rio', 1)")
        tocsin.wait_until("the metric to be back", lambda page: page.has("shop_stock_pieces", warehouse="rio"))

    def test_check_config_connects_when_asked(self):
        self.postgres.sql(TABLES + "CREATE TABLE big AS SELECT g AS id FROM generate_series(1, 150000) AS g;"
                          "ANALYZE big")
        self.assertEqual(self.check(QUERIES, "--connect"), (0, ""))
        count = QUERIES.replace("sum(pieces) AS pieces FROM stock", "count(*) AS pieces FROM big, stock")
        self.assertEqual(self.check(count), (0, ""))
        status, complaints = self.check(count, "--connect")
        self.assertEqual(status, 0, complaints)
        self.assertRegex(complaints, r"^tocsin.yaml:8:16: warning: collector \"sql\": query \"stock\": reads all of "
                                     r"public.big \(about 150000 rows\)")
        self.postgres.sql("CREATE TABLE wide (id int PRIMARY KEY, note text); INSERT INTO wide SELECT g, "
                          "repeat('x', 200) FROM generate_series(1, 150000) AS g")
        self.postgres.sql("VACUUM ANALYZE wide")  # From here on the index answers by itself.
        all_of_it = QUERIES.replace("sum(pieces) AS pieces", "(SELECT count(*) FROM wide) AS pieces")
        _, complaints = self.check(all_of_it, "--connect")
        self.assertIn("reads all of public.wide (about 150000 rows)", complaints)
        self.postgres.sql("DROP TABLE orders")
        status, complaints = self.check(QUERIES, "--connect")
        self.assertEqual(status, 1)
        self.assertRegex(complaints, r'^tocsin.yaml:11:16: collector "sql": query "orders": relation "orders" does not')
        self.postgres.stop()
        self.addCleanup(self.postgres.start)
        status, complaints = self.check(QUERIES, "--connect")
        self.assertEqual(status, 1)
        self.assertRegex(complaints, r'^tocsin.yaml:3:5: collector "sql": ')
