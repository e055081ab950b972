"""A changed policy holds for new backups; for existing ones as simulated, approved and cooled off (retention §2)."""

from datetime import UTC, datetime, timedelta
from uuid import UUID, uuid4

import pytest

from tests.integration.catalog.test_recovering import entry, recover
from tests.integration.catalog.test_refusals import refused
from tests.support.moved_clock import MovedBy
from tests.support.script import Json, Seen
from tests.support.shop import Shop

NIGHT = datetime(2026, 3, 4, 19, tzinfo=UTC)
WEEK: Json = {"name": "a week", "daily": {"days": 7}}
YEAR: Json = {"name": "a year", "daily": {"months": 12}}


@pytest.fixture
async def full(shop: Shop, clock: MovedBy) -> "Full":
    """An environment with four completed backups of one Wednesday, ten days later."""
    environment_id = await shop.environment()
    backups = []
    for n in range(4):
        clock.to(NIGHT + timedelta(hours=n))
        backups.append(await shop.backup(environment_id))
    clock.to(NIGHT + timedelta(days=10))
    await shop.heard()
    return Full(shop, environment_id, backups)


class Full:
    """`backups` from the oldest to the newest, which the last-good guard holds."""

    def __init__(self, shop: Shop, environment_id: UUID, backups: list[UUID]) -> None:
        self.shop = shop
        self.environment_id = environment_id
        self.backups = backups

    async def change(self, policy: object, **place: object) -> Seen:
        """Ask for another policy, for existing backups, too; returns what is to be approved."""
        where = place or {"environment_id": self.environment_id}
        ask = {"policy_change_id": uuid4(), "policy": policy, "apply_to_existing": True} | where
        changed = await self.shop.ask("ChangePolicy", **ask)
        assert changed.name == "PolicyChanged", changed.data
        return await self.shop.script.event(
            lambda seen: (
                seen.name == "PolicyApplicationRequested"
                and seen.data["policy_change_id"] == changed.data["policy_change_id"]
            )
        )

    async def approve(self, requested: Seen, digest: str | None = None) -> Seen:
        told = {"policy_change_id": requested.data["policy_change_id"], "digest": digest or requested.data["digest"]}
        return await self.shop.ask("ApprovePolicyChange", **told)

    async def applied(self, requested: Seen) -> Seen:
        change = requested.data["policy_change_id"]
        return await self.shop.script.event(
            lambda seen: seen.name == "PolicyChangeApplied" and seen.data["policy_change_id"] == change
        )

    def changes(self) -> list[Seen]:
        """What was said so far of backups of this app that have got another expiry."""
        seen = self.shop.script.seen
        return [one for one in seen if one.name == "BackupExpiryChanged" and one.key == str(self.shop.app_id)]

    def moved(self) -> list[str]:
        """Which backups these are."""
        return [one.data["backup_id"] for one in self.changes()]


async def test_a_shortening_policy_is_simulated_cools_off_and_is_applied_as_approved(
    full: Full, clock: MovedBy
) -> None:
    await full.shop.ask("PinBackup", backup_id=full.backups[1])
    requested = await full.change(WEEK)
    told = requested.data
    assert told["environment_ids"] == [str(full.environment_id)]
    assert told["policy"]["name"] == "a week"
    assert told["effect"] == {
        "same_count": 0,
        "longer_count": 0,
        "shorter_count": 2,  # the pinned one, and the newest
        "lost_count": 2,
        "freed_bytes": 2 * 310,
    }
    asked_at, not_before = (datetime.fromisoformat(told[name]) for name in ("requested_at", "not_before"))
    assert not_before - asked_at == timedelta(hours=72)

    wrong = refused(await full.approve(requested, "0000"))
    assert wrong[0::2] == ("INVALID_STATE", "digest")
    approved = await full.approve(requested)
    assert (approved.name, approved.data["approved_by"]) == ("PolicyChangeApproved", "Karla")
    assert refused(await full.approve(requested))[1] == "this change is approved already: nothing waits for approval"
    gone = full.backups[0]
    assert (await full.shop.ask("DeleteBackup", backup_id=gone)).name == "BackupDeletionRequested"
    after = await full.shop.backup(full.environment_id)
    assert full.moved() == []

    clock.to(not_before + timedelta(minutes=1))
    assert (await full.applied(requested)).data["changed_count"] == 3
    assert full.moved() == sorted(str(one) for one in full.backups[1:])
    assert str(after) not in full.moved()
    changed = full.changes()[0]
    assert changed.headers["ce_actor"] == "clock"
    assert (changed.data["policy"], changed.data["policy_version"]) == ("a week", 1)
    assert [window["window"] for window in changed.data["windows"]] == ["daily"]
    expired = await full.shop.expire(changed.data["backup_id"], changed.data["expires_at"])
    assert expired.name in {"BackupExpired", "ExpiryHeld"}
    assert refused(await full.shop.ask("CommentBackup", backup_id=gone, comment="x"))[0] == "NOT_FOUND"


async def test_a_policy_that_keeps_longer_needs_no_cooling_off(full: Full) -> None:
    requested = await full.change(YEAR)
    assert requested.data["effect"]["longer_count"] == 4
    assert requested.data["not_before"] == requested.data["requested_at"]
    await full.approve(requested)
    assert (await full.applied(requested)).data["changed_count"] == 4


