"""The collector `pgbouncer` in the whole program, on a real PgBouncer before a real PostgreSQL."""
import contextlib
import os
import pathlib
import shutil
import signal
import subprocess
import tempfile

import harness
from postgres import PostgresTestCase, _server_user
from prometheus import promtool_findings
from tocsin import Tocsin


class PgBouncer:
    """A PgBouncer with a pool of one connection to `postgres`. User `stats` may ask for statistics only."""

    def __init__(self, postgres):
        self._postgres = postgres
        self.port = None
        self.folder = None
        self._process = None

    def __enter__(self):
        binary = shutil.which("pgbouncer") or shutil.which("pgbouncer", path="/usr/sbin")
        if binary is None:
            return harness.need("pgbouncer")
        self._binary = binary
        self._user = _server_user()
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix="tocsin-pgbouncer-"))
        if self._user:
            os.chown(self.folder, self._user["user"], self._user["group"])
        self.port = harness.free_port()
        self.start()
        return self

    def __exit__(self, *_):
        self.stop()
        shutil.rmtree(self.folder, ignore_errors=True)

    def start(self):
        users = self.folder / "users.txt"
        users.write_text(f'"stats" "secret"\n"{self._postgres.USER}" "{self._postgres.password}"\n', encoding="utf-8")
        settings = self.folder / "pgbouncer.ini"
        settings.write_text(
            f"[databases]\nshop = host=127.0.0.1 port={self._postgres.port} dbname={self._postgres.DATABASE} "
            "pool_size=1\n"
            f"[pgbouncer]\nlisten_addr = 127.0.0.1\nlisten_port = {self.port}\nunix_socket_dir =\n"
            f"auth_type = scram-sha-256\nauth_file = {users}\nstats_users = stats\nmax_client_conn = 50\n"
            "pool_mode = transaction\n", encoding="utf-8")
        self._process = harness.Process([self._binary, settings], cwd=self.folder, **self._user)
        self._process.find("process up", "PgBouncer to start")

    def stop(self):
        self._process.end(signal.SIGINT)

    def suspend(self):
        self._process.send(signal.SIGSTOP)

    def resume(self):
        self._process.send(signal.SIGCONT)

    @contextlib.contextmanager
    def client(self, script):
        """A client that runs `script` through the pool, and then stays."""
        command = [harness.need("psql"), "--no-psqlrc", "--quiet", "--host", "127.0.0.1", "--port", str(self.port),
                   "--username", self._postgres.USER, "--dbname", "shop"]
        environment = {**os.environ, "PGPASSWORD": self._postgres.password, "PGSSLMODE": "disable"}
        with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.DEVNULL, text=True,
                              env=environment) as session:
            try:
                session.stdin.write(script + "\n")
                session.stdin.flush()
                yield
            finally:
                session.kill()
                session.stdin.close()
                session.wait()


class PgBouncerTest(PostgresTestCase):
    def setUp(self):
        self.bouncer = self.enter(PgBouncer(self.postgres))

    def bouncer_config(self, user="stats", password="secret"):
        return ("storage: {path: state}\ncollectors:\n  - type: pgbouncer\n    interval: 200ms\n    stale_after: 1s\n"
                f"    pgbouncer: {{host: 127.0.0.1, port: {self.bouncer.port}, user: {user}, "
                f"sslmode: disable, password: {password}}}\n")

    def test_pools_in_use(self):
        tocsin = self.enter(Tocsin(self.bouncer_config()))
        page = tocsin.wait_until_up()
        self.assertEqual(promtool_findings(page.text), (0, ""))
        self.assertEqual(page.value("pgbouncer_config_max_client_connections"), 50)
        self.assertEqual(page.value("pgbouncer_databases_pool_size", name="shop"), 1)
        self.assertEqual(page.value("pgbouncer_databases"), 2)
        pool = {"database": "shop", "user": self.postgres.USER}
        with self.bouncer.client("BEGIN; SELECT 1;"):
            tocsin.wait_until("the pool in use", lambda page: page.value(
                "pgbouncer_pools_server_active_connections", **pool) == 1)
            with self.bouncer.client("SELECT 1;"):
                tocsin.wait_until("a client that waits", lambda page: (
                    page.value("pgbouncer_pools_client_waiting_connections", **pool) == 1
                    and page.value("pgbouncer_pools_client_maxwait_seconds", **pool) > 0.3))
        tocsin.wait_until("the queries to be counted", lambda page: page.value(
            "pgbouncer_stats_totals_queries_pooled_total", database="shop") >= 2)

    def test_a_restarted_and_a_hung_pgbouncer(self):
        tocsin = self.enter(Tocsin(self.bouncer_config()))
        tocsin.wait_until_up()
        self.bouncer.stop()
        tocsin.wait_until("its series to go", lambda page: not page.has("pgbouncer_up"))
        self.assertGreater(tocsin.page().value("tocsin_collector_errors_total", reason="connect"), 0)
        self.bouncer.start()
        tocsin.wait_until_up()
        self.bouncer.suspend()
        tocsin.wait_until("the timeout", lambda page: page.value("tocsin_collector_up") == 0 and page.value(
            "tocsin_collector_errors_total", reason="timeout") > 0)
        self.bouncer.resume()
        page = tocsin.wait_until_up()
        self.assertEqual(page.value("pgbouncer_up"), 1)

    def test_a_wrong_password(self):
        tocsin = self.enter(Tocsin(self.bouncer_config(password="wrong")))
        tocsin.wait_until("down", lambda page: page.value("tocsin_collector_errors_total", reason="auth") > 0)
        self.assertNotIn("wrong", tocsin.log.replace("wrong password", ""))

    def test_a_user_who_may_not_ask(self):
        tocsin = self.enter(Tocsin(self.bouncer_config(self.postgres.USER, self.postgres.password)))
        tocsin.wait_until("down", lambda page: page.value("tocsin_collector_errors_total", reason="auth") > 0)
        self.assertEqual(tocsin.page().value("tocsin_collector_errors_total", reason="connect"), 0)
