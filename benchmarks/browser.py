"""Headless Chromium, for pictures and tests of the report's page.

Driven over a pipe by the DevTools protocol, so nothing but Chromium is needed:
https://chromedevtools.github.io/devtools-protocol/
"""

import base64
import contextlib
import fcntl
import json
import os
import select
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
PATIENCE = 60.0
"""Seconds to wait for an answer."""

_OPTIONS = (
    *("--headless", "--remote-debugging-pipe", "--no-first-run", "--disable-gpu"),
    *("--disable-background-networking", "--disable-component-update", "--hide-scrollbars"),
    *("--disable-dev-shm-usage", "--host-resolver-rules=MAP * ~NOTFOUND"),
)
# Chromium reads commands from descriptor 3 and answers on 4.
_START = "import os, sys; os.dup2({0}, 3); os.dup2({1}, 4); os.execv(sys.argv[1], sys.argv[1:])"


def find() -> str | None:
    """The path of a Chromium; None if there is none."""
    return next((path for name in NAMES if (path := shutil.which(name))), None)


class Pipe:
    """The two pipes to a Chromium: JSON messages, each ended by a zero byte."""

    def __init__(self, commands: int, answers: int) -> None:
        self._commands, self._answers = commands, answers
        self._rest = b""

    def send(self, message: dict[str, Any]) -> None:
        """Send one message."""
        rest = json.dumps(message).encode() + b"\0"
        while rest:
            rest = rest[os.write(self._commands, rest) :]

    def receive(self) -> dict[str, Any]:
        """The next message.

        Raises:
            TimeoutError: none came in time, or the browser is gone.
        """
        until = time.monotonic() + PATIENCE
        while b"\0" not in self._rest:
            ready, _, _ = select.select([self._answers], [], [], max(0, until - time.monotonic()))
            more = os.read(self._answers, 1 << 20) if ready else b""
            if not more:
                raise TimeoutError("Chromium does not answer")
            self._rest += more
        line, _, self._rest = self._rest.partition(b"\0")
        message: dict[str, Any] = json.loads(line)
        return message


@dataclass
class Tab:
    """A page in the browser.

    Attributes:
        requests: the addresses of all requests.
        complaints: errors and warnings of the console.
    """

    pipe: Pipe
    session: str = ""
    requests: list[str] = field(default_factory=list)
    complaints: list[str] = field(default_factory=list)
    _last: int = 0
    _loaded: bool = False

    def call(self, method: str, **parameters: Any) -> dict[str, Any]:
        """Call a method of the protocol and wait for its result.

        Raises:
            RuntimeError: the browser reports an error.
        """
        self._last += 1
        message = {"id": self._last, "method": method, "params": parameters}
        self.pipe.send(message | ({"sessionId": self.session} if self.session else {}))
        while True:
            answer = self.pipe.receive()
            if answer.get("id") == self._last:
                if "error" in answer:
                    raise RuntimeError(f"{method}: {answer['error']['message']}")
                result: dict[str, Any] = answer["result"]
                return result
            self._note(answer)

    def _note(self, event: dict[str, Any]) -> None:
        name, facts = event.get("method"), event.get("params", {})
        if name == "Page.loadEventFired":
            self._loaded = True
        elif name == "Network.requestWillBeSent":
            self.requests.append(facts["request"]["url"])
        elif name == "Runtime.exceptionThrown":
            self.complaints.append(facts["exceptionDetails"]["text"])
        elif name == "Runtime.consoleAPICalled" and facts["type"] in {"error", "warning"}:
            self.complaints.append(str(facts["args"]))
        elif name == "Log.entryAdded" and facts["entry"]["level"] in {"error", "warning"}:
            self.complaints.append(facts["entry"]["text"])

    def size(self, width: int, height: int, scale: float = 1, *, phone: bool = False) -> None:
        """Set the window's size in CSS pixels, and the screenshot pixels per CSS pixel."""
        self.call(
            "Emulation.setDeviceMetricsOverride",
            width=width,
            height=height,
            deviceScaleFactor=scale,
            mobile=phone,
        )

    def dark(self, on: bool) -> None:
        """Set whether the reader prefers dark pages."""
        features = [{"name": "prefers-color-scheme", "value": "dark" if on else "light"}]
        self.call("Emulation.setEmulatedMedia", features=features)

    def open(self, page: Path) -> None:
        """Open a file and wait until it is loaded."""
        self._loaded = False
        self.call("Page.navigate", url=page.resolve().as_uri())
        while not self._loaded:
            self._note(self.pipe.receive())

    def evaluate(self, script: str) -> Any:
        """The value of a JavaScript expression, as JSON data.

        Raises:
            RuntimeError: the script fails.
        """
        answer = self.call("Runtime.evaluate", expression=script, returnByValue=True)
        if "exceptionDetails" in answer:
            raise RuntimeError(str(answer["exceptionDetails"]))
        return answer["result"].get("value")

    def screenshot(self, out: Path) -> None:
        """Write the window's content as a PNG."""
        out.write_bytes(base64.b64decode(self.call("Page.captureScreenshot")["data"]))

    def print(self, out: Path) -> None:
        """Print the page on A4 as a PDF."""
        paper = {"paperWidth": 8.27, "paperHeight": 11.69, "preferCSSPageSize": True}
        out.write_bytes(base64.b64decode(self.call("Page.printToPDF", **paper)["data"]))


@contextlib.contextmanager
def browser(executable: str) -> Iterator[Tab]:
    """A tab of a Chromium that ends with the block.

    Args:
        executable: from `find`.
    """
    mine, theirs = _pipes()
    start = [sys.executable, "-c", _START.format(*theirs), executable, *_OPTIONS]
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as profile:
        start += [f"--user-data-dir={profile}", *(["--no-sandbox"] if os.geteuid() == 0 else [])]
        process = subprocess.Popen(start, pass_fds=theirs, stderr=subprocess.DEVNULL)
        for descriptor in theirs:
            os.close(descriptor)
        tab = Tab(Pipe(*mine))
        try:
            target = tab.call("Target.createTarget", url="about:blank")["targetId"]
            attached = tab.call("Target.attachToTarget", targetId=target, flatten=True)
            tab.session = attached["sessionId"]
            for domain in ("Page", "Network", "Runtime", "Log"):
                tab.call(f"{domain}.enable")
            yield tab
        finally:
            _end(process, tab)
            for descriptor in mine:
                os.close(descriptor)


def _end(process: "subprocess.Popen[bytes]", tab: Tab) -> None:
    """Close the browser with all its processes; kill it if it does not respond."""
    tab.session = ""
    with contextlib.suppress(OSError, RuntimeError):  # it may have ended, or end before it answers
        tab.call("Browser.close")
    try:
        process.wait(10)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()


def _pipes() -> tuple[tuple[int, int], tuple[int, int]]:
    """Our ends and the browser's; the latter have numbers above 3 and 4, which they will get."""
    (take, commands), (answers, give) = os.pipe(), os.pipe()
    theirs = tuple(fcntl.fcntl(end, fcntl.F_DUPFD_CLOEXEC, 10) for end in (take, give))
    os.close(take)
    os.close(give)
    return (commands, answers), (theirs[0], theirs[1])
