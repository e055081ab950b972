"""The client comes back by itself when it is told that it calls too often, or too early, whatever it asks for."""

from collections.abc import Callable

import httpx
import pytest

from services.cli.errors import NotKnownYetError, RefusedError
from services.cli.transport import Transport

TOO_OFTEN = (429, "TOO_MANY_REQUESTS")
TOO_EARLY = (503, "NOT_KNOWN_YET")


def busy(
    monkeypatch: pytest.MonkeyPatch, *, refusals: int, answer: httpx.Response, refusal: tuple[int, str] = TOO_OFTEN
) -> Transport:
    """A client of a gateway that refuses so many calls before it answers."""
    status, code = refusal
    told = {"errorCode": code, "errorMessage": "wait"}
    answers = [httpx.Response(status, json=told, headers={"Retry-After": "0"}) for _ in range(refusals)] + [answer]
    client = httpx.Client(base_url="http://gateway", transport=httpx.MockTransport(lambda _: answers.pop(0)))
    monkeypatch.setattr(httpx, "Client", lambda **_: client)
    return Transport("http://gateway", "ada", "key", patience_seconds=600)


def fetched(transport: Transport) -> str:
    with transport.fetch("/file") as found:
        return b"".join(found.pieces).decode()


def followed(transport: Transport) -> str:
    with transport.events("/events", silence_seconds=60) as events:
        return "".join(event.data for event in events)


ASKED: dict[str, tuple[Callable[[Transport], str], Callable[[], httpx.Response]]] = {
    "get": (lambda transport: str(transport.get("/thing")["name"]), lambda: httpx.Response(200, json={"name": "ok"})),
    "change": (
        lambda transport: str(transport.change("PUT", "/")["name"]),
        lambda: httpx.Response(200, json={"name": "ok"}),
    ),
    "fetch": (fetched, lambda: httpx.Response(200, content=iter([b"o", b"k"]))),
    "events": (
        followed,
        lambda: httpx.Response(200, text="data: ok\n\n", headers={"Content-Type": "text/event-stream"}),
    ),
}


@pytest.mark.parametrize("how", ASKED)
def test_whoever_calls_too_often_comes_back(monkeypatch: pytest.MonkeyPatch, how: str) -> None:
    ask, answer = ASKED[how]
    assert ask(busy(monkeypatch, refusals=3, answer=answer())) == "ok"


@pytest.mark.parametrize("how", [how for how in ASKED if how != "change"])
def test_who_looks_at_what_was_accepted_a_moment_ago_waits_until_it_can_be_read(
    monkeypatch: pytest.MonkeyPatch, how: str
) -> None:
    ask, answer = ASKED[how]
    assert ask(busy(monkeypatch, refusals=3, answer=answer(), refusal=TOO_EARLY)) == "ok"


def test_an_engine_that_is_away_is_told_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    away = httpx.Response(503, json={"errorCode": "SERVICE_UNAVAILABLE", "errorMessage": "try again"})
    with pytest.raises(NotKnownYetError, match="try again"):
        fetched(busy(monkeypatch, refusals=0, answer=away))


def test_a_wait_beyond_patience_is_told_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    refused = httpx.Response(429, json={"errorCode": "TOO_MANY_REQUESTS", "errorMessage": "wait"},
                             headers={"Retry-After": "601"})  # fmt: skip
    with pytest.raises(RefusedError, match="wait"):
        fetched(busy(monkeypatch, refusals=0, answer=refused))
