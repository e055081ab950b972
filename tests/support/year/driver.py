"""Lives through nights: moves the clock, does what people do, breaks what breaks, and compares after each night."""

import asyncio
import random
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Final
from uuid import UUID, uuid4

from services.platform.messaging.reading import LogReader
from services.platform.process.settings import KafkaSettings, S3Settings
from services.platform.repository import Repository
from services.retention.bootstrap import Retention
from tests.support.databases import FreshDatabase, execute
from tests.support.eventually import eventually
from tests.support.moved_clock import MovedBy
from tests.support.running_services import Platform, open_platform
from tests.support.script import Script, Seen, open_script
from tests.support.shop import Shop
from tests.support.year.lives import was_as_it_should_be
from tests.support.year.model import QUARTER_OF_AN_HOUR, ModelBackup, ModelPlace, Rhythm
from tests.support.year.seens import Seens
from tests.support.year.services import NightSettings, heard, nights, sweeps

BEGINS: Final = datetime(2026, 1, 5, 10, tzinfo=UTC)
EVENING: Final = timedelta(hours=9, minutes=5)
"""Behind BEGINS on each day: just behind the time of most places."""
PATIENCE_SECONDS: Final = 600.0
"""For a thousand environments on a machine that is busy otherwise."""
PER_APP: Final = 100
"""Environments of one app."""
SETTLING: Final = 50
"""Environments that are registered at the same time."""
UNTIL_SWEEP: Final = timedelta(minutes=50)
"""Behind all tries of an evening, and before the next slot of any place is due."""
STREAK: Final = range(100, 120)
"""Nights on which the third place's backups all fail: longer than any daily one is kept."""
NIGHTS_ON_END: Final = 25
"""Behind these the scheduler is started anew, as it is now and then."""
ABSENCES: Final = (range(40, 42), range(198, 202))
"""Nights on which the scheduler is down; it is not back on the evening behind a Sunday that it missed."""
FILLERS: Final = (0, 2)
"""Places whose policy makes up for a Sunday without a backup."""
FILLING: Final = {"name": "filling", "daily": {"days": 14}, "weekly": {"months": 3}, "monthly": {"months": 12}}
"""As `classic`, but for that."""


