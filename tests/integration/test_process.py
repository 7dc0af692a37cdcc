"""The life of the process: start, reload, stop, death and return."""
import functools
import os
import signal
import socket
import subprocess
import threading
import time

import harness
from dagster_database import DagsterDatabase
from postgres import PostgresTestCase
from tocsin import Tocsin


class ProcessTest(PostgresTestCase):
    def setUp(self):
        self.dagster = DagsterDatabase(self.postgres)

    def listening(self, process):
        """The addresses that a process listens on, in hex."""
        return [local for local, _, state in harness.sockets(process.pid) if state == "0A"]

    def test_sigterm_ends_it_within_five_seconds_and_answers_who_is_waiting(self):
        tocsin = self.enter(Tocsin(self.config()))
        tocsin.wait_until_up()
        host, port = tocsin.url.removeprefix("http://").split(":")
        with socket.create_connection((host, int(port)), timeout=10) as scraper:
            scraper.sendall(b"GET /metrics HTTP/1.1\r\nHost: tocsin\r\n\r\n")
            began = time.monotonic()
            tocsin.process.send(signal.SIGTERM)
            answer = b"".join(iter(lambda: scraper.recv(65536), b""))
        self.assertEqual(tocsin.process.wait(), 0, tocsin.log)
        self.assertLess(time.monotonic() - began, 5)
        self.assertTrue(answer.startswith(b"HTTP/1.1 200"), answer[:100])
        self.assertIn(b"dagster_runs_in_flight", answer)

    def test_sigterm_ends_it_though_its_source_hangs(self):
        tocsin = self.enter(Tocsin(self.config(interval="30s")))
        tocsin.wait_until_up()
        self.postgres.suspend()
        self.addCleanup(self.postgres.resume)
        began = time.monotonic()
        tocsin.process.send(signal.SIGTERM)
        self.assertEqual(tocsin.process.wait(), 0, tocsin.log)
        self.assertLess(time.monotonic() - began, 5)

    def test_a_second_signal_ends_it_at_once(self):
        tocsin = self.enter(Tocsin(self.config(interval="30s")))
        tocsin.wait_until_up()
        host, port = tocsin.url.removeprefix("http://").split(":")
        with socket.create_connection((host, int(port)), timeout=10) as slow:
            slow.sendall(b"GET /metrics HTTP/1.1\r\nHost: to")  # Is waited for.
            self.assertEqual(tocsin.get("/-/healthy").status, 200)
            tocsin.process.send(signal.SIGTERM)
            tocsin.process.find('msg="stopping"', "it to stop")
            began = time.monotonic()
            while tocsin.process.is_running():
                tocsin.process.send(signal.SIGINT)
                self.assertLess(time.monotonic() - began, 1)
        self.assertEqual(tocsin.process.wait(), -signal.SIGINT, tocsin.log)

    def test_totals_are_right_after_kill_9_and_after_rows_are_deleted(self):
        def failed(page):
            return sum(value for _, value in page.series("dagster_runs_failed_total"))

        tocsin = self.enter(Tocsin(self.config()))
        tocsin.wait_until_whole()
        self.dagster.add_runs("FAILURE", 2)
        tocsin.wait_until("two failures", lambda page: failed(page) == 2)
        tocsin.process.end(signal.SIGKILL)
        self.dagster.add_runs("FAILURE", 3)
        tocsin.start()
        tocsin.wait_until("five failures", lambda page: failed(page) == 5)

        self.postgres.sql("DELETE FROM runs")
        self.dagster.add_runs("FAILURE", 1)
        tocsin.wait_until("the sixth failure", lambda page: failed(page) == 6)
        page = tocsin.page()
        self.assertEqual(page.value("dagster_runs_duration_seconds_count", status="FAILURE"), 6)
        self.assertEqual(page.value("dagster_runs_duration_seconds_bucket", status="FAILURE", le="15.0"), 6)
        self.assertEqual(page.value("dagster_runs_duration_seconds_bucket", status="FAILURE", le="5.0"), 0)

    def test_req_17_a_bad_configuration_is_refused_with_its_place(self):
        tocsin = self.enter(Tocsin(self.config()))
        bad = tocsin.folder / "bad.yaml"
        bad.write_text("collectors:\n  - type: dagster\n    intreval: 5s\n    postgres: {host: h}\n", encoding="utf-8")
        for command in (["check", "config", "bad.yaml"], ["serve", "--config", "bad.yaml"]):
            with self.subTest(command=command):
                done = subprocess.run([harness.tocsin_binary, *command], cwd=tocsin.folder, text=True, check=False,
                                      capture_output=True, timeout=harness.PATIENCE_SECONDS)
                self.assertEqual(done.returncode, 1)
                self.assertIn("bad.yaml:3:5: ", done.stdout + done.stderr)
                self.assertIn("interval", done.stdout + done.stderr)
        good = subprocess.run([harness.tocsin_binary, "check", "config", tocsin.config_file], check=False,
                              capture_output=True, timeout=harness.PATIENCE_SECONDS)
        self.assertEqual(good.returncode, 0, good.stderr)

    def test_req_16_a_reload_takes_all_or_nothing_and_no_scrape_fails(self):
        tocsin = self.enter(Tocsin(self.config(name="first")))
        tocsin.wait_until_up()
        with Scraper(tocsin) as scraper:
            tocsin.config_file.write_text(self.config(name="second"), encoding="utf-8")
            self.assertEqual(tocsin.reload().status, 200)
            page = tocsin.wait_until_up(name="second")
            self.assertFalse(page.has("tocsin_collector_up", name="first"))
            self.assertEqual(page.value("tocsin_config_last_reload_successful"), 1)

            tocsin.config_file.write_text("collectors: [{typ: dagster}]\n", encoding="utf-8")
            refused = tocsin.reload()
            self.assertEqual(refused.status, 400)
            self.assertIn("tocsin.yaml:1:", refused.text)
            self.assertEqual(tocsin.page().value("tocsin_config_last_reload_successful"), 0)
            self.assertEqual(tocsin.page().value("tocsin_collector_up", name="second"), 1)

            tocsin.config_file.write_text(self.config(name="third"), encoding="utf-8")
            tocsin.process.send(signal.SIGHUP)
            tocsin.wait_until("the third", lambda page: page.has("tocsin_collector_up", name="third") and
                              page.value("tocsin_config_last_reload_successful") == 1)
        self.assertGreater(scraper.count, 0)
        self.assertEqual(scraper.failures, [])

    def test_req_16_a_reload_leaves_what_has_not_changed_alone(self):
        tocsin = self.enter(Tocsin(self.config()))
        tocsin.wait_until_up()
        backend = "SELECT pid FROM pg_stat_activity WHERE application_name LIKE 'tocsin%'"
        before = self.postgres.sql(backend)
        self.assertEqual(tocsin.reload().status, 200)
        tocsin.wait_until_up()
        self.assertEqual(self.postgres.sql(backend), before)

    def test_req_16_a_rotated_password_needs_no_reload(self):
        self.addCleanup(self.postgres.set_password, "secret")
        folder = self.enter(harness.temporary_folder())
        password_file = folder / "password"
        password_file.write_text("secret\n", encoding="utf-8")
        tocsin = self.enter(Tocsin(self.config(password_file=password_file)))
        tocsin.wait_until_up()
        self.postgres.set_password("rotated")
        self.postgres.sql("SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
                          "WHERE application_name LIKE 'tocsin%'")
        tocsin.wait_until_up(0)
        password_file.write_text("rotated\n", encoding="utf-8")
        tocsin.wait_until_up()

    def test_storage_that_cannot_be_written_is_refused_at_start_and_at_reload(self):
        tocsin = self.enter(Tocsin(self.config()))
        tocsin.wait_until_up()
        state = tocsin.folder / "state"
        state.rename(tocsin.folder / "moved")
        state.write_text("a file in the way", encoding="utf-8")
        refused = tocsin.reload()
        self.assertEqual(refused.status, 400)
        self.assertIn("storage.path: cannot keep state in ", refused.text)
        tocsin.process.end()
        for command, status in ((["serve", "--config", tocsin.config_file, "--listen", "127.0.0.1:0"], 1),
                                (["check", "config", tocsin.config_file], 0)):
            with self.subTest(command=command[0]):
                done = subprocess.run([harness.tocsin_binary, *command], cwd=tocsin.folder, text=True, check=False,
                                      capture_output=True, timeout=harness.PATIENCE_SECONDS)
                self.assertEqual(done.returncode, status)
                self.assertRegex(done.stderr, "storage.path: cannot keep state in .*state.*: Not a directory")

    def test_output_that_cannot_be_written_is_a_failure(self):
        for command in (["--version"], ["--help"], ["collectors"], ["collectors", "dagster"]):
            with self.subTest(command=command), open("/dev/full", "w", encoding="ascii") as full:
                done = subprocess.run([harness.tocsin_binary, *command], stdout=full, stderr=subprocess.PIPE, text=True,
                                      check=False, timeout=harness.PATIENCE_SECONDS)
                self.assertEqual(done.returncode, 1)
                self.assertIn("standard output", done.stderr)

    def test_closed_standard_streams_are_not_taken_by_sockets_and_files(self):
        tocsin = self.enter(Tocsin(self.config()))
        for closed in ("0<&-", "0<&- 1>&- 2>&-"):
            with self.subTest(closed=closed):
                tocsin.process.end()
                # Its log may be closed, too: it is found by what it listens on.
                command = ["sh", "-c", f'exec "$0" "$@" {closed}', *tocsin.process.command]
                process = harness.Process(command, cwd=tocsin.folder)
                self.addCleanup(process.end)
                harness.wait_for("it to listen", functools.partial(self.listening, process))
                streams = [os.readlink(f"/proc/{process.pid}/fd/{stream}") for stream in range(3)]
                self.assertEqual(streams[0], "/dev/null")
                self.assertEqual([stream for stream in streams if not stream.startswith(("/dev/null", "pipe:"))], [])
                process.end()

    def test_healthcheck_of_a_server_asks_whether_it_is_ready(self):
        with self.postgres.session("BEGIN; LOCK TABLE runs;"):
            tocsin = self.enter(Tocsin(self.config(interval="20s")))
            self.assertEqual(tocsin.get("/-/ready").status, 503)
            done = subprocess.run([harness.tocsin_binary, "healthcheck", "--url", tocsin.url], check=False, text=True,
                                  capture_output=True, timeout=harness.PATIENCE_SECONDS)
        self.assertEqual(done.returncode, 1)
        self.assertIn("503", done.stderr)

    def test_it_listens_only_where_it_was_told(self):
        tocsin = self.enter(Tocsin(self.config()))
        port = int(tocsin.url.rpartition(":")[2])
        self.assertEqual(self.listening(tocsin.process), [f"0100007F:{port:04X}"])


class Scraper:
    """Scrapes in a thread of its own as fast as it can while the block runs."""

    def __init__(self, tocsin):
        self.count = 0
        self.failures = []
        self._tocsin = tocsin
        self._done = threading.Event()
        self._thread = threading.Thread(target=self._scrape)

    def __enter__(self):
        self._thread.start()
        return self

    def __exit__(self, *_):
        self._done.set()
        self._thread.join()

    def _scrape(self):
        while not self._done.is_set():
            try:
                self._tocsin.page()
                self.count += 1
            except Exception as error:  # Whatever it was, a scrape has failed.
                self.failures.append(repr(error))
