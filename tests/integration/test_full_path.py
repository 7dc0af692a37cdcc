"""From a daemon that dies to a pager: the demo's Dagster, the shipped rules, Slack and PagerDuty."""
import json
import re
import signal
import subprocess

import harness
from harness import wait_for
from sink import FakePagerDuty, FakeSlack
from tocsin import Tocsin

ALERT = "DagsterDaemonUnavailable"

MORE = """
global: {{evaluation_interval: 1s, instance: demo}}  # The port changes with a restart.
rule_files: [dagster.yaml]
notify:
  route:
    receiver: nobody
    routes:
      - {{matchers: [alertname={alert}], receiver: team, group_by: [alertname, daemon_type], group_wait: 0s,
         group_interval: 1s}}
  receivers:
    - name: nobody
    - name: team
      slack_configs:
        - {{app_url: "{slack}/api/chat.postMessage", app_token: xoxb-1, channel: "#data", update_message: true}}
      pagerduty_configs:
        - {{url: "{pagerduty}/v2/enqueue", routing_key: 0123456789abcdef0123456789abcdef}}
"""


def quickstart():
    """What `tocsin` runs without a configuration."""
    return (harness.ROOT / "examples" / "quickstart.yaml").read_text(encoding="utf-8")


def shipped_rules():
    """The rules for Dagster in fast motion: nothing has to last."""
    text = (harness.ROOT / "alerts" / "dagster.yaml").read_text(encoding="utf-8")
    return re.sub(r"\b(for|keep_firing_for): \d\w+$", r"\1: 1s", text, flags=re.MULTILINE)


class FullPathTest(harness.TestCase):
    def setUp(self):
        self.slack, self.pagerduty = self.enter(FakeSlack()), self.enter(FakePagerDuty())
        self.tocsin = Tocsin(quickstart() + MORE.format(alert=ALERT, slack=self.slack.url,
                                                        pagerduty=self.pagerduty.url))
        (self.tocsin.folder / "dagster.yaml").write_text(shipped_rules(), encoding="utf-8")
        self.start_demo()
        self.enter(self.tocsin)

    def start_demo(self):
        """A Dagster that outlives tocsin."""
        demo = harness.Process([harness.tocsin_binary, "demo", "--folder", "data/quickstart/dagster"],
                               cwd=self.tocsin.folder)
        self.addCleanup(demo.end)
        demo.find("demo started", "the demo to start")

    def revive(self):
        done = subprocess.run([harness.tocsin_binary, "demo", "--revive", "--folder", "data/quickstart/dagster"],
                              cwd=self.tocsin.folder, text=True, capture_output=True, check=False,
                              timeout=harness.PATIENCE_SECONDS)
        self.assertEqual(done.returncode, 0, done.stderr)

    def firing(self):
        answer = json.loads(self.tocsin.get("/api/v1/alerts").text)
        return [alert for alert in answer["data"]["alerts"]
                if alert["labels"]["alertname"] == ALERT and alert["state"] == "firing"]

    def all_sent(self):
        return self.tocsin.outbox() == 0

    def evaluations(self):
        return sum(value for labels, value in self.tocsin.page().series("tocsin_rule_evaluations_total")
                   if labels["rule_group"].endswith(";dagster-daemons"))

    def wait_for_evaluations(self):
        """Until the rules were evaluated a few times more, and what came of that was sent."""
        before = self.evaluations()
        wait_for("some evaluations", lambda: self.evaluations() > before + 20)
        wait_for("an empty outbox", self.all_sent)

    def test_a_dead_daemon_pages_once_and_resolves_once(self):
        wait_for("a page", self.pagerduty.incidents)
        wait_for("a message", self.slack.messages)
        wait_for("an empty outbox", self.all_sent)
        [fired] = self.firing()
        self.assertEqual(fired["labels"]["daemon_type"], "SENSOR")

        self.tocsin.restart(signal.SIGKILL)
        [again] = wait_for("the alert", self.firing)
        self.assertEqual(again["activeAt"], fired["activeAt"])
        self.wait_for_evaluations()
        self.assertEqual([(each["triggers"], each["resolved"]) for each in self.pagerduty.incidents()], [(1, False)])
        [message] = self.slack.messages()
        self.assertIn("SENSOR", json.dumps(message))
        self.assertNotIn("resolved", json.dumps(message).lower())

        self.revive()
        wait_for("the end of the page", lambda: self.pagerduty.incidents()[0]["resolved"])
        wait_for("the end of the message", lambda: "resolved" in json.dumps(self.slack.messages()[0]).lower())
        self.wait_for_evaluations()
        self.assertEqual([(each["triggers"], each["resolved"]) for each in self.pagerduty.incidents()], [(1, True)])
        self.assertEqual(len(self.pagerduty.requests()), 2)
        self.assertEqual(len(self.slack.messages()), 1)
