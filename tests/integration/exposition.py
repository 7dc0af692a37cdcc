"""The pages that Prometheus scrapes."""
import re

_SAMPLE = re.compile(r"^(?P<name>[a-zA-Z_:][\w:]*)(?:\{(?P<labels>.*)\})? (?P<value>\S+)(?: \S+)?$")
_LABEL = re.compile(r'(\w+)="((?:[^"\\]|\\.)*)"(?:,|$)')
_ESCAPE = re.compile(r"\\(.)")


class Page:
    """A parsed text exposition: an independent reader, strict about what it is given."""

    def __init__(self, text):
        self.text = text
        self.samples = {}
        for line in text.splitlines():
            if not line.startswith("#"):
                self._add(line)

    def _add(self, line):
        match = _SAMPLE.match(line)
        if not match:
            raise ValueError(f"not a sample: {line!r}")
        labels = match["labels"] or ""
        if _LABEL.sub("", labels):
            raise ValueError(f"bad labels: {line!r}")
        key = (match["name"], frozenset((name, _ESCAPE.sub(lambda m: {"n": "\n"}.get(m[1], m[1]), value))
                                        for name, value in _LABEL.findall(labels)))
        if key in self.samples:
            raise ValueError(f"twice: {line!r}")
        self.samples[key] = float(match["value"])

    def series(self, name, /, **labels):
        """[(labels, value)] of the series of that name which have these labels, among others."""
        return [(dict(key[1]), value) for key, value in self.samples.items()
                if key[0] == name and labels.items() <= dict(key[1]).items()]

    def has(self, name, /, **labels):
        return bool(self.series(name, **labels))

    def value(self, name, /, **labels):
        """The value of the one series that matches."""
        found = self.series(name, **labels)
        if len(found) != 1:
            raise AssertionError(f"{len(found)} series match {name} {labels}: {found[:5]}")
        return found[0][1]

    def values(self, name, label):
        """{label's value: value} for each series of that name."""
        return {labels.get(label): value for labels, value in self.series(name)}
