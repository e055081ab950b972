"""A long replay is shared among processes, and whatever becomes of them, the read model is the fold of the log."""

import asyncio
from pathlib import Path

import psutil
import pytest

from services.catalog.projection.replay import Replayer
from services.catalog.projection.sharing import FILLER, Engines, ReplayInterruptedError, Sharing
from services.platform.messaging.errors import LogForkedError
from services.platform.messaging.reading import LogReader
from services.platform.process.settings import LogSettings, PostgresSettings, RehearsalSettings
from tests.support.events import event
from tests.support.eventually import eventually
from tests.support.histories import History
from tests.support.processes import command_of
from tests.support.read_models import Reading

FEW, MANY = 40, 400


async def _put(reading: Reading, count: int) -> None:
    for _ in range(count):
        history = History()
        await reading.put([*history.registered(), *history.backed_up(), *history.restored(), *history.let_go()])


async def _shared(
    reading: Reading, *, crash_file: Path | None = None, postgres: PostgresSettings | None = None
) -> None:
    """Catch up with two fillers, however little there is."""
    rehearsal = RehearsalSettings(declared=crash_file is not None, crash_file=crash_file)
    engines = Engines(reading.settings, postgres or reading.postgres, LogSettings(), rehearsal)
    async with LogReader.open(reading.settings) as reader:
        await Replayer(reading.projection, reader, Sharing(engines, fillers=2, long_events=1)).catch_up()


def _fillers() -> list[psutil.Process]:
    """Those of this test's process."""
    return [one for one in psutil.Process().children() if FILLER in command_of(one)]


async def _one_works(reading: Reading) -> list[psutil.Process]:
    return _fillers() if await reading.projection.next_offsets() else []


async def test_a_replay_by_several_processes_gives_the_read_model_of_one(reading: Reading) -> None:
    await _put(reading, FEW)
    await reading.replayer.catch_up()
    alone = await reading.documents()
    await reading.forget()
    await _shared(reading)
    assert await reading.caught_up()
    assert await reading.documents() == alone
    assert (await reading.days())["kept"] == (await reading.days())["counted"]
    assert not _fillers()


@pytest.mark.parametrize("moment", ["before project events:2", "after project events:2"])
async def test_what_a_killed_filler_leaves_is_done_without_it(reading: Reading, tmp_path: Path, moment: str) -> None:
    await _put(reading, FEW)
    await reading.replayer.catch_up()
    alone = await reading.documents()
    await reading.forget()
    crash_file = tmp_path / "crash"
    crash_file.write_text(moment, encoding="utf-8")
    await _shared(reading, crash_file=crash_file)
    assert not crash_file.exists()
    assert await reading.documents() == alone


async def test_a_fork_that_a_filler_finds_is_raised_by_its_name(reading: Reading) -> None:
    history = History()
    stream = f"catalog/backup/{history.backup_id}"
    await reading.put([*history.registered(), history.record(stream, "BackupRequested")])
    await _put(reading, FEW)
    await reading.put([event(history.body("BackupRequested"), stream, 1, key=str(history.app_id))])
    with pytest.raises(LogForkedError, match=f"{stream} has another event at 1"):
        await _shared(reading)
    assert not _fillers()


async def test_a_filler_that_meets_an_engine_that_is_away_is_worth_another_try(reading: Reading) -> None:
    await _put(reading, FEW)  # in several partitions: a single one is not shared
    away = reading.postgres.model_copy(update={"port": 1})
    with pytest.raises(ReplayInterruptedError):
        await _shared(reading, postgres=away)
    await _shared(reading)
    assert await reading.caught_up()


async def test_a_service_that_ends_takes_its_fillers_along(reading: Reading) -> None:
    await _put(reading, MANY)
    replaying = asyncio.create_task(_shared(reading))
    fillers = await eventually(lambda: _one_works(reading))
    replaying.cancel()
    await asyncio.gather(replaying, return_exceptions=True)
    assert fillers
    assert not any(one.is_running() for one in fillers)
    assert not await reading.caught_up()
