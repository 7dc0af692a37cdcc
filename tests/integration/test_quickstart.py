"""What `tocsin serve` does without a configuration: the demo, as a child process."""
import os
import pathlib
import signal
import subprocess
import time

import harness
from harness import wait_for
from prometheus import promtool_findings
from tocsin import Tocsin


def children(pid):
    """The processes whose parent is `pid`."""
    found = []
    for stat in pathlib.Path("/proc").glob("[0-9]*/stat"):
        try:
            fields = stat.read_text(encoding="utf-8", errors="replace").rpartition(")")[2].split()
        except OSError:
            continue  # It has ended meanwhile.
        if int(fields[1]) == pid and fields[0] != "Z":
            found.append(int(stat.parent.name))
    return found


def has_ended(pid):
    """Whether a process is gone, or is a corpse that nobody has buried yet."""
    try:
        return pathlib.Path(f"/proc/{pid}/stat").read_text(encoding="utf-8").rpartition(")")[2].split()[0] == "Z"
    except OSError:
        return True


class QuickstartTest(harness.TestCase):
    def start(self):
        tocsin = self.enter(Tocsin())
        [demo] = children(tocsin.process.pid)
        return tocsin, demo

    def test_one_daemon_is_dead_and_can_be_revived(self):
        def silence(page):
            beats = page.values("dagster_daemon_last_heartbeat_timestamp_seconds", "daemon_type")
            return {daemon: time.time() - at for daemon, at in beats.items()}

        tocsin, _ = self.start()
        page = tocsin.wait_until_up()
        self.assertEqual([daemon for daemon, seconds in silence(page).items() if seconds > 120], ["SENSOR"])
        command = tocsin.process.find(r'bring it back with: ([^"]*)"', "the command")[1]  # As the log says it.
        revived = subprocess.run(command.split(), cwd=tocsin.folder, check=False,
                                 capture_output=True, text=True, timeout=harness.PATIENCE_SECONDS)
        self.assertEqual(revived.returncode, 0, revived.stderr)
        tocsin.wait_until("a living daemon", lambda page: silence(page)["SENSOR"] < 60)

    def test_the_bell_rings_in_the_terminal_until_the_daemon_lives(self):
        def says(beginning):
            return any(line.startswith(f"{beginning} DagsterDaemonUnavailable (SENSOR") for line in tocsin.log.splitlines())

        tocsin, _ = self.start()
        wait_for("the bell", lambda: says("[FIRING:1]"), 90)
        self.assertNotIn("DagsterDaemonHeartbeatLate", tocsin.log)  # A warning is on the page only.
        self.assertEqual(promtool_findings(tocsin.page().text), (0, ""))
        revived = subprocess.run([harness.tocsin_binary, "demo", "--revive"], cwd=tocsin.folder, check=False,
                                 capture_output=True, timeout=harness.PATIENCE_SECONDS)
        self.assertEqual(revived.returncode, 0)
        wait_for("it to be over", lambda: says("[RESOLVED]"), 90)

    def test_the_demo_stops_with_tocsin_and_at_once(self):
        tocsin, demo = self.start()
        began = time.monotonic()
        tocsin.process.send(signal.SIGTERM)
        self.assertEqual(tocsin.process.wait(), 0, tocsin.log)
        # Far below the 3 seconds after which a demo that does not listen is stopped by force.
        self.assertLess(time.monotonic() - began, 2)
        self.assertTrue(has_ended(demo))

    def test_the_demo_dies_with_a_tocsin_that_is_killed(self):
        tocsin, demo = self.start()
        tocsin.process.send(signal.SIGKILL)
        tocsin.process.wait()
        wait_for("the demo to end", lambda: has_ended(demo))
        tocsin.start()  # In the same folder, where the first has left everything lying about.
        tocsin.wait_until_up()

    def test_a_demo_that_hangs_does_not_hold_up_the_end(self):
        tocsin, demo = self.start()
        os.kill(demo, signal.SIGSTOP)
        began = time.monotonic()
        tocsin.process.send(signal.SIGTERM)
        self.assertEqual(tocsin.process.wait(), 0, tocsin.log)
        self.assertLess(time.monotonic() - began, 5)
        self.assertTrue(has_ended(demo))

    def test_a_second_one_in_the_same_folder_is_refused(self):
        tocsin, demo = self.start()
        second = subprocess.run([harness.tocsin_binary, "serve", "--listen", "127.0.0.1:0"], cwd=tocsin.folder,
                                check=False, capture_output=True, text=True, timeout=harness.PATIENCE_SECONDS)
        self.assertEqual(second.returncode, 1)
        self.assertIn("already running in data/quickstart/dagster", second.stderr)
        self.assertIn("another folder", second.stderr)
        self.assertFalse(has_ended(demo))
        tocsin.wait_until_up()
