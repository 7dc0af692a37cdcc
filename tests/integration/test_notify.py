"""The built-in notifier in the real process: amtool, receivers that fail, kills, silences, reloads, mail."""
import dataclasses
import email.utils
import json
import pathlib
import signal
import subprocess
import time
import urllib.parse

import alertmanager
import harness
import remote_write
from alertmanager import Alertmanager
from harness import wait_for
from sink import Answer, FakePagerDuty, HttpSink, SmtpSink, certificate
from tocsin import Tocsin

EVENT_HEADER = "idempotency-key"  # As webhooks have it, in lower case.
QUICK = {"group_wait": "0s", "group_interval": "1s", "repeat_interval": "1h"}


def api(tocsin, path):
    answer = json.loads(tocsin.get(f"/api/v1/{path}").text)
    if answer["status"] != "success":
        raise AssertionError(answer)
    return answer["data"]


def history(tocsin, receiver):
    """What became of the notifications for a receiver, oldest first."""
    query = urllib.parse.urlencode({"receiver": receiver, "limit": 1000})
    return api(tocsin, f"tocsin/notifications?{query}")["notifications"][::-1]


def dead_letters(tocsin):
    return api(tocsin, "tocsin/dead-letters")["deadLetters"]


def alert(name, **labels):
    return {"labels": {"alertname": name, **labels}}


def names(request):
    """The alerts that a webhook's notification is about."""
    return [each["labels"]["alertname"] for each in request.json()["alerts"]]


class NotifyTestCase(harness.TestCase):
    def start(self, notify, files=None, **more):
        """A tocsin with that configuration: JSON is YAML."""
        tocsin = Tocsin(json.dumps({"storage": {"path": "state"}, "notify": notify, **more}))
        for name, text in (files or {}).items():
            (tocsin.folder / name).write_text(text, encoding="utf-8")
        return self.enter(tocsin)

    def wait_for_names(self, sink, path, *wanted):
        """Until exactly these alerts were told of, in whatever order."""
        def told():
            return [name for request in sink.requests(path) for name in names(request)]
        wait_for(f"{wanted} at {path}", lambda: len(told()) >= len(wanted))
        self.assertEqual(sorted(told()), sorted(wanted))


@dataclasses.dataclass(frozen=True)
class Fault:
    """What a receiver answers at first, and what becomes of the notification: "delivered" at once, "retried" and then
    delivered, or "given_up"; and by which reason the failure is counted."""
    name: str
    answer: Answer
    outcome: str
    reason: str = ""
    pause: float = 0  # Seconds until the next attempt, at least.


FAULTS = [
    Fault("fine", Answer(200), "delivered"),
    Fault("accepted", Answer(202, b"queued"), "delivered"),
    *(Fault(str(status), Answer(status, b"no"), "given_up", reason)
      for status, reason in ((400, "invalid"), (401, "auth"), (403, "auth"), (404, "invalid"), (410, "invalid"),
                             (302, "invalid"))),
    *(Fault(str(status), Answer(status, b"not now"), "retried", reason)
      for status, reason in ((408, "timeout"), (500, "server"), (502, "server"), (503, "server"))),
    Fault("seconds", Answer(429, headers={"Retry-After": "3"}), "retried", "rate_limit", pause=3),
    Fault("date", Answer(429, headers={"Retry-After": email.utils.formatdate(time.time() + 3600, usegmt=True)}),
          "retried", "rate_limit"),
    Fault("hang", Answer(how="never"), "retried", "timeout"),
    Fault("drip", Answer(how="drip"), "retried", "timeout"),
    Fault("early", Answer(how="none"), "retried", "unreachable"),
    Fault("cut", Answer(body=b"x" * 1000, how="cut"), "retried", "unreachable"),
    Fault("reset", Answer(how="reset"), "retried", "unreachable"),
]


