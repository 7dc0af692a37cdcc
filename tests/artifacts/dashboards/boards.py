"""The boards of dashboards/*.json: their panels and queries, as Grafana would ask them."""
import dataclasses
import json
import pathlib
import re
import urllib.error
import urllib.parse
import urllib.request

ROOT = pathlib.Path(__file__).resolve().parents[3]

# What Grafana would put in with a scrape interval of 1 s and a graph of ten minutes.
BUILT_IN = {"__rate_interval": "20s", "__interval": "5s", "__interval_ms": "5000", "__range": "600s",
            "__range_s": "600", "__range_ms": "600000"}
VARIABLE = re.compile(r"\$\{(\w+)(?::\w+)?\}|\$(\w+)")
LEGEND_LABEL = re.compile(r"\{\{\s*(\w+)\s*\}\}")
LABEL_VALUES = re.compile(r"^label_values\((?:(?P<selector>.*),)?\s*(?P<label>\w+)\)$", re.DOTALL)


@dataclasses.dataclass(frozen=True)
class Target:
    board: str
    panel: str
    number: int  # Among the panel's queries.
    expr: str
    instant: bool
    labels: frozenset  # Those that its legend or the table's columns show.

    def __str__(self):
        return f"{self.board}: {self.panel} [{self.number}]"


def load(folder=ROOT / "dashboards"):
    """{file name without .json: board}."""
    return {path.stem: json.loads(path.read_text(encoding="utf-8")) for path in sorted(folder.glob("*.json"))}


def panels(board):
    """All panels that are no rows, also those in rows that are closed."""
    for panel in board["panels"]:
        if panel["type"] != "row":
            yield panel
        yield from panel.get("panels", [])


def targets(name, board):
    for panel in panels(board):
        for number, target in enumerate(panel["targets"]):
            labels = set(LEGEND_LABEL.findall(target["legendFormat"]))
            for change in panel.get("transformations", []):
                titled = change["options"].get("renameByName", {})
                labels |= {label for label in titled if not label.startswith("Value")}
            yield Target(name, panel["title"], number, target["expr"], target["instant"], frozenset(labels))


class Source:
    """A data source: a server with Prometheus' API."""

    def __init__(self, url):
        self.url = url
        # Not those of the environment: it is on this machine.
        self._opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))

    def get(self, path, **parameters):
        query = urllib.parse.urlencode(parameters, doseq=True)
        try:
            with self._opener.open(f"{self.url}/api/v1/{path}?{query}", timeout=30) as answer:
                said = json.load(answer)
        except urllib.error.HTTPError as error:
            with error:
                said = json.load(error)
        if said["status"] != "success":
            raise ValueError(f"{said.get('errorType')}: {said.get('error')}")
        return said["data"]

    def problem(self, target, variables, now, seconds=120):
        """What is wrong with the answer; empty if a value that is a number comes back, and what the legend shows."""
        expr = substitute(target.expr, variables)
        if target.instant:
            result = self.get("query", query=expr, time=now)["result"]
            values = [series["value"] for series in result]
        else:
            result = self.get("query_range", query=expr, start=now - seconds, end=now, step=5)["result"]
            values = [value for series in result for value in series["values"]]
        if all(value == "NaN" for _, value in values):
            return "no data"
        missing = sorted(target.labels - {label for series in result for label in series["metric"]})
        return f"no series has {', '.join(missing)}" if missing else ""


def substitute(text, variables):
    def value(match):
        name = match[1] or match[2]
        if name in BUILT_IN:
            return BUILT_IN[name]
        if name not in variables:
            raise ValueError(f"no variable is called {name}: {text}")
        return variables[name]
    return VARIABLE.sub(value, text)


def resolve(board, source):
    """{variable: what stands for All}; and the variables that found nothing."""
    values, empty = {}, []
    for variable in board["templating"]["list"]:
        if variable["type"] != "query":
            continue
        match = LABEL_VALUES.match(variable["query"])
        if match is None:
            raise ValueError(f"variable {variable['name']}: {variable['query']}")
        parameters = {"match[]": substitute(match["selector"].strip(), values)} if match["selector"] else {}
        if not source.get(f"label/{match['label']}/values", **parameters):
            empty.append(variable["name"])
        values[variable["name"]] = variable["allValue"]
    return values, empty
