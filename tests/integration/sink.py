"""Receivers that do as they are told: over HTTP, with the manners of Slack and PagerDuty, and by mail."""
import base64
import contextlib
import dataclasses
import email
import email.policy
import json
import socket
import ssl
import struct
import subprocess
import threading
import time

import harness

# Between the bytes of an answer that drips: far more of them than anybody's patience.
DRIP_SECONDS = 0.1


def certificate(folder):
    """The paths of a certificate for 127.0.0.1 that nobody has signed, and of its key."""
    paths = folder / "certificate.pem", folder / "key.pem"
    subprocess.run([harness.need("openssl"), "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2",
                    "-subj", "/CN=127.0.0.1", "-addext", "subjectAltName=IP:127.0.0.1",
                    "-out", paths[0], "-keyout", paths[1]], check=True, capture_output=True)
    return paths


def _tls(paths):
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(*paths)
    return context


class Server:
    """Accepts connections on a port that nobody chose, each on a thread of its own, until it is left. With a
    certificate, they begin with TLS."""

    def __init__(self, tls=None):
        self.port = 0
        self._tls = _tls(tls) if tls else None
        self.stopped = threading.Event()
        self._lock = threading.Lock()
        self._connections = set()
        self._listener = None

    def __enter__(self):
        self.open()
        return self

    def __exit__(self, *_):
        self.stopped.set()
        self.close()

    @property
    def address(self):
        return f"127.0.0.1:{self.port}"

    def open(self):
        """Listens; on the port from before, if it was closed."""
        listener = socket.socket()
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind(("127.0.0.1", self.port))
        listener.listen(256)
        self.port = listener.getsockname()[1]
        self._listener = listener
        threading.Thread(target=self._accept, args=(listener,), daemon=True).start()

    def close(self):
        """Refuses connections from now on, and breaks those that there are."""
        with contextlib.suppress(OSError):
            self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        with self._lock:
            connections, self._connections = self._connections, set()
        for connection in connections:
            with contextlib.suppress(OSError):
                connection.shutdown(socket.SHUT_RDWR)

    def _accept(self, listener):
        while True:
            try:
                connection, _ = listener.accept()
            except OSError:
                return  # Closed.
            threading.Thread(target=self._run, args=(connection,), daemon=True).start()

    def _run(self, connection):
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        with connection, contextlib.suppress(OSError, ValueError):  # They come and go as they like.
            if self._tls:
                connection = self._tls.wrap_socket(connection, server_side=True)
            with connection, self._known(connection):
                self.serve(connection)

    @contextlib.contextmanager
    def _known(self, connection):
        with self._lock:
            self._connections.add(connection)
        try:
            yield
        finally:
            with self._lock:
                self._connections.discard(connection)

    def serve(self, connection):
        raise NotImplementedError


@dataclasses.dataclass(frozen=True)
class Request:
    method: str
    path: str
    headers: dict  # Names in lower case.
    body: bytes
    at: float  # time.time()

    def json(self):
        return json.loads(self.body)


@dataclasses.dataclass(frozen=True)
class Answer:
    """What a request gets, and how: "whole"; "never"; "none", for the connection is closed; "cut" in its middle;
    "reset"; or "drip", a byte now and then."""
    status: int = 200
    body: bytes = b""
    headers: dict = dataclasses.field(default_factory=dict)
    how: str = "whole"

    def bytes(self):
        lines = [f"HTTP/1.1 {self.status} Such", f"Content-Length: {len(self.body)}",
                 *(f"{name}: {value}" for name, value in self.headers.items())]
        return "\r\n".join([*lines, "", ""]).encode() + self.body


