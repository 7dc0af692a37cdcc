"""A real Redis to watch, and to maltreat."""
import pathlib
import shutil
import signal
import subprocess
import tempfile

import harness


class Redis:
    """A Redis server on loopback, without persistence. `arguments` are more of its options."""

    def __init__(self, *arguments):
        self._arguments = [str(argument) for argument in arguments]
        self.port = None
        self.folder = None
        self._process = None

    def __enter__(self):
        harness.need("redis-server")
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix="tocsin-redis-"))
        try:
            self.start()
        except BaseException:
            self.__exit__()
            raise
        return self

    def __exit__(self, *_):
        self.stop()
        shutil.rmtree(self.folder, ignore_errors=True)

    def start(self):
        """Starts the server, on the same port as before if there was one."""
        for _ in range(5):
            port = self.port or harness.free_port()
            self._process = harness.Process(
                [harness.need("redis-server"), "--port", port, "--bind", "127.0.0.1", "--unixsocket",
                 self.folder / "redis.sock", "--save", "", "--dir", self.folder, *self._arguments], cwd=self.folder)
            try:
                self._process.find("Ready to accept connections", "Redis to start")
                self.port = port
                return
            except RuntimeError:  # Someone else has taken the port in the meantime.
                self._process.end()
        raise AssertionError(f"Redis does not start:\n{self._process.log}")

    def stop(self):
        if self._process is not None:
            self._process.end(signal.SIGTERM)

    def suspend(self):
        """The server hangs, with its sockets open."""
        self._process.send(signal.SIGSTOP)

    def resume(self):
        self._process.send(signal.SIGCONT)

    def cli(self, *words, user=None, password=None):
        """Runs one command; returns what it prints, without the final line feed."""
        log_in = ["--no-auth-warning", "--pass", password] if password else []
        log_in += ["--user", user] if user else []
        done = subprocess.run([harness.need("redis-cli"), "-s", self.folder / "redis.sock", *log_in,
                               *[str(word) for word in words]], capture_output=True, text=True, check=True)
        return done.stdout.rstrip("\n")

    def info(self, field, **log_in):
        for line in self.cli("INFO", "everything", **log_in).splitlines():
            name, _, value = line.rstrip("\r").partition(":")
            if name == field:
                return value
        raise AssertionError(f"INFO has no {field}")

    def connections(self, **log_in):
        """How many connections tocsin has, as the server sees it."""
        return self.cli("CLIENT", "LIST", **log_in).count("name=tocsin")

    def sockets_of(self, pid):
        """The same as the kernel sees it: a hung server cannot be asked."""
        server = f":{self.port:04X}"
        return sum(remote.endswith(server) for _, remote, _ in harness.sockets(pid))
