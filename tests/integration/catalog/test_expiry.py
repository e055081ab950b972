"""The catalog alone decides that a backup goes: when its time is over and nothing holds it (spec: retention §2)."""

import signal
from datetime import UTC, datetime, timedelta
from uuid import UUID, uuid4

import pytest

from tests.integration.catalog.test_refusals import refused
from tests.support.moved_clock import MovedBy
from tests.support.running_services import Platform
from tests.support.script import Seen
from tests.support.shop import Shop

NIGHT = datetime(2026, 3, 4, 19, tzinfo=UTC)
PIN, RESTORE, LEASE, LAST_GOOD = "pin", "restore", "lease", "last_good"


@pytest.fixture
async def aged(shop: Shop, clock: MovedBy) -> "Aged":
    """An environment with two backups of one Wednesday whose time is over."""
    clock.to(NIGHT)
    environment_id = await shop.environment()
    older, newest = await shop.backup(environment_id), await shop.backup(environment_id)
    await shop.heard()
    clock.to(NIGHT + timedelta(days=14, minutes=30))
    return Aged(shop, environment_id, older, newest)


class Aged:
    """What is due in one environment; `newest` is what the last-good guard holds."""

    def __init__(self, shop: Shop, environment_id: UUID, older: UUID, newest: UUID) -> None:
        self.shop = shop
        self.environment_id = environment_id
        self.older = older
        self.newest = newest

    async def expire(self, backup_id: UUID) -> Seen:
        return await self.shop.expire(backup_id, self.expires_at(backup_id))

    async def held(self, backup_id: UUID) -> list[str]:
        """What holds it; it must be something."""
        held = await self.expire(backup_id)
        assert held.name == "ExpiryHeld", held.data
        return [blocker["kind"] for blocker in held.data["blockers"]]

    def holds(self, backup_id: UUID) -> list[Seen]:
        """What was said so far of what holds it past its expiry."""
        seen = self.shop.script.seen
        return [one for one in seen if one.name == "ExpiryHeld" and one.data["backup_id"] == str(backup_id)]

    async def held_again(self, backup_id: UUID) -> Seen:
        """That something else holds it than when it was asked for."""
        await self.shop.script.event(lambda _: len(self.holds(backup_id)) > 1)
        return self.holds(backup_id)[-1]

    def expires_at(self, backup_id: UUID) -> str:
        requested = next(one for one in self.shop.script.seen if one.stream == f"catalog/backup/{backup_id}:1")
        return str(requested.data["expires_at"])

    async def released(self, backup_id: UUID, *, but: int = 0) -> Seen:
        """That nothing holds it any more, said once more than `but` times."""
        subject = f"catalog/backup/{backup_id}"

        def said() -> list[Seen]:
            seen = self.shop.script.seen
            return [one for one in seen if one.name == "ExpiryReleased" and one.headers["ce_subject"] == subject]

        await self.shop.script.event(lambda _: len(said()) > but)
        return said()[-1]

    async def lease(self, backup_id: UUID, until: datetime, lease_id: UUID | None = None) -> Seen:
        told = {"lease_id": lease_id or uuid4(), "holder": "a download by Karla", "until": until.isoformat()}
        return await self.shop.ask("AcquireLease", backup_id=backup_id, **told)


async def test_a_backup_is_kept_until_its_expiry_and_goes_after_it(shop: Shop, clock: MovedBy) -> None:
    clock.to(NIGHT)
    environment_id = await shop.environment()
    older = await shop.backup(environment_id)
    await shop.backup(environment_id)
    await shop.heard()
    aged = Aged(shop, environment_id, older, older)
    clock.to(NIGHT + timedelta(days=14, seconds=-30))
    code, reason, _ = refused(await aged.expire(older))
    assert code == "INVALID_STATE"
    assert reason.startswith("this backup is kept until 2026-03-18T19:0")
    clock.to(NIGHT + timedelta(days=14, minutes=10))
    expired = await aged.expire(older)
    assert expired.name == "BackupExpired"
    assert expired.data["expires_at"] == aged.expires_at(older)
    assert expired.stream == f"catalog/backup/{older}:2"


async def test_what_has_expired_is_refused_to_everybody(aged: Aged) -> None:
    shop, gone = aged.shop, ("NOT_FOUND", f"there is no backup {aged.older}", "backup_id")
    assert (await aged.expire(aged.older)).name == "BackupExpired"
    destination = {"backup_id": aged.older, "environment_id": aged.environment_id}
    assert refused(await shop.ask("RequestRestore", restore_id=uuid4(), **destination)) == gone
    assert refused(await shop.ask("RequestPreflight", preflight_id=uuid4(), **destination)) == gone
    assert refused(await shop.ask("PinBackup", backup_id=aged.older)) == gone
    assert refused(await shop.ask("CommentBackup", backup_id=aged.older, comment="x")) == gone
    assert refused(await shop.ask("DeleteBackup", backup_id=aged.older)) == gone
    assert refused(await aged.lease(aged.older, datetime.now(UTC) + timedelta(hours=1))) == gone
    assert refused(await aged.expire(aged.older)) == gone
    unknown = uuid4()
    assert refused(await shop.expire(unknown, "2026-03-05T00:00:00Z"))[1] == f"there is no backup {unknown}"


