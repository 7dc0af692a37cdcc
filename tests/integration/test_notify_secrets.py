"""What must not be said about receivers is said nowhere: whatever they answer, and however wrong the configuration."""
import base64
import json
import subprocess

import alertmanager
import harness
from harness import wait_for
from sink import Answer, FakeSlack, HttpSink, SmtpSink
from test_notify import NotifyTestCase, alert, api

MARK = "s3cr3t"  # In every secret; and what becomes of the one that is sent as Base64:
HIDDEN = [MARK, base64.b64encode(b"tocsin:s3cr3t basic").decode().rstrip("=")]

PAGES = ["/", "/plain/", "/metrics", "/plain/silences/new?filter=a%3Db", "/api/v1/status/config", "/api/v1/status/flags",
         "/api/v1/rules", "/api/v1/alerts", "/api/v1/tocsin/events", "/api/v1/tocsin/notifications", "/api/v1/tocsin/dead-letters",
         "/api/v2/status", "/api/v2/receivers", "/api/v2/alerts", "/api/v2/alerts/groups", "/api/v2/silences"]


class EchoingSink(HttpSink):
    """Refuses everything, and says what: some servers do that."""

    def answer(self, request):
        said = "\n".join([f"Cannot {request.method} {request.path}",
                          *(f"{name}: {value}" for name, value in request.headers.items())])
        return Answer(400, said.encode() + b"\n" + request.body)


def receivers(where, url, smtp):
    """{name: its configuration}, one for each place in which a secret may stand."""
    hook = f"{url}/hook"
    options = {
        "address": {"webhook_configs": [{"url": f"{hook}/{MARK}-path?token={MARK}-query"}]},
        "header": {"webhook_configs": [{"url": hook, "http_config": {"http_headers": {
            "X-Key": {"secrets": [f"{MARK} header"]}}}}]},
        "basic": {"webhook_configs": [{"url": hook, "http_config": {"basic_auth": {
            "username": "tocsin", "password": f"{MARK} basic"}}}]},
        "bearer": {"webhook_configs": [{"url": hook, "http_config": {"authorization": {
            "credentials": f"{MARK}-bearer"}}}]},
        "signature": {"webhook_configs": [{"url": hook, "hmac_secret": f"{MARK}-hmac"}]},
        "slack token": {"slack_configs": [{"app_token": f"xoxb-{MARK}", "app_url": f"{url}/api/chat.postMessage",
                                           "channel": "#a"}]},
        "slack": {"slack_configs": [{"api_url": f"{url}/services/T0/B0/{MARK}", "channel": "#a"}]},
        "pagerduty": {"pagerduty_configs": [{"routing_key": f"{MARK}0123456789".ljust(32, "0"),
                                             "url": f"{url}/v2/enqueue"}]},
        "teams": {"msteamsv2_configs": [{"webhook_url": f"{url}/teams/{MARK}"}]},
        "mail": {"email_configs": [{"to": "a@example.org", "from": "b@example.org", "smarthost": smtp,
                                    "auth_username": "tocsin", "auth_password": f"{MARK} mail", "require_tls": False}]},
    }
    return {f"{kind} {where}": configuration for kind, configuration in options.items()}


def with_receiver(**configuration):
    return {"route": {"receiver": "a"}, "receivers": [{"name": "a", **configuration}]}


def webhook(**options):
    return with_receiver(webhook_configs=[{"url": "http://127.0.0.1/", **options}])


MISTAKES = {
    "another scheme": webhook(url=f"htp://127.0.0.1/{MARK}"),
    "no address": webhook(url=MARK),
    "several addresses": webhook(url=[f"http://127.0.0.1/{MARK}"]),
    "an unknown key": webhook(urll=f"http://127.0.0.1/{MARK}"),
    "two ways to log in": webhook(http_config={
        "authorization": {"credentials": MARK}, "basic_auth": {"username": "a", "password": MARK}}),
    "a map for a password": webhook(http_config={"basic_auth": {"username": "a", "password": {MARK: MARK}}}),
    "a header that is none": webhook(http_config={"http_headers": {"X Y": {"secrets": [MARK]}}}),
    "a line break in a header": webhook(http_config={"http_headers": {"X": {"secrets": [f"{MARK}\r\nHost: b"]}}}),
    "a Slack at no address": with_receiver(slack_configs=[{"channel": "#a", "api_url": f"slack/{MARK}"}]),
    "two addresses for Slack": with_receiver(slack_configs=[
        {"channel": "#a", "api_url": f"http://127.0.0.1/{MARK}", "api_url_file": "/nowhere"}]),
    "several keys": with_receiver(pagerduty_configs=[{"routing_key": [MARK]}]),
    "a password for all in a list": {**with_receiver(), "global": {"smtp_auth_password": [MARK]}},
    "a Slack for all at no address": {**with_receiver(), "global": {"slack_api_url": f"{MARK}"}},
}


