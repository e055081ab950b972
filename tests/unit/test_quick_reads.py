"""Objects asked for without the driver: what is not simply there is its work."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from types import SimpleNamespace
from typing import Any

import pytest
from botocore.auth import S3SigV4Auth  # type: ignore[import-untyped]  # -- botocore has no types
from botocore.credentials import Credentials  # type: ignore[import-untyped]  # -- botocore has no types
from botocore.exceptions import ConnectionClosedError  # type: ignore[import-untyped]  # -- botocore has no types

from services.platform.objectstore import ObjectInfo
from services.platform.objectstore.s3_quick import QuickReads

NOW = datetime(2026, 11, 28, 3, 4, 5, tzinfo=UTC)
TOLD = {"content-length": "3", "etag": '"e"', "last-modified": "Sat, 28 Nov 2026 03:04:05 GMT"}
GONE = ConnectionClosedError(endpoint_url="http://store")


@dataclass
class Server:
    """Answers with these, one after the other."""

    answers: list[tuple[int, Mapping[str, str]] | Exception]
    asked: list[str] = field(default_factory=list)

    async def send(self, request: Any) -> object:  # noqa: ANN401 -- the driver's own has no type
        """See the driver's session."""
        self.asked.append(request.url)
        match self.answers.pop(0):
            case Exception() as error:
                raise error
            case status, headers:
                return SimpleNamespace(
                    status_code=status, headers=headers, raw=SimpleNamespace(content=None, close=lambda: None)
                )


def reads(server: Server) -> QuickReads:
    client = SimpleNamespace(_endpoint=SimpleNamespace(http_session=server))
    return QuickReads(client, S3SigV4Auth(Credentials("key", "secret"), "s3", "us-east-1"), "http://store:8333/bucket/")


async def test_what_is_there_comes_with_the_state_that_it_is_of() -> None:
    server = Server([(200, TOLD)])
    answer = await reads(server).get("größe/k", "prefix/größe/k")
    assert answer is not None
    assert answer.info == ObjectInfo("größe/k", 3, '"e"', NOW)
    assert server.asked == ["http://store:8333/bucket/prefix/gr%C3%B6%C3%9Fe/k"]


@pytest.mark.parametrize("answer", [(404, {}), (500, {}), (503, {}), GONE], ids=repr)
async def test_what_is_not_there_or_fails_is_the_drivers_and_the_next_is_asked_for_again(
    answer: tuple[int, Mapping[str, str]] | Exception,
) -> None:
    quick = reads(server := Server([answer, (200, TOLD)]))
    assert await quick.get("k", "k") is None
    assert await quick.get("k", "k")
    assert len(server.asked) == 2


def without(name: str) -> Mapping[str, str]:
    return {key: text for key, text in TOLD.items() if key != name}


REFUSALS: Sequence[tuple[int, Mapping[str, str]]] = [(status, {}) for status in (301, 307, 400, 403)] + [
    (200, without(name)) for name in TOLD
]


@pytest.mark.parametrize("answer", REFUSALS)
async def test_a_server_that_wants_it_otherwise_is_left_to_the_driver(answer: tuple[int, Mapping[str, str]]) -> None:
    quick = reads(server := Server([answer]))
    assert await quick.get("k", "k") is None
    assert await quick.get("k", "k") is None
    assert len(server.asked) == 1
