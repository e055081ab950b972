"""Many small documents: the first backup, one of which nothing changed, one of which 1 % changed, and a restore.

Beside peers in the same run, on the same data, into the same file system or object store. 1,000 and 10,000 documents;
`NIGHTKEEP_TEST_BENCHMARK=full` takes 100,000 too, and medians of five; `=million` goes on to 1,000,000 in a directory,
each size once.
"""

import asyncio
import os
import shutil
from functools import partial
from pathlib import Path
from typing import Final

import pytest

from services.platform.objectstore.s3 import S3ObjectStore
from services.platform.process.settings import S3Settings
from tests.benchmarks import tree
from tests.benchmarks.contest import Contestant, Cost, Place
from tests.benchmarks.figures import Figure
from tests.benchmarks.ours import Ours
from tests.benchmarks.peers import Rclone, Restic, installed
from tests.benchmarks.rounds import (
    FIRST,
    SETTLED_SECONDS,
    START,
    UNCHANGED,
    Record,
    Round,
    introduce,
    record,
    show,
    usual,
)
from tests.support.buckets import fresh_prefix

BENCHMARK: Final = os.environ.get("NIGHTKEEP_TEST_BENCHMARK")
SIZES: Final = [1_000, 10_000] + [100_000] * (BENCHMARK in {"full", "million"}) + [1_000_000] * (BENCHMARK == "million")
RUNS: Final = 5 if BENCHMARK == "full" else 1
IN_BUCKETS: Final = SIZES[:3]
MOST_MEGABYTES: Final = 512
LINEAR: Final = 1.2
LINEAR_FROM: Final = 10_000
PUTS_AT_ONCE: Final = 16


@pytest.fixture(scope="module")
def per_document() -> dict[int, dict[str, float]]:
    """What one document took us, by size, for how that grows."""
    return {}


def record_growth(
    count: int, ours: dict[str, Cost], per_document: dict[int, dict[str, float]], record_property: Record
) -> None:
    """Of time against the smaller size, and of memory against its bound."""
    per_document[count] = {what: cost.seconds / count for what, cost in ours.items() if what != START}
    peak = max(cost.peak_bytes for cost in ours.values())
    record_property(f"{count} documents: our peak, MB", Figure(round(peak / 1e6), at_most=MOST_MEGABYTES))
    if count > LINEAR_FROM and LINEAR_FROM in per_document:
        for what, one in per_document[count].items():
            growth = Figure(round(one / per_document[LINEAR_FROM][what], 2), at_most=LINEAR)
            record_property(f"{what}: time for a document, {count} / {LINEAR_FROM}", growth)


@pytest.mark.timeout(36000)
@pytest.mark.parametrize("count", SIZES)
async def test_in_a_directory(
    count: int, tmp_path: Path, per_document: dict[int, dict[str, float]], record_property: Record
) -> None:
    rounds = []
    for number in range(RUNS):
        place = tmp_path / str(number)
        tree.grow(place / "documents", count)
        await asyncio.sleep(SETTLED_SECONDS)
        rounds.append(Round([Ours(Place(place / "ours")), *installed(place)]))
        await rounds[-1].run(place / "documents", count)
        shutil.rmtree(place)
    costs, stored, told = usual(rounds), rounds[-1].stored, f"{count} documents"
    introduce(rounds)
    show(f"{told}, stored in a directory", costs, stored)
    record(told, costs, stored, record_property)
    record_growth(count, {what: of[Ours.name] for what, of in costs.items()}, per_document, record_property)


@pytest.mark.timeout(7200)
@pytest.mark.parametrize("count", IN_BUCKETS)
async def test_in_a_bucket(count: int, s3: S3Settings, tmp_path: Path, record_property: Record) -> None:
    rounds = []
    for number in range(RUNS):
        place = tmp_path / str(number)
        tree.grow(place / "documents", count)
        await asyncio.sleep(SETTLED_SECONDS)
        async with fresh_prefix(s3) as (bucket, _):
            ours = bucket.model_copy(update={"prefix": f"{bucket.prefix}/ours"})
            rounds.append(Round([Ours(Place(place / "ours", ours)), *installed(place, s3=bucket)]))
            await rounds[-1].run(place / "documents", count)
        shutil.rmtree(place)
    costs, stored, told = usual(rounds), rounds[-1].stored, f"{count} documents in SeaweedFS"
    introduce(rounds, [Restic])
    show(f"{told}, from a directory", costs, stored)
    record(told, costs, stored, record_property)


async def fill(store: S3ObjectStore, count: int) -> None:
    """As many objects."""
    waiting = tree.names(count)

    async def put_some() -> None:
        for name in waiting:
            await store.put(f"{name[:2]}/{name[2:4]}/{name}", tree.content())

    await asyncio.gather(*(put_some() for _ in range(PUTS_AT_ONCE)))


@pytest.mark.timeout(7200)
@pytest.mark.parametrize("count", IN_BUCKETS)
async def test_from_a_bucket(count: int, s3: S3Settings, tmp_path: Path, record_property: Record) -> None:
    rounds = []
    for number in range(RUNS):
        place = tmp_path / str(number)
        async with fresh_prefix(s3) as (bucket, store):
            await fill(store, count)
            await asyncio.sleep(SETTLED_SECONDS)
            peers = [Rclone(Place(place / "rclone"), bucket)] if Rclone.program() else []
            turn = Round([Ours(Place(place / "ours")), *peers])
            for one in turn.contestants:
                await one.make()
            for what in (START, FIRST, UNCHANGED):
                await turn.all_do(what, partial(from_bucket, what=what, bucket=bucket), stores=what != START)
            rounds.append(turn)
        shutil.rmtree(place)
    costs = usual(rounds)
    introduce(rounds, [Rclone])
    show(f"{count} objects of SeaweedFS, stored in a directory", costs, rounds[-1].stored)
    record(f"{count} objects", costs, {}, record_property)


async def from_bucket(one: Contestant, *, what: str, bucket: S3Settings) -> Cost:
    """One turn of a contestant."""
    if what == START:
        return await one.look()
    return await (one.back_up_bucket(bucket) if isinstance(one, Ours) else one.back_up(Path(bucket.prefix)))