@dataclass
class Year:
    """The services, the model beside them, and the dice; there is a sweep on each `sweep_every`-th night.

    With a `repository`, backups have bytes, which retention removes.
    """

    platform: Platform
    settings: NightSettings
    script: Script
    seens: Seens
    retention: Retention
    reader: LogReader
    dice: random.Random
    repository: Repository | None = None
    sweep_every: int = 1
    places: dict[UUID, ModelPlace] = field(default_factory=dict)
    shops: dict[UUID, Shop] = field(default_factory=dict)
    failing: set[tuple[UUID, date]] = field(default_factory=set)
    stopped: set[UUID] = field(default_factory=set)
    last_step: datetime = BEGINS

    @property
    def clock(self) -> MovedBy:
        """The clock of all."""
        return self.settings.clock

    def fails(self, environment_id: UUID, slot_date: object) -> bool:
        """See Fails."""
        return (environment_id, slot_date) in self.failing

    async def settle(self, rhythms: Sequence[Rhythm]) -> None:
        """Register, deploy and start one environment for each rhythm, and wait until all are checked."""
        known_since = self.clock.now()
        for first in range(0, len(rhythms), PER_APP):
            await self._register(rhythms[first : first + PER_APP], first, known_since)
        async with nights(self.settings.of("snapshot"), self.fails, self.repository):
            await self._eventually(lambda: self.seens.checked >= self.places.keys())
        ids = list(self.places)
        for first in range(0, len(ids), SETTLING):
            await asyncio.gather(*(self._deploy_and_start(one) for one in ids[first : first + SETTLING]))
        for environment_id in [one for index, one in enumerate(ids) if index in FILLERS]:
            await self._fill_gaps(environment_id, self.places[environment_id])

    async def _register(self, rhythms: Sequence[Rhythm], first: int, known_since: datetime) -> None:
        shop = Shop(self.script)
        await shop.register()
        registering = [
            shop.environment(f"place {number}", checked=False, **rhythm.fields)
            for number, rhythm in enumerate(rhythms, first)
        ]
        for environment_id, rhythm in zip(await asyncio.gather(*registering), rhythms, strict=True):
            self.shops[environment_id] = shop
            self.places[environment_id] = ModelPlace(rhythm, known_since)

    async def _ask(self, environment_id: UUID, command: str, **data: object) -> Seen:
        return await self.shops[environment_id].ask(command, environment_id=environment_id, **data)

    async def _deploy_and_start(self, environment_id: UUID) -> None:
        await self._ask(environment_id, "DeployPackage", model_version="7.1.0")
        assert (await self._ask(environment_id, "StartEnvironment")).name == "EnvironmentStarted"

    async def _fill_gaps(self, environment_id: UUID, place: ModelPlace) -> None:
        policy = FILLING | {"fill_gaps": True}
        changed = await self._ask(environment_id, "ChangePolicy", policy_change_id=uuid4(), policy=policy)
        assert changed.name == "PolicyChanged", changed.data
        place.fills_gaps = True

    async def live(self, count: int) -> None:
        """So many nights."""
        number = 0
        while number < count:
            absence = next((one for one in ABSENCES if number in one), None)
            if absence:
                await self._absent(absence)
                number = absence.stop
                continue
            async with nights(self.settings.of("snapshot"), self.fails, self.repository):
                for _ in range(NIGHTS_ON_END):
                    if number == count or any(number in one for one in ABSENCES):
                        break
                    await self._night(number, BEGINS + timedelta(days=number) + EVENING)
                    number += 1

    async def _absent(self, absence: range) -> None:
        """The scheduler is down; on the last evening it comes back two hours after its time."""
        for number in absence[:-1]:
            self.clock.to(BEGINS + timedelta(days=number) + EVENING)
            await self._end_of(number, BEGINS + timedelta(days=number) + EVENING)
        async with nights(self.settings.of("snapshot"), self.fails, self.repository):
            await self._night(absence[-1], BEGINS + timedelta(days=absence[-1]) + EVENING + timedelta(hours=2))

    async def _night(self, number: int, evening: datetime) -> None:
        await self._prepare(number, evening)
        self.clock.to(evening)
        expected = self._expect(evening)
        if any(state == "failed" for state in expected.values()):
            await self._try_again(expected)
        await self._until_ended(expected)
        self._take_over(expected)
        await self._know_of_gaps()
        await self._by_day()
        await self._end_of(number, evening)

    async def _prepare(self, number: int, evening: datetime) -> None:
        """Choose what goes wrong tonight."""
        for index, (environment_id, place) in enumerate(self.places.items()):
            due = list(place.rhythm.due(self.last_step, evening))
            if (index == 2 and number in STREAK) or self.dice.random() < 0.01:
                self.failing |= {(environment_id, day) for day in due}
            elif self.dice.random() < 0.02:
                self.stopped.add(environment_id)
        await asyncio.gather(*(self._ask(one, "StopEnvironment") for one in self.stopped))

    def _expect(self, evening: datetime) -> dict[tuple[UUID, date], str]:
        """How the slots that are due now should end."""
        expected = {}
        for environment_id, place in self.places.items():
            due = list(place.rhythm.due(self.last_step, evening))
            for day in due[:-1]:
                expected[environment_id, day] = "missed"
            for day in due[-1:]:
                fails = (environment_id, day) in self.failing
                expected[environment_id, day] = "failed" if fails else "completed"
                if environment_id in self.stopped:
                    expected[environment_id, day] = "skipped"
        self.last_step = evening
        return expected

    async def _try_again(self, expected: dict[tuple[UUID, date], str]) -> None:
        """Move the clock over the waits of those that fail, when all others have ended."""
        failing = [slot for slot, state in expected.items() if state == "failed"]
        others = expected.keys() - failing
        await self._eventually(lambda: others <= self.seens.ended.keys())
        for tries, minutes in ((1, 6), (2, 16)):
            await self._eventually(lambda tries=tries: all(self._failed(slot, tries) for slot in failing))  # type: ignore[misc]  # -- bound now
            await self._know_of_gaps()
            self.clock.on(minutes=minutes)

    async def _know_of_gaps(self) -> None:
        """What is asked for next finds every open gap: here no minutes lie between a failure and the next try."""
        for environment_id, place in self.places.items():
            if place.fills_gaps and place.gap:
                await self.shops[environment_id].heard()

    def _failed(self, slot: tuple[UUID, date], tries: int) -> bool:
        asked = self.seens.tries[slot]
        return len(asked) == tries and all("BackupFailed" in self.seens.names(one) for one in asked)

    async def _until_ended(self, expected: dict[tuple[UUID, date], str]) -> None:
        await self._eventually(lambda: expected.keys() <= self.seens.ended.keys())
        assert {slot: self.seens.ended[slot]["state"] for slot in expected} == expected

    def _take_over(self, expected: dict[tuple[UUID, date], str]) -> None:
        """The model learns when its backups were accepted, and holds their stamps against its own rules."""
        for (environment_id, day), state in expected.items():
            place = self.places[environment_id]
            told = self.seens.ended.pop((environment_id, day))
            self.seens.tries.pop((environment_id, day), None)
            tries = [UUID(one["backup_id"]) for one in told["tries"]] if state in {"completed", "failed"} else []
            assert len(tries) == (3 if state == "failed" else len(tries[:1]))
            counts_as, completed = place.counts_as(day), state == "completed"
            made = [self._stamped(backup_id, day, counts_as, completed=completed) for backup_id in tries]
            if made:
                assert told["late"] == (made[0].created_at > place.rhythm.fires(day) + QUARTER_OF_AN_HOUR)
            place.living += made
            place.slot_ended(day, state)

    def _stamped(self, backup_id: UUID, day: date, counts_as: date, *, completed: bool) -> ModelBackup:
        told = self.seens.requested.pop(backup_id)
        made = ModelBackup(backup_id, datetime.fromisoformat(told["created_at"]), counts_as, completed)
        as_if_completed = ModelBackup(backup_id, made.created_at, counts_as, completed=True)
        assert told["slot_date"] == str(day)
        assert datetime.fromisoformat(told["expires_at"]) == as_if_completed.expires_at
        return made

    async def _by_day(self) -> None:
        """Apps start again; people take backups, pin and unpin, all at the same time."""
        starting = [self._ask(one, "StartEnvironment") for one in self.stopped]
        pinned = [(self.shops[one], place) for one, place in self.places.items() if self.dice.random() < 0.02]
        pinning = [self._pin_or_unpin(shop, self.dice.choice(place.living or [None])) for shop, place in pinned]
        await asyncio.gather(*starting, *pinning)
        backed_up = [(one, place) for one, place in self.places.items() if self.dice.random() < 0.02]
        await asyncio.gather(*(self._on_demand(environment_id, place) for environment_id, place in backed_up))
        self.stopped.clear()

    async def _on_demand(self, environment_id: UUID, place: ModelPlace) -> None:
        backup_id = uuid4()
        asked = await self._ask(environment_id, "RequestBackup", backup_id=backup_id)
        assert asked.name == "BackupRequested", asked.data

        await self._eventually(lambda: "BackupCompleted" in self.seens.names(backup_id))
        rhythm, created_at = place.rhythm, datetime.fromisoformat(asked.data["created_at"])
        summer = rhythm.berlin and rhythm.fires(created_at.date()).hour == rhythm.hour - 2
        local = created_at + timedelta(minutes=rhythm.ahead + (60 if summer else 0))
        place.living.append(self._stamped(backup_id, local.date(), local.date(), completed=True))

    async def _pin_or_unpin(self, shop: Shop, backup: ModelBackup | None) -> None:
        if backup is not None:
            command = "UnpinBackup" if backup.pinned else "PinBackup"
            asked = await shop.ask(command, backup_id=backup.backup_id)
            assert asked.name in {"BackupPinned", "BackupUnpinned"}, asked.data
            backup.pinned = not backup.pinned

    async def _end_of(self, number: int, evening: datetime) -> None:
        """Sweep when it is time, and compare what there is."""
        if number % self.sweep_every == 0:
            await self._sweep(evening)
        self.seens.forget_answers()
        living = {backup.backup_id for place in self.places.values() for backup in place.living}
        assert living == self.seens.there

    def judge_the_living(self) -> None:
        """Those that went were judged when they did; nothing was said of them since."""
        self.seens.look()
        living = {backup.backup_id: backup for place in self.places.values() for backup in place.living}
        assert living.keys() == self.seens.lives.keys()
        for backup_id, backup in living.items():
            was_as_it_should_be(self.seens.lives[backup_id], backup)

    async def rest(self, hours: float) -> int:
        """Nights are over; time goes on to another sweep. How many backups it lets go."""
        self.clock.on(hours=hours)
        return await self._sweep_now()

    async def _sweep(self, evening: datetime) -> None:
        """At a time at which nothing is accepted, so that no expiry is near."""
        self.clock.to(evening + UNTIL_SWEEP)
        await self._sweep_now()

    async def _sweep_now(self) -> int:
        now = self.clock.now()
        held = [b for place in self.places.values() for b in place.living if b.held]
        gone = [backup for place in self.places.values() for backup in place.sweep(now)]
        let_go = [backup.backup_id for backup in gone if backup in held]
        await self._eventually(lambda: all("ExpiryReleased" in self.seens.names(one) for one in let_go))
        await heard(self.retention, self.reader)
        await self.retention.sweep.now()

        await self._eventually(lambda: not any(backup.backup_id in self.seens.there for backup in gone))
        await heard(self.retention, self.reader)
        await eventually(self._worked_off, within_seconds=PATIENCE_SECONDS)
        for backup in gone:
            was_as_it_should_be(self.seens.lives.pop(backup.backup_id), backup)
        return len(gone)

    async def _worked_off(self) -> bool:
        """Retention's jobs are done, if anybody does them."""
        open_jobs = "SELECT count(*) FROM job WHERE state IN ('waiting', 'running')"
        server = self.platform.database("retention")
        return self.repository is None or await asyncio.to_thread(execute, server, open_jobs) == "0"

    async def _eventually(self, look: Callable[[], bool]) -> None:
        async def again() -> bool:
            self.seens.look()
            return look()

        await eventually(again, within_seconds=PATIENCE_SECONDS)


@asynccontextmanager
async def open_year(  # noqa: PLR0913 -- what a year needs, and what may differ
    kafka: KafkaSettings,
    database: FreshDatabase,
    s3: S3Settings,
    directory: Path,
    *,
    seed: int,
    repository: Repository | None = None,
) -> AsyncIterator[Year]:
    """A year that has not begun: nobody is registered yet."""
    clock = MovedBy(directory / "moved-by")
    clock.to(BEGINS)
    async with AsyncExitStack() as stack:
        platform = await stack.enter_async_context(open_platform(kafka, database, s3, directory))
        platform.settings["NIGHTKEEP_CLOCK__MOVED_BY_FILE"] = str(clock.path)
        await platform.start("catalog")
        settings = NightSettings(platform, clock)
        script = await stack.enter_async_context(open_script(kafka))
        reader = await stack.enter_async_context(LogReader.open(kafka))
        retaining = settings.of_retention(with_bytes=repository is not None)
        retention = await stack.enter_async_context(sweeps(retaining, repository))
        dice = random.Random(seed)  # noqa: S311 -- a test's dice
        yield Year(platform, settings, script, Seens(script), retention, reader, dice, repository)
