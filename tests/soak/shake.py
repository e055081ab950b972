"""The shaking: people at work, faults one after the other, and at the end the witness."""

import asyncio
import random
import signal
import time
from collections import Counter
from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import asynccontextmanager, contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, Final
from uuid import uuid4

from tests.history.checks import CHECKS, findings
from tests.history.evidence import Evidence, Finding
from tests.soak import works
from tests.soak.engines import Engines, Lie, open_engines
from tests.soak.faults import ENGINE_KILLS, FAULTS, NOT_MET, Fault, told_again
from tests.soak.loading import AT_MOST
from tests.soak.memory import Memory
from tests.soak.people import People
from tests.soak.witness import evidence_of
from tests.soak.world import World, open_world
from tests.support.databases import FreshDatabase, make_template

PAUSES_SECONDS: Final = (0.5, 4.0)
"""Between two faults: enough for something to be under way again."""
ENDS_WITHIN_SECONDS: Final = 900.0
LONGEST_FAULT_SECONDS: Final = 600.0
SEEN: Final = ("pg_dump", "pg_restore")
"""Who is there for a moment only, and is given passwords."""


@dataclass
class Shaken:
    """What was injected, what was done, and what the witness found."""

    seed: int
    minutes: float
    injected: Counter[str] = field(default_factory=Counter)
    done: Counter[str] = field(default_factory=Counter)
    refused: Counter[str] = field(default_factory=Counter)
    found: list[Finding] = field(default_factory=list)
    memory: str = ""
    not_met: Counter[str] = field(default_factory=Counter)
    lies: Counter[Lie] = field(default_factory=Counter)
    kills: int = 0
    repeated: int = 0
    events: int = 0
    commands: int = 0
    backups: int = 0
    loaded: int = 0
    seen: Counter[str] = field(default_factory=Counter)

    def report(self) -> str:
        """For a person."""
        lines = [
            f"seed {self.seed}, {self.minutes:g} minutes",
            f"injected {sum(self.injected.values())}: {_counted(self.injected)}",
            f"beside these, prepared, and nobody came by: {_counted(self.not_met) or 'none'}",
            f"met the lies of the object store: {_counted(self.lies)}",
            f"killed: {self.kills} times, services and engines",
            f"told again at the end, in another order: {self.repeated} records",
            f"done {sum(self.done.values())}: {_counted(self.done)}",
            f"refused {sum(self.refused.values())}: {_counted(self.refused)}",
            f"checked: {self.events} events, {self.commands} commands, {self.backups} backups byte by byte",
            f"loaded, and compared row by row: {self.loaded} of their dumps, at most {AT_MOST}, evenly spread",
            f"command lines looked through: {_counted(self.seen)}, and those of everybody else",
            f"memory, the median of the first third and of the last, in MB: {self.memory}",
            f"rules: {', '.join(check.__name__.replace('_', ' ') for check in CHECKS)}",
            f"findings: {len(self.found)}",
            *(f"  {one.rule}: {one.what}" for one in self.found),
        ]
        return "\n".join(lines)


async def shake(
    world: World, engines: Engines, *, minutes: float, seed: int, faults: Sequence[Fault] = FAULTS
) -> Shaken:
    """Shake for so long, let everything come to rest, and have it looked at. Raises what people may not be told.

    Without `faults` people work undisturbed, and memory is what is watched: no service lives long under faults.
    """
    shaken, people = Shaken(seed, minutes), People(world, random.Random(f"people {seed}"))  # noqa: S311 -- no secret
    enough, memory = asyncio.Event(), Memory()
    async with asyncio.TaskGroup() as group:
        watching = group.create_task(memory.watch(world.platform))
        working = [group.create_task(people.work(enough)), group.create_task(people.work_hard(enough))]
        await _inject(world, engines, shaken, working, faults)
        enough.set()
        async with asyncio.timeout(ENDS_WITHIN_SECONDS):
            await asyncio.gather(*working)
        watching.cancel()
    shaken.seen = Counter({program: world.arguments.count(program) for program in SEEN})
    shaken.done, shaken.refused, shaken.memory = people.done, people.refused, memory.told()
    for topic in ("commands", "events"):  # all of it once more; what comes behind is dealt with behind it
        shaken.repeated += await told_again(world, topic, random.Random(seed))  # noqa: S311 -- no secret
    await works.let_all_go(world)
    _look(shaken, await evidence_of(world, reclaimed=True))
    shaken.found.extend(memory.findings())
    return shaken


async def _inject(
    world: World, engines: Engines, shaken: Shaken, working: list[asyncio.Task[None]], faults: Sequence[Fault]
) -> None:
    dice, deck = random.Random(shaken.seed), list[Fault]()  # noqa: S311 -- no secret
    ends_at = time.monotonic() + shaken.minutes * 60
    while (time.monotonic() < ends_at or deck) and not any(task.done() for task in working):
        await asyncio.sleep(dice.uniform(*PAUSES_SECONDS))
        if not faults:
            continue
        deck = deck or dice.sample(faults, len(faults))  # each comes before one comes again
        fault, lives = deck.pop(), [service.process for service in world.platform.services.values()]
        _say(fault.__name__.replace("_", " "))
        async with asyncio.timeout(LONGEST_FAULT_SECONDS):
            said = await fault(world, engines, dice)
        counted = shaken.not_met if said.endswith(NOT_MET) else shaken.injected
        counted[fault.__name__.replace("_", " ")] += 1
        shaken.kills += sum(life.poll() == -signal.SIGKILL for life in lives) + (fault in ENGINE_KILLS)
        _say(f"    {said}")
    shaken.lies = engines.door.met
    with suppress(RuntimeError):
        await world.restart_dead()


def _look(shaken: Shaken, evidence: Evidence) -> None:
    shaken.found = findings(evidence)
    shaken.events = len(evidence.distinct())
    shaken.commands = len({record.id for record in evidence.commands})
    shaken.backups = len(evidence.written)
    shaken.loaded = len(evidence.loaded)


@contextmanager
def directory(kept: Path | None) -> Iterator[Path]:
    """The place of logs, answers and documents; it goes with the block, unless it is to be kept."""
    if kept is None:
        with TemporaryDirectory() as here:
            yield Path(here)
    else:
        kept.mkdir(parents=True)
        yield kept


@asynccontextmanager
async def fragile_world(kept: Path | None = None) -> AsyncIterator[tuple[World, Engines]]:
    """A world on engines that can be broken."""
    async with open_engines() as engines:
        make_template(engines.postgres_settings)
        kafka = engines.kafka_settings.model_copy(update={"topic_prefix": f"soak-{uuid4().hex}"})
        database = FreshDatabase(engines.postgres_settings)
        with directory(kept) as here:
            async with open_world(kafka, database, engines.s3_settings, here) as world:
                yield world, engines


def _counted(counter: Counter[Any]) -> str:
    return ", ".join(f"{name} {count}" for name, count in counter.most_common())


def _say(line: str) -> None:
    print(line, flush=True)  # noqa: T201 -- a soak tells what it does