async def test_evidence_about_another_expiry_is_refused(aged: Aged) -> None:
    asked = await aged.shop.expire(aged.older, "2026-03-05T00:00:00Z")
    code, reason, field = refused(asked)
    assert (code, field) == ("INVALID_STATE", "expires_at")
    assert reason.endswith("the evidence is about another one")


async def test_a_queued_backup_never_expires_and_a_failed_one_does_after_two_weeks(shop: Shop, clock: MovedBy) -> None:
    clock.to(datetime(2026, 3, 1, 19, tzinfo=UTC))
    environment_id = await shop.environment()
    queued, failed = (
        await shop.backup(environment_id, completed=False),
        await shop.backup(environment_id, completed=False),
    )
    await shop.backup_failed(failed, environment_id)
    await shop.heard()
    aged = Aged(shop, environment_id, queued, failed)
    clock.to(datetime(2027, 4, 1, tzinfo=UTC))
    assert refused(await aged.expire(queued))[1] == "this backup is queued: it never expires as such"
    requested = next(one for one in shop.script.seen if one.stream == f"catalog/backup/{failed}:1")
    expiry = datetime.fromisoformat(requested.data["created_at"]) + timedelta(days=14)
    assert (await shop.expire(failed, expiry.isoformat())).name == "BackupExpired"


async def test_the_newest_completed_backup_stays_until_a_newer_one_has_completed(aged: Aged) -> None:
    assert await aged.held(aged.newest) == [LAST_GOOD]
    assert await aged.held(aged.newest) == [LAST_GOOD]
    newer = await aged.shop.backup(aged.environment_id, completed=False)
    assert await aged.held(aged.newest) == [LAST_GOOD]
    await aged.shop.backup_started(newer, aged.environment_id)
    await aged.shop.backup_completed(newer, aged.environment_id)
    released = await aged.released(aged.newest)
    assert released.headers["ce_actor"] == "user:Karla"
    assert (await aged.expire(aged.newest)).name == "BackupExpired"


async def test_a_failed_backup_does_not_satisfy_the_guard(aged: Aged) -> None:
    newer = await aged.shop.backup(aged.environment_id, completed=False)
    await aged.shop.backup_failed(newer, aged.environment_id)
    await aged.shop.heard()
    assert await aged.held(aged.newest) == [LAST_GOOD]


async def test_another_environments_backups_do_not_satisfy_the_guard(aged: Aged) -> None:
    await aged.shop.backup(await aged.shop.environment("acceptance"))
    await aged.shop.heard()
    assert await aged.held(aged.newest) == [LAST_GOOD]


async def test_after_the_newest_was_deleted_by_hand_the_one_before_it_is_guarded(aged: Aged) -> None:
    assert (await aged.shop.ask("DeleteBackup", backup_id=aged.newest)).name == "BackupDeletionRequested"
    assert await aged.held(aged.older) == [LAST_GOOD]


async def test_a_pin_holds_a_backup_until_it_is_taken_away(aged: Aged) -> None:
    await aged.shop.ask("PinBackup", backup_id=aged.older, reason="audit")
    held = await aged.expire(aged.older)
    assert held.data["blockers"] == [{"kind": PIN, "reason": "it is pinned (audit)", "holder_id": None, "until": None}]
    unpinned = await aged.shop.ask("UnpinBackup", backup_id=aged.older)
    released = await aged.released(aged.older)
    assert released.headers["ce_causationid"] == unpinned.headers["ce_causationid"]
    assert (await aged.expire(aged.older)).name == "BackupExpired"


async def test_a_restore_holds_its_backup_until_it_ends_however_it_does(aged: Aged) -> None:
    acceptance = await aged.shop.environment("acceptance")
    first = await aged.shop.restore(aged.older, acceptance)
    held = await aged.expire(aged.older)
    assert [(one["kind"], one["holder_id"]) for one in held.data["blockers"]] == [(RESTORE, str(first))]
    await aged.shop.restored(first, acceptance, "2026-03-18T20:00:00Z")
    await aged.released(aged.older)
    second = await aged.shop.restore(aged.older, acceptance)
    assert await aged.held(aged.older) == [RESTORE]
    why = {
        "code": "CANCELLED",
        "reason": "cancelled by Karla",
        "retryable": False,
        "finished_at": "2026-03-18T20:00:00Z",
    }
    ids = {"restore_id": second, "environment_id": acceptance}
    await aged.shop.fact("RestoreFailed", f"restore/restore/{second}", **ids, **why)
    await aged.released(aged.older, but=1)
    assert (await aged.expire(aged.older)).name == "BackupExpired"


