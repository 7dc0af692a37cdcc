#!/usr/bin/env python3
"""run.py [--tocsin BINARY] [--results FILE] [PATTERN...]: runs the integration tests, and writes a JUnit report.

A PATTERN selects the tests whose name it is part of.
"""
import argparse
import pathlib
import sys
import time
import unittest
from xml.sax.saxutils import quoteattr

import harness


class Results(unittest.TextTestResult):
    """Keeps each test's outcome and time."""

    def __init__(self, *arguments, **options):
        super().__init__(*arguments, **options)
        self.outcomes = {}
        self._began = 0.0

    def startTest(self, test):
        self._began = time.monotonic()
        super().startTest(test)

    def _note(self, test, outcome, message=""):
        self.outcomes[test.id()] = (outcome, message, time.monotonic() - self._began)

    def addSuccess(self, test):
        super().addSuccess(test)
        self._note(test, "passed")

    def addFailure(self, test, err):
        super().addFailure(test, err)
        self._note(test, "failure", str(err[1]))

    def addError(self, test, err):
        super().addError(test, err)
        self._note(test, "failure", str(err[1]))

    def addSkip(self, test, reason):
        super().addSkip(test, reason)
        self._note(test, "skipped", reason)

    def addSubTest(self, test, subtest, err):
        super().addSubTest(test, subtest, err)
        if err is not None:
            self._note(test, "failure", f"{subtest}: {err[1]}")

    def write_junit(self, path):
        lines = ["<testsuite name='integration'>"]
        for name, (outcome, message, seconds) in self.outcomes.items():
            suite, _, case = name.rpartition(".")
            detail = "" if outcome == "passed" else f"<{outcome} message={quoteattr(message)}/>"
            lines.append(f"<testcase classname={quoteattr(suite)} name={quoteattr(case)} time='{seconds:.3f}'>"
                         f"{detail}</testcase>")
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text("\n".join([*lines, "</testsuite>\n"]), encoding="utf-8")


def main():
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("--tocsin", type=pathlib.Path, default=harness.tocsin_binary)
    arguments.add_argument("--results", type=pathlib.Path)
    arguments.add_argument("pattern", nargs="*")
    options = arguments.parse_args()
    harness.tocsin_binary = options.tocsin.resolve()

    loader = unittest.TestLoader()
    loader.testNamePatterns = [f"*{pattern}*" for pattern in options.pattern] or None
    tests = loader.discover(pathlib.Path(__file__).parent)
    results = unittest.TextTestRunner(resultclass=Results, verbosity=2, stream=sys.stdout).run(tests)
    if options.results:
        results.write_junit(options.results)
    return 0 if results.wasSuccessful() and results.outcomes else 1


if __name__ == "__main__":
    sys.exit(main())
