"""tocsin scrapes what a real Prometheus scrapes, and has what it has."""
import http.server
import json
import threading
import urllib.parse

import harness
from prometheus import Prometheus
from tocsin import Tocsin

PAGE = """# HELP app_wait_seconds How long requests waited.
# TYPE app_wait_seconds histogram
app_wait_seconds_bucket{route="/a",le="0.5"} 3
app_wait_seconds_bucket{route="/a",le="+Inf"} 4
app_wait_seconds_sum{route="/a"} 2.5
app_wait_seconds_count{route="/a"} 4
# TYPE app_size_bytes summary
app_size_bytes{quantile="0.5"} 120
app_size_bytes{quantile="0.99"} NaN
app_size_bytes_sum 1e6
app_size_bytes_count 9000
# TYPE app_requests_total counter
app_requests_total{job="inner",code="200"} 1.5e9
app_requests_total{code="5\\"0\\\\0\\n3"} 7
# TYPE app_temperature gauge
app_temperature -12.25
app_untyped +Inf
"""


class PageServer:
    """Serves `text` as a page of metrics; None: an error."""

    def __init__(self, text):
        self.text = text
        outer = self

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_GET(self):
                text = outer.text
                body = (text or "").encode()
                self.send_response(200 if text is not None else 503)
                self.send_header("Content-Type", "text/plain; version=0.0.4")
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, *_):
                pass

        self._server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.address = f"127.0.0.1:{self._server.server_address[1]}"

    def __enter__(self):
        threading.Thread(target=self._server.serve_forever, daemon=True).start()
        return self

    def __exit__(self, *_):
        self._server.shutdown()
        self._server.server_close()


def config(targets, more=""):
    return ("collectors:\n  - {type: prometheus, name: pages, job_name: tocsin, interval: 1s, static_configs: "
            f"[{{targets: {json.dumps(targets)}}}]{more}}}\nstorage: {{path: ':memory:'}}\n")


def query(tocsin, expression):
    """{labels: value as text} of an instant query."""
    answer = json.loads(tocsin.get("/api/v1/query?" + urllib.parse.urlencode({"query": expression})).text)
    return {as_set(series["metric"]): series["value"][1] for series in answer["data"]["result"]}


def as_set(labels):
    """Labels that can be compared; of bounds and quantiles only the number counts: Prometheus 2 has no canonical form."""
    return frozenset((name, str(float(value)) if name in ("le", "quantile") else value)
                     for name, value in labels.items())


def prometheus_query(prometheus, expression):
    result = prometheus.api(f"query?query={urllib.parse.quote(expression)}")["result"]
    return {as_set(series["metric"]): series["value"][1] for series in result}


class ScrapeTest(harness.TestCase):
    def test_a_page_is_to_tocsin_what_it_is_to_prometheus(self):
        page = self.enter(PageServer(PAGE))
        prometheus = self.enter(Prometheus(page.address))
        tocsin = self.enter(Tocsin(config([page.address])))
        everything = '{job="tocsin",instance="%s",__name__!~"scrape_duration_seconds|scrape_series_added"}' % page.address
        expected = harness.wait_for("Prometheus to scrape",
                                    lambda: prometheus_query(prometheus, 'app_temperature') and
                                    prometheus_query(prometheus, everything))
        harness.wait_for("tocsin to scrape", lambda: query(tocsin, 'app_temperature'))
        self.assertEqual(query(tocsin, everything), expected)
        self.assertEqual(len(expected), 12 + 3)  # up, and two counts of samples.

    def test_prometheus_itself_has_the_same_series(self):
        folder = self.enter(harness.temporary_folder())
        targets = folder / "targets.json"
        targets.write_text("[]", encoding="utf-8")
        prometheus = self.enter(Prometheus(
            "127.0.0.1:9", f"  - {{job_name: itself, file_sd_configs: [{{files: ['{targets}'], refresh_interval: 1s}}]}}\n"))
        tocsin = self.enter(Tocsin("collectors:\n  - {type: prometheus, name: itself, interval: 1s, file_sd_configs: "
                                   f"[{{files: ['{targets}'], refresh_interval: 1s}}]}}\nstorage: {{path: ':memory:'}}\n"))
        address = prometheus.url.removeprefix("http://")
        targets.write_text(json.dumps([{"targets": [address]}]), encoding="utf-8")

        def same():
            theirs = prometheus_query(prometheus, '{job="itself"}')
            return theirs if len(theirs) > 100 and set(query(tocsin, '{job="itself"}')) == set(theirs) else None
        # Both look at a moving target: series come up in one before the other.
        harness.wait_for("tocsin to have the series that Prometheus has of itself", same)
        build = '{__name__=~"prometheus_build_info|go_info",job="itself"}'
        self.assertEqual(query(tocsin, build), prometheus_query(prometheus, build))

    def test_a_target_that_goes_ends_its_series_and_no_others(self):
        first = self.enter(PageServer("# TYPE a gauge\na 1\n"))
        second = self.enter(PageServer("# TYPE a gauge\na 2\n"))
        tocsin = self.enter(Tocsin(config([first.address, second.address], ", expose: true")))
        harness.wait_for("both", lambda: len(query(tocsin, "a")) == 2)
        tocsin.wait_until("both on /metrics", lambda page: len(page.series("a")) == 2)
        first.text = None
        harness.wait_for("one to end", lambda: len(query(tocsin, "a")) == 1)
        self.assertEqual(query(tocsin, "a + on(instance) up"),
                         {as_set({"instance": second.address}): "3"})
        self.assertEqual(list(query(tocsin, f'up{{instance="{first.address}"}}').values()), ["0"])
        tocsin.wait_until("one to leave /metrics", lambda page: len(page.series("a")) == 1)
        first.text = "# TYPE a gauge\na 5\n"
        harness.wait_for("it to come back", lambda: len(query(tocsin, "a")) == 2)
