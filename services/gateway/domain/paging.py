"""Where a list goes on: after the last thing shown, so that what is added meanwhile shifts nothing."""

import base64
from datetime import date, datetime
from typing import Annotated, Final, NamedTuple, TypeVar
from uuid import UUID

from pydantic import AwareDatetime, Field, NonNegativeInt, TypeAdapter
from pydantic_core import to_json

from contracts.errors import RejectionCode
from contracts.values import Text
from services.gateway.domain.refusals import RefusalError


class Instant(NamedTuple):
    """A place in a list that is ordered by time, newest first."""

    at: datetime
    id: UUID


class Entry(NamedTuple):
    """A place in the audit, newest first; of one instant what is later in its stream comes first."""

    at: datetime
    sequence: int
    id: UUID


class Day(NamedTuple):
    """A place in a list with one entry a day, newest first."""

    at: date
    id: UUID


class Spelling(NamedTuple):
    """A place in a list that is ordered by names."""

    text: str
    id: UUID


class Numbered(NamedTuple):
    """A place in a list that is kept in numbered parts, ordered by ids."""

    part: int
    id: UUID


Place = Instant | Entry | Day | Spelling | Numbered
Sequence = Annotated[int, Field(ge=1, le=2**63 - 1)]
T = TypeVar("T")
_INSTANT: Final = TypeAdapter(tuple[AwareDatetime, UUID])
_ENTRY: Final = TypeAdapter(tuple[AwareDatetime, Sequence, UUID])
_DAY: Final = TypeAdapter(tuple[date, UUID])
_NUMBERED: Final = TypeAdapter(tuple[NonNegativeInt, UUID])
_SPELLING: Final = TypeAdapter(tuple[Text, UUID])


def to_cursor(place: Place) -> str:
    """The place as callers carry it: opaque, since only we read it."""
    return base64.urlsafe_b64encode(to_json(tuple(place))).decode()


def to_instant(cursor: str | None) -> Instant | None:
    """The place that `cursor` names. Raises RefusalError when it is none of ours."""
    return None if cursor is None else Instant(*_read(_INSTANT, cursor))


def to_entry(cursor: str | None) -> Entry | None:
    """The place that `cursor` names. Raises RefusalError when it is none of ours."""
    return None if cursor is None else Entry(*_read(_ENTRY, cursor))


def to_day(cursor: str | None) -> Day | None:
    """The place that `cursor` names. Raises RefusalError when it is none of ours."""
    return None if cursor is None else Day(*_read(_DAY, cursor))


def to_spelling(cursor: str | None) -> Spelling | None:
    """The place that `cursor` names. Raises RefusalError when it is none of ours."""
    return None if cursor is None else Spelling(*_read(_SPELLING, cursor))


def to_numbered(cursor: str | None) -> Numbered | None:
    """The place that `cursor` names. Raises RefusalError when it is none of ours."""
    return None if cursor is None else Numbered(*_read(_NUMBERED, cursor))


def _read(shape: TypeAdapter[T], cursor: str) -> T:
    try:
        return shape.validate_json(base64.urlsafe_b64decode(cursor.encode()))
    except ValueError as error:
        raise RefusalError(
            400, RejectionCode.INVALID_PARAMETERS, "after: take it from `next` of the page before", field="after"
        ) from error
