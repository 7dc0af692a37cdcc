#!/usr/bin/env python3
"""Fails if a page (*.md) links to a file of the repository, or to a heading in it, that is not there."""
import pathlib
import re
import sys

ROOT = pathlib.Path(__file__).resolve().parent.parent
LINK = re.compile(r"\]\(([^)\s]+)\)")
HEADING = re.compile(r"^#+\s+(.*)$", re.MULTILINE)
CODE = re.compile(r"```.*?```|`[^`\n]*`", re.DOTALL)


def pages():
    return (path for path in sorted(ROOT.rglob("*.md"))
            if not any(part.startswith("build") or part == "node_modules" for part in path.relative_to(ROOT).parts))


def anchors(page):
    """The anchors of a page's headings, as GitHub and GitLab make them."""
    headings = HEADING.findall(re.sub(r"```.*?```", "", page.read_text(encoding="utf-8"), flags=re.DOTALL))
    return {re.sub(r"[^\w\- ]", "", heading).strip().lower().replace(" ", "-") for heading in headings}


def is_good(page, link):
    if re.match(r"[a-z]+:", link):
        return True
    name, _, anchor = link.partition("#")
    target = page.parent / name if name else page
    if not target.exists():
        return False
    return not anchor or target.suffix != ".md" or anchor in anchors(target)


checked = 0
errors = []
for page in pages():
    for link in LINK.findall(CODE.sub("", page.read_text(encoding="utf-8"))):
        checked += 1
        if not is_good(page, link):
            errors.append(f"{page.relative_to(ROOT)}: dead link {link}")
print("\n".join(errors) or f"links: {checked} ok")
sys.exit(bool(errors))
