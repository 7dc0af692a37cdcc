"""The machine itself, as the collector `host` shows it: beside what node_exporter says, and what the kernel says."""
import os
import re
import time

import harness
from exposition import Page
from tocsin import Tocsin

# What this collector has and Debian's node_exporter is too old for.
NEWER = {"node_netstat_TcpExt_TCPOFOQueue", "node_netstat_TcpExt_TCPRcvQDrop",
         "node_pressure_irq_stalled_seconds_total", "node_memory_Unaccepted_bytes"}

# What does not change while a test runs.
CONSTANTS = ["node_boot_time_seconds", "node_filefd_maximum", "node_memory_MemTotal_bytes", "node_memory_SwapTotal_bytes",
             "node_memory_Hugepagesize_bytes", "node_memory_VmallocTotal_bytes", "node_filesystem_size_bytes",
             "node_filesystem_files", "node_filesystem_readonly", "node_filesystem_device_error", "node_network_up",
             "node_uname_info", "node_netstat_Ip_Forwarding"]

# What goes up and down, and by how much it may while a test runs, as a part of all that there is.
SIZES = {"node_memory_MemFree_bytes": "node_memory_MemTotal_bytes",
         "node_memory_MemAvailable_bytes": "node_memory_MemTotal_bytes",
         "node_memory_Cached_bytes": "node_memory_MemTotal_bytes"}

# Unlike its type, which is unknown, these do not only grow.
NOT_GROWING = {"node_netstat_Tcp_CurrEstab", "node_netstat_Ip_Forwarding"}


class NodeExporter:
    """A real node_exporter, with the choices of devices that tocsin has."""

    def __enter__(self):
        program = harness.need("prometheus-node-exporter")
        self._port = harness.free_port()
        self._process = harness.Process([
            program, f"--web.listen-address=127.0.0.1:{self._port}", "--no-collector.netdev.netlink",
            # Debian leaves out more than the project does.
            "--collector.netdev.device-exclude=^$",
            "--collector.filesystem.mount-points-exclude=^/(dev|proc|run/credentials/.+|sys|var/lib/docker/.+"
            "|var/lib/containers/storage/.+)($|/)",
            r"--collector.diskstats.device-exclude=^(z?ram|loop|fd|(h|s|v|xv)d[a-z]|nvme\d+n\d+p)\d+$"])
        try:
            harness.wait_for("node_exporter", self.page)
        except BaseException:
            self._process.end()
            raise
        return self

    def __exit__(self, *_):
        self._process.end()

    def page(self):
        # It also writes numbers like 1.5e+09, which float() reads as well.
        return Page(harness.http("GET", f"http://127.0.0.1:{self._port}/metrics").text)


def types(page):
    """{family: type}"""
    return dict(re.findall(r"^# TYPE (\S+) (\S+)$", page.text, re.MULTILINE))


def label_sets(page, name):
    # An empty label is no label.
    return {frozenset((label, value) for label, value in labels.items() if value)
            for labels, _ in page.series(name)}


def host(more="", interval="1s"):
    return f"storage: {{path: state}}\ncollectors:\n  - {{type: host, interval: {interval}, timeout: {interval}{more}}}\n"


class HostTest(harness.TestCase):
    def started(self, config):
        tocsin = self.enter(Tocsin(config))
        tocsin.wait_until_up()
        return tocsin

    def fresh_page(self, tocsin):
        """A page that was collected after this call."""
        now = time.time()
        return tocsin.wait_until("a new collection", lambda page: page.value("node_time_seconds") > now)

    def test_node_exporter_says_the_same(self):
        exporter = self.enter(NodeExporter())
        tocsin = self.started(host())
        before = exporter.page()
        page = self.fresh_page(tocsin)
        after = exporter.page()
        ours = {name: kind for name, kind in types(page).items() if name.startswith("node_")}
        theirs = types(after)
        self.assertGreater(len(ours), 100)
        # There may be no disk, no huge page, no pressure information here; but what is here is known to both.
        self.assertLessEqual(set(ours) - set(theirs), NEWER)
        for name in sorted(set(ours) & set(theirs)):
            with self.subTest(name):
                self.assertEqual(ours[name], theirs[name])
                self.assertEqual(label_sets(page, name), label_sets(after, name))
        for name in CONSTANTS:
            with self.subTest(name):
                for labels, value in after.series(name):
                    self.assertEqual(page.value(name, **labels), value, labels)
        for name, whole in SIZES.items():
            with self.subTest(name):
                self.assertAlmostEqual(page.value(name), after.value(name), delta=after.value(whole) / 4)
        for name, kind in ours.items():
            if kind not in ("counter", "untyped") or name in NOT_GROWING or name not in theirs:
                continue
            with self.subTest(name):
                for labels, value in page.series(name):
                    # One tick: they do not round alike.
                    self.assertGreaterEqual(value, before.value(name, **labels) * (1 - 1e-9) - 0.011, labels)
                    self.assertLessEqual(value, after.value(name, **labels) * (1 + 1e-9) + 0.011, labels)

    def test_the_kernel_says_the_same(self):
        page = self.fresh_page(self.started(host()))
        self.assertTrue(page.has("node_load1"))
        status = os.statvfs("/")
        [root] = [value for labels, value in page.series("node_filesystem_size_bytes") if labels["mountpoint"] == "/"]
        self.assertEqual(root, status.f_blocks * status.f_frsize)
        name = os.uname()
        self.assertTrue(page.has("node_uname_info", nodename=name.nodename, release=name.release, machine=name.machine))
        self.assertEqual(len(page.series("node_cpu_seconds_total", mode="idle")), os.sysconf("SC_NPROCESSORS_ONLN"))

    def test_busy_time_is_counted(self):
        tocsin = self.started(host())

        def busy(page):
            return sum(value for labels, value in page.series("node_cpu_seconds_total") if labels["mode"] != "idle")

        before = busy(self.fresh_page(tocsin))
        began = time.process_time()
        while time.process_time() - began < 0.5:
            pass
        self.assertGreaterEqual(busy(self.fresh_page(tocsin)) - before, 0.4)

    def test_text_files_come_and_go(self):
        with harness.temporary_folder() as folder:
            tocsin = self.started(host(f", textfile: {{directory: {folder}}}"))
            file = folder / "backup.prom"
            file.write_text('# HELP backup_bytes Size.\n# TYPE backup_bytes gauge\nbackup_bytes{kind="full"} 7\n')
            page = tocsin.wait_until("the metric", lambda page: page.has("backup_bytes"))
            self.assertEqual(page.value("backup_bytes", kind="full"), 7)
            self.assertEqual(types(page)["backup_bytes"], "gauge")
            self.assertAlmostEqual(page.value("node_textfile_mtime_seconds", file=str(file)), file.stat().st_mtime, 3)
            file.write_text('backup_bytes{kind="full"} 7\nbackup_bytes{kind="fu')
            page = tocsin.wait_until("the error", lambda page: page.value("node_textfile_scrape_error") == 1)
            self.assertFalse(page.has("backup_bytes"))
            self.assertEqual(page.value("tocsin_collector_up"), 1)
            file.unlink()
            tocsin.wait_until("the end of the error", lambda page: page.value("node_textfile_scrape_error") == 0)
