"""The commands of docs/ do what the pages say: those of pages that walk through a job run as they are written, in
order, against real servers; all others name subcommands and options that tocsin has. Examples start as they are.

What a page marks, behind the language of a fenced block:

  sh run              runs, and must succeed
  sh run shows=TEXT   runs until its output has TEXT in it
  sh run status=N     runs, and must end with N
  sh serve            is a server, which runs until the page ends or starts it anew, and is ready before what follows
  sh stop=NAME        is how the reader stops that server; the test knows another way
  yaml file=PATH      is what the reader writes to that file; of any language

The blocks of a page share a folder and the variables of the shell. Ports, /etc/tocsin, /var/lib/tocsin and addresses
on the internet are replaced by those of the test; `sudo` does nothing but run what follows it; in files, 15s are 1s.
"""
import concurrent.futures
import contextlib
import dataclasses
import json
import os
import pathlib
import random
import re
import shlex
import socket
import subprocess
import unittest

import yaml

import harness
from dagster_database import DagsterDatabase
from harness import wait_for
from postgres import Postgres
from sink import HttpSink
from tocsin import Tocsin

DOCS = harness.ROOT / "docs"
FENCE = re.compile(r"^( *)```([^\n`]*)\n(.*?)^\1```$", re.MULTILINE | re.DOTALL)

SUDO = """#!/bin/sh
case $1 in -u) shift 2 ;; esac
export PGHOST='{socket}' PGPORT='{port}' PGUSER='{user}'
exec "$@"
"""

# Uses the port of the test where the default is 10061.
TOCSIN = """#!/bin/sh
for word in "$@"; do
  case $word in --server* | --input* | --url* | --listen* | --version) exec {binary} "$@" ;; esac
done
case ${{1-serve}} in
  serve | --config) exec {binary} "$@" --listen {address} ;;
  query | alerts | silence | replay) exec {binary} "$@" --server http://{address} ;;
  healthcheck) exec {binary} "$@" --url http://{address} ;;
  *) exec {binary} "$@" ;;
esac
"""

# Variables outlive their block. `_` is there for `declare` to have at least one name, or it would tell of all.
SHELL = """. {state}
trap 'declare -p $(compgen -v | grep -x "[a-z][a-z_]*") _ >{state} || true' EXIT
set -euo pipefail
{text}"""


@dataclasses.dataclass(frozen=True)
class Block:
    """A fenced block of a page."""
    page: str
    line: int
    language: str
    words: tuple
    text: str

    @property
    def name(self):
        return f"{self.page}:{self.line}"

    def option(self, name):
        """What is behind `name=`, or None."""
        return next((word[len(name) + 1:] for word in self.words if word.startswith(f"{name}=")), None)


def blocks(page):
    text = page.read_text(encoding="utf-8")
    for match in FENCE.finditer(text):
        language, *words = match[2].split() or [""]
        indent = match[1]
        yield Block(str(page.relative_to(harness.ROOT)), text.count("\n", 0, match.start()) + 2, language, tuple(words),
                    "".join(line.removeprefix(indent) for line in match[3].splitlines(keepends=True)))


# In an order of its own for each run; each is given away once.
_QUIET_PORTS = iter(random.sample(range(20000, 32000), 12000))


def quiet_port():
    """A free port outside of those that the kernel gives to whoever asks for any: nobody takes it meanwhile."""
    for port in _QUIET_PORTS:
        with contextlib.suppress(OSError), socket.socket() as probe:
            probe.bind(("127.0.0.1", port))
            return port
    raise AssertionError("no port is free")


