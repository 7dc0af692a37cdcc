"""The collector `redis` beside real servers: what they say themselves, and what becomes of it when they do not."""
import subprocess
import time
import unittest

import harness
from prometheus import promtool_findings
from redis_server import Redis
from tocsin import Tocsin


def config(redis, log_in="", more="", interval="200ms", timeout="200ms"):
    return (f"storage: {{path: state}}\ncollectors:\n  - type: redis\n    interval: {interval}\n"
            f"    timeout: {timeout}\n    redis: {{host: 127.0.0.1, port: {redis.port}{log_in}}}\n{more}")


class RedisTest(harness.TestCase):
    def watch(self, redis, **options):
        tocsin = self.enter(Tocsin(config(redis, **options)))
        tocsin.wait_until_up()
        return tocsin

    def test_what_info_says_is_exported(self):
        redis = self.enter(Redis())
        for number in range(5):
            redis.cli("SET", f"key:{number}", number)
        redis.cli("GET", "key:1")
        redis.cli("GET", "missing")
        redis.cli("EXPIRE", "key:0", 1000)
        tocsin = self.watch(redis)
        page = tocsin.wait_until("the keys", lambda page: page.value("redis_db_keys", db="db0") == 5)
        self.assertEqual(page.value("redis_up"), 1)
        self.assertEqual(page.value("redis_db_keys_expiring", db="db0"), 1)
        self.assertEqual(page.value("redis_keyspace_hits_total"), 1)
        self.assertEqual(page.value("redis_keyspace_misses_total"), 1)
        self.assertEqual(page.value("redis_commands_total", cmd="set"), 5)
        self.assertEqual(page.value("redis_memory_max_bytes"), 0)
        self.assertEqual(page.value("redis_instance_info", role="master"), 1)
        self.assertGreater(page.value("redis_memory_used_bytes"), 100_000)
        self.assertTrue(page.has("redis_command_latency_seconds"))
        self.assertEqual(promtool_findings(tocsin.get("/metrics").text), (0, ""))

    def test_keys_streams_and_leases(self):
        redis = self.enter(Redis())
        redis.cli("RPUSH", "list", *range(7))
        redis.cli("SADD", "set", *range(3))
        redis.cli("SET", "number", "1.5")
        redis.cli("HSET", "hash", "field", "12")
        redis.cli("SET", "lease", "pod-0", "EX", 100)
        redis.cli("XADD", "stream", "1-1", "a", "b")
        redis.cli("XADD", "stream", "1-2", "a", "b")
        redis.cli("XGROUP", "CREATE", "stream", "readers", "0")
        redis.cli("XREADGROUP", "GROUP", "readers", "me", "COUNT", "1", "STREAMS", "stream", ">")
        tocsin = self.watch(redis, more=(
            "    keys:\n"
            "      - {key: list, command: llen}\n"
            "      - {key: set, command: scard, metric: members, labels: {of: set}}\n"
            "      - {key: missing, command: zcard}\n"
            "      - {key: missing, command: get}\n"
            "      - {key: number, command: get}\n"
            "      - {key: hash, command: hget, field: field}\n"
            "      - {key: lease, command: pttl}\n"
            "      - {key: number, command: llen}\n"
            "    leases: [{key: lease, name: leader}, {key: nobody}]\n"
            "    streams: [stream]\n"))
        page = tocsin.page()
        self.assertEqual(page.value("redis_key_size", key="list"), 7)
        self.assertEqual(page.value("members", of="set"), 3)
        self.assertEqual(page.value("redis_key_size", key="missing"), 0)
        self.assertFalse(page.has("redis_key_value", key="missing"))
        self.assertEqual(page.value("redis_key_value", key="number"), 1.5)
        self.assertEqual(page.value("redis_key_field_value", key="hash"), 12)
        self.assertAlmostEqual(page.value("redis_key_ttl_seconds", key="lease"), 100, delta=60)
        self.assertFalse(page.has("redis_key_size", key="number"))  # It is of another type.
        tocsin.wait_for_log("WRONGTYPE")
        self.assertEqual(page.value("redis_lease_held", lease="leader"), 1)
        self.assertEqual(page.value("redis_lease_info", lease="leader", holder="pod-0"), 1)
        self.assertEqual(page.value("redis_lease_held", lease="nobody"), 0)
        self.assertEqual(page.value("redis_stream_length", stream="stream"), 2)
        self.assertEqual(page.value("redis_stream_group_lag", group="readers"), 1)
        self.assertEqual(page.value("redis_stream_group_messages_pending", group="readers"), 1)
        redis.cli("SET", "lease", "pod-1", "EX", 100)
        tocsin.wait_until("the change of hands", lambda page: page.value(
            "redis_lease_holder_changes_total", lease="leader") == 1)
        tocsin.restart()
        tocsin.wait_until("the total after a restart", lambda page: page.has("redis_lease_held") and page.value(
            "redis_lease_holder_changes_total", lease="leader") == 1)

    def test_a_collection_is_one_read_of_the_server(self):
        redis = self.enter(Redis())
        tocsin = self.watch(redis, more="    keys:\n" + "".join(
            f"      - {{key: 'key:{number}', command: llen}}\n" for number in range(200)))

        def reads_and_collections():
            # Ours are counted by INFO, which each collection asks for once. Asking costs reads of its own.
            page = tocsin.page()
            return page.value("redis_reads_processed_total"), page.value("redis_commands_total", cmd="info")

        tocsin.wait_until("what commands cost", lambda page: page.has("redis_commands_total", cmd="info"))
        first = reads_and_collections()
        tocsin.wait_until("ten more collections",
                          lambda page: page.value("redis_commands_total", cmd="info") >= first[1] + 10)
        last = reads_and_collections()
        self.assertEqual(last[0] - first[0], last[1] - first[1])

    def test_a_replica(self):
        master = self.enter(Redis())
        replica = self.enter(Redis("--replicaof", "127.0.0.1", master.port))
        harness.wait_for("the replica to follow", lambda: replica.info("master_link_status") == "up")
        tocsin = self.watch(replica)
        labels = {"master_host": "127.0.0.1", "master_port": str(master.port)}
        page = tocsin.wait_until("the link", lambda page: page.value("redis_master_link_up", **labels) == 1)
        self.assertEqual(page.value("redis_instance_info", role="replica"), 1)
        watch_master = self.watch(master)
        watch_master.wait_until("its replica", lambda page: page.value("redis_connected_slaves") == 1
                                and page.has("redis_connected_slave_lag_seconds", slave_state="online"))
        master.stop()
        tocsin.wait_until("the broken link", lambda page: page.value("redis_master_link_up", **labels) == 0)
        self.assertEqual(tocsin.page().value("tocsin_collector_up"), 1)

    def test_an_acl_user_and_a_password_file_that_changes(self):
        redis = self.enter(Redis())
        secret = 'p@ss w"rd\\é'
        redis.cli("ACL", "SETUSER", "tocsin", "on", ">" + secret, "~*", "-@all", "+info", "+time", "+llen",
                  "+select", "+client|setname")
        with harness.temporary_folder() as folder:
            file = folder / "password"
            file.write_text("wrong\n", encoding="utf-8")
            tocsin = self.enter(Tocsin(config(
                redis, log_in=f", username: tocsin, password_file: {file}, database: 3",
                more="    keys: [{key: a, command: llen}, {key: b, command: get}]\n")))
            tocsin.wait_until("the refusal", lambda page: page.value("tocsin_collector_up") == 0
                              and page.value("tocsin_collector_errors_total", reason="auth") > 0)
            file.write_text(secret + "\n", encoding="utf-8")
            page = tocsin.wait_until_up()
            self.assertEqual(page.value("redis_key_size", db="db3", key="a"), 0)
            self.assertFalse(page.has("redis_key_value"))  # It may not GET.
            tocsin.wait_for_log("NOPERM")
            self.assertNotIn(secret, tocsin.log)
            redis.cli("ACL", "SETUSER", "tocsin", "resetpass", ">other")
            redis.cli("CLIENT", "KILL", "USER", "tocsin")
            tocsin.wait_until_up(0)
            file.write_text("other\n", encoding="utf-8")
            tocsin.wait_until_up()

    def test_a_password_without_a_user(self):
        redis = self.enter(Redis("--requirepass", "secret"))
        self.watch(redis, log_in=", password: secret")
        none = self.enter(Tocsin(config(redis)))
        none.wait_until("the refusal", lambda page: page.value("tocsin_collector_errors_total", reason="auth") > 0)

    def test_a_unix_socket(self):
        redis = self.enter(Redis())
        tocsin = self.enter(Tocsin("collectors:\n  - type: redis\n    interval: 200ms\n"
                                   f"    redis: {{host: {redis.folder / 'redis.sock'}}}\n"))
        tocsin.wait_until_up()

    def test_a_restarted_server(self):
        redis = self.enter(Redis())
        tocsin = self.watch(redis)
        redis.stop()
        tocsin.wait_until("down", lambda page: page.value("tocsin_collector_up") == 0
                          and page.value("tocsin_collector_errors_total", reason="connect") > 0)
        tocsin.wait_for_log("Connection refused")
        tocsin.wait_until("its series to go", lambda page: not page.has("redis_up"))
        redis.start()
        tocsin.wait_until_up()
        self.assertEqual(redis.connections(), 1)

    def test_a_paused_server_keeps_its_one_connection(self):
        redis = self.enter(Redis())
        tocsin = self.watch(redis)
        redis.suspend()
        self.addCleanup(redis.resume)
        tocsin.wait_until("late", lambda page: page.value("tocsin_collector_up") == 0
                          and page.value("tocsin_collector_errors_total", reason="timeout") > 0)
        failures = tocsin.page().value("tocsin_collector_errors_total", reason="timeout")
        deadline = time.monotonic() + harness.PATIENCE_SECONDS
        while tocsin.page().value("tocsin_collector_errors_total", reason="timeout") < failures + 2:
            self.assertLess(time.monotonic(), deadline, "no two more attempts")
            self.assertLessEqual(redis.sockets_of(tocsin.process.pid), 1)
        redis.resume()
        tocsin.wait_until_up()
        self.assertEqual(redis.connections(), 1)

    def test_a_server_that_is_none(self):
        hole = self.enter(harness.BlackHole())
        tocsin = self.enter(Tocsin(config(hole)))
        tocsin.wait_until("late", lambda page: page.value("tocsin_collector_errors_total", reason="timeout") > 0)
        self.assertLessEqual(sum(remote.endswith(f":{hole.port:04X}") for _, remote, _ in
                                 harness.sockets(tocsin.process.pid)), 1)
        page = self.enter(Tocsin(config(_Port(int(tocsin.url.rpartition(":")[2])))))
        # It closes the connection of whoever does not speak HTTP.
        page.wait_until("no Redis", lambda page: page.value("tocsin_collector_errors_total", reason="connect") > 0)

    def test_a_mistake_is_found_offline(self):
        with harness.temporary_folder() as folder:
            file = folder / "tocsin.yaml"
            file.write_text("collectors:\n  - type: redis\n    keys: [{key: a, command: smembers}]\n", encoding="utf-8")
            done = subprocess.run([harness.tocsin_binary, "check", "config", file], capture_output=True, text=True,
                                  check=False)
            self.assertEqual(done.returncode, 1)
            self.assertIn("tocsin.yaml:3:", done.stdout + done.stderr)


class _Port:
    def __init__(self, port):
        self.port = port


if __name__ == "__main__":
    unittest.main()
