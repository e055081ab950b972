"""What a sweep asks for, how often, and when it stops."""

from datetime import datetime, timedelta
from uuid import UUID, uuid4

from contracts.codec import body_hash
from contracts.envelope import Event
from contracts.errors import FailureCode, RejectionCode
from contracts.events.backups import BackupFailed
from contracts.events.commands import CommandRejected
from contracts.events.retention import (
    BackupDeletionRequested,
    BackupExpired,
    Blocker,
    BlockerKind,
    ExpiryHeld,
    ExpiryReleased,
    SweepApproved,
)
from contracts.events.uploads import UploadFailed
from services.retention.sweeping import Swept
from tests.support.events import NOON
from tests.support.histories import History
from tests.support.sweeping import Sweeps, backed_up, requested

PIN = Blocker(kind=BlockerKind.PIN, reason="it is pinned (audit)")
PRODUCTION, ACCEPTANCE = UUID(int=1), UUID(int=2)


def held(backup_id: UUID, at: datetime) -> ExpiryHeld:
    return ExpiryHeld(
        backup_id=backup_id,
        environment_id=PRODUCTION,
        held_at=at,
        expires_at=at,
        sweep_id=uuid4(),
        blockers=(PIN,),
    )


def released(backup_id: UUID, at: datetime) -> ExpiryReleased:
    return ExpiryReleased(backup_id=backup_id, environment_id=PRODUCTION, released_at=at)


def expired(backup_id: UUID, at: datetime, environment_id: UUID = PRODUCTION) -> BackupExpired:
    return BackupExpired(
        backup_id=backup_id, environment_id=environment_id, expired_at=at, expires_at=at, sweep_id=uuid4()
    )


def changed(backup_id: UUID, expires_at: datetime) -> Event:
    ids = {"backup_id": backup_id, "environment_id": PRODUCTION}
    return History().body("BackupExpiryChanged", **ids, expires_at=expires_at.isoformat())


def pinned(backup_id: UUID) -> Event:
    return History().body("BackupPinned", backup_id=backup_id)


def unpinned(backup_id: UUID) -> Event:
    return History().body("BackupUnpinned", backup_id=backup_id)


async def long_ago(sweeps: Sweeps) -> None:
    """Let all that was sent have been sent an hour ago, by PostgreSQL's clock."""
    async with sweeps.database.transaction() as c:
        await c.execute("UPDATE backup SET sent_at = sent_at - interval '1 hour'")


async def test_what_is_due_is_asked_for_once_and_the_rest_is_left_alone(sweeps: Sweeps) -> None:
    due, later, for_ever = await backed_up(sweeps, PRODUCTION, 14, 15, None)
    running = requested(PRODUCTION, NOON, NOON + timedelta(days=1))
    await sweeps.hear(running)
    sweeps.clock.on(days=14, microseconds=-1)
    assert await sweeps.sweep.now() == Swept()
    sweeps.clock.on(microseconds=1)
    assert await sweeps.sweep.now() == Swept(judged=1, asked=1)
    for _ in range(3):
        await sweeps.sweep.now()
        sweeps.clock.on(hours=1)
    assert sweeps.asked() == [due]
    assert later not in sweeps.asked()
    assert for_ever not in sweeps.asked()


async def test_the_command_carries_the_evidence_and_goes_by_the_app_s_key(sweeps: Sweeps) -> None:
    (backup_id,) = await backed_up(sweeps, PRODUCTION, 14)
    at = sweeps.clock.on(days=14, minutes=5)
    await sweeps.sweep.now()
    (message,) = sweeps.commands.sent
    assert message.body.backup_id == backup_id
    assert (message.body.expires_at, message.body.judged_at) == (NOON + timedelta(days=14), at)
    assert (message.envelope.key, message.envelope.actor) == (str(sweeps.app_id), "retention")


async def test_a_failed_backup_goes_after_two_weeks(sweeps: Sweeps) -> None:
    body = requested(PRODUCTION, NOON, NOON + timedelta(days=365))
    failed = BackupFailed(
        backup_id=body.backup_id,
        environment_id=PRODUCTION,
        finished_at=NOON,
        code=FailureCode.DUMP_FAILED,
        reason="it broke",
        retryable=True,
    )
    await sweeps.hear(body, failed)
    sweeps.clock.on(days=14)
    await sweeps.sweep.now()
    assert sweeps.asked() == [body.backup_id]


async def test_what_an_upload_has_left_is_looked_for(sweeps: Sweeps) -> None:
    await backed_up(sweeps, PRODUCTION, 14)
    ended = UploadFailed(
        upload_id=uuid4(),
        environment_id=PRODUCTION,
        finished_at=NOON,
        code=FailureCode.HOSTILE_ARCHIVE,
        reason="it looks like a bomb",
        retryable=False,
    )
    await sweeps.hear(ended)
    async with sweeps.database.transaction() as c:
        assert await c.fetchval("SELECT has_garbage FROM environment WHERE environment_id = $1", PRODUCTION)


