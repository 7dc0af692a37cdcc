#!/usr/bin/env python3
"""messages.py [--tocsin BINARY] [--seconds N] [--folder FOLDER]: draws docs/images/messages, what messages look like.

tocsin watches the quickstart's Dagster, one daemon of which is dead, with the shipped rules; after N seconds it tells a
receiver of each kind, which this script plays. Then the daemon is revived. What was sent is drawn in Chromium: cards of
Teams by Microsoft's library, mails by the browser, Slack's blocks by slack.mjs, which fails at what it does not know.
Charts of the last hour have a value for each two minutes: those in docs/ were drawn with --seconds 960.
"""
import contextlib
import json
import subprocess
import sys
import time

from drawing import ROOT, draw, options_of  # Makes known where the rest is.

import harness
from sink import Answer, HttpSink, SmtpSink
from tocsin import Tocsin

PICTURES = ROOT / "docs" / "images" / "messages"
DAGSTER = "data/quickstart/dagster"
# What each message has, whatever it looks like.
SUMMARY = "A Dagster daemon has gone silent."
FACTS = {"firing": (SUMMARY, "SENSOR", "120", "\N{FULL BLOCK}", "Runbook", "Alert", "Silence"),
         "resolved": (SUMMARY, "SENSOR", "was", "120", "until", "Runbook", "Alert")}
NOT_THERE = {"firing": ("until",), "resolved": ("Silence",)}
MORE = """
global: {{evaluation_interval: 1s, instance: "tocsin:10061"}}
rule_files: [rules/dagster.yaml]
rule_policies: [{{alert: DagsterDaemonUnavailable, for: {seconds}s, keep_firing_for: 1s}}]
notify:
  global: {{smtp_smarthost: "{smtp}", smtp_from: tocsin@example.org, smtp_require_tls: false}}
  route:
    receiver: nobody
    routes:
      - {{matchers: [alertname=DagsterDaemonUnavailable], receiver: team, group_by: [alertname], group_wait: 0s,
         group_interval: 1s}}
  receivers:
    - name: nobody
    - name: team
      slack_configs: [{{api_url: "{http}/slack", send_resolved: true}}]
      msteamsv2_configs: [{{webhook_url: "{http}/teams"}}]
      email_configs: [{{to: team@example.org, send_resolved: true}}]
"""


def config(http, smtp, seconds):
    quickstart = (ROOT / "examples" / "quickstart.yaml").read_text(encoding="utf-8")
    named = quickstart.replace("server:\n", "server:\n  external_url: https://tocsin.example.org\n")
    assert named != quickstart
    return named + MORE.format(http=http.url, smtp=smtp.address, seconds=seconds)


def run(folder, *arguments):
    subprocess.run([harness.tocsin_binary, *arguments], cwd=folder, check=True, stdout=subprocess.DEVNULL)


def parts(mail):
    """Of a mail, what its reader sees."""
    shown = {name: str(mail.message[name]) for name in ("Subject", "From", "To")}
    return {**shown, "html": mail.message.get_body(("html",)).get_content()}


def sent(http, smtp, count):
    """{kind: the last message}, once each has come so many times."""
    posts = {kind: http.requests(f"/{kind}") for kind in ("slack", "teams")}
    mails = smtp.mails()
    if any(len(each) < count for each in (*posts.values(), mails)):
        return None
    return {**{kind: each[count - 1].json() for kind, each in posts.items()}, "mail": parts(mails[count - 1])}


@contextlib.contextmanager
def demo(folder):
    """The quickstart's Dagster."""
    process = harness.Process([harness.tocsin_binary, "demo", "--folder", DAGSTER], cwd=folder)
    try:
        process.find("demo started", "the demo to start")
        yield
    finally:
        process.end()


def messages(seconds):
    """{name of a picture: what message.js draws}"""
    pictures = {}
    with HttpSink() as http, SmtpSink() as smtp, harness.temporary_folder() as folder:
        http.plan("/slack", Answer(body=b"ok"))
        run(folder, "generate", "rules", "--pack", "dagster", "-o", "rules",
            "--runbook-url", "https://runbooks.example.org")
        with demo(folder), Tocsin(config(http, smtp, seconds), folder):
            for count, state in enumerate(("firing", "resolved"), start=1):
                found = harness.wait_for(f"messages: {state}", lambda: sent(http, smtp, count), seconds + 60)
                for kind, content in found.items():
                    pictures[f"{kind}-{state}"] = {"kind": kind, "sent": content, "at": time.time()}
                run(folder, "demo", "--revive", "--folder", DAGSTER)
    return pictures


def main():
    options = options_of(__doc__, PICTURES, seconds=150)
    drawn = messages(int(options.seconds))
    for name, picture in drawn.items():
        text = json.dumps(picture["sent"], ensure_ascii=False)
        state = name.rpartition("-")[2]
        missing = [fact for fact in FACTS[state] if fact not in text]
        assert not missing, f"{name} has no {', '.join(missing)}: {text}"
        wrong = [fact for fact in NOT_THERE[state] if fact in text]
        assert not wrong, f"{name} has {', '.join(wrong)}: {text}"
    draw("message.js", drawn, options.folder)
    return 0


if __name__ == "__main__":
    sys.exit(main())
