#!/usr/bin/env python3
"""check.py [FOLDER]: fails if a board breaks the rules of the house, and says which and where.

Looks at FOLDER/dashboards/*.json; FOLDER is the repository, by default the one around this file. What needs packages of
npm or running servers is in lint.mjs, types.mjs and live.py beside it.
"""
import functools
import pathlib
import re
import sys

import yaml

import boards

ROOT = pathlib.Path(__file__).resolve().parents[3]
sys.path.insert(0, str(ROOT / "tools"))
import check_alerts  # noqa: E402  pylint: disable=wrong-import-position

# A board's address and its links hold the uid: once published, it stays.
UIDS = {
    "overview": "tocsin-overview", "alerting": "tocsin-alerting", "tocsin": "tocsin-itself",
    "dagster": "tocsin-dagster", "dashflow": "tocsin-dashflow", "kailash": "tocsin-kailash",
    "miroir": "tocsin-miroir", "atlas": "tocsin-atlas", "containers": "tocsin-containers",
}
# Of Grafana's 273 units, those that are in use here.
UNITS = {"s", "ms", "short", "bytes", "percentunit", "reqps", "ops", "dateTimeFromNow"}
MOST_OPEN_PANELS = 24
MOST_BYTES = 256 * 1024  # With more, `kubectl apply` cannot note what it applied to a ConfigMap.
MADE_BY_THE_ENGINE = {"up", "ALERTS", "ALERTS_FOR_STATE"}
NEVER_IS_ZERO = "tocsin_collector_last_success_timestamp_seconds"
PICTURES = ROOT / "docs" / "images" / "dashboards"
SELECTOR = re.compile(r"([a-zA-Z_:][\w:]*)?\{")
NAME_MATCHER = re.compile(r'__name__=~"([\w|]+)"')


def base_name(metric):
    return re.sub(r"_(bucket|sum|count)$", "", metric)


def metrics_of(expr):
    """All selectors have braces: the generator puts matchers in each."""
    found = {name for name in SELECTOR.findall(re.sub(r'"(?:[^"\\]|\\.)*"', '""', expr)) if name}
    for names in NAME_MATCHER.findall(expr):
        found.update(names.split("|"))
    return found


@functools.cache
def packs_of(root):
    """The rules of all packs. Reading them takes a second."""
    files = [path for path in sorted((root / "alerts").rglob("*.yaml")) if path.parent.name != "tests"]
    groups = [group for path in files for group in yaml.safe_load(path.read_text(encoding="utf-8"))["groups"]]
    return [rule for group in groups for rule in group["rules"]]


def known_metrics(root):
    """{metric: type} of all collectors and tocsin's own, the recorded ones, and those that are only passed on."""
    known = {}
    for page in sorted((root / "docs" / "collectors").glob("*.md")):
        for name, kind, *_ in check_alerts.TABLE_ROW.findall(page.read_text(encoding="utf-8")):
            known[name] = kind
    for folder in ("exporter", "rules", "notify"):
        for source in (root / folder).rglob("*.cc"):
            for name, kind, _ in check_alerts.OWN_METRIC.findall(source.read_text(encoding="utf-8")):
                known[name] = kind.lower()
    known.update({rule["record"]: "gauge" for rule in packs_of(root) if "record" in rule})
    lists = yaml.safe_load((ROOT / "tools" / "metrics_coverage.yaml").read_text(encoding="utf-8"))
    for each in lists["passed_on"]:
        for family in each["families"]:
            name = family.rstrip("*")
            kind = "counter" if name.endswith("_total") else "gauge"
            known[base_name(name)] = "histogram" if name.endswith("_bucket") else kind
    return known


