"""Whose lease may have ended changes nothing outside any more, in whatever thread or helper it works."""

import asyncio
import math
import time
from collections.abc import Callable
from contextvars import copy_context
from dataclasses import dataclass
from pathlib import Path
from uuid import UUID, uuid4

import pytest

from services.platform.connectors.files import Part
from services.platform.connectors.files.directory import DirectoryDocuments
from services.platform.connectors.files.s3 import S3Documents
from services.platform.connectors.files.threads import threads
from services.platform.objectstore import DirectoryObjectStore
from services.platform.process.hands import HandFailedError, hands
from services.platform.process.holding import refuse_if_lost, work_as
from services.platform.process.seams import OUTSIDE, Seam, passing

AREA = UUID("0d5d2c1e-3b6a-4a51-9d5c-0d7f6d8c2a11")


class LostError(Exception):
    """The job has another worker."""


@dataclass
class Work:
    """A job under a lease."""

    held_until: float = math.inf

    def lost(self) -> Exception:
        """See Holder."""
        return LostError()


class Sleeper:
    """Its lease ends while it sleeps, right before an effect; so many come before that."""

    def __init__(self, effects: int) -> None:
        self._left = effects

    @property
    def held_until(self) -> float:
        """Looked at once before each effect."""
        self._left -= 1
        return math.inf if self._left >= 0 else 0.0

    def lost(self) -> Exception:
        """See Holder."""
        return LostError()


def alone(call: Callable[[], None]) -> None:
    """Call it as a task of its own would."""
    copy_context().run(call)


@pytest.mark.parametrize("seam", sorted(OUTSIDE))
def test_an_effect_outside_is_not_brought_about_when_the_lease_may_have_ended(seam: Seam) -> None:
    happened = []

    def change() -> None:
        work_as(Work(time.monotonic()))
        with passing(seam):
            happened.append(seam)

    with pytest.raises(LostError):
        alone(change)
    assert happened == []


@pytest.mark.parametrize("seam", sorted(set(Seam) - OUTSIDE))
def test_what_postgresql_and_kafka_are_told_is_theirs_to_refuse(seam: Seam) -> None:
    def change() -> None:
        work_as(Work(time.monotonic()))
        with passing(seam):
            pass

    alone(change)


def test_a_lease_that_is_kept_moves_on_and_who_has_none_may_change_what_he_likes() -> None:
    work = Work(time.monotonic())

    def change() -> None:
        work_as(work)
        work.held_until += 60
        with passing(Seam.DELETE):
            pass

    alone(change)
    with passing(Seam.DELETE):
        pass


async def test_threads_and_helpers_work_for_whom_they_are_asked() -> None:
    async def ask() -> None:
        work_as(Work(time.monotonic()))
        async with threads() as some, hands() as helpers:
            with pytest.raises(LostError):
                await some.run(refuse_if_lost)
            with pytest.raises(HandFailedError, match="lease"):
                await helpers.run(refuse_if_lost)

    await asyncio.create_task(ask())
    async with threads() as some, hands() as helpers:
        await some.run(refuse_if_lost)
        await helpers.run(refuse_if_lost)


async def test_documents_are_named_up_to_the_sleep_and_no_further(tmp_path: Path) -> None:
    places = [f"{number}/{uuid4()}" for number in range(5)]

    async def add() -> None:
        work_as(Sleeper(effects=2))
        async with threads() as some:
            await DirectoryDocuments(tmp_path, some).add_small(dict.fromkeys(places, b"of the backup"))

    with pytest.raises(LostError):
        await asyncio.create_task(add())
    assert [place for place in places if (tmp_path / place).exists()] == places[:2]
    assert [path for path in (tmp_path / ".nightkeep").rglob("*") if path.is_file()] == []


async def test_who_slept_between_a_copy_and_its_deletion_deletes_nothing_that_another_put_there(tmp_path: Path) -> None:
    place, others = f"00/{uuid4()}", DirectoryObjectStore(tmp_path)
    work = Work()

    class Slept(DirectoryObjectStore):
        async def copy(self, source: str, target: str) -> None:
            await super().copy(source, target)
            await others.put(source, b"of the backup")
            work.held_until = time.monotonic()

    async def set_aside() -> None:
        work_as(work)
        await S3Documents(Slept(tmp_path), "bucket").move_out(AREA, Part.ASIDE, place)

    await others.put(place, b"of before")
    with pytest.raises(LostError):
        await asyncio.create_task(set_aside())
    assert await others.get(place) == b"of the backup"