class SecretsTest(NotifyTestCase):
    def assert_hidden(self, text, where):
        for secret in HIDDEN:
            at = text.find(secret)
            self.assertEqual(at, -1, f"{where}: {text[max(0, at - 200):at + 100]!r}")

    def start_all(self):
        fine, echoing, closed = self.enter(FakeSlack()), self.enter(EchoingSink()), self.enter(HttpSink())
        closed.close()
        fine_smtp = self.enter(SmtpSink(user="tocsin", password=f"{MARK} mail"))
        wrong_smtp = self.enter(SmtpSink(user="tocsin", password="another"))
        self.receivers = {**receivers("fine", fine.url, fine_smtp.address),
                          **receivers("echoing", echoing.url, wrong_smtp.address),
                          **receivers("closed", closed.url, closed.address)}
        return self.start({
            "route": {"receiver": "rest", "group_wait": "0s", "routes": [
                {"receiver": name, "continue": True} for name in self.receivers]},
            "receivers": [{"name": "rest"}, *({"name": name, **options} for name, options in self.receivers.items())]})

    def test_no_secret_is_told(self):
        tocsin = self.start_all()
        alertmanager.post_alerts(tocsin.url, [alert("A")])

        def states():
            records = api(tocsin, "tocsin/notifications?limit=1000")["notifications"]
            return {record["receiver"]: record["state"] for record in reversed(records)}
        wait_for("something of every receiver", lambda: set(states()) == set(self.receivers))
        wait_for("what is fine", lambda: {state for name, state in states().items() if name.endswith("fine")} == {
            "delivered"})
        [fingerprint] = {each["fingerprint"] for each in alertmanager.call(tocsin.url, "GET", "alerts")}
        for page in [*PAGES, f"/plain/alerts/{fingerprint}"]:
            with self.subTest(page=page):
                answer = tocsin.get(page)
                self.assertEqual(answer.status, 200)
                self.assert_hidden(answer.text, page)
        tocsin.process.end()
        self.assert_hidden(tocsin.log, "log")
        for file in (each for each in (tocsin.folder / "state").rglob("*") if each.is_file()):
            with self.subTest(file=file.name):
                self.assert_hidden(file.read_bytes().decode("latin-1"), file.name)
        for name in self.receivers:
            if not name.endswith("fine"):
                with self.subTest(tested=name):
                    done = subprocess.run([harness.tocsin_binary, "test", "notify", "--config", tocsin.config_file,
                                           "--receiver", name], text=True, capture_output=True, check=False,
                                          timeout=harness.PATIENCE_SECONDS)
                    self.assertEqual(done.returncode, 1, done.stdout + done.stderr)
                    self.assert_hidden(done.stdout + done.stderr, name)

    def test_no_mistake_shows_a_secret(self):
        folder = self.enter(harness.temporary_folder())
        for name, notify in MISTAKES.items():
            with self.subTest(mistake=name):
                (folder / "tocsin.yaml").write_text(json.dumps({"notify": notify}), encoding="utf-8")
                done = subprocess.run([harness.tocsin_binary, "check", "config", folder / "tocsin.yaml"], text=True,
                                      capture_output=True, check=False, timeout=harness.PATIENCE_SECONDS)
                self.assertEqual(done.returncode, 1, done.stdout)
                self.assertRegex(done.stderr + done.stdout, r"tocsin\.yaml:\d+:\d+: ")
                self.assert_hidden(done.stderr + done.stdout, name)
