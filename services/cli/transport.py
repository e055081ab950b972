"""HTTP to the gateway: keys in headers, refusals as errors, "not known yet" repeated with the same key."""

import json
import ssl
import time
from collections.abc import Iterator, Mapping
from contextlib import closing, contextmanager, suppress
from typing import Any, Final, NamedTuple
from uuid import uuid4

import httpx
from httpx_sse import EventSource, ServerSentEvent, SSEError
from tenacity import Retrying, retry_if_exception_type, stop_after_delay, wait_exponential_jitter

from services.cli.errors import (
    GatewayError,
    NotFoundError,
    NotKnownYetError,
    RefusedError,
    ServerError,
    UnauthorizedError,
    UnreachableError,
)
from services.gateway.resources.content_digest import content_digest

TIMEOUT: Final = httpx.Timeout(30.0, connect=5.0)
"""The gateway answers within some 22 s, even when only to say that it does not know yet."""
READ_LAG: Final = "Nightkeep-Read-Lag"
"""The header that says: the read model has not reached your own writes."""

SLOW_TIMEOUT: Final = httpx.Timeout(3600.0, connect=5.0)
"""The first byte of a table comes once the dump has been read up to it."""
PART_TIMEOUT: Final = httpx.Timeout(120.0, connect=5.0)
"""Some megabytes up a thin line."""
READ_BYTES: Final = 1024 * 1024
AS_IT_IS: Final = {"Accept-Encoding": "identity"}
AS_EVENTS: Final = {"Accept": "text/event-stream", "Cache-Control": "no-store"}

Json = dict[str, Any]
Query = Mapping[str, str | int | bool | list[str] | None]


class Answer(NamedTuple):
    """What the gateway said; `data` is None where it said nothing."""

    data: Json | None
    location: str | None
    lags: bool


class Fetched(NamedTuple):
    """Bytes on their way, and how many there will be, where that is known."""

    size_bytes: int | None
    pieces: Iterator[bytes]


def trusted_at(url: str) -> ssl.SSLContext | bool:
    """Whom to trust at `url`: the usual authorities. Over plain HTTP nobody, which is not worth reading their list."""
    return ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT) if url.lower().startswith("http://") else True


