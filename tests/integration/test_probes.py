"""The `http` collector against servers that are well, ill, slow, gone, and lying; compared through tocsin's /metrics."""
import shutil
import ssl
import subprocess
import threading

import harness
import web
from harness import BlackHole
from prometheus import promtool_findings
from tocsin import Tocsin


def config(*targets, timeout="1s"):
    return ("storage: {path: ':memory:'}\n"
            f"collectors:\n  - type: http\n    interval: {timeout}\n    timeout: {timeout}\n    targets:\n"
            + "".join(f"      - {{{target}}}\n" for target in targets))


class ProbeTest(harness.TestCase):
    def success(self, tocsin, target, value, **more):
        """Waits until a target has that success, and all of the other metrics have their values."""
        return tocsin.wait_until(f"probe_success {value} of {target}", lambda page: (
            page.value("probe_success", target=target) == value
            and all(page.value(name, target=target) == expected for name, expected in more.items())))

    def reason(self, page, target):
        failed = [labels["reason"] for labels, value in page.series("probe_failed_due_to", target=target) if value == 1]
        self.assertLessEqual(len(failed), 1)
        return failed[0] if failed else None

    def test_well_ill_and_well_again(self):
        server = self.enter(web.WebServer({"/ready": web.page_of_json({"ready": True, "checks": {"db": True}})}))
        tocsin = self.enter(Tocsin(config(
            f'name: a, url: "{server.url}/ready", expect: {{json: [{{path: "checks.*", equals: true}}]}}, '
            'values: [{path: "checks.*"}]')))
        page = self.success(tocsin, "a", 1, probe_http_status_code=200)
        self.assertIsNone(self.reason(page, "a"))
        self.assertEqual(page.value("probe_json_value", target="a", member="db"), 1)
        self.assertEqual(promtool_findings(page.text), (0, ""))

        server.answers["/ready"] = web.page_of_json({"ready": False, "checks": {"db": False}}, status=503)
        page = self.success(tocsin, "a", 0, probe_http_status_code=503)
        self.assertEqual(self.reason(page, "a"), "status")
        self.assertEqual(page.value("probe_json_value", target="a", member="db"), 0)
        self.assertEqual(page.value("tocsin_collector_up"), 1)

        server.answers["/ready"] = web.html()
        page = self.success(tocsin, "a", 0, probe_http_status_code=200)
        self.assertEqual(self.reason(page, "a"), "html")
        self.assertFalse(page.has("probe_json_value", target="a"))

        server.answers["/ready"] = web.page_of_json({"checks": {"db": True}})
        self.success(tocsin, "a", 1)
        complaints = [line for line in tocsin.process.lines if "probe fails" in line]
        self.assertEqual(len(complaints), 1, complaints)

    def test_a_black_hole_and_a_closed_port_cost_the_others_nothing(self):
        server = self.enter(web.WebServer({"/": web.text("OK")}))
        hole = self.enter(BlackHole())
        tocsin = self.enter(Tocsin(config(
            f'name: good, url: "{server.url}/"',
            f'name: hole, url: "http://127.0.0.1:{hole.port}/"',
            f'name: closed, url: "http://127.0.0.1:{harness.free_port()}/"')))
        page = tocsin.wait_until("three verdicts", lambda page: len(page.series("probe_success")) == 3)
        self.assertEqual(page.values("probe_success", "target"), {"good": 1, "hole": 0, "closed": 0})
        self.assertEqual(self.reason(page, "hole"), "timeout")
        self.assertEqual(self.reason(page, "closed"), "connect")
        self.assertEqual(page.value("tocsin_collector_up"), 1)
        self.assertLess(page.value("tocsin_collector_duration_seconds"), 1)

    def test_a_server_that_goes_and_comes_back(self):
        port = harness.free_port()
        tocsin = self.enter(Tocsin(config(f'name: a, url: "http://127.0.0.1:{port}/"')))
        self.success(tocsin, "a", 0, probe_http_status_code=0)
        with web.WebServer({"/": web.text("OK")}) as server:
            # Another port, so that nobody can have taken it: found by a reload.
            tocsin.config_file.write_text(config(f'name: a, url: "{server.url}/"'), encoding="utf-8")
            self.assertEqual(tocsin.reload().status, 200)
            self.success(tocsin, "a", 1)
        self.success(tocsin, "a", 0)

    def test_the_end_of_a_certificate(self):
        openssl = shutil.which("openssl")
        if openssl is None:
            self.skipTest("openssl is not installed")
        folder = self.enter(harness.temporary_folder())
        key, certificate = folder / "key.pem", folder / "certificate.pem"
        subprocess.run([openssl, "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-keyout", key, "-out", certificate,
                        "-days", "3", "-subj", "/CN=test", "-addext", "subjectAltName=IP:127.0.0.1"],
                       check=True, capture_output=True)
        ends = subprocess.run([openssl, "x509", "-in", certificate, "-noout", "-enddate"], check=True,
                              capture_output=True, text=True).stdout.split("=")[1].strip()
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(certificate, key)
        url = self.enter(web.WebServer({"/": web.text("OK")}, tls=context)).url
        tocsin = self.enter(Tocsin(config(f'name: strict, url: "{url}/"',
                                          f'name: trusting, url: "{url}/", tls_config: {{ca_file: "{certificate}"}}')))
        page = self.success(tocsin, "trusting", 1)
        self.assertEqual(page.values("probe_success", "target"), {"strict": 0, "trusting": 1})
        self.assertEqual(self.reason(page, "strict"), "auth")
        expected = ssl.cert_time_to_seconds(ends)
        self.assertEqual(page.values("probe_ssl_earliest_cert_expiry", "target"),
                         {"strict": expected, "trusting": expected})
        self.assertFalse(page.has("probe_ssl_last_chain_expiry_timestamp_seconds", target="strict"))

    def test_a_secret_in_a_header_is_not_told(self):
        seen = threading.Event()
        server = self.enter(web.WebServer())
        server.answers["/"] = lambda: (seen.set(), web.text("no", status=401))[1]
        tocsin = self.enter(Tocsin(config(
            f'name: a, url: "{server.url}/", authorization: {{credentials: hush-hush}}')))
        self.success(tocsin, "a", 0, probe_http_status_code=401)
        self.assertTrue(seen.is_set())
        for where, text in {"log": tocsin.log, "page": tocsin.page().text,
                            "targets": tocsin.get("/api/v1/targets").text}.items():
            with self.subTest(where=where):
                self.assertNotIn("hush", text)
