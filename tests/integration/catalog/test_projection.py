"""The read model is the fold of the log, however it came in."""

import random
from collections import deque
from datetime import UTC, datetime
from typing import Final
from uuid import uuid4

import pytest

from contracts.explanation import Clocks, HistoryLine, explain
from contracts.states import BackupState
from services.platform.database import migrate
from tests.support.eventually import eventually
from tests.support.histories import History
from tests.support.read_models import Reading

WHOLE_LIFE: Final = [
    "BackupRequested",
    "BackupStarted",
    "BackupCompleted",
    "BackupCommented",
    "RestoreRequested",
    "RestoreStarted",
    "RestoreCompleted",
    "SlotEnded",
    "LeaseAcquired",
    "ExpiryHeld",
    "LeaseReleased",
    "ExpiryReleased",
    "BackupExpired",
    "BackupDeleted",
]


async def test_a_history_becomes_what_a_reader_expects(reading: Reading) -> None:
    history = History()
    await reading.put([*history.registered(), *history.backed_up(), *history.restored()])
    await reading.replayer.catch_up()
    environment, backup = await reading.document("environment"), await reading.document("backup")
    assert environment
    assert environment["run_state"] == "running"
    assert environment["ever_passed"]
    assert environment["data_model_version"] == "6.0"
    assert environment["check"]["state"] == "passed"
    assert backup
    assert (backup["state"], backup["comment"]) == ("completed", "after the fact")
    assert backup["database"]["bytes"] == 328_000_000
    restore = await reading.document("restore")
    assert restore
    assert (restore["state"], restore["undo_state"]) == ("completed", "possible")
    assert restore["undo_until"] == "2026-03-09T19:00:00Z"


async def test_an_upload_clears_what_was_known_of_the_package(reading: Reading) -> None:
    history = History()
    await reading.put([*history.registered()])
    await reading.replayer.catch_up()
    deployed = await reading.document("environment")
    await reading.put([history.record(f"restore/upload/{uuid4()}", "EnvironmentCleared")])
    await reading.replayer.catch_up()
    cleared = await reading.document("environment")
    fields = ("model_version", "package_bytes", "package_sha256")
    assert deployed
    assert [deployed[field] for field in fields] == ["7.23.4.1802", 48_000_000, "0f" * 32]
    assert cleared
    assert [cleared[field] for field in fields] == [None, None, None]


async def test_the_way_back_of_an_upload_has_it_in_its_history(reading: Reading) -> None:
    history, upload_id = History(), str(uuid4())
    told = {"upload_id": upload_id, "safety_backup_id": str(history.backup_id)}
    asked = history.record(f"catalog/upload/{upload_id}", "UploadRequested", **told)
    stream = f"restore/upload/{upload_id}"
    work = [history.record(stream, name, upload_id=upload_id) for name in ("UploadStarted", "UploadFailed")]
    await reading.put([*history.registered(), asked, *history.backed_up(), *work])
    await reading.replayer.catch_up()
    async with reading.database.transaction() as c:
        lines = await c.fetchval("SELECT history FROM read.backup")
    assert [line["what"] for line in lines][-2:] == ["UploadStarted", "UploadFailed"]


async def test_a_backup_that_has_gone_keeps_its_whole_history(reading: Reading) -> None:
    history = History()
    records = [*history.registered(), *history.backed_up(), *history.restored(), *history.let_go()]
    await reading.put(records)
    await reading.replayer.catch_up()
    async with reading.database.transaction() as c:
        row = await c.fetchrow("SELECT state, history, document FROM read.backup")
    assert row
    assert (row["state"], row["document"]["held"]) == ("deleted", [])
    assert [line["what"] for line in row["history"]] == WHOLE_LIFE
    now = datetime.now(UTC)
    explained = explain([HistoryLine.model_validate(line) for line in row["history"]], Clocks(now, now))
    assert (explained.backup_id, explained.state) == (history.backup_id, BackupState.DELETED)
    assert explained.ending
    assert explained.ending.removed_at
    environment = await reading.document("environment")
    assert environment
    assert environment["reclaimed"]["bytes"] > 0


@pytest.mark.parametrize("seed", range(3))
async def test_apps_whose_events_come_between_each_other_are_each_as_if_it_were_alone(
    reading: Reading, seed: int
) -> None:
    histories = [History() for _ in range(6)]
    lives = [deque([*one.registered(), *one.backed_up(), *one.restored(), *one.let_go()]) for one in histories]
    order = [number for number, life in enumerate(lives) for _ in life]
    random.Random(seed).shuffle(order)  # noqa: S311 -- a test's dice
    await reading.put([lives[number].popleft() for number in order])
    await reading.replayer.catch_up()
    async with reading.database.transaction() as c:
        rows = await c.fetch("SELECT backup_id, state, history FROM read.backup")
        stopped = await c.fetchval("SELECT count(*) FROM parked_record")
    assert {row["backup_id"] for row in rows} == {one.backup_id for one in histories}
    for row in rows:
        assert (row["state"], [line["what"] for line in row["history"]]) == ("deleted", WHOLE_LIFE)
    assert stopped == 0


async def test_the_newest_check_of_stored_backups_is_shown_and_space_that_it_could_not_tell_stays(
    reading: Reading,
) -> None:
    history = History()
    checks = f"retention/check/{history.environment_id}"
    await reading.put([*history.registered(), history.record(checks, "RepositoryChecked", damage_count=0)])
    await reading.put([history.record(checks, "RepositoryChecked", damage_count=3, space=None)])
    await reading.replayer.catch_up()
    environment = await reading.document("environment")
    assert environment
    assert environment["stored"]["damage_count"] == 3
    assert environment["stored"]["space"]["shared_bytes"] > 0