class Transport:
    """Requests to one gateway as one user. Raises the GatewayError tree."""

    def __init__(self, url: str, user: str, api_key: str, *, patience_seconds: float) -> None:
        self.url = url.rstrip("/")
        self._patience_seconds = patience_seconds
        headers = {b"Mendix-Username": _sent(user), b"Mendix-ApiKey": _sent(api_key), b"Accept": b"application/json"}
        self._client = httpx.Client(base_url=self.url, headers=headers, timeout=TIMEOUT, verify=trusted_at(self.url))

    def close(self) -> None:
        """End all connections."""
        self._client.close()

    def get(self, path: str, query: Query | None = None, *, slow: bool = False) -> Json:
        """What is there; `slow` where the gateway has to read a whole dump first."""
        given = {name: value for name, value in (query or {}).items() if value is not None}
        with self._reaching():
            response = self._asked("GET", path, params=given, timeout=SLOW_TIMEOUT if slow else TIMEOUT)
        return _answer(response).data or {}

    @contextmanager
    def fetch(self, path: str) -> Iterator[Fetched]:
        """The bytes at `path` as they come. Raises UnreachableError when they break off."""
        with self._streamed(path, headers=AS_IT_IS, timeout=SLOW_TIMEOUT) as response:
            length = response.headers.get("Content-Length")
            yield Fetched(int(length) if length else None, response.iter_raw(READ_BYTES))

    def change(self, method: str, path: str, body: Json | None = None, *, key: str | None = None) -> Json:
        """The changed or created thing; asks again with the same key while the answer is "not known yet"."""
        used = key or str(uuid4())
        answer: Answer = self._patiently()(self._send, method, path, body, used)
        if answer.lags and answer.location:
            return self._patiently()(self._settled, answer.location)
        return answer.data or {}

    def put(self, path: str, data: bytes) -> None:
        """Bytes, with their digest; sent once. Raises UnreachableError and NotKnownYetError: then send them again."""
        headers = {"Content-Type": "application/octet-stream", "Content-Digest": content_digest(data)}
        with self._reaching():
            _answer(self._asked("PUT", path, content=data, headers=headers, timeout=PART_TIMEOUT))

    @contextmanager
    def events(self, path: str, *, silence_seconds: float) -> Iterator[Iterator[ServerSentEvent]]:
        """The server-sent events at `path`. Raises UnreachableError when none comes for `silence_seconds`."""
        timeout = httpx.Timeout(silence_seconds, connect=5.0)
        with self._streamed(path, headers=AS_EVENTS, timeout=timeout) as response:
            yield EventSource(response).iter_sse()

    @contextmanager
    def _streamed(self, path: str, **given: Any) -> Iterator[httpx.Response]:  # noqa: ANN401 -- what httpx takes
        """An answer that is read as it comes."""
        with self._reaching(), closing(self._asked("GET", path, streams=True, **given)) as response:
            if response.is_error:
                response.read()
                _answer(response)
            yield response

    def _patiently(self) -> Retrying:
        return Retrying(
            retry=retry_if_exception_type(NotKnownYetError),
            stop=stop_after_delay(self._patience_seconds),
            wait=wait_exponential_jitter(multiplier=0.2, max=2.0),
            reraise=True,
        )

    def _send(self, method: str, path: str, body: Json | None, key: str) -> Answer:
        try:
            response = self._asked(method, path, json=body, headers={"Idempotency-Key": _sent(key)})
        except (httpx.ConnectError, httpx.ConnectTimeout) as error:
            raise self._unreachable(error) from error
        except httpx.TransportError as error:
            raise NotKnownYetError(
                f"the connection to {self.url} broke before the answer came: repeat with the idempotency key {key}"
            ) from error
        return _answer(response)

    def _settled(self, path: str) -> Json:
        """What was accepted, once it can be read: until then it may not even be found."""
        with self._reaching(), suppress(NotFoundError):
            answer = _answer(self._asked("GET", path))
            if not answer.lags:
                return answer.data or {}
        raise NotKnownYetError("it was accepted, and the read model has not reached it yet: look again in a moment")

    def _asked(
        self,
        method: str,
        path: str,
        *,
        streams: bool = False,
        **given: Any,  # noqa: ANN401 -- what httpx takes
    ) -> httpx.Response:
        """The answer; while that is "too often", or that it cannot be read yet, asked again when it said.

        For as long as there is patience.
        """
        until = time.monotonic() + self._patience_seconds
        while True:
            response = self._client.send(self._client.build_request(method, path, **given), stream=streams)
            wait_seconds = _wait_seconds(response)
            if wait_seconds is None or time.monotonic() + wait_seconds > until:
                return response
            response.close()
            time.sleep(wait_seconds)

    @contextmanager
    def _reaching(self) -> Iterator[None]:
        try:
            yield
        except (httpx.TransportError, SSEError) as error:
            raise self._unreachable(error) from error

    def _unreachable(self, error: Exception) -> UnreachableError:
        why = str(error) or type(error).__name__
        return UnreachableError(f"no gateway answers at {self.url} ({why}): is it up, and is the address right?")


def _sent(text: str) -> bytes:
    """A header's value in UTF-8; what the environment held that is none, as it was there."""
    return text.encode(errors="surrogateescape")


def _answer(response: httpx.Response) -> Answer:
    if response.is_error:
        raise _error(response)
    data = response.json() if response.content else None
    return Answer(data, response.headers.get("Location"), READ_LAG in response.headers)


def _wait_seconds(response: httpx.Response) -> float | None:
    if response.status_code != httpx.codes.TOO_MANY_REQUESTS and not _is_not_readable_yet(response):
        return None
    told = response.headers.get("Retry-After", "")
    return float(told) if told.isdecimal() else 1.0


def _is_not_readable_yet(response: httpx.Response) -> bool:
    """A look at what was accepted a moment ago; a change is asked for again with its key, by who knows that."""
    if response.status_code != httpx.codes.SERVICE_UNAVAILABLE or response.request.method != "GET":
        return False
    response.read()
    return _error(response).code == "NOT_KNOWN_YET"


def _error(response: httpx.Response) -> GatewayError:
    try:
        told: Json = json.loads(response.content)
        message, code, field = str(told["errorMessage"]), str(told["errorCode"]), told.get("field")
    except (ValueError, KeyError, TypeError):
        message, code, field = f"HTTP {response.status_code} from something that is no gateway of ours", "", None
    return _kind(response.status_code)(message, code=code, field=field, status=response.status_code)


def _kind(status: int) -> type[GatewayError]:
    kinds = {401: UnauthorizedError, 403: UnauthorizedError, 404: NotFoundError, 503: NotKnownYetError}
    return kinds.get(status, ServerError if status >= 500 else RefusedError)  # noqa: PLR2004 -- HTTP's own number
