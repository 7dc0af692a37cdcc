#!/usr/bin/env python3
"""Tests of tools/check_coverage.py: a small tree that is good, and each fault planted in it, which must be found."""
import contextlib
import io
import pathlib
import sys
import tempfile
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[2] / "tools"))
import check_coverage

PACK, BOARD, BOOK, LISTS = "alerts/x.yaml", "dashboards/x.json", "docs/runbooks/xhigh.md", check_coverage.LISTS
TREE = {
    PACK: """
groups:
  - name: x
    rules:
      - {record: instance:x:sum, expr: sum without (kind) (x_size)}
      - alert: XHigh
        expr: instance:x:sum > 5
        annotations: {description: "{{ with printf \\"x_limit{name='%s'}\\" $labels.name | query }}{{ end }}"}
""",
    BOARD: """{"templating": {"list": [{"query": {"query": "label_values(x_info{job=~\\"$job\\"}, instance)"}}]},
        "panels": [
        {"targets": [{"expr": "histogram_quantile(0.9, rate(x_seconds_bucket{kind=~\\"$kind\\"}[$__rate_interval]))"}]},
        {"targets": [{"expr": "count({__name__=~\\"x_a|x_passed_total\\"})"}]}]}""",
    BOOK: "# XHigh\n\n```promql\nsum(x_rare) / instance:x:sum\n```\n\n```sh\ncat nothing\n```\n",
    "docs/collectors/x.md": """## All metrics

| metric | type | labels | meaning |
|---|---|---|---|
| `x_size` | gauge | `kind` | A. |
| `x_limit` | gauge | `name` | B. |
| `x_info` | gauge | | C. |
| `x_seconds` | histogram | `kind` | D. |
| `x_a` | gauge | | E. |
| `x_rare` | gauge | | F. |
| `x_odd_one` | gauge | | G. |
""",
    LISTS: """
unused:
  - {reason: For queries of your own., families: [x_rare, x_odd_*, up, ALERTS*]}
passed_on:
  - {reason: X has it., families: [x_passed_total]}
""",
}


class CheckCoverageTest(unittest.TestCase):
    def findings(self, **changes):
        """What the check says of the tree with these files, by constant, changed: (old, new)."""
        with tempfile.TemporaryDirectory() as folder:
            for name, text in TREE.items():
                path = pathlib.Path(folder) / name
                path.parent.mkdir(parents=True, exist_ok=True)
                for key, (old, new) in changes.items():
                    if globals()[key] == name:
                        self.assertIn(old, text)
                        text = text.replace(old, new)
                path.write_text(text, encoding="utf-8")
            out = io.StringIO()
            with contextlib.redirect_stdout(out):
                status = check_coverage.main([folder])
        self.assertEqual(status, 1 if changes else 0, out.getvalue())
        return out.getvalue().splitlines()

    def test_a_good_tree_is_good(self):
        self.assertEqual(self.findings(), [
            "coverage: 5 of 10 families are used, 5 are listed as unused, 1 names are passed on"])

    def test_each_fault_is_found(self):
        faults = [
            ({"PACK": ("(x_size)", "(x_sizes)")}, "alerts/x.yaml: nobody exports x_sizes"),
            ({"PACK": ("(x_size)", "(x_sizes)")},
             f"x_size is in no rule and no panel, nor among the unused in {LISTS}"),
            ({"PACK": ("x_limit{", "x_limits{")}, "alerts/x.yaml: nobody exports x_limits"),
            ({"BOARD": ("x_info", "x_infos")}, "dashboards/x.json: nobody exports x_infos"),
            ({"BOARD": ("x_seconds_bucket", "x_seconds_buckets")},
             "dashboards/x.json: nobody exports x_seconds_buckets"),
            ({"BOARD": ("x_seconds_bucket", "x_size")},
             f"x_seconds is in no rule and no panel, nor among the unused in {LISTS}"),
            ({"BOARD": ("x_a|", "x_b|")}, "dashboards/x.json: nobody exports x_b"),
            ({"BOOK": ("x_rare", "x_rarest")}, "docs/runbooks/xhigh.md: nobody exports x_rarest"),
            ({"LISTS": ("x_rare", "x_size")}, f"{LISTS}: unused: x_size is used, or is not exported"),
            ({"LISTS": ("x_odd_*", "x_even_*")}, f"{LISTS}: unused: x_even_* is used, or is not exported"),
            ({"LISTS": ("x_rare, ", "")}, f"x_rare is in no rule and no panel, nor among the unused in {LISTS}"),
            ({"LISTS": ("[x_passed_total]", "[x_passed_total, x_a]")},
             f"{LISTS}: passed_on: nothing asks for x_a, or tocsin exports it itself"),
            ({"LISTS": ("reason: X has it., ", "")}, f"{LISTS}: passed_on: ['x_passed_total'] has no reason"),
        ]
        for changes, expected in faults:
            with self.subTest(expected):
                self.assertIn(expected, self.findings(**changes))


if __name__ == "__main__":
    unittest.main()
