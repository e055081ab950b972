"""What the client says of a change whose answer cannot be read yet."""

import httpx
import pytest

from services.cli.errors import NotKnownYetError
from services.cli.transport import READ_LAG, Transport


def answered(request: httpx.Request) -> httpx.Response:
    """A gateway whose read model stands still: what it accepts is not found."""
    if request.method == "POST":
        return httpx.Response(201, json={}, headers={"Location": "/api/v1/backups/1", READ_LAG: "1"})
    return httpx.Response(404, json={"errorCode": "NOT_FOUND", "errorMessage": "no"}, headers={READ_LAG: "1"})


def test_what_was_accepted_and_is_not_found_yet_is_not_known_yet(monkeypatch: pytest.MonkeyPatch) -> None:
    client = httpx.Client(base_url="http://gateway", transport=httpx.MockTransport(answered))
    monkeypatch.setattr(httpx, "Client", lambda **_: client)
    transport = Transport("http://gateway", "ada", "key", patience_seconds=0.1)
    with pytest.raises(NotKnownYetError, match="it was accepted"):
        transport.change("POST", "/api/v1/environments/1/backups")
