"""A Kubernetes API server with the manners of the real one: lists in pages, watches with bookmarks, versions that expire,
throttling, tokens. The shapes of objects and answers are those of Kubernetes 1.29; what they hold is up to the test.
"""
import contextlib
import email.utils
import http.server
import json
import threading
import time
import urllib.parse

JSON = "application/json"


class Fault:
    """How the next requests are answered instead, if their path holds `path`."""

    def __init__(self, path="", times=1, status=200, headers=None, body=b"", cut=False):
        self.path, self.times, self.status = path, times, status
        self.headers = headers or {}
        self.body, self.cut = body, cut


class _Server(http.server.ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 64  # All resources are asked for at the same time.


class FakeKube:
    """Serves until it is left. `token` is what clients must show, if it is set."""

    def __init__(self, token=None, page=None):
        self.token = token
        self.page = page  # The most objects of a page, whatever the client asks for.
        self.requests = []
        self._objects = {}  # By (resource, namespace, name).
        self._events = []  # (version, resource, type, object)
        self._version = 1000
        self._oldest = 0  # Watches from before it have expired.
        self._faults = []
        self._sorted = (0, [])  # The objects as they were at a version.
        self._changed = threading.Condition()
        handler = type("Handler", (_Handler,), {"kube": self})
        self._server = _Server(("127.0.0.1", 0), handler)
        self.url = f"http://127.0.0.1:{self._server.server_port}"

    def __enter__(self):
        self._thread = threading.Thread(target=self._server.serve_forever, daemon=True)
        self._thread.start()
        return self

    def __exit__(self, *_):
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()

    def put(self, resource, namespace, name, **fields):
        """Adds or replaces an object: fields are "spec", "status" and more of "metadata"."""
        with self._changed:
            key = (resource, namespace, name)
            kind = "MODIFIED" if key in self._objects else "ADDED"
            self._version += 1
            metadata = {"namespace": namespace, "name": name, "uid": f"uid-{name}",
                        "resourceVersion": str(self._version), **fields.pop("metadata", {})}
            self._objects[key] = {"metadata": metadata, **fields}
            self._tell(resource, kind, self._objects[key])

    def remove(self, resource, namespace, name):
        with self._changed:
            thing = self._objects.pop((resource, namespace, name))
            self._version += 1
            thing["metadata"]["resourceVersion"] = str(self._version)
            self._tell(resource, "DELETED", thing)

    def _tell(self, resource, kind, thing):
        self._events.append((self._version, resource, kind, json.loads(json.dumps(thing))))
        self._changed.notify_all()

    def expire(self):
        """Forgets what happened so far, as etcd does when it is compacted."""
        with self._changed:
            self._version += 1
            self._oldest = self._version
            self._events.clear()

    def fail(self, **fault):
        with self._changed:
            self._faults.append(Fault(**fault))

    def take_fault(self, path):
        with self._changed:
            for fault in self._faults:
                if fault.path in path and fault.times > 0:
                    fault.times -= 1
                    return fault
        return None

    def count(self, text):
        """How many requests had that in their path or query."""
        with self._changed:
            return sum(text in request for request in self.requests)

    def note(self, path):
        with self._changed:
            self.requests.append(path)

    def list(self, resource, namespace, limit, start):
        """A page of a list: the answer's body."""
        with self._changed:
            if self._sorted[0] != self._version:
                self._sorted = (self._version, sorted(self._objects.items()))
            found = [thing for key, thing in self._sorted[1]
                     if key[0] == resource and namespace in (None, key[1])]
            limit = min(limit or len(found), self.page or len(found))
            end = start + limit
            metadata = {"resourceVersion": str(self._version)}
            if end < len(found):
                metadata["continue"] = str(end)
            return json.dumps({"kind": "List", "apiVersion": "v1", "metadata": metadata,
                               "items": found[start:end]})

    def events(self, resource, namespace, since, until):
        """Yields the lines of a watch until that moment; ends with a bookmark."""
        if since < self._oldest:
            yield {"type": "ERROR", "object": {"kind": "Status", "code": 410, "reason": "Expired"}}
            return
        while True:
            with self._changed:
                news = [event for event in self._events if event[0] > since]
                if not news and not self._changed.wait(max(0.0, until - time.monotonic())):
                    break
            for version, of, kind, thing in news:
                since = version
                if of == resource and namespace in (None, thing["metadata"]["namespace"]):
                    yield {"type": kind, "object": thing}
        yield {"type": "BOOKMARK", "object": {"metadata": {"resourceVersion": str(since)}}}


class _Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    kube = None

    def log_message(self, *_):
        pass

    def date_time_string(self, timestamp=None):
        return email.utils.formatdate(timestamp, usegmt=True)

    def do_GET(self):
        self.kube.note(self.path)
        fault = self.kube.take_fault(self.path)
        if fault is not None:
            return self._fail(fault)
        if self.kube.token is not None and self.headers.get("Authorization") != f"Bearer {self.kube.token}":
            return self._refuse(401, "Unauthorized")
        url = urllib.parse.urlsplit(self.path)
        query = dict(urllib.parse.parse_qsl(url.query))
        parts = url.path.strip("/").split("/")
        resource = parts[-1]
        namespace = parts[parts.index("namespaces") + 1] if "namespaces" in parts else None
        if "watch" in query:
            return self._watch(resource, namespace, query)
        body = self.kube.list(resource, namespace, int(query.get("limit", 0)), int(query.get("continue", 0)))
        return self._answer(200, body.encode())

    def _watch(self, resource, namespace, query):
        self.send_response(200)
        self.send_header("Content-Type", JSON)
        self.send_header("Transfer-Encoding", "chunked")
        self.end_headers()
        until = time.monotonic() + float(query["timeoutSeconds"])
        with contextlib.suppress(OSError):
            for event in self.kube.events(resource, namespace, int(query["resourceVersion"]), until):
                line = json.dumps(event).encode() + b"\n"
                self.wfile.write(b"%x\r\n%s\r\n" % (len(line), line))
            self.wfile.write(b"0\r\n\r\n")

    def _fail(self, fault):
        if not fault.cut:
            return self._answer(fault.status, fault.body, fault.headers)
        # The connection ends in the middle of what was announced.
        self.send_response(200)
        self.send_header("Content-Length", str(len(fault.body) + 1000))
        self.end_headers()
        self.wfile.write(fault.body)
        self.close_connection = True

    def _refuse(self, status, message):
        self._answer(status, json.dumps({"kind": "Status", "code": status, "message": message}).encode())

    def _answer(self, status, body, headers=None):
        self.send_response(status)
        for name, value in {"Content-Type": JSON, **(headers or {})}.items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)
