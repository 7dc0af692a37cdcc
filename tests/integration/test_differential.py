"""tocsin's PromQL engine and a real Prometheus are asked the same things."""
import pathlib
import sys

import harness

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent / "differential"))
import differential  # noqa: E402  The path to it has to be known first.


class DifferentialTest(harness.TestCase):
    def test_generated_expressions_are_answered_like_prometheus_does(self):
        program = harness.tocsin_binary.parent / "tests" / "promql_diff"
        same, output = differential.compare(program, seed=1, count=2000)
        self.assertTrue(same, output[-4000:])
