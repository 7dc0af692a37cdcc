#!/usr/bin/env python3
"""tally.py FOLDER: adds up the JUnit reports in a folder and ends with the line "N passed, N failed[, N skipped]".

Fails if a test failed, a report cannot be read, or nothing ran.
"""
import collections
import pathlib
import sys
import xml.etree.ElementTree as ElementTree


def outcome_of(case):
    if case.find("failure") is not None or case.find("error") is not None:
        return "failed"
    return "skipped" if case.find("skipped") is not None else "passed"


def cases_in(report):
    """(name, outcome, message) of each case; a report that cannot be read is a failed case."""
    try:
        root = ElementTree.parse(report).getroot()
    except ElementTree.ParseError as error:
        yield report.stem, "failed", f"the report cannot be read: {error}"
        return
    for case in root.iter("testcase"):
        detail = next((child.get("message", "") for child in case if child.tag in ("failure", "error", "skipped")), "")
        yield f"{case.get('classname')}/{case.get('name')}", outcome_of(case), detail


def main(folder):
    totals = collections.Counter()
    remarks = []
    print()
    for report in sorted(pathlib.Path(folder).glob("*.xml")):
        counts = collections.Counter()
        for name, outcome, detail in cases_in(report):
            counts[outcome] += 1
            if outcome != "passed":
                remarks.append(f"{outcome}: {report.stem}: {name} {detail.splitlines()[0] if detail else ''}".rstrip())
        totals += counts
        print(f"{report.stem:40} {counts['passed']:5} passed {counts['failed']:3} failed {counts['skipped']:3} skipped")
    print("\n".join(remarks))
    skipped = f", {totals['skipped']} skipped" if totals["skipped"] else ""
    print(f"{totals['passed']} passed, {totals['failed']} failed{skipped}")
    return 1 if totals["failed"] or not totals["passed"] else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))
