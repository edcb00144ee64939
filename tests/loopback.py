"""A web server on this machine that serves bytes, and breaks on request."""

import re
import threading
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer


@dataclass
class Fault:
    """How one answer goes wrong.

    Attributes:
        status: answer with this status and no content.
        after: close the connection after so many bytes of the content.
        stall: seconds to wait before it is closed.
        content: other bytes than the file's.
        ranges: False ignores what range is asked for.
        length: False does not say how long the content is.
        headers: more of them.
    """

    status: int | None = None
    after: int | None = None
    content: bytes | None = None
    ranges: bool = True
    length: bool = True
    stall: float = 0
    headers: dict = field(default_factory=dict)


@dataclass
class Served:
    """A file of the server: the first faults are spent first, `always` on what comes after."""

    content: bytes
    faults: list = field(default_factory=list)
    always: Fault = field(default_factory=Fault)


class Web(dict):
    """Path -> Served; `requests` are (path, Range) of what was asked."""

    def __init__(self, url):
        super().__init__()
        self.url = url
        self.requests = []

    def put(self, path, content, **more):
        """Serve bytes; returns their address."""
        self[f"/{path}"] = Served(content, **more)
        return f"{self.url}/{path}"

    def asked(self, path):
        """The ranges that were asked of a file, in order; None where the whole was."""
        return [span for name, span in self.requests if name == f"/{path}"]


@contextmanager
def serving():
    """A running server as a `Web`."""
    server = _Server(("127.0.0.1", 0), _Handler)
    server.closing = threading.Event()
    server.web = Web(f"http://127.0.0.1:{server.server_address[1]}")
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    try:
        yield server.web
    finally:
        server.closing.set()
        server.shutdown()
        thread.join()
        server.server_close()


class _Server(ThreadingHTTPServer):
    def handle_error(self, *_):
        """Clients hang up; that is no news."""


class _Handler(BaseHTTPRequestHandler):
    def do_GET(self):
        web = self.server.web
        web.requests.append((self.path, self.headers["Range"]))
        served = web.get(self.path)
        if served is None:
            self._head(404, {"Content-Length": "0"})
            return
        fault = served.faults.pop(0) if served.faults else served.always
        if fault.status is not None:
            self._head(fault.status, {"Content-Length": "0", **fault.headers})
            return
        self._content(served, fault)

    def _content(self, served, fault):
        content = served.content if fault.content is None else fault.content
        start = self._start(fault)
        if start >= len(content) > 0 and start:
            headers = {"Content-Range": f"bytes */{len(content)}", "Content-Length": "0"}
            self._head(416, headers)
            return
        headers = {}
        if fault.length:
            headers["Content-Length"] = str(len(content) - start)
        if start:
            headers["Content-Range"] = f"bytes {start}-{len(content) - 1}/{len(content)}"
        self._head(206 if start else 200, headers | fault.headers)
        rest = content[start:]
        self.wfile.write(rest if fault.after is None else rest[: fault.after])
        self.server.closing.wait(fault.stall)

    def _start(self, fault):
        asked = re.fullmatch(r"bytes=(\d+)-", self.headers["Range"] or "")
        return int(asked[1]) if asked and fault.ranges else 0

    def _head(self, status, headers):
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name, value)
        self.end_headers()

    def log_message(self, *_):
        pass
