"""What every call of the gateway is made of: one change, one thing, or a list page by page."""

from collections.abc import Callable, Iterator
from typing import Any, TypeVar
from uuid import UUID

from pydantic import BaseModel, ValidationError

from contracts.progress import JobProgressed
from services.cli.errors import RefusedError
from services.cli.transport import Json, Query, Transport
from services.cli.validation import what_is_wrong
from services.cli.waiting import Deadline, follow
from services.gateway.resources import Asked

M = TypeVar("M", bound=BaseModel)
OnProgress = Callable[[JobProgressed], None]


class Calling:
    """A connection, and the three kinds of calls on it."""

    def __init__(self, transport: Transport) -> None:
        self._transport = transport

    def _show(self, path: str, result: type[M]) -> M:
        """The thing at `path`."""
        return result.model_validate(self._transport.get(path))

    def _change(self, method: str, path: str, result: type[M], body: Asked | None, key: str | None) -> M:
        """What a change has made; what `body` does not say is not sent."""
        data = None if body is None else body.model_dump(mode="json", exclude_none=True)
        return result.model_validate(self._transport.change(method, path, data, key=key))

    def _pages(self, path: str, items: str, item: type[M], query: Query) -> Iterator[M]:
        """All of a list, fetched as far as somebody reads."""
        after: str | None = None
        while True:
            page: Json = self._transport.get(path, {**query, "after": after})
            yield from (item.model_validate(found) for found in page[items])
            after = page.get("next")
            if after is None:
                return

    def _followed(self, path: str, result: type[M], on_progress: OnProgress | None, deadline: Deadline) -> M:
        """The job at `path` when it has ended; `on_progress` hears every note."""
        last: Any = None
        for event in follow(self._transport, path, deadline):
            last = event.data
            if event.event == "progress" and on_progress is not None:
                on_progress(JobProgressed.model_validate_json(event.data))
        return result.model_validate_json(last)


def environment_path(environment_id: UUID, below: str = "") -> str:
    """The address of an environment, or of something below it."""
    return f"/api/v1/environments/{environment_id}" + (f"/{below}" if below else "")


def asked(shape: type[M], **given: object) -> M:
    """`given` as the gateway wants it. Raises RefusedError, as the gateway would, without asking it."""
    try:
        return shape.model_validate(given)
    except ValidationError as error:
        field, said = what_is_wrong(error)
        raise RefusedError(f"{field}: {said}", code="INVALID_PARAMETERS", field=field) from None