async def test_a_held_backup_is_asked_for_again_only_when_it_is_released(sweeps: Sweeps) -> None:
    (backup_id,) = await backed_up(sweeps, PRODUCTION, 14)
    at = sweeps.clock.on(days=14)
    await sweeps.sweep.now()
    await sweeps.hear(held(backup_id, at))
    sweeps.clock.on(days=100)
    assert (await sweeps.sweep.now()).asked == 0
    assert (await sweeps.row(backup_id))["reason"] == "it is pinned (audit)"
    await sweeps.hear(released(backup_id, sweeps.clock.now()))
    assert (await sweeps.sweep.now()).asked == 1
    first, second = sweeps.commands.sent
    assert first.body.backup_id == second.body.backup_id
    assert first.envelope.id != second.envelope.id


async def test_a_changed_expiry_is_asked_for_again_when_it_has_come(sweeps: Sweeps) -> None:
    (backup_id,) = await backed_up(sweeps, PRODUCTION, 14)
    at = sweeps.clock.on(days=14)
    await sweeps.sweep.now()
    await sweeps.hear(held(backup_id, at), changed(backup_id, NOON + timedelta(days=20)))
    assert (await sweeps.sweep.now()).asked == 0
    sweeps.clock.on(days=6)
    assert (await sweeps.sweep.now()).asked == 1


async def test_a_command_without_an_answer_is_sent_again_to_the_letter(sweeps: Sweeps) -> None:
    await backed_up(sweeps, PRODUCTION, 14)
    sweeps.clock.on(days=14)
    await sweeps.sweep.now()
    assert await sweeps.asking.send() == 0
    await long_ago(sweeps)
    sweeps.clock.on(hours=3)
    assert await sweeps.asking.send() == 1
    first, second = sweeps.commands.sent
    assert first.envelope.id == second.envelope.id
    assert len({body_hash(record) for record in sweeps.commands.records}) == 1


async def test_no_more_commands_are_before_the_catalog_at_once_than_it_may_have(sweeps: Sweeps) -> None:
    environments = [uuid4() for _ in range(520)]
    for environment_id in environments:
        await backed_up(sweeps, environment_id, 14)
    sweeps.clock.on(days=14)
    assert (await sweeps.sweep.now()).asked == 520
    assert len(sweeps.commands.sent) == 500
    assert await sweeps.asking.send() == 0
    for message in sweeps.commands.sent[:30]:
        await sweeps.hear(expired(message.body.backup_id, sweeps.clock.now(), environments[0]))
    assert await sweeps.asking.send() == 20
    assert len(set(sweeps.asked())) == 520


async def test_a_refusal_is_noted_with_its_reason_and_heard_twice_without_harm(sweeps: Sweeps) -> None:
    (backup_id,) = await backed_up(sweeps, PRODUCTION, 14)
    sweeps.clock.on(days=14)
    await sweeps.sweep.now()
    command_id = sweeps.commands.sent[0].envelope.id
    refusal = CommandRejected(
        command_id=command_id, command="ExpireBackup", code=RejectionCode.NOT_FOUND, reason="there is no such backup"
    )
    await sweeps.hear(refusal, refusal)
    row = await sweeps.row(backup_id)
    assert (row["waits_for"], row["reason"]) == ("change", "there is no such backup")
    sweeps.clock.on(days=100)
    assert (await sweeps.sweep.now()).asked == 0
    await sweeps.hear(changed(backup_id, NOON + timedelta(days=1)))
    assert (await sweeps.sweep.now()).asked == 1


async def test_refusals_of_other_commands_are_none_of_its_business(sweeps: Sweeps) -> None:
    refusal = CommandRejected(
        command_id=uuid4(), command="RequestBackup", code=RejectionCode.NOT_FOUND, reason="there is none"
    )
    await sweeps.hear(refusal)
    assert await sweeps.sweep.now() == Swept()


async def test_a_clock_that_jumps_ahead_stops_the_sweep_once_and_back_again_all_is_well(sweeps: Sweeps) -> None:
    backups = await backed_up(sweeps, PRODUCTION, *range(1, 31))
    one_a_day = await backed_up(sweeps, ACCEPTANCE, 1, 500)
    sweeps.clock.on(days=401)
    assert await sweeps.sweep.now() == Swept(judged=2, asked=1, stopped=1)
    assert sweeps.asked() == one_a_day[:1]
    for _ in range(3):
        sweeps.clock.on(minutes=10)
        assert await sweeps.sweep.now() == Swept(judged=1)
    (stopped,) = await sweeps.said()
    assert (stopped["due_count"], stopped["held_count"], stopped["backup_count"]) == (29, 1, 30)
    assert (stopped["cap_count"], stopped["cap_share"]) == (5, 0.1)
    assert stopped["examples"] == [str(backup_id) for backup_id in backups[:5]]
    sweeps.clock.at = NOON + timedelta(days=1)
    assert await sweeps.sweep.now() == Swept(judged=1, asked=1)
    assert sweeps.asked()[1:] == backups[:1]
    _, resumed = await sweeps.said()
    assert (resumed["sweep_id"], resumed["environment_id"]) == (stopped["sweep_id"], str(PRODUCTION))
    assert datetime.fromisoformat(resumed["resumed_at"]) == sweeps.clock.at


