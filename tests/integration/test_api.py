"""Prometheus' HTTP API: its own tools ask tocsin, and a real Prometheus writes to it."""
import json
import math
import pathlib
import signal
import subprocess
import threading
import time
import urllib.parse

import harness
import remote_write
from prometheus import Prometheus
from tocsin import Tocsin

CONFIG = "server: {remote_write_receiver: true}\nstorage: {path: state%s}\n"


def now():
    return int(time.time())


class Api:
    """Asks and writes."""

    def __init__(self, server):
        self.server = server

    def query(self, expression, at):
        """{labels as text: value} of an instant query."""
        target = "/api/v1/query?" + urllib.parse.urlencode({"query": expression, "time": at})
        answer = json.loads(self.server.get(target).text)
        if answer["status"] != "success":
            raise AssertionError(answer)
        return {json.dumps(series["metric"], sort_keys=True): float(series["value"][1])
                for series in answer["data"]["result"]}

    def value(self, expression, at):
        values = list(self.query(expression, at).values())
        if len(values) != 1:
            raise AssertionError(f"{expression}: {values}")
        return values[0]

    def write(self, series):
        return harness.http("POST", f"{self.server.url}/api/v1/write", {
            "Content-Type": "application/x-protobuf", "Content-Encoding": "snappy"},
            body=remote_write.encode(series))


