"""The Kubernetes collector beside an API server that lists, watches, expires, throttles and breaks."""
import datetime
import json
import pathlib
import unittest

import harness
from fake_kube import FakeKube
from tocsin import Tocsin

CONFIG = """
storage: {{path: ":memory:"}}
collectors:
  - type: kubernetes
    api_server: {url}
    interval: 3s
    timeout: {timeout}
    stale_after: 6s
{options}
"""


def pod(ready="True", restarts=0):
    """A pod as the kubelet reports it."""
    return {
        "spec": {"nodeName": "n1", "containers": [
            {"name": "main", "resources": {"limits": {"memory": "1Gi", "cpu": "500m"}}}]},
        "status": {"phase": "Running", "podIP": "10.1.0.1", "hostIP": "10.0.0.1",
                   "conditions": [{"type": "Ready", "status": ready}],
                   "containerStatuses": [{"name": "main", "ready": ready == "True", "restartCount": restarts}]},
    }


def moment(seconds_ago=0):
    now = datetime.datetime.now(datetime.timezone.utc) - datetime.timedelta(seconds=seconds_ago)
    return now.strftime("%Y-%m-%dT%H:%M:%S.%fZ")


class KubernetesTest(harness.TestCase):
    def setUp(self):
        self.kube = self.enter(FakeKube())

    def start(self, options="", timeout="3s"):
        lines = "\n".join("    " + line for line in options.splitlines())
        config = CONFIG.format(url=self.kube.url, timeout=timeout, options=lines)
        tocsin = self.enter(Tocsin(config))
        return tocsin

    def test_what_changes_is_seen(self):
        self.kube.put("pods", "floe", "web-0", **pod(restarts=2))
        self.kube.put("deployments", "floe", "web", spec={"replicas": 2}, status={"availableReplicas": 1})
        self.kube.put("leases", "floe", "leader", spec={"holderIdentity": "web-0", "leaseDurationSeconds": 15,
                                                        "renewTime": moment(), "leaseTransitions": 3})
        tocsin = self.start()
        page = tocsin.wait_until_up()
        self.assertEqual(page.value("kube_pod_container_status_restarts_total", pod="web-0"), 2)
        self.assertEqual(page.value("kube_pod_container_resource_limits", pod="web-0", resource="cpu"), 0.5)
        self.assertEqual(page.value("kube_deployment_status_replicas_available", deployment="web"), 1)
        self.assertEqual(page.value("kube_lease_held", lease="leader"), 1)
        self.assertEqual(page.value("kube_lease_transitions_total", lease="leader"), 3)

        self.kube.put("pods", "floe", "web-0", **pod(ready="False", restarts=3))
        self.kube.put("pods", "floe", "web-1", **pod())
        self.kube.remove("deployments", "floe", "web")
        self.kube.put("leases", "floe", "leader", spec={"holderIdentity": "web-0", "leaseDurationSeconds": 15,
                                                        "renewTime": moment(60), "leaseTransitions": 3})
        page = tocsin.wait_until("the changes", lambda page: page.has("kube_pod_info", pod="web-1"))
        self.assertEqual(page.value("kube_pod_status_ready", pod="web-0", condition="false"), 1)
        self.assertFalse(page.has("kube_deployment_spec_replicas"))
        self.assertEqual(page.value("kube_lease_held", lease="leader"), 0)
        # After the first list, only watches.
        self.assertEqual(self.kube.count("/pods?limit="), 1)

    def test_a_version_that_expired_is_listed_anew(self):
        self.kube.put("pods", "floe", "a", **pod())
        tocsin = self.start("resources: [pods]")
        tocsin.wait_until("the pod", lambda page: page.has("kube_pod_info", pod="a"))
        self.kube.expire()
        self.kube.put("pods", "floe", "b", **pod())
        self.kube.remove("pods", "floe", "a")
        self.kube.expire()
        page = tocsin.wait_until("the other pod", lambda page: page.has("kube_pod_info", pod="b"))
        self.assertFalse(page.has("kube_pod_info", pod="a"))
        self.assertEqual(page.value("tocsin_collector_up"), 1)

    def test_throttling_and_denial_cost_their_own_kind_only(self):
        self.kube.put("pods", "floe", "a", **pod())
        self.kube.put("jobs", "floe", "backup", status={"succeeded": 1})
        self.kube.fail(path="/pods", status=429, headers={"Retry-After": "1"}, times=2)
        self.kube.fail(path="/jobs", status=403, times=1)
        tocsin = self.start("resources: [pods, jobs, leases]")
        page = tocsin.wait_until_up()
        self.assertFalse(page.has("kube_pod_info"))
        self.assertFalse(page.has("kube_job_status_succeeded"))
        self.assertGreater(page.value("tocsin_collector_errors_total", reason="auth"), 0)
        tocsin.wait_until("the pod", lambda page: page.has("kube_pod_info", pod="a"))

    def test_half_answers_are_asked_for_again(self):
        self.kube.put("pods", "floe", "a", **pod())
        tocsin = self.start("resources: [pods]")
        tocsin.wait_until("the pod", lambda page: page.has("kube_pod_info", pod="a"))
        self.kube.fail(path="watch=true", cut=True, body=b'{"type":"ADDED","object":{"metadata":{"na')
        self.kube.put("pods", "floe", "b", **pod())
        tocsin.wait_until("the other pod", lambda page: page.has("kube_pod_info", pod="b"))
        self.kube.fail(path="watch=true", body=b"<!doctype html><html>proxy</html>\n")
        self.kube.put("pods", "floe", "c", **pod())
        page = tocsin.wait_until("the third pod", lambda page: page.has("kube_pod_info", pod="c"))
        self.assertEqual(sorted(page.values("kube_pod_info", "pod")), ["a", "b", "c"])

    def test_a_token_that_was_replaced_is_used(self):
        self.kube.token = "new"
        with harness.temporary_folder() as folder:
            token = pathlib.Path(folder) / "token"
            token.write_text("old-and-secret\n", encoding="utf-8")
            tocsin = self.start(f"resources: [pods]\nauthorization: {{credentials_file: {token}}}")
            page = tocsin.wait_until("to be refused",
                                     lambda page: page.value("tocsin_collector_errors_total", reason="auth") > 0)
            self.assertEqual(page.value("tocsin_collector_up"), 0)
            token.write_text("new\n", encoding="utf-8")
            tocsin.wait_until_up()
            self.assertNotIn("old-and-secret", tocsin.log)

    def test_a_server_that_went_away(self):
        self.kube.put("pods", "floe", "a", **pod())
        tocsin = self.start("resources: [pods]")
        tocsin.wait_until("the pod", lambda page: page.has("kube_pod_info", pod="a"))
        self.kube.fail(times=1000, status=503, body=json.dumps({"message": "no backend"}).encode())
        tocsin.wait_until_up(0)
        tocsin.wait_until("its series to go", lambda page: not page.has("kube_pod_info"))

    def test_a_hundred_thousand_pods_take_bounded_memory(self):
        for number in range(100_000):
            self.kube.put("pods", "floe", f"web-{number:06}", **pod())
        # The list takes several collections. Of the points, max_series are kept and the others counted.
        tocsin = self.start("resources: [pods]\nmax_objects: 100000")
        page = tocsin.wait_until("all of them", lambda page: page.value("tocsin_collector_up") == 1, seconds=240)
        self.assertEqual(len(page.values("kube_pod_info", "pod")), 1000)
        self.assertGreaterEqual(page.value("tocsin_samples_dropped_total", reason="overflow"), 99_000)
        self.assertGreaterEqual(self.kube.count("limit=500"), 200)
        status = pathlib.Path(f"/proc/{tocsin.process.pid}/status").read_text(encoding="utf-8")
        peak = next(int(line.split()[1]) for line in status.splitlines() if line.startswith("VmHWM"))
        self.assertLess(peak, 400_000, "kB at most")

    def test_too_many_pods_are_an_error_and_not_half_of_them(self):
        for number in range(600):
            self.kube.put("pods", "floe", f"web-{number}", **pod())
        tocsin = self.start("resources: [pods, leases]\nmax_objects: 550")
        page = tocsin.wait_until_up()
        self.assertFalse(page.has("kube_pod_info"))
        self.assertGreater(page.value("tocsin_collector_errors_total", reason="truncated"), 0)


if __name__ == "__main__":
    unittest.main()
