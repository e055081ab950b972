"""What the client says of a change whose answer cannot be read yet, and whom it trusts."""

import ssl
from uuid import UUID

import httpx
import pytest

from services.cli.client import Gateway
from services.cli.errors import NotKnownYetError
from services.cli.transport import READ_LAG, Transport, trusted_at


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


def lagging(request: httpx.Request) -> httpx.Response:
    """A gateway that has accepted a check which only the environment shows."""
    if request.method == "POST":
        return httpx.Response(202, json={}, headers={"Location": "/api/v1/environments/1", READ_LAG: "1"})
    check = {"check_id": str(UUID(int=7)), "state": "running", "findings": []}
    return httpx.Response(200, json={"environment_id": str(UUID(int=1)), "check": check})


def test_a_check_that_cannot_be_read_yet_is_read_from_its_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    client = httpx.Client(base_url="http://gateway", transport=httpx.MockTransport(lagging))
    monkeypatch.setattr(httpx, "Client", lambda **_: client)
    with Gateway("http://gateway", "ada", "key", patience_seconds=5) as gateway:
        assert gateway.check_environment(UUID(int=1)).check_id == UUID(int=7)


def test_certificates_are_looked_at_over_https_and_nobody_is_trusted_over_plain_http() -> None:
    assert trusted_at("https://gateway") is True
    nobody = trusted_at("HTTP://gateway")
    assert isinstance(nobody, ssl.SSLContext)
    assert (nobody.verify_mode, nobody.check_hostname, nobody.get_ca_certs()) == (ssl.CERT_REQUIRED, True, [])