class ApiTest(harness.TestCase):
    def start(self, storage="", more=""):
        tocsin = self.enter(Tocsin(CONFIG % storage + more))
        return tocsin, Api(tocsin)

    def promtool(self, *arguments):
        done = subprocess.run([harness.need("promtool"), *arguments], text=True, capture_output=True, check=False,
                              timeout=harness.PATIENCE_SECONDS)
        self.assertEqual(done.returncode, 0, done.stderr)
        return done.stdout

    def test_promtool_queries_it(self):
        tocsin, api = self.start()
        at = now()
        samples = [((at - 600 + i) * 1000, float(i)) for i in range(0, 601, 10)]
        self.assertEqual(api.write([({"__name__": "x_total", "job": job}, samples) for job in "ab"]).status, 204)
        most = self.promtool("query", "instant", f"--time={at}", tocsin.url, "max_over_time(x_total[5m])")
        self.assertEqual(most, f'{{job="a"}} => 600 @[{at}]\n{{job="b"}} => 600 @[{at}]\n')
        matrix = self.promtool("query", "range", f"--start={at - 20}", f"--end={at}", "--step=10s", tocsin.url,
                               'x_total{job="a"}')
        self.assertEqual(matrix, 'x_total{job="a"} =>\n' + "".join(
            f"{600 - ago} @[{at - ago}]\n" for ago in (20, 10, 0)))
        series = self.promtool("query", "series", "--match=x_total", f"--start={at - 60}", f"--end={at}", tocsin.url)
        self.assertEqual(series, '{__name__="x_total", job="a"}\n{__name__="x_total", job="b"}\n')
        self.assertEqual(self.promtool("query", "labels", tocsin.url, "job").split(), ["a", "b", "tocsin"])

    def test_tocsin_query_asks_tocsin_and_prometheus_alike(self):
        tocsin, api = self.start()
        at = now()
        api.write([({"__name__": "x"}, [(at * 1000, 2.5)])])
        prometheus = self.enter(Prometheus(tocsin.url.removeprefix("http://")))
        harness.wait_for("a scrape", lambda: prometheus.query("up == 1"))

        def ask(*arguments):
            return subprocess.run([harness.tocsin_binary, "query", *arguments], text=True, capture_output=True,
                                  check=False, timeout=harness.PATIENCE_SECONDS)
        self.assertEqual(ask("x", "--server", tocsin.url, "--time", str(at)).stdout, "2.5  x\n")
        self.assertEqual(ask("vector(1)", "--server", prometheus.url).stdout, "1  {}\n")
        answer = json.loads(ask("x", "--server", tocsin.url, "--time", str(at), "-o", "json").stdout)
        self.assertEqual(answer["data"]["result"], [{"metric": {"__name__": "x"}, "value": [at, "2.5"]}])
        ranged = ask("x", "--server", tocsin.url, "--start", str(at), "--end", str(at + 1), "--step", "1s")
        self.assertEqual(len(ranged.stdout.splitlines()), 3, ranged.stdout)
        refused = ask("x{", "--server", tocsin.url)
        self.assertEqual(refused.returncode, 1)
        self.assertIn("bad_data: invalid parameter \"query\": 1:3: parse error", refused.stderr)
        self.assertEqual(ask("x", "--server", "http://127.0.0.1:1").returncode, 1)

    def test_tocsin_query_evaluates_a_file(self):
        folder = self.enter(harness.temporary_folder())
        file = folder / "metrics"
        file.write_text("".join(f"x_total {i} {i * 10}\n" for i in range(61)) + "# EOF\n", encoding="utf-8")
        done = subprocess.run([harness.tocsin_binary, "query", "delta(x_total[5m]) > bool 20", "--input", file], text=True,
                              capture_output=True, check=False, timeout=harness.PATIENCE_SECONDS)
        self.assertEqual((done.stdout, done.stderr), ("1  {}\n", ""))
        file.write_text("x_total one\n", encoding="utf-8")
        done = subprocess.run([harness.tocsin_binary, "query", "x_total", "--input", file], text=True,
                              capture_output=True, check=False, timeout=harness.PATIENCE_SECONDS)
        self.assertEqual(done.returncode, 1)
        self.assertIn(f"{file}:1:", done.stderr)

    def test_it_stores_what_a_prometheus_that_scrapes_it_has(self):
        tocsin, api = self.start(more="global: {collection_interval: 1s}\n")
        address = tocsin.url.removeprefix("http://")
        prometheus = self.enter(Prometheus(address))
        harness.wait_for("a scrape", lambda: prometheus.query("up == 1"))
        harness.wait_for("own metrics", lambda: api.query("tocsin_build_info", now()))
        [(labels, value)] = prometheus.query("tocsin_build_info")
        self.assertEqual(api.query("tocsin_build_info", now()), {json.dumps(labels, sort_keys=True): value})
        self.assertEqual(api.query("up", now()), {json.dumps(
            {"__name__": "up", "job": "tocsin", "instance": address}, sort_keys=True): 1.0})

    def test_a_real_prometheus_writes_to_it(self):
        tocsin, api = self.start()
        target = self.enter(Tocsin("storage: {path: ':memory:'}\n"))
        prometheus = self.enter(Prometheus(target.url.removeprefix("http://"),
                                           f"remote_write: [{{url: '{tocsin.url}/api/v1/write'}}]\n"))
        expression = 'tocsin_build_info{job="tocsin"}'
        instance = target.url.removeprefix("http://")
        harness.wait_for("what Prometheus has scraped", lambda: api.query(f'up{{instance="{instance}"}} == 1', now()))
        self.assertTrue(prometheus.query(expression))
        self.assertTrue(api.query(f'tocsin_build_info{{instance="{instance}"}}', now()))

    def test_sigterm_ends_it_in_the_middle_of_a_long_query(self):
        tocsin, api = self.start()
        outcome = []

        def ask():
            try:
                api.query("sum_over_time(quantile_over_time(0.9, vector(time())[3h:1s])[30d:1s])", now())
            except (OSError, AssertionError, ValueError) as error:
                outcome.append(error)
        asker = threading.Thread(target=ask)
        asker.start()
        harness.wait_for("the query to run", lambda: harness.cpu_seconds(tocsin.process.pid) > 0.5)
        began = time.monotonic()
        tocsin.process.send(signal.SIGTERM)
        self.assertEqual(tocsin.process.wait(), 0, tocsin.log)
        self.assertLess(time.monotonic() - began, 5)
        asker.join()
        self.assertTrue(outcome)

    def test_writing_must_be_allowed(self):
        tocsin = self.enter(Tocsin("storage: {path: state}\n"))
        self.assertEqual(Api(tocsin).write([]).status, 404)
        tocsin.config_file.write_text(CONFIG % "", encoding="utf-8")
        self.assertEqual(tocsin.reload().status, 200)
        self.assertEqual(Api(tocsin).write([]).status, 204)

    def test_history_survives_kill_9_under_load(self):
        tocsin, api = self.start()
        begin = now() - 3600
        written = []
        stop = threading.Event()

        def load():
            for second in range(0, 3600, 5):
                if stop.is_set():
                    return
                series = [({"__name__": "x_total", "i": str(i)}, [((begin + second) * 1000, float(second))])
                          for i in range(50)]
                try:
                    if api.write(series).status == 204:
                        written.append(second)
                except OSError:
                    return
        writer = threading.Thread(target=load)
        writer.start()
        harness.wait_for("half an hour of samples", lambda: len(written) >= 360)
        tocsin.process.end(signal.SIGKILL)
        stop.set()
        writer.join()
        acknowledged = written[-1]
        tocsin.start()
        at = begin + acknowledged
        values = api.query("x_total", at)
        self.assertEqual(len(values), 50)
        for value in values.values():  # At most the last collection is missing.
            self.assertGreaterEqual(value, acknowledged - 5)
        increase = api.query(f"increase(x_total[{acknowledged}s])", at)
        self.assertEqual(len(increase), 50)
        for value in increase.values():
            self.assertTrue(math.isclose(value, acknowledged, abs_tol=5.1), value)

    def test_too_many_series_are_refused_and_the_others_go_on(self):
        limit = 20_000
        tocsin, api = self.start(storage=f", max_series: {limit}")

        def rss():
            status = pathlib.Path(f"/proc/{tocsin.process.pid}/status").read_text(encoding="ascii")
            return int(status.split("VmRSS:")[1].split()[0]) * 1024
        at = now() * 1000
        empty = rss()
        refused = 0
        for begin in range(0, 10 * limit, 2000):
            answer = api.write([({"__name__": "x", "i": str(i)}, [(at, 1.0)]) for i in range(begin, begin + 2000)])
            refused += answer.status == 400
        self.assertGreater(refused, 80)
        stored = api.value("count(x)", at / 1000)
        self.assertLess(stored, limit)  # tocsin's own are among them.
        self.assertGreater(stored, 0.9 * limit)
        self.assertEqual(api.write([({"__name__": "x", "i": "0"}, [(at + 1000, 2.0)])]).status, 204)
        self.assertEqual(api.value('x{i="0"}', at / 1000 + 1), 2)
        self.assertLess(rss(), empty + limit * 600 + (64 << 20))
        page = tocsin.wait_until("the refusals", lambda page: page.value(
            "tocsin_storage_samples_refused_total", reason="series_limit") > 0)
        self.assertLessEqual(page.value("tocsin_storage_series"), limit)
        tocsin.process.find("the sample store is full", "a word in the log")