async def test_one_more_than_always_goes_is_measured_against_all_that_are_there(sweeps: Sweeps) -> None:
    await backed_up(sweeps, PRODUCTION, *[1] * 6, *[None] * 54)
    await backed_up(sweeps, ACCEPTANCE, *[1] * 6, *[None] * 53)
    sweeps.clock.on(days=1)
    assert await sweeps.sweep.now() == Swept(judged=2, asked=6, stopped=1)
    (stopped,) = await sweeps.said()
    assert (stopped["environment_id"], stopped["due_count"], stopped["backup_count"]) == (str(ACCEPTANCE), 6, 59)


async def test_a_stopped_sweep_counts_apart_what_is_over_and_stays(sweeps: Sweeps) -> None:
    backups = await backed_up(sweeps, PRODUCTION, *range(1, 10))
    await sweeps.hear(*(pinned(backup_id) for backup_id in backups[:2]))
    await sweeps.hear(unpinned(backups[1]))
    sweeps.clock.on(days=401)
    assert await sweeps.sweep.now() == Swept(judged=1, stopped=1)
    (stopped,) = await sweeps.said()
    assert (stopped["due_count"], stopped["held_count"], stopped["backup_count"]) == (7, 2, 9)
    assert stopped["examples"] == [str(backup_id) for backup_id in backups[1:6]]


async def test_what_is_held_stops_no_sweep(sweeps: Sweeps) -> None:
    backups = await backed_up(sweeps, PRODUCTION, *range(1, 8))
    await sweeps.hear(*(pinned(backup_id) for backup_id in backups))
    sweeps.clock.on(days=401)
    assert await sweeps.sweep.now() == Swept(judged=1, asked=7)


async def test_an_approved_sweep_goes_on_with_what_was_due_when_it_had_stopped(sweeps: Sweeps) -> None:
    backups = await backed_up(sweeps, PRODUCTION, *range(1, 31))
    sweeps.clock.on(days=10)
    await sweeps.sweep.now()
    (stopped,) = await sweeps.said()
    sweeps.clock.on(days=400)
    await sweeps.hear(SweepApproved(sweep_id=stopped["sweep_id"], environment_id=PRODUCTION, approved_by="Karla"))
    assert await sweeps.sweep.now() == Swept(judged=1, asked=10, stopped=1)
    assert sorted(sweeps.asked()) == sorted(backups[:10])
    *_, again = await sweeps.said()
    assert again["sweep_id"] != stopped["sweep_id"]
    assert (again["due_count"], again["held_count"]) == (19, 1)
    assert again["examples"] == [str(backup_id) for backup_id in backups[10:15]]


async def test_an_approval_of_another_sweep_changes_nothing(sweeps: Sweeps) -> None:
    await backed_up(sweeps, PRODUCTION, *range(1, 31))
    sweeps.clock.on(days=30)
    await sweeps.sweep.now()
    await sweeps.hear(SweepApproved(sweep_id=uuid4(), environment_id=PRODUCTION, approved_by="Karla"))
    assert await sweeps.sweep.now() == Swept(judged=1)


async def test_what_was_let_go_is_worked_on_when_its_grace_is_over(sweeps: Sweeps) -> None:
    one, two, three = await backed_up(sweeps, PRODUCTION, 14, 14, 14)
    at = sweeps.clock.on(days=14)
    deletion = BackupDeletionRequested(
        backup_id=two, environment_id=PRODUCTION, requested_at=at, requested_by="Karla", was_last_good=False
    )
    await sweeps.hear(expired(one, at), deletion)
    sweeps.clock.on(hours=24, microseconds=-1)
    assert (await sweeps.sweep.now()).jobs == 0
    sweeps.clock.on(microseconds=1)
    assert (await sweeps.sweep.now()).jobs == 2
    assert (await sweeps.sweep.now()).jobs == 0
    assert await sweeps.jobs() == ["delete", "delete"]
    assert (await sweeps.row(three))["job_id"] is None


async def test_a_backup_that_is_not_known_here_is_passed_over(sweeps: Sweeps) -> None:
    await sweeps.hear(released(uuid4(), NOON), expired(uuid4(), NOON))
    assert await sweeps.sweep.now() == Swept()
