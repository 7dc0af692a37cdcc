"""A real Prometheus that scrapes, and what its tools say."""
import json
import pathlib
import shutil
import subprocess
import tempfile
import urllib.parse

import harness


class Prometheus:
    """A real Prometheus that scrapes one address every second. `more` is added to its configuration, `arguments` to
    its command line."""

    def __init__(self, target, more="", external_labels=None, arguments=()):
        self._target = target
        self._more = more
        self._external_labels = json.dumps(external_labels or {})  # JSON is YAML.
        self._arguments = list(arguments)
        self._process = None
        self.folder = None
        self.url = None

    def __enter__(self):
        program = harness.need("prometheus")
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix="tocsin-prometheus-"))
        config = self.folder / "prometheus.yml"
        config.write_text("global: {scrape_interval: 1s, scrape_timeout: 1s, evaluation_interval: 1s, "
                          f"external_labels: {self._external_labels}}}\nscrape_configs:\n"
                          f"  - {{job_name: tocsin, static_configs: [{{targets: ['{self._target}']}}]}}\n{self._more}",
                          encoding="utf-8")
        for _ in range(5):
            port = harness.free_port()
            self.url = f"http://127.0.0.1:{port}"
            self._process = harness.Process(
                [program, f"--config.file={config}", f"--storage.tsdb.path={self.folder}/data",
                 f"--web.listen-address=127.0.0.1:{port}", *self._arguments])
            try:
                self._process.find("Server is ready", "Prometheus to start")
                return self
            except RuntimeError:  # Someone else has taken the port in the meantime.
                self._process.end()
        raise AssertionError(f"Prometheus does not start:\n{self._process.log}")

    def __exit__(self, *_):
        self._process.end()
        shutil.rmtree(self.folder, ignore_errors=True)

    @property
    def pid(self):
        return self._process.pid

    def api(self, path):
        """The `data` of an answer of its HTTP API."""
        answer = json.loads(harness.http("GET", f"{self.url}/api/v1/{path}").text)
        if answer["status"] != "success":
            raise AssertionError(answer)
        return answer["data"]

    def query(self, expression):
        """[(labels, value)] of an instant query."""
        result = self.api(f"query?query={urllib.parse.quote(expression)}")["result"]
        return [(sample["metric"], float(sample["value"][1])) for sample in result]

    def target(self):
        return self.api("targets")["activeTargets"][0]


def promtool_findings(text):
    """What `promtool check metrics` says about an exposition: (exit status, text)."""
    done = subprocess.run([harness.need("promtool"), "check", "metrics"], input=text, text=True, capture_output=True,
                          check=False)
    return done.returncode, done.stdout + done.stderr
