"""Started as systemd starts it: with a socket that listens already, and somebody to tell how it is."""
import contextlib
import os
import re
import signal
import socket

import harness


class Listener:
    """A TCP socket on a port that nobody chose, as a service manager would hold it."""

    def __enter__(self):
        self.socket = socket.create_server(("127.0.0.1", 0))
        self.address = "127.0.0.1:%d" % self.socket.getsockname()[1]
        return self

    def __exit__(self, *_):
        self.socket.close()


class Manager:
    """Hears what is said on NOTIFY_SOCKET."""

    def __init__(self, folder):
        self.path = folder / "notify"
        self.said = []

    def __enter__(self):
        self._socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self._socket.bind(str(self.path))
        self._socket.setblocking(False)
        return self

    def __exit__(self, *_):
        self._socket.close()

    def hears(self, word):
        with contextlib.suppress(BlockingIOError):
            while True:
                self.said.append(self._socket.recv(4096).decode())
        return any(word in message.split("\n") for message in self.said)

    def wait_for(self, word):
        harness.wait_for(f"{word}, after {self.said}", lambda: self.hears(word))
        self.said.clear()


class ActivationTest(harness.TestCase):
    config = "storage: {path: ':memory:'}\nserver: {listen: 127.0.0.1:0}\ncollectors: []\n"

    def setUp(self):
        self.folder = self.enter(harness.temporary_folder())
        self.config_file = self.folder / "tocsin.yaml"
        self.config_file.write_text(self.config, encoding="utf-8")

    def start(self, listener, *arguments, count=1, environment=()):
        """tocsin with `listener` as its descriptor 3, as sd_listen_fds(3) wants it."""
        def hand_over():
            os.dup2(listener.socket.fileno(), 3)

        # The shell is only there for its number: LISTEN_PID is that of the program, known after the fork.
        process = harness.Process(
            ["/bin/sh", "-c", 'export LISTEN_PID=$$; exec "$@"', "sh", harness.tocsin_binary, "serve",
             "--config", self.config_file, *arguments],
            env={**os.environ, "LISTEN_FDS": str(count), **dict(environment)},
            preexec_fn=hand_over, pass_fds=(3,), cwd=self.folder)
        self.addCleanup(process.end)
        return process

    def test_it_serves_on_the_socket_and_not_where_the_configuration_says(self):
        listener = self.enter(Listener())
        process = self.start(listener)
        process.find(r"sockets were handed over", "a word on that")
        process.find(re.escape(f"http://{listener.address}"), "the address in the log")
        self.assertEqual(harness.http("GET", f"http://{listener.address}/-/healthy").status, 200)
        addresses = {local for local, _, state in harness.sockets(process.pid) if state == "0A"}
        self.assertEqual(len(addresses), 1, addresses)
        # The socket stays open between two runs: who asks meanwhile waits, and is answered.
        process.end()
        with socket.create_connection(tuple(listener.socket.getsockname()), timeout=harness.PATIENCE_SECONDS) as early:
            early.sendall(b"GET /-/healthy HTTP/1.1\r\nHost: tocsin\r\nConnection: close\r\n\r\n")
            self.start(listener)
            answer = b"".join(iter(lambda: early.recv(65536), b""))
        self.assertTrue(answer.startswith(b"HTTP/1.1 200"), answer[:100])

    def test_a_reload_keeps_the_socket_whatever_listen_says(self):
        listener = self.enter(Listener())
        process = self.start(listener)
        process.find(re.escape(f"http://{listener.address}"), "the address in the log")
        self.config_file.write_text(self.config.replace("127.0.0.1:0", "127.0.0.1:1"), encoding="utf-8")
        process.send(signal.SIGHUP)
        process.find("configuration reloaded", "the reload")
        self.assertEqual(harness.http("GET", f"http://{listener.address}/-/healthy").status, 200)

    def test_what_cannot_be_used_is_refused(self):
        listener = self.enter(Listener())
        for what, arguments, count, said in (
                ("an address beside it", ("--listen", "127.0.0.1:0"), 1, "--listen does not go with"),
                ("a socket that is not there", (), 2, "descriptor 4, handed over: not a listening TCP socket"),
                ("no number", (), "x", "LISTEN_FDS: expected a number")):
            with self.subTest(what):
                process = self.start(listener, *arguments, count=count)
                self.assertEqual(process.wait(), 1, process.log)
                self.assertIn(said, process.log)

    def test_sockets_for_another_process_are_not_taken(self):
        process = harness.Process(
            [harness.tocsin_binary, "serve", "--config", self.config_file],
            env={**os.environ, "LISTEN_FDS": "1", "LISTEN_PID": "1"}, cwd=self.folder)
        self.addCleanup(process.end)
        process.find('msg="serving"', "it to serve")
        self.assertNotIn("handed over", process.log)

    def test_systemd_starts_it_with_the_first_connection(self):
        address = f"127.0.0.1:{harness.free_port()}"  # It takes no port 0.
        process = harness.Process([harness.need("systemd-socket-activate"), "--listen", address,
                                   harness.tocsin_binary, "serve", "--config", self.config_file], cwd=self.folder)
        self.addCleanup(process.end)
        process.find(r"[Ll]istening on", "it to listen")
        self.assertNotIn("serving", process.log)
        self.assertEqual(harness.http("GET", f"http://{address}/-/healthy").status, 200)
        process.find(re.escape(f"http://{address}"), "the address in the log")

    def test_the_manager_hears_of_start_reload_and_stop(self):
        listener = self.enter(Listener())
        manager = self.enter(Manager(self.folder))
        process = self.start(listener, environment={"NOTIFY_SOCKET": str(manager.path)})
        manager.wait_for(f"STATUS=serving http://{listener.address}")
        process.send(signal.SIGHUP)
        manager.wait_for("READY=1")
        self.config_file.write_text("collectors: 1\n", encoding="utf-8")
        process.send(signal.SIGHUP)
        manager.wait_for(f"STATUS=serving http://{listener.address}; the new configuration was refused")
        process.send(signal.SIGTERM)
        manager.wait_for("STOPPING=1")
        self.assertEqual(process.wait(), 0, process.log)
