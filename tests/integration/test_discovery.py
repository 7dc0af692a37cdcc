"""Targets that come and go: a collector that scrapes whatever files and Kubernetes tell it to."""
import contextlib
import http.server
import json
import threading
import urllib.parse

import harness
from fake_kube import FakeKube
from tocsin import Tocsin

CONFIG = """
storage: {path: ":memory:"}
collectors:
  - type: prometheus
    interval: 2s
    timeout: 2s
"""


class _Page(http.server.BaseHTTPRequestHandler):
    def log_message(self, *_):
        pass

    def do_GET(self):
        body = b"# TYPE alive gauge\nalive 1\n"
        self.send_response(200)
        self.send_header("Content-Type", "text/plain; version=0.0.4")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)


@contextlib.contextmanager
def page():
    """A server with a page of metrics; gives its port."""
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), _Page) as server:
        server.daemon_threads = True
        thread = threading.Thread(target=server.serve_forever, daemon=True)
        thread.start()
        yield server.server_port
        server.shutdown()
        thread.join()


class DiscoveryTest(harness.TestCase):
    def setUp(self):
        self.folder = self.enter(harness.temporary_folder())

    def write(self, name, groups):
        """Puts a file in place at once, as whoever writes such files should."""
        (self.folder / "new").write_text(json.dumps(groups), encoding="utf-8")
        (self.folder / "new").rename(self.folder / name)

    def start(self, options):
        return self.enter(Tocsin(CONFIG + "".join(f"    {line}\n" for line in options.splitlines())))

    def wait_for_targets(self, tocsin, label, expected):
        """Until exactly these targets are up, by the value of a label."""
        def found():
            query = urllib.parse.quote('up{job!="tocsin"} == 1')
            result = json.loads(tocsin.get(f"/api/v1/query?query={query}").text)["data"]["result"]
            return sorted(series["metric"].get(label, "") for series in result) == sorted(expected)
        harness.wait_for(f"targets {expected}", found)

    def wait_for_report(self, tocsin, part):
        """Until the log says that a part was lost; the collector goes on with what it knows."""
        harness.wait_for(f"{part} to be reported", lambda: f'part="{part}"' in tocsin.log)
        self.assertEqual(tocsin.page().value("tocsin_collector_up"), 1)

    def test_files_are_followed(self):
        first, second = self.enter(page()), self.enter(page())
        self.write("a.json", [{"targets": [f"127.0.0.1:{first}"], "labels": {"name": "first"}}])
        tocsin = self.start(f"file_sd_configs: [{{files: ['{self.folder}/*.json']}}]")
        self.wait_for_targets(tocsin, "name", ["first"])
        self.write("b.json", [{"targets": [f"127.0.0.1:{second}"], "labels": {"name": "second"}}])
        self.wait_for_targets(tocsin, "name", ["first", "second"])
        # Half a file takes nothing away.
        (self.folder / "a.json").write_text('[{"targets": [', encoding="utf-8")
        self.wait_for_report(tocsin, "discovery file")
        self.wait_for_targets(tocsin, "name", ["first", "second"])
        (self.folder / "a.json").unlink()
        self.wait_for_targets(tocsin, "name", ["second"])

    def test_pods_are_followed(self):
        kube = self.enter(FakeKube())
        first, second = self.enter(page()), self.enter(page())
        for name, port in [("web-0", first), ("web-1", second)]:
            kube.put("pods", "floe", name,
                     spec={"containers": [{"name": "main", "ports": [
                         {"name": "metrics", "containerPort": port, "protocol": "TCP"}]}]},
                     status={"podIP": "127.0.0.1", "phase": "Running"})
        tocsin = self.start(
            f"kubernetes_sd_configs: [{{role: pod, api_server: '{kube.url}', namespaces: {{names: [floe]}}}}]\n"
            "relabel_configs: [{source_labels: [__meta_kubernetes_pod_name], target_label: pod}]")
        self.wait_for_targets(tocsin, "pod", ["web-0", "web-1"])
        kube.remove("pods", "floe", "web-0")
        self.wait_for_targets(tocsin, "pod", ["web-1"])
        # While the API server is gone, those that are known are asked on.
        kube.fail(times=1000, status=503)
        self.wait_for_report(tocsin, "discovery kubernetes")
        self.wait_for_targets(tocsin, "pod", ["web-1"])
