"""Containers, as the collector `container` shows them: groups of this machine's kernel, made for the test."""
import contextlib
import pathlib
import secrets
import subprocess
import sys
import time
import unittest

import harness
from tocsin import Tocsin

CGROUPS = pathlib.Path("/sys/fs/cgroup")
MEGABYTE = 1 << 20


class Group:
    """A control group as a runtime would make it, with a process that does as it is told."""

    def __init__(self):
        self.id = secrets.token_hex(32)
        self.parent = f"tocsin-test-{secrets.token_hex(4)}"
        self.path = f"/{self.parent}/{self.id}"
        self._process = None
        self._unified = (CGROUPS / "cgroup.controllers").exists()
        trees = [""] if self._unified else ["memory", "cpu", "cpuacct", "pids"]
        self._trees = {tree: CGROUPS / tree for tree in trees}

    def __enter__(self):
        try:
            for tree in self._trees.values():
                (tree / self.parent).mkdir(exist_ok=True)
                if self._unified:
                    (tree / self.parent / "cgroup.subtree_control").write_text("+cpu +memory +pids")
                (tree / self.path[1:]).mkdir(exist_ok=True)
        except OSError as error:
            self.__exit__()
            raise unittest.SkipTest(f"no control groups can be made here: {error}") from error
        return self

    def __exit__(self, *_):
        self.kill()
        for tree in self._trees.values():
            for folder in (tree / self.path[1:], tree / self.parent):
                with contextlib.suppress(OSError):
                    folder.rmdir()

    def read(self, tree, file):
        return (self._trees["" if self._unified else tree] / self.path[1:] / file).read_text()

    def write(self, tree, file, text):
        (self._trees["" if self._unified else tree] / self.path[1:] / file).write_text(text)

    def limit(self, memory=None, quota=None):
        if self._unified:
            if memory:
                self.write("memory", "memory.max", str(memory))
            if quota:
                self.write("cpu", "cpu.max", f"{quota} 100000")
            return
        if memory:
            self.write("memory", "memory.limit_in_bytes", str(memory))
        if quota:
            self.write("cpu", "cpu.cfs_quota_us", str(quota))

    def run(self, program):
        """Runs a Python program in the group. It says that it is ready by a line; its standard input stays open."""
        joined = "; ".join(f"open({str(tree / self.path[1:] / 'cgroup.procs')!r}, 'w').write(str(os.getpid()))"
                           for tree in self._trees.values())
        self._process = subprocess.Popen(
            [sys.executable, "-c", f"import os\n{joined}\n{program}"], stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        return self._process

    def kill(self):
        if self._process is None:
            return
        self._process.kill()
        self._process.wait()
        self._process.stdin.close()
        self._process.stdout.close()
        self._process = None
        # Members leave a moment after they have ended.
        harness.wait_for("the group to be empty", lambda: not self.read("memory", "cgroup.procs"))


class ContainerTest(harness.TestCase):
    def setUp(self):
        self.group = self.enter(Group())
        self.labels = {"id": self.group.path, "name": self.group.id, "container": "guinea-pig"}
        self.tocsin = self.enter(Tocsin(
            "storage: {path: state}\ncollectors:\n  - {type: container, interval: 1s, timeout: 1s, "
            f"names: {{{self.group.id[:12]}: guinea-pig}}}}\n"))

    def wait_until(self, what, condition):
        """A page on which condition(value) holds, where value(metric) is that of the group, or None."""
        def holds(page):
            def value(metric):
                found = page.series(f"container_{metric}", **self.labels)
                return found[0][1] if found else None
            return condition(value)
        return self.tocsin.wait_until(what, holds)

    def value(self, page, metric):
        return page.value(f"container_{metric}", **self.labels)

    def test_memory_and_its_limit(self):
        self.group.limit(memory=200 * MEGABYTE)
        began = time.time()
        process = self.group.run(f"held = bytearray(os.urandom({MEGABYTE})) * 50\nprint('ready', flush=True)\n"
                                 "os.read(0, 1)")
        process.stdout.readline()
        page = self.wait_until("the memory", lambda value: (value("memory_rss") or 0) > 50 * MEGABYTE)
        self.assertLess(self.value(page, "memory_rss"), 100 * MEGABYTE)
        self.assertGreaterEqual(self.value(page, "memory_usage_bytes"), self.value(page, "memory_rss"))
        self.assertGreater(self.value(page, "memory_working_set_bytes"), 50 * MEGABYTE)
        self.assertLessEqual(self.value(page, "memory_working_set_bytes"), self.value(page, "memory_usage_bytes"))
        self.assertEqual(self.value(page, "spec_memory_limit_bytes"), 200 * MEGABYTE)
        self.assertEqual(self.value(page, "processes"), 1)
        self.assertGreaterEqual(self.value(page, "threads"), 1)
        self.assertEqual(self.value(page, "oom_events_total"), 0)
        # The kernel knows when it was started to a second.
        self.assertAlmostEqual(self.value(page, "start_time_seconds"), began, delta=30)
        self.assertAlmostEqual(self.value(page, "last_seen"), time.time(), delta=30)

    def test_no_limit_is_zero_or_absent(self):
        self.group.run("os.read(0, 1)")
        page = self.wait_until("the process", lambda value: value("processes") == 1)
        self.assertEqual(self.value(page, "spec_memory_limit_bytes"), 0)
        for metric in ("spec_cpu_quota", "spec_cpu_period", "cpu_cfs_periods_total", "cpu_cfs_throttled_seconds_total"):
            self.assertFalse(page.has(f"container_{metric}", **self.labels), metric)

    def test_processor_time_and_throttling(self):
        self.group.limit(quota=20000)
        self.group.run("while True: pass")
        page = self.wait_until("throttling", lambda value: (value("cpu_cfs_throttled_periods_total") or 0) >= 5)
        self.assertEqual(self.value(page, "spec_cpu_quota"), 20000)
        self.assertEqual(self.value(page, "spec_cpu_period"), 100000)
        self.assertGreaterEqual(self.value(page, "cpu_cfs_periods_total"),
                                self.value(page, "cpu_cfs_throttled_periods_total"))
        self.assertGreater(self.value(page, "cpu_cfs_throttled_seconds_total"), 0)
        used = self.value(page, "cpu_usage_seconds_total")
        self.assertGreater(used, 0.05)
        # User and system time are counted in ticks, and apart.
        parts = self.value(page, "cpu_user_seconds_total") + self.value(page, "cpu_system_seconds_total")
        self.assertAlmostEqual(parts, used, delta=used / 2 + 0.1)
        self.wait_until("more of it", lambda value: value("cpu_usage_seconds_total") > used)

    def test_a_kill_for_want_of_memory_is_counted(self):
        self.group.limit(memory=30 * MEGABYTE)
        before = self.wait_until("the group", lambda value: value("oom_events_total") is not None)
        self.assertEqual(self.value(before, "oom_events_total"), 0)
        process = self.group.run(f"held = [os.urandom({MEGABYTE}) for _ in range(500)]")
        self.assertEqual(process.wait(harness.PATIENCE_SECONDS), -9)
        self.wait_until("the event", lambda value: value("oom_events_total") == 1)

    def test_a_container_that_ends_is_gone_without_an_error(self):
        self.group.run("os.read(0, 1)")
        self.wait_until("the process", lambda value: value("processes") == 1)
        self.group.__exit__()
        page = self.wait_until("its end", lambda value: value("processes") is None)
        self.assertFalse(page.has("container_memory_usage_bytes", **self.labels))
        self.assertEqual(page.value("tocsin_collector_up"), 1)
        self.assertEqual(sum(page.values("tocsin_collector_errors_total", "reason").values()), 0)