class FaultsTest(NotifyTestCase):
    def setUp(self):
        self.sink = self.enter(HttpSink())
        self.closed = self.enter(HttpSink())
        self.closed.close()
        folder = self.enter(harness.temporary_folder())
        self.tls = certificate(folder)
        self.secure = self.enter(HttpSink(tls=self.tls))
        trusted = {"http_config": {"tls_config": {"ca_file": str(self.tls[0])}}}
        hooks = {fault.name: {"url": f"{self.sink.url}/{fault.name}"} for fault in FAULTS}
        hooks |= {"refused": {"url": f"{self.closed.url}/refused"},
                  "unknown authority": {"url": f"{self.secure.url}/unknown"},
                  "known authority": {"url": f"{self.secure.url}/known", **trusted}}
        self.tocsin = self.start({
            "route": {"receiver": "rest", **QUICK, "routes": [
                {"receiver": name, "matchers": [f'fault="{name}"']} for name in hooks]},
            "receivers": [{"name": "rest"}, *({"name": name, "webhook_configs": [{"timeout": "1s", **hook}]}
                                              for name, hook in hooks.items())]})
        self.hooks = hooks

    def test_a_receiver_that_fails(self):
        date = int(time.time()) + 4
        for fault in FAULTS:
            answer = fault.answer
            if fault.name == "date":
                answer = Answer(429, headers={"Retry-After": email.utils.formatdate(date, usegmt=True)})
            rest = [Answer()] if fault.outcome == "retried" else []
            self.sink.plan(f"/{fault.name}", answer, *rest)
        alertmanager.post_alerts(self.tocsin.url, [alert("A", fault=name) for name in self.hooks])
        # Nobody waits for those that hang, drip, refuse or pause.
        fine = wait_for("a notification", lambda: self.sink.requests("/fine"))[0]
        known = wait_for("one over TLS", lambda: self.secure.requests("/known"))[0]
        slow = wait_for("the last retry", lambda: len(self.sink.requests("/date")) > 1 and self.sink.requests("/date"))
        for early in (fine, known):
            self.assertLess(early.at, slow[-1].at - 1)
        self.assertGreaterEqual(slow[-1].at, date - 0.002)  # Its clocks count in milliseconds.

        for fault in FAULTS:
            with self.subTest(fault=fault.name):
                self.check(fault)
        wait_for("one that is refused", lambda: self.states("refused"))
        wait_for("one that is not trusted", lambda: self.states("unknown authority"))
        self.assertEqual(set(self.states("refused") + self.states("unknown authority")), {"retried"})
        self.assertEqual(self.secure.requests("/unknown"), [])
        self.closed.open()
        wait_for("one that is refused no more", lambda: self.states("refused")[-1] == "delivered")
        self.check_dead_letters()

    def states(self, receiver):
        return [record["state"] for record in history(self.tocsin, receiver)]

    def check(self, fault):
        wanted = {"delivered": ["delivered"], "given_up": ["given_up"], "retried": ["retried", "delivered"]}
        wait_for("its history", lambda: len(self.states(fault.name)) >= len(wanted[fault.outcome]))
        self.assertEqual(self.states(fault.name), wanted[fault.outcome])
        requests = self.sink.requests(f"/{fault.name}")
        self.assertEqual(len(requests), len(wanted[fault.outcome]))
        self.assertEqual(len({request.headers[EVENT_HEADER] for request in requests}), 1)
        self.assertEqual(len({request.body for request in requests}), 1)
        if fault.pause:
            # Its clocks count in milliseconds.
            self.assertGreaterEqual(requests[1].at - requests[0].at, fault.pause - 0.002)
        failures = {labels["reason"]: value for labels, value in self.tocsin.page().series(
            "tocsin_notifications_failed_total", receiver=fault.name) if value}
        self.assertEqual(failures, {fault.reason: 1} if fault.reason else {})

    def check_dead_letters(self):
        given_up = sorted(fault.name for fault in FAULTS if fault.outcome == "given_up")
        letters = dead_letters(self.tocsin)
        self.assertEqual(sorted(letter["receiver"] for letter in letters), given_up)
        self.tocsin.restart()
        self.assertEqual(sorted(letter["receiver"] for letter in dead_letters(self.tocsin)), given_up)