async def test_a_lease_holds_a_backup_by_postgresqls_clock_and_is_extended_and_released(aged: Aged) -> None:
    lease_id, soon = uuid4(), datetime.now(UTC) + timedelta(hours=1)
    assert (await aged.lease(aged.older, soon, lease_id)).name == "LeaseAcquired"
    later = soon + timedelta(hours=1)
    assert (await aged.lease(aged.older, later, lease_id)).name == "LeaseAcquired"
    held = await aged.expire(aged.older)
    assert [(one["kind"], one["holder_id"]) for one in held.data["blockers"]] == [(LEASE, str(lease_id))]
    assert datetime.fromisoformat(held.data["blockers"][0]["until"]) == later
    released = await aged.shop.ask("ReleaseLease", lease_id=lease_id, backup_id=aged.older)
    assert released.name == "LeaseReleased"
    await aged.released(aged.older)
    again = await aged.shop.ask("ReleaseLease", lease_id=lease_id, backup_id=aged.older)
    assert refused(again)[0::2] == ("NOT_FOUND", "lease_id")
    assert (await aged.expire(aged.older)).name == "BackupExpired"


async def test_a_lease_that_nobody_releases_runs_out_and_that_is_said(aged: Aged) -> None:
    lease_id = uuid4()
    assert (await aged.lease(aged.older, datetime.now(UTC) + timedelta(seconds=8), lease_id)).name == "LeaseAcquired"
    await aged.expire(aged.older)
    over = await aged.shop.script.event(
        lambda seen: seen.name == "LeaseReleased" and seen.data["lease_id"] == str(lease_id)
    )
    assert over.headers["ce_actor"] == "clock"
    assert (await aged.expire(aged.older)).name == "BackupExpired"


async def test_a_lease_that_would_be_over_already_is_refused(aged: Aged) -> None:
    over = await aged.lease(aged.older, datetime.now(UTC) - timedelta(hours=1))
    assert refused(over)[0::2] == ("INVALID_PARAMETERS", "until")
    queued = await aged.shop.backup(aged.environment_id, completed=False)
    early = await aged.lease(queued, datetime.now(UTC) + timedelta(hours=1))
    assert refused(early)[0::2] == ("ERROR_NOT_ALLOWED", "backup_id")


async def test_a_backup_held_by_two_things_is_released_by_the_last_of_them(aged: Aged) -> None:
    await aged.shop.ask("PinBackup", backup_id=aged.newest)
    assert await aged.held(aged.newest) == [LAST_GOOD, PIN]
    unpinned = await aged.shop.ask("UnpinBackup", backup_id=aged.newest)
    await aged.shop.backup(aged.environment_id)
    released = await aged.released(aged.newest)
    assert released.headers["ce_causationid"] != unpinned.headers["ce_causationid"]
    assert (await aged.expire(aged.newest)).name == "BackupExpired"


async def test_what_holds_it_instead_is_said_when_something_else_ends(aged: Aged) -> None:
    await aged.shop.ask("PinBackup", backup_id=aged.older, reason="audit")
    assert await aged.held(aged.older) == [PIN]
    assert (await aged.shop.ask("DeleteBackup", backup_id=aged.newest)).name == "BackupDeletionRequested"
    unpinned = await aged.shop.ask("UnpinBackup", backup_id=aged.older)
    guarded = await aged.held_again(aged.older)
    assert [one["kind"] for one in guarded.data["blockers"]] == [LAST_GOOD]
    assert guarded.headers["ce_causationid"] == unpinned.headers["ce_causationid"]
    assert guarded.data["expires_at"] == aged.expires_at(aged.older)
    await aged.shop.backup(aged.environment_id)
    await aged.released(aged.older)


async def test_a_guard_that_ends_while_a_pin_stays_is_said(aged: Aged) -> None:
    await aged.shop.ask("PinBackup", backup_id=aged.newest)
    assert await aged.held(aged.newest) == [LAST_GOOD, PIN]
    await aged.shop.backup(aged.environment_id)
    pinned = await aged.held_again(aged.newest)
    assert [one["kind"] for one in pinned.data["blockers"]] == [PIN]
    assert (await aged.shop.ask("UnpinBackup", backup_id=aged.newest)).name == "BackupUnpinned"
    await aged.released(aged.newest)
    assert len(aged.holds(aged.newest)) == 2