class Reader:
    """What a reader has: a folder, a shell, and the programs on the PATH."""

    def __init__(self, folder, sink, database):
        self.folder = folder
        self._home = folder / "home"
        self._bin = folder / "bin"
        self._servers = {}
        self._ports = {name: quiet_port() for name in ("10061", "9090", "9093")}
        self._ports["5432"] = database.port if database else quiet_port()
        self._replacements = {
            "https://hooks.slack.com": sink.url, "https://deadman.example.org": sink.url,
            "/etc/tocsin": str(folder / "etc"), "/var/lib/tocsin": str(folder / "var"),
        }
        self._home.mkdir()
        self._bin.mkdir()
        # What a page calls "here" is a clone of the repository, as far as it is only read.
        for name in ("alerts", "examples"):
            (self._home / name).symlink_to(harness.ROOT / name)
        address = f"127.0.0.1:{self._ports['10061']}"
        self._install("tocsin", TOCSIN.format(binary=harness.tocsin_binary, address=address))
        if database:
            self._install("sudo", SUDO.format(socket=database.folder, port=database.port, user=database.USER))
        else:
            self._install("sudo", SUDO.format(socket="", port="", user=""))
        with contextlib.suppress(unittest.SkipTest):
            (self._bin / "alertmanager").symlink_to(harness.need("prometheus-alertmanager"))

    def _install(self, name, script):
        (self._bin / name).write_text(script, encoding="utf-8")
        (self._bin / name).chmod(0o755)

    def url(self, port):
        return f"http://127.0.0.1:{self._ports[port]}"

    def as_here(self, text):
        """A block with what this test has in place of what the page says."""
        for wanted, here in self._replacements.items():
            text = text.replace(wanted, here)
        return re.sub(r"\b(10061|9090|9093|5432)\b", lambda match: str(self._ports[match[1]]), text)

    def _environment(self):
        return {**os.environ, "PATH": f"{self._bin}:{os.environ['PATH']}", "HOME": str(self._home), "LC_ALL": "C.UTF-8"}

    def write(self, block):
        path = self._home / self.as_here(block.option("file"))
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(re.sub(r"\b15s\b", "1s", self.as_here(block.text)), encoding="utf-8")

    def _shell(self, text):
        """(status, output) of a script that begins with the variables of those before, and leaves its own."""
        state = self.folder / "variables"
        state.touch()
        script = SHELL.format(state=state, text=text)
        done = subprocess.run(["bash", "-c", script], cwd=self._home, env=self._environment(), check=False,
                              stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
                              timeout=2 * harness.PATIENCE_SECONDS)
        return done.returncode, done.stdout

    def run(self, block):
        text = self.as_here(block.text)
        wanted_status = int(block.option("status") or 0)
        shown = block.option("shows")

        def done():
            status, output = self._shell(text)
            if status != wanted_status or (shown and shown not in output):
                raise AssertionError(f"{block.name}: status {status}, not {wanted_status}"
                                     f"{f' and {shown!r}' if shown else ''}:\n{block.text}---\n{output}")
            return True

        if shown:
            wait_for(f"{shown!r} from {block.name}", done, 2 * harness.PATIENCE_SECONDS)
        else:
            done()

    def serve(self, block):
        """Starts the server that the block is, in place of the one of this name that runs."""
        text = self.as_here(block.text)
        name = shlex.split(text, comments=True)[0]
        self.stop(name)
        port = {"tocsin": "10061", "prometheus": "9090", "alertmanager": "9093"}[name]
        server = harness.Process(["bash", "-c", f"exec {text}"], cwd=self._home, env=self._environment())
        self._servers[name] = server

        def ready():
            if not server.is_running():
                raise RuntimeError(f"{block.name} ended:\n{server.log}")
            return harness.http("GET", f"{self.url(port)}/-/ready").status == 200

        wait_for(f"{block.name} to be ready", ready)

    def stop(self, name):
        if name in self._servers:
            self._servers.pop(name).end()

    def stop_all(self):
        for name in list(self._servers):
            self.stop(name)


def is_marked(block):
    return "run" in block.words or "serve" in block.words or block.option("stop") or block.option("file")


def walk(page, sink=None, database=None, then=lambda: None):
    """Does what the page says, and `then` that while its servers still run."""
    with contextlib.ExitStack() as stack:
        folder = stack.enter_context(harness.temporary_folder())
        reader = Reader(folder, sink or stack.enter_context(HttpSink()), database)
        stack.callback(reader.stop_all)
        for block in filter(is_marked, blocks(DOCS / page)):
            if block.option("file"):
                reader.write(block)
            elif block.option("stop"):
                reader.stop(block.option("stop"))
            elif "serve" in block.words:
                reader.serve(block)
            else:
                reader.run(block)
        then()


def walk_one_vm():
    harness.need("psql")
    with Postgres() as postgres, HttpSink() as sink:
        DagsterDatabase(postgres)
        walk("one-vm.md", sink, postgres,
             then=lambda: wait_for("a call of the dead-man's switch", lambda: sink.requests("/your-own")))
        if not sink.requests("/services/T000/B000/your-own"):
            raise AssertionError("nothing arrived in Slack")