class HttpSink(Server):
    """Notes every request, and answers as planned for its path; with 200 where there is no plan."""

    def __init__(self, tls=None):
        super().__init__(tls)
        self._plans = {}
        self._requests = []
        self._released = threading.Event()
        self._released.set()
        self.url = None

    def open(self):
        super().open()
        self.url = f"{'https' if self._tls else 'http'}://{self.address}"

    def plan(self, path, *answers):
        """The answers to the next requests; the last one is for all that follow."""
        with self._lock:
            self._plans[path] = list(answers)

    def hold(self):
        """Does what requests ask for, but keeps the answers back until release()."""
        self._released.clear()

    def release(self):
        self._released.set()

    def close(self):
        if self.stopped.is_set():
            self.release()
        super().close()

    def requests(self, path=None):
        with self._lock:
            return [request for request in self._requests if path in (None, request.path)]

    def count(self):
        return len(self._requests)

    def answer(self, request):
        with self._lock:
            plan = self._plans.get(request.path)
            if not plan:
                return Answer()
            return plan.pop(0) if len(plan) > 1 else plan[0]

    def serve(self, connection):
        with connection.makefile("rb") as stream:
            while request := self._read(stream, connection):
                with self._lock:
                    self._requests.append(request)
                if not self._reply(connection, self.answer(request)):
                    return

    @staticmethod
    def _read(stream, connection):
        words = stream.readline().split()
        if len(words) != 3:
            return None
        headers = {}
        while (line := stream.readline()) not in (b"\r\n", b""):
            name, _, value = line.decode("latin-1").partition(":")
            headers[name.lower()] = value.strip()
        if headers.get("expect", "").lower() == "100-continue":
            connection.sendall(b"HTTP/1.1 100 Continue\r\n\r\n")
        body = stream.read(int(headers.get("content-length", 0)))
        return Request(words[0].decode(), words[1].decode(), headers, body, time.time())

    def _reply(self, connection, answer):
        """Whether the connection is good for another request."""
        content = answer.bytes()
        if answer.how == "none":
            return False
        if answer.how == "reset":
            connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            return False
        if answer.how == "cut":
            connection.sendall(content[:len(content) // 2])
            return False
        if answer.how == "drip":
            for i in range(len(content)):
                connection.sendall(content[i:i + 1])
                if self.stopped.wait(DRIP_SECONDS):
                    return False
            return True
        if answer.how == "never":
            self.stopped.wait()
            return False
        self._released.wait()
        connection.sendall(content)
        return True


class FakeSlack(HttpSink):
    """Slack's Web API, as far as messages go, and incoming webhooks. Knows what its one channel shows."""

    def __init__(self):
        super().__init__()
        self._channel = {}  # By ts.

    def messages(self):
        """What is in the channel: the messages as they are now, without those in threads."""
        with self._lock:
            return [message for message in self._channel.values() if "thread_ts" not in message]

    def thread(self):
        """What was said in threads."""
        with self._lock:
            return [message for message in self._channel.values() if "thread_ts" in message]

    def answer(self, request):
        planned = super().answer(request)
        if planned != Answer():
            return planned
        if request.path.startswith("/services/"):
            return Answer(body=b"ok")
        content = request.json()
        with self._lock:
            said = self._do(request.path.rsplit("/", 1)[-1], content)
        return Answer(body=json.dumps(said).encode(), headers={"Content-Type": "application/json"})

    def _do(self, method, content):
        if method == "chat.postMessage":
            ts = f"{1700000000 + len(self._channel)}.000100"
        elif method == "chat.update":
            ts = content.get("ts")
            if ts not in self._channel:
                return {"ok": False, "error": "message_not_found"}
        else:
            return {"ok": False, "error": "unknown_method"}
        self._channel[ts] = content
        return {"ok": True, "channel": "C0123456789", "ts": ts}


class FakePagerDuty(HttpSink):
    """PagerDuty's Events API v2: an incident for each dedup_key that is triggered while none of that key is open."""

    def __init__(self):
        super().__init__()
        self._incidents = []

    def incidents(self):
        """[{"dedup_key", "triggers", "resolved", "summary"}] in the order in which they were opened."""
        with self._lock:
            return [dict(incident) for incident in self._incidents]

    def answer(self, request):
        planned = super().answer(request)
        if planned != Answer():
            return planned
        event = request.json()
        with self._lock:
            problem = self._take(event)
        if problem:
            return Answer(400, json.dumps({"status": "invalid event", "errors": [problem]}).encode())
        return Answer(202, json.dumps({"status": "success", "message": "Event processed",
                                       "dedup_key": event["dedup_key"]}).encode())

    def _take(self, event):
        """What is wrong with the event, if something is."""
        key = event.get("dedup_key")
        if not key or len(key) > 255 or not event.get("routing_key"):
            return "dedup_key and routing_key are needed"
        opened = next((each for each in self._incidents if each["dedup_key"] == key and not each["resolved"]), None)
        if event.get("event_action") == "resolve":
            if opened:
                opened["resolved"] = True
            return None
        payload = event.get("payload", {})
        if event.get("event_action") != "trigger" or not payload.get("summary") or not payload.get("source"):
            return "event_action, summary and source are needed"
        if payload.get("severity") not in ("critical", "error", "warning", "info"):
            return "severity"
        if opened:
            opened["triggers"] += 1
        else:
            self._incidents.append({"dedup_key": key, "triggers": 1, "resolved": False, "summary": payload["summary"]})
        return None


@dataclasses.dataclass(frozen=True)
class Mail:
    sender: str
    recipients: tuple
    message: email.message.EmailMessage
    encrypted: bool
    user: str  # Empty if nobody has logged in.


class SmtpSink(Server):
    """Takes mail: with STARTTLS if it is given a certificate, and from whoever knows the password, if there is one."""

    def __init__(self, tls=None, user="", password=""):
        super().__init__()
        self._start_tls = _tls(tls) if tls else None
        self._login = (user, password)
        self._mails = []

    def mails(self):
        with self._lock:
            return list(self._mails)

    def serve(self, connection):
        session = _SmtpSession(self, connection, self._start_tls, self._login)
        try:
            session.run()
        finally:
            session.close()

    def note(self, mail):
        with self._lock:
            self._mails.append(mail)


class _SmtpSession:
    def __init__(self, sink, connection, tls, login):
        self._sink = sink
        self._tls = tls
        self._login = login
        self._user = ""
        self._sender, self._recipients = "", []
        self._use(connection)

    def _use(self, connection):
        self._connection = connection
        self._stream = connection.makefile("rb")

    def close(self):
        self._stream.close()
        self._connection.close()

    def _say(self, line):
        self._connection.sendall(line.encode() + b"\r\n")

    def run(self):
        self._say("220 sink")
        verbs = {"EHLO": self._hello, "HELO": self._hello, "STARTTLS": self._start_tls, "AUTH": self._auth,
                 "MAIL": self._mail, "RCPT": self._recipient, "DATA": self._data}
        while line := self._stream.readline().decode().strip():
            verb, _, rest = line.partition(" ")
            if verb.upper() == "QUIT":
                self._say("221 bye")
                return
            verbs.get(verb.upper(), self._other)(rest)

    def _other(self, _):
        self._say("250 ok")

    def _hello(self, _):
        offers = ["sink", "8BITMIME"]
        if self._tls and not self._is_encrypted():
            offers.append("STARTTLS")
        if self._login[0]:
            offers.append("AUTH PLAIN LOGIN")
        for offer in offers[:-1]:
            self._say(f"250-{offer}")
        self._say(f"250 {offers[-1]}")

    def _is_encrypted(self):
        return isinstance(self._connection, ssl.SSLSocket)

    def _start_tls(self, _):
        self._say("220 go ahead")
        self._stream.close()
        self._use(self._tls.wrap_socket(self._connection, server_side=True))

    def _ask(self, prompt):
        self._say(f"334 {prompt}")
        return base64.b64decode(self._stream.readline()).decode()

    def _auth(self, rest):
        kind, _, initial = rest.partition(" ")
        if kind.upper() == "LOGIN":
            user = base64.b64decode(initial).decode() if initial else self._ask("VXNlcm5hbWU6")
            given = (user, self._ask("UGFzc3dvcmQ6"))
        else:
            text = base64.b64decode(initial).decode() if initial else self._ask("")
            given = tuple(text.split("\0")[1:])
        self._user = given[0] if given == self._login else ""
        self._say("235 welcome" if self._user else "535 wrong password")

    @staticmethod
    def _mailbox(rest):
        return rest[rest.index("<") + 1:rest.index(">")]

    def _mail(self, rest):
        if self._login[0] and not self._user:
            self._say("530 log in first")
            return
        self._sender, self._recipients = self._mailbox(rest), []
        self._say("250 ok")

    def _recipient(self, rest):
        self._recipients.append(self._mailbox(rest))
        self._say("250 ok")

    def _data(self, _):
        self._say("354 go on")
        lines = []
        while (line := self._stream.readline()) not in (b".\r\n", b""):
            lines.append(line.removeprefix(b"."))
        message = email.message_from_bytes(b"".join(lines), policy=email.policy.default)
        self._sink.note(Mail(self._sender, tuple(self._recipients), message, self._is_encrypted(), self._user))
        self._say("250 ok")