@pytest.mark.parametrize("expiry_first", [True, False], ids=["the expiry", "the other"])
@pytest.mark.parametrize("other", ["PinBackup", "RequestRestore", "AcquireLease"])
async def test_whoever_comes_first_in_a_poll_wins(aged: Aged, other: str, expiry_first: object) -> None:
    acceptance = await aged.shop.environment("acceptance")
    others: dict[str, dict[str, str]] = {
        "PinBackup": {},
        "RequestRestore": {"restore_id": str(uuid4()), "environment_id": str(acceptance)},
        "AcquireLease": {
            "lease_id": str(uuid4()),
            "holder": "a copy",
            "until": (datetime.now(UTC) + timedelta(hours=1)).isoformat(),
        },
    }
    evidence = {"expires_at": aged.expires_at(aged.older), "judged_at": aged.expires_at(aged.older)}
    both = {"ExpireBackup": {"sweep_id": str(uuid4()), **evidence}, other: others[other]}
    sent = [
        await aged.shop.script.send(name, {"backup_id": str(aged.older)} | both[name], key=aged.shop.app_id)
        for name in (both if expiry_first else reversed(both))
    ]
    outcomes = [(await aged.shop.script.outcome(one)).name for one in sent]
    assert outcomes[1] == ("CommandRejected" if expiry_first else "ExpiryHeld"), outcomes


async def test_two_that_expire_in_one_poll_leave_the_newest(aged: Aged) -> None:
    sent = [
        await aged.shop.script.send(
            "ExpireBackup",
            {
                "backup_id": str(backup_id),
                "sweep_id": str(uuid4()),
                "expires_at": aged.expires_at(backup_id),
                "judged_at": aged.expires_at(backup_id),
            },
            key=aged.shop.app_id,
        )
        for backup_id in (aged.newest, aged.older)
    ]
    assert [(await aged.shop.script.outcome(one)).name for one in sent] == ["ExpiryHeld", "BackupExpired"]


async def test_an_expiry_delivered_again_after_a_restart_has_one_effect(catalog: Platform, aged: Aged) -> None:
    evidence = {"expires_at": aged.expires_at(aged.older), "judged_at": aged.expires_at(aged.older)}
    data = {"backup_id": str(aged.older), "sweep_id": str(uuid4()), **evidence}
    command_id = await aged.shop.script.send("ExpireBackup", data, key=aged.shop.app_id)
    assert (await aged.shop.script.outcome(command_id)).name == "BackupExpired"
    catalog.services["catalog"].end(signal.SIGKILL)
    await aged.shop.script.send("ExpireBackup", data, key=aged.shop.app_id, command_id=command_id)
    await catalog.start("catalog")
    await aged.shop.ask("UpdateApp", app_id=aged.shop.app_id, name="Shop, renamed")
    assert [seen.name for seen in aged.shop.script.caused_by(command_id)] == ["BackupExpired"]


async def test_after_its_manifest_is_gone_a_backup_is_deleted(aged: Aged) -> None:
    await aged.expire(aged.older)
    told = {"backup_id": aged.older, "environment_id": aged.environment_id, "why": "expired"}
    await aged.shop.fact("BackupDeleted", f"retention/backup/{aged.older}", **told, deleted_at="2026-03-19T20:00:00Z")
    await aged.shop.heard()
    assert refused(await aged.shop.ask("PinBackup", backup_id=aged.older))[0] == "NOT_FOUND"


async def test_a_stopped_sweep_is_approved_once_by_its_id(aged: Aged) -> None:
    sweep_id, ask = uuid4(), {"environment_id": aged.environment_id}
    nothing = refused(await aged.shop.ask("ApproveSweep", **ask, sweep_id=sweep_id))
    assert nothing == ("INVALID_STATE", "no sweep has stopped in production: look again at what it asks", "sweep_id")
    counts = {"due_count": 30, "backup_count": 34, "cap_count": 5, "cap_share": 0.1, "examples": [str(aged.older)]}
    stream, told = f"retention/sweep/{sweep_id}", {"sweep_id": sweep_id, "stopped_at": "2026-03-18T20:00:00Z"}
    await aged.shop.fact("SweepStopped", stream, **ask, **told, **counts)
    await aged.shop.heard()
    other = refused(await aged.shop.ask("ApproveSweep", **ask, sweep_id=uuid4()))
    assert other[1] == f"sweep {sweep_id} has stopped in production: look again at what it asks"
    approved = await aged.shop.ask("ApproveSweep", **ask, sweep_id=sweep_id)
    assert (approved.name, approved.data["approved_by"]) == ("SweepApproved", "Karla")
    assert refused(await aged.shop.ask("ApproveSweep", **ask, sweep_id=sweep_id))[0] == "INVALID_STATE"
