"""Small HTTP servers for tests: what a watched system's pods answer, which a test may change as it goes on."""
import contextlib
import http.server
import json
import socket
import threading


class WebServer:
    """A context manager that listens on a free port of the loopback.

    With `tls`, a server's ssl.SSLContext, it speaks TLS. `answers` maps paths to (status, content type, body, headers) or to a function that returns one; other paths are 404.
    """

    def __init__(self, answers=None, tls=None):
        self.answers = dict(answers or {})
        self._tls = tls
        self._server = None
        self._connections = []

    def __enter__(self):
        answers = self.answers
        connections = self._connections

        class Handler(http.server.BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_GET(self):
                answer = answers.get(self.path, (404, "text/plain", "nothing here", {}))
                status, content_type, body, headers = answer() if callable(answer) else answer
                body = body.encode("utf-8")
                self.send_response(status)
                self.send_header("Content-Type", content_type)
                self.send_header("Content-Length", str(len(body)))
                for name, value in headers.items():
                    self.send_header(name, value)
                self.end_headers()
                self.wfile.write(body)

            def do_POST(self):
                self.rfile.read(int(self.headers.get("Content-Length", 0)))
                self.do_GET()

            def setup(self):
                super().setup()
                connections.append(self.connection)

            def handle(self):
                with contextlib.suppress(OSError):  # The client has left.
                    super().handle()

            def log_message(self, *_):
                pass

        self._server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._server.daemon_threads = True
        if self._tls:
            # The handshake is the connection's thread's, so that a client who refuses it harms nobody.
            self._server.socket = self._tls.wrap_socket(self._server.socket, server_side=True,
                                                        do_handshake_on_connect=False)
        threading.Thread(target=self._server.serve_forever, daemon=True).start()
        return self

    def __exit__(self, *_):
        self.stop()

    def stop(self):
        """Ends as a process that dies: nobody listens, and connections that clients have kept are gone."""
        if self._server is None:
            return
        self._server.shutdown()
        self._server.server_close()
        for connection in self._connections:
            with contextlib.suppress(OSError):
                connection.shutdown(socket.SHUT_RDWR)
        self._server = None

    @property
    def port(self):
        return self._server.server_address[1]

    @property
    def url(self):
        return f"{'https' if self._tls else 'http'}://127.0.0.1:{self.port}"


def text(body, status=200, headers=None):
    return (status, "text/plain; version=0.0.4; charset=utf-8", body, headers or {})


def page_of_json(value, status=200, headers=None):
    return (status, "application/json", json.dumps(value), headers or {})


def html(status=200):
    return (status, "text/html; charset=utf-8", "<!doctype html><title>A front page</title>", {})
