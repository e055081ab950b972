"""What the catalog's rows have in common."""

from collections.abc import Sequence
from typing import TypeVar
from uuid import UUID

from pydantic import BaseModel, ConfigDict


class Aggregate(BaseModel):
    """A decision row; belongs to one app, whose id is the key of all its messages."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    app_id: UUID


A = TypeVar("A", bound=BaseModel)


def changed(before: A, /, **fields: object) -> A:
    """`before` with other `fields`."""
    return before.model_copy(update=fields)


def without(ids: Sequence[UUID], gone: UUID) -> tuple[UUID, ...]:
    """`ids` less one of them."""
    return tuple(one for one in ids if one != gone)