class KillTest(NotifyTestCase):
    def test_what_waits_or_is_under_way_arrives(self):
        refusing, slow, pager = self.enter(HttpSink()), self.enter(HttpSink()), self.enter(FakePagerDuty())
        tocsin = self.start({
            "route": {"receiver": "all", "group_by": ["alertname"], **QUICK},
            "receivers": [{"name": "all", "webhook_configs": [{"url": f"{refusing.url}/"}, {"url": f"{slow.url}/"}],
                           "pagerduty_configs": [{"routing_key": "0123456789abcdef0123456789abcdef",
                                                  "url": f"{pager.url}/v2/enqueue"}]}]},
            server={"external_url": "http://tocsin"})  # The port changes with a restart.
        alertmanager.post_alerts(tocsin.url, [alert("Before")])
        for sink in (refusing, slow, pager):
            wait_for("a first notification", sink.requests)
        wait_for("its history", lambda: len(history(tocsin, "all")) == 3)
        refusing.close()
        slow.hold()
        pager.hold()
        alertmanager.post_alerts(tocsin.url, [alert("A")])
        # Two have what they are asked for and have not said so; one cannot be reached.
        for sink in (slow, pager):
            wait_for("a second notification", lambda sink=sink: len(sink.requests()) == 2)
        wait_for("a failure", lambda: "retried" in [record["state"] for record in history(tocsin, "all")])
        tocsin.process.end(signal.SIGKILL)
        slow.release()
        pager.release()
        refusing.open()
        tocsin.start()
        for sink, number in ((refusing, 2), (slow, 3), (pager, 3)):
            wait_for("what was not known to have arrived", lambda s=sink, n=number: len(s.requests()) >= n)
        alertmanager.post_alerts(tocsin.url, [alert("After")])  # By then nothing else is on its way.
        wait_for("another notification", lambda: "After" in names(slow.requests()[-1]))
        self.wait_for_names(refusing, "/", "Before", "A", "After")
        self.wait_for_names(slow, "/", "Before", "A", "A", "After")
        first, second = slow.requests()[1:3]
        self.assertEqual(first.headers[EVENT_HEADER], second.headers[EVENT_HEADER])
        self.assertEqual(first.body, second.body)
        wait_for("three incidents", lambda: len(pager.incidents()) == 3)
        self.assertEqual([incident["triggers"] for incident in pager.incidents()], [1, 2, 1])

    def test_a_burst_loses_nothing_and_repeats_under_the_same_key(self):
        early, burst = 1000, 10_000
        sink = self.enter(HttpSink())
        rule = {"alert": "Burst", "expr": "load > 10", "keep_firing_for": "5m"}  # Samples are missing at the restart.
        tocsin = self.start(
            {"route": {"receiver": "hook", **QUICK, "group_by": ["..."]},
             "receivers": [{"name": "hook", "webhook_configs": [{"url": f"{sink.url}/"}]}]},
            {"rules.yml": json.dumps({"groups": [{"name": "g", "interval": "1s", "rules": [rule]}]})},
            server={"remote_write_receiver": True}, rule_files=["rules.yml"])

        def feed(count):
            now = int(time.time() * 1000)
            remote_write.write(tocsin.url, [({"__name__": "load", "instance": str(i)}, [(now, 50.0)])
                                            for i in range(count)])

        feed(early)
        wait_for("the first", lambda: sink.count() >= early)
        self.assertEqual({len(keys) for keys in self.told(sink).values()}, {1})
        wait_for("an empty outbox", lambda: tocsin.outbox() == 0)
        feed(early + burst)
        wait_for("a part of the burst", lambda: sink.count() >= early + burst // 4)
        tocsin.process.end(signal.SIGKILL)
        self.assertLess(sink.count(), early + burst, "the kill came too late")
        tocsin.start()
        feed(early + burst)
        wait_for("all", lambda: len(self.told(sink)) == early + burst, 60)
        wait_for("an empty outbox", lambda: tocsin.outbox() == 0)
        told = self.told(sink)
        self.assertEqual([len(told[str(i)]) for i in range(early)], [1] * early)  # Nothing is told twice for fun.
        self.assertEqual({len(set(keys)) for keys in told.values()}, {1})

    @staticmethod
    def told(sink):
        """{instance: the keys under which it was told of}"""
        keys = {}
        for request in sink.requests():
            for each in request.json()["alerts"]:
                keys.setdefault(each["labels"]["instance"], []).append(request.headers[EVENT_HEADER])
        return keys


class SilencesTest(NotifyTestCase):
    def test_a_silence_holds_over_a_kill(self):
        sink = self.enter(HttpSink())
        tocsin = self.start({"route": {"receiver": "hook", "group_by": ["alertname"], **QUICK},
                             "receivers": [{"name": "hook", "webhook_configs": [{"url": f"{sink.url}/"}]}]})
        silence = amtool(tocsin.url, "silence", "add", "alertname=~Quiet.*", "--duration=1h", "--author=me",
                         "--comment=holds").strip()
        alertmanager.post_alerts(tocsin.url, [alert("Quiet"), alert("Loud 1")])
        self.wait_for_names(sink, "/", "Loud 1")
        wait_for("an empty outbox", lambda: tocsin.outbox() == 0)
        tocsin.restart(signal.SIGKILL)
        alertmanager.post_alerts(tocsin.url, [alert("Quiet"), alert("Quiet 2"), alert("Loud 2")])
        self.wait_for_names(sink, "/", "Loud 1", "Loud 2")
        [kept] = json.loads(amtool(tocsin.url, "-o", "json", "silence", "query"))
        self.assertEqual((kept["id"], kept["comment"], kept["createdBy"]), (silence, "holds", "me"))
        amtool(tocsin.url, "silence", "expire", silence)
        self.wait_for_names(sink, "/", "Loud 1", "Loud 2", "Quiet", "Quiet 2")


class ReloadTest(NotifyTestCase):
    def config(self, sink, down, **more):
        return {"storage": {"path": "state"}, "notify": {
            "route": {"receiver": "hook", "group_by": ["alertname"], **QUICK, "routes": [
                {"matchers": ["wait=yes"], "group_wait": "2s"},
                {"matchers": ["down=yes"], "receiver": "down"}]},
            "receivers": [{"name": "hook", "webhook_configs": [{"url": f"{sink.url}/"}]},
                          {"name": "down", "webhook_configs": [{"url": f"{down.url}/"}]}], **more}}

    def test_a_reload_keeps_what_waits(self):
        sink, down = self.enter(HttpSink()), self.enter(HttpSink())
        down.close()
        tocsin = self.enter(Tocsin(json.dumps(self.config(sink, down))))
        began = time.time()
        alertmanager.post_alerts(tocsin.url, [alert("Waits", wait="yes"), alert("Queued", down="yes")])
        wait_for("a failure", lambda: history(tocsin, "down"))
        before = history(tocsin, "down")[0]
        changed = self.config(sink, down, inhibit_rules=[{"source_matchers": ["a=b"], "target_matchers": ["c=d"]}])
        tocsin.config_file.write_text(json.dumps(changed), encoding="utf-8")
        self.assertEqual(tocsin.reload().status, 200, tocsin.log)
        down.open()
        self.wait_for_names(down, "/", "Queued")
        self.assertEqual(down.requests()[0].headers[EVENT_HEADER], before["eventId"])
        self.wait_for_names(sink, "/", "Waits")
        self.assertGreaterEqual(sink.requests()[0].at, began + 2)
        self.assertLess(sink.requests()[0].at, began + 2 + 5)

    def test_a_mistake_leaves_the_running_configuration(self):
        sink = self.enter(HttpSink())
        tocsin = self.enter(Tocsin(json.dumps(self.config(sink, sink))))
        wrong = self.config(sink, sink)
        wrong["notify"]["route"]["receiver"] = "nobody has that name"
        tocsin.config_file.write_text(json.dumps(wrong), encoding="utf-8")
        answer = tocsin.reload()
        self.assertEqual(answer.status, 400)
        self.assertIn("nobody has that name", answer.text)
        alertmanager.post_alerts(tocsin.url, [alert("A")])
        self.wait_for_names(sink, "/", "A")

    def test_receivers_that_do_not_exist_here_are_noted(self):
        sink = self.enter(HttpSink())
        config = {"route": {"receiver": "both", "group_wait": "0s"}, "receivers": [
            {"name": "both", "webhook_configs": [{"url": f"{sink.url}/"}],
             "opsgenie_configs": [{"api_key": "opsgenie-secret-key"}]},
            {"name": "none", "victorops_configs": [{"api_key": "victorops-secret-key", "routing_key": "a"}]}]}
        tocsin = self.start({"config_file": "alertmanager.yml"}, {"alertmanager.yml": json.dumps(config)})
        for kind in ("opsgenie", "victorops"):
            self.assertRegex(tocsin.log, rf"alertmanager\.yml:\d+:\d+.*{kind}_configs")
            self.assertNotIn(f"{kind}-secret-key", tocsin.log)
        alertmanager.post_alerts(tocsin.url, [alert("A")])
        self.wait_for_names(sink, "/", "A")


class DebugLogTest(NotifyTestCase):
    RULES = {"groups": [{"name": "g", "interval": "1s", "rules": [{"alert": "A", "expr": "vector(1)"}]}]}

    def test_each_collection_evaluation_and_attempt_is_in_the_log_and_no_secret(self):
        sink = self.enter(HttpSink())
        sink.plan("/hook/HUNTER", Answer(503, b"not now"), Answer())
        configuration = {
            "storage": {"path": "state"}, "rule_files": ["rules.yaml"],
            "collectors": [{"type": "host", "interval": "1s"},
                           {"type": "redis", "interval": "1s",
                            "redis": {"host": "127.0.0.1", "port": 1, "password": "HUNTER"}}],
            "notify": {"route": {"receiver": "hook", **QUICK},
                       "receivers": [{"name": "hook", "webhook_configs": [{"url": f"{sink.url}/hook/HUNTER"}]}]}}
        tocsin = Tocsin(json.dumps(configuration), arguments=["--log.level", "debug"])
        (tocsin.folder / "rules.yaml").write_text(json.dumps(self.RULES), encoding="utf-8")
        self.enter(tocsin)
        for line in (r'level=debug msg=collected collector=host name=host duration=\S+ samples=[1-9]\d* ',
                     r'level=debug msg="collection failed" collector=redis name=redis duration=\S+ .*refused',
                     r'level=debug msg="rule group evaluated" file=\S+/rules.yaml group=g seconds=\S+ samples=\d+ failures=0',
                     r'level=debug msg="notification not delivered" receiver=hook entry=webhook\[0\] .*attempt=1 .*503',
                     r'level=debug msg="notification delivered" receiver=hook entry=webhook\[0\] .*attempt=2 '):
            tocsin.process.find(line.replace("msg=collected", 'msg="collected"'), "a line")
        self.assertEqual(tocsin.reload().status, 200)
        tocsin.process.find(r'msg="collector goes on: its options are the same" name=redis', "what a reload decides")
        self.assertNotIn("HUNTER", tocsin.log)


class MailTest(NotifyTestCase):
    def test_a_mail_is_sent_over_tls_to_all(self):
        folder = self.enter(harness.temporary_folder())
        tls = certificate(folder)
        smtp = self.enter(SmtpSink(tls, "tocsin", "the password"))
        tocsin = self.start({
            "global": {"smtp_smarthost": smtp.address, "smtp_from": "tocsin@example.org",
                       "smtp_auth_username": "tocsin", "smtp_auth_password": "the password"},
            "route": {"receiver": "mail", **QUICK},
            "receivers": [{"name": "mail", "email_configs": [
                {"to": "a@example.org, b@example.org", "send_resolved": True,
                 "tls_config": {"ca_file": str(tls[0])}}]}]})
        alertmanager.post_alerts(tocsin.url, [
            {**alert("DiskFull", host="dörte"), "annotations": {"summary": "The disk of <dörte> is full"}}])
        mail = wait_for("a mail", smtp.mails)[0]
        self.assertTrue(mail.encrypted)
        self.assertEqual((mail.sender, sorted(mail.recipients), mail.user),
                         ("tocsin@example.org", ["a@example.org", "b@example.org"], "tocsin"))
        self.assertIn("DiskFull", mail.message["Subject"])
        self.assertIn("a@example.org", mail.message["To"])
        texts = [part.get_content() for part in mail.message.walk() if part.get_content_maintype() == "text"]
        self.assertTrue(any("The disk of <dörte> is full" in text or "The disk of &lt;dörte&gt; is full" in text
                            for text in texts), texts)
        alertmanager.post_alerts(tocsin.url, [
            {**alert("DiskFull", host="dörte"), "endsAt": alertmanager.timestamp(time.time())}])
        wait_for("a second mail", lambda: len(smtp.mails()) == 2)
        self.assertRegex(smtp.mails()[1].message["Subject"], "(?i)resolved")


class DeadmanTest(NotifyTestCase):
    def test_it_is_called_while_rules_are_evaluated(self):
        sink = self.enter(HttpSink())
        rules = {"groups": [{"name": "g", "interval": "1s", "rules": [{"record": "one", "expr": "1"}]}]}
        self.start({"deadman_url": f"{sink.url}/ping", "deadman_interval": "1s"},
                   {"rules.yml": json.dumps(rules)}, rule_files=["rules.yml"])
        wait_for("three calls", lambda: len(sink.requests("/ping")) >= 3)
        at = [request.at for request in sink.requests("/ping")]
        self.assertGreater(min(after - before for before, after in zip(at, at[1:])), 0.5)


def amtool(url, *arguments, status=0):
    """What amtool prints. Its own configuration files do not count."""
    done = subprocess.run([harness.need("amtool"), f"--alertmanager.url={url}", *arguments], text=True,
                          capture_output=True, check=False, timeout=harness.PATIENCE_SECONDS,
                          env={"HOME": "/nonexistent"})
    if done.returncode != status:
        raise AssertionError(f"amtool {arguments}: {done.returncode} {done.stdout}{done.stderr}")
    return done.stdout


AMTOOL_CONFIG = {
    "route": {"receiver": "rest", "group_by": ["alertname"], "routes": [
        {"matchers": ["team=x"], "receiver": "x", "continue": True}, {"matchers": ['team=~"x|y"'], "receiver": "xy"}]},
    "receivers": [{"name": "rest"}, {"name": "x"}, {"name": "xy"}]}


class AmtoolTest(NotifyTestCase):
    """The same commands against tocsin and Alertmanager."""
    maxDiff = None

    def setUp(self):
        text = json.dumps(AMTOOL_CONFIG)
        self.servers = [self.start({"config_file": "alertmanager.yml"}, {"alertmanager.yml": text}).url,
                        self.enter(Alertmanager(text)).url]

    def both(self, *arguments, but=(), **options):
        """What amtool prints about both as JSON, which has to be the same but for these keys."""
        printed = [json.loads(amtool(url, "-o", "json", *arguments, **options)) for url in self.servers]
        ours, theirs = ([{key: value for key, value in item.items() if key not in but} for item in items]
                        for items in printed)
        self.assertEqual(ours, theirs)
        return printed[0]

    def each(self, *arguments):
        return [amtool(url, *arguments).strip() for url in self.servers]

    def test_alerts_and_silences(self):
        start, end = (alertmanager.timestamp(time.time() + offset) for offset in (-60, 3600))
        for labels in (["alertname=A", "team=x", "node=a b"], ["B", "team=y"], ["alertname=C", "node=é"]):
            self.each("alert", "add", *labels, f"--start={start}", f"--end={end}", "--annotation=summary=it's so",
                      "--generator-url=http://example.org/g")
        times = ("updatedAt",)
        for query, count in ((["A"], 1), (["team=~x|y"], 2), (["team!=x"], 2), (["node=é"], 1), ([], 3),
                             (["--receiver=xy"], 2), (["--silenced"], 0), (["--inhibited"], 0), (["--unprocessed"], 0)):
            with self.subTest(alerts=query):
                self.assertEqual(len(self.both("alert", "query", *query, but=times)), count)
        self.both("alert", "query", but=times)
        ids = self.each("silence", "add", "team=x", "node=~a.*", "--duration=1h", "--author=me", "--comment=why")
        changing = ("id", "updatedAt", "startsAt", "endsAt")
        self.assertEqual(len(self.both("silence", "query", but=changing)), 1)
        self.assertEqual(len(self.both("silence", "query", "team=x", but=changing)), 1)
        self.assertEqual(len(self.both("silence", "query", "team=y", but=changing)), 0)
        [ours] = self.both("alert", "query", "--silenced", but=("status", *times))
        self.assertEqual((ours["status"]["state"], ours["status"]["silencedBy"]), ("suppressed", [ids[0]]))
        self.assertEqual(len(self.both("alert", "query", but=("status", *times))), 2)
        for url, silence in zip(self.servers, ids):
            amtool(url, "silence", "update", silence, "--comment=changed", "--duration=2h")
        [changed] = self.both("silence", "query", but=changing)
        self.assertEqual(changed["comment"], "changed")
        for url in self.servers:
            [silence] = amtool(url, "silence", "query", "-q").split()
            amtool(url, "silence", "expire", silence)
            amtool(url, "silence", "expire", "no-such-silence", status=1)
        self.assertEqual(self.both("silence", "query"), [])
        self.assertTrue(self.both("silence", "query", "--expired", but=changing))
        self.assertEqual(len(self.both("alert", "query", but=times)), 3)

    def test_silences_are_imported(self):
        folder = self.enter(harness.temporary_folder())
        silence = {"matchers": [{"name": "a", "value": "b.*", "isRegex": True, "isEqual": False}],
                   "startsAt": alertmanager.timestamp(time.time() + 60),
                   "endsAt": alertmanager.timestamp(time.time() + 3600), "createdBy": "me", "comment": "later"}
        (folder / "silences.json").write_text(json.dumps([silence]), encoding="utf-8")
        self.each("silence", "import", str(folder / "silences.json"))
        [imported] = self.both("silence", "query", but=("id", "updatedAt"))
        self.assertEqual(imported["status"]["state"], "pending")

    def test_the_configuration(self):
        for arguments in (["config", "routes", "show"], ["config", "routes", "test", "team=x"],
                          ["config", "routes", "test", "team=z"]):
            with self.subTest(arguments=arguments):
                ours, theirs = self.each(*arguments)
                self.assertEqual(ours, theirs)
        for url in self.servers:
            self.assertIn("receiver: xy", amtool(url, "config", "show").replace('"', ""))
            amtool(url, "cluster", "show")

    def test_the_configuration_holds_nothing_that_amtool_does_not_know(self):
        notify = {"route": {"receiver": "screen", "resolve_wait": "1s", "routes": [
            {"matchers": ["team=x"], "receiver": "hook", "resolve_wait": "2s"}]},
                  "inhibit_rules": [{"name": "all", "source_matchers": ["a=b"], "target_matchers": ["a=c"]}],
                  "receivers": [{"name": "screen", "stdout_configs": [{}]}, {"name": "hook", "webhook_configs": [
                      {"url": "http://127.0.0.1:1/", "hmac_secret": "very secret", "max_in_flight": 2}]}]}
        url = self.start(notify).url
        self.assertEqual(amtool(url, "config", "routes", "test", "team=x").strip(), "hook")
        self.assertIn("screen", amtool(url, "config", "routes", "show"))
        self.assertNotIn("very secret", amtool(url, "config", "show"))


def with_route(**route):
    return {"route": {"receiver": "a", **route}, "receivers": [{"name": "a"}, {"name": "b"}]}


CONFIGURATIONS = [
    ("minimal", with_route(), True),
    ("everything of a route", with_route(
        group_by=["a", "b"], group_wait="1s", group_interval="1m", repeat_interval="1h30m", routes=[
            {"matchers": ['a="b"', "c=~d|e", "f!=g", "h!~i"], "continue": True, "receiver": "b"},
            {"match": {"a": "b"}, "match_re": {"c": "d.*"}}]), True),
    ("no root receiver", {"route": {"group_by": ["a"]}, "receivers": [{"name": "a"}]}, False),
    ("no route", {"receivers": [{"name": "a"}]}, False),
    ("an unknown receiver", with_route(routes=[{"receiver": "c"}]), False),
    ("a receiver twice", {"route": {"receiver": "a"}, "receivers": [{"name": "a"}, {"name": "a"}]}, False),
    ("a receiver without a name", {"route": {"receiver": "a"}, "receivers": [{"name": "a"}, {}]}, False),
    ("matchers at the root", with_route(matchers=["a=b"]), False),
    ("continue at the root", with_route(**{"continue": True}), False),
    ("group_by with all and more", with_route(group_by=["...", "a"]), False),
    ("group_by with a label twice", with_route(group_by=["a", "a"]), False),
    ("group_interval of nothing", with_route(group_interval="0s"), False),
    ("repeat_interval of nothing", with_route(repeat_interval="0s"), False),
    ("no duration", with_route(group_wait="soon"), False),
    ("a bad expression", with_route(routes=[{"matchers": ['a=~"("']}]), False),
    ("no matcher", with_route(routes=[{"matchers": ["a"]}]), False),
    ("an unknown key", with_route(group_bye=["a"]), False),
    ("an unknown time interval", with_route(routes=[{"mute_time_intervals": ["c"]}]), False),
    ("a time interval twice", {**with_route(), "time_intervals": [{"name": "a", "time_intervals": []}] * 2}, False),
    ("a time that is none", {**with_route(), "time_intervals": [
        {"name": "a", "time_intervals": [{"times": [{"start_time": "25:00", "end_time": "26:00"}]}]}]}, False),
    ("a location that is none", {**with_route(), "time_intervals": [
        {"name": "a", "time_intervals": [{"location": "Atlantis/Harbour"}]}]}, False),
    ("months by name", {**with_route(), "time_intervals": [{"name": "a", "time_intervals": [
        {"months": ["january:march", "12"], "years": ["2020:2030"], "days_of_month": ["-3:-1"],
         "weekdays": ["monday", "friday:saturday"], "location": "Europe/Berlin"}]}]}, True),
    ("inhibition", {**with_route(), "inhibit_rules": [
        {"source_matchers": ["a=b"], "target_matchers": ["c=d"], "equal": ["e"]},
        {"source_match": {"a": "b"}, "target_match_re": {"c": "d"}}]}, True),
    ("a webhook without an address", {**with_route(), "receivers": [{"name": "a", "webhook_configs": [{}]}]}, False),
    ("a Slack without an address", {**with_route(), "receivers": [
        {"name": "a", "slack_configs": [{"channel": "#a"}]}]}, False),
    ("a Slack with the address of all", {
        **with_route(), "global": {"slack_api_url": "http://127.0.0.1/services/a"}, "receivers": [
            {"name": "a", "slack_configs": [{"channel": "#a", "title": "{{ .CommonLabels.alertname }}"}]}]}, True),
    ("a PagerDuty without a key", {**with_route(), "receivers": [{"name": "a", "pagerduty_configs": [{}]}]}, False),
    ("a mail without a server", {**with_route(), "receivers": [
        {"name": "a", "email_configs": [{"to": "a@example.org"}]}]}, False),
]


class CheckTest(harness.TestCase):
    def test_amtool_and_tocsin_judge_configurations_alike(self):
        folder = self.enter(harness.temporary_folder())
        (folder / "tocsin.yaml").write_text("notify: {config_file: alertmanager.yml}\n", encoding="utf-8")
        for name, configuration, is_good in CONFIGURATIONS:
            with self.subTest(configuration=name):
                self.assertEqual(self.verdicts(folder, configuration), (is_good, is_good))

    @staticmethod
    def verdicts(folder: pathlib.Path, configuration):
        (folder / "alertmanager.yml").write_text(json.dumps(configuration), encoding="utf-8")
        commands = ([harness.need("amtool"), "check-config", folder / "alertmanager.yml"],
                    [harness.tocsin_binary, "check", "config", folder / "tocsin.yaml"])
        return tuple(subprocess.run(command, capture_output=True, check=False,
                                    timeout=harness.PATIENCE_SECONDS).returncode == 0 for command in commands)