def walk_notifications():
    with HttpSink() as sink:
        walk("notifications.md", sink)
        if not sink.requests("/services/T000/B000/your-own"):
            raise AssertionError("nothing arrived in Slack")


def walk_second_path():
    for program in ("prometheus", "promtool", "amtool", "prometheus-alertmanager"):
        harness.need(program)
    walk("second-path.md")


def walk_write_rules():
    harness.need("promtool")
    walk("write-rules.md")


def walk_operate():
    harness.need("sqlite3")
    walk("operate.md")


class WalkThroughTest(unittest.TestCase):
    WALKS = {
        "dashboards.md": lambda: walk("dashboards.md"),
        "notifications.md": walk_notifications,
        "one-vm.md": walk_one_vm,
        "operate.md": walk_operate,
        "quickstart.md": lambda: walk("quickstart.md"),
        "rule-tests.md": lambda: walk("rule-tests.md"),
        "second-path.md": walk_second_path,
        "troubleshoot.md": lambda: walk("troubleshoot.md"),
        "write-rules.md": walk_write_rules,
    }

    @classmethod
    def setUpClass(cls):
        """They mostly wait, so they wait together."""
        harness.need("curl")
        pool = concurrent.futures.ThreadPoolExecutor(len(cls.WALKS))
        cls.walks = {page: pool.submit(how) for page, how in cls.WALKS.items()}
        cls.addClassCleanup(pool.shutdown)

    def test_dashboards(self):
        self.walks["dashboards.md"].result()

    def test_notifications(self):
        self.walks["notifications.md"].result()

    def test_one_vm(self):
        self.walks["one-vm.md"].result()

    def test_operate(self):
        self.walks["operate.md"].result()

    def test_quickstart(self):
        self.walks["quickstart.md"].result()

    def test_rule_tests(self):
        self.walks["rule-tests.md"].result()

    def test_second_path(self):
        self.walks["second-path.md"].result()

    def test_troubleshoot(self):
        self.walks["troubleshoot.md"].result()

    def test_write_rules(self):
        self.walks["write-rules.md"].result()


def pages():
    return [harness.ROOT / "README.md", *sorted(DOCS.rglob("*.md"))]


def commands(block):
    """The words behind `tocsin` wherever that is a command in a block."""
    for line in block.text.replace("\\\n", " ").splitlines():
        line = re.sub(r"(^|\s)#.*", "", line)
        for match in re.finditer(r"(?:^\s*|\$\(|[|;&]\s*|\bsudo\s+|\bexec\s+|\bnohup\s+)(?:[\w./]+/)?tocsin(?=\s|$)"
                                 r"((?:'[^']*'|\"[^\"]*\"|[^|;&)<>'\"])*)", line):
            yield shlex.split(match[1])


class Help:
    """What `tocsin ... --help` says."""

    def __init__(self):
        self._texts = {}

    def of(self, *words):
        if words not in self._texts:
            done = subprocess.run([harness.tocsin_binary, *words, "--help"], check=False, capture_output=True,
                                  text=True, timeout=harness.PATIENCE_SECONDS)
            if done.returncode != 0:
                raise AssertionError(f"tocsin {' '.join(words)} --help: {done.stderr}")
            self._texts[words] = done.stdout
        return self._texts[words]

    def subcommands(self, *words):
        _, _, rest = self.of(*words).partition("\nSubcommands:\n")
        return set(re.findall(r"^  ([a-z][\w-]*)", rest.partition("\n\n")[0], re.MULTILINE))

    def options(self, *words):
        text = self.of(*words).partition("\nStart here:")[0]
        return set(re.findall(r"(?:^  |,)(--?[a-zA-Z][\w.-]*)", text, re.MULTILINE))


class CommandsTest(harness.TestCase):
    def mistakes(self, page, manual):
        for block in blocks(page):
            if block.language != "sh":
                continue
            for words in commands(block):
                path = []
                while words and words[0] in manual.subcommands(*path):
                    path.append(words.pop(0))
                known = manual.options(*path)
                if not path or path == ["serve"]:
                    known = known | manual.options()
                if manual.subcommands(*path) and words and re.fullmatch(r"[a-z][\w-]*", words[0]):
                    yield f"{block.name}: no command {' '.join(['tocsin', *path, words[0]])}"
                for word in words:
                    option = word.partition("=")[0]
                    if re.fullmatch(r"--?[a-zA-Z][\w.-]*", option) and option not in known:
                        yield f"{block.name}: {' '.join(['tocsin', *path])} has no option {option}"

    def test_every_page_names_commands_and_options_that_there_are(self):
        manual = Help()
        self.assertIn("--server", manual.options("query"))
        seen = sum(len(list(commands(block))) for page in pages() for block in blocks(page) if block.language == "sh")
        self.assertGreater(seen, 30)
        self.assertEqual([mistake for page in pages() for mistake in self.mistakes(page, manual)], [])


