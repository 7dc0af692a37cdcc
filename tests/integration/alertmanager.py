"""Whoever takes alerts: a sink that notes them, and a real Alertmanager; and what its API is asked."""
import datetime
import http.server
import json
import pathlib
import shutil
import tempfile
import threading

import harness


class Sink:
    """Notes every alert that is posted to any path that ends in /api/v2/alerts, by the first part of that path."""

    def __enter__(self):
        self._lock = threading.Lock()
        self._posted = {}
        sink = self

        class Handler(http.server.BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_POST(self):
                body = self.rfile.read(int(self.headers["Content-Length"]))
                if self.path.endswith("/api/v2/alerts"):
                    sink.note(self.path.split("/")[1], json.loads(body))
                self.send_response(200 if self.path.endswith("/api/v2/alerts") else 404)
                self.send_header("Content-Length", "0")
                self.end_headers()

            def log_message(self, *_):
                pass

        self._server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.address = f"127.0.0.1:{self._server.server_address[1]}"
        self._thread = threading.Thread(target=self._server.serve_forever, daemon=True)
        self._thread.start()
        return self

    def __exit__(self, *_):
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()

    def note(self, sender, alerts):
        with self._lock:
            self._posted.setdefault(sender, []).extend(alerts)

    def posted(self, sender, name=None):
        """The alerts in the order in which they came; all, or those called `name`."""
        with self._lock:
            alerts = list(self._posted.get(sender, []))
        return [alert for alert in alerts if name in (None, alert["labels"]["alertname"])]


class Alertmanager:
    """A real Alertmanager; without a configuration, it tells nobody."""

    def __init__(self, config="route: {receiver: nobody}\nreceivers: [{name: nobody}]\n"):
        self._config = config
        self._process = None
        self.folder = None
        self.url = None

    def __enter__(self):
        program = harness.need("prometheus-alertmanager")
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix="tocsin-alertmanager-"))
        config = self.folder / "alertmanager.yml"
        config.write_text(self._config, encoding="utf-8")
        for _ in range(5):
            port = harness.free_port()
            self.url = f"http://127.0.0.1:{port}"
            self._process = harness.Process(
                [program, f"--config.file={config}", f"--storage.path={self.folder}/data",
                 f"--web.listen-address=127.0.0.1:{port}", "--cluster.listen-address="])
            try:
                self._process.find("Listening on", "Alertmanager to start")
                harness.wait_for("Alertmanager to be ready",
                                 lambda: harness.http("GET", f"{self.url}/-/ready").status == 200)
                return self
            except RuntimeError:  # Someone else has taken the port in the meantime.
                self._process.end()
        raise AssertionError(f"Alertmanager does not start:\n{self._process.log}")

    def __exit__(self, *_):
        self._process.end()
        shutil.rmtree(self.folder, ignore_errors=True)

    def alerts(self):
        return json.loads(harness.http("GET", f"{self.url}/api/v2/alerts").text)


# What Alertmanager's API v2 is asked; tocsin has it, too.


def timestamp(seconds):
    """As the API writes times."""
    return datetime.datetime.fromtimestamp(seconds, datetime.timezone.utc).strftime("%Y-%m-%dT%H:%M:%S.%fZ")


def call(url, method, path, content=None):
    """What the API answers, read from JSON; fails the test unless it is 200."""
    body = None if content is None else json.dumps(content).encode()
    answer = harness.http(method, f"{url}/api/v2/{path}", {"Content-Type": "application/json"}, body=body)
    if answer.status != 200:
        raise AssertionError(f"{method} {url}/api/v2/{path}: {answer.status} {answer.text[:500]}")
    return json.loads(answer.text) if answer.text.strip() else None


def post_alerts(url, alerts):
    call(url, "POST", "alerts", alerts)


def post_silence(url, start, end, comment="a test", **labels):
    """Silences alerts with these labels, and returns the silence's id."""
    return call(url, "POST", "silences", {
        "matchers": [{"name": name, "value": value, "isRegex": False, "isEqual": True}
                     for name, value in labels.items()],
        "startsAt": timestamp(start), "endsAt": timestamp(end), "createdBy": "tester", "comment": comment})["silenceID"]
