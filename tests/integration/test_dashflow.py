"""The `dashflow` collector against a stand-in that prints what DashFlow's registries print, through tocsin's /metrics."""
import harness
import web
from prometheus import promtool_findings
from tocsin import Tocsin


class DashFlow:
    """A pod with DashFlow's routes: /metrics, /health, /ready, and its other registry on /observability."""

    def __init__(self):
        self.requests = {("invoke", "success"): 0, ("invoke", "error"): 0}
        self.seconds = []
        self.extra = ""
        self.server = web.WebServer({
            "/metrics": lambda: web.text(self.page()),
            "/observability": lambda: web.text(self.observability()),
            "/health": web.text("OK"),
            "/ready": web.text("OK"),
        })

    def page(self):
        lines = ["# HELP langserve_requests_total Total requests", "# TYPE langserve_requests_total counter"]
        lines += [f'langserve_requests_total{{endpoint="{endpoint}",status="{status}"}} {count}'
                  for (endpoint, status), count in self.requests.items()]
        lines += ["# TYPE langserve_errors_total counter",
                  'langserve_errors_total{endpoint="invoke",error_type="execution_error"} '
                  + str(self.requests["invoke", "error"])]
        for name, values in (("langserve_request_duration_seconds", self.seconds),
                             ("langserve_stream_chunks_total", [])):
            lines.append(f"# TYPE {name} histogram")
            lines += [f'{name}_bucket{{le="{le}"}} {sum(value <= float(le) for value in values)}'
                      for le in ("0.001", "0.1", "1", "10", "+Inf")]
            lines += [f"{name}_sum {sum(values)}", f"{name}_count {len(values)}"]
        return "\n".join(lines) + "\n" + self.extra

    @staticmethod
    def observability():
        return ("# TYPE llm_tokens_total counter\n"
                'llm_tokens_total{provider="openai",model="gpt",token_type="prompt"} 12\n'
                "# TYPE queue_depth gauge\n"
                'queue_depth{queue_name="q"} 4\n')


class DashFlowTest(harness.TestCase):
    def setUp(self):
        self.pods = [DashFlow(), DashFlow()]
        for pod in self.pods:
            self.enter(pod.server)

    def config(self, more=""):
        pods = "".join(f'      - {{name: "dashflow-{i}", url: "{pod.server.url}", metrics_urls: '
                       f'["{pod.server.url}/metrics", "{pod.server.url}/observability"]}}\n'
                       for i, pod in enumerate(self.pods))
        return ("storage: {path: ':memory:'}\n"
                f"collectors:\n  - type: dashflow\n    interval: 500ms\n{more}    pods:\n{pods}")

    def test_the_names_of_the_guide_with_the_figures_of_the_pods(self):
        self.pods[0].requests["invoke", "success"] = 7
        self.pods[1].requests["invoke", "error"] = 3
        self.pods[1].seconds = [0.05, 2.5]
        tocsin = self.enter(Tocsin(self.config()))
        page = tocsin.wait_until("both pods", lambda page: page.values("dashflow_up", "pod") == {
            "dashflow-0": 1, "dashflow-1": 1})
        self.assertEqual(page.value("dashflow_requests_total", pod="dashflow-0", status="success"), 7)
        self.assertEqual(page.value("dashflow_requests_total", pod="dashflow-1", status="error"), 3)
        self.assertEqual(page.value("dashflow_errors_total", pod="dashflow-1", type="execution_error",
                                    error_type="execution_error"), 3)
        self.assertEqual(page.value("dashflow_request_duration_seconds_sum", pod="dashflow-1"), 2.55)
        self.assertEqual(page.value("dashflow_request_duration_seconds_count", pod="dashflow-1"), 2)
        self.assertTrue(page.has("dashflow_stream_chunks_bucket", pod="dashflow-0"))
        self.assertEqual(page.value("dashflow_llm_tokens_total", pod="dashflow-0", token_type="prompt"), 12)
        self.assertEqual(page.value("dashflow_queue_depth", pod="dashflow-1", queue_name="q"), 4)
        self.assertEqual(page.value("dashflow_max_concurrent_requests"), 1000)
        self.assertNotIn("langserve_", page.text)
        self.assertEqual(page.text.count("# TYPE dashflow_requests_total counter"), 1)
        self.assertEqual(promtool_findings(page.text), (0, ""))

        self.pods[0].requests["invoke", "success"] = 70
        tocsin.wait_until("the new count", lambda page: page.value(
            "dashflow_requests_total", pod="dashflow-0", status="success") == 70)

    def test_a_pod_that_is_not_ready_and_one_that_dies(self):
        tocsin = self.enter(Tocsin(self.config()))
        tocsin.wait_until("both pods", lambda page: page.values("dashflow_ready", "pod") == {
            "dashflow-0": 1, "dashflow-1": 1})
        self.pods[0].server.answers["/ready"] = web.text("starting", status=503)
        page = tocsin.wait_until("not ready", lambda page: page.value("dashflow_ready", pod="dashflow-0") == 0)
        self.assertEqual(page.value("dashflow_healthy", pod="dashflow-0"), 1)
        self.assertEqual(page.value("dashflow_up", pod="dashflow-0"), 1)

        self.pods[1].server.stop()
        # The collection under way may have asked for its health before the pod died, and for its page after.
        page = tocsin.wait_until("one dead", lambda page: page.value("dashflow_up", pod="dashflow-1") == 0
                                 and page.value("dashflow_healthy", pod="dashflow-1") == 0)
        self.assertFalse(page.has("dashflow_requests_total", pod="dashflow-1"))
        self.assertTrue(page.has("dashflow_requests_total", pod="dashflow-0"))
        self.assertEqual(page.value("tocsin_collector_up"), 1)
        self.assertGreater(page.value("tocsin_collector_errors_total", reason="connect"), 0)

    def test_lies_and_halves(self):
        tocsin = self.enter(Tocsin(self.config()))
        tocsin.wait_until("a page", lambda page: page.has("dashflow_requests_total", pod="dashflow-0"))
        self.pods[0].server.answers["/metrics"] = web.html()
        self.pods[0].server.answers["/observability"] = web.html()
        self.pods[0].server.answers["/health"] = web.html()
        tocsin.wait_until("the lies found out", lambda page: page.value("dashflow_up", pod="dashflow-0") == 0
                          and page.value("dashflow_healthy", pod="dashflow-0") == 0)
        # Both registries of the other: one is preferred, and that is counted.
        self.pods[1].extra = ("# TYPE dashflow_requests_total counter\n"
                              'dashflow_requests_total{endpoint="invoke",status="success"} 1000\n'
                              'langserve_errors_total{endpoint="***}",error_type="x"} 1\n')
        page = tocsin.wait_until("the collision", lambda page: page.value(
            "dashflow_series_collisions_total", name="dashflow_requests_total") > 0)
        self.assertEqual(page.value("dashflow_requests_total", pod="dashflow-1", status="success"), 1000)
        self.pods[0].server.answers["/metrics"] = web.text(self.pods[0].page())
        self.pods[0].server.answers["/health"] = web.text("OK")
        tocsin.wait_until("it to be well", lambda page: page.value("dashflow_up", pod="dashflow-0") == 1
                          and page.value("dashflow_healthy", pod="dashflow-0") == 1)