async def test_slots_policies_and_stopped_sweeps_are_shown(reading: Reading) -> None:
    history = History()
    environment = f"catalog/environment/{history.environment_id}"
    change_id = history.body("PolicyChanged").model_dump()["policy_change_id"]
    change = f"catalog/policy_change/{change_id}"
    await reading.put([*history.registered(), *history.backed_up()])
    await reading.put(
        [
            history.record(change, "PolicyChanged"),
            history.record(change, "PolicyApplicationRequested", environment_ids=[history.environment_id]),
            history.record(change, "PolicyChangeApproved"),
            history.record(f"catalog/backup/{history.backup_id}", "BackupExpiryChanged", expires_at=None),
            history.record("retention/sweep/x", "SweepStopped"),
            history.record(f"snapshot/slot/{history.environment_id}.2026-03-08", "SlotPlanned", slot_date="2026-03-08"),
        ]
    )
    await reading.replayer.catch_up()
    shown = await reading.document("environment")
    assert shown
    assert shown["policy"]["name"] == "a year of days"
    assert shown["stopped_sweep"]["due_count"] == 30
    changed = await reading.document("policy_change")
    assert changed
    assert (changed["application"], changed["changed_count"], changed["changed_by"]) == ("approved", 1, "ada")
    assert changed["effect"]["lost_count"] == 6
    slot = await reading.document("slot")
    assert slot
    assert (slot["state"], slot["slot_date"]) == ("planned", "2026-03-08")
    approved = history.record(environment, "SweepApproved")
    await reading.put([approved])
    await reading.replayer.catch_up()
    shown = await reading.document("environment")
    assert shown
    assert shown["stopped_sweep"] is None


async def test_events_are_projected_live(reading: Reading) -> None:
    history = History()
    async with reading.living():
        await reading.put([*history.registered(), *history.backed_up()])
        await eventually(lambda: reading.document("backup"))
        await eventually(reading.caught_up)
    assert await reading.document("backup")


async def test_a_read_model_replayed_from_the_start_is_the_one_that_was_projected_live(reading: Reading) -> None:
    histories = [History() for _ in range(20)]
    async with reading.living():
        for history in histories:
            await reading.put([*history.registered(), *history.backed_up(), *history.restored(), *history.let_go()])
        await eventually(reading.caught_up)
    live = await reading.documents()
    assert (await reading.days())["kept"] == (await reading.days())["counted"]
    await reading.forget()
    await reading.replayer.catch_up()
    assert await reading.documents() == live


async def test_the_days_of_a_list_are_kept_with_its_rows(reading: Reading) -> None:
    kept_counts = []
    histories = [History() for _ in range(5)]
    for number, history in enumerate(histories):
        gone = history.let_go() if number % 2 else ()
        await reading.put([*history.registered(), *history.backed_up(), *history.restored(), *gone])
        await reading.replayer.catch_up()
        days = await reading.days()
        assert days["kept"] == days["counted"]
        kept_counts.append(len(days["kept"]))
    assert kept_counts == [1, 1, 2, 2, 3]


async def test_a_read_model_of_an_earlier_release_has_its_days_and_its_audit_from_the_log(reading: Reading) -> None:
    history = History()
    await reading.put([*history.registered(), *history.backed_up()])
    await reading.replayer.catch_up()
    before = await reading.documents()
    async with reading.database.transaction() as c:
        await c.execute("DROP TABLE read.listed_day, read.audit")
        await c.execute("DROP FUNCTION read.count_listed, read.forget_listed, read.tell_app CASCADE")
        await c.execute(
            "DELETE FROM read.schema_migration WHERE package = 'services.catalog.projection' AND version >= 4"
        )
    await migrate(reading.database, "services.catalog.projection", "read")
    await reading.replayer.catch_up()
    days = await reading.days()
    assert len(days["kept"]) == 1
    assert days["kept"] == days["counted"]
    assert await reading.documents() == before


async def test_a_record_delivered_twice_changes_nothing(reading: Reading) -> None:
    history = History()
    records = [*history.registered(), *history.backed_up(), *history.let_go()]
    await reading.put(records)
    await reading.replayer.catch_up()
    before = await reading.documents()
    await reading.put(records)
    await reading.replayer.catch_up()
    assert await reading.documents() == before


async def test_an_event_that_comes_early_waits_with_its_environment_until_the_gap_fills(reading: Reading) -> None:
    history = History()
    stream = f"catalog/backup/{history.backup_id}"
    requested = history.record(stream, "BackupRequested")
    commented = history.record(stream, "BackupCommented", comment="early")
    await reading.put([*history.registered(), commented])
    await reading.replayer.catch_up()
    assert await reading.document("backup") is None
    await reading.put([requested])
    await reading.replayer.catch_up()
    backup = await reading.document("backup")
    assert backup
    assert backup["comment"] == "early"


async def test_a_move_that_no_machine_knows_parks_its_environment_and_nothing_else(reading: Reading) -> None:
    broken, sound = History(), History()
    await reading.put([*broken.registered(), broken.record(f"catalog/backup/{broken.backup_id}", "BackupRequested")])
    await reading.put([broken.record(f"snapshot/backup/{broken.backup_id}", "BackupCompleted")])
    await reading.put([*sound.registered(), *sound.backed_up()])
    await reading.replayer.catch_up()
    async with reading.database.transaction() as c:
        states = {row["backup_id"]: row["state"] for row in await c.fetch("SELECT backup_id, state FROM read.backup")}
        parked = await c.fetchval("SELECT reason FROM parked_record")
    assert states == {broken.backup_id: "queued", sound.backup_id: "completed"}
    assert "cannot become" in parked
