"""A receiver of webhook calls: notes what comes, and answers as a test wants it to."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, Final

OK: Final = 200


@dataclass(frozen=True)
class Call:
    """One call as it came; names of headers are in small letters."""

    path: str
    headers: dict[str, str]
    body: bytes

    @property
    def message_id(self) -> str:
        """Which message it is."""
        return self.headers["webhook-id"]


@dataclass
class Receiver:
    """What came to `url`. Each call takes the next of `answers`; when there is none left, all is well."""

    url: str
    calls: list[Call] = field(default_factory=list)
    answers: list[tuple[int, dict[str, str], bytes]] = field(default_factory=list)
    answering: threading.Event = field(default_factory=threading.Event)
    """Cleared, it takes calls and leaves them without an answer."""

    def will_answer(self, *statuses: int, said: bytes = b"", **headers: str) -> None:
        """Answer the next calls so."""
        self.answers += [(status, headers, said) for status in statuses]

    def take(self, call: Call) -> tuple[int, dict[str, str], bytes]:
        """Note a call; what is answered."""
        self.calls.append(call)
        return self.answers.pop(0) if self.answers else (OK, {}, b"thanks")


@contextmanager
def open_receiver() -> Iterator[Receiver]:
    """A receiver on a port of its own."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), _Handler)
    server.receiver = Receiver(f"http://127.0.0.1:{server.server_port}/hook")  # type: ignore[attr-defined]  # -- for _Handler
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)
    server.receiver.answering.set()  # type: ignore[attr-defined]  # -- as above
    thread.start()
    try:
        yield server.receiver  # type: ignore[attr-defined]  # -- as above
    finally:
        server.receiver.answering.set()  # type: ignore[attr-defined]  # -- as above
        server.shutdown()
        server.server_close()
        thread.join()


class _Handler(BaseHTTPRequestHandler):
    server: Any

    def do_POST(self) -> None:
        """Called by the server."""
        body = self.rfile.read(int(self.headers.get("content-length", "0")))
        headers = {name.lower(): value for name, value in self.headers.items()}
        status, more, said = self.server.receiver.take(Call(self.path, headers, body))
        self.server.receiver.answering.wait()
        self.send_response(status)
        for name, value in more.items():
            self.send_header(name.replace("_", "-"), value)
        self.send_header("content-length", str(len(said)))
        with suppress(ConnectionError):  # whoever asked may have gone
            self.end_headers()
            self.wfile.write(said)

    def log_message(self, *_: object) -> None:
        """A test says what it has to say."""