async def test_nothing_is_applied_that_nobody_approved_or_that_was_withdrawn(full: Full, clock: MovedBy) -> None:
    requested = await full.change(WEEK)
    second = await full.shop.ask(
        "ChangePolicy", policy_change_id=uuid4(), environment_id=full.environment_id, policy="classic"
    )
    waits = f"policy change {requested.data['policy_change_id']} waits to be applied to existing backups"
    assert refused(second)[1] == f"{waits}: approve or withdraw it first"
    await full.approve(requested)
    told = {"policy_change_id": requested.data["policy_change_id"]}
    assert (await full.shop.ask("WithdrawPolicyChange", **told)).name == "PolicyChangeWithdrawn"
    late = refused(await full.approve(requested))
    assert late[1] == "this change was withdrawn: nothing waits for approval"
    assert refused(await full.shop.ask("WithdrawPolicyChange", **told))[0] == "INVALID_STATE"
    asked = await full.shop.ask("RequestBackup", backup_id=uuid4(), environment_id=full.environment_id)
    assert asked.data["policy"] == "a week"

    clock.to(NIGHT + timedelta(days=13, hours=1))
    longer = await full.change(YEAR)
    await full.approve(longer)
    await full.applied(longer)
    assert {seen.data["policy_change_id"] for seen in full.changes()} == {longer.data["policy_change_id"]}


async def test_an_apps_policy_is_applied_to_environments_without_their_own(full: Full) -> None:
    other = await full.shop.environment("acceptance")
    kept = await full.shop.backup(other)
    await full.shop.ask("ChangePolicy", policy_change_id=uuid4(), environment_id=other, policy="classic")
    requested = await full.change(YEAR, app_id=full.shop.app_id)
    assert requested.data["environment_ids"] == [str(full.environment_id)]
    await full.approve(requested)
    await full.applied(requested)
    assert full.moved() == sorted(str(one) for one in full.backups)
    assert str(kept) not in full.moved()


async def test_an_environments_own_policy_taken_back_gives_its_backups_the_apps(full: Full) -> None:
    first = await full.change(YEAR)
    await full.approve(first)
    await full.applied(first)
    back = await full.change(None)
    assert back.data["policy"]["name"] == "classic"
    assert back.data["effect"]["shorter_count"] == 4


async def test_two_changes_that_would_change_the_same_backups_wait_for_each_other(full: Full) -> None:
    own: Json = {"policy_change_id": uuid4(), "environment_id": full.environment_id, "policy": WEEK}
    assert (await full.shop.ask("ChangePolicy", **own)).name == "PolicyChanged"
    back = await full.change(None)
    of_app: Json = {"app_id": full.shop.app_id, "policy": YEAR, "apply_to_existing": True}
    waits = f"policy change {back.data['policy_change_id']} waits to be applied to existing backups"
    assert refused(await full.shop.ask("ChangePolicy", policy_change_id=uuid4(), **of_app))[1].startswith(waits)
    for_new = await full.shop.ask("ChangePolicy", policy_change_id=uuid4(), **of_app | {"apply_to_existing": False})
    assert for_new.name == "PolicyChanged", "new backups alone are nobody's simulation"

    told = {"policy_change_id": back.data["policy_change_id"]}
    assert (await full.shop.ask("WithdrawPolicyChange", **told)).name == "PolicyChangeWithdrawn"
    whole = await full.change(YEAR, app_id=full.shop.app_id)
    here: Json = {"environment_id": full.environment_id, "policy": WEEK, "apply_to_existing": True}
    waits = f"policy change {whole.data['policy_change_id']} waits to be applied to existing backups"
    assert refused(await full.shop.ask("ChangePolicy", policy_change_id=uuid4(), **here))[1].startswith(waits)
    await full.approve(whole)
    await full.applied(whole)
    assert (await full.change(WEEK)).data["effect"]["same_count"] == 0


async def test_a_backup_that_was_recovered_after_the_simulation_is_left_alone(full: Full, clock: MovedBy) -> None:
    requested = await full.change(WEEK)
    await full.approve(requested)
    taken, until = NIGHT - timedelta(days=3), NIGHT + timedelta(days=400)
    told = entry(full.shop, full.environment_id, created_at=taken, expires_at=until, tiers=("daily",))
    assert (await recover(full.shop, told)).name == "BackupRequested"
    clock.to(datetime.fromisoformat(requested.data["not_before"]) + timedelta(minutes=1))
    assert (await full.applied(requested)).data["changed_count"] == 4
    assert told["backup_id"] not in full.moved()
    late = await full.change(YEAR)
    assert sum(late.data["effect"][f"{fate}_count"] for fate in ("shorter", "longer", "same", "lost")) == 5


async def test_a_change_that_there_is_not_is_refused(full: Full) -> None:
    unknown = uuid4()
    missing = ("NOT_FOUND", f"there is no policy change {unknown}", "policy_change_id")
    told = {"policy_change_id": unknown}
    assert refused(await full.shop.ask("ApprovePolicyChange", **told, digest="x")) == missing
    assert refused(await full.shop.ask("WithdrawPolicyChange", **told)) == missing
    plain = await full.shop.ask(
        "ChangePolicy", policy_change_id=unknown, environment_id=full.environment_id, policy="classic"
    )
    assert plain.name == "PolicyChanged"
    nothing = refused(await full.shop.ask("ApprovePolicyChange", **told, digest="x"))
    assert nothing[1] == "this change was made for new backups alone: nothing waits for approval"
    again = await full.shop.ask(
        "ChangePolicy", policy_change_id=unknown, environment_id=full.environment_id, policy="classic"
    )
    assert refused(again) == ("ALREADY_EXISTS", f"policy change {unknown} exists", "policy_change_id")
