"""Nights on a stage: a catalog as a real process, the snapshot service with quick backups here, one clock for both."""

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any, Final
from uuid import UUID

from contracts.codec import RawRecord
from contracts.events.slots import SlotEnded
from contracts.slot_times import Nights, SlotTime
from contracts.topics import Topic
from contracts.values import CloudVersion, Region, Schedule
from services.platform.messaging.reading import LogReader
from services.platform.process.health import Health
from services.platform.process.settings import (
    ClockSettings,
    KafkaSettings,
    RepositorySettings,
    S3Settings,
    WorkerSettings,
)
from services.snapshot.bootstrap import bootstrap
from services.snapshot.settings import SnapshotSettings
from tests.support.databases import FreshDatabase
from tests.support.eventually import eventually
from tests.support.in_process import running
from tests.support.moved_clock import MovedBy
from tests.support.quick_backups import QuickBackups
from tests.support.running_services import Platform, open_platform
from tests.support.script import Script, Seen, open_script
from tests.support.shop import Shop

BEGINS: Final = datetime.fromisoformat("2026-02-02T10:00Z")
"""A Monday; far from any change of clocks."""
PATIENCE_SECONDS: Final = 60.0


@dataclass(frozen=True)
class Place:
    """A registered environment and when its nights are."""

    environment_id: UUID
    nights: Nights

    def next_slot(self, now: datetime) -> SlotTime:
        """The slot that it expects behind `now`."""
        return self.nights.next_after(now)


@dataclass
class Stage:
    """What a test may do and see."""

    platform: Platform
    settings: SnapshotSettings
    clock: MovedBy
    script: Script
    shop: Shop
    quick: QuickBackups = field(default_factory=QuickBackups)
    places: list[UUID] = field(default_factory=list)

    async def register(
        self,
        *,
        runs: bool = True,
        sound: bool = True,
        region: Region = Region.EUROPE,
        schedule: Schedule | None = None,
        shop: Shop | None = None,
    ) -> Place:
        """An environment, checked (and found `sound`), deployed and running unless told otherwise."""
        shop = shop or self.shop
        described = {"region": region.value, "schedule": schedule.model_dump() if schedule else None}
        if not sound:
            self.quick.fails_checks = True
        environment_id = await shop.environment(f"place {len(self.script.seen)}", checked=False, **described)
        self.places.append(environment_id)
        await self.told("EnvironmentChecked", environment_id)
        self.quick.fails_checks = False
        if runs:
            await shop.ask("DeployPackage", environment_id=environment_id, model_version="7.1.0")
            assert (await shop.ask("StartEnvironment", environment_id=environment_id)).name == "EnvironmentStarted"
        return Place(environment_id, Nights(region, CloudVersion.V4, schedule))

    async def clear(self) -> None:
        """Have no nights any more where there were some, so that those to come are those of the next test's places."""
        self.quick.fail_nights()
        for environment_id in self.places:
            await self.shop.ask("RemoveEnvironment", environment_id=environment_id)
        self.places.clear()

    async def told(self, name: str, environment_id: UUID, **fields: object) -> Seen:
        """The first event of this name about an environment whose data has these fields, as soon as it is there."""
        wanted = {"environment_id": environment_id} | fields
        texts = {key: value if isinstance(value, bool | int) else str(value) for key, value in wanted.items()}

        async def look() -> Seen | None:
            return next(
                (seen for seen in self.script.seen if seen.name == name and texts.items() <= seen.data.items()), None
            )

        found = await eventually(look, within_seconds=PATIENCE_SECONDS)
        assert found is not None
        return found

    async def planned(self, place: Place, day: date) -> Seen:
        """That a slot was planned."""
        return await self.told("SlotPlanned", place.environment_id, slot_date=day)

    async def ended(self, place: Place, day: date) -> SlotEnded:
        """How a slot ended."""
        return SlotEnded.model_validate((await self.told("SlotEnded", place.environment_id, slot_date=day)).data)

    async def requested(self, place: Place, slot: SlotTime, try_number: int = 1) -> Seen:
        """That the catalog accepted a try."""

        async def look() -> Seen | None:
            return next((s for s in self.requests(place, slot.slot_date) if _try_of(s) == try_number), None)

        found = await eventually(look, within_seconds=PATIENCE_SECONDS)
        assert found is not None
        return found

    def requests(self, place: Place, day: date) -> list[Seen]:
        """The nightly backups of a slot that the catalog has accepted so far."""
        about = [seen for seen in self.script.seen if seen.name == "BackupRequested" and seen.data["slot"]]
        return [
            seen
            for seen in about
            if (seen.data["environment_id"], seen.data["slot_date"]) == (str(place.environment_id), str(day))
        ]

    def said(self, place: Place, day: date) -> list[Seen]:
        """What was said about one slot so far."""
        name = f"snapshot/slot/{place.environment_id}.{day}"
        return [seen for seen in self.script.seen if seen.headers["ce_subject"] == name]

    async def night(self, place: Place) -> SlotTime:
        """Move the clock a little behind an environment's next slot, as soon as that is planned; returns the slot."""
        slot = place.next_slot(self.clock.now())
        await self.planned(place, slot.slot_date)
        self.clock.to(slot.due_at + timedelta(seconds=1))
        return slot

    async def commands(self, name: str) -> list[RawRecord]:
        """The commands of this name that lie on the topic."""
        found: list[RawRecord] = []
        async with LogReader.open(self.platform.kafka) as reader:
            for partition, end in (await reader.ends(Topic.COMMANDS)).items():
                async for records in reader.read(Topic.COMMANDS, partition, 0, end):
                    found += [one.record for one in records]
        return [one for one in found if dict(one.headers)["ce_type"].decode() == f"nightkeep.command.{name}.v1"]

    @asynccontextmanager
    async def running(self) -> AsyncIterator[None]:
        """One more instance of the snapshot service, until the end of the context."""
        async with AsyncExitStack() as stack:
            wired = await bootstrap(stack, self.settings, Health(), self.quick.kinds)
            async with running(wired):
                yield


@asynccontextmanager
async def open_stage(
    kafka: KafkaSettings, database: FreshDatabase, s3: S3Settings, directory: Path, *, begins: datetime = BEGINS
) -> AsyncIterator[Stage]:
    """A stage whose snapshot service does not run yet."""
    clock = MovedBy(directory / "moved-by")
    clock.to(begins)
    async with AsyncExitStack() as stack:
        platform = await stack.enter_async_context(open_platform(kafka, database, s3, directory))
        platform.settings["NIGHTKEEP_CLOCK__MOVED_BY_FILE"] = str(clock.path)
        await platform.start("catalog")
        script = await stack.enter_async_context(open_script(kafka))
        shop = Shop(script)
        await shop.register()
        yield Stage(platform, _settings(platform, clock), clock, script, shop)


def _settings(platform: Platform, clock: MovedBy) -> SnapshotSettings:
    return SnapshotSettings(
        kafka=platform.kafka,
        postgres=platform.database("snapshot"),
        s3=platform.s3,
        repository=RepositorySettings(key_file=platform.directory / "repository.key"),
        secrets_directory=platform.secrets,
        scratch_directory=platform.directory / "scratch",
        clock=ClockSettings(moved_by_file=clock.path),
        worker=WorkerSettings(capacity=8, per_host=8),
    )


def _try_of(seen: Seen) -> Any:  # noqa: ANN401 -- JSON
    return seen.data["slot"]["try_number"]
