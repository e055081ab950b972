"""`infra/bin/soak --walk [--sleep]`: every named seam; `--minutes N --seed S`: random work under random faults."""

import argparse
import asyncio
import random
import signal
import sys
import time
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from uuid import uuid4

from tests.history.checks import findings
from tests.history.evidence import Finding
from tests.soak import works
from tests.soak.fates import DYING, SLEEPING, Fate
from tests.soak.faults import FAULTS, Fault
from tests.soak.itinerary import Stop, sleeps, stops
from tests.soak.shake import directory, fragile_world, shake
from tests.soak.walk import walk
from tests.soak.witness import evidence_of
from tests.soak.world import World, open_world
from tests.support.databases import FreshDatabase, make_template
from tests.support.local_engines import local_kafka, local_postgres, local_s3


@asynccontextmanager
async def own_world(kept: Path | None, fate: Fate) -> AsyncIterator[World]:
    """A world on engines that are started for it."""
    with local_kafka() as broker, local_postgres() as postgres, local_s3() as s3, directory(kept) as here:
        make_template(postgres)
        kafka = broker.model_copy(update={"topic_prefix": f"soak-{uuid4().hex}"})
        database = FreshDatabase(postgres.model_copy(update={"silent_seconds": fate.silent_seconds}))
        async with open_world(kafka, database, s3, here, lease_seconds=fate.lease_seconds) as world:
            yield world


async def walk_all(wanted: Sequence[Stop], fate: Fate, kept: Path | None) -> int:
    """Walk, and say how it went; how many stops did not hold."""
    began = time.monotonic()
    async with own_world(kept, fate) as world:
        walked = await walk(world, wanted, fate)
        for one in walked:
            if one.trouble is not None:
                _say(f"did not hold: {one.stop}\n{one.trouble}")
        found = await _found(world)
        held = [one for one in walked if one.trouble is None]
        points = {one.stop.point for one in held}
        for finding in found:
            _say(f"found: {finding.rule}: {finding.what}")
        _say(f"{len(held)} of {len(walked)} {fate.name} at {len(points)} points held, {time.monotonic() - began:.0f} s")
        _say(f"findings: {len(found)}")  # before the world ends: what fails then hides nothing
    return len(walked) - len(held) + len(found)


async def _found(world: World) -> list[Finding]:
    """What the witness finds when all has gone that may; a stop that did not hold may have left what never goes."""
    try:
        await works.let_all_go(world)
        return findings(await evidence_of(world, reclaimed=True))
    except (AssertionError, RuntimeError, TimeoutError) as error:
        return [Finding("it did not come to rest", repr(error))]


async def shake_all(minutes: float, seed: int, faults: Sequence[Fault], kept: Path | None) -> int:
    """Shake, and say what came of it; how much must not be."""
    async with fragile_world(kept) as (world, engines):
        shaken = await shake(world, engines, minutes=minutes, seed=seed, faults=faults)
        _say(shaken.report())
    return len(shaken.found)


def main(words: Sequence[str]) -> int:
    """Do what the words say; told to end, it ends what it started."""
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    parser = argparse.ArgumentParser(prog="soak", description=__doc__)
    parser.add_argument("--walk", action="store_true", help="die at every named seam, one after the other")
    parser.add_argument("--sleep", action="store_true", help="sleep there instead, while another life works")
    parser.add_argument("--minutes", type=float, default=None, help="shake everything for so long")
    parser.add_argument("--calm", action="store_true", help="break nothing meanwhile: whether memory stays flat")
    parser.add_argument("--seed", type=int, default=None, help="whatever is chosen by dice is chosen the same again")
    parser.add_argument("--sample", type=int, default=None, help="walk only so many seams, chosen by the seed")
    parser.add_argument("--only", default="", help="walk only stops with this text in them")
    parser.add_argument("--after", type=int, default=0, help="leave out so many stops, where a walk goes on")
    parser.add_argument("--keep", type=Path, default=None, help="a new directory in which logs and answers are kept")
    told = parser.parse_args(words)
    seed = told.seed if told.seed is not None else random.SystemRandom().randrange(2**32)
    _say(f"seed {seed}")
    if told.minutes is not None:
        return min(asyncio.run(shake_all(told.minutes, seed, () if told.calm else FAULTS, told.keep)), 1)
    wanted = [stop for stop in (sleeps() if told.sleep else stops()) if told.only in str(stop)][told.after :]
    if told.sample is not None:
        wanted = random.Random(seed).sample(wanted, told.sample)  # noqa: S311 -- no secret
    return min(asyncio.run(walk_all(wanted, SLEEPING if told.sleep else DYING, told.keep)), 1)


def _say(line: str) -> None:
    print(line, flush=True)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
