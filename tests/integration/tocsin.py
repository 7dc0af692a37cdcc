"""The program under test."""
import contextlib
import pathlib
import shutil
import signal
import sqlite3
import tempfile

import harness
from exposition import Page


class Tocsin:
    """A running `tocsin serve` in a folder of its own. `config` is YAML text; None starts the quickstart.

    The same folder serves a second start, to see what survives.
    """

    def __init__(self, config=None, folder=None, arguments=(), binary=None):
        self._own_folder = folder is None
        self.folder = pathlib.Path(folder or tempfile.mkdtemp(prefix="tocsin-test-"))
        self.config_file = self.folder / "tocsin.yaml"
        if config is not None:
            self.config_file.write_text(config, encoding="utf-8")
            arguments = ["--config", self.config_file, *arguments]
        self._command = [binary or harness.tocsin_binary, "serve", "--listen", "127.0.0.1:0", *arguments]
        self.process = None
        self.url = None

    def __enter__(self):
        self.start()
        return self

    def __exit__(self, *_):
        self.process.end()
        if self._own_folder:
            shutil.rmtree(self.folder, ignore_errors=True)

    def start(self):
        """Starts the program; returns when it listens."""
        self.process = harness.Process(self._command, cwd=self.folder)
        try:
            # Not that of a source, which a collector may have complained of before.
            address = self.process.find(r'"serving".*?http://(127\.0\.0\.1:[1-9]\d*)', "tocsin's address in its log")[1]
        except BaseException:
            self.process.end()
            raise
        self.url = f"http://{address}"

    def restart(self, number=signal.SIGTERM):
        self.process.end(number)
        self.start()

    def outbox(self):
        """How many notifications are not known to have arrived, as a restart would find it."""
        [file] = self.folder.rglob("notify.db")
        with contextlib.closing(sqlite3.connect(f"file:{file}?mode=ro", uri=True)) as database:
            return database.execute("SELECT count(*) FROM outbox").fetchone()[0]

    @property
    def log(self):
        return self.process.log

    def get(self, path, headers=None, method="GET", timeout=harness.PATIENCE_SECONDS):
        return harness.http(method, self.url + path, headers, timeout)

    def page(self, path="/metrics"):
        answer = self.get(path)
        if answer.status != 200:
            raise AssertionError(f"{path}: {answer.status} {answer.text[:200]}")
        return Page(answer.text)

    def wait_until(self, what, condition, seconds=harness.PATIENCE_SECONDS):
        """Polls /metrics until condition(page) holds; returns that page."""
        def holds():
            page = self.page()
            return page if condition(page) else None
        return harness.wait_for(what, holds, seconds)

    def wait_until_up(self, value=1, **labels):
        return self.wait_until(f"tocsin_collector_up {value}",
                               lambda page: page.value("tocsin_collector_up", **labels) == value)

    def wait_until_whole(self):
        """Until a collection has read everything, which the first may not on a busy machine: what happens before a part
        is first read is not counted."""
        return self.wait_until("a whole collection", lambda page: page.value("tocsin_collector_up") == 1
                               and not page.has("tocsin_collector_part_lost"))

    def wait_for_log(self, text):
        harness.wait_for(f"{text!r} in the log", lambda: text in self.log)

    def reload(self):
        return self.get("/-/reload", method="POST")
