"""Starts tocsin with the files that a pod would see."""
import json
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile

import yaml

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent.parent / "integration"))

import harness  # noqa: E402 - of the integration tests
from dagster_database import DAEMONS, DagsterDatabase  # noqa: E402
from postgres import Postgres  # noqa: E402
from tocsin import Tocsin  # noqa: E402

SOME_SECRET = "https://hooks.example.org/secret\n"  # Good as an address, a password and a key.


class Files:
    """The mounts of the pod's first container, in a folder. Of secrets, the files that the configuration names."""

    def __init__(self, pod, items, secrets=None):
        self._pod = pod["spec"]["template"]["spec"]
        self._maps = {item["metadata"]["name"]: item["data"] for item in items if item["kind"] == "ConfigMap"}
        self._secrets = secrets or {}
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix="tocsin-pod-"))
        self.is_complete = True  # Not if a ConfigMap is from elsewhere.

    def __enter__(self):
        volumes = {volume["name"]: volume for volume in self._pod["volumes"]}
        for mount in self._pod["containers"][0]["volumeMounts"]:
            self._mount(volumes[mount["name"]], self._at(mount["mountPath"]))
        return self

    def __exit__(self, *_):
        shutil.rmtree(self.folder, ignore_errors=True)

    def _at(self, path):
        return self.folder / path.lstrip("/")

    def _mount(self, volume, folder):
        folder.mkdir(parents=True)
        if "configMap" not in volume:
            return
        files = self._maps.get(volume["configMap"]["name"])
        self.is_complete = self.is_complete and files is not None
        for name, text in (files or {}).items():
            (folder / name).write_text(text, encoding="utf-8")

    @property
    def config_file(self):
        [argument] = [text for text in self._pod["containers"][0]["args"] if text.startswith("--config=")]
        return self._at(argument.removeprefix("--config="))

    def config(self):
        """The configuration, with the paths of the pod made those of this folder, and files for its secrets."""
        text = self.config_file.read_text(encoding="utf-8")
        for secret, key in set(re.findall(r"/etc/tocsin/secrets/([^/\s]+)/([^\s'\",}]+)", text)):
            file = self._at(f"/etc/tocsin/secrets/{secret}/{key}")
            if file.parent.exists():  # Or the secret is not mounted, which tocsin shall say.
                file.write_text(self._secrets.get((secret, key), SOME_SECRET), encoding="utf-8")
        return re.sub(r"/(etc|var/lib)/tocsin\b", lambda found: str(self.folder) + found[0], text)

    def check(self, binary):
        """What `tocsin check config` has against it."""
        file = self.folder / "tocsin.yaml"
        file.write_text(self.config(), encoding="utf-8")
        done = subprocess.run([binary, "check", "config", file], text=True, capture_output=True, check=False)
        return "" if done.returncode == 0 else done.stdout + done.stderr


def beside_postgres(proof):
    harness.tocsin_binary = proof.binary
    with Postgres(password="the password of the secret") as postgres:
        database = DagsterDatabase(postgres)
        database.add_runs("STARTED", 2)
        # What a user fills in, but for the address, which is no choice of his here.
        values = {"collectors": [{"type": "dagster", "postgres": {
            "host": "127.0.0.1", "port": postgres.port, "database": postgres.DATABASE, "user": postgres.USER,
            "password_file": "/etc/tocsin/secrets/dagster-postgresql/password"}}]}
        items = [item for item in yaml.safe_load_all(proof.tools.render(["one-secret", values])) if item]
        [pod] = [item for item in items if item["kind"] == "StatefulSet"]
        with Files(pod, items, {("dagster-postgresql", "password"): f"{postgres.password}\n"}) as files:
            return _look(Tocsin(files.config(), binary=proof.binary))


def _look(tocsin):
    with tocsin:
        tocsin.wait_until_up(collector="dagster")
        page = tocsin.wait_until("two runs in flight", lambda page: sum(
            value for _, value in page.series("dagster_runs_in_flight")) == 2)
        daemons = set(page.values("dagster_daemon_heartbeat_age_seconds", "daemon_type"))
        ready = tocsin.get("/-/ready")
        groups = json.loads(tocsin.get("/api/v1/rules").text)["data"]["groups"]
    if daemons != set(DAEMONS) or ready.status != 200 or not groups:
        raise AssertionError(f"{daemons}, ready {ready.status}, {len(groups)} groups of rules")
    return f"{len(daemons)} daemons and {len(groups)} groups of rules, with one secret and one collector"