class Checker:
    def __init__(self, root, known=None):
        self.root = root
        self.errors = []
        self.known = known or known_metrics(root)

    def fail(self, board, what):
        self.errors.append(f"dashboards/{board}.json: {what}")

    def want(self, condition, board, what):
        if not condition:
            self.fail(board, what)

    def check(self):
        shown = boards.load(self.root / "dashboards")
        for name, uid in UIDS.items():
            self.want(name in shown, name, "is not there")
            self.want(shown.get(name, {}).get("uid") == uid, name, f"its uid was {uid}, and must stay")
        for name, board in shown.items():
            self.want(name in UIDS, name, "its uid is not in the list of check.py")
            self.want((PICTURES / f"{name}.png").is_file(), name, "has no picture: run tests/artifacts/pictures/pictures.py")
            self.check_board(name, board)
            self.check_variables(name, board)
            self.check_layout(name, board)
            for panel in boards.panels(board):
                self.check_panel(name, panel)
        self.check_alerts(shown)
        return self.errors

    def check_alerts(self, shown):
        """Who is woken by an alert finds a panel that shows it."""
        told = "\n".join(panel["description"] for board in shown.values() for panel in boards.panels(board))
        for name in (rule["alert"] for rule in packs_of(ROOT) if "alert" in rule):
            if not re.search(rf"\b{name}\b", told):
                self.errors.append(f"dashboards: no panel names the alert {name}")

    def check_board(self, name, board):
        self.want(re.fullmatch(r"[a-zA-Z0-9_-]{1,40}", board["uid"]), name, "uid")
        self.want(board["schemaVersion"] == 42, name, "schemaVersion is not 42")
        self.want("tocsin" in board["tags"], name, "has no tag tocsin")
        self.want(board["graphTooltip"] == 1, name, "graphs do not share a crosshair")
        self.want(board["timezone"] in ("", "browser"), name, "timezone")
        self.want(isinstance(board["refresh"], str) and board["refresh"], name, "refresh is no text")
        self.want(board["time"] == {"from": "now-1h", "to": "now"}, name, "does not begin an hour ago")
        self.want(board["editable"] is False, name, "can be edited, and would lose that with the next version")
        for key in ("id", "version", "iteration", "__inputs", "__requires"):
            self.want(key not in board, name, f"has {key}")
        self.want(board.get("title") and board.get("description"), name, "has no title or description")
        [link] = board["links"]
        self.want(link["type"] == "dashboards" and link["tags"] == ["tocsin"] and link["keepTime"]
                  and link["includeVars"] and link["asDropdown"], name, "does not link to the other boards")
        size = (self.root / "dashboards" / f"{name}.json").stat().st_size
        self.want(size < MOST_BYTES, name, f"has {size} bytes")

    def check_variables(self, name, board):
        variables = board["templating"]["list"]
        names = [variable["name"] for variable in variables]
        self.want(names[:3] == ["datasource", "job", "instance"], name, f"variables begin with {names[:3]}")
        self.want(variables[0]["type"] == "datasource" and variables[0]["query"] == "prometheus", name, "data source")
        for variable in variables[1:]:
            always = variable["name"] in ("job", "instance")
            # Series without the label would never be shown.
            self.want(variable["allValue"] == (".+" if always else ".*"), name,
                      f"All of {variable['name']} is {variable['allValue']}")
            self.want(variable["includeAll"] and variable["multi"] and variable["refresh"] == 2, name,
                      f"variable {variable['name']}: All, several, and renewed with the time")
            selected = metrics_of(variable["query"]) or set(re.findall(r"\((\w+),", variable["query"]))
            self.check_metrics(name, f"variable {variable['name']}", selected)
        for annotation in board["annotations"]["list"]:
            if "expr" in annotation:
                self.check_metrics(name, f"annotation {annotation['name']}", metrics_of(annotation["expr"]))

    def check_layout(self, name, board):
        identities = [panel["id"] for panel in board["panels"]]
        identities += [panel["id"] for row in board["panels"] for panel in row.get("panels", [])]
        self.want(len(set(identities)) == len(identities), name, "two panels have one id")
        self.check_grid(name, board["panels"], 0)
        for row in board["panels"]:
            if row.get("panels"):
                self.want(row["collapsed"], name, f"row {row['title']} is open and has panels in it")
                self.check_grid(name, row["panels"], row["gridPos"]["y"] + 1)
        open_panels = sum(panel["type"] != "row" for panel in board["panels"])
        self.want(open_panels <= MOST_OPEN_PANELS, name, f"queries {open_panels} panels when it is opened")

    def check_grid(self, name, panels, top):
        """No cell twice, none empty."""
        taken = set()
        for panel in panels:
            at = panel["gridPos"]
            cells = {(x, y) for x in range(at["x"], at["x"] + at["w"]) for y in range(at["y"], at["y"] + at["h"])}
            self.want(not cells & taken, name, f"{panel['title']} lies on another panel")
            self.want(at["x"] + at["w"] <= 24, name, f"{panel['title']} is beyond the 24 columns")
            taken |= cells
        bottom = max((y for _, y in taken), default=top - 1)
        holes = {(x, y) for y in range(top, bottom + 1) for x in range(24)} - taken
        first = min((y for _, y in holes), default=0)
        self.want(not holes, name, f"{len(holes)} cells are empty, the first in line {first}")

    def check_panel(self, name, panel):
        title = panel["title"]
        defaults = panel["fieldConfig"]["defaults"]
        self.want(len(panel["description"]) > 20, name, f"{title}: no description")
        self.want(defaults.get("unit") in UNITS or (not defaults.get("unit") and defaults["mappings"]), name,
                  f"{title}: unit {defaults.get('unit')}")
        for override in panel["fieldConfig"]["overrides"]:
            for each in override["properties"]:
                self.want(each["id"] != "unit" or each["value"] in UNITS or defaults["mappings"], name,
                          f"{title}: unit {each['value']}")
        steps = defaults["thresholds"]["steps"]
        values = [step["value"] for step in steps[1:]]
        self.want(steps[0]["value"] is None and values == sorted(values), name, f"{title}: thresholds are in disorder")
        if panel["type"] == "timeseries":
            # Or Grafana draws a graph that is all zero up to 100, and a threshold beyond the values not at all.
            top = max(defaults.get("max", 0), defaults["custom"].get("axisSoftMax", 0))
            self.want(top > 0 and top >= max(values, default=0), name, f"{title}: the axis need not reach {values}")
        self.want(panel["datasource"] == {"type": "prometheus", "uid": "${datasource}"}, name, f"{title}: data source")
        self.want(panel["targets"], name, f"{title}: no queries")
        for target in panel["targets"]:
            self.check_query(name, title, target["expr"])
            has_legend = panel["type"] == "table" or target["legendFormat"] != "__auto"
            self.want(len(panel["targets"]) == 1 or has_legend, name, f"{title}: several series without a legend")

    def check_query(self, name, title, expr):
        self.check_metrics(name, title, metrics_of(expr))
        for function, metric in re.findall(r"\b(\w+)\(([a-zA-Z_:][\w:]*)\{", expr):
            kind = self.known.get(base_name(metric), self.known.get(metric, ""))
            if function in ("rate", "increase", "irate"):
                rises = kind in ("counter", "histogram", "unknown")
                self.want(rises, name, f"{title}: {function} of {metric}, a {kind}")
        if NEVER_IS_ZERO in expr and "> 0" not in expr:
            self.fail(name, f"{title}: what has never succeeded is shown as if it had in 1970")
        # A counter's own value says nothing.
        for metric in re.findall(r"(?<![\w:(])([a-zA-Z_:][\w:]*_total)\{", expr):
            self.fail(name, f"{title}: {metric} without rate() or increase()")

    def check_metrics(self, name, where, metrics):
        self.want(metrics, name, f"{where}: selects nothing")
        for metric in sorted(metrics):
            is_known = (metric in self.known or metric in MADE_BY_THE_ENGINE
                        or (base_name(metric) != metric and self.known.get(base_name(metric)) == "histogram"))
            self.want(is_known, name, f"{where}: nothing exports {metric}")


def main():
    root = pathlib.Path(sys.argv[1]) if len(sys.argv) > 1 else ROOT
    errors = Checker(root).check()
    for error in errors:
        print(error)
    return 1 if errors else 0


if __name__ == "__main__":
    sys.exit(main())