class ConfigurationsTest(harness.TestCase):
    """What a page shows as (a part of) a configuration is one."""

    # Files that only the reader has, and parts that refer to others.
    FINE = re.compile(r"cannot read .*: (No such file or directory|Permission denied)|there is no receiver \""
                      r"|expected a route beside it|this policy matches no rule")

    @staticmethod
    def is_one(block):
        if block.language != "yaml" or "..." in block.text:
            return False
        first, *others = yaml.safe_load_all(block.text)
        return not others and isinstance(first, dict) and first.keys() <= {
            "global", "server", "storage", "collectors", "promql", "rule_files", "rules", "rule_policies", "notify"}

    def test_all_that_are_shown_are_good(self):
        folder = self.enter(harness.temporary_folder())
        (folder / "alerts").symlink_to(harness.ROOT / "alerts")
        (folder / "rules").mkdir()
        (folder / "shop.yaml").write_text("groups: []\n", encoding="utf-8")
        shown = [block for page in pages() for block in blocks(page) if self.is_one(block)]
        self.assertGreater(len(shown), 30)
        names = {}
        for number, block in enumerate(shown):
            names[f"{number}.yaml"] = block.name
            (folder / f"{number}.yaml").write_text(block.text, encoding="utf-8")
        done = subprocess.run([harness.tocsin_binary, "check", "config", *names], cwd=folder, check=False,
                              capture_output=True, text=True, timeout=2 * harness.PATIENCE_SECONDS)
        said = [line for line in (done.stdout + done.stderr).splitlines() if ": good" not in line]
        self.assertEqual([f"{names.get(line.partition(':')[0])} {line}" for line in said if not self.FINE.search(line)],
                         [])


class ExamplesTest(harness.TestCase):
    def start(self, example):
        with harness.temporary_folder() as folder, \
                Tocsin(folder=folder, arguments=["--config", example, "--storage.path", folder / "data"]) as tocsin:
            wait_for(f"{example.name} to be ready", lambda: tocsin.get("/-/ready").status == 200)
            self.assertNotIn("level=error", tocsin.log)
            groups = json.loads(tocsin.get("/api/v1/rules").text)["data"]["groups"]
            tocsin.process.end()
            self.assertEqual(tocsin.process.wait(), 0, tocsin.log)
            return {pathlib.Path(group["file"]).name for group in groups}

    def test_each_starts_as_it_is_with_the_rules_of_its_system(self):
        examples = harness.ROOT / "examples"
        for example in sorted([*examples.glob("*.yaml"), *examples.glob("collectors/*.yaml")]):
            if example.name == "quickstart.yaml":  # A text to copy: its paths are those of the demo.
                continue
            with self.subTest(example=str(example.relative_to(harness.ROOT))):
                packs = self.start(example)
                if example.parent == examples and (harness.ROOT / "alerts" / example.name).exists():
                    self.assertIn(example.name, packs)

    def test_there_is_one_for_each_system_with_rules(self):
        systems = {pack.stem for pack in (harness.ROOT / "alerts").glob("*.yaml")} - {"containers"}
        self.assertEqual(systems, {path.stem for path in (harness.ROOT / "examples").glob("*.yaml")} & systems)


class IndexTest(harness.TestCase):
    def test_every_page_is_in_the_index(self):
        index = (DOCS / "README.md").read_text(encoding="utf-8")
        linked = {(DOCS / link.partition("#")[0]).resolve() for link in re.findall(r"\]\(([^)\s]+)\)", index)}
        missing = [str(page.relative_to(DOCS)) for page in sorted(DOCS.glob("*.md"))
                   if page.name != "README.md" and page.resolve() not in linked]
        self.assertEqual(missing, [])

    def test_every_page_that_marks_blocks_is_walked_through(self):
        marking = {str(page.relative_to(DOCS)) for page in DOCS.rglob("*.md") if any(map(is_marked, blocks(page)))}
        self.assertEqual(marking, set(WalkThroughTest.WALKS))
