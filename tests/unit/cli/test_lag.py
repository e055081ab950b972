"""What was accepted and cannot be read yet is not known yet, and not missing."""

import json
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from threading import Thread

import pytest

from services.cli.errors import NotFoundError, NotKnownYetError
from services.cli.exits import Exit, exit_code
from services.cli.transport import READ_LAG, Transport


class _Lagging(BaseHTTPRequestHandler):
    """A gateway whose read model never reaches what it has accepted."""

    def do_POST(self) -> None:
        self._answer(201, {"backup_id": "1"}, {"Location": "/api/v1/backups/1", READ_LAG: "catalog/backup/1"})

    def do_GET(self) -> None:
        self._answer(404, {"errorCode": "NOT_FOUND", "errorMessage": "there is no backup with this id"}, {})

    def log_message(self, *_: object) -> None:
        """Quiet."""

    def _answer(self, status: int, told: dict[str, str], headers: dict[str, str]) -> None:
        body = json.dumps(told).encode()
        self.send_response(status)
        for name, value in (headers | {"Content-Length": str(len(body))}).items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(body)


@pytest.fixture
def transport() -> Iterator[Transport]:
    with HTTPServer(("127.0.0.1", 0), _Lagging) as server:
        Thread(target=server.serve_forever, daemon=True).start()
        opened = Transport(f"http://127.0.0.1:{server.server_port}", "Karla", "key", patience_seconds=0.1)
        yield opened
        opened.close()
        server.shutdown()


def test_a_backup_that_was_just_created_and_cannot_be_read_yet_is_not_known_yet(transport: Transport) -> None:
    with pytest.raises(NotKnownYetError, match="accepted, and the read model has not reached it yet") as told:
        transport.change("POST", "/api/v1/environments/1/backups")
    assert exit_code(told.value) is Exit.NOT_KNOWN


def test_what_nobody_has_created_is_missing(transport: Transport) -> None:
    with pytest.raises(NotFoundError):
        transport.get("/api/v1/backups/2")
