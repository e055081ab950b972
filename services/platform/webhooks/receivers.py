"""Calls other people's servers: what comes back is hostile, so little of it is read, briefly, and none followed."""

import asyncio
import ssl
import time
from typing import Final, NamedTuple

import httpx

from services.platform.process.settings import WebhookSettings

SAID_BYTES: Final = 1_024
"""So much of an answer is read; the rest is left where it is."""
SAID_CHARACTERS: Final = 200
"""Enough of it for a person to recognise the error page."""
GONE: Final = 410
_OURS: Final = {"Content-Type": "application/json", "User-Agent": "Nightkeep", "Accept-Encoding": "identity"}


class Answer(NamedTuple):
    """What came back: HTTP's status (None: no answer), the beginning of what was said, and how long it took."""

    status: int | None
    said: str
    seconds: float

    @property
    def accepted(self) -> bool:
        """Whether the receiver has taken the message."""
        return self.status is not None and httpx.codes.is_success(self.status)

    @property
    def quoted(self) -> str:
        """What was said, to be put behind a sentence; nothing where nothing was."""
        return f": {self.said}" if self.said else ""

    @property
    def gone(self) -> bool:
        """Whether the receiver wants no call any more."""
        return self.status == GONE


class Receivers:
    """Calls one receiver at a time, each on a connection of its own: nothing of one answer reaches another call."""

    def __init__(self, settings: WebhookSettings) -> None:
        self._seconds = settings.timeout_seconds
        self._trusted = (
            ssl.create_default_context(cafile=settings.ca_file) if settings.ca_file else httpx.create_ssl_context()
        )

    async def call(self, url: str, body: bytes, headers: dict[str, str]) -> Answer:
        """POST `body`, which is JSON, with our usual headers and these; never raises for what the receiver does."""
        began = time.monotonic()
        try:
            async with asyncio.timeout(self._seconds):
                status, said = await self._post(url, body, _OURS | headers)
        except TimeoutError:
            status, said = None, f"no answer within {self._seconds:g} s"
        except (httpx.HTTPError, httpx.InvalidURL, OSError, ValueError) as error:
            status, said = None, f"{type(error).__name__}: {error}"
        return Answer(status, _printable(said), time.monotonic() - began)

    async def _post(self, url: str, body: bytes, headers: dict[str, str]) -> tuple[int, str]:
        async with (
            httpx.AsyncClient(verify=self._trusted, timeout=self._seconds, follow_redirects=False) as client,
            client.stream("POST", url, content=body, headers=headers) as response,
        ):
            return response.status_code, (await _beginning(response)).decode(errors="replace")


async def _beginning(response: httpx.Response) -> bytes:
    """As it was sent: what is compressed is not unpacked, since little can become much."""
    read = b""
    async for piece in response.aiter_raw():
        read += piece
        if len(read) >= SAID_BYTES:
            break
    return read[:SAID_BYTES]


def _printable(text: str) -> str:
    """On one line, without what a terminal would obey."""
    shown = "".join(character if character.isprintable() else " " for character in text)
    return " ".join(shown.split())[:SAID_CHARACTERS]
