#!/usr/bin/env python3
"""Fails if a folder includes a folder it may not know (ARCHITECTURE.md, "Who may include whom")."""
import pathlib
import re
import sys

ROOT = pathlib.Path(__file__).resolve().parent.parent
MAY_INCLUDE = {
    "base": set(),
    "collectors": {"base"},
    "rules": {"base"},
    "notify": {"base"},
    "exporter": {"base", "collectors", "rules", "notify"},
}
INCLUDE = re.compile(r'^\s*#\s*include\s+"([^/"]+)/', re.MULTILINE)

checked = 0
errors = []
for folder, allowed in MAY_INCLUDE.items():
    for path in sorted((ROOT / folder).rglob("*.[hc]*")):
        checked += 1
        for target in INCLUDE.findall(path.read_text(encoding="utf-8")):
            if target != folder and target not in allowed:
                errors.append(f"{path.relative_to(ROOT)}: {folder}/ may not include {target}/")
print("\n".join(errors) or f"layers: {checked} files ok")
sys.exit(bool(errors) or checked == 0)
